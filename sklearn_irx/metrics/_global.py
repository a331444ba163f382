"""Global rationales: the words that a model relies on over many documents."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_irx._validation import check_labels
from sklearn_irx.metrics._hiding import (
    Hidden,
    Unit,
    Units,
    hide_units,
    models_of,
    selected_phrases,
    selected_runs,
    selected_words,
)
from sklearn_irx.metrics._input import check_at_least

_UNITS: dict[str, Units] = {
    "word": selected_words,
    "phrase": selected_phrases,
    "span": selected_runs,
}


def global_rationales(
    estimator: Any, X: Any, y: Any = None, *, unit: str = "word", min_shown: int = 2
) -> dict[str, np.ndarray]:
    """Compute which words a model relies on for each class, over many documents.

    In each document, each selected word is hidden from the predictor wherever it is selected, and
    what is predicted from the others is compared. So a word counts where it was shown and changed
    something, and not by its weight alone.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, ensemble, or list of these
        Or a pipeline that ends in one; words are then those of the texts that it sees. Of an
        ensemble, its members are asked. A list holds models of the same classes, trained with
        different seeds for example.
    X : sequence of n_samples str
        Documents.
    y : array-like of shape (n_samples,), default=None
        Their true labels, for the two columns of accuracy.
    unit : {"word", "phrase", "span"}, default="word"
        What is hidden as a whole: each selected word; two that follow one another and are both
        selected; or each maximal run of selected words, such as a passage.
    min_shown : int, default=2
        Words that are shown in fewer documents of a class are left out.

    Returns
    -------
    table : dict of ndarrays of shape (n_rows,)
        A row for each word (or phrase, or span) and predicted class, the most decisive first:

        - ``word``, as tokenized, several with spaces between them, and ``label``, the class
          predicted where it is shown;
        - ``present``: documents of this prediction in which the word stands;
        - ``shown``: those in which it is selected;
        - ``decisive``: those in which another class is predicted without it;
        - ``drop``: the mean fall in the probability of the class where it is hidden;
        - ``accuracy`` and ``accuracy_without``, of the documents in which it is shown, with it
          and without it; only with `y`.

        Of an ensemble or a list these are means over the models: the numbers of documents over
        all, the others over those that show the word. There are three columns more:

        - ``shown_std`` and ``drop_std``: the standard deviations over these models;
        - ``n_models``: how many show the word in `min_shown` documents. One does at least.

    Raises
    ------
    TypeError
        If an estimator predicts from no masks.
    ValueError
        If `y` has not one label a document, `unit` is unknown, `min_shown` is below 1, or models
        of a list know different classes.

    See Also
    --------
    find_shortcuts : Which of these words look like shortcuts.
    suspected_words : What given words, or patterns, do.
    sklearn_irx.inspection.counterfactuals : What would change the prediction of one document.

    Notes
    -----
    Words act together: none of two that say the same is decisive alone.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.metrics import global_rationales
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> seeds = [
    ...     SelectiveRationaleClassifier(random_state=seed).fit(texts[:300], y[:300])
    ...     for seed in (0, 1)
    ... ]
    >>> table = global_rationales(seeds[0], texts[300:], y[300:])
    >>> sorted(table)[:4]
    ['accuracy', 'accuracy_without', 'decisive', 'drop']
    >>> bool((table["decisive"] <= table["shown"]).all())
    True
    >>> several = global_rationales(seeds, texts[300:], unit="phrase")
    >>> sorted(set(several) - set(table)), int(several["n_models"].max())
    (['drop_std', 'n_models', 'shown_std'], 2)
    """
    check_at_least(1, "min_shown", min_shown)
    if unit not in _UNITS:
        raise ValueError(f"unit={unit!r} is unknown: give one of {list(_UNITS)}.")
    models = models_of(estimator, X)
    y = None if y is None else check_labels(y, len(models[0].texts))
    found = [hide_units(model.clf, model.tokenized(), _UNITS[unit], y) for model in models]
    several = len(models) > 1 or isinstance(estimator, list | tuple)
    return hidden_table(found, models[0].clf.classes_, min_shown, several=several)[1]


def hidden_table(
    found: list[Hidden], classes: np.ndarray, min_shown: int, *, several: bool
) -> tuple[list[tuple[Unit, int]], dict[str, np.ndarray]]:
    """Return units and classes, and what hiding did: means over models, of one whole numbers."""
    keys = list(dict.fromkeys(key for hidden in found for key in hidden.keys))
    numbers = {key: number for number, key in enumerate(keys)}

    def aligned(columns: list[np.ndarray]) -> np.ndarray:
        """Return values by model and key, 0 where a model does not show it."""
        values = np.zeros((len(found), len(keys)))
        for row, hidden, own in zip(values, found, columns, strict=True):
            row[[numbers[key] for key in hidden.keys]] = own
        return values

    shown = aligned([hidden.shown for hidden in found])
    sums = {name: aligned([hidden.sums[name] for hidden in found]) for name in found[0].sums}
    n_models = (shown >= min_shown).sum(axis=0)
    names = np.array([" ".join(unit) for unit, _ in keys], dtype=str)
    kept = np.flatnonzero(n_models)
    decisive, drop = (sums[name].mean(axis=0)[kept] for name in ("decisive", "drop"))
    order = kept[np.lexsort((names[kept], -drop, -decisive))]
    shown, sums = shown[:, order], {name: values[:, order] for name, values in sums.items()}
    present = aligned([hidden.present for hidden in found])[:, order]
    counts = {"present": present, "shown": shown, "decisive": sums.pop("decisive")}
    means = {
        name: np.divide(values, shown, out=np.full(shown.shape, np.nan), where=shown > 0)
        for name, values in sums.items()
    }
    table = {"word": names[order], "label": classes[[keys[row][1] for row in order]]}
    table |= {
        name: values.mean(axis=0) if several else values[0].astype(int)
        for name, values in counts.items()
    }
    table |= {name: np.nanmean(values, axis=0) for name, values in means.items()}
    if several:
        table["shown_std"] = shown.std(axis=0)
        table["drop_std"] = np.nanstd(means["drop"], axis=0)
        table["n_models"] = n_models[order]
    return [keys[row] for row in order], table
