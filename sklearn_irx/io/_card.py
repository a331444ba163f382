"""The model card: what a saved model is, in Markdown, for those who find it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from html import escape
from inspect import signature
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._pipelines import cleaning_steps
from sklearn_irx.classifier.by_class import how_selected
from sklearn_irx.classifier.trained import thawed, trained_params
from sklearn_irx.components import REGISTRIES, Component
from sklearn_irx.ensemble.rejection import RejectOption
from sklearn_irx.exchange import LEARNED
from sklearn_irx.io._base import base_name
from sklearn_irx.io._values import NOT_KEPT, describe, is_plain
from sklearn_irx.text.harmless import one_line

if TYPE_CHECKING:
    from jinja2 import Template

_MAX_CLASSES = 50
_MAX_CHARACTERS = 120  # of a value
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>:@$^=])")


def model_card(
    estimator: Any,
    *,
    metrics: Mapping[str, float] | None = None,
    without_base: bool = False,
) -> str:
    """Describe a fitted estimator in Markdown, as a model card.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        What to describe.
    metrics : dict of str to float, default=None
        What was measured on documents that were not trained on.
    without_base : bool, default=False
        Whether it will be saved without weights that are equal to those of a pretrained model.

    Returns
    -------
    card : str
        Markdown with a header for model hubs. Labels, names and values are escaped.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is a pipeline: give the estimator at its end.
    ValueError
        If `metrics` are no finite numbers by name.
    ImportError
        If jinja2 is not installed; ``pip install "sklearn-irx[io]"`` does that.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.io import model_card
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(training=Training(max_epochs=1), random_state=0)
    >>> _ = clf.fit(texts, y)
    >>> card = model_card(clf, metrics={"accuracy": 0.875})
    >>> "| accuracy | 0.875 |" in card
    True
    """
    check_is_fitted(estimator)
    check_no_pipeline(estimator)
    for metric, value in (metrics or {}).items():
        if not isinstance(metric, str) or not isinstance(value, Real) or not np.isfinite(value):
            raise ValueError(
                f"metrics has {value!r} for {metric!r}: give finite numbers by name, "
                "{'accuracy': 0.93}."
            )
    title = name = type(estimator).__name__
    settings: list[tuple[str | None, list[tuple[str, str]]]] = [(None, _settings(estimator))]
    option = None
    if isinstance(estimator, RejectOption):
        option, estimator = estimator, thawed(estimator.estimator_)
        name = type(estimator).__name__
        settings.append((name, _settings(estimator)))
    members = [(name, estimator)]
    if hasattr(estimator, "estimators_"):
        members = list(zip(estimator._names, estimator.estimators_, strict=True))
    models = [(member, thawed(model)) for member, model in members]
    if len(models) > 1:
        settings += [(_shown(member), _settings(model)) for member, model in models]
    learned = getattr(estimator, "rule_", None) == LEARNED
    return _template().render(
        title=title,
        name=name,
        option=option,
        asked={} if option is None else trained_params(option),
        referee=estimator.referee_ if learned else None,
        n_classes=len(estimator.classes_),
        labels=[_shown(label) for label in estimator.classes_[:_MAX_CLASSES].tolist()],
        models=[_facts(member, model) for member, model in models],
        pretrained=[said for member, model in models if (said := _started_from(member, model))],
        has_unknown_words=not all(model._module.transformers for _, model in models),
        without_base=without_base,
        selection=[
            f"{_shown(member)}: {said}."
            for member, model in members
            if (said := how_selected(model))
        ],
        metrics={_shown(metric): float(value) for metric, value in (metrics or {}).items()},
        settings=settings,
        tokenizers=sorted(
            {
                _shown(describe(model._tokenizer))
                for _, model in models
                if not is_plain(model._tokenizer)
            }
        ),
    )


def check_no_pipeline(estimator: Any) -> None:
    """Raise TypeError if an estimator is a pipeline, which a folder cannot hold."""
    if not hasattr(estimator, "steps"):
        return
    names = [name for name, _ in cleaning_steps(estimator)]
    if not names:
        raise TypeError(
            f"estimator={estimator!r} is a pipeline, and no other step changes the texts: give its "
            "last step, pipeline[-1], which predicts the same."
        )
    steps = f"step{'' if len(names) == 1 else 's'} {', '.join(map(repr, names))}"
    raise TypeError(
        f"estimator={estimator!r} is a pipeline, and its {steps} cannot be saved in a folder, "
        "which holds no code: save all of it with joblib.dump or skops.io.dump; or save its last "
        "step, pipeline[-1], and clean the texts before you give them to it, as "
        "pipeline[:-1].transform(texts) does."
    )


def _facts(name: str, model: Any) -> dict[str, Any]:
    """Return what the tables say of a classifier: of its data, and of its best epoch."""
    history = model.history_
    best = np.flatnonzero(history["best"])
    row = int(best[-1]) if len(best) else len(history["best"]) - 1
    measured = ("valid_accuracy", "valid_words", "valid_transitions", "valid_empty")
    return {
        "name": _shown(name),
        "n_training": model.n_training_documents_,
        "n_validation": model.n_validation_documents_,
        "n_words": len(model.vocabulary_.words),
        "best": int(history["epoch"][row]),
        "n_epochs": len(history["epoch"]),
        **{key: history[key][row] for key in measured},
    }


def _started_from(name: str, model: Any) -> str | None:
    """Return a sentence about the pretrained transformer that a classifier started from, if any."""
    module = model._module
    if not module.transformers:
        return None
    encoder, first = module.config.encoder, module.transformers[0]
    trained = {"all": "all of it was", 0: "none of it was", 1: "its last layer was"}.get(
        encoder.layers, f"its last {encoder.layers} layers were"
    )
    each = (
        ", one for the selector and one for the predictor" if len(module.transformers) > 1 else ""
    )
    return (
        f"{_shown(name)} started from the pretrained transformer {_shown(base_name(encoder.model))}"
        f" ({_shown(first.family)}, {first.n_weights:,} weights){each}; {trained} trained further."
    )


def _settings(estimator: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Return what differs from the defaults in the parameters of training, by nested names."""
    rows: list[tuple[str, str]] = []
    trained = trained_params(estimator)
    for name, parameter in signature(type(estimator)).parameters.items():
        value = trained[name]
        if name == "model" and getattr(estimator, "reads_pieces", False):
            value = base_name(value) if value != parameter.default else value  # of whose machine
        if isinstance(value, Component):
            if type(value) is not type(REGISTRIES[name].find(parameter.default)):
                rows.append((name, type(value).__name__))
            rows += _settings(value, f"{prefix}{name}__")
            continue
        is_default = type(value) is type(parameter.default) and bool(value == parameter.default)
        if name in ("est1", "est2", "estimator", "estimators") or is_default:
            continue
        text = str(value) if isinstance(value, dict) else describe(value)
        if name in NOT_KEPT or not is_plain(value):
            text += " (not saved)"
        rows.append((prefix + name, _shown(text)))
    return rows


def _shown(value: Any) -> str:
    """Return a value as one line of Markdown in which nothing is markup."""
    text = one_line(value)
    if len(text) > _MAX_CHARACTERS:
        text = f"{text[: _MAX_CHARACTERS - 1]}…"
    return _MARKDOWN.sub(r"\\\1", escape(text, quote=False)) or "(empty)"


@cache
def _template() -> Template:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ImportError(
            'Model cards need jinja2, which an extra installs: pip install "sklearn-irx[io]"'
        ) from error

    environment = Environment(
        loader=PackageLoader("sklearn_irx.io"),
        autoescape=False,  # of HTML: every text given to it has been through _shown
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("card.md")
