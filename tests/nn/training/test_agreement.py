"""Agreement with what people marked, against scikit-learn and the public metrics."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from sklearn_irx.metrics import auprc_score, token_f1_score
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import NEVER, IndependentSamplerModule, Selection
from sklearn_irx.nn.training.agreement import agreement, average_precision, token_f1
from sklearn_irx.nn.units import Units

WORDS = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0])),
    min_size=1, max_size=10,
)  # fmt: skip


@given(WORDS)
def test_they_are_those_of_scikit_learn(words):
    """With equal scores, too, which words that occur twice have."""
    marked, selected, scores = (np.array(column) for column in zip(*words, strict=True))
    assert token_f1(marked, selected) == pytest.approx(f1_score(marked, selected, zero_division=0))
    if marked.any():
        wanted = average_precision_score(marked, np.maximum(scores, -1e6))
        assert average_precision(marked, scores) == pytest.approx(wanted)
    else:
        assert np.isnan(average_precision(marked, scores))


def test_documents_of_a_batch_are_measured_as_the_metrics_do():
    """Those that are not marked are left out; a word that is never selected ranks last."""
    marks = np.array([[1, 0, 1, -1], [-1, -1, -1, -1], [0, 0, 0, 0], [0, 1, 1, 0]], dtype=np.int8)
    scores = torch.tensor(
        [[0.5, 2.0, 0.5, NEVER], [1.0, 2.0, 3.0, 4.0], [1.0, 1, 1, 1], [3.0, 1.0, NEVER, 0.0]]
    )
    selected = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]])
    units = Units(torch.ones(4, 4, dtype=torch.bool))
    selection = Selection(selected, None, None, units=units)
    output = ModelOutput(torch.zeros(4, 2), selection, scores.unsqueeze(2), scores > NEVER)
    found = agreement(output, marks, IndependentSamplerModule())
    rows = [0, 2, 3]
    masks = marks[rows] == 1
    ranked = torch.where(scores > NEVER, scores.sigmoid(), 0.0).numpy().astype(float)[rows]
    ranked[0, 3] = np.nan  # past the end
    np.testing.assert_allclose(
        found[:, 0], token_f1_score(masks, selected.numpy()[rows] > 0, average=None)
    )
    np.testing.assert_allclose(
        found[:, 1], auprc_score(masks, ranked, area="step", average=None), rtol=1e-6
    )
    assert agreement(output, np.full((4, 4), -1, np.int8), IndependentSamplerModule()).shape == (
        0,
        2,
    )
