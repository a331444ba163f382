"""What a user of the classifier sees."""

import pickle
import signal
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch.callbacks import Callback

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import SAMPLERS, LinearInit, Training
from sklearn_irx.metrics import n_transitions, rationale_length, token_f1_score
from sklearn_irx.text import TokenizedTexts, WordTokenizer


@pytest.mark.parametrize("sampler", SAMPLERS.named)
def test_every_sampler_finds_the_planted_words(sampler, small, reviews):
    texts, y, masks = reviews
    clf = small(
        sampler=sampler, training__max_epochs=8, training__learning_rate=1e-2, rationale_length=6
    )
    clf.fit(texts[:300], y[:300])
    assert clf.score(texts[300:], y[300:]) >= 0.95
    assert token_f1_score(masks[300:], clf.transform(texts[300:])) >= 0.8


@pytest.mark.parametrize("sampler", SAMPLERS.named)
@pytest.mark.parametrize("asked", [4, 8, 0.2])
def test_the_length_asked_for_is_the_length_got(sampler, asked, small, reviews):
    texts, y, _ = reviews
    clf = small(sampler=sampler, rationale_length=asked).fit(texts[:300], y[:300])
    for part in (texts[:300], texts[300:]):
        n_words = np.array([len(spans) for spans in clf.word_spans(part)])
        n_selected = clf.transform(part).sum(axis=1)
        got = (n_selected / n_words).mean() if asked < 1 else n_selected.mean()
        assert got == pytest.approx(asked, rel=0.1)
    assert len(set(n_selected)) > 1 or SAMPLERS.named[sampler].module.has_budget


@pytest.mark.parametrize("sampler", SAMPLERS.named)
@pytest.mark.parametrize("limit", [8, 0.15])
def test_no_rationale_is_longer_than_the_maximum(sampler, limit, small, reviews):
    texts, y, _ = reviews
    clf = small(
        sampler=sampler, rationale_length=8, max_rationale_length=limit, training__max_epochs=1
    )
    masks = clf.fit(texts[:300], y[:300]).transform([*texts[300:], "", "zzz"])
    n_words = np.array([len(spans) for spans in clf.word_spans([*texts[300:], "", "zzz"])])
    allowed = limit if limit >= 1 else np.maximum(1, np.round(limit * n_words))
    assert (masks.sum(axis=1) <= allowed).all()
    assert masks.sum(axis=1)[:100].mean() > 0.6 * np.mean(allowed)
    # Reading is the same after saving, limit and threshold included.
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.transform(texts), clf.transform(texts))


@pytest.mark.parametrize("sampler", SAMPLERS.named)
def test_words_that_training_never_saw_are_no_reason(sampler, small, reviews):
    texts, y, _ = reviews
    clf = small(sampler=sampler, rationale_length=8, training__max_epochs=1).fit(
        texts[:300], y[:300]
    )
    strange = ["", "Zyx qwv!", f"zyx {texts[300]} qwv"]
    first, second, third = clf.explain(strange)
    assert second.words == []
    assert second.confidence == pytest.approx(first.confidence, abs=1e-3)  # it may see the gap
    assert not {"zyx", "qwv"} & set(third.words)
    assert third.words


def test_borders_can_be_limited(small, reviews):
    texts, y, _ = reviews
    settings = {
        "rationale_length": 12,
        "training__learning_rate": 3e-2,
        "training__batch_size": 16,
        "training__max_epochs": 6,
    }
    free, limited = (
        small(**settings, max_transitions=limit).fit(texts[:300], y[:300]) for limit in (None, 5)
    )
    n_words = [len(spans) for spans in free.word_spans(texts[300:])]
    borders = [n_transitions(clf.transform(texts[300:]), n_words) for clf in (free, limited)]
    assert borders[1] <= 5 * 1.1 < borders[0]
    assert limited.history_["lambda2"].max() > 0
    assert not free.history_["lambda2"].any()
    assert rationale_length(limited.transform(texts[300:])) == pytest.approx(12, rel=0.1)


