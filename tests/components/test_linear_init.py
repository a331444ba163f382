"""The linear classifiers that both networks start from, against scikit-learn's."""

import itertools

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from sklearn_irx.classifier.data import draw_folds
from sklearn_irx.components import LinearInit
from sklearn_irx.components.initializations import HELD_OUT, N_FOLDS, InitializationData, linear
from sklearn_irx.components.initializations.linear import LINEAR_MODELS, SMOOTHINGS
from sklearn_irx.text import Documents, Vocabulary, WordTokenizer

RESERVED = ["<padding>", "<unknown>"]
SINGLE = ["naive_bayes", "logistic"]
APART = [kind for kind in LINEAR_MODELS if kind != "log_count_ratio"]
"""Models that are fitted on words first, and on pairs beside them."""


@pytest.fixture(scope="module", params=[2, 3], ids="{} classes".format)
def corpus(request, reviews):
    """Words and class numbers of 120 reviews, of two classes or of three."""
    texts, y, _ = reviews
    numbers = np.unique(y, return_inverse=True)[1]
    rows = np.flatnonzero(numbers < request.param)[:120]
    return [WordTokenizer().words(texts[row]) for row in rows], numbers[rows]


@pytest.fixture(scope="module")
def opinions():
    """Words and class numbers of 120 texts, in which pairs tell what words do not."""
    draw = np.random.RandomState(0)
    y = draw.randint(2, size=120)
    said = {1: ["great", "film", "awful", "book"], 0: ["awful", "film", "great", "book"]}
    words = []
    for number, label in enumerate(y):
        plain = [f"plain{i}" for i in draw.randint(30, size=8)]
        told = said[label if number % 10 else 1 - label]
        words.append([*plain[:4], *told, *plain[4:], *(["sure"] if draw.rand() < label else [])])
    return words, y


def start_of(kind, words, y, validation=None, y_validation=None, class_weights=None, bigrams=False):
    vocabulary = Vocabulary.from_documents(words)
    n_classes = int(y.max()) + 1
    data = InitializationData(
        Documents.from_words(words, vocabulary),
        y,
        Documents.from_words(words if validation is None else validation, vocabulary),
        y if y_validation is None else y_validation,
        draw_folds(y, np.random.RandomState(0)),
        sample_weight=np.ones(len(y)) if class_weights is None else class_weights[y],
        n_words=len(vocabulary),
        n_classes=n_classes,
    )
    start = LinearInit(kind, bigrams=bigrams, class_focus=float(bool(bigrams))).fit_weights(data)
    return start, vocabulary


def tfidf_of(words, vocabulary):
    vectorizer = TfidfVectorizer(
        analyzer=list, vocabulary=[*RESERVED, *vocabulary.words], sublinear_tf=True
    )
    return vectorizer.fit(words), vectorizer.transform(words)


@pytest.mark.parametrize("kind", SINGLE)
def test_it_predicts_like_scikit_learns_classifier_on_tfidf(kind, corpus, monkeypatch):
    monkeypatch.setattr(linear, "SMOOTHINGS", [1.0])
    words, y = corpus
    start, vocabulary = start_of(kind, words[:80], y[:80])
    vectorizer, X = tfidf_of(words[:80], vocabulary)
    X_new = vectorizer.transform(words)
    np.testing.assert_allclose(start.idf[2:], vectorizer.idf_[2:], rtol=1e-6)
    if kind == "naive_bayes":
        scores = ComplementNB().fit(X, y[:80]).predict_joint_log_proba(X_new)
    else:
        model = LogisticRegression(C=5.0).fit(X, y[:80])
        scores = X_new @ model.coef_.T
        scores = np.hstack([-scores, scores]) if scores.shape[1] == 1 else scores
    ours = X_new @ start.weights[0]
    np.testing.assert_array_equal(ours.argmax(axis=1), scores.argmax(axis=1))
    # The same up to one factor, the temperature of the softmax.
    centred = scores - scores.mean(axis=1, keepdims=True)
    correlation = np.corrcoef(ours.ravel(), centred.ravel())[0, 1]
    assert correlation > 0.999


