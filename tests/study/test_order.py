"""In which order an annotator sees items: never two of one document in a row."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.study._order import order_items


@given(
    n_documents=st.integers(2, 12),
    n_kinds=st.integers(1, 4),
    n_loose=st.integers(0, 5),
    seed=st.integers(0, 2**31),
)
def test_each_item_comes_once_and_no_document_twice_in_a_row(n_documents, n_kinds, n_loose, seed):
    documents = [*sorted([*range(n_documents)] * n_kinds), *[None] * n_loose]
    order = order_items(documents, np.random.RandomState(seed))
    assert sorted(order) == list(range(len(documents)))
    seen = [documents[item] for item in order if documents[item] is not None]
    assert all(one != other for one, other in pairwise(seen))
    # Between two passes lie all other documents, so that the first is forgotten.
    for turn in range(n_kinds):
        assert len(set(seen[turn * n_documents : (turn + 1) * n_documents])) == n_documents


def test_each_kind_comes_first_as_often_as_any_other():
    documents = sorted([*range(30)] * 2)
    first = Counter()
    for seed in range(100):
        order = order_items(documents, np.random.RandomState(seed))
        first.update(item % 2 for item in order[:30])
    assert 1400 < first[0] < 1600


def test_checks_of_attention_stand_anywhere():
    documents = [0, 1, 2, 3, None]
    places = {order_items(documents, np.random.RandomState(seed)).index(4) for seed in range(100)}
    assert places == {0, 1, 2, 3, 4}


def test_what_cannot_be_ordered_is_refused():
    with pytest.raises(ValueError, match="at least two documents"):
        order_items([3, 3], np.random.RandomState(0))
    with pytest.raises(ValueError, match=r"\[1, 2\] items"):
        order_items([3, 3, 4], np.random.RandomState(0))
