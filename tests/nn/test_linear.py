"""The linear path and the rankings of words, against scikit-learn's TF-IDF."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfTransformer

from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.linear import (
    BigramWeights,
    DocumentPrior,
    LinearPath,
    LinearWeights,
    WholeBigramPath,
)
from sklearn_irx.text import Documents

N_WORDS, N_CLASSES = 7, 3
random = np.random.default_rng(0)
START = LinearWeights(
    random.normal(size=(1, N_WORDS, N_CLASSES)).astype(np.float32),
    1 + random.random(N_WORDS).astype(np.float32),
    np.ones(1, dtype=np.int64),
)
START.weights[:, :2], START.idf[:2] = 0, 0
NOBODY = Documents(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64))
KNOWN_PAIRS = [(2, 2), (2, 5), (3, 2), (4, 6), (6, 3), (6, 5)]
PAIRS = BigramWeights(
    np.array([N_WORDS * first + second for first, second in KNOWN_PAIRS]),
    random.normal(size=(1, len(KNOWN_PAIRS), N_CLASSES)).astype(np.float32),
    1 + random.random(len(KNOWN_PAIRS)).astype(np.float32),
    0.7,
)

DOCUMENTS = arrays(np.int64, (3, 9), elements=st.integers(0, N_WORDS - 1))


def tidy(ids):
    """Let all documents have a word, and padding stand at their end."""
    ids[:, 0] = N_WORDS - 1
    return np.sort(ids, axis=1)[:, ::-1].copy()


def path_of(linear):
    path = LinearPath(*linear.weights.shape[1:])
    path.initialize(linear)
    return path


def prior_of(path, linear, documents, share, focus, **parameters):
    n_bigrams = 0 if linear.bigrams is None else len(linear.bigrams.bigrams)
    prior = DocumentPrior(path.n_words, N_CLASSES, n_bigrams=n_bigrams, focus=focus, **parameters)
    prior.initialize(path, linear, documents, PackedBatch, initial_selection=share)
    return prior


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
    path = path_of(START)
    batch = PackedBatch(torch.tensor(ids))
    mask = torch.tensor(selected, dtype=torch.float32)
    with torch.no_grad():
        logits = path(batch, mask, path.rows(batch.ids, None))
    np.testing.assert_allclose(logits.numpy(), logits_of(ids, selected), atol=1e-5)


def logits_of_pairs(ids):
    counts = np.zeros((len(ids), len(KNOWN_PAIRS)))
    for row, document in enumerate(ids):
        for pair in itertools.pairwise(document):
            if pair in KNOWN_PAIRS:
                counts[row, KNOWN_PAIRS.index(pair)] = 1
    transformer = TfidfTransformer()
    transformer.idf_ = PAIRS.idf.astype(float)
    return transformer.transform(counts) @ PAIRS.weights[0]


@given(DOCUMENTS, st.sampled_from([0.0, 0.5, 2.0]), st.booleans())
def test_a_word_is_worth_its_weight_for_the_classes_of_its_document(ids, focus, with_pairs):
    ids[:, 0] = N_WORDS - 1
    ids[np.cumsum(ids == 0, axis=1) > 0] = 0  # padding stands at the end
    logits = logits_of(ids, ids > 1)  # unknown words are read over
    if with_pairs:
        logits = PAIRS.word_factor * logits + logits_of_pairs(ids)
    likely = softmax(logits, axis=1)
    expected = np.zeros(ids.shape)
    for row, column in zip(*np.nonzero(ids), strict=True):
        word = ids[row, column]
        of_classes = START.weights[0, word] * likely[row] ** focus
        expected[row, column] = of_classes.max() * START.idf[word]
    start = START._replace(bigrams=PAIRS if with_pairs else None)
    path = path_of(start)
    prior = prior_of(path, start, NOBODY, 0.5, focus=focus)
    batch = PackedBatch(torch.tensor(ids))
    weights = prior.weights(path, batch, path.rows(batch.ids, None))
    np.testing.assert_allclose(weights.numpy()[ids > 0], expected[ids > 0], atol=1e-5)


def sums_of_pairs(document, selected, words_of_pairs):
    """Return the sum over distinct pairs of selected neighbours, counted out."""
    seen = set()
    for (first, second), both in zip(
        itertools.pairwise(document), itertools.pairwise(selected), strict=True
    ):
        if all(both) and (first, second) in words_of_pairs:
            seen.add(words_of_pairs.index((first, second)))
    return sum((PAIRS.idf[i] * PAIRS.weights[0, i] for i in seen), np.zeros(N_CLASSES))


def with_pairs():
    start = START._replace(bigrams=PAIRS)
    path = LinearPath(N_WORDS, N_CLASSES, len(KNOWN_PAIRS))
    path.initialize(start)
    return path, start


@given(DOCUMENTS, arrays(bool, (3, 9)))
def test_a_pair_counts_once_if_both_its_words_are_selected(ids, selected):
    ids[:, 0] = N_WORDS - 1
    ids[np.cumsum(ids == 0, axis=1) > 0] = 0
    selected &= ids > 0
    path, _ = with_pairs()
    batch = PackedBatch(torch.tensor(ids))
    mask = torch.tensor(selected, dtype=torch.float32)
    with torch.no_grad():
        logits = path(batch, mask, path.rows(batch.ids, None)).numpy()
    norms = [
        max(1.0, np.linalg.norm(START.idf[np.unique(line[chosen])]))
        for line, chosen in zip(ids, selected, strict=True)
    ]
    pairs = [
        sums_of_pairs(line, chosen, KNOWN_PAIRS) / length
        for line, chosen, length in zip(ids, selected, norms, strict=True)
    ]
    np.testing.assert_allclose(logits, logits_of(ids, selected) + pairs, atol=1e-5)


@given(DOCUMENTS, st.floats(0, 1))
def test_a_word_is_worth_a_share_of_its_pairs_too(ids, share):
    ids[:, 0] = N_WORDS - 1
    ids[np.cumsum(ids == 0, axis=1) > 0] = 0
    path, start = with_pairs()
    start = start._replace(bigrams=None)
    prior = prior_of(path, start, NOBODY, 0.5, focus=0.0, bigram_share=share)
    batch = PackedBatch(torch.tensor(ids))
    weights = prior.weights(path, batch, path.rows(batch.ids, None)).numpy()
    for line, found in zip(ids, weights, strict=True):
        of_classes = START.weights[0, line] * START.idf[line, None]
        for place, pair in enumerate(itertools.pairwise(line)):
            if pair in KNOWN_PAIRS:
                number = KNOWN_PAIRS.index(pair)
                of_pair = PAIRS.idf[number] * PAIRS.weights[0, number]
                of_classes[place : place + 2] += share * of_pair
        np.testing.assert_allclose(found[line > 0], of_classes.max(axis=1)[line > 0], atol=1e-5)


@given(DOCUMENTS, arrays(np.float32, (3, 9, N_CLASSES), elements=st.floats(-1, 1, width=32)))
def test_what_another_reader_adds_counts_beside_what_the_linear_path_adds(ids, whole):
    """Both are shares of the logits of the document, by which words support its class."""
    ids = tidy(ids)
    path, focus = path_of(START), 0.8
    prior = prior_of(path, START, NOBODY, 0.5, focus=focus)
    batch = PackedBatch(torch.tensor(ids))
    whole *= (ids > 0)[:, :, None]
    given = torch.from_numpy(whole)
    found = prior.weights(path, batch, path.rows(batch.ids, None), given).detach().numpy()
    for line, row, of_row in zip(ids, found, whole, strict=True):
        words = np.unique(line[line > 1])
        norm = max(1.0, np.sqrt((START.idf[words].astype(float) ** 2).sum()))
        logits = (START.idf[words, None] * START.weights[0, words]).sum(axis=0) / norm
        logits = logits + of_row.sum(axis=0)
        share = np.exp(logits - logits.max())
        share /= share.sum()
        added = START.idf[line, None] * START.weights[0, line] + norm * of_row
        expected = (added * share**focus).max(axis=1)
        np.testing.assert_allclose(row[line > 1], expected[line > 1], atol=1e-4)


def test_a_half_selected_pair_counts_by_half_and_passes_gradients_to_both_words():
    path, _ = with_pairs()
    ids = torch.tensor([[4, 6, 3]])
    batch = PackedBatch(ids)
    mask = torch.tensor([[1.0, 0.5, 0.0]], requires_grad=True)
    rows = path.rows(ids, None)
    sums = path._bigrams(batch, rows).sums(mask)
    of_pair = PAIRS.idf[3] * PAIRS.weights[0, 3]
    np.testing.assert_allclose(sums.detach()[0], 0.5 * of_pair, rtol=1e-5)
    sums[0, 0].backward()
    of_next = PAIRS.idf[4] * PAIRS.weights[0, 4, 0]
    expected = [0.5 * of_pair[0], of_pair[0], 0.5 * of_next]
    np.testing.assert_allclose(mask.grad[0], expected, rtol=1e-5)


def test_pairs_of_training_documents_are_read_with_the_weights_of_their_fold():
    ids = torch.tensor([[4, 6, 3], [4, 6, 3]])
    weights = np.stack([PAIRS.weights[0], -PAIRS.weights[0]])
    path = WholeBigramPath(len(KNOWN_PAIRS), N_WORDS, N_CLASSES)
    path.initialize(PAIRS._replace(weights=weights))
    nothing = torch.zeros(2, N_CLASSES)
    first, second = path(nothing, ids, torch.tensor([0, 1]))
    assert first.abs().max() > 0.1
    np.testing.assert_allclose(first, -second, atol=1e-6)
    path.drop_fold_weights()
    np.testing.assert_allclose(path(nothing, ids, torch.tensor([0, 0]))[1], first, atol=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_a_focused_ranking_begins_with_the_share_asked_for(share):
    draw = np.random.default_rng(1)
    lengths = draw.integers(1, 9, size=1500)
    ids = draw.integers(1, 200, size=lengths.sum()).astype(np.int32)
    start = LinearWeights(
        draw.normal(size=(3, 200, N_CLASSES)).astype(np.float32),
        1 + draw.random(200).astype(np.float32),
        1 + np.arange(1500) % 2,
    )
    documents = Documents(ids, lengths)
    path = path_of(start)
    prior = prior_of(path, start, documents, share, focus=0.7)
    padded = torch.tensor(documents.padded(np.arange(1500)).astype(np.int64))
    with torch.no_grad():
        logits = prior(path, PackedBatch(padded), path.rows(padded, torch.tensor(start.folds)))
    assert (logits[padded > 0] > 0).double().mean().item() == pytest.approx(share, abs=1e-3)