@pytest.mark.parametrize("kind", ["naive_bayes", "logistic", "combined"])
def test_its_scale_gives_the_best_probabilities(kind, corpus):
    words, y = corpus
    start, vocabulary = start_of(kind, words[:80], y[:80], words[80:], y[80:])
    vectorizer, _ = tfidf_of(words[:80], vocabulary)
    logits = vectorizer.transform(words[80:]) @ start.weights[0]

    def log_loss(factor):
        exponentials = np.exp(factor * logits)
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        return -np.log(probabilities[np.arange(40), y[80:]]).mean()

    # Where a document's class is never missed there is no best: the scale stops at a bound.
    assert log_loss(1.0) <= min(log_loss(0.5), log_loss(0.9)) + 1e-6
    assert log_loss(1.0) <= log_loss(1.1) + 1e-3


def test_naive_bayes_is_smoothed_as_validation_texts_ask_for(corpus):
    words, y = corpus
    start, vocabulary = start_of("naive_bayes", words[:60], y[:60], words[60:], y[60:])
    vectorizer, X = tfidf_of(words[:60], vocabulary)
    X_new = vectorizer.transform(words[60:])
    least = {}
    for alpha in SMOOTHINGS:
        scores = ComplementNB(alpha=alpha).fit(X, y[:60]).predict_joint_log_proba(X_new)
        scores /= scores.std()
        scales = np.linspace(0, 20, 2001)
        least[alpha] = min(log_loss(y[60:], softmax(scale * scores, axis=1)) for scale in scales)
    found = log_loss(y[60:], softmax(X_new @ start.weights[0], axis=1))
    assert found <= min(least.values()) + 1e-3


def test_a_combined_start_is_a_sum_that_no_part_of_it_excels(corpus, monkeypatch):
    monkeypatch.setattr(linear, "SMOOTHINGS", [1.0])
    words, y = corpus
    starts = {kind: start_of(kind, words[:60], y[:60], words[60:], y[60:]) for kind in APART}
    vectorizer, X_60 = tfidf_of(words[:60], starts["combined"][1])
    X = vectorizer.transform(words[60:])
    losses = {
        kind: log_loss(y[60:], softmax(X @ s.weights[0], axis=1)) for kind, (s, _) in starts.items()
    }
    assert losses["combined"] <= min(losses.values()) + 1e-4
    svm = LinearSVC(random_state=0).fit(X_60, y[:60]).coef_
    svm = np.vstack([-svm, svm]) if len(svm) == 1 else svm - svm.mean(axis=0)
    svm[:, :2] = 0
    parts = np.stack([*(starts[kind][0].weights[0].ravel() for kind in SINGLE), svm.T.ravel()])
    combined = starts["combined"][0].weights[0].ravel()
    factors, residual, *_ = np.linalg.lstsq(parts.T, combined)
    assert (factors > -1e-4).all()
    assert residual < 1e-6 * np.square(combined).sum()


@pytest.mark.parametrize("kind", LINEAR_MODELS)
def test_reserved_ids_weigh_nothing(kind, corpus):
    start, vocabulary = start_of(kind, *corpus)
    assert start.weights.shape == (1 + N_FOLDS, len(vocabulary), corpus[1].max() + 1)
    assert start.weights.dtype == start.idf.dtype == np.float32
    assert not start.weights[:, :2].any()
    np.testing.assert_allclose(start.weights.sum(axis=2), 0, atol=1e-3)


@pytest.mark.parametrize("kind", LINEAR_MODELS)
def test_every_fold_has_its_share_of_every_class(kind, corpus):
    words, y = corpus
    start, _ = start_of(kind, words, y)
    for number in range(y.max() + 1):
        sizes = np.bincount(start.folds[y == number], minlength=N_FOLDS + 1)
        assert sizes[0] == 0
        assert np.ptp(sizes[1:]) <= 1


def directions(weights):
    """Weights without their scale, which the weights of all documents settle."""
    return weights / np.abs(weights).max()


