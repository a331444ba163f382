"""Units of a batch, against a plain loop over documents."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.nn.units import Units


@given(st.integers(0, 2**32 - 1))
def test_values_of_units_are_those_of_their_words(seed):
    random = np.random.RandomState(seed)
    n_documents, length = random.randint(1, 5), random.randint(1, 12)
    lengths = random.randint(0, length + 1, size=n_documents)
    words = torch.arange(length) < torch.from_numpy(lengths)[:, None]
    begins = torch.from_numpy(random.uniform(size=(n_documents, length)) < 0.4)
    begins[:, 0] = True
    values = torch.from_numpy(random.normal(size=(n_documents, length, 2)))
    mask = torch.from_numpy(random.uniform(size=(n_documents, length)) < 0.3) & words
    units = Units(words, begins)
    mean, marked = units.mean(values), units.any(mask)
    spread, back = units.to_words(mean[..., 0]), units.to_words(marked)
    assert not units.are_words
    for i, n_words in enumerate(lengths):
        starts = np.flatnonzero(begins[i, :n_words].numpy())
        ends = np.append(starts[1:], n_words)[: len(starts)]
        assert units.there[i].sum() == len(starts)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            part = values[i, start:end]
            torch.testing.assert_close(mean[i, number], part.mean(dim=0))
            assert bool(marked[i, number]) == bool(mask[i, start:end].any())
            torch.testing.assert_close(spread[i, start:end], part[:, 0].mean().expand(end - start))
            assert bool((back[i, start:end] == marked[i, number]).all())
        assert not spread[i, n_words:].any()
        assert not back[i, n_words:].any()


def test_words_are_units_of_themselves():
    words = torch.tensor([[True, True, False]])
    units, values = Units(words), torch.rand(1, 3, 1)
    assert units.are_words
    assert units.there is words
    assert units.mean(values) is values
    assert torch.equal(units.any(values[..., 0]), values[..., 0] > 0)
