"""The mean of weights over neighbouring words."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import LinearInit, Training
from sklearn_irx.nn.linear.smoothing import WIDTHS, Smoothing


def plain_mean(weights, n_words, width):
    """Average the weights (length, n_classes) of one document, written down once more."""
    places = np.arange(n_words)
    apart = np.abs(places[:, None] - places)
    kernel = np.where(apart <= np.ceil(3 * width), np.exp(-0.5 * (apart / width) ** 2), 0)
    return kernel @ weights[:n_words] / kernel.sum(axis=1, keepdims=True)


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 8))
def test_it_is_the_weighted_mean_over_the_words_of_the_document(seed, width):
    random = np.random.RandomState(seed)
    lengths = random.randint(1, 13, size=3)
    words = torch.arange(12) < torch.from_numpy(lengths)[:, None]
    weights = torch.from_numpy(random.normal(size=(3, 12, 2)))
    found = Smoothing(width)(weights, words)
    for i, n_words in enumerate(lengths):
        expected = plain_mean(weights[i].numpy(), n_words, width)
        np.testing.assert_allclose(found[i, :n_words].numpy(), expected, atol=1e-6)


@given(st.floats(-2, 2))
def test_the_gradient_of_a_learned_width_is_that_of_the_means(logit):
    random = np.random.RandomState(0)
    weights = torch.from_numpy(random.normal(size=(2, 9, 2)))
    slopes, words = torch.from_numpy(random.normal(size=(2, 9, 2))), torch.ones(2, 9) > 0
    smoothing = Smoothing("learned").double()
    with torch.no_grad():
        smoothing.logit.fill_(logit)
    (smoothing(weights, words) * slopes).sum().backward()

    def value(shift):
        # As far as the kernel reaches at this width: further words have next to no weight.
        width = smoothing.width().item()
        other = Smoothing("learned").double()
        with torch.no_grad():
            other.logit.fill_(logit + shift)
            fixed = Smoothing(other.width().item())
            if np.ceil(3 * width) != np.ceil(3 * fixed.fixed):
                return None
            return float((fixed(weights, words) * slopes).sum())

    above, below = value(1e-4), value(-1e-4)
    if above is None or below is None:
        return
    # A width that is given has single precision.
    expected = (above - below) / 2e-4
    assert smoothing.logit.grad.item() == pytest.approx(expected, abs=4e-3, rel=1e-2)


@given(st.floats(-1e6, 1e6))
def test_a_learned_width_stays_within_bounds(logit):
    smoothing = Smoothing("learned")
    with torch.no_grad():
        smoothing.logit.fill_(logit)
    low, high = WIDTHS
    assert low * 0.999 <= smoothing.width().item() <= high * 1.001


def texts_of(random, n, run):
    """Make texts whose class is told by words, one by one or in runs, among noise of both."""
    texts, labels = [], random.randint(2, size=n)
    for label in labels:
        words = [f"filler{i}" for i in random.randint(40, size=60)]
        for own, count in ((label, 3 if run else 6), (1 - label, 3)):
            for place in random.permutation(20)[:count]:
                words[3 * place] = f"cue{own}{random.randint(8)}"
        if run:
            start = random.randint(50)
            words[start : start + 6] = [f"cue{label}{i}" for i in random.randint(8, size=6)]
        texts.append(" ".join(words))
    return texts, labels


def test_evidence_that_stands_together_is_looked_for_with_a_wider_window():
    widths = []
    for run in (False, True):
        texts, y = texts_of(np.random.RandomState(0), 400, run)
        clf = SelectiveRationaleClassifier(
            initialization=LinearInit("naive_bayes", smoothing="learned", bigrams=False),
            sampler="straight_through", rationale_length=6, random_state=0, n_threads=1,
            training=Training(max_epochs=8, learning_rate=0.02),
        ).fit(texts, y)  # fmt: skip
        widths.append(clf._module.selector.prior.smoothing.width().item())
    alone, together = widths
    assert together > 1.2 * alone
    assert alone != 2.0 != together
