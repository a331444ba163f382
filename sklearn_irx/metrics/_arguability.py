"""Arguability: whether as many words of the same text convince a reader of another class."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from sklearn_irx._pipelines import final_estimator, seen_by_final
from sklearn_irx._stages import expect, step
from sklearn_irx.metrics._evalx import log_probabilities
from sklearn_irx.metrics._input import Average, Masks, averaged, check_numbers_of_words
from sklearn_irx.metrics._masked_prediction import MaskedPredictor, numbered

_AT_ONCE = 20_000  # sets of words read together
_TRIED = 50  # words tried in a greedy step
_STEPS = 30  # in which a rationale is found, greedily


@overload
def arguability_score(
    reader: Any, X: Any, masks: Masks | None = ..., *, n_words: Any = ..., tokenizer: Any = ...,
    average: Average = ...,
) -> float: ...  # fmt: skip
@overload
def arguability_score(
    reader: Any, X: Any, masks: Masks | None = ..., *, n_words: Any = ..., tokenizer: Any = ...,
    average: None,
) -> np.ndarray: ...  # fmt: skip
def arguability_score(
    reader: Any,
    X: Any,
    masks: Masks | None = None,
    *,
    n_words: Any = None,
    tokenizer: Any = None,
    average: Average | None = "samples",
) -> float | np.ndarray:
    r"""Compute in how many documents as many words convince a reader of another class.

    A rationale is evidence for a class only if the text does not hold as good words for another.
    The score is the share of documents in which a set of as many words can be found that makes
    another class the most probable one: another than the reader predicts from the rationale, or,
    with `n_words` in place of `masks`, from the whole text. It is a property of the texts, of the
    length and of the reader, not of a selector. Take it for several lengths to see from which on a
    rationale of these texts can be evidence at all.

    The words are searched for by what each alone adds to the log-odds of a class against the one
    predicted: the k largest. For a reader whose log-odds are sums over words, such as naive Bayes
    or logistic regression on counts, the score is exact. For any other it is a lower bound: where
    these words do not convince, words are added step by step, each time those that help most.

    Parameters
    ----------
    reader : fitted classifier
        With ``predict_proba`` and raw text as input; if it takes ``masks``, its predictor reads the
        masked documents. See :func:`comprehensiveness_score`.
    X : sequence of n_samples str
        Documents.
    masks : array of shape (n_samples, n_words), dtype bool, or list of spans, default=None
        The rationales; missing columns count as False. Or the spans (start, end) of each document
        in words. Either `masks` or `n_words` is needed.
    n_words : int or array-like of shape (n_samples,), dtype int, default=None
        Number of words of a rationale; all words of a document that has fewer.
    tokenizer : callable or fitted model, default=None
        As in :func:`comprehensiveness_score`.
    average : {"samples"} or None, default="samples"
        "samples" returns the share of documents, None a boolean for each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype bool
        Between 0 and 1, the lower the better: words of this number can be evidence. Near 1, a class
        can be argued for whatever the text says, and what a rationale shows depends on who chose.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, `n_words` not of integers, or `X` is not a
        sequence of str.
    ValueError
        If not exactly one of `masks` and `n_words` is given, or they do not match `X`.

    References
    ----------
    S. Hsia et al., "Goodhart's Law Applies to NLP's Explanation Benchmarks", Findings of EACL 2024
    (scores of explanations can be raised without a better explanation). N. Jethani et al., "Have We
    Learned to Explain?", AISTATS 2021 (selectors that encode).

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_irx.metrics import arguability_score
    >>> reader = make_pipeline(CountVectorizer(), MultinomialNB())
    >>> reader = reader.fit(["dull dull film", "fine fine film"], ["bad", "good"])
    >>> X = ["A fine, fine film on a dull day.", "Fine, fine, and nothing else."]
    >>> arguability_score(reader, X, n_words=1)  # "dull" argues for "bad" in the first
    0.5
    """
    if (masks is None) == (n_words is None):
        raise ValueError(
            f"masks and n_words are {'both None' if masks is None else 'both given'}: give one of "
            "them."
        )
    if hasattr(final_estimator(reader), "word_spans"):
        reader, X = seen_by_final(reader, X)
    model = MaskedPredictor(reader, X, tokenizer)
    if masks is None:
        counts = np.minimum(check_numbers_of_words(n_words, len(model.texts)), model.lengths)
        given = model.whole
    else:
        given = model.check(masks)
        counts = given.sum(axis=1)
    found = _Search(model, counts, model.probabilities(given).argmax(axis=1)).convincing()
    return found if average is None else averaged(found, average)


class _Search:
    """The search for `counts` words of each document that convince of a class other than `base`.

    `base` (n_samples,) are columns of the reader's classes.
    """

    def __init__(self, model: MaskedPredictor, counts: np.ndarray, base: np.ndarray) -> None:
        self.model = model
        self.counts = counts
        self.base = base
        self.of_none, self.of_words = self._single_words()
        self.ends = np.cumsum(model.lengths)

    def _single_words(self) -> tuple[np.ndarray, np.ndarray]:
        """Return log probabilities from no word, and from each word alone, end to end."""
        forms, numbers = numbered(self.model.words)
        alone = MaskedPredictor(self.model.estimator, ["", *forms], None)
        log = log_probabilities(alone.full_probabilities())
        return log[0], log[1:][numbers]

    def convincing(self) -> np.ndarray:
        """Return for which documents such words were found, (n_samples,), dtype bool."""
        found = np.zeros(len(self.counts), dtype=bool)
        if len(self.of_none) == 1:
            return found
        classes = np.array([self._promising(row) for row in range(len(found))])
        expect(classes.shape[1])
        for column in classes.T:
            rows = np.flatnonzero(~found)
            masks = np.zeros((len(rows), self.model.lengths.max()), dtype=bool)
            for mask, row in zip(masks, rows, strict=True):
                mask[self._ranked(row, column[row])[: self.counts[row]]] = True
            found[rows] = self._convinced(rows, masks)
            step()
        rows = np.flatnonzero(~found & (self.counts < self.model.lengths))
        found[rows] = self._greedily(rows, classes[rows, 0])
        return found

    def _adds(self, row: Any) -> np.ndarray:
        """Return what each word adds to the log-odds of each class, (n_words, n_classes)."""
        end = self.ends[row]
        adds: np.ndarray = self.of_words[end - self.model.lengths[row] : end] - self.of_none
        return adds - adds[:, [self.base[row]]]

    def _ranked(self, row: Any, column: Any) -> np.ndarray:
        """Return the places of words, those first that add most to a class."""
        return np.argsort(-self._adds(row)[:, column], kind="stable")

    def _promising(self, row: Any) -> np.ndarray:
        """Return the other classes, those first of which words would convince most easily."""
        adds, count = self._adds(row), self.counts[row]
        odds = self.of_none - self.of_none[self.base[row]]
        odds = odds + -np.sort(-adds, axis=0)[:count].sum(axis=0)
        order = np.argsort(-odds, kind="stable")
        return order[order != self.base[row]]

    def _log(self, rows: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Return log probabilities of documents under masks; a row may occur many times."""
        log = [np.empty((0, len(self.of_none)))]
        for first in range(0, len(rows), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            log.append(log_probabilities(self.model.take(rows[part]).probabilities(masks[part])))
        return np.concatenate(log)

    def _convinced(self, rows: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Return where another class is likelier than the base."""
        log, places = self._log(rows, masks), np.arange(len(rows))
        of_base = log[places, self.base[rows]]
        log[places, self.base[rows]] = -np.inf
        convinced: np.ndarray = log.max(axis=1) > of_base
        return convinced

    def _greedily(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Add the words that help a class most, step by step; return which documents convince."""
        masks = np.zeros((len(rows), self.model.lengths.max()), dtype=bool)
        counts = self.counts[rows]
        ranked = [self._ranked(row, column) for row, column in zip(rows, columns, strict=True)]
        added = -(-counts // _STEPS)  # words a step
        expect(_STEPS)
        for _ in range(_STEPS):
            n_left = np.minimum(counts - masks.sum(axis=1), added)
            growing = np.flatnonzero(n_left)
            tried = [ranked[i][~masks[i, ranked[i]]][:_TRIED] for i in growing]
            which = np.repeat(growing, [len(words) for words in tried])
            words = np.concatenate([np.empty(0, dtype=int), *tried])
            odds = self._odds_with(words, which, masks, rows, columns)
            for i in growing:
                own = np.flatnonzero(which == i)
                masks[i, words[own[np.argsort(-odds[own], kind="stable")[: n_left[i]]]]] = True
            step()
        return self._convinced(rows, masks)

    def _odds_with(
        self,
        words: np.ndarray,
        which: np.ndarray,
        masks: np.ndarray,
        rows: np.ndarray,
        columns: np.ndarray,
    ) -> np.ndarray:
        """Return log-odds of `columns[which]` with one of `words` more than `masks[which]`."""
        odds = [np.empty(0)]
        for first in range(0, len(words), _AT_ONCE):
            some, part = which[first : first + _AT_ONCE], slice(first, first + _AT_ONCE)
            places, grown = np.arange(len(some)), masks[some]
            grown[places, words[part]] = True
            log = self._log(rows[some], grown)
            odds.append(log[places, columns[some]] - log[places, self.base[rows[some]]])
        return np.concatenate(odds)
