"""Learning with weights, further, and piece by piece."""

import pickle
import warnings

import numpy as np
import pytest
import sklearn
from skorch.callbacks import Callback, EarlyStopping
from tqdm import tqdm

from sklearn_irx import SelectiveRationaleClassifier, _stages
from sklearn_irx.exceptions import SelectionWarning
from sklearn_irx.text import WordTokenizer


def same(one, two, texts):
    np.testing.assert_array_equal(one.predict_proba(texts), two.predict_proba(texts))


def words_shown(clf, texts):
    return clf.transform(texts).sum(axis=1).mean()


# Weights of documents


def test_equal_weights_are_no_weights(small, reviews):
    texts, y, _ = reviews
    plain = small(training__max_epochs=1).fit(texts[:80], y[:80])
    same(
        plain,
        small(training__max_epochs=1).fit(texts[:80], y[:80], sample_weight=np.full(80, 3.0)),
        texts,
    )


@pytest.mark.parametrize("tokenized", [False, True])
def test_a_document_of_weight_0_is_as_if_it_were_not_there(small, reviews, tokenized):
    texts, y, _ = reviews
    weights = np.tile([1.0, 0.0, 2.0], 30)
    rows = np.flatnonzero(weights)
    given = texts[:90]
    if tokenized:
        given = small(training__max_epochs=1).fit(texts[:90], y[:90]).tokenize(given)
    weighted = small(training__max_epochs=1).fit(given, y[:90], sample_weight=weights)
    without = small(training__max_epochs=1).fit(
        [texts[row] for row in rows], y[rows], sample_weight=weights[rows]
    )
    same(weighted, without, texts)


@pytest.mark.parametrize("start", [None, "naive_bayes"])
def test_the_class_of_heavy_documents_is_likelier_where_no_word_tells(small, reviews, start):
    texts, y, _ = reviews
    shares = []
    for weight in (1.0, 30.0):
        settings = {
            "training__warmup_epochs": 0,
            "training__ramp_epochs": 0,
            "training__learning_rate": 0.01,
            "training__batch_size": 16,
        }
        clf = small(initialization=start, **settings)
        clf.fit(texts[:90], y[:90], sample_weight=np.where(y[:90] == y[0], weight, 1.0))
        # Where words tell the class, weights are not to overrule them.
        assert clf.score(texts[90:], y[90:]) > 0.9 or start is None
        shares.append(clf.predict_proba([""])[0, clf.classes_ == y[0]].item())
    assert shares[1] > shares[0] + 0.02


def test_documents_held_out_count_by_their_weight(small, reviews):
    texts, y, _ = reviews
    wrong = np.where(y[:300] == "food", "noise", y[:300])
    labels = np.where(np.arange(300) % 2 == 0, y[:300], wrong)
    losses = []
    for weights in (np.tile([1.0, 1e-3], 150), np.tile([1e-3, 1.0], 150)):
        # Nothing is learned: what differs is what the losses are the mean of.
        clf = small(
            training__max_epochs=1, training__learning_rate=1e-12, initialization=None, lambda1=0.0
        )
        clf.fit(texts[:300], labels, sample_weight=weights)
        losses.append(clf.history_["valid_loss"][0])
    assert losses[0] != losses[1]


