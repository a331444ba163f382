"""The model card: what a saved model is, in Markdown, for those who find it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from inspect import signature
from numbers import Real
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_irx.inspection._pieces import one_line
from sklearn_irx.io._values import NOT_KEPT, TOKENIZERS, describe, is_plain

_MOST_CLASSES = 50
_MOST_SHOWN = 120  # characters of a value
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>:@$^=])")

_HEADER = """---
library_name: sklearn_irx
pipeline_tag: text-classification
tags:
- sklearn
- rationale-extraction
- interpretability
---
"""
_WHAT = {
    "SelectiveRationaleClassifier": (
        "A text classifier that shows the words it used, and can use no others. A *selector* marks "
        "words of a document, the rationale; a *predictor* reads the marked words and nothing else."
    ),
    "InteractiveEnsemble": (
        "Two text classifiers that show the words they used, and can use no others. Where they "
        "disagree, each reads the words of the other, and the words that convince the other model "
        "are kept (Algorithm 1 of Dai et al., 2022)."
    ),
    "InteractiveCommittee": (
        "Several text classifiers that show the words they used, and can use no others. Where they "
        "disagree, each reads the words of all others, and one rationale is kept."
    ),
}
_LIMITS = (
    "The prediction was made from the words shown, and from no others. That does not make them a "
    "good reason: the model may use words that merely go with a label in its training texts.",
    "The selector has read the whole document. By which words it selects it can tell the predictor "
    "more than these words say; another model that reads the same words shows how much.",
    "A rationale can be empty. The prediction is then what the model says of no words.",
    "Confidence is mostly too high, unless the model was calibrated.",
    "Words after the first `max_length` are never read, nor are words that neither the training "
    "texts nor the word vectors have.",
    "Texts of another kind or time than the training texts may be classified worse. The numbers "
    "above say nothing of them.",
)


def model_card(estimator: Any, *, metrics: Mapping[str, float] | None = None) -> str:
    """Describe a fitted estimator in Markdown, as a model card.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        What to describe.
    metrics : dict of str to float, default=None
        What was measured on documents that were not trained on.

    Returns
    -------
    card : str
        Markdown with a header for model hubs. Labels, names and values are escaped.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    ValueError
        If `metrics` are no finite numbers by name.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.io import model_card
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(max_epochs=1, n_filters=8, random_state=0).fit(texts, y)
    >>> card = model_card(clf, metrics={"accuracy": 0.875})
    >>> "| accuracy | 0.875 |" in card
    True
    """
    check_is_fitted(estimator)
    name = type(estimator).__name__
    members = [(None, estimator)]
    if hasattr(estimator, "estimators_"):
        members = list(zip(estimator._names, estimator.estimators_, strict=True))
    models = [(member, _thawed(model)) for member, model in members]
    parts = [
        _HEADER,
        f"# {name}\n",
        f"{_WHAT[name]}\n",
        "## Data\n",
        *_classes(estimator.classes_),
        _table(
            ["model", "training texts", "validation texts", "known words"],
            [
                [
                    _shown(member or name),
                    f"{model.n_training_documents_:,}",
                    f"{model.n_validation_documents_:,}",
                    f"{len(model.vocabulary_.words):,}",
                ]
                for member, model in models
            ],
        ),
        "## What was measured\n",
        "On validation texts, after the best epoch. It was chosen on these texts, so the numbers "
        "flatter the model a little.\n",
        _table(
            ["model", "epoch", "accuracy", "words selected", "borders", "without a word"],
            [[_shown(member or name), *_best(model.history_)] for member, model in models],
        ),
        *_measured(metrics),
        "## Settings\n",
        "What differs from the defaults.\n",
    ]
    if len(models) > 1:
        parts += _settings(estimator, None)
    for member, model in models:
        parts += _settings(model, member)
    parts += ["## Limits\n", "".join(f"- {limit}\n" for limit in _LIMITS), *_how_to_load(models)]
    return "\n".join(parts)


def _classes(classes: np.ndarray) -> list[str]:
    labels = [_shown(label) for label in classes[:_MOST_CLASSES].tolist()]
    more = f" and {len(classes) - _MOST_CLASSES:,} more" if len(classes) > _MOST_CLASSES else ""
    return [f"{len(classes):,} classes: {', '.join(labels)}{more}.\n"]


def _best(history: Mapping[str, np.ndarray]) -> list[str]:
    """Tell of the epoch whose weights are in use: the last that was better than all before."""
    best = np.flatnonzero(history["best"])
    row = int(best[-1]) if len(best) else len(history["best"]) - 1
    return [
        f"{int(history['epoch'][row])} of {len(history['epoch'])}",
        f"{history['valid_accuracy'][row]:.3f}",
        f"{history['valid_words'][row]:.1f}",
        f"{history['valid_borders'][row]:.1f}",
        f"{100 * history['valid_empty'][row]:.1f} %",
    ]


def _measured(metrics: Mapping[str, float] | None) -> list[str]:
    if not metrics:
        return []
    for name, value in metrics.items():
        if not isinstance(name, str) or not isinstance(value, Real) or not np.isfinite(value):
            raise ValueError(
                f"metrics has {value!r} for {name!r}: give finite numbers by name, "
                "{'accuracy': 0.93}."
            )
    rows = [[_shown(name), f"{float(value):.4g}"] for name, value in metrics.items()]
    return ["On test texts, by those who saved the model:\n", _table(["", "value"], rows)]


def _settings(estimator: Any, member: str | None) -> list[str]:
    rows = []
    for name, parameter in signature(type(estimator)).parameters.items():
        value = getattr(estimator, name)
        if name in ("est1", "est2", "estimators") or _same(value, parameter.default):
            continue
        said = str(value) if isinstance(value, dict) else describe(value)
        if name in NOT_KEPT or not is_plain(value):
            said += " (not saved)"
        rows.append([f"`{name}`", _shown(said)])
    heading = [f"### {_shown(member)}\n"] if member is not None else []
    return [*heading, _table(["parameter", "value"], rows) if rows else "None.\n"]


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


def _how_to_load(models: Sequence[tuple[str | None, Any]]) -> list[str]:
    foreign = {
        describe(model._tokenizer)
        for _, model in models
        if type(model._tokenizer) not in TOKENIZERS.values()
    }
    more = ", tokenizer=tokenizer" if foreign else ""
    text = [
        "## How to load it\n",
        "Loading runs no code from this folder.\n",
        "```python\nimport sklearn_irx\n\n"
        f'model = sklearn_irx.load("path/to/this/folder"{more})\n'
        "for rationale in model.explain(texts):\n    print(rationale)\n```\n",
    ]
    if foreign:
        names = ", ".join(_shown(name) for name in sorted(foreign))
        text.insert(2, f"The model splits texts with {names}, which has to be given.\n")
    return text


def _thawed(estimator: Any) -> Any:
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    return estimator


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _shown(value: Any) -> str:
    """Give a value as one line of Markdown that says it and does nothing else."""
    text = one_line(value)
    if len(text) > _MOST_SHOWN:
        text = f"{text[: _MOST_SHOWN - 1]}…"
    return _PUNCTUATION.sub(r"\\\1", escape(text, quote=False)) or "(empty)"
