"""Encoders in two formulations: what they are given, and how what they compute is compared."""

import torch
from hypothesis import strategies as st

from sklearn_irx.nn.kernels.packed_batch import PackedBatch

SIZE, N_WORDS = 4, 9
BATCHES = st.lists(st.lists(st.integers(1, N_WORDS - 1), max_size=9), min_size=1, max_size=5)


def laid_out(documents, margin=0):
    width = max(1, *map(len, documents), 1)
    ids = torch.tensor([ids + [0] * (width - len(ids)) for ids in documents])
    return PackedBatch(ids, margin)


def drawn(seed, *shape, **kwargs):
    """Draw normal numbers: a largest one is never shared, and none is 0."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), **kwargs)


def with_gradients(encoder, compute, inputs, seed):
    """Give what an encoder computes, and its gradients in the inputs and the weights."""
    inputs = inputs.clone().requires_grad_()
    out = compute(inputs)
    (out * drawn(seed, *out.shape)).sum().backward()
    return [out, inputs.grad, *(weight.grad for weight in encoder.parameters())]


def features(encoder, batch, table):
    return encoder.token_features(table, batch)[1:].relu()


def max_pooled(encoder, batch, kept, vectors):
    return encoder.max_pooled(vectors, kept, batch)


def assert_same(fast, plain, **tolerance):
    for one, two in zip(fast, plain, strict=True):
        torch.testing.assert_close(one, two, **tolerance)