def test_words_below_a_limit_are_free(small, reviews):
    texts, y, _ = reviews
    settings = {
        "lambda1": 0.5,
        "training__learning_rate": 1e-2,
        "training__batch_size": 32,
        "training__max_epochs": 6,
    }
    paid, free = (
        rationale_length(small(**settings, free_length=limit).fit(texts, y).transform(texts))
        for limit in (None, 5)
    )
    assert paid < 0.8 * free
    assert free < 9


@pytest.mark.parametrize(
    "parameters",
    [
        {"encoder": "rnn", "encoder__hidden_size": 8},
        {"encoder": "rnn", "encoder__hidden_size": 8, "encoder__cell": "lstm"},
        {"predictor__share_embeddings": True},
        {"predictor__share_encoder": True},
        {"predictor__input": "compact"},
        {"objective": "dr"},
        {"training__predictor_learning_rate": 1e-3},
        {"training__word_dropout": 0.2},
        {"initialization__initial_selection": 0.6},
    ],
    ids=str,
)
def test_every_way_to_build_and_train_learns(parameters, small, reviews):
    texts, y, masks = reviews
    clf = small(rationale_length=6, training__learning_rate=1e-2, **parameters).fit(
        texts[:300], y[:300]
    )
    assert clf.score(texts[300:], y[300:]) >= 0.9
    assert token_f1_score(masks[300:], clf.transform(texts[300:])) >= 0.75
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.predict_proba(texts), clf.predict_proba(texts))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sampler": "top_k"}, r"sampler=TopK\(\).*lambda1 is a penalty for each: leave"),
        ({"sampler": "sparsemap"}, r"sampler=SparseMap\(\).*lambda1 is a penalty"),
        ({"rationale_length": 5, "free_length": 2}, r"rationale_length=5.*free_length=2.*one of"),
        ({"rationale_length": 5, "max_rationale_length": 2}, r"max_rationale_length=2 .*=5"),
        ({"sampler": "gumbel", "predictor__input": "compact"}, r"'compact'.*sampler=Gumbel\(\)"),
        ({"sampler__stretch": 1}, r"'stretch' for estimator StraightThrough\(\)"),
        ({"sampler": "hard_kuma", "sampler__stretch": 0}, r"'stretch'.*Got 0 "),
        ({"training__text_length": 9, "max_length": 10}, r"text_length=9 .*max_length=10"),
        (
            {"initialization__class_focus": 0.5, "initialization": None},
            r"'class_focus' for estimator RandomInit\(\)",
        ),
        ({"rationale_length": 0}, r"'rationale_length'.*0"),
        ({"max_transitions": 0.5}, r"'max_transitions'.*0\.5"),
        ({"initialization__initial_selection": 1.0}, r"'initial_selection'.*1\.0"),
        ({"training__predictor_learning_rate": "slow"}, r"'predictor_learning_rate'.*'slow'"),
    ],
    ids=str,
)
def test_what_does_not_fit_together_is_told_before_training(parameters, message, small):
    nowhere = {"embeddings": "/nowhere", "training__callbacks": [None]}
    with pytest.raises(ValueError, match=message):
        small(**parameters, **nowhere).fit(["a b", "c d"], [0, 1])


@pytest.mark.parametrize(
    "initialization", ["naive_bayes", "logistic", "combined", "log_count_ratio"]
)
def test_every_linear_initialization_is_a_good_one(initialization, small, reviews):
    texts, y, _ = reviews
    clf = small(initialization=initialization, training__max_epochs=1).fit(texts[:300], y[:300])
    assert clf.score(texts[300:], y[300:]) >= 0.9
    assert 0 < rationale_length(clf.transform(texts[300:])) < 20


@pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
def test_a_class_focus_leaves_out_what_speaks_for_other_classes(small):
    draw = np.random.RandomState(0)
    y = draw.randint(2, size=400)
    # Of ten telling words, seven are of the class, and three of the other.
    texts = [
        " ".join(
            draw.permutation(
                [f"good{i}" if (place < 7) == label else f"bad{i}" for place, i in enumerate(words)]
                + [f"plain{i}" for i in draw.randint(50, size=10)]
            )
        )
        for label, words in zip(y, draw.randint(30, size=(400, 10)), strict=True)
    ]
    right = {}
    for focus in (0.0, 1.0):
        clf = small(
            initialization__class_focus=focus, rationale_length=3, max_rationale_length=3,
            training__max_epochs=1,
        ).fit(texts[:300], y[:300])  # fmt: skip
        words = [" ".join(one.words) for one in clf.explain(texts[300:])]
        of_class = np.array([text.count("good") for text in words])
        of_other = np.array([text.count("bad") for text in words])
        right[focus] = (
            clf.score(texts[300:], y[300:]),
            np.where(y[300:] == 1, of_class, of_other).sum() / (of_class + of_other).sum(),
        )
    assert right[1.0][0] >= max(0.95, right[0.0][0])
    assert right[1.0][1] >= 0.9 > right[0.0][1]


@pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
def test_bigrams_tell_what_single_words_do_not_say(small):
    draw = np.random.RandomState(0)
    y = draw.randint(2, size=400)
    # Every text has the same telling words, and what is said of which tells the class.
    texts = []
    for label in y:
        plain = [f"plain{i}" for i in draw.randint(50, size=10)]
        said = (
            [["great", "film"], ["awful", "book"]]
            if label
            else [["awful", "film"], ["great", "book"]]
        )
        texts.append(" ".join([*plain[:3], *said[0], *plain[3:7], *said[1], *plain[7:]]))

    def accuracy(bigrams, class_focus, length):
        start = LinearInit("combined", class_focus=class_focus, bigrams=bigrams)
        clf = small(
            initialization=start, sampler="top_k", rationale_length=length, training__max_epochs=1
        ).fit(texts[:300], y[:300])
        return clf.score(texts[300:], y[300:])

    assert accuracy(False, 1.0, 1) < 0.7
    assert accuracy("whole", 1.0, 1) > 0.85
    # The words of telling pairs are selected, and what they say together is understood.
    assert accuracy(False, 0.0, 4) < 0.7
    assert accuracy(True, 0.0, 4) > 0.9


def test_the_model_of_the_paper_learns_from_scratch(small, reviews):
    texts, y, _ = reviews
    training = Training(
        dropout=0.2, learning_rate=3e-3, batch_size=16, warmup_epochs=10, ramp_epochs=0,
        max_epochs=14,
    )  # fmt: skip
    clf = small(
        initialization=None, embeddings=None, encoder__n_filters=30, predictor__hidden_size=30,
        lambda1=0.0, training=training,
    ).fit(texts[:300], y[:300])  # fmt: skip
    # In the warm-up the predictor reads all words, and the selector rests on selecting them.
    assert np.ptp(clf.history_["valid_words"][:10]) == 0
    assert clf.score(texts[300:], y[300:]) >= 0.7


def test_a_higher_price_buys_fewer_words(small, reviews):
    texts, y, _ = reviews
    lengths = [
        rationale_length(
            small(
                lambda1=price,
                training__learning_rate=1e-2,
                training__batch_size=32,
                training__max_epochs=4,
            )
            .fit(texts, y)
            .transform(texts)
        )
        for price in (0.0, 0.2)
    ]
    assert lengths[1] < 0.9 * lengths[0]


