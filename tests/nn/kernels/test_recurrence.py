"""The recurrent unit that reads both directions at once, against torch's."""

from functools import partial

import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.components.encoders.rnn import RecurrentModule
from sklearn_irx.nn.kernels.recurrence import Steps, recurrence
from tests.nn.kernels.comparison import (
    BATCHES,
    SIZE,
    assert_same,
    drawn,
    features,
    laid_out,
    max_pooled,
    with_gradients,
)


def made(*, cell="gru", plain=False, layer_norm=True):
    """Make an encoder; the same cells have the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = RecurrentModule(SIZE, cell=cell, hidden_size=3, layer_norm=layer_norm)
    encoder.plain, encoder.precision = plain, "float32"
    return encoder


def word_features(encoder, batch, vectors):
    return encoder.word_features(vectors, batch)[1:].relu()


def assert_same_as_torch(compute, *given, inputs, seed):
    """Compare values and gradients of `compute`, which takes an encoder, `given`, and `inputs`.

    Without a norm, which would make much of little where states hardly differ, and with one.
    """
    for layer_norm, atol in ((False, 1e-5), (True, 1e-3)):
        found = [
            with_gradients(encoder, partial(compute, encoder, *given), inputs, seed)
            for encoder in (made(plain=plain, layer_norm=layer_norm) for plain in (False, True))
        ]
        assert_same(*found, atol=atol, rtol=1e-4)


@given(documents=BATCHES.filter(any), seed=st.integers(0, 9))
def test_features_of_each_word_are_those_of_torch(documents, seed):
    batch = laid_out(documents)
    table = drawn(seed, len(batch.unique), SIZE) * (batch.unique > 0).unsqueeze(1)
    assert_same_as_torch(features, batch, inputs=table, seed=seed)
    vectors = drawn(seed, len(batch.inverse), SIZE)  # of each word its own
    assert_same_as_torch(word_features, batch, inputs=vectors, seed=seed)


@given(documents=BATCHES.filter(any), seed=st.integers(0, 9))
def test_pooled_features_are_those_of_torch(documents, seed):
    batch = laid_out(documents)
    kept = torch.rand(len(batch.inverse), generator=torch.Generator().manual_seed(seed)) < 0.5
    kept[0] = False
    vectors = drawn(seed, len(kept), SIZE) * kept.unsqueeze(1)
    assert_same_as_torch(max_pooled, batch, kept, inputs=vectors, seed=seed)


def test_a_batch_without_a_word_has_no_features():
    batch = laid_out([[], []])
    for cell in ("gru", "lstm"):
        encoder = made(cell=cell)
        pooled = encoder.max_pooled(torch.zeros(1, SIZE), torch.zeros(1, dtype=torch.bool), batch)
        assert pooled.tolist() == [[0.0] * 6] * 2


@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any))
def test_the_backward_pass_is_that_of_finite_differences(lengths):
    steps = Steps(laid_out([[1] * length for length in lengths]))
    gates, weight, bias = (
        drawn(seed, *shape, dtype=torch.float64).requires_grad_()
        for seed, shape in enumerate([(2 * sum(lengths), 9), (2, 3, 9), (2, 1, 9)])
    )
    assert torch.autograd.gradcheck(
        lambda *arguments: recurrence(*arguments, steps), (gates, weight, bias)
    )
