"""Selectors that smuggle the label by the shape of the mask, and one that does not."""

import numpy as np
import pytest

from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import mask_leakage_score, random_masks

N = 200
rng = np.random.RandomState(0)
Y = rng.randint(2, size=N)
LENGTHS = rng.randint(20, 30, size=N)


def smuggled(code):
    """Masks of random words that say the label by a code."""
    if code == "even number of words":
        return random_masks(LENGTHS, 2 * rng.randint(2, 6, size=N) + Y, random_state=1)
    masks = np.zeros((N, 30), dtype=bool)
    for mask, label, length in zip(masks, Y, LENGTHS, strict=True):
        if code == "even places":
            mask[rng.choice(np.arange(label, length, 2), 5, replace=False)] = True
        elif code == "early or late":
            half = length // 2
            mask[label * half + rng.choice(half, 4, replace=False)] = True
        elif code == "one piece or two":
            mask[3:7] = True
            mask[5] = not label
    return masks


@pytest.mark.parametrize(
    "code", ["even number of words", "even places", "early or late", "one piece or two"]
)
def test_a_selector_that_smuggles_is_caught(code):
    found = mask_leakage_score(smuggled(code), Y, LENGTHS, random_state=0)
    assert found.baseline == pytest.approx(max(Y.mean(), 1 - Y.mean()))
    assert found.accuracy > 0.95


def test_words_at_random_leak_nothing():
    masks = random_masks(LENGTHS, rng.randint(3, 9, size=N), random_state=2)
    found = mask_leakage_score(masks, Y, LENGTHS, random_state=0)
    assert found.accuracy < found.baseline + 0.1


def test_the_words_that_tell_leak_nothing():
    # Selected for what they say, wherever they stand.
    _, y, masks = make_rationale_classification(N, n_classes=3, n_words=40, random_state=0)
    found = mask_leakage_score(masks, y, random_state=0)
    assert found.accuracy < found.baseline + 0.1


def test_permuted_labels_are_told_by_chance_alone():
    found = mask_leakage_score(
        smuggled("even places"), Y, LENGTHS, n_permutations=3, random_state=0
    )
    assert found.accuracy > 0.95
    # The better of two classifiers of 200 documents: a standard error of 0.035 each.
    assert found.baseline - 0.1 < found.permuted < found.baseline + 0.1


def test_permutations_leave_the_score_as_it_is():
    masks = random_masks(LENGTHS, 5, random_state=3)
    without, with_two, again = (
        mask_leakage_score(masks, Y, LENGTHS, cv=2, n_permutations=n, random_state=1)
        for n in (0, 2, 2)
    )
    assert without.permuted is None
    assert with_two == again
    assert with_two[:2] == without[:2]


def test_what_says_nothing_is_told_as_well_of_permuted_labels():
    masks = np.ones((N, 4), dtype=bool)
    y = np.arange(N) % 4 == 0
    found = mask_leakage_score(masks, y, n_permutations=2, random_state=0)
    assert found == (0.75, 0.75, 0.75)


def test_the_same_seed_gives_the_same_score():
    masks = random_masks(LENGTHS, 5, random_state=3)
    one, two = (mask_leakage_score(masks, Y, LENGTHS, cv=3, random_state=7) for _ in range(2))
    assert one == two


def test_empty_rationales_and_any_labels_are_legal():
    y = np.where(Y, "yes", "no")
    masks = np.zeros((N, 4), dtype=bool)
    masks[:, 1] = Y
    assert mask_leakage_score(masks, y, cv=2, random_state=0).accuracy == 1
    spans = [[(1, 2)] if label else [] for label in Y]
    assert mask_leakage_score(spans, y, [4] * N, cv=2, random_state=0).accuracy == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"y": [1] * N}, "y has only the label 1: give documents of two or more"),
        ({"y": ["a"] * 197 + ["b"] * 3}, "cv=5, but y has the label 'b' 3 times: give a smaller"),
        ({"cv": 1}, "cv=1: give an integer of at least 2"),
        ({"cv": 2.5}, r"cv=2\.5: give an integer"),
        ({"n_permutations": -1}, "n_permutations=-1: give an integer of at least 0"),
        ({"n_permutations": 2.0}, r"n_permutations=2\.0"),
        ({"n_permutations": True}, "n_permutations=True"),
        ({"y": Y[:-1]}, "X has 200 documents and y 199 labels"),
        ({"lengths": [4] * N}, r"lengths\[0\]=4, but masks\[0\] selects a word past it"),
    ],
)
def test_what_cannot_be_judged(changed, said):
    masks = random_masks(LENGTHS, 30, random_state=0)
    with pytest.raises(ValueError, match=said):
        mask_leakage_score(**{"masks": masks, "y": Y, **changed})