def test_only_the_selected_words_reach_the_prediction(fitted, reviews):
    texts = reviews[0][300:320]
    masks = fitted.transform(texts)
    tokenize = WordTokenizer()
    replaced = []
    for text, mask in zip(texts, masks, strict=True):
        tokens = tokenize.words(text)
        replaced.append(" ".join(w if m else "zzz" for w, m in zip(tokens, mask, strict=False)))
    own = fitted.predict_proba(texts)
    np.testing.assert_allclose(fitted.predict_proba(replaced, masks=masks), own, atol=1e-6)


def test_reading_its_own_masks_is_predicting(fitted, reviews):
    texts = reviews[0][300:]
    masks = fitted.transform(texts)
    assert masks.shape == (100, 60)
    assert masks.dtype == bool
    np.testing.assert_allclose(
        fitted.predict_proba(texts, masks=masks), fitted.predict_proba(texts), atol=1e-6
    )


def test_explain_points_into_the_text(fitted, reviews):
    texts = [reviews[0][300], "", "Ünbekannt 🙂"]
    rationales = fitted.explain(texts)
    assert [r.label for r in rationales] == fitted.predict(texts).tolist()
    for text, rationale in zip(texts, rationales, strict=True):
        assert rationale.text == text
        assert [text[a:b].lower() for a, b in rationale.spans] == rationale.tokens
        assert 0 < rationale.confidence <= 1
    assert rationales[0].words
    assert rationales[1].words == []


def test_same_seed_same_model_and_no_global_state(small, reviews):
    texts, y, _ = reviews
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), torch.get_num_threads()  # noqa: NPY002
    one = small().fit(texts[:100], y[:100])
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert torch.get_num_threads() == before[2]
    two = clone(one).fit(texts[:100], y[:100])
    np.testing.assert_array_equal(one.predict_proba(texts), two.predict_proba(texts))
    three = small(random_state=3).fit(texts[:100], y[:100])
    assert not np.array_equal(one.predict_proba(texts), three.predict_proba(texts))


@pytest.mark.parametrize("labels", [str, int, bool])
def test_labels_come_back_as_they_were_given(labels, small, reviews):
    texts, y, _ = reviews
    y = {str: y, int: np.where(y == "food", 7, -3), bool: y == "food"}[labels]
    predicted = small().fit(texts[:100], y[:100]).predict(texts[100:110])
    assert predicted.dtype == y.dtype
    assert set(predicted) <= set(y)


@pytest.mark.parametrize(
    "container",
    [list, tuple, np.array, lambda t: np.array(t, dtype=object), pd.Series, pl.Series],
    ids=["list", "tuple", "str array", "object array", "pandas", "polars"],
)
def test_any_sequence_of_texts_is_read_alike(container, fitted, reviews):
    texts = reviews[0][300:310]
    np.testing.assert_array_equal(
        fitted.predict_proba(container(texts)), fitted.predict_proba(texts)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "qwxyz vbnm",
        "🙂🙂",
        "שלום עולם",
        "今天天气很好。",
        "ants " * 100_000,
        "\ud800 \x00",
    ],
    ids=["empty", "blank", "unknown", "emoji", "hebrew", "chinese", "long", "surrogate"],
)
def test_legal_documents(text, fitted):
    probabilities = fitted.predict_proba([text])
    assert probabilities.sum() == pytest.approx(1)
    (rationale,) = fitted.explain([text])
    assert len(rationale.tokens) <= 60
    assert "".join(piece for piece, _ in rationale.segments()) == text


def test_the_last_words_of_long_documents_count_to_max_length_only(fitted):
    head = "The room was fine. " * 15
    np.testing.assert_allclose(
        fitted.predict_proba([head + "Swarming ants."]), fitted.predict_proba([head]), atol=1e-6
    )


