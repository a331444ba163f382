"""Algorithm 1 of Dai et al. (2022): which of two rationales, and which prediction, to keep.

Pure functions on arrays: no model, no text. Row ``i`` of every argument belongs to document
``i``. Model 1 predicted ``label_1`` from its own rationale 1 with ``confidence_1`` and
``label_1_given_2`` when it read rationale 2; likewise model 2.
"""

from __future__ import annotations

import numpy as np

CASES = ("agree", "convinced_2", "convinced_1", "confidence_1", "confidence_2")
"""What can happen to a document, in the order in which Algorithm 1 asks for it."""

_FIRST_WINS = ("agree", "convinced_2", "confidence_1")


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
        What each model predicts from its own rationale.
    label_1_given_2, label_2_given_1 : array of shape (n_samples,)
        What each model predicts from the other's rationale. Read only where `label_1` and
        `label_2` differ.
    confidence_1, confidence_2 : array of shape (n_samples,)
        Largest class probability of each model on its own rationale, between 0 and 1.

    Returns
    -------
    case : ndarray of shape (n_samples,), dtype str
        ``"agree"``, both say the same; ``"convinced_2"``, rationale 1 changed model 2's mind and
        rationale 2 did not change model 1's; ``"convinced_1"``, the other way round;
        otherwise ``"confidence_1"`` or ``"confidence_2"``, the model that is more sure.
        On equal confidence, model 1.

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
    >>> decide(pos, neg, pos, pos, unsure, sure)  # model 2 reads rationale 1 and says pos too
    array(['convinced_2'], dtype='<U12')
    >>> decide(pos, neg, pos, neg, unsure, sure)  # nobody is convinced: the surer one
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
    """Give the model, 1 or 2, whose rationale and prediction each case keeps.

    Parameters
    ----------
    case : array of shape (n_samples,)
        As :func:`decide` returns it.

    Returns
    -------
    chosen : ndarray of shape (n_samples,), dtype int
        1 or 2. Where the models agree, 1.
    """
    return np.where(np.isin(case, _FIRST_WINS), 1, 2)
