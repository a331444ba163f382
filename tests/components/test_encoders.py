"""Encoders: features of words in context, whatever the padding."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.components.encoders import ENCODERS, RNN

OWN = {
    "cnn": [{"filter_sizes": (1, 2, 4), "n_filters": 3}],
    "rnn": [
        {"cell": "gru", "hidden_size": 4},
        {"cell": "lstm", "hidden_size": 4},
        {"cell": "gru", "hidden_size": 4, "layer_norm": False},
    ],
}
CASES = [(name, own) for name in OWN for own in OWN[name]]


def made(name, own):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ENCODERS.make(name).set_params(**own).build(5)


@pytest.mark.parametrize(("name", "own"), CASES)
@given(lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4), extra=st.integers(0, 5))
def test_padding_leaves_no_trace(name, own, lengths, extra):
    encoder = made(name, own)
    width = max(1, *lengths, 1) + extra
    words = torch.arange(width) < torch.tensor(lengths).unsqueeze(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        vectors = torch.randn(len(lengths), width, 5) * words.unsqueeze(-1)
    features = encoder(vectors, words)
    assert features.shape == (len(lengths), width, encoder.output_size)
    assert (features >= 0).all()
    assert not features[~words].any()
    for row, n in enumerate(lengths):
        alone = encoder(vectors[row : row + 1, : max(1, n)], words[row : row + 1, : max(1, n)])
        torch.testing.assert_close(features[row, :n], alone[0, :n])


@pytest.mark.parametrize(("name", "own"), CASES)
def test_a_word_is_read_in_its_context_on_both_sides(name, own):
    vectors = torch.from_numpy(np.random.RandomState(0).normal(size=(1, 5, 5))).float()
    vectors.requires_grad_()
    made(name, own)(vectors, torch.ones(1, 5, dtype=torch.bool))[0, 2].sum().backward()
    reached = vectors.grad[0].abs().sum(dim=1) > 0
    assert reached[[1, 2, 3]].all()


def test_an_older_pickle_of_a_recurrent_network_has_no_norm():
    state = RNN(hidden_size=4).__getstate__()
    del state["layer_norm"]
    older = RNN.__new__(RNN)
    older.__setstate__(state)
    assert repr(older) == "RNN(hidden_size=4, layer_norm=False)"
    assert pickle.loads(pickle.dumps(RNN())).layer_norm