def test_the_rest_of_long_documents_teaches_words_if_asked_to(small):
    # What tells the classes apart stands past the words that the networks read.
    filler = "the room was on the second floor of the house by the lake "
    long = [filler + word for word in ("ants", "towels") for _ in range(30)]
    y = np.repeat(["pests", "service"], 30)
    short = [f"the {word} were on the floor" for word in ("ants", "towels")] * 5
    taught, untaught = (
        small(max_length=12, training__text_length=n, training__max_epochs=2).fit(long, y)
        for n in (None, 20)[::-1]
    )
    assert taught.score(short, ["pests", "service"] * 5) == 1
    assert untaught.score(short, ["pests", "service"] * 5) == 0.5
    assert taught.transform(long).shape == (60, 12)
    assert not taught.transform(long)[:, 12:].any()


def test_tokenized_texts_to_learn_from_have_the_length_learned_from(small, reviews):
    texts, y, _ = reviews
    clf = small(max_length=20, training__text_length=30, training__max_epochs=1)
    words = TokenizedTexts.from_texts(texts[:100], WordTokenizer(), 30)
    probabilities = clone(clf).fit(words, y[:100]).predict_proba(texts[100:150])
    np.testing.assert_array_equal(
        probabilities, clf.fit(texts[:100], y[:100]).predict_proba(texts[100:150])
    )
    with pytest.raises(ValueError, match="max_length=20"):
        clf.fit(TokenizedTexts.from_texts(texts[:100], WordTokenizer(), 20), y[:100])


def test_no_documents_no_predictions(fitted):
    assert fitted.predict([]).shape == (0,)
    assert fitted.transform([]).shape == (0, 60)
    assert fitted.explain([]) == []


def test_history_is_a_table_of_the_epochs(fitted):
    table = pd.DataFrame(fitted.history_)
    assert table["epoch"].tolist() == [1, 2]
    assert table["valid_accuracy"].between(0, 1).all()
    assert (table["valid_words"] <= 60).all()
    assert table["best"].iloc[0]
    assert (table["seconds"] > 0).all()


def test_validation_data_replace_the_held_out_part(small, reviews):
    texts, y, _ = reviews
    clf = small(training__max_epochs=1).fit(
        texts[:50], y[:50], validation_data=(texts[300:], y[300:])
    )
    known = set(clf.vocabulary_.words)
    assert {w for t in texts[:50] for w in WordTokenizer().words(t, 60)} == known


@pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
def test_texts_held_out_are_learned_from_too_after_all_choices(small):
    """Labels are drawn: who has not seen the label of a text cannot know it."""
    rng = np.random.RandomState(0)
    texts = [" ".join(f"word{n}" for n in rng.randint(300, size=20)) for _ in range(200)]
    y = rng.permutation(np.repeat(["a", "b"], 100))
    asked = {"rationale_length": 15, "calibration": "temperature", "random_state": 1}
    clf = small(training__validation_fraction=0.5, **asked).fit(texts, y)
    assert clf.history_["valid_accuracy"].max() < 0.65
    assert clf.calibration_temperature_ > 1
    assert clf.score(texts, y) > 0.85
    given = (texts[100:], y[100:])
    assert small(**asked).fit(texts[:100], y[:100], validation_data=given).score(*given) < 0.65


def test_class_weights_move_predictions(small, reviews):
    texts, y, _ = reviews
    shares = [
        np.mean(
            small(class_weight=weights, training__max_epochs=4, training__learning_rate=1e-2)
            .fit(texts[:80], y[:80])
            .predict_proba([""])[0][0]
        )
        for weights in ({"food": 30, "hygiene": 1, "noise": 1}, None)
    ]
    assert shares[0] > shares[1]


def test_verbose_shows_progress(small, reviews, capsys):
    texts, y, _ = reviews
    small(verbose=1, training__max_epochs=1).fit(texts[:50], y[:50])
    shown = capsys.readouterr()
    assert not shown.out
    assert all(word in shown.err for word in ("loss", "accuracy", "words"))


def test_a_users_skorch_callback_is_called(small, reviews):
    seen = []
    small(training__callbacks=[("count", Watcher(seen))]).fit(reviews[0][:50], reviews[1][:50])
    assert seen == [1, 2]


