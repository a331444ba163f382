"""Agreement of two models, against scikit-learn's own scores of words laid end to end."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, jaccard_score

from sklearn_irx.metrics import (
    rationale_iou_score,
    rationale_kappa_score,
    rationale_stability_score,
)

documents = st.lists(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


def padded(rows):
    masks = np.zeros((len(rows), max(map(len, rows))), dtype=bool)
    for mask, row in zip(masks, rows, strict=True):
        mask[: len(row)] = row
    return masks


def both(pairs):
    return (padded([[pair[i] for pair in row] for row in pairs]) for i in (0, 1))


@given(documents)
def test_iou_is_the_jaccard_index_of_each_document(pairs):
    one, two = both(pairs)
    expected = [jaccard_score(*zip(*row, strict=True)) if np.any(row) else 1.0 for row in pairs]
    np.testing.assert_allclose(rationale_iou_score(one, two, average=None), expected)
    assert rationale_iou_score(one, two) == pytest.approx(np.mean(expected))


@given(documents)
def test_kappa_is_that_of_all_words_end_to_end(pairs):
    one, two = both(pairs)
    words = [pair for row in pairs for pair in row]
    lengths = [len(row) for row in pairs]
    kappa = rationale_kappa_score(one, two, lengths)
    if np.all(words) or not np.any(words):
        assert np.isnan(kappa)
    else:
        assert kappa == pytest.approx(cohen_kappa_score(*zip(*words, strict=True)))


def test_kappa_by_hand():
    # Of ten words both select two and leave six: 0.8 observed, 0.3^2 + 0.7^2 by chance.
    one, two = [[(0, 3)], []], [[(1, 4)], []]
    assert rationale_kappa_score(one, two, [6, 4]) == pytest.approx((0.8 - 0.58) / 0.42)
    assert rationale_kappa_score(one, one, [6, 4]) == 1


def test_words_that_are_not_there_are_not_agreed_upon():
    one = np.array([[True, False, False, False, False, False]])
    two = np.array([[False, True, False, False, False, False]])
    assert rationale_kappa_score(one, two, [2]) == -1
    assert rationale_kappa_score(one, two) > rationale_kappa_score(one, two, [3])


def test_stability_is_the_mean_of_all_pairs():
    rng = np.random.RandomState(0)
    masks = [rng.random_sample((5, 8)) < 0.4 for _ in range(4)]
    pairs = list(combinations(masks, 2))
    assert rationale_stability_score(masks) == pytest.approx(
        np.mean([rationale_iou_score(*pair) for pair in pairs])
    )
    assert rationale_stability_score(masks, [8] * 5, agreement="kappa") == pytest.approx(
        np.mean([rationale_kappa_score(*pair, [8] * 5) for pair in pairs])
    )
    assert rationale_stability_score([masks[0]] * 3) == 1


def test_what_cannot_be_compared():
    mask = np.array([[True, False]])
    with pytest.raises(ValueError, match="masks holds 1 rationales: give those of two or more"):
        rationale_stability_score([mask])
    with pytest.raises(ValueError, match="agreement='alpha' is unknown"):
        rationale_stability_score([mask, mask], agreement="alpha")
    with pytest.raises(ValueError, match=r"lengths\[0\]=0, but masks_1\[0\] selects a word past"):
        rationale_kappa_score(mask, ~mask, [0])
    with pytest.raises(ValueError, match=r"lengths has shape \(2,\): .* 1 rows of masks_1"):
        rationale_kappa_score(mask, mask, [2, 2])
