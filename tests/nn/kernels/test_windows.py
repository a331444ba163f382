"""The fast convolutions against the plain ones."""

import copy
from functools import partial

import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.components.encoders.cnn import ConvolutionalModule
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from tests.nn.kernels.comparison import (
    BATCHES,
    N_WORDS,
    SIZE,
    assert_same,
    drawn,
    features,
    laid_out,
    max_pooled,
    with_gradients,
)

WIDTHS = st.lists(st.integers(1, 6), min_size=1, max_size=3)


def made(widths, precision="float32", plain=False):
    """Make an encoder; the same widths give the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = ConvolutionalModule(SIZE, filter_sizes=widths, n_filters=3)
    encoder.plain, encoder.precision = plain, precision
    return encoder


@given(documents=BATCHES, widths=WIDTHS, seed=st.integers(0, 9))
def test_features_of_each_word_are_those_of_the_plain_convolution(documents, widths, seed):
    found = []
    for plain in (False, True):
        encoder = made(widths, plain=plain)
        batch = laid_out(documents, encoder.half_width)
        table = drawn(seed, len(batch.unique), SIZE)
        table[0] = 0
        found.append(with_gradients(encoder, partial(features, encoder, batch), table, seed + 1))
        found[-1][1][0] = 0  # the vector of padding is fixed
    assert_same(*found, atol=1e-5, rtol=1e-4)


@given(
    documents=BATCHES,
    widths=WIDTHS,
    seed=st.integers(0, 9),
    share=st.sampled_from([0.0, 0.2, 0.5, 1.0]),
)
def test_largest_features_are_those_of_the_plain_convolution(documents, widths, seed, share):
    found = []
    for plain in (False, True):
        encoder = made(widths, plain=plain)
        batch = laid_out(documents, encoder.half_width)
        generator = torch.Generator().manual_seed(seed)
        kept = torch.rand(len(batch.inverse), generator=generator) < share
        kept[0] = False
        vectors = drawn(seed + 1, len(kept), SIZE) * kept.unsqueeze(1)
        found.append(
            with_gradients(encoder, partial(max_pooled, encoder, batch, kept), vectors, seed)
        )
        found[-1][1][0] = 0
    assert_same(*found, atol=1e-5, rtol=1e-4)


def test_half_the_bits_make_little_difference():
    found = []
    for precision in ("float32", "bfloat16"):
        encoder = made([2, 3], precision)
        batch = laid_out([[1, 2, 3, 4, 5, 6, 7, 8] * 3, [8, 1, 1, 2]], encoder.half_width)
        table = drawn(0, len(batch.unique), SIZE)
        table[0] = 0
        vectors = table[batch.inverse]
        kept = batch.inverse > 0
        found.append([
            encoder.token_features(table, batch)[1:].float(),
            encoder.max_pooled(vectors, kept, batch),
        ])  # fmt: skip
    assert_same(*found, atol=0.03, rtol=0.03)
    assert not torch.equal(found[0][0], found[1][0])


def test_what_is_largest_in_documents_of_any_length():
    encoder, plain = made([3]), made([3], plain=True)
    ids = torch.randint(1, N_WORDS, (1, 40_000), generator=torch.Generator().manual_seed(0))
    batch = PackedBatch(ids, encoder.half_width)
    kept = batch.inverse > 0
    vectors = drawn(1, len(kept), SIZE) * kept.unsqueeze(1)
    torch.testing.assert_close(
        encoder.max_pooled(vectors, kept, batch), plain.max_pooled(vectors, kept, batch)
    )
    encoder.precision = "bfloat16"
    torch.testing.assert_close(
        encoder.max_pooled(vectors, kept, batch), plain.max_pooled(vectors, kept, batch),
        atol=0.05, rtol=0.05,
    )  # fmt: skip


def test_at_inference_weights_that_change_are_noticed():
    """Optimizers, loading and assignment all change weights in place."""
    encoder, plain = made([2, 3]), made([2, 3], plain=True)
    batch = laid_out([[1, 2, 3, 2], [4]], encoder.half_width)
    vectors = drawn(0, N_WORDS, SIZE)[batch.unique] * (batch.unique > 0).unsqueeze(1)
    kept = batch.inverse > 0
    changes = [
        lambda one: torch.optim.Adam(one.parameters(), lr=0.1).step(),
        lambda one: one.load_state_dict({k: v + 1 for k, v in one.state_dict().items()}),
        lambda one: one.filters[1].bias.mul_(-2),
        lambda one: setattr(one, "precision", "bfloat16"),
    ]
    for change in (lambda _: None, *changes):
        for one in (encoder, plain):
            for number, weight in enumerate(one.parameters()):
                weight.grad = drawn(number, *weight.shape)
            with torch.no_grad():
                change(one)
        for _ in range(2):
            with torch.inference_mode():
                found = [
                    [
                        one.token_features(vectors, batch)[1:].relu().float(),
                        one.max_pooled(vectors[batch.inverse], kept, batch),
                    ]
                    for one in (encoder, plain)
                ]
            assert_same(*found, rtol=0.05, atol=0.05)
            tolerance = {"rtol": 1e-4, "atol": 1e-5}
            if encoder.precision == "float32":
                assert_same(*found, **tolerance)
    # What was kept at inference does not stand in the way of gradients.
    encoder.precision = "float32"
    encoder.token_features(vectors, batch).sum().backward()
    copied = copy.deepcopy(encoder)
    with torch.inference_mode():
        torch.testing.assert_close(
            copied.token_features(vectors, batch), encoder.token_features(vectors, batch)
        )


def test_at_inference_weights_are_joined_once(monkeypatch):
    encoder = made([2, 3])
    batch = laid_out([[1, 2, 3]], encoder.half_width)
    vectors = drawn(0, len(batch.unique), SIZE)
    joined = []
    join = ConvolutionalModule._weight
    monkeypatch.setattr(ConvolutionalModule, "_weight", lambda self: joined.append(1) or join(self))
    for _ in range(3):
        with torch.inference_mode():
            encoder.token_features(vectors, batch)
    assert joined == [1]
    with torch.inference_mode():
        made_there = made([2, 3])
        for _ in range(2):  # whether such weights have changed, torch does not know
            made_there.token_features(vectors, batch)
    assert joined == [1] * 3