@pytest.mark.parametrize("kind", [*SINGLE, "log_count_ratio"])
@pytest.mark.parametrize("fold", [1, N_FOLDS])
def test_the_weights_of_a_fold_do_not_know_its_documents(kind, fold, corpus, monkeypatch):
    monkeypatch.setattr(linear, "SMOOTHINGS", [1.0])
    words, y = corpus
    before, _ = start_of(kind, words, y)
    first, second = (np.flatnonzero((before.folds == fold) & (y == number))[0] for number in (0, 1))
    # Exchanged texts: every idf and every fold stays, but two documents have a wrong label.
    exchanged = list(words)
    exchanged[first], exchanged[second] = words[second], words[first]
    vocabulary = Vocabulary.from_documents(words)
    assert set(Vocabulary.from_documents(exchanged).words) == set(vocabulary.words)
    data = InitializationData(
        Documents.from_words(exchanged, vocabulary),
        y,
        Documents.from_words(words, vocabulary),
        y,
        draw_folds(y, np.random.RandomState(0)),
        sample_weight=np.ones(len(y)),
        n_words=len(vocabulary),
        n_classes=int(y.max()) + 1,
    )
    after = LinearInit(kind, bigrams=False).fit_weights(data)
    np.testing.assert_array_equal(after.folds, before.folds)
    np.testing.assert_array_equal(after.idf, before.idf)
    for number in range(1 + N_FOLDS):
        one, two = directions(before.weights[number]), directions(after.weights[number])
        if number == fold:
            np.testing.assert_allclose(one, two, atol=1e-5)
        else:
            assert np.abs(one - two).max() > 1e-3


@pytest.mark.parametrize("kind", LINEAR_MODELS)
def test_documents_held_out_are_learned_from_by_the_first_weights_only(kind, corpus, monkeypatch):
    monkeypatch.setattr(linear, "SMOOTHINGS", [1.0])
    words, y = corpus
    without, vocabulary = start_of(kind, words[:80], y[:80], words[80:], y[80:])
    documents = Documents.from_words(words, vocabulary)
    folds = np.concatenate([without.folds, np.full(40, HELD_OUT)])
    held_out = documents.take(np.arange(80, 120)), y[80:]
    n_words, n_classes = without.weights.shape[1:]
    data = InitializationData(
        documents, y, *held_out, folds, np.ones(len(y)), n_words=n_words, n_classes=n_classes
    )
    start = LinearInit(kind, bigrams=False).fit_weights(data)
    np.testing.assert_array_equal(start.idf, without.idf)
    np.testing.assert_allclose(start.weights[1:HELD_OUT], without.weights[1:], atol=1e-5)
    np.testing.assert_allclose(start.weights[HELD_OUT], without.weights[0], atol=1e-5)
    vectorizer, _ = tfidf_of(words[:80], vocabulary)
    X = vectorizer.transform(words[80:])
    known, unknown = (
        log_loss(y[80:], softmax(X @ of.weights[0], axis=1)) for of in (start, without)
    )
    assert known < unknown


@pytest.mark.parametrize("kind", LINEAR_MODELS)
@pytest.mark.parametrize("counts", [(9, 1), (1, 1), (8, 8, 1), (1, 1, 1), (1, 9)], ids=str)
def test_classes_of_one_document_are_no_trouble(kind, counts):
    y = np.repeat(np.arange(len(counts)), counts)
    words = [[f"class{number}", f"word{i % 3}"] for i, number in enumerate(y)]
    start, vocabulary = start_of(kind, words, y)
    assert np.isfinite(start.weights).all()
    for number in range(len(counts)):
        place = vocabulary.lookup([f"class{number}"])[0]
        assert start.weights[0, place].argmax() == number


@pytest.mark.parametrize("kind", LINEAR_MODELS)
def test_documents_without_words_are_no_trouble(kind):
    words = [["ants", "bed"], [], ["milk"], [], ["milk", "milk"], ["ants"]]
    start, vocabulary = start_of(kind, words, np.array([0, 0, 1, 1, 1, 0]))
    assert np.isfinite(start.weights).all()
    ants, milk = start.weights[0][vocabulary.lookup(["ants", "milk"])]
    assert ants[0] > 0 > milk[0]


