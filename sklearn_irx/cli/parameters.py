"""Parameters of models on the command line: options, ``--set`` and a file of TOML."""

from __future__ import annotations

import ast
import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_irx.cli.errors import WRONG_USE, CommandError
from sklearn_irx.cli.files import check_input

if TYPE_CHECKING:
    from sklearn_irx import SelectiveRationaleClassifier

OPTIONS = {
    "style": "style",
    "rationale_length": "rationale_length",
    "lambda1": "lambda1",
    "lambda2": "lambda2",
    "encoder": "encoder",
    "vectors": "embeddings",
    "max_length": "max_length",
    "max_epochs": "training__max_epochs",
    "seed": "random_state",
    "threads": "n_threads",
    "checkpoints": "training__checkpoint_dir",
}
"""The options that are parameters of the classifier, and what it calls them."""

OF_COMMAND = "fit"
"""The table of a file that holds options of the command itself."""

MEMBERS = ("est1", "est2")
"""The models of a pair, as the ensemble calls them."""

DIFFERENCES: tuple[dict[str, Any], ...] = ({}, {"initialization": "logistic"})
"""In what the models of a pair differ, beside their seeds, where nothing else is given."""

_N_NEAREST = 3


class Given(NamedTuple):
    """The value of a parameter, and where the user gave it."""

    value: Any
    origin: str


