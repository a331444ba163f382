"""Words of a batch end to end: which of them are the same word of the same document."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sklearn_irx.nn.kernels.packed_batch import PackedBatch

batches = st.tuples(st.integers(1, 4), st.integers(1, 8)).flatmap(
    lambda shape: st.tuples(
        arrays(np.int64, shape, elements=st.integers(1, 4)),
        arrays(np.int64, shape[:1], elements=st.integers(0, shape[1])),
        arrays(bool, shape),
        st.integers(0, 2),
    )
)


@given(batches)
def test_of_equal_words_the_first_that_is_selected_counts(batch):
    ids, lengths, selected, margin = batch
    ids[np.arange(ids.shape[1]) >= lengths[:, None]] = 0
    selected &= ids > 0
    expected = np.zeros(ids.shape)
    for row in range(len(ids)):
        met = set()
        for place in np.flatnonzero(selected[row]):
            expected[row, place] = ids[row, place] not in met
            met.add(ids[row, place])
    mask = torch.tensor(selected, dtype=torch.float32)
    counting = PackedBatch(torch.tensor(ids), margin).count_once(mask)
    np.testing.assert_array_equal(counting.numpy(), expected)
    assert counting.dtype == torch.float32


def test_of_a_soft_mask_each_takes_what_is_left():
    batch = PackedBatch(torch.tensor([[5, 7, 5, 5, 5], [5, 7, 7, 0, 0]]), margin=1)
    mask = torch.tensor([[0.5, 0.9, 0.2, 0.8, 1.0], [0.4, 1.0, 0.3, 0.0, 0.0]], requires_grad=True)
    counting = batch.count_once(mask)
    left = torch.tensor([[1.0, 1.0, 0.5, 0.3, 0.0], [1.0, 1.0, 0.0, 1.0, 1.0]])
    torch.testing.assert_close(counting, mask * left)
    counting[:, :3].sum().backward()
    torch.testing.assert_close(mask.grad[:, :3], left[:, :3])
