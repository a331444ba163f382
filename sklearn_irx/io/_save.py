"""Writing a fitted estimator as a folder."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from inspect import signature
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._version import __version__
from sklearn_irx.classifier.estimator import SelectiveRationaleClassifier
from sklearn_irx.classifier.trained import changed_params, trained_params, warn_of_changes
from sklearn_irx.components import Component
from sklearn_irx.ensemble.committee import InteractiveCommittee
from sklearn_irx.ensemble.pair import InteractiveEnsemble
from sklearn_irx.ensemble.rejection import RejectOption
from sklearn_irx.io._base import MOST_SHARING, LeftOut
from sklearn_irx.io._card import check_no_pipeline, model_card
from sklearn_irx.io._files import (
    CARD,
    FORMAT,
    FORMAT_VERSION,
    MODEL,
    MOST_JSON,
    MOST_WEIGHTS,
    MOST_WORDS,
    data_name,
    digest,
    to_bytes,
    write_model,
)
from sklearn_irx.io._values import (
    NOT_KEPT,
    check_parameters,
    components,
    is_plain,
    write_classes,
    write_value,
)
from sklearn_irx.text.words import pack_words

ESTIMATORS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        SelectiveRationaleClassifier,
        InteractiveEnsemble,
        InteractiveCommittee,
        RejectOption,
        FrozenEstimator,
    )
}
"""All that can be saved, by the name that stands in the file."""

SKOPS_TYPES = (
    "sklearn_irx.classifier.estimator.SelectiveRationaleClassifier",
    "sklearn_irx.ensemble.committee.InteractiveCommittee",
    "sklearn_irx.ensemble.pair.InteractiveEnsemble",
    "sklearn_irx.ensemble.referee.Referee",
    "sklearn_irx.ensemble.rejection.RejectOption",
    "sklearn_irx.components.encoders.cnn.CNN",
    "sklearn_irx.components.encoders.none.NoEncoder",
    "sklearn_irx.components.encoders.rnn.RNN",
    "sklearn_irx.components.encoders.transformer.Transformer",
    "sklearn_irx.components.initializations.linear.LinearInit",
    "sklearn_irx.components.initializations.random.RandomInit",
    "sklearn_irx.components.objectives.a2r.A2R",
    "sklearn_irx.components.objectives.car.CAR",
    "sklearn_irx.components.objectives.dar.DAR",
    "sklearn_irx.components.objectives.distillation.Distillation",
    "sklearn_irx.components.objectives.dr.DR",
    "sklearn_irx.components.objectives.encoding_penalty.EncodingPenalty",
    "sklearn_irx.components.objectives.fr.FR",
    "sklearn_irx.components.objectives.grat.GRAT",
    "sklearn_irx.components.objectives.joint.JointObjective",
    "sklearn_irx.components.objectives.mcd.MCD",
    "sklearn_irx.components.objectives.mgr.MGR",
    "sklearn_irx.components.objectives.mrd.MRD",
    "sklearn_irx.components.objectives.real_x.RealX",
    "sklearn_irx.components.predictor.Predictor",
    "sklearn_irx.components.samplers.auto.AutoSampler",
    "sklearn_irx.components.samplers.gumbel.Gumbel",
    "sklearn_irx.components.samplers.hard_kuma.HardKuma",
    "sklearn_irx.components.samplers.reinforce.Reinforce",
    "sklearn_irx.components.samplers.sparsemap.SparseMap",
    "sklearn_irx.components.samplers.straight_through.StraightThrough",
    "sklearn_irx.components.samplers.top_k.TopK",
    "sklearn_irx.components.style.Style",
    "sklearn_irx.components.training.Training",
    "sklearn_irx.io._values.NotSaved",
    "sklearn_irx.nn.config.NetworkConfig",
    "sklearn_irx.text.html.HTMLTokenizer",
    "sklearn_irx.text.segments.SentenceSplitter",
    "sklearn_irx.text.tokenizer.AlphanumericTokenizer",
    "sklearn_irx.text.tokenizer.WhitespaceTokenizer",
    "sklearn_irx.text.tokenizer.WordTokenizer",
    "sklearn_irx.text.vectors.WordVectors",
    "sklearn_irx.text.vocabulary.Vocabulary",
)
"""The types of this package that a fitted estimator consists of: ``skops.io.load(file,
trusted=SKOPS_TYPES)`` trusts these, and none else beyond the plain ones that skops trusts."""

NUMBERS_OF_REJECTION = ("threshold", "coverage", "risk")
"""The fitted numbers of a reject option."""

_LEAST_SHARED = 4096  # bytes
_LIBRARIES = ("numpy", "scikit-learn", "skorch", "torch", "safetensors")


def save(
    estimator: Any,
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    metrics: Mapping[str, float] | None = None,
    card: str | None = None,
    without_base: bool = False,
) -> None:
    """Write a fitted estimator as a folder that loads without running any code.

    The folder holds ``model.json`` (class, parameters, labels, versions, and the names, sizes and
    digests of the other files), a file of words and a ``.safetensors`` file of weights, whose names
    carry their digests, and a model card, ``README.md``. The files are complete on the disk before
    ``model.json`` names them. So, whenever the process may be killed, the folder holds the old
    model, or the new one, or is not there; only the card may already be the new one.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee, \
            or RejectOption around one
        What to save. What members share is written once.
    folder : str or path-like
        Where to write: a new or empty folder, or one that holds a model.
    overwrite : bool, default=False
        Whether a model that is there is replaced, its card included. Other files beside it stay.
        A folder that holds other files and no model is never written to; hidden ones, those of a
        version control say, do not count.
    metrics : dict of str to float, default=None
        What to say in the card of documents that were not trained on: ``{"accuracy": 0.93}``.
    card : str, default=None
        Markdown to write in place of the card that :func:`model_card` makes.
    without_base : bool, default=False
        Whether weights are left out that are equal, bit for bit, to those of the pretrained model
        that `model` of the encoder :class:`~sklearn_irx.components.Transformer` names: those of
        layers that were not trained, and of the embeddings. On all-MiniLM-L6-v2 the folder has 15
        MB with ``layers=2`` instead of 91, and is no smaller with ``layers="all"``. Whoever loads
        it must have that model: see `base` of :func:`load`.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator, a member or the labels are of a type that cannot be written. A pipeline is
        one: what cleans texts is code, and a folder holds none.
    ValueError
        If weights are not finite, a parameter is out of range, or `metrics` are no numbers; for
        `without_base`, if there is no pretrained model, or its weights cannot be read.
    FileExistsError
        If the folder holds a model and `overwrite` is False, or holds something else.
    OSError
        If the files cannot be written.
    ImportError
        If safetensors is not installed; ``pip install "sklearn-irx[io]"`` does that.

    See Also
    --------
    load : Read what was saved.

    Notes
    -----
    Parameters are written as plain values. What is not one (word vectors in memory, callbacks, a
    ``RandomState``, a tokenizer that is not of this package) is described. A loaded estimator
    predicts without it, except that :func:`load` has to be given the tokenizer. To fit it again,
    give what is missing by ``set_params``; `fit` names it. `memory` becomes None. Parameters that
    were set after training are not those of the model: what it was trained with is written in their
    place, with a warning.

    Examples
    --------
    >>> import tempfile
    >>> import sklearn_irx
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(training=Training(max_epochs=1), random_state=0)
    >>> _ = clf.fit(texts, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sklearn_irx.save(clf, folder, metrics={"accuracy": clf.score(texts, y)})
    ...     again = sklearn_irx.load(folder)
    >>> bool((again.predict_proba(texts) == clf.predict_proba(texts)).all())
    True
    """
    check_is_fitted(estimator)
    check_no_pipeline(estimator)
    if isinstance(estimator, FrozenEstimator):
        raise TypeError(f"estimator={estimator!r}: give the estimator that is frozen.")
    warn_of_changes(
        changed_params(estimator),
        "what is saved is the model with the parameters of its training. Fit it again to have "
        "these in it.",
    )
    files = _files_of(estimator, LeftOut() if without_base else None)
    if card is None:
        card = model_card(estimator, metrics=metrics, without_base=without_base)
    files[CARD] = card.encode("utf-8", "replace")
    write_model(folder, files, overwrite=overwrite)


def import_safetensors() -> Any:
    """Return the module ``safetensors.numpy``, or raise ImportError that names the extra."""
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            "Saving and loading need safetensors, which the extra installs: pip install "
            '"sklearn-irx[io]"'
        ) from error
    return safetensors.numpy


def _files_of(estimator: Any, left_out: LeftOut | None) -> dict[str, bytes]:
    """Return all files of a model but the card, by name."""
    safetensors = import_safetensors()
    writer = _Writer(left_out)
    writer.number_of(estimator)
    if left_out is not None and not left_out.has_transformer:
        raise ValueError(
            "without_base=True, and the estimator started from no pretrained model: leave it out."
        )
    weights = safetensors.save(writer.arrays)
    files = {data_name("weights", weights): weights}
    entry = _entry("weights", weights, MOST_WEIGHTS)
    vocabularies = []
    for data, n_words, n_unseen in writer.vocabularies:
        files[data_name("vocabulary", data)] = data
        counts = {"words": n_words, "unseen_words": n_unseen}
        vocabularies.append({**_entry("vocabulary", data, MOST_WORDS), **counts})
    model = to_bytes(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "versions": _versions(),
            "weights": entry,
            "vocabularies": vocabularies,
            "estimators": writer.records,
        }
    )
    if len(model) > MOST_JSON:
        raise ValueError(
            f"{MODEL} would have {len(model):,} bytes, and at most {MOST_JSON:,} are read: the "
            "parameters or labels are too long; save with joblib."
        )
    return {**files, MODEL: model}


def _entry(kind: str, data: bytes, limit: int) -> dict[str, Any]:
    if len(data) > limit:
        raise ValueError(
            f"the {kind} file would have {len(data):,} bytes, and at most {limit:,} are read: "
            "save with joblib."
        )
    return {"name": data_name(kind, data), "bytes": len(data), "sha256": digest(data)}


def _versions() -> dict[str, str]:
    found = {"sklearn_irx": __version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # vendored, or run from a checkout
            found[library] = "unknown"
    return found


class _Writer:
    """Collect what to write of an estimator and its members, each once.

    `records` is the JSON of each estimator, `arrays` its weights and histories by name, and
    `vocabularies` the words as a file, with the numbers of known and of unseen ones. Arrays that
    `left_out` names are only described.
    """

    def __init__(self, left_out: LeftOut | None) -> None:
        self._left_out = left_out
        self.records: list[dict[str, Any]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.vocabularies: list[tuple[bytes, int, int]] = []
        self._numbers: dict[int, int] = {}
        self._names: dict[tuple[Any, ...], tuple[str, int]] = {}

    def number_of(self, estimator: Any) -> int:
        """Write an estimator, unless it is written already, and give its number."""
        if id(estimator) in self._numbers:
            return self._numbers[id(estimator)]
        cls = type(estimator)
        if ESTIMATORS.get(cls.__name__) is not cls:
            raise TypeError(
                f"a {cls.__module__}.{cls.__qualname__} cannot be saved in a folder, which holds "
                f"{', '.join(ESTIMATORS)} and no other class: save it with joblib."
            )
        number = self._numbers[id(estimator)] = len(self.records)
        record: dict[str, Any] = {"class": cls.__name__}
        self.records.append(record)
        state = estimator.__getstate__()
        names = [name for name in signature(cls).parameters if name in state]
        given = {**state, **trained_params(estimator)}
        parameters = {name: None if name in NOT_KEPT else given[name] for name in names}
        check_parameters(cls, parameters)
        record["parameters"] = {
            name: write_value(value, self.number_of) for name, value in parameters.items()
        }
        if cls is SelectiveRationaleClassifier and "_module" in state:
            record["fitted"] = self._classifier(number, state)
        elif cls is RejectOption and "estimator_" in state:
            record["fitted"] = self._reject_option(state)
        elif cls is not FrozenEstimator and "estimators_" in state:
            state["estimators_"] = estimator.estimators_
            record["fitted"] = self._ensemble(state)
        return number

    def _classifier(self, number: int, state: dict[str, Any]) -> dict[str, Any]:
        config, arrays = state["_module"]
        for name, part in vars(config).items():
            if isinstance(part, Component) and type(part) not in components().values():
                raise TypeError(
                    f"{name}={part!r} is not registered, and could not be loaded: add it to its "
                    "registry in sklearn_irx.components, under a class name of its own, or save "
                    "with joblib."
                )
            own = part.get_params(deep=False) if isinstance(part, Component) else {}
            if not all(map(is_plain, own.values())):
                raise TypeError(
                    f"{name}={part!r} holds what is no plain value, a function say, and a folder "
                    "holds no code: save with joblib."
                )
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise ValueError(
                    f"the weights {name} are not finite: training has diverged; fit anew, with a "
                    "lower learning_rate say."
                )
        history = state["history_"]
        base = {} if self._left_out is None else self._left_out.of(config, arrays)
        kept = {name: array for name, array in arrays.items() if name not in base}
        return {
            "classes": write_classes(state["classes_"]),
            "tokenizer": write_value(state["_tokenizer"], self.number_of),
            "max_length": int(state["_max_length"]),
            "calibration_temperature": float(state["calibration_temperature_"]),
            "n_training_documents": int(state["n_training_documents_"]),
            "n_validation_documents": int(state["n_validation_documents_"]),
            "vocabulary": self._vocabulary(state["vocabulary_"]),
            "network": {n: write_value(value, self.number_of) for n, value in vars(config).items()},
            "arrays": {name: self._array(number, name, a) for name, a in kept.items()},
            **({"base": base} if base else {}),
            "history": {
                name: self._array(number, f"history.{name}", a) for name, a in history.items()
            },
        }

    def _ensemble(self, state: dict[str, Any]) -> dict[str, Any]:
        written = {
            "classes": write_classes(state["classes_"]),
            "names": list(state["_names"]),
            "members": [self.number_of(member) for member in state["estimators_"]],
            "calibration_temperatures": state["calibration_temperatures_"].tolist(),
            "rule": state["rule_"],
        }
        if "rule_scores_" in state:
            scores = {rule: float(score) for rule, score in state["rule_scores_"].items()}
            written["rule_scores"] = scores
        if state["referee_"] is not None:
            written["referee"] = asdict(state["referee_"])
        return written

    def _reject_option(self, state: dict[str, Any]) -> dict[str, Any]:
        numbers = {name: state[f"{name}_"] for name in NUMBERS_OF_REJECTION}
        return {
            "estimator": self.number_of(state["estimator_"]),
            "signal": state["signal_"],
            **{name: write_value(value, self.number_of) for name, value in numbers.items()},
            "aurc": {signal: float(area) for signal, area in state["aurc_"].items()},
        }

    def _vocabulary(self, vocabulary: Any) -> int:
        words = [*vocabulary.words, *vocabulary.unseen_words]
        entry = (pack_words(words), len(vocabulary.words), len(vocabulary.unseen_words))
        if entry not in self.vocabularies:
            self.vocabularies.append(entry)
        return self.vocabularies.index(entry)

    def _array(self, number: int, name: str, array: np.ndarray) -> str:
        """Keep an array, unless the same is kept already, and give the name of it in the file."""
        array = np.asarray(array, order="C")
        key: tuple[Any, ...] = (number, name)
        if array.nbytes >= _LEAST_SHARED:
            key = (array.dtype.str, array.shape, digest(array.tobytes()))
        kept, uses = self._names.get(key, (f"{number}.{name}", 0))
        if uses == MOST_SHARING:
            kept, uses = f"{number}.{name}", 0
        self._names[key] = (kept, uses + 1)
        if not uses:
            self.arrays[kept] = array
        return kept