def read_config(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a file of TOML.

    Returns
    -------
    options : dict
        Those of the command, from the table ``[fit]``.
    parameters : dict
        All else, as TOML nests it.

    Raises
    ------
    CommandError
        If there is no such file, or it is not TOML.
    """
    check_input(path)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError, OSError) as error:
        raise CommandError(f"--config {path} is not readable TOML: {error}.", WRONG_USE) from error
    options = found.pop(OF_COMMAND, {})
    if not isinstance(options, dict):
        raise CommandError(
            f"--config {path} has {OF_COMMAND} = {options!r}: make it a table, [{OF_COMMAND}], of "
            "options of the command.",
            WRONG_USE,
        )
    return options, found


def given_parameters(
    options: Mapping[str, Any], assignments: Iterable[str], config: Path | None
) -> dict[str, Given]:
    """Collect parameters by their nested names; the command line goes before the file.

    Parameters
    ----------
    options : mapping
        Values of `OPTIONS`; None where an option was not given.
    assignments : iterable of str
        ``NAME=VALUE``, as after ``--set``.
    config : Path or None
        A file of TOML.

    Raises
    ------
    CommandError
        If an assignment is none, or a parameter is given twice with different values.
    """
    found: dict[str, Given] = {}
    for option, value in options.items():
        if value is not None:
            _add(found, OPTIONS[option], Given(value, f"--{option.replace('_', '-')} {value}"))
    for assignment in assignments:
        name, mark, text = (part.strip() for part in assignment.partition("="))
        if not mark or not name:
            raise CommandError(
                f"--set {assignment!r} is not of the form NAME=VALUE, lambda1=0.01 for example.",
                WRONG_USE,
            )
        _add(found, name, Given(parse(text), f"--set {assignment}"))
    of_file: dict[str, Given] = {}
    if config is not None:
        for name, value in _flat(read_config(config)[1]):
            _add(of_file, name, Given(value, f"{name} = {value!r} in {config}"))
    # The command line also goes before what a file says of one model of a pair.
    for name in list(of_file):
        member, _, rest = name.partition("__")
        if member in MEMBERS and rest in found:
            del of_file[name]
    return {**of_file, **found}


def parse(text: str) -> Any:
    """Return the value that a text stands for: of TOML, or else of Python, or else the text.

    Examples
    --------
    >>> from sklearn_irx.cli.parameters import parse
    >>> [parse(text) for text in ("0.5", "true", "None", "[3, 4]", "combined", '"7"')]
    [0.5, True, None, [3, 4], 'combined', '7']
    """
    try:
        (value,) = tomllib.loads(f"value = {text}").values()
        if isinstance(value, bool | int | float | str | list | dict):  # and no date
            return value
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def members_of(given: Mapping[str, Given], *, pair: bool) -> list[dict[str, Given]]:
    """Distribute parameters to one model, or to the two of a pair.

    Raises
    ------
    CommandError
        If one is for a model of a pair, and there is none, or two transformers are given.
    """
    own: dict[str, dict[str, Given]] = {member: {} for member in MEMBERS}
    common = {"random_state": Given(0, "--seed 0"), "verbose": Given(1, "verbose = 1")}
    for name, found in given.items():
        member, mark, rest = name.partition("__")
        if mark and member in own:
            own[member][rest] = found
        else:
            common[name] = found
    if not pair:
        for found in (found for parameters in own.values() for found in parameters.values()):
            raise CommandError(f"{found.origin} is for a model of a pair: give --pair.", WRONG_USE)
        return [_with_transformer(common)]
    members = []
    for number, member in enumerate(MEMBERS):
        seed, origin = common["random_state"]
        other = {name: Given(value, "--pair") for name, value in DIFFERENCES[number].items()}
        if isinstance(seed, int):
            seed += number
        shared = {**other, **common, "random_state": Given(seed, origin)}
        members.append(_with_transformer({**shared, **own[member]}))
    return members


def check_parameters(given: Mapping[str, Given]) -> SelectiveRationaleClassifier:
    """Return a classifier with these parameters, or refuse them before anything is read.

    Raises
    ------
    CommandError
        If a name or a value is wrong, or values contradict each other.
    """
    import numpy as np

    from sklearn_irx import SelectiveRationaleClassifier
    from sklearn_irx._compat import validate_parameter_constraints
    from sklearn_irx.classifier.fitting import check_input
    from sklearn_irx.components import REGISTRIES

    clf = SelectiveRationaleClassifier()
    own = [name for name in given if "__" not in name]
    nested = [name for name in given if "__" in name]
    try:
        clf.set_params(**_known(clf, given, own))
        for part, registry in REGISTRIES.items():
            registry.find(getattr(clf, part))
        clf.set_params(**_known(clf, given, nested))
        _check_embeddings(clf.embeddings)
        if clf.get_params().get("training__callbacks"):
            raise ValueError("training__callbacks: give callbacks in Python, as objects.")
        parameters = clf.get_params(deep=False)
        validate_parameter_constraints(clf._parameter_constraints, parameters, type(clf).__name__)
        check_input(clf, ["a", "b"], np.array(["a", "b"]))
    except (ValueError, TypeError, OSError) as error:
        raise CommandError(" ".join(str(error).split()), WRONG_USE) from error
    return clf


def values_of(given: Mapping[str, Given]) -> dict[str, Any]:
    """Return parameters as ``set_params`` takes them."""
    return {
        name: _tokenizer(found) if name == "tokenizer" else found.value
        for name, found in given.items()
    }


def as_toml(clf: SelectiveRationaleClassifier, given: Mapping[str, Given], member: str = "") -> str:
    """Return all parameters of a classifier as a file that ``--config`` takes.

    Parameters
    ----------
    clf : SelectiveRationaleClassifier
        As :func:`check_parameters` returns it.
    given : mapping
        Its parameters that are not left at their defaults.
    member : str
        Which model of a pair it is; empty for a single one.
    """
    from sklearn_irx.components import REGISTRIES

    values = clf.get_params()
    names = {**type(clf)().get_params(deep=False), **values_of(given)}
    own = [name for name in clf.get_params(deep=False) if name not in REGISTRIES]
    lines = [f"[{member}]"] if member else []
    lines += [_line(name, values[name]) for name in own]
    for part in REGISTRIES:
        lines += ["", f"[{member}.{part}]" if member else f"[{part}]", _line("name", names[part])]
        nested = sorted(name for name in values if name.startswith(f"{part}__"))
        lines += [_line(name.removeprefix(f"{part}__"), values[name]) for name in nested]
    return "\n".join(lines)


def default_values() -> dict[str, Any]:
    """Return what holds for each of `OPTIONS` that is not given.

    Read from the source, as importing torch takes seconds, and a help is wanted at once.
    """
    package = Path(__file__).parents[1]
    found = _signature(package / "classifier" / "estimator.py", "SelectiveRationaleClassifier")
    training = _signature(package / "components" / "training.py", "Training")
    found |= {f"training__{name}": value for name, value in training.items()}
    return {option: found[name] for option, name in OPTIONS.items()}


def is_transformer(value: Any) -> bool:
    """Return whether an encoder is given by the folder, or the name in a hub, of a transformer."""
    return isinstance(value, str) and ("/" in value or Path(value, "config.json").is_file())


def check_transformer(encoder: Any) -> None:
    """Refuse a pretrained transformer that cannot be read, before any text is.

    Parameters
    ----------
    encoder : str, Encoder or None
        As the classifier takes it.

    Raises
    ------
    CommandError
        If it cannot be read, or the libraries for it are not installed.
    """
    from sklearn_irx.components import ENCODERS, Transformer

    found = ENCODERS.find(encoder)
    if isinstance(found, Transformer):
        try:
            found.source()
        except (ValueError, ImportError) as error:
            raise CommandError(" ".join(str(error).split()), WRONG_USE) from error


def _with_transformer(given: dict[str, Given]) -> dict[str, Given]:
    """Let an encoder that is given by the place of a transformer be one."""
    encoder = given.get("encoder")
    if encoder is None or not is_transformer(encoder.value):
        return given
    found = {**given, "encoder": encoder._replace(value="transformer")}
    _add(found, "encoder__model", encoder)
    return found


def _add(found: dict[str, Given], name: str, new: Given) -> None:
    earlier = found.setdefault(name, new)
    if earlier.value != new.value:
        raise CommandError(
            f"{earlier.origin} and {new.origin} are different values of {name}: give one.",
            WRONG_USE,
        )


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield parameters by their nested names; ``name`` in the table of a part is the part."""
    from sklearn_irx.components import REGISTRIES

    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and (key in REGISTRIES or (key in MEMBERS and not prefix)):
            inner = dict(value)
            if key in REGISTRIES and "name" in inner:
                yield name, _or_none(inner.pop("name"))
            yield from _flat(inner, f"{name}__")
        elif key == "embeddings" and isinstance(value, list):
            yield name, list(map(_or_none, value))
        else:
            yield name, _or_none(value)


def _or_none(value: Any) -> Any:
    return None if value == "None" else value


def _known(
    clf: SelectiveRationaleClassifier, given: Mapping[str, Given], names: Iterable[str]
) -> dict[str, Any]:
    """Return the values of these parameters, or refuse one that the classifier does not have."""
    known = clf.get_params()
    for name in names:
        if name not in known:
            near = [other for other in known if other.endswith(f"__{name.rpartition('__')[2]}")]
            near += get_close_matches(name, known, _N_NEAREST, cutoff=0.5)
            nearest = ", ".join(list(dict.fromkeys(near))[:_N_NEAREST])
            part = name.partition("__")[0]
            where = f" where {part}={given[part].value!r}" if part != name and part in given else ""
            raise CommandError(
                f"{given[name].origin}: there is no parameter {name}{where}"
                f"{nearest and f'; the nearest are {nearest}'}. --show-params lists all.",
                WRONG_USE,
            )
    return values_of({name: given[name] for name in names})


def _tokenizer(found: Given) -> Any:
    from sklearn_irx.text.tokenizer import TOKENIZERS

    if not isinstance(found.value, str):
        return found.value
    named = {kind.__name__: kind for kind in TOKENIZERS}
    if found.value not in named:
        raise CommandError(
            f"{found.origin}: tokenizer is one of {', '.join(named)}; give any other in Python.",
            WRONG_USE,
        )
    return named[found.value]()


def _check_embeddings(embeddings: Any) -> None:
    from sklearn_irx.cli.training import check_vectors

    for source in (
        embeddings if isinstance(embeddings, list | tuple) and embeddings else [embeddings]
    ):
        if source is not None and not isinstance(source, str):
            raise CommandError(
                f"embeddings={embeddings!r}: give the path of a file of word vectors, a name that "
                "gensim can download, None, or a list of these.",
                WRONG_USE,
            )
        check_vectors(source)


def _line(name: str, value: Any) -> str:
    try:
        return f"{name} = {_toml(value)}"
    except TypeError:
        return f"# {name}: {' '.join(repr(value).split())}"


def _toml(value: Any) -> str:
    """Return a value as TOML writes it, or raise TypeError."""
    from sklearn_irx.text.tokenizer import TOKENIZERS

    if value is None or isinstance(value, str | os.PathLike):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return f"{{{', '.join(f'{_toml(key)} = {_toml(one)}' for key, one in value.items())}}}"
    if type(value) in TOKENIZERS:
        return json.dumps(type(value).__name__)
    raise TypeError


def _signature(path: Path, name: str) -> dict[str, Any]:
    """Read the parameters of a class that only keywords set, with their defaults."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (kind,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    (init,) = (
        node for node in kind.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    pairs = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
    return {argument.arg: ast.literal_eval(default) for argument, default in pairs if default}