def test_a_length_is_the_mean_over_documents_by_their_weight(small, reviews):
    texts = ["ants " * 3] * 60 + reviews[0][:60]
    y = np.tile(reviews[1][:60], 2)
    shown = []
    for weight in (0.05, 20.0):
        clf = small(rationale_length=4, training__max_epochs=2)
        clf.fit(texts, y, sample_weight=np.where(np.arange(120) < 60, weight, 1.0))
        shown.append(words_shown(clf, texts[60:]))
    assert shown[0] < shown[1]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0] * 9, r"sample_weight has shape \(9,\) and X 10"),
        ([[1.0]] * 10, r"sample_weight has shape \(10, 1\)"),
        ([1.0] * 9 + [-1.0], r"sample_weight\[9\] is -1.0"),
        ([np.nan] + [1.0] * 9, r"sample_weight\[0\] is nan"),
        ([0.0] * 10, "sample_weight is 0 for every"),
        (["heavy"] * 10, "holds no numbers"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_wrong_weights_are_refused(small, weights, message, method):
    more = {"classes": [0, 1]} if method == "partial_fit" else {}
    with pytest.raises(ValueError, match=message):
        getattr(small(), method)(["ants"] * 10, [0, 1] * 5, sample_weight=weights, **more)


def test_classes_of_weight_0_have_no_loss_and_do_no_harm(small, reviews):
    texts, y, _ = reviews
    clf = small(
        class_weight={"food": 0.0, "hygiene": 1.0, "noise": 0.0}, training__batch_size=4,
        training__max_epochs=8, training__learning_rate=1e-2,
    )  # fmt: skip
    clf.fit(texts[:90], y[:90])
    assert np.isfinite(clf.predict_proba(texts)).all()
    assert np.isfinite(clf.history_["train_loss"]).all()
    assert set(clf.predict(texts)) == {"hygiene"}


def test_weights_are_routed(small, reviews):
    texts, y, _ = reviews
    weights = np.where(y[:80] == y[0], 9.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        clf = small(training__max_epochs=1).set_fit_request(sample_weight=True)
        pipeline = sklearn.pipeline.make_pipeline(
            sklearn.preprocessing.FunctionTransformer(list), clf
        )
        pipeline.fit(texts[:80], y[:80], sample_weight=weights)
    same(pipeline[-1], small(training__max_epochs=1).fit(texts[:80], y[:80], weights), texts)


# The end of training


def test_training_ends_without_a_better_epoch(small, reviews):
    texts, y, _ = reviews
    # So high a rate that the first epochs are the best.
    clf = small(
        training__learning_rate=0.3,
        training__max_epochs=12,
        training__n_iter_no_change=2,
        training__patience=9,
    )
    clf.fit(texts[:60], y[:60])
    best = np.flatnonzero(clf.history_["best"])[-1]
    assert len(clf.history_["best"]) == best + 3 < 12


def test_a_callback_of_skorch_may_end_training(small, reviews):
    texts, y, _ = reviews
    stopping = EarlyStopping(patience=2, threshold=10, sink=lambda text: None)
    clf = small(training__max_epochs=9, training__callbacks=[stopping]).fit(texts[:60], y[:60])
    assert len(clf.history_["best"]) == 3 == clf.history_["epoch"][-1]
    assert len(clf.predict(texts)) == len(texts)


# Further training


def test_a_warm_start_goes_on(small, reviews):
    texts, y, _ = reviews
    clf = small(warm_start=True, training__max_epochs=2, training__learning_rate=1e-2).fit(
        texts[:100], y[:100]
    )
    first = clf.history_["train_loss"]
    before = clf.vocabulary_.words
    clf.fit(texts[:100], y[:100])
    assert (clf.history_["train_loss"][1] < first).all()
    clf.fit(texts[:200], y[:200])
    assert clf.vocabulary_.words == before
    cold = small(training__max_epochs=2, training__learning_rate=1e-2).fit(texts[:100], y[:100])
    np.testing.assert_array_equal(cold.history_["train_loss"], first)


def test_prices_and_lengths_may_change_at_a_warm_start(small, reviews):
    texts, y, _ = reviews
    clf = small(warm_start=True, rationale_length=12).fit(texts[:200], y[:200])
    long = words_shown(clf, texts)
    clf.set_params(rationale_length=4, max_rationale_length=6, training__dropout=0.2).fit(
        texts[:200], y[:200]
    )
    assert words_shown(clf, texts) < 0.6 * long
    assert clf.transform(texts).sum(axis=1).max() <= 6


@pytest.mark.parametrize(
    ("class_focus", "before", "bigrams"),
    [
        (1.0, "whole", "whole"), (1.0, "whole", True), (1.0, "whole", False), (0.0, True, False),
        (0.0, False, True), (0.0, True, True),
    ],
)  # fmt: skip
def test_bigrams_may_be_others_at_a_warm_start(class_focus, before, bigrams, small, reviews):
    texts, y, _ = reviews
    clf = small(
        initialization__class_focus=class_focus, initialization__bigrams=before, warm_start=True,
        training__learning_rate=1e-2, training__max_epochs=2,
    ).fit(texts[:100], y[:100])  # fmt: skip
    first = clf.history_["train_loss"]
    clf.set_params(initialization__bigrams=bigrams).fit(texts[:200], y[:200])
    assert (clf.history_["train_loss"][1] < first).all()
    assert clf.score(texts[200:], y[200:]) > 0.9


def test_a_loaded_model_starts_warm(small, reviews):
    texts, y, _ = reviews
    clf = small(warm_start=True, training__max_epochs=1).fit(texts[:100], y[:100])
    loaded = pickle.loads(pickle.dumps(clf))
    same(loaded.fit(texts[:100], y[:100]), clf.fit(texts[:100], y[:100]), texts)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"encoder__n_filters": 9},
            "n_filters=9\\), and warm_start=True goes on with a network of .*n_filters=8",
        ),
        (
            {"encoder__filter_sizes": [2]},
            r"filter_sizes=\[2\],.* and warm_start=True .* of .*\(3,\)",
        ),
        (
            {"initialization": None},
            r"initialization=None, and warm_start=True .* of LinearInit\(",
        ),
        ({"sampler": "hard_kuma"}, "sampler='hard_kuma'"),
    ],
)
def test_a_warm_start_keeps_the_network(small, reviews, changed, message):
    texts, y, _ = reviews
    clf = small(warm_start=True, training__max_epochs=1).fit(texts[:60], y[:60])
    before = clf.predict_proba(texts)
    with pytest.raises(ValueError, match=message):
        clf.set_params(**changed).fit(texts[:60], y[:60])
    np.testing.assert_array_equal(clf.predict_proba(texts), before)