def test_ctrl_c_stops_and_leaves_the_estimator_unfitted(small, reviews):
    clf = small(training__callbacks=[("stop", Watcher(None))])
    with pytest.raises(KeyboardInterrupt):
        clf.fit(reviews[0][:50], reviews[1][:50])
    assert clf.training.callbacks[0][1].batches == 1
    with pytest.raises(NotFittedError):
        clf.predict(["ants"])


def test_a_fit_that_fails_leaves_the_earlier_model_as_it_was(small, reviews):
    texts, y, _ = reviews
    clf = small(training__max_epochs=1).fit(texts[:50], y[:50])
    before = clf.predict_proba(texts)
    clf.set_params(tokenizer=lambda text: [], max_length=5)
    with pytest.raises(ValueError, match="no word"):
        clf.fit(texts, y)
    np.testing.assert_array_equal(clf.predict_proba(texts), before)


class Watcher(Callback):
    def __init__(self, seen):
        self.seen = seen
        self.batches = 0

    def on_batch_begin(self, net, **kwargs):
        self.batches += 1
        if self.seen is None:
            signal.raise_signal(signal.SIGINT)

    def on_epoch_end(self, net, **kwargs):
        self.seen.append(len(net.history))


def test_own_tokenizer(small):
    texts = ["ants|in|bed", "good|cold|milk"] * 10

    def bars(text):
        start = 0
        for word in text.split("|"):
            yield word, start, start + len(word)
            start += len(word) + 1

    clf = small(tokenizer=bars, sampler="top_k", rationale_length=2).fit(texts, [0, 1] * 10)
    assert clf.explain(["cold|ants"])[0].tokens == ["cold", "ants"]
    assert clf.predict(["ants|bed", "cold|milk"]).tolist() == [0, 1]


def test_in_a_pipeline_with_cross_validation_and_grid_search(small, reviews):
    texts, y, _ = reviews
    clean = FunctionTransformer(lambda texts: [text.strip() for text in texts])
    pipeline = make_pipeline(clean, small(training__max_epochs=1))
    scores = cross_validate(pipeline, texts[:150], y[:150], cv=2)["test_score"]
    assert scores.min() > 0.5
    grid = GridSearchCV(
        small(training__max_epochs=1), {"lambda1": [0.001, 0.1], "lambda2": [0.0, 0.01]}, cv=2
    ).fit(texts[:100], y[:100])
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()
    assert grid.predict(texts[:3]).shape == (3,)


def test_saved_and_loaded_in_a_new_process(fitted, reviews, tmp_path, subprocess_environment):
    texts = reviews[0][300:]
    joblib.dump(fitted, tmp_path / "model.joblib")
    np.save(tmp_path / "texts.npy", np.array(texts))
    program = (
        "import sys, joblib, numpy as np\n"
        "model = joblib.load(sys.argv[1] + '/model.joblib')\n"
        "texts = np.load(sys.argv[1] + '/texts.npy')\n"
        "np.save(sys.argv[1] + '/probabilities.npy', model.predict_proba(texts))\n"
        "np.save(sys.argv[1] + '/masks.npy', model.transform(texts))\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, env=subprocess_environment
    )
    np.testing.assert_array_equal(
        np.load(tmp_path / "probabilities.npy"), fitted.predict_proba(texts)
    )
    np.testing.assert_array_equal(np.load(tmp_path / "masks.npy"), fitted.transform(texts))


