"""The linear path and the rankings of words, against scikit-learn's TF-IDF."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfTransformer

from sklearn_irx.nn.layout import Layout
from sklearn_irx.nn.linear import FocusedRanking, LinearPath, LinearStart
from sklearn_irx.text import Documents

N_WORDS, N_CLASSES = 7, 3
random = np.random.default_rng(0)
START = LinearStart(
    random.normal(size=(1, N_WORDS, N_CLASSES)).astype(np.float32),
    1 + random.random(N_WORDS).astype(np.float32),
    np.ones(1, dtype=np.int64),
)
START.weights[:, :2], START.idf[:2] = 0, 1


DOCUMENTS = arrays(np.int64, (3, 9), elements=st.integers(0, N_WORDS - 1))


def tidy(ids):
    """Let all documents have a word, and padding stand at their end."""
    ids[:, 0] = N_WORDS - 1
    return np.sort(ids, axis=1)[:, ::-1].copy()


def logits_of(ids, selected):
    counts = np.zeros((len(ids), N_WORDS))
    for row in range(len(ids)):
        counts[row, np.unique(ids[row, selected[row]])] = 1
    transformer = TfidfTransformer()
    transformer.idf_ = START.idf.astype(float)
    return transformer.transform(counts) @ START.weights[0]


@given(DOCUMENTS, arrays(bool, (3, 9)))
def test_it_reads_the_tfidf_of_the_distinct_words_selected(ids, selected):
    ids = tidy(ids)
    selected &= ids > 0
    path = LinearPath(START)
    layout = Layout(torch.tensor(ids))
    mask = torch.tensor(selected, dtype=torch.float32)
    with torch.no_grad():
        logits = path(layout, mask, path.rows(layout.ids, None))
    np.testing.assert_allclose(logits.numpy(), logits_of(ids, selected), atol=1e-5)


@given(DOCUMENTS, st.sampled_from([0.0, 0.5, 2.0]))
def test_a_word_is_worth_its_weight_for_the_classes_of_its_document(ids, focus):
    ids = tidy(ids)
    likely = softmax(logits_of(ids, ids > 1), axis=1)  # unknown words are read over
    expected = np.zeros(ids.shape)
    for row, column in zip(*np.nonzero(ids), strict=True):
        word = ids[row, column]
        of_classes = START.weights[0, word] * likely[row] ** focus
        expected[row, column] = of_classes.max() * START.idf[word]
    path = LinearPath(START)
    layout = Layout(torch.tensor(ids))
    with torch.no_grad():
        worths = path.worths(layout, path.rows(layout.ids, None), focus)
    np.testing.assert_allclose(worths.numpy()[ids > 0], expected[ids > 0], atol=1e-5)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_a_focused_ranking_begins_with_the_share_asked_for(share):
    draw = np.random.default_rng(1)
    lengths = draw.integers(1, 9, size=1500)
    ids = draw.integers(1, 200, size=lengths.sum()).astype(np.int32)
    start = LinearStart(
        draw.normal(size=(3, 200, N_CLASSES)).astype(np.float32),
        1 + draw.random(200).astype(np.float32),
        1 + np.arange(1500) % 2,
    )
    documents = Documents(ids, lengths)
    ranking, path = FocusedRanking(start, documents, share, focus=0.7), LinearPath(start)
    padded = torch.tensor(documents.padded(np.arange(1500)).astype(np.int64))
    with torch.no_grad():
        logits = ranking(path, Layout(padded), path.rows(padded, torch.tensor(start.folds)))
    assert (logits[padded > 0] > 0).double().mean().item() == pytest.approx(share, abs=1e-3)
