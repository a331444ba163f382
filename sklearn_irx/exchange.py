"""Which of several rationales, and which prediction, to keep: Algorithm 1 of Dai et al. (2022).

Pure functions on arrays: no model, no text. :func:`decide` is the algorithm for two models, on
labels; :func:`settle` is its form for any number of models, on probabilities, with other rules
beside that of the paper; :func:`settle_by` takes any scores. :func:`candidate_features` are what a
rule can be learned from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

CASES = ("agree", "convinced_2", "convinced_1", "confidence_1", "confidence_2")
"""All cases, in the order in which Algorithm 1 tests them."""

LEARNED = "learned"
"""The rule of the ensembles that is fitted on validation texts, and so none of :data:`RULES`."""

FEATURES = (
    "own_log_odds",
    "log_odds_of_others",
    "n_convinced",
    "n_same_label",
    "mean_probability",
    "share_selected",
    "log_selected",
)
"""What :func:`candidate_features` computes, in this order."""

_FIRST_WINS = ("agree", "convinced_2", "confidence_1")
_LEAST_PROBABILITY = 1e-6  # in log-odds: 32 bits hold no number much closer to 1


def decide(
    label_1: np.ndarray,
    label_2: np.ndarray,
    label_1_given_2: np.ndarray,
    label_2_given_1: np.ndarray,
    confidence_1: np.ndarray,
    confidence_2: np.ndarray,
) -> np.ndarray:
    """Settle every document by Algorithm 1.

    Parameters
    ----------
    label_1, label_2 : array of shape (n_samples,)
        Prediction of each model from its own rationale.
    label_1_given_2, label_2_given_1 : array of shape (n_samples,)
        Prediction of each model from the other's rationale. Used only where `label_1` and
        `label_2` differ.
    confidence_1, confidence_2 : array of shape (n_samples,)
        Largest class probability of each model on its own rationale, between 0 and 1.

    Returns
    -------
    case : ndarray of shape (n_samples,), dtype str
        ``"agree"``, both predict the same label; ``"convinced_2"``, model 2 predicts the label of
        model 1 from rationale 1, and model 1 not that of model 2 from rationale 2;
        ``"convinced_1"``, the other way round; otherwise ``"confidence_1"`` or
        ``"confidence_2"``, the more confident model, on equal confidence model 1.

    Notes
    -----
    The pseudo-code of the paper gives equal confidence to model 2 (its comparison is strict);
    the program released with it gives it to model 1, and so does this function.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.exchange import decide
    >>> pos, neg = np.array(["pos"]), np.array(["neg"])
    >>> sure, unsure = np.array([0.9]), np.array([0.6])
    >>> decide(pos, neg, pos, pos, unsure, sure)  # from rationale 1, model 2 predicts pos too
    array(['convinced_2'], dtype='<U12')
    >>> decide(pos, neg, pos, neg, unsure, sure)  # neither is convinced: the more confident one
    array(['confidence_2'], dtype='<U12')
    """
    agree = label_1 == label_2
    second_follows = label_2_given_1 == label_1
    first_follows = label_1_given_2 == label_2
    return np.select(
        [
            agree,
            second_follows & ~first_follows,
            first_follows & ~second_follows,
            confidence_1 >= confidence_2,
        ],
        CASES[:-1],
        default=CASES[-1],
    )


def chosen(case: np.ndarray) -> np.ndarray:
    """Return the model, 1 or 2, whose rationale is kept in each case of :func:`decide`.

    Both arrays are of shape (n_samples,). Where the models agree, it is 1.
    """
    return np.where(np.isin(case, _FIRST_WINS), 1, 2)


class Settlement(NamedTuple):
    """The result of an exchange between any number of models.

    Attributes
    ----------
    chosen : ndarray of shape (n_samples,), dtype int
        The model whose rationale is kept, counted from 0.
    case : ndarray of shape (n_samples,), dtype str
        How it was settled: ``"agree"``, the name of the rule, or ``"confidence"``.
    probabilities : ndarray of shape (n_samples, n_classes)
        Class probabilities, from the rationale kept alone.
    """

    chosen: np.ndarray
    case: np.ndarray
    probabilities: np.ndarray


def settle(probabilities: np.ndarray, rule: str = "convinced") -> Settlement:
    r"""Settle every document between any number of models.

    Model :math:`j` selects rationale :math:`r_j` and predicts label :math:`y_j`;
    :math:`p_{ij}(c)` is the probability of class :math:`c` that model :math:`i` predicts from
    :math:`r_j`. Where all models agree on the label, the rationale of the first is kept, elsewhere
    that with the highest score. Of several, that of the most confident model,
    :math:`\max_c p_{jj}(c)`, is kept; on equal confidence, the first.

    ============= ===================================== ========================================
    rule          score of :math:`r_j`                  probabilities returned
    ============= ===================================== ========================================
    "convinced"   number of models :math:`i` with       :math:`p_{jj}`
                  :math:`\arg\max_c p_{ij}(c) = y_j`
    "mean"        mean of :math:`p_{ij}(y_j)` over i    :math:`p_{jj}`
    "product"     product of :math:`p_{ij}(y_j)` over i :math:`p_{jj}`
    "vote"        mean of :math:`p_{ii}(y_j)` over i    :math:`p_{jj}`
    "consensus"   mean of :math:`p_{ij}(y_j)` over i    mean of :math:`p_{ij}` over i
    ============= ===================================== ========================================

    :math:`y_j` is the likeliest class of the probabilities that would be returned. "vote" is soft
    voting among the labels of the models; the other rules use cross-predictions. For two models,
    "convinced" is Algorithm 1.

    Parameters
    ----------
    probabilities : array of shape (n_models, n_models, n_samples, n_classes)
        ``probabilities[i, j, d, c]`` is :math:`p_{ij}(c)` for document d. Where the models agree,
        those with i other than j are not used, and may be nan.
    rule : {"convinced", "mean", "product", "vote", "consensus"}, default="convinced"
        How a rationale is scored.

    Returns
    -------
    settlement : Settlement
        ``chosen``, ``case`` and ``probabilities``, one entry a document. ``case`` is ``"agree"``
        where all models give the same label, ``"confidence"`` where rationales of different
        labels had the highest score, else the name of the rule.

    Raises
    ------
    ValueError
        If `probabilities` has another shape, or there is no such rule.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.exchange import settle
    >>> own = [[0.6, 0.4], [0.7, 0.3], [0.1, 0.9]]  # models 0 and 1 are for class 0, model 2 is not
    >>> readings = np.array([[own[0], own[1], [0.4, 0.6]],  # how model 0 reads the three rationales
    ...                      [own[0], own[1], [0.3, 0.7]],
    ...                      [own[0], [0.2, 0.8], own[2]]])[:, :, None]
    >>> settle(readings)  # rationales 0 and 2 convince all; model 2 is more confident
    Settlement(chosen=array([2]), case=array(['confidence'], dtype='<U10'),
               probabilities=array([[0.1, 0.9]]))
    >>> settle(readings, "vote").chosen
    array([2])
    """
    if rule not in RULES:
        raise ValueError(f"rule={rule!r} is unknown: give one of {', '.join(RULES)}.")
    own = _own(probabilities)
    said = probabilities.mean(axis=0) if rule == "consensus" else own
    score = RULES[rule](probabilities, said.argmax(axis=2))
    return _with_highest(score, own, said, rule)


def settle_by(probabilities: np.ndarray, scores: np.ndarray, case: str) -> Settlement:
    """Settle every document between any number of models by scores of their rationales.

    As :func:`settle`, with scores that were found in another way.

    Parameters
    ----------
    probabilities : array of shape (n_models, n_models, n_samples, n_classes)
        As for :func:`settle`; only predictions from own rationales are used.
    scores : array of shape (n_models, n_samples)
        How good the rationale of each model is; may be nan where the models agree.
    case : str
        The name of the case of documents that the scores decide.

    Returns
    -------
    settlement : Settlement
        The rationales with the highest scores, with the probabilities of their owners.

    Raises
    ------
    ValueError
        If `probabilities` or `scores` have another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.exchange import settle_by
    >>> readings = np.zeros((2, 2, 1, 2))
    >>> readings[0, 0], readings[1, 1] = [0.9, 0.1], [0.4, 0.6]
    >>> settle_by(readings, np.array([[0.2], [0.3]]), "by scores")
    Settlement(chosen=array([1]), case=array(['by scores'], dtype='<U10'),
               probabilities=array([[0.4, 0.6]]))
    """
    own = _own(probabilities)
    if scores.shape != own.shape[:2]:
        raise ValueError(
            f"scores has shape {scores.shape}: give (n_models, n_samples), here {own.shape[:2]}."
        )
    return _with_highest(scores, own, own, case)


def candidate_features(
    probabilities: np.ndarray, n_selected: np.ndarray, n_words: np.ndarray
) -> np.ndarray:
    r"""Compute what models say of each other's rationales, as features of each rationale.

    With :math:`p_{ij}` and :math:`y_j` as in :func:`settle`, the features of rationale
    :math:`r_j`, named in :data:`FEATURES`, are

    ==================== ========================================================================
    own_log_odds         log-odds of :math:`p_{jj}(y_j)`
    log_odds_of_others   mean over other models i of the log-odds of :math:`p_{ij}(y_j)`
    n_convinced          number of other models i with :math:`\arg\max_c p_{ij}(c) = y_j`
    n_same_label         number of other models i with :math:`y_i = y_j`
    mean_probability     mean of :math:`p_{ii}(y_j)` over all i: the share in soft voting
    share_selected       share of the words of the document that are selected
    log_selected         logarithm of 1 + the number of selected words
    ==================== ========================================================================

    Probabilities nearer than 1e-6 to 0 or 1 count as that near, so that log-odds are finite.

    Parameters
    ----------
    probabilities : array of shape (n_models, n_models, n_samples, n_classes)
        As for :func:`settle`.
    n_selected : array of shape (n_models, n_samples)
        Number of words in each rationale.
    n_words : array of shape (n_samples,)
        Number of words of each document.

    Returns
    -------
    features : ndarray of shape (n_models, n_samples, n_features)
        Nan where predictions are that it needs.

    Raises
    ------
    ValueError
        If `probabilities` has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.exchange import FEATURES, candidate_features
    >>> readings = np.array([[[[0.5, 0.5]], [[0.2, 0.8]]], [[[0.4, 0.6]], [[0.1, 0.9]]]])
    >>> of_second = candidate_features(readings, np.array([[3], [1]]), np.array([10]))[1, 0]
    >>> dict(zip(FEATURES, of_second.round(2).tolist()))
    {'own_log_odds': 2.2, 'log_odds_of_others': 1.39, 'n_convinced': 1.0, 'n_same_label': 0.0,
     'mean_probability': 0.7, 'share_selected': 0.1, 'log_selected': 0.69}
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    own = _own(probabilities)
    labels = own.argmax(axis=2)
    n_others = len(own) - 1
    clipped = np.clip(_in_label(probabilities, labels), _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    log_odds = np.log(clipped / (1 - clipped))
    of_owner = log_odds[np.arange(len(own)), np.arange(len(own))]
    features = {
        "own_log_odds": of_owner,
        "log_odds_of_others": (log_odds.sum(axis=0) - of_owner) / n_others,
        "n_convinced": _n_convinced(probabilities, labels) - 1,
        "n_same_label": (labels[:, None] == labels).sum(axis=0) - 1,
        "mean_probability": _vote(probabilities, labels),
        "share_selected": n_selected / np.maximum(n_words, 1),
        "log_selected": np.log1p(n_selected),
    }
    return np.stack([features[name] for name in FEATURES], axis=2)


def _own(probabilities: np.ndarray) -> np.ndarray:
    """Return what each model predicts from its own rationale, after a check of the shape."""
    shape = probabilities.shape
    if len(shape) != 4 or shape[0] != shape[1]:
        raise ValueError(
            f"probabilities has shape {shape}: give (n_models, n_models, n_samples, n_classes)."
        )
    everyone = np.arange(len(probabilities))
    own: np.ndarray = probabilities[everyone, everyone]
    return own


def _with_highest(score: np.ndarray, own: np.ndarray, said: np.ndarray, case: str) -> Settlement:
    """Keep the rationale with the highest score, and of several that of the most confident."""
    own_labels, labels = own.argmax(axis=2), said.argmax(axis=2)
    agree = (own_labels == own_labels[0]).all(axis=0)
    ahead = score == score.max(axis=0)
    chosen = np.where(agree, 0, np.where(ahead, own.max(axis=2), -1).argmax(axis=0))
    kept = chosen, np.arange(len(chosen))
    contested = (ahead & (labels != labels[kept])).any(axis=0)
    cases = np.select([agree, contested], ["agree", "confidence"], default=case)
    return Settlement(chosen, cases, np.where(agree[:, None], own[0], said[kept]))


def _n_convinced(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (probabilities.argmax(axis=3) == labels).sum(axis=0)


def _in_label(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the probability of the label of each rationale: (reader, rationale, document)."""
    return np.take_along_axis(probabilities, labels[None, ..., None], axis=3)[..., 0]


def _mean(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return _in_label(probabilities, labels).mean(axis=0)


def _product(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return _in_label(probabilities, labels).prod(axis=0)


def _vote(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return _mean(_own(probabilities)[:, None], labels)


RULES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "convinced": _n_convinced,
    "mean": _mean,
    "product": _product,
    "vote": _vote,
    "consensus": _mean,
}
"""How :func:`settle` scores a rationale: (n_models, n_samples), from readings and labels."""
