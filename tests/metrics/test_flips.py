"""The search for the fewest changes, against all sets of changes."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.metrics._flips import FlipSearch

N_CLASSES = 3


def model_of(seed, n_places):
    """Make a model in which changes act one by one and in pairs: logits of sets of changes."""
    random = np.random.RandomState(seed)
    alone = random.normal(size=(len(n_places), max(n_places, default=0) + 1, N_CLASSES))
    pairs = random.normal(scale=0.7, size=(*alone.shape[:2], alone.shape[1], N_CLASSES))
    base = random.normal(size=(len(n_places), N_CLASSES))

    def predict(rows, sets):
        logits = base[rows].copy()
        for i, (row, changes) in enumerate(zip(rows, sets, strict=True)):
            logits[i] += alone[row, list(changes)].sum(axis=0)
            for one, two in combinations(changes, 2):
                logits[i] += pairs[row, one, two]
        odds = np.exp(logits)
        return odds / odds.sum(axis=1, keepdims=True)

    return predict


def fewest(predict, row, places, before, target):
    """Return the size of the smallest set that flips, by trying all; None if none does."""
    for size in range(len(places) + 1):
        for changes in combinations(range(len(places)), size):
            if len({places[number] for number in changes}) < size:
                continue
            best = predict(np.array([row]), [changes])[0].argmax()
            if best == target if target is not None else best != before:
                return size
    return None


def places_of(lengths, *, shared):
    return [np.arange(length) // (2 if shared else 1) for length in lengths]


@given(
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
    target=st.sampled_from([None, 0, 1]),
    shared=st.booleans(),
)
def test_what_is_found_is_the_fewest_of_all_sets(lengths, seed, target, shared):
    predict, places = model_of(seed, lengths), places_of(lengths, shared=shared)
    base = predict(np.arange(len(lengths)), [()] * len(lengths))
    flips = FlipSearch(predict, places, base, target).flips(max_changes=None, exact_up_to=6)
    for row, flip in enumerate(flips):
        expected = fewest(predict, row, places[row].tolist(), base[row].argmax(), target)
        if flip.found:
            assert len(flip.changes) == expected
            assert flip.exact
            best = flip.probabilities.argmax()
            assert best == target if target is not None else best != base[row].argmax()
            np.testing.assert_allclose(flip.probabilities, predict([row], [flip.changes])[0])
            chosen = places[row][list(flip.changes)]
            assert len(set(chosen.tolist())) == len(chosen)
        else:
            assert expected is None


@given(lengths=st.lists(st.integers(1, 8), min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_without_a_full_search_nothing_is_needless_and_exact_is_true(lengths, seed):
    predict, places = model_of(seed, lengths), places_of(lengths, shared=False)
    base = predict(np.arange(len(lengths)), [()] * len(lengths))
    for size in (0, 1, 2):
        flips = FlipSearch(predict, places, base).flips(max_changes=None, exact_up_to=size)
        for row, flip in enumerate(flips):
            before = base[row].argmax()
            if flip.found and len(flip.changes) > 1:
                last = flip.changes[-1]
                without = tuple(one for one in flip.changes if one != last)
                if size == 0:
                    assert predict([row], [without])[0].argmax() == before
            if flip.exact:
                assert len(flip.changes) == fewest(predict, row, places[row], before, None)


@given(seed=st.integers(0, 300))
def test_no_more_changes_are_made_than_allowed(seed):
    predict, places = model_of(seed, [8] * 3), places_of([8] * 3, shared=False)
    base = predict(np.arange(3), [()] * 3)
    for flip in FlipSearch(predict, places, base).flips(max_changes=2, exact_up_to=1):
        assert len(flip.changes) <= 2