def test_a_warm_start_keeps_the_classes(small, reviews):
    texts, y, _ = reviews
    clf = small(warm_start=True, training__max_epochs=1).fit(texts[:60], y[:60])
    with pytest.raises(ValueError, match=r"y has the classes \[0, 1\], and warm_start=True"):
        clf.fit(texts[:60], [0, 1] * 30)


def test_an_interrupted_warm_start_leaves_the_model_as_it_was(small, reviews):
    texts, y, _ = reviews

    class Full(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise OSError("no space left")

    clf = small(warm_start=True, training__max_epochs=1).fit(texts[:60], y[:60])
    before = clf.predict_proba(texts)
    with pytest.raises(OSError, match="no space"):
        clf.set_params(training__callbacks=[Full()]).fit(texts[:60], y[:60])
    np.testing.assert_array_equal(clf.predict_proba(texts), before)


# Piece by piece


def pieces(texts, y, n=100):
    return [(texts[i : i + n], y[i : i + n]) for i in range(0, len(texts), n)]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"sampler": "top_k", "rationale_length": 5},
        {"objective": "dr", "training__text_length": 90},
    ],
)
def test_pieces_teach(small, reviews, parameters):
    texts, y, _ = reviews
    clf = small(**{"rationale_length": 8, **parameters})
    accuracies = []
    for some, labels in pieces(texts[:300], y[:300]):
        assert clf.partial_fit(some, labels, classes=np.unique(y)) is clf
        accuracies.append(clf.score(texts[300:], y[300:]))
    assert accuracies[-1] > 0.6
    assert len(clf.history_["train_loss"]) == len(accuracies)
    assert np.isnan(clf.history_["valid_loss"]).all()
    assert clf.history_["train_loss"][-1] < clf.history_["train_loss"][0]
    if clf.sampler == "straight_through":
        assert words_shown(clf, texts[200:300]) == pytest.approx(8, abs=1)


def test_the_warmup_is_over_once_for_all_pieces(small, reviews):
    texts, y, _ = reviews
    clf = small(initialization=None, training__warmup_epochs=1, training__ramp_epochs=1)
    for some, labels in pieces(texts[:300], y[:300]):
        clf.partial_fit(some, labels, classes=np.unique(y))
    n_words = clf.tokenize(texts[:100]).lengths.mean()
    assert clf.history_["train_words"][0] == pytest.approx(n_words, rel=0.01)
    assert (clf.history_["train_words"][1:] < 0.95 * n_words).all()
    loaded = pickle.loads(pickle.dumps(clf)).partial_fit(texts[:100], y[:100])
    assert loaded.history_["train_words"][0] < 0.95 * n_words


def test_the_same_pieces_give_the_same_model(small, reviews):
    texts, y, _ = reviews
    one, two = small(), small()
    for some, labels in pieces(texts[:200], y[:200]):
        one.partial_fit(some, labels, classes=np.unique(y))
    np.random.rand(3)  # noqa: NPY002
    for some, labels in pieces(texts[:200], y[:200]):
        two.partial_fit(some, labels, classes=np.unique(y))
    same(one, two, texts)


def test_later_pieces_may_lack_classes_and_words(small, reviews):
    texts, y, _ = reviews
    clf = small().partial_fit(texts[:100], y[:100], classes=np.unique(y))
    words = clf.vocabulary_.words
    clf.partial_fit(["zebra", "ants ants", ""], ["food", "food", "food"])
    clf.partial_fit(texts[100:101], y[100:101], sample_weight=[0.5])
    assert clf.vocabulary_.words == words
    assert clf.classes_.tolist() == np.unique(y).tolist()
    assert np.isfinite(clf.predict_proba(texts)).all()


