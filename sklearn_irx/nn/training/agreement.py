"""How well selections agree with what people marked, to compare epochs."""

from __future__ import annotations

import numpy as np

from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import SamplerModule

AGREEMENT = ("token_f1", "auprc")
"""The measures, by their names in the history."""


def agreement(output: ModelOutput, marks: np.ndarray, sampler: SamplerModule) -> np.ndarray:
    """Return token F1 and average precision of the documents of a batch that people marked.

    Parameters
    ----------
    output : ModelOutput
        Of a network that predicts.
    marks : ndarray of shape (batch, length), dtype int8
        1 for marked words, 0 for others, -1 in documents of which it is not known, and past the
        end.
    sampler : SamplerModule
        Tells the preference of words from their scores.

    Returns
    -------
    values : ndarray of shape (n_marked, 2)
        nan for the average precision of a document without a marked word.
    """
    assert output.scores is not None
    assert output.selectable is not None
    assert output.selection.units is not None
    preference = sampler.preference(output.scores).masked_fill(~output.selectable, -np.inf)
    ranked = output.selection.units.to_words(preference).float().cpu().numpy()
    selected = (output.selection.mask > 0.5).cpu().numpy()
    values = [
        (token_f1(of == 1, mask), average_precision((of == 1)[of >= 0], scores[of >= 0]))
        for of, mask, scores in zip(marks, selected, ranked, strict=True)
        if (of >= 0).any()
    ]
    return np.array(values).reshape(-1, 2)


def token_f1(marked: np.ndarray, selected: np.ndarray) -> float:
    """Return F1 of two masks (n_words,), 0 if they share no word."""
    n = marked.sum() + selected.sum()
    return float(2 * (marked & selected).sum() / n) if n else 0.0


def average_precision(marked: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean precision at each marked word, of words ranked by `scores` (n_words,).

    Words of equal scores are taken together. nan if none is marked.
    """
    if not marked.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    scores, marked = scores[order], marked[order]
    last = np.append(scores[1:] != scores[:-1], True)  # of words of equal scores
    found, seen = marked.cumsum()[last], np.flatnonzero(last) + 1
    return float((found / seen * np.diff(found, prepend=0)).sum() / found[-1])