def test_loading_leaves_the_random_numbers_alone(fitted, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    before = torch.get_rng_state()
    joblib.load(tmp_path / "model.joblib")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"sampler": "dice"}, "sampler.*dice"),
        ({"lambda1": -1.0}, "lambda1.*-1"),
        ({"lambda2": -0.5}, "lambda2.*-0.5"),
        ({"initialization": "svm"}, "initialization.*svm"),
        ({"max_length": 0}, "max_length.*0"),
        ({"training__dropout": 1.0}, "dropout.*1.0"),
        ({"encoder__filter_sizes": ()}, "filter_sizes"),
        ({"encoder__filter_sizes": (0,)}, r"filter_sizes.*\(0,\)"),
        ({"training__validation_fraction": 1.5}, "validation_fraction.*1.5"),
        ({"device": "tpu9"}, "device.*tpu9"),
        ({"embeddings": "./no/such/vectors.txt"}, "embeddings.*no/such/vectors"),
        ({"random_state": "x"}, "random_state"),
    ],
    ids=lambda value: str(value),
)
def test_wrong_parameters_are_named_before_any_work(parameters, named, small, reviews):
    with pytest.raises(ValueError, match=named):
        small(**parameters).fit(reviews[0], reviews[1])


@pytest.mark.parametrize(
    ("X", "y", "error", "said"),
    [
        ("one text", ["a"], TypeError, r"X is one str.*\[text\]"),
        (["a", 3], [0, 1], TypeError, r"X\[1\] is 3, a int"),
        (["a", None], [0, 1], TypeError, r"X\[1\] is None"),
        (["a", float("nan")], [0, 1], TypeError, r"X\[1\] is nan"),
        (np.array([["a"], ["b"]]), [0, 1], ValueError, r"shape \(2, 1\)"),
        (pd.DataFrame({"t": ["a", "b"]}), [0, 1], ValueError, "one column"),
        (
            pd.DataFrame([["a", "b"]] * 2, columns=["t", "t"])["t"],
            [0, 1],
            ValueError,
            r"2 columns named 't'.*iloc",
        ),
        ([["a", "b"], "c"], [0, 1], TypeError, r"X\[0\] is \['a', 'b'\], a list.*' '.join"),
        (["a", {"b": 1}], [0, 1], TypeError, r"X\[1\] is {'b': 1}, a dict"),
        (5, [0], TypeError, "X is a int"),
        (["a", "b"], [0], ValueError, "2 documents and y 1 labels"),
        (["a", "b"], None, ValueError, "y=None"),
        (["a", "b"], ["x", "x"], ValueError, "one class only, .*'x'"),
        (["a", "b"], [0.5, 1.5], ValueError, "continuous"),
        ([], [], ValueError, "no documents"),
        (["", "?!"] * 2, [0, 1] * 2, ValueError, "no word"),
    ],
)
def test_wrong_data_are_named(X, y, error, said, small):
    with pytest.raises(error, match=said):
        small().fit(X, y)


def test_wrong_masks_are_named(fitted, reviews):
    texts = reviews[0][:2]
    with pytest.raises(TypeError, match="masks has dtype int"):
        fitted.predict_proba(texts, masks=np.ones((2, 60), int))
    with pytest.raises(ValueError, match=r"masks has shape \(1, 60\)"):
        fitted.predict_proba(texts, masks=np.ones((1, 60), bool))
    with pytest.raises(ValueError, match=r"masks\[0\] selects words past the end"):
        fitted.predict_proba(["ants"], masks=np.ones((1, 60), bool))


def test_wrong_validation_data_are_named(small, reviews):
    texts, y, _ = reviews
    with pytest.raises(ValueError, match=r"validation_data\[1\].*beach"):
        small().fit(texts, y, validation_data=(["a"], ["beach"]))
    with pytest.raises(ValueError, match="validation_data is a str"):
        small().fit(texts, y, validation_data="texts")


def test_unfitted_use():
    for method in ("predict", "predict_proba", "transform", "explain"):
        with pytest.raises(NotFittedError):
            getattr(SelectiveRationaleClassifier(), method)(["text"])


def test_a_class_of_one_document_is_learned_and_not_held_out(small, reviews):
    texts, y, _ = reviews
    y = y[:60].copy()
    y[0] = "single"
    assert "single" in small().fit(texts[:60], y).classes_