@pytest.mark.parametrize("kind", ["logistic", "combined", "log_count_ratio"])
def test_class_weights_move_the_weights(kind, corpus):
    words, y = corpus
    plain, _ = start_of(kind, words, y)
    weighted, _ = start_of(kind, words, y, class_weights=np.array([20.0, 1, 1])[: y.max() + 1])
    assert np.abs(directions(plain.weights[0]) - directions(weighted.weights[0])).max() > 1e-3


def test_class_weights_do_not_act_backward_in_complement_naive_bayes(corpus):
    # It learns the words of a class from the documents of all others.
    words, y = corpus
    plain, _ = start_of("naive_bayes", words, y)
    weighted, _ = start_of(
        "naive_bayes", words, y, class_weights=np.array([20.0, 1, 1])[: y.max() + 1]
    )
    np.testing.assert_allclose(plain.weights, weighted.weights, atol=1e-6)


def of_neighbours(words):
    return [f"{first} {second}" for first, second in itertools.pairwise(words)]


def names_of(pairs, vocabulary):
    words = [*RESERVED, *vocabulary.words]
    return [f"{words[pair // len(words)]} {words[pair % len(words)]}" for pair in pairs]


@pytest.mark.parametrize("kind", SINGLE)
def test_it_knows_the_pairs_that_two_texts_have_like_scikit_learn(kind, corpus, monkeypatch):
    monkeypatch.setattr(linear, "SMOOTHINGS", [1.0])
    # Single words tell all of these texts: they would leave nothing for the pairs to say.
    monkeypatch.setattr(linear, "_factors", lambda scores, _: (np.ones(len(scores)), 0.0))
    words, y = corpus
    start, vocabulary = start_of(kind, words[:80], y[:80], words[80:], y[80:], bigrams="whole")
    vectorizer = TfidfVectorizer(analyzer=of_neighbours, min_df=2, sublinear_tf=True)
    X = vectorizer.fit_transform(words[:80])
    names = names_of(start.bigrams.bigrams, vocabulary)
    assert (np.diff(start.bigrams.bigrams) > 0).all()
    assert set(names) == set(vectorizer.get_feature_names_out())
    columns = [vectorizer.vocabulary_[name] for name in names]
    np.testing.assert_allclose(start.bigrams.idf, vectorizer.idf_[columns], rtol=1e-6)
    if kind == "naive_bayes":
        scores = ComplementNB().fit(X, y[:80]).feature_log_prob_.T
    else:
        scores = LogisticRegression(C=5.0).fit(X, y[:80]).coef_.T
    scores = np.hstack([-scores, scores]) if scores.shape[1] == 1 else scores
    centred = (scores - scores.mean(axis=1, keepdims=True))[columns]
    assert np.corrcoef(start.bigrams.weights[0].ravel(), centred.ravel())[0, 1] > 0.999
    assert start.bigrams.weights.shape == (1 + N_FOLDS, len(names), y.max() + 1)


@pytest.mark.parametrize("kind", APART)
def test_pairs_beside_words_read_no_worse_than_words_alone(kind, opinions):
    words, y = opinions
    start, vocabulary = start_of(kind, words[:60], y[:60], words[60:], y[60:], bigrams="whole")
    alone, _ = start_of(kind, words[:60], y[:60], words[60:], y[60:])
    np.testing.assert_array_equal(start.weights, alone.weights)
    of_words = tfidf_of(words[:60], vocabulary)[0].transform(words[60:]) @ start.weights[0]
    vectorizer = TfidfVectorizer(
        analyzer=of_neighbours, vocabulary=names_of(start.bigrams.bigrams, vocabulary),
        sublinear_tf=True,
    )  # fmt: skip
    of_pairs = vectorizer.fit(words[:60]).transform(words[60:]) @ start.bigrams.weights[0]
    together = start.bigrams.word_factor * of_words + of_pairs
    loss, loss_alone = (log_loss(y[60:], softmax(of, axis=1)) for of in (together, of_words))
    assert loss <= loss_alone + 1e-4