def test_pieces_go_on_after_fit_and_after_loading(small, reviews):
    texts, y, _ = reviews
    clf = small().fit(texts[:100], y[:100])
    loaded = pickle.loads(pickle.dumps(clf))
    for one in (clf, loaded):
        one.partial_fit(texts[100:200], y[100:200])
    same(clf, loaded, texts)
    assert len(clf.history_["train_loss"]) == 1
    size = len(pickle.dumps(clf))
    clf.partial_fit(texts[200:300], y[200:300])
    assert len(pickle.dumps(clf)) == pytest.approx(size, rel=0.02)  # no optimizer in it


def test_fit_forgets_the_pieces(small, reviews):
    texts, y, _ = reviews
    clf = small().partial_fit(texts[:100], y[:100], classes=np.unique(y))
    same(clf.fit(texts[100:200], y[100:200]), small().fit(texts[100:200], y[100:200]), texts)


def test_words_and_vectors_may_be_given(small, reviews):
    texts, y, _ = reviews
    words = sorted({word for text in texts for word in WordTokenizer().words(text)})
    clf = small(vocabulary=words).partial_fit(texts[:50], y[:50], classes=np.unique(y))
    assert clf.vocabulary_.words == words
    with pytest.warns(SelectionWarning, match="most of these have no known word"):
        late = small(vocabulary=["ants", "zebra"]).fit(texts[:100], y[:100])
    assert late.vocabulary_.words == ["ants", "zebra"]
    assert "porridge" in late.vocabulary_.unseen_words
    assert late.transform(["table ants zebra"])[0, 0] == 0


@pytest.mark.parametrize(
    ("vocabulary", "error", "message"),
    [
        ([], ValueError, "vocabulary holds no words"),
        (["ants", "ants"], ValueError, "vocabulary holds 'ants' twice"),
        (["ants", 3], TypeError, r"vocabulary\[1\] is 3"),
        (["zebra"], ValueError, "no training document has one of the 1 words of vocabulary"),
    ],
)
def test_a_wrong_vocabulary_is_refused(small, reviews, vocabulary, error, message):
    with pytest.raises(error, match=message):
        small(vocabulary=vocabulary).fit(reviews[0][:20], reviews[1][:20])


@pytest.mark.parametrize(
    ("parameters", "given", "message"),
    [
        ({}, {}, "classes=None at the first call"),
        ({}, {"classes": ["food"]}, "give at least two labels"),
        ({}, {"classes": ["food", "noise"]}, r"y has labels \['hygiene'\]"),
        ({"calibration": "temperature"}, {"classes": "all"}, "calibration='temperature' needs all"),
        ({"class_weight": "balanced"}, {"classes": "all"}, "class_weight='balanced' needs all"),
    ],
)
def test_what_pieces_cannot_do(small, reviews, parameters, given, message):
    texts, y, _ = reviews
    if given.get("classes") == "all":
        given = {"classes": np.unique(y)}
    with pytest.raises(ValueError, match=message):
        small(**parameters).partial_fit(texts[:60], y[:60], **given)


def test_later_classes_are_those_of_the_first_piece(small, reviews):
    texts, y, _ = reviews
    clf = small().partial_fit(texts[:60], y[:60], classes=np.unique(y))
    with pytest.raises(ValueError, match="at a later call of partial_fit"):
        clf.partial_fit(texts[:60], y[:60], classes=["food", "noise"])
    with pytest.raises(ValueError, match=r"y has labels \['mud'\]"):
        clf.partial_fit(texts[:1], ["mud"])


def test_a_first_piece_of_one_class_is_legal(reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(encoder="cnn").set_params(
        encoder__n_filters=4, predictor__hidden_size=4, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = np.flatnonzero(y == "food")[:20]
        clf.partial_fit([texts[row] for row in rows], y[rows], classes=np.unique(y))
        clf.partial_fit(texts[:50], y[:50])
    assert np.isfinite(clf.predict_proba(texts)).all()


def test_a_fit_shows_its_stages_and_counts_all_their_steps(small, reviews, monkeypatch, capsys):
    shown = []

    class Recorded(tqdm):
        def close(self):
            if not self.disable:
                shown.append((self.desc.partition(":")[0], self.n, self.total))
            super().close()

    monkeypatch.setattr(_stages, "tqdm", Recorded)
    texts, y, _ = reviews
    clf = small(verbose=1, embeddings=None, initialization="average", training__max_epochs=1)
    clf.fit(texts[:100], y[:100])
    assert [name for name, *_ in shown] == ["words", "initialization", "word vectors", "setting up"]
    for name, n, total in shown[:3]:
        assert 0 < n == total, name
    assert "training" in capsys.readouterr().err
    shown.clear()
    small(training__max_epochs=1).fit(texts[:100], y[:100])
    assert not shown
    assert capsys.readouterr().err == ""
