"""Scores of words: what they are for each sampler, and that they tell what is selected."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sklearn_irx.components import SAMPLERS, HardKuma

ALL = ["straight_through", "gumbel", "reinforce", "hard_kuma", "sparsemap", "top_k"]
OF_EACH_WORD = ALL[:4]

# So far apart that no sampler maps two of them to one preference.
sixteenths = st.integers(-96, 96).map(lambda number: number / 16)
numbers = arrays(np.float32, (3, 7), elements=sixteenths, unique=True)
lengths = st.lists(st.integers(0, 7), min_size=3, max_size=3)


def look(name, logits, n_words, threshold=0.0, transition_cost=0.0, params=None, **parameters):
    """Give preferences, where words are, the masks, and the scores."""
    sampler = SAMPLERS.make(name).set_params(**params or {}).build(**parameters).eval()
    sampler.transition_cost.fill_(transition_cost)
    if name in OF_EACH_WORD:
        sampler.threshold.fill_(threshold)
    scores = torch.tensor(logits).unsqueeze(-1) * torch.tensor(sampler.directions)
    words = torch.arange(logits.shape[1]) < torch.tensor(n_words).unsqueeze(1)
    selected = sampler.select_spans(scores, words) & words
    said = sampler.selection_scores(scores, words, selected)
    preference = sampler.preference(scores)
    return preference.numpy(), words.numpy(), selected.numpy(), said.numpy()


@settings(max_examples=30)
@pytest.mark.parametrize("name", OF_EACH_WORD)
@given(logits=numbers, n_words=lengths, threshold=st.floats(-2, 2, width=16))
def test_a_score_is_the_probability_shifted_by_the_threshold(name, logits, n_words, threshold):
    preference, words, selected, said = look(name, logits, n_words, threshold)
    expected = 1 / (1 + np.exp(-(preference.astype(float) - threshold)))
    np.testing.assert_allclose(said, np.where(words, expected, 0))
    np.testing.assert_array_equal(said > 0.5, selected)


def test_of_hard_kuma_it_is_the_probability_of_a_mask_above_zero():
    sampler = HardKuma().build().eval()
    scores = torch.tensor([[[0.3, -0.2], [-1.0, 2.0], [2.0, -1.0]]])
    words = torch.ones(1, 3, dtype=torch.bool)
    said = sampler.selection_scores(scores, words, sampler.select(scores, words))
    torch.testing.assert_close(said.float(), 1 - sampler.probability_of_zero(scores))


@settings(max_examples=30)
@pytest.mark.parametrize("name", [*OF_EACH_WORD, "top_k"])
@given(logits=numbers, n_words=lengths, n=st.integers(1, 5))
def test_selected_words_are_those_above_a_half(name, logits, n_words, n):
    limit = {"rationale_length": n} if name == "top_k" else {"max_rationale_length": n}
    preference, words, selected, said = look(name, logits, n_words, -1.0, **limit)
    np.testing.assert_array_equal(said > 0.5, selected)
    assert selected.sum(axis=1).max() <= n
    for row, is_word, scores in zip(preference, words, said, strict=True):
        order = np.argsort(row[is_word])
        assert (np.diff(scores[is_word][order]) >= 0).all()


def test_what_a_limit_leaves_has_its_cut_halfway_to_the_next_word():
    logits = np.array([[3.0, 1.0, 2.0, -4.0]], dtype=np.float32)
    *_, said = look("straight_through", logits, [4], max_rationale_length=2)
    np.testing.assert_allclose(np.log(said / (1 - said)), [[1.5, -0.5, 0.5, -5.5]])
    # Nothing is held back: the threshold counts.
    *_, said = look("straight_through", logits, [4], max_rationale_length=3)
    np.testing.assert_allclose(np.log(said / (1 - said)), logits, rtol=1e-6)


def test_the_cut_is_never_far_below_the_last_word_selected():
    logits = np.array([[3.0, -40.0, 2.5], [3.0, 2.0, 1.0]], dtype=np.float32)
    *_, said = look("top_k", logits, [3, 3], rationale_length=2)
    np.testing.assert_allclose(np.log(said[0, [0, 2]] / (1 - said[0, [0, 2]])), [1.5, 1])
    *_, said = look("top_k", logits[1:], [3], rationale_length=3)
    np.testing.assert_allclose(np.log(said / (1 - said)), [[3, 2, 1]])


@settings(max_examples=30)
@given(logits=numbers, n_words=lengths)
def test_as_many_words_of_sparsemap_are_above_a_half_as_were_selected(logits, n_words):
    _, words, selected, said = look(
        "sparsemap", logits, n_words, params={"neighbour_score": 2.0}, rationale_length=3
    )
    np.testing.assert_array_equal((said > 0.5).sum(axis=1), selected.sum(axis=1))
    assert ((said >= 0) & (said <= 1)).all()
    assert not said[~words].any()


def test_a_cost_of_borders_leaves_the_scores_alone():
    logits = np.array([[2.0, -0.5, 2.0, -3.0]], dtype=np.float32)
    _, _, selected, said = look("straight_through", logits, [4], transition_cost=2.0)
    assert selected.tolist() == [[True, True, False, False]]
    np.testing.assert_allclose(np.log(said / (1 - said)), logits, rtol=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_documents_without_words_have_no_scores(name):
    *_, said = look(name, np.zeros((2, 3), dtype=np.float32), [0, 0], rationale_length=2)
    assert not said.any()
