r"""Encoding: what the fact of selection tells of the label, beyond the words.

Let r be the words of a rationale, and s the fact that a selector chose these and no others. With
:math:`p(y \mid r)`, how likely a label is given that a text holds these words, and
:math:`p(y \mid r, s)`, how likely it is given that they were chosen, the selector encodes

.. math:: E \log \frac{p(y \mid r, s)}{p(y \mid r)} = E \, KL(p(y \mid r, s) \,\|\, p(y \mid r))

nats a document. Both probabilities are estimated by readers that learn from other documents.

A reader of words drawn at random knows p(y | r) on average, and is too sure or not sure enough of
words that tell as much as those of a rationale do. So it is corrected on *controls*: of each
document as many words as the rationale of another of like length has, in which a word is as likely
as the selector takes it in other documents, whatever else this document holds. Controls look like
rationales, and nobody chose them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax
from scipy.stats import norm
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.utils import check_random_state

from sklearn_irx._stages import step
from sklearn_irx._validation import check_labels
from sklearn_irx.metrics._evalx import (
    EvalX,
    default_reader,
    evalx_of,
    log_probabilities,
)
from sklearn_irx.metrics._input import Masks, check_at_least, stratified_folds
from sklearn_irx.metrics._leakage import forest, shapes_of
from sklearn_irx.metrics._masked_prediction import MaskedTexts, numbered
from sklearn_irx.metrics._second_reader import random_masks

_ALIKE = 50  # documents whose numbers of words are permuted
_N_TREES, _LEAF = 20, 10  # of forests whose probabilities count, not their labels
_LEAST_OF_FOREST = 0.01  # probability of a class that no tree has seen


class Encoding(NamedTuple):
    """What the choice of words tells of the label, beyond the words.

    Attributes
    ----------
    score : float
        In nats a document: ``selected - words``.
    low, high : float
        Confidence interval of `score`.
    selected, words : float
        Mean log-likelihoods of the true labels given the rationale, at most 0: by readers that
        know such choices, and by readers that know the words only.
    """

    score: float
    low: float
    high: float
    selected: float
    words: float


def encoding_score(
    X: Any,
    y: Any,
    masks: Masks,
    *,
    reader: Any = None,
    tokenizer: Any = None,
    cv: int = 5,
    n_masks: int = 4,
    confidence_level: float = 0.95,
    random_state: Any = None,
) -> Encoding:
    r"""Compute how much the choice of words tells of the label, beyond the words.

    The mean over documents of :math:`\log q(y \mid r, s) - \log q(y \mid r)`, where y is the true
    label, :math:`q(y \mid r)` readers that know words drawn at random, and
    :math:`q(y \mid r, s)` readers that know rationales of this selector besides, from their words
    and from the shape of the mask (numbers, positions, runs, parity). All are fitted on the other
    folds of a cross-validation. With exact readers it is the mean divergence of the one from the
    other; where readers fall short, it is off by what they fall short of:
    :math:`KL(p(y \mid r) \| q(y \mid r))` is added and
    :math:`KL(p(y \mid r, s) \| q(y \mid r, s))` subtracted. So 0 can be told from an estimate, as
    it cannot from a plain divergence of two readers, which is never below 0.

    Parameters
    ----------
    X : sequence of n_samples str
        Documents that the selector was not trained on.
    y : array-like of shape (n_samples,)
        Their true labels.
    masks : array of shape (n_samples, n_words), dtype bool, or list of lists of spans
        The rationales; missing columns count as False. Or the spans (start, end) of each document
        in words.
    reader : classifier or None, default=None
        A classifier of raw text with ``predict_proba``; it is cloned. None is logistic regression
        on TF-IDF of words.
    tokenizer : callable or fitted model, default=None
        Defines the words of the masks: a function that returns (word, start, end) for each word,
        or a model with ``word_spans``, such as the one that made the masks. None is
        :class:`~sklearn_irx.text.WordTokenizer`.
    cv : int, default=5
        Number of folds; at most the number of documents of the rarest class.
    n_masks : int, default=4
        As in :class:`RandomMaskReader`.
    confidence_level : float, default=0.95
        Of the interval, which is that of a mean over documents.
    random_state : int, RandomState instance or None, default=None
        Seed of folds, masks and readers' shapes.

    Returns
    -------
    encoding : Encoding
        Named tuple of ``score``, ``low``, ``high``, ``selected`` and ``words``, in nats. The score
        is at most ``-words``, and the lower the better: 0 if the choice tells nothing. It is
        comparable between selectors on the same documents.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `X` is not a sequence of str.
    ValueError
        If the arguments do not match, `y` has less than two classes or a class of less than `cv`
        documents, or a number is out of range.

    See Also
    --------
    evalx_score : What the words say to a reader that knows words drawn at random.
    arguability_score : Whether the words could say the opposite.
    mask_leakage_score : What the shape of the mask tells alone.

    Notes
    -----
    STRIPE-X (Puli et al., 2024) is the EVAL-X score less a multiple of an encode-meter, which is
    this divergence, with an indicator of the event that the explanation is r in the place of s.
    Here both terms are separate: :func:`evalx_score`, and this one. It differs in three points:
    the divergence is that of the true labels (a gain in likelihood) and not of two models from
    each other; the readers of words are corrected on controls; and the reader of choices sees the
    shape of the mask beside the words.

    What it cannot see: a code that `reader` cannot learn from so many documents; and an argument.
    If the words of a text can be chosen so that they prove either label, and a selector that has
    read everything shows those for the label that it settled on, then each of these words *is*
    evidence, readers of words are convinced as they ought to be, and little may be encoded.
    See :func:`arguability_score`.

    References
    ----------
    A. Puli et al., "Explanations that reveal all through the definition of encoding", NeurIPS 2024,
    arXiv 2411.02664. N. Jethani et al., "Have We Learned to Explain?: How Interpretability Methods
    Can Learn to Encode Predictions in their Interpretations", AISTATS 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics import encoding_score
    >>> texts, y = ["The sea was calm and the sky was grey."] * 80, np.arange(80) % 2
    >>> masks = [[(1, 2)] if label else [(6, 7)] for label in y]  # "sea" says 1, and "sky" 0
    >>> encoding = encoding_score(texts, y, masks, random_state=0)
    >>> round(encoding.words, 1), encoding.score > 0.5  # log 2 is 0.69
    (-0.7, True)
    """
    check_confidence_level(confidence_level)
    readers = CrossFittedReaders(
        X, y, reader=reader, tokenizer=tokenizer, cv=cv, n_masks=n_masks, random_state=random_state
    )
    given = readers.texts.check(masks)
    readers.fit()
    return readers.encoding(given, confidence_level=confidence_level)


class _Seen(NamedTuple):
    """What readers see of rationales: texts of their words, and shapes (n_samples, n_features)."""

    texts: list[str]
    shapes: np.ndarray


class CrossFittedReaders:
    """Readers of each document that have learned from the other folds only.

    For parameters see :func:`encoding_score`. What is learned is the column of a label in
    `classes`. Masks are those of :meth:`MaskedTexts.check`.
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        *,
        reader: Any = None,
        tokenizer: Any = None,
        cv: int = 5,
        n_masks: int = 4,
        random_state: Any = None,
    ) -> None:
        check_at_least(1, "n_masks", n_masks)
        self.texts = MaskedTexts(X, tokenizer)
        labels = check_labels(y, len(self.texts.texts))
        self._n_masks = n_masks
        self._reader = default_reader() if reader is None else reader
        self._random_state = check_random_state(random_state)
        self.seed = int(self._random_state.randint(2**31 - 1))
        self._folds = list(stratified_folds(labels, cv, self.seed).split(labels, labels))
        self.classes, self.columns = np.unique(labels, return_inverse=True)

    @property
    def n_fits(self) -> int:
        """Fits of :meth:`fit`; an encoding takes twice as many."""
        return len(self._folds)

    def fit(self) -> None:
        """Fit the readers of words."""
        drawn = [
            random_masks(self.texts.lengths, random_state=self._random_state)
            for _ in range(self._n_masks)
        ]
        self._of_words = self._fitted(self._reader, [self.texts.kept(masks) for masks in drawn])

    def of_words(self, masks: np.ndarray) -> np.ndarray:
        """Return the log probabilities (n_samples, n_classes) of words by readers of words."""
        return self._answers(self._of_words, self.texts.kept(masks))

    def evalx(self, masks: np.ndarray) -> EvalX:
        """Return how well words tell the label to readers of words."""
        return evalx_of(self.of_words(masks), self.columns)

    def encoding(self, masks: np.ndarray, *, confidence_level: float = 0.95) -> Encoding:
        """Return how much the choice tells beyond the words; see :func:`encoding_score`."""
        controls, choices = self._seen(self.controls(masks)), self._seen(masks)
        of_controls, of_choices = self._readers_of(controls), self._readers_of(choices)
        on_controls = np.stack(self._with_words(of_controls, controls))
        on_masks = np.stack(self._with_words(of_controls, choices))
        of_both = self._of_both(of_choices, choices)
        known, plain = np.empty((2, len(self.columns)))
        for learned, tested in self._folds:
            columns = self.columns[learned]
            words = pool(pool_weights(on_controls[:, learned], columns), on_masks)
            found = np.stack([words, *of_both])
            selected = pool(pool_weights(found[:, learned], columns), found)
            known[tested] = selected[tested, self.columns[tested]]
            plain[tested] = words[tested, self.columns[tested]]
        gain = known - plain
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        off = norm.ppf((1 + confidence_level) / 2) * error
        score = gain.mean()
        return Encoding(*map(float, (score, score - off, score + off, known.mean(), plain.mean())))

    def heaviest(self, counts: np.ndarray, columns: np.ndarray | None = None) -> np.ndarray:
        """Select the words of each document with the largest weight in a linear model.

        It is logistic regression on TF-IDF of whole texts, the weight one for any class, or for
        that of `columns` (n_samples,): then the selection is class-conditional. `counts`
        (n_samples,) words are selected, each once.
        """
        forms, words, rows, places = self._occurrences
        _, first = np.unique(rows * len(forms) + words, return_index=True)  # not said before
        scores = np.full(self.texts.whole.shape, -np.inf)
        for linear, (_, tested) in zip(self._linear, self._folds, strict=True):
            weights = weights_of(linear, forms)
            here = first[np.isin(rows[first], tested)]
            if columns is None:
                scores[rows[here], places[here]] = weights.max(axis=1)[words[here]]
            else:
                scores[rows[here], places[here]] = weights[words[here], columns[rows[here]]]
        return self._smallest(-scores, counts)

    @cached_property
    def _linear(self) -> list[Any]:
        """Linear models of whole texts."""
        return self._fitted(default_reader(), [self.texts.kept(self.texts.whole)])

    def controls(self, masks: np.ndarray) -> np.ndarray:
        """Draw words of each document, as many as of another, as often as selected elsewhere."""
        _, words, rows, places = self._occurrences
        shown = masks[rows, places]
        overall = shown.mean() if len(shown) else 0.0
        n_words = int(words.max(initial=-1)) + 1
        _, pair = np.unique(rows * n_words + words, return_inverse=True)
        own_shown, own = np.bincount(pair, shown), np.bincount(pair)  # in the same document
        all_shown, all_ = np.bincount(words, shown), np.bincount(words)
        elsewhere = all_shown[words] - own_shown[pair] + overall
        rates = elsewhere / (all_[words] - own[pair] + 1) + 1e-6
        # The smallest of exponential variables with these rates are a draw without replacement.
        waiting = np.full(masks.shape, np.inf)
        waiting[rows, places] = self._random_state.exponential(size=len(rows)) / rates
        return self._smallest(waiting, self._numbers(masks))

    def _numbers(self, masks: np.ndarray) -> np.ndarray:
        """Permute the numbers of words, which may be a code, between documents of like length."""
        numbers, lengths = masks.sum(axis=1), self.texts.lengths
        order = np.lexsort((self._random_state.random_sample(len(lengths)), lengths))
        permuted = np.empty_like(numbers)
        for rows in np.array_split(order, -(-len(order) // _ALIKE)):
            permuted[rows] = numbers[self._random_state.permutation(rows)]
        return np.minimum(permuted, lengths)

    def _smallest(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Select `counts` words of each document, those of the smallest values."""
        ranks = values.argsort(axis=1, kind="stable").argsort(axis=1)
        selected: np.ndarray = (ranks < counts[:, None]) & self.texts.whole
        return selected

    @cached_property
    def _occurrences(self) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
        """All different words in lower case; of each occurrence its number, row and place."""
        forms, words = numbered(word.lower() for word in self.texts.words)
        rows, places = np.nonzero(self.texts.whole)
        return forms, words, rows, places

    def _seen(self, masks: np.ndarray) -> _Seen:
        return _Seen(self.texts.kept(masks), shapes_of(masks, self.texts.lengths))

    def _readers_of(self, seen: _Seen) -> tuple[list[Any], list[Any]]:
        """Fit readers of the words, and of the shapes, of rationales like these."""
        return (
            self._fitted(self._reader, [seen.texts]),
            self._fitted(forest(self.seed, _N_TREES, _LEAF), [seen.shapes]),
        )

    def _of_both(self, readers: tuple[list[Any], list[Any]], seen: _Seen) -> list[np.ndarray]:
        of_words, of_shapes = readers
        return [
            self._answers(of_words, seen.texts),
            self._answers(of_shapes, seen.shapes, least=_LEAST_OF_FOREST),
        ]

    def _with_words(self, readers: tuple[list[Any], list[Any]], seen: _Seen) -> list[np.ndarray]:
        return [self._answers(self._of_words, seen.texts), *self._of_both(readers, seen)]

    def _fitted(self, unfitted: Any, inputs: Sequence[Sequence[Any] | np.ndarray]) -> list[Any]:
        """Fit a reader without each fold, on all of several inputs of each document."""
        readers = []
        for learned, _ in self._folds:
            X = [one for part in inputs for one in _taken(part, learned)]
            reader = clone(unfitted)
            if not any(isinstance(one, np.ndarray) or one.strip() for one in X):
                reader = DummyClassifier()  # vectorizers want a word
            readers.append(reader.fit(X, np.tile(self.columns[learned], len(inputs))))
            step()
        return readers

    def _answers(
        self, readers: list[Any], inputs: Sequence[Any] | np.ndarray, least: float = 0.0
    ) -> np.ndarray:
        """Return the log probabilities of documents by the reader that does not know them."""
        found = np.empty((len(self.columns), len(self.classes)))
        for reader, (_, tested) in zip(readers, self._folds, strict=True):
            found[tested] = reader.predict_proba(_taken(inputs, tested))
        return log_probabilities(np.maximum(found, least))


def pool(weights: np.ndarray, log_probabilities: np.ndarray) -> np.ndarray:
    """Pool log probabilities (n_readers, n_samples, n_classes): their weighted sum, normalized."""
    pooled: np.ndarray = log_softmax(np.tensordot(weights, log_probabilities, axes=1), axis=1)
    return pooled


def pool_weights(log_probabilities: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the weights, at least 0, whose pool makes the true `columns` likeliest.

    They have a normal prior of variance 1 about the first reader alone, so that few documents give
    no weight of ten to a reader that knows next to nothing.
    """
    rows = np.arange(len(columns))
    true = log_probabilities[:, rows, columns]
    start = np.eye(len(log_probabilities))[0]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        pooled = pool(weights, log_probabilities)
        expected = (np.exp(pooled) * log_probabilities).sum(axis=2)
        off = weights - start
        value = (off @ off / 2 - pooled[rows, columns].sum()) / len(rows)
        return value, (off + (expected - true).sum(axis=1)) / len(rows)

    bounds = [(0, None)] * len(start)
    found: np.ndarray = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found


def weights_of(linear: Any, words: list[str]) -> np.ndarray:
    """Return TF-IDF weights (n_words, n_classes) of a pipeline as :func:`default_reader` makes it.

    They are less their mean over the classes.
    """
    vectorizer, logistic = clone(linear[0]).set_params(norm=None), linear[1]
    vectorizer.vocabulary_, vectorizer.idf_ = linear[0].vocabulary_, linear[0].idf_
    coefficients = logistic.coef_
    if len(coefficients) == 1:
        coefficients = np.vstack([-coefficients, coefficients])
    weights: np.ndarray = vectorizer.transform(words) @ coefficients.T
    return weights - weights.mean(axis=1, keepdims=True)


def check_confidence_level(level: Any) -> None:
    """Raise ValueError unless it lies between 0 and 1."""
    if not isinstance(level, Real) or not 0 < float(level) < 1:
        raise ValueError(
            f"confidence_level={level!r}: give a number between 0 and 1, such as 0.95."
        )


def _taken(inputs: Sequence[Any] | np.ndarray, rows: np.ndarray) -> Any:
    return inputs[rows] if isinstance(inputs, np.ndarray) else [inputs[row] for row in rows]