@pytest.mark.parametrize("bigrams", [True, "whole"])
def test_weights_of_pairs_do_not_know_the_documents_of_their_fold(bigrams, monkeypatch):
    monkeypatch.setattr(linear, "_factors", lambda scores, _: (np.ones(len(scores)), 0.0))
    # A pair that is in documents of fold 1 alone is not known to the weights without fold 1.
    y = np.arange(40) % 2
    folds = draw_folds(y, np.random.RandomState(0))
    words = [
        ["plain", f"word{number % 5}", *(["never", "again"] if fold == 1 and label else ["again"])]
        for number, (label, fold) in enumerate(zip(y, folds, strict=True))
    ]
    start, vocabulary = start_of("logistic", words, y, bigrams=bigrams)
    np.testing.assert_array_equal(start.folds, folds)
    place = names_of(start.bigrams.bigrams, vocabulary).index("never again")
    weights = np.abs(start.bigrams.weights[:, place]).max(axis=1)
    assert weights[1] < 1e-6
    assert (np.delete(weights, 1) > 1e-3).all()


@pytest.mark.parametrize("kind", LINEAR_MODELS)
def test_texts_without_a_common_pair_have_none(kind):
    words = [["ants", "bed"], [], ["milk"], ["milk", "ants"]]
    start, _ = start_of(kind, words, np.array([0, 0, 1, 1]), bigrams="whole")
    assert start.bigrams is None


@pytest.mark.parametrize("kind", APART)
def test_words_and_pairs_are_one_sum_with_the_norm_of_the_words(kind, opinions):
    words, y = opinions
    start, vocabulary = start_of(kind, words[:60], y[:60], words[60:], y[60:], bigrams=True)
    assert start.bigrams.word_factor == 1
    # The factors have the least log loss: on validation texts, or of an average out of fold.
    rows, weights_of = slice(60, None), np.zeros(60, dtype=int)
    if kind == "average":
        rows, weights_of = slice(60), start.folds
    names = names_of(start.bigrams.bigrams, vocabulary)
    of_words, of_pairs = (
        TfidfVectorizer(analyzer=analyzer, vocabulary=terms, sublinear_tf=True, norm=None)
        .fit(words[:60])
        .transform(words[rows])
        .toarray()
        for analyzer, terms in ((list, [*RESERVED, *vocabulary.words]), (of_neighbours, names))
    )
    lengths = np.maximum(1, np.linalg.norm(of_words, axis=1, keepdims=True))
    one, two = (
        np.einsum("dw,dwc->dc", counts / lengths, weights[weights_of])
        for counts, weights in (
            (of_words, start.weights), (of_pairs, start.bigrams.weights)
        )
    )  # fmt: skip
    loss = log_loss(y[rows], softmax(one + two, axis=1))
    for a, b in ((0.9, 0.9), (1.1, 1.1), (0.9, 1), (1.1, 1), (1, 0.8), (1, 1.2)):
        assert loss <= log_loss(y[rows], softmax(a * one + b * two, axis=1)) + 1e-5


def test_most_frequent_pairs_are_kept_where_there_are_too_many(monkeypatch):
    words = [["very", "good", "film"], ["very", "good"], ["very", "good", "film"], ["so", "bad"]]
    words += [["so", "bad"]]
    y = np.array([0, 0, 0, 1, 1])
    monkeypatch.setattr(linear, "_MOST_CELLS", 4)  # two pairs of two classes
    start, vocabulary = start_of("naive_bayes", words, y, bigrams=True)
    assert sorted(names_of(start.bigrams.bigrams, vocabulary))[-1] == "very good"
    assert len(start.bigrams.bigrams) == 2


@pytest.mark.parametrize("kind", LINEAR_MODELS)
@pytest.mark.parametrize("bigrams", [True, False])
def test_words_keep_weights_where_texts_tell_nothing(kind, bigrams, monkeypatch):
    monkeypatch.setattr(linear, "_factors", lambda scores, _: (np.zeros(len(scores)), 0.7))
    words = [["this", "is", name] for name in "abababab"]
    start, _ = start_of(kind, words, np.array([0, 1] * 4), bigrams=bigrams)
    assert start.weights.any()
    assert kind not in APART or start.bigrams is None
