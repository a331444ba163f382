"""What is asked of rationales is met, refused or warned of, whatever is asked together."""

import re
import warnings
from itertools import combinations

import numpy as np
import pytest

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.classifier.shortfalls import shortfalls
from sklearn_irx.components import CNN, SAMPLERS, LinearInit, SparseMap, TopK, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.exceptions import SelectionWarning
from sklearn_irx.metrics import n_transitions

OPTIONS = [
    ("rationale_length", 0.2),
    ("rationale_length", None),
    ("max_rationale_length", 9),
    ("max_rationale_length", 0.25),
    ("max_transitions", 4),
    ("lambda1", 0.05),
    ("free_length", 3),
    ("lambda2", 0.02),
    *(("sampler", name) for name in SAMPLERS.named if name != "straight_through"),
    ("sampler", TopK(contiguous=True)),
    ("sampler", SparseMap(neighbour_score=1.0)),
    ("initialization", LinearInit(class_focus=1)),
    ("predictor__input", "compact"),
]
PAIRS = [
    {"rationale_length": 8, one: value, other: another}
    for (one, value), (other, another) in combinations(OPTIONS, 2)
    if one != other
]


def said_in(fit):
    """Return what a fit warns of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit()
    assert [warning.category for warning in said] in ([], [SelectionWarning])  # once, if at all
    return str(said[0].message) if said else ""


def rationales_of(clf, texts):
    """Return lengths of texts, and of their rationales, and the mean number of transitions."""
    masks = clf.transform(texts)
    n_words = np.array([len(spans) for spans in clf.word_spans(texts)])
    return n_words, masks.sum(axis=1), n_transitions(masks, n_words)


@pytest.mark.parametrize("asked", PAIRS, ids=str)
def test_every_two_wishes_are_met_or_refused_or_warned_of(small, reviews, asked):
    texts, y, _ = reviews
    clf = small(training__max_epochs=1, **asked)
    held_out = texts[160:280], y[160:280]
    said = refused = ""
    try:
        said = said_in(lambda: clf.fit(texts[:160], y[:160], validation_data=held_out))
    except ValueError as error:
        refused = str(error)
    if refused:
        assert any((name.partition("__")[2] or name) in refused for name in asked)
        return
    missed = re.sub("has no effect[^;]*", "", said)
    for part, tolerance in ((held_out[0], 0.1), (texts[280:], 0.2)):
        n_words, n_selected, transitions = rationales_of(clf, part)
        longest, length = clf.max_rationale_length, clf.rationale_length
        if longest is not None:
            limit = longest if longest >= 1 else np.maximum(1, np.round(longest * n_words))
            assert (n_selected <= limit).all()
        if length is not None and "rationale_length=" not in missed:
            mean = n_selected.mean() if length >= 1 else (n_selected / n_words).mean()
            assert mean == pytest.approx(length, rel=tolerance)
        if clf.max_transitions is not None:
            assert transitions <= (1 + tolerance) * clf.max_transitions
        if "no word is selected" not in said:
            assert (n_selected == 0).mean() <= 0.05
    if "lambda1" in asked and clf.rationale_length is not None:
        assert "lambda1=0.05 has no effect" in said
    if "lambda2" in asked and clf.max_transitions is not None:
        assert "lambda2=0.02 has no effect" in said


@pytest.mark.parametrize("sampler", SAMPLERS.named)
def test_fewer_transitions_and_a_limit_of_words_cost_no_rationale(small, reviews, sampler):
    """The limits leave the lengths, and nearly the accuracy, of rationales without them."""
    texts, y, _ = reviews
    settings = {"rationale_length": 8, "sampler": sampler, "training__learning_rate": 1e-2}
    free = small(**settings).fit(texts[:280], y[:280])
    if not SAMPLERS.named[sampler].module.has_budget:
        settings["max_rationale_length"] = 9
    limited = small(**settings, max_transitions=4).fit(texts[:280], y[:280])
    (_, of_free, before), (_, n_selected, after) = (
        rationales_of(clf, texts[280:]) for clf in (free, limited)
    )
    assert after <= 4 * 1.15 < before
    assert n_selected.min() > 0
    assert n_selected.max() <= max(9, of_free.max())
    assert n_selected.mean() == pytest.approx(of_free.mean(), rel=0.15)
    assert limited.score(texts[280:], y[280:]) > free.score(texts[280:], y[280:]) - 0.1


@pytest.mark.parametrize("length", [6, 0.15])
@pytest.mark.parametrize("seed", [0, 1])
def test_rationales_of_new_texts_are_as_long_as_those_of_texts_held_out(small, length, seed):
    """In the end the linear weights learn from half the texts more, and thresholds move along."""
    texts, y, _ = make_rationale_classification(1000, n_classes=3, n_words=40, random_state=1)
    clf = small(
        rationale_length=length, random_state=seed, training__validation_fraction=0.5,
        training__max_epochs=1,
    )  # fmt: skip
    clf.fit(texts[:500], y[:500])
    n_words, n_selected, _ = rationales_of(clf, texts[500:])
    mean = n_selected.mean() if length >= 1 else (n_selected / n_words).mean()
    assert mean == pytest.approx(length, rel=0.05)  # 0.06 to 0.16 where they do not


def test_models_that_select_nothing_say_so(small, reviews):
    texts, y, _ = reviews
    clf = small(lambda1=5.0, training__max_epochs=6, training__learning_rate=0.1)
    said = said_in(lambda: clf.fit(texts, y))
    assert re.search(r"no word is selected in \d+ of 39 texts: lower lambda1=5", said)
    assert clf.history_["valid_empty"][-1] > 0.5
    clf.set_params(lambda2=0.1)
    assert "lower lambda1=5 or lambda2=0.1" in said_in(lambda: clf.fit(texts, y))


def test_texts_without_known_words_are_the_reason(small, reviews):
    texts, y, _ = reviews
    strange = ["zyx wvu"] * 10 + texts[:30]
    clf = small(rationale_length=5)
    said = said_in(lambda: clf.fit(texts[30:], y[30:], validation_data=(strange, y[:40])))
    assert "no word is selected in 10 of 40 texts: most of these have no known word" in said


def test_a_maximum_that_makes_the_length_impossible_is_named(small, reviews):
    texts, y, _ = reviews
    clf = small(rationale_length=10, max_rationale_length=0.05)
    said = said_in(lambda: clf.fit(texts, y))
    assert "rationale_length=10: raise max_rationale_length=0.05" in said


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"rationale_length": 5, "lambda1": 0.5}, "lambda1=0.5 .* rationale_length=5"),
        ({"max_transitions": 30, "lambda2": 0.5}, "lambda2=0.5 .* max_transitions=30"),
        ({"free_length": 3, "lambda1": 0}, "free_length=3 .* lambda1=0"),
        ({"vocabulary": ["ants", "room", "the"], "min_df": 2}, "min_df=2 .* vocabulary"),
        ({"embeddings": [None], "max_unseen_words": 9}, "max_unseen_words=9 .* embeddings"),
        ({"max_rationale_length": 60}, "max_rationale_length=60 .* max_length=60"),
        (
            {"sampler": "top_k", "rationale_length": 5, "max_rationale_length": 6},
            "max_rationale_length=6 .* never selects more than rationale_length=5",
        ),
        (
            {"sampler": TopK(contiguous=True), "rationale_length": 5, "max_transitions": 2},
            "max_transitions=2 .* one span",
        ),
        (
            {"sampler": TopK(contiguous=True), "rationale_length": 5, "lambda2": 0.1},
            "lambda2=0.1 .* one span",
        ),
        ({"initialization": LinearInit(bigrams="whole")}, "bigrams='whole' .* class_focus=0"),
        ({"training__validation_fraction": 0.3}, "validation_fraction=0.3 .* validation_data"),
    ],
    ids=str,
)
def test_a_parameter_without_effect_is_named_with_its_reason(small, reviews, parameters, said):
    texts, y, _ = reviews
    clf = small(**{"training__max_epochs": 1, **parameters})
    with pytest.warns(SelectionWarning, match=said.replace(" .* ", " .*no.* ")) as found:
        clf.fit(texts[:80], y[:80], validation_data=(texts[80:120], y[80:120]))
    assert len(found) == 1
    # And it is true: without, the model is the same.
    for name in parameters.keys() & {"min_df", "max_unseen_words", "max_rationale_length"}:
        default = {"min_df": 1, "max_unseen_words": 50_000, "max_rationale_length": None}[name]
        without = small(**{"training__max_epochs": 1, **parameters, name: default})
        without.fit(texts[:80], y[:80], validation_data=(texts[80:120], y[80:120]))
        np.testing.assert_array_equal(
            without.predict_proba(texts[120:]), clf.predict_proba(texts[120:])
        )


def test_of_few_empty_rationales_nothing_is_said():
    lengths = np.full(60, 5)
    masks = np.ones((60, 5), dtype=bool)
    for n_texts, n_empty, said in (
        (60, 4, True), (60, 3, False), (20, 3, True), (20, 2, False), (3, 3, True), (2, 2, False)
    ):  # fmt: skip
        masks[:n_empty], masks[n_empty:] = False, True
        clf = SelectiveRationaleClassifier(lambda1=0.01)
        found = shortfalls(clf, masks[:n_texts], lengths[:n_texts])
        assert bool(found) == said


@pytest.mark.parametrize("length", [3, 30, 0.3])
@pytest.mark.parametrize("sampler", ["straight_through", "top_k"])
def test_few_or_short_texts_are_no_reason_to_warn(small, length, sampler):
    texts = ["dirty grimy room", "a lovely clean room with a view of the sea"] * 12
    # Pairs would give most words of a text that occurs twelve times the same score.
    words_alone = LinearInit("naive_bayes", bigrams=False)
    clf = small(
        rationale_length=length, sampler=sampler, initialization=words_alone,
        training__max_epochs=1,
    )  # fmt: skip
    assert said_in(lambda: clf.fit(texts, ["bad", "good"] * 12)) == ""


def test_the_parts_of_a_model_without_complaint_are_left_in_peace(small, reviews):
    texts, y, _ = reviews
    clf = small(rationale_length=6, max_rationale_length=8, max_transitions=5)
    assert said_in(lambda: clf.fit(texts, y, sample_weight=np.linspace(0.5, 2, len(y)))) == ""
    share = clf.history_["valid_share"]
    assert share[-1] == pytest.approx(clf.history_["valid_words"][-1] / 40, rel=0.1)


# Numbers that are none


@pytest.mark.parametrize("sampler", ["straight_through", "hard_kuma", "sparsemap", "top_k"])
def test_a_loss_that_is_no_number_ends_training_and_leaves_the_model(small, reviews, sampler):
    texts, y, _ = reviews
    clf = small(sampler=sampler, rationale_length=5).fit(texts[:80], y[:80])
    before, history = clf.predict_proba(texts[80:]), clf.history_
    clf.set_params(training__learning_rate=1e30)
    for fit in (clf.fit, clf.partial_fit):
        with pytest.raises(ValueError, match=r"in epoch \d.*lower learning_rate.*\+"):
            fit(texts[:80], y[:80])
        np.testing.assert_array_equal(clf.predict_proba(texts[80:]), before)
    assert clf.history_ is history
    clf.set_params(training__learning_rate=1e-3).partial_fit(texts[:80], y[:80])
    assert np.isfinite(clf.predict_proba(texts)).all()


def test_a_first_part_with_a_loss_that_is_no_number_makes_no_model(small, reviews):
    texts, y, _ = reviews
    clf = small(training__learning_rate=1e30)
    with pytest.raises(ValueError, match="lower learning_rate"):
        clf.partial_fit(texts[:80], y[:80], classes=np.unique(y))
    assert not hasattr(clf, "classes_")


def test_penalties_beyond_numbers_are_named(small, reviews):
    texts, y, _ = reviews
    with pytest.raises(ValueError, match=r"lower penalties than lambda1=1e\+39"):
        small(lambda1=1e39).fit(texts[:80], y[:80])


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"noise": -1.0}, "weight -1.0 for 'noise'"),
        ({"noise": np.nan}, "weight nan for 'noise'"),
        ({"noise": np.inf}, "weight inf for 'noise'"),
        ({"noise": "heavy"}, "weight 'heavy' for 'noise'"),
        ({"nosie": 2.0}, "weight for 'nosie' and none for"),
        ({0: 1.0, 1: 2.0}, "weight for 0 and none for"),
    ],
)
def test_weights_of_classes_that_are_none_are_refused_before_training(
    small, reviews, monkeypatch, weights, said
):
    texts, y, _ = reviews
    monkeypatch.setattr("sklearn_irx.classifier.estimator.prepare", None)
    clf = small(class_weight=weights)
    with pytest.raises(ValueError, match=f"class_weight has (the|a) {said}"):
        clf.fit(texts, y)
    with pytest.raises(ValueError, match=f"class_weight has (the|a) {said}"):
        clf.partial_fit(texts, y, classes=np.unique(y))


def test_every_class_of_weight_0_is_refused_and_some_are_not(small, reviews):
    texts, y, _ = reviews
    classes = np.unique(y)
    with pytest.raises(ValueError, match="class_weight is 0 for every class"):
        small(class_weight=dict.fromkeys(classes, 0)).fit(texts, y)
    given = {**dict.fromkeys(classes, 1), classes[0]: 0, "of later texts": 3}
    clf = small(class_weight=given, training__max_epochs=1).fit(texts, y)
    assert np.isfinite(clf.predict_proba(texts)).all()


def test_huge_weights_of_documents_are_like_small_ones(small, reviews):
    texts, y, _ = reviews
    one, other = (
        small(training__max_epochs=1).fit(texts[:80], y[:80], sample_weight=np.full(80, weight))
        for weight in (1.0, 1e308)
    )
    np.testing.assert_array_equal(one.predict_proba(texts), other.predict_proba(texts))


# Vectors that match no word


def test_vectors_in_another_case_are_named(reviews, small):
    from sklearn_irx.text import WordVectors

    texts, y, _ = reviews
    words = sorted({word for text in texts for word in re.findall(r"\w+", text.lower())})
    vectors = WordVectors(words, np.random.RandomState(0).normal(size=(len(words), 4)))
    clf = small(embeddings=vectors, training__max_epochs=1, tokenizer=upper_words)
    with pytest.warns(UserWarning, match=r"embeddings has vectors for \d of .* upper and lower"):
        clf.fit(texts[:80], y[:80])
    in_upper_case = WordVectors([word.upper() for word in words], vectors.vectors)
    for options in ({"embeddings": in_upper_case}, {"tokenizer": None}):
        clf.set_params(**options)  # the package's tokenizers find vectors in any case
        assert said_in(lambda: clf.fit(texts[:80], y[:80])) == ""


def upper_words(text):
    return [(found[0].upper(), *found.span()) for found in re.finditer(r"\w+", text)]


def test_vectors_of_another_language_are_named(reviews, small):
    from sklearn_irx.text import WordVectors

    texts, y, _ = reviews
    words = ["room", *(f"zimmer{i}" for i in range(200))]
    strange = WordVectors(words, np.random.RandomState(0).normal(size=(201, 4)))
    clf = small(embeddings=[strange, None], encoder=CNN((3,), n_filters=4), training=Training())
    clf.set_params(training__max_epochs=1)
    with pytest.warns(UserWarning, match="has vectors for 1 of .* of the language of the texts"):
        clf.fit(texts[:40], y[:40])
