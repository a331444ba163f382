"""Reading a folder back into an estimator, believing nothing that it says."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator

from sklearn_irx._validation import check_members
from sklearn_irx.classifier.estimator import SelectiveRationaleClassifier
from sklearn_irx.classifier.selection import check_selection
from sklearn_irx.classifier.trained import params_of_training
from sklearn_irx.components import REGISTRIES
from sklearn_irx.ensemble.committee import InteractiveCommittee
from sklearn_irx.ensemble.pair import InteractiveEnsemble
from sklearn_irx.ensemble.rejection import RejectOption
from sklearn_irx.exchange import RULES
from sklearn_irx.io._base import MOST_SHARING, BaseError, Bases
from sklearn_irx.io._files import (
    MODEL,
    MOST_JSON,
    MOST_WEIGHTS,
    MOST_WORDS,
    ModelFileError,
    parse,
    read_data,
    read_file,
)
from sklearn_irx.io._legacy import upgraded
from sklearn_irx.io._referee import read_referee
from sklearn_irx.io._rejection import check_member, read_rejection
from sklearn_irx.io._save import ESTIMATORS, import_safetensors
from sklearn_irx.io._values import (
    MOST_COUNTED,
    NOT_KEPT,
    NotSaved,
    check_parameters,
    count,
    describe,
    read_classes,
    read_value,
    typed,
)
from sklearn_irx.nn.config import LINEAR, NetworkConfig, NetworkShape
from sklearn_irx.text import Vocabulary
from sklearn_irx.text.words import unpack_words

_ATTEMPTS = 5  # to read a folder that is being replaced meanwhile
_MOST_WORDS_READ = 10**7  # words of a document: each is a byte of every mask
_MOST_THREADS = 1024
_MOST_SAID = 500  # characters of an error
_IN_HISTORY = ("float64", "int64", "bool")
_NEWER = "it is damaged, or made by another version of sklearn_irx; save it anew, or upgrade"


def load(
    folder: str | os.PathLike[str],
    *,
    tokenizer: Any = None,
    base: str | os.PathLike[str] | None = None,
) -> Any:
    """Read a fitted estimator that :func:`save` wrote.

    Nothing in the folder is run: it is JSON, text and numbers, and only classes of this package are
    made of it. All is checked before it is used.

    Parameters
    ----------
    folder : str or path-like
        What was saved.
    tokenizer : callable, default=None
        The tokenizer of a model that was fitted with another than those of this package: it cannot
        be written, and has to be given. All members that had one of their own get it.
    base : str or path-like, default=None
        For a model that was saved with ``without_base=True``, the pretrained model that it started
        from: a folder with ``model.safetensors``, or a name in the Hugging Face hub. None takes
        the folder that the model names, or what the hub's cache on this machine has by that name:
        nothing is fetched unless `base` says so. Its weights must be those of the training.

    Returns
    -------
    estimator : SelectiveRationaleClassifier, InteractiveEnsemble, InteractiveCommittee or \
            RejectOption
        Fitted. It predicts what the saved one did, bit for bit on the same machine with the same
        number of threads, and has its fitted attributes. Parameters that cannot be written are
        :class:`NotSaved`; to fit the estimator again, give them by ``set_params``. A model trained
        on a device that is not to be had here computes on the CPU.

    Raises
    ------
    ModelFileError
        If there is no model, or it is damaged, inconsistent, or made by a newer version.
    ValueError
        If the model needs its tokenizer or its `base`, does not need the one that is given, or
        `base` is another than that of the training.
    TypeError
        If `tokenizer` cannot be called, or `base` is no name or path.
    ImportError
        If safetensors is not installed; ``pip install "sklearn-irx[io]"`` does that. If the model
        reads with a transformer and `transformers` is not installed;
        ``pip install "sklearn-irx[transformers]"`` does that.

    See Also
    --------
    save : Write a fitted estimator; its example loads it, too.

    Examples
    --------
    >>> import sklearn_irx
    >>> sklearn_irx.load("no_such_folder")
    Traceback (most recent call last):
        ...
    sklearn_irx.io._files.ModelFileError: no_such_folder is not there: give the folder that
    sklearn_irx.save wrote.
    """
    import_safetensors()
    if tokenizer is not None and not callable(tokenizer):
        raise TypeError(f"tokenizer={tokenizer!r} cannot be called: give the model's tokenizer.")
    if base is not None and not isinstance(base, (str, os.PathLike)):
        raise TypeError(f"base={base!r} is no name or path of a pretrained model.")
    folder = Path(folder)
    model, words, weights = _read(folder)
    bases = Bases(folder, base)
    try:
        model = upgraded(model)
        reader = _Reader(model, words, weights, bases)
        estimator = reader.estimator(0)
        reader.check_that_all_is_used()
    except MemoryError as error:
        raise ModelFileError(f"{folder} holds a model too large for this machine.") from error
    except (BaseError, ImportError):
        raise
    except Exception as error:  # whatever a strange file leads to
        said = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        said = " ".join(said.split()).rstrip(".")[:_MOST_SAID]
        raise ModelFileError(f"{folder / MODEL}: {said}: {_NEWER}.") from error
    if tokenizer is None and reader.tokenizers:
        raise ValueError(
            f"tokenizer=None, and the model in {folder} splits texts with "
            f"{', '.join(sorted(reader.tokenizers))}, which is not saved with it: give it, "
            "load(folder, tokenizer=...)."
        )
    if tokenizer is not None:
        reader.give(tokenizer)
    if base is not None and not bases.was_needed:
        raise ValueError(f"base={base!r}, and {folder} holds all weights: leave base out.")
    return estimator


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, bytes], dict[str, np.ndarray]]:
    """Read all files: what the model says, its words by name of file, its arrays by name."""
    if not folder.is_dir():
        raise ModelFileError(
            f"{folder} is {'a file' if folder.exists() else 'not there'}: give the folder that "
            "sklearn_irx.save wrote."
        )
    for attempt in range(_ATTEMPTS):
        try:
            data = read_file(folder / MODEL, MOST_JSON)
        except FileNotFoundError as error:
            raise ModelFileError(
                f"{folder} has no {MODEL}: give the folder that sklearn_irx.save wrote."
            ) from error
        model = parse(data, folder / MODEL)
        try:
            entries = [_entry(entry) for entry in model["vocabularies"]]
            words = {
                entry["name"]: read_data(folder, "vocabulary", entry, MOST_WORDS)
                for entry in entries
            }
            weights = read_data(folder, "weights", _entry(model["weights"]), MOST_WEIGHTS)
        except FileNotFoundError as error:
            # Another process may have replaced the model after its first file was read.
            if attempt + 1 < _ATTEMPTS and _changed(folder / MODEL, data):
                continue
            raise ModelFileError(
                f"{error.filename} is missing, and {MODEL} names it: copy or download the whole "
                "folder again."
            ) from error
        except (KeyError, TypeError) as error:
            raise ModelFileError(
                f"{folder / MODEL} does not say what files there are: {_NEWER}."
            ) from error
        except MemoryError as error:
            raise ModelFileError(f"{folder} holds a model too large for this machine.") from error
        return model, words, _arrays(weights, folder)
    raise AssertionError("the last attempt returns or raises")


def _changed(path: Path, data: bytes) -> bool:
    try:
        return read_file(path, MOST_JSON) != data
    except FileNotFoundError:
        return False


def _entry(entry: Any) -> dict[str, Any]:
    kinds = {"name": str, "sha256": str, "bytes": int}
    if not isinstance(entry, dict) or any(type(entry[key]) is not kinds[key] for key in kinds):
        raise TypeError
    return entry


def _arrays(data: bytes, folder: Path) -> dict[str, np.ndarray]:
    safetensors = import_safetensors()
    try:
        return safetensors.load(data)
    except Exception as error:  # its own errors, and those of NumPy for types it does not have
        raise ModelFileError(
            f"the weights in {folder} are no safetensors file ({error}): {_NEWER}."
        ) from error


class _Reader:
    """Make estimators of the JSON, the words and the arrays of a model.

    Its errors say what is wrong, and its caller adds where. `tokenizers` describes the tokenizers
    that were not saved.
    """

    def __init__(
        self, model: dict[str, Any], words: dict[str, bytes], arrays: dict[str, np.ndarray],
        bases: Bases,
    ) -> None:  # fmt: skip
        self._records = typed(model, "estimators", list)
        self._vocabulary_entries = typed(model, "vocabularies", list)
        self._format_version = model["format_version"]
        self._words = words
        self._arrays = arrays
        self._bases = bases
        self._made: dict[int, Any] = {}
        self._uses: Counter[str] = Counter()
        self._vocabularies: dict[int, Vocabulary] = {}
        self.tokenizers: set[str] = set()

    def estimator(self, number: int) -> Any:
        """Make the estimator of a number, once."""
        if number not in self._made:
            if not 0 <= number < len(self._records):
                raise ValueError(f"there is no estimator {number}")
            self._made[number] = None
            self._made[number] = self._make(self._records[number])
        if self._made[number] is None:
            raise ValueError(f"estimator {number} is a member of itself")
        return self._made[number]

    def check_that_all_is_used(self) -> None:
        """Refuse a file with more in it than the estimator."""
        if isinstance(self._made[0], FrozenEstimator) or not hasattr(self._made[0], "classes_"):
            raise ValueError("estimator 0 is not fitted")
        if len(self._made) != len(self._records):
            raise ValueError(f"{len(self._records)} estimators are written, and not all are used")
        if len(self._vocabularies) != len(self._vocabulary_entries):
            raise ValueError("a vocabulary belongs to no estimator")
        unused = self._arrays.keys() - self._uses.keys()
        if unused:
            raise ValueError(f"the array {min(unused)!r} belongs to no estimator")

    def give(self, tokenizer: Any) -> None:
        """Put a tokenizer in all places that want one."""
        estimators = list(self._made.values())
        wanting = False
        for estimator in estimators:
            for name in ("tokenizer", "_tokenizer"):
                if isinstance(vars(estimator).get(name), NotSaved):
                    setattr(estimator, name, tokenizer)
                    wanting = True
        own = [vars(estimator).get("_tokenizer", tokenizer) for estimator in estimators]
        others = {describe(one) for one in own if one != tokenizer}
        if others and not wanting:
            raise ValueError(
                f"tokenizer={tokenizer!r}, and the model was saved with its own, "
                f"{', '.join(sorted(others))}: leave tokenizer out."
            )

    def _make(self, record: Any) -> Any:
        if not isinstance(record, dict) or not record.keys() <= {"class", "parameters", "fitted"}:
            raise ValueError("an estimator is written in another way")
        name = record["class"]
        cls = ESTIMATORS.get(name) if isinstance(name, str) else None
        if cls is None:
            raise ValueError(f"{str(name)[:80]!r} is no class that can be loaded")
        estimator = self._unfitted(cls, typed(record, "parameters", dict))
        if "fitted" in record and cls is not FrozenEstimator:
            fitted = typed(record, "fitted", dict)
            if cls is SelectiveRationaleClassifier:
                state = self._classifier(fitted)
            elif cls is RejectOption:
                state = read_rejection(fitted, self.estimator)
            else:
                state = self._ensemble(cls, fitted)
            estimator.__setstate__({**vars(estimator), **state})
            estimator._trained_params = params_of_training(estimator)
        return estimator

    def _unfitted(self, cls: type, written: dict[str, Any]) -> Any:
        known = signature(cls).parameters
        unknown = [name for name in written if name not in known]
        if unknown:
            raise ValueError(f"{cls.__name__} has no parameter {unknown[0][:80]!r}")
        of_classifier = cls is SelectiveRationaleClassifier
        find = _no_estimator if of_classifier else self.estimator
        parameters = {name: read_value(value, name, find) for name, value in written.items()}
        for name in NOT_KEPT:
            if parameters.get(name) is not None:
                raise ValueError(f"{name} is to be None")
        check_parameters(cls, parameters)
        if isinstance(parameters.get("device"), NotSaved):
            raise ValueError("device was not saved")
        n_threads = parameters.get("n_threads")
        if n_threads is not None and not (type(n_threads) is int and n_threads <= _MOST_THREADS):
            raise ValueError(f"n_threads={n_threads!r} is no number of threads")
        members = [parameters[name] for name in ("est1", "est2", "estimator") if name in parameters]
        if cls is InteractiveCommittee:
            reserved = [name for name in known if name != "self"]
            check_members(parameters["estimators"], reserved=reserved)
            members = [member for _, member in parameters["estimators"]]
        for member in members:
            check_member(cls, member)
        return cls(**parameters)

    def _classifier(self, fitted: dict[str, Any]) -> dict[str, Any]:
        tokenizer = read_value(fitted["tokenizer"], "tokenizer", _no_estimator)
        if isinstance(tokenizer, NotSaved):
            self.tokenizers.add(tokenizer.description)
        elif not callable(tokenizer):
            raise ValueError(f"tokenizer is written as {str(fitted['tokenizer'])[:80]!r}")
        classes = read_classes(fitted["classes"])
        temperature = fitted["calibration_temperature"]
        if not isinstance(temperature, (int, float)) or not temperature > 0:
            raise ValueError(f"calibration_temperature is {temperature!r}")
        vocabulary = self._vocabulary(
            count(fitted, "vocabulary", 0, len(self._vocabulary_entries) - 1)
        )
        config = self._network(typed(fitted, "network", dict))
        arrays = {name: self._array(a) for name, a in typed(fitted, "arrays", dict).items()}
        if "base" in fitted:
            arrays |= self._bases.arrays(config, arrays, typed(fitted, "base", dict))
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise ValueError(f"the weights {name!r} are not finite")
        changed = []
        if self._format_version < 3 and np.any(arrays.get("sampler.transition_cost", 0) > 0):
            changed.append("that limited transitions in another way")
        if self._format_version < 4 and getattr(config.sampler, "contiguous", False):
            changed.append("whose passages avoided unknown words")
        if self._format_version < 6 and config.initialization.class_focus:
            if config.initialization.smoothing not in (0, "auto"):
                changed.append("that smoothed class-conditional selection in another way")
            if config.encoder.reads_pieces:
                changed.append("in which context did not tell which words support a class")
        if changed:
            warnings.warn(
                f"the model was saved by a version {', '.join(changed)}, and may select other "
                "words than it did there: train it again.",
                UserWarning,
                stacklevel=4,
            )
        shape = NetworkShape.of(arrays)
        wanted = {
            "the network": (shape.n_words, len(vocabulary)),
            "unseen": (shape.n_unseen, len(vocabulary.unseen_words)),
        }
        if shape.source is not None and LINEAR not in arrays:
            del wanted["the network"]  # it has no rows for words
        for name, (n_rows, n_words) in wanted.items():
            if n_rows != n_words:
                raise ValueError(f"{name} has {n_rows} rows for {n_words} words")
        if arrays["unseen"].dtype.name not in ("float16", "float32"):
            raise ValueError(f"unseen has the type {arrays['unseen'].dtype.name}")
        if shape.n_classes != len(classes):
            raise ValueError(f"there are {len(classes)} labels for {shape.n_classes} classes")
        return {
            "classes_": classes,
            "vocabulary_": vocabulary,
            "calibration_temperature_": float(temperature),
            "n_training_documents_": count(fitted, "n_training_documents"),
            "n_validation_documents_": count(fitted, "n_validation_documents"),
            "history_": self._history(typed(fitted, "history", dict)),
            "_tokenizer": tokenizer,
            "_max_length": count(fitted, "max_length", 1, _MOST_WORDS_READ),
            "_module": (config, arrays),
        }

    def _network(self, written: dict[str, Any]) -> NetworkConfig:
        """Read the configuration of a network, within the limits of parameters."""
        config = NetworkConfig(
            **{name: read_value(value, name, _no_estimator) for name, value in written.items()}
        )
        for name in REGISTRIES.keys() - {"objective"}:  # which is of training alone
            part = getattr(config, name)
            if not isinstance(part, REGISTRIES[name].kind):
                raise ValueError(f"{name} of the network is written in another way")
            if any(isinstance(value, NotSaved) for value in part.get_params().values()):
                raise ValueError(f"a parameter of {name} was not saved")
        for name in ("rationale_length", "max_rationale_length"):
            length = getattr(config, name)
            check_parameters(SelectiveRationaleClassifier, {name: length})
            if isinstance(length, float | int) and not length <= MOST_COUNTED:
                raise ValueError(f"{name}={length} is more than a document has")
        check_selection(config, None)
        return config

    def _ensemble(self, cls: type, fitted: dict[str, Any]) -> dict[str, Any]:
        classes = read_classes(fitted["classes"])
        names, numbers = typed(fitted, "names", list), typed(fitted, "members", list)
        temperatures = np.array(typed(fitted, "calibration_temperatures", list), dtype=float)
        if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
            raise ValueError(f"the names of the members are {names!r}")
        if len({len(names), len(numbers), len(temperatures)}) > 1 or len(names) < 2:
            raise ValueError("an ensemble needs two members, and a name and temperature for each")
        positive = np.isfinite(temperatures).all() and (temperatures > 0).all()
        if temperatures.shape != (len(names),) or not positive:
            raise ValueError(f"the calibration_temperatures are {temperatures}")
        if cls is InteractiveEnsemble and names != ["est1", "est2"]:
            raise ValueError(f"the members of an {cls.__name__} are named {names!r}")
        if not all(type(number) is int for number in numbers):
            raise ValueError(f"the members are {numbers!r}")
        members = [self.estimator(number) for number in numbers]
        for member in members:
            its_classes = getattr(member, "classes_", None)
            check_member(cls, member)
            if its_classes is None or not np.array_equal(its_classes, classes):
                raise ValueError("a member is not fitted, or has other labels than its ensemble")
        state = {
            "estimators_": members,
            "classes_": classes,
            "calibration_temperatures_": temperatures,
            "_names": names,
        }
        rules = {"convinced"} if cls is InteractiveEnsemble else set(RULES)
        # Pairs had one rule, and said nothing of it, before there was a referee.
        rule = fitted["rule"] if cls is InteractiveCommittee else fitted.get("rule", "convinced")
        referee = None
        if "referee" in fitted:
            referee = read_referee(typed(fitted, "referee", dict), len(names))
            rules = {referee.rule}
        if not isinstance(rule, str) or rule not in rules:
            raise ValueError(f"rule is {str(rule)[:80]!r}")
        state |= {"rule_": rule, "referee_": referee}
        if cls is InteractiveCommittee:
            scores = typed(fitted, "rule_scores", dict)
            valid = all(isinstance(score, float) for score in scores.values())
            if not scores.keys() <= set(RULES) or not valid:
                raise ValueError(f"rule is {rule!r} with scores {scores!r}")
            state["rule_scores_"] = scores
        return state

    def _vocabulary(self, number: int) -> Vocabulary:
        if number not in self._vocabularies:
            entry = self._vocabulary_entries[number]
            n_words, n_unseen = count(entry, "words"), count(entry, "unseen_words")
            words = unpack_words(self._words[entry["name"]], n_words + n_unseen)
            if len(set(words)) != len(words) or not n_words:
                raise ValueError(f"{entry['name']} has no words, or one of them twice")
            self._vocabularies[number] = Vocabulary(words[:n_words], words[n_words:])
        return self._vocabularies[number]

    def _array(self, name: Any) -> np.ndarray:
        if not isinstance(name, str) or name not in self._arrays:
            raise ValueError(f"there is no array {str(name)[:80]!r}")
        self._uses[name] += 1
        if self._uses[name] > MOST_SHARING:
            raise ValueError(f"the array {name!r} is used more often than {MOST_SHARING} times")
        return self._arrays[name]

    def _history(self, written: Mapping[str, Any]) -> dict[str, np.ndarray]:
        history = {name: self._array(array).copy() for name, array in written.items()}
        shapes = {array.shape for array in history.values()}
        types = {array.dtype.name for array in history.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1 or not types <= {*_IN_HISTORY}:
            raise ValueError("history is written in another way")
        return history


def _no_estimator(number: int) -> Any:
    raise ValueError(f"estimator {number} stands where none can be")
