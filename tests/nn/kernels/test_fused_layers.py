"""Layers computed in one go, against the same layers one after the other."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.nn.kernels.dropout import Dropout, drop_, enlargement
from sklearn_irx.nn.kernels.masking import masked_words
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.kernels.precision import product_type
from sklearn_irx.nn.kernels.scoring import scores_of


def drawn(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def gradients(function, *inputs):
    """Give what a function computes, and the gradients of its inputs."""
    inputs = [value.clone().requires_grad_() for value in inputs]
    out = function(*inputs)
    (out * drawn(9, *out.shape)).sum().backward()
    return [out, *(value.grad for value in inputs)]


@given(n_words=st.sampled_from([0, 1, 7, 2048, 2049]), n_scores=st.integers(1, 2))
def test_scores_are_those_of_relu_and_a_dense_layer(n_words, n_scores):
    inputs = drawn(0, n_words, 5), drawn(1, n_scores, 5), drawn(2, n_scores)
    found = gradients(lambda x, w, b: scores_of(x.clone(), w, b, 0.0), *inputs)
    expected = gradients(lambda x, w, b: F.linear(F.relu(x), w, b), *inputs)
    for one, two in zip(found, expected, strict=True):
        torch.testing.assert_close(one, two, atol=1e-3, rtol=1e-4)


def test_dropped_features_have_no_part_in_scores_nor_in_gradients():
    features = drawn(0, 3000, 40).abs()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        scores, of_features, of_weight, _ = gradients(
            lambda x, w, b: scores_of(x.clone(), w, b, 0.25),
            features,
            torch.ones(1, 40),
            torch.zeros(1),
        )
    kept = of_features != 0
    assert kept.float().mean() == pytest.approx(0.75, abs=0.01)
    torch.testing.assert_close(scores[:, 0], (features * kept).sum(dim=1) / 0.75)
    slopes = drawn(9, 3000, 1)
    torch.testing.assert_close(of_features, (slopes / 0.75).expand_as(kept) * kept)
    torch.testing.assert_close(
        of_weight[0], (slopes * features * kept).sum(dim=0) / 0.75, atol=1e-3, rtol=1e-4
    )


@given(
    mask=st.lists(st.sampled_from([0.0, 0.3, 1.0]), max_size=12),
    seed=st.integers(0, 5),
)
def test_masked_words_are_rectified_vectors_times_the_mask(mask, seed):
    mask = torch.tensor(mask)
    which = torch.randint(0, 4, mask.shape, generator=torch.Generator().manual_seed(seed))
    table = drawn(seed, 4, 3)
    found = gradients(lambda t, m: masked_words(t, m, which, 0.0), table, mask)
    expected = gradients(lambda t, m: m.unsqueeze(1) * F.relu(t)[which], table, mask)
    for one, two in zip(found, expected, strict=True):
        torch.testing.assert_close(one, two)
    with torch.no_grad():
        assert torch.equal(masked_words(table, mask, which, 0.0), found[0])


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_so_many_values_are_dropped_anywhere(p, dtype):
    x = torch.ones(300, 1001, dtype=dtype)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drop_(x, p)
    assert set(x.unique().tolist()) <= {0.0, 1.0}
    # The share is a multiple of 1/256, and never all.
    share = min(round(256 * p), 255) / 256
    assert enlargement(p) == pytest.approx(1 / (1 - share))
    deviation = np.sqrt(share * (1 - share))
    assert x.float().mean().item() == pytest.approx(1 - share, abs=5 * deviation / np.sqrt(3e5))
    for dim, n in ((0, 300), (1, 1001)):  # no row or column has more or less of it
        kept = x.float().mean(dim=dim)
        assert (kept - (1 - share)).abs().max() < 6 * deviation / np.sqrt(n) + 1 / n
    if share == 0.5:  # neighbours know nothing of each other
        both = (x[:, 1:] * x[:, :-1]).float().mean().item()
        assert both == pytest.approx(0.25, abs=0.005)


def test_dropout_keeps_the_mean_in_training_and_everything_afterwards():
    dropout, x = Dropout(0.3), torch.ones(1000, 100)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        out, gradient = gradients(dropout, x)
    assert out.mean().item() == pytest.approx(1.0, abs=0.01)
    torch.testing.assert_close(gradient, drawn(9, 1000, 100) * out)
    assert dropout.eval()(x) is x


@given(
    documents=st.lists(st.lists(st.integers(1, 6), max_size=6), min_size=1, max_size=5),
    margin=st.integers(0, 3),
)
def test_a_layout_finds_every_word(documents, margin):
    width = max(1, *map(len, documents), 1)
    ids = torch.tensor([ids + [0] * (width - len(ids)) for ids in documents])
    batch = PackedBatch(ids, margin)
    end_to_end = [word for words in documents for word in words]
    assert batch.unique.tolist() == [0, *sorted(set(end_to_end))]
    assert batch.unique[batch.inverse].tolist() == [0, *end_to_end]
    assert torch.equal(batch.unique[batch.padded_inverse], ids)
    assert torch.equal(batch.padded(batch.packed(ids)), ids)
    rows, starts, counts = batch.occurrences
    for word, start, n in zip(batch.unique[1:], starts, counts, strict=True):
        expected = [i for i, w in enumerate(end_to_end, start=1) if w == word]
        assert rows[start : start + n].tolist() == expected
    # The places around a word are those of its neighbours in the document, or of no word.
    at = batch.unique[batch.inverse][batch.row_at]
    row = 1
    for words in documents:
        for i in range(len(words)):
            place = batch.positions[row]
            around = [
                words[j] if 0 <= j < len(words) else 0 for j in range(i - margin, i + margin + 1)
            ]
            assert at[place - margin : place + margin + 1].tolist() == around
            row += 1


def test_a_precision_is_what_was_asked_for():
    cpu = torch.device("cpu")
    assert product_type("float32", cpu) == torch.float32
    assert product_type("bfloat16", cpu) == torch.bfloat16
    assert product_type("auto", torch.device("meta")) == torch.float32
