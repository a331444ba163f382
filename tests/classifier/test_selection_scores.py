"""Scores of words from fitted models, and in what they explain."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble
from sklearn_irx.metrics import auprc_score


@pytest.fixture
def texts(reviews):
    return [*reviews[0][300:330], "", "zzz zzz"]


def test_scores_are_there_for_every_word_and_tell_what_is_selected(fitted, texts):
    scores, masks = fitted.selection_scores(texts), fitted.transform(texts)
    assert scores.shape == masks.shape == (32, 60)
    lengths = np.array([len(spans) for spans in fitted.word_spans(texts)])
    np.testing.assert_array_equal(~np.isnan(scores), np.arange(60) < lengths[:, None])
    there = ~np.isnan(scores)
    assert ((scores[there] >= 0) & (scores[there] <= 1)).all()
    np.testing.assert_array_equal(scores[there] > 0.5, masks[there])
    assert scores[-1, :2].tolist() == [0, 0]  # of unknown words


def test_scores_do_not_depend_on_what_is_read_together(fitted, texts):
    together = fitted.selection_scores(texts)
    alone = np.concatenate([fitted.selection_scores([text]) for text in texts])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)


def test_reading_with_scores_gives_the_same_as_without(fitted, texts):
    *both, scores = fitted.predict_with_masks(texts, scores=True)
    for one, two in zip(both, fitted.predict_with_masks(texts), strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(scores, fitted.selection_scores(texts))


def test_rationales_have_the_scores_of_their_tokens(fitted, texts):
    scores = fitted.selection_scores(texts)
    for rationale, row in zip(fitted.explain(texts), scores, strict=True):
        np.testing.assert_array_equal(rationale.scores, row[: len(rationale.tokens)])


def test_rationales_that_were_given_have_no_scores(fitted, other, texts):
    masks = other.transform(texts)
    assert all(rationale.scores is None for rationale in fitted.explain(texts, masks=masks))
    assert np.isnan(fitted.predict_with_masks(texts, masks, scores=True)[2]).all()


def test_scores_rank_the_words_that_tell_above_the_others(fitted, reviews):
    texts, _, masks_true = reviews
    scores = fitted.selection_scores(texts[300:])
    at_random = np.where(np.isnan(scores), np.nan, np.random.RandomState(0).random(scores.shape))
    truth = masks_true[300:, :60]
    assert auprc_score(truth, scores) > 2 * auprc_score(truth, at_random)


@pytest.mark.parametrize("make", ["ensemble", "committee"])
def test_ensembles_give_the_scores_of_the_member_kept(fitted, other, reviews, texts, make):
    texts = [*reviews[0][300:], *texts[-2:]]
    if make == "ensemble":
        both = InteractiveEnsemble(other, FrozenEstimator(fitted)).fit(texts)
        members = {1: other, 2: fitted}
    else:
        both = InteractiveCommittee([("one", other), ("two", fitted)]).fit(texts)
        members = {"one": other, "two": fitted}
    chosen = both.interact(texts)["chosen"]
    assert len(set(chosen)) == 2
    expected = np.stack(
        [members[name].selection_scores(texts)[row] for row, name in enumerate(chosen.tolist())]
    )
    np.testing.assert_allclose(both.selection_scores(texts), expected, rtol=1e-6)
    for rationale, row in zip(both.explain(texts), expected, strict=True):
        np.testing.assert_allclose(rationale.scores, row[: len(rationale.tokens)], rtol=1e-6)


def test_an_ensemble_splits_as_its_members_do(fitted, other, texts):
    both = InteractiveEnsemble(fitted, other).fit(texts)
    assert both.word_spans(texts) == fitted.word_spans(texts)


def test_a_given_length_shifts_the_scores_with_the_threshold(small, reviews):
    texts, y, _ = reviews
    clf = clone(small(rationale_length=3, max_rationale_length=4)).fit(texts[:120], y[:120])
    scores, masks = clf.selection_scores(texts[:120]), clf.transform(texts[:120])
    undecided = scores == 0.5  # equal words, of which the limit leaves the first
    np.testing.assert_array_equal((scores > 0.5)[~undecided], masks[~undecided])
    assert 0 < masks[undecided].sum() < undecided.sum() < masks.sum() / 10
    assert masks.sum(axis=1).max() <= 4
