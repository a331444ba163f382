"""Learning from the words that people marked."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveCommittee, SelectiveRationaleClassifier, load, save
from sklearn_irx.components import CNN, SAMPLERS, TopK, Training, Transformer
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import auprc_score, token_f1_score
from sklearn_irx.text import WordTokenizer, WordVectors
from tests.transformers_made import make_transformer

N = 300
"""Reviews to learn from; 200 more are for tests."""


@pytest.fixture(scope="module")
def marked():
    """Reviews that mislead in many ways, labels, and the words that people would mark."""
    return make_rationale_classification(
        500, n_classes=3, n_words=60, n_cues=2, difficulty=1, random_state=0
    )


def some(masks, n, total=N):
    """Give the rationales of the first reviews, None for others."""
    return [*masks[:n], *[None] * (total - n)]


def unfitted(**parameters):
    clf = SelectiveRationaleClassifier(
        max_length=90, rationale_length=6, n_threads=1, random_state=0
    )
    return clone(clf.set_params(**parameters))  # no part is shared with another model


def f1(clf, marked):
    texts, _, masks = marked
    return token_f1_score(masks[N:], clf.transform(texts[N:]))


@pytest.fixture(scope="module")
def taught(marked):
    """A model of words alone that learned from 200 marked reviews. Not to be changed."""
    texts, y, masks = marked
    return unfitted().fit(texts[:N], y[:N], rationales=some(masks, 200))


@pytest.fixture(scope="module")
def encoders(marked, tmp_path_factory):
    """Parameters of quick models: of words, of convolutions, and of a tiny transformer."""
    folder = make_transformer(tmp_path_factory.mktemp("tiny"))
    words = sorted({word for text in marked[0] for word in WordTokenizer().words(text)})
    vectors = WordVectors(words, np.random.RandomState(0).normal(size=(len(words), 16)))
    quick = {
        "training": Training(max_epochs=8, learning_rate=0.01, batch_size=16, rationale_weight=3)
    }
    return {
        "words": {},
        "cnn": {
            "encoder": CNN(filter_sizes=(3,), n_filters=8), "embeddings": vectors, **quick,
        },
        "transformer": {"encoder": Transformer(folder, learning_rate=0.003), **quick},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["words", "cnn", "transformer"])
def test_the_selection_comes_closer_to_what_people_mark(name, encoders, marked):
    texts, y, masks = marked
    plain, taught = (unfitted(**encoders[name]) for _ in range(2))
    plain.fit(texts[:N], y[:N])
    taught.fit(texts[:N], y[:N], rationales=masks[:N])
    assert f1(taught, marked) > f1(plain, marked) + 0.01


@pytest.mark.parametrize("name", ["words", "cnn"])
def test_of_weight_0_nothing_is_learned_of_them(name, encoders, marked):
    texts, y, masks = marked
    clf = unfitted(**encoders[name]).set_params(training__max_epochs=2)
    plain = clone(clf).fit(texts[:N], y[:N])
    clf.set_params(training__rationale_weight=0).fit(texts[:N], y[:N], rationales=masks[:N])
    assert (clf.predict_proba(texts[N:]) == plain.predict_proba(texts[N:])).all()


def test_they_overrule_a_shortcut_if_epochs_are_compared_by_them():
    """Labels alone are told best by words that nobody would call a reason."""
    texts, y, masks = make_rationale_classification(500, n_words=40, random_state=0)
    closing = {"noise": "april north desk", "hygiene": "june south gate"}
    texts = [f"{text} Filed: {closing[label]}" for text, label in zip(texts, y, strict=True)]
    masks = np.pad(masks, ((0, 0), (0, 4)))
    found = {}
    for n in (0, 200):
        clf = unfitted(training__compare_epochs_by="token_f1" if n else "loss")
        clf.fit(texts[:N], y[:N], rationales=some(masks, n))
        found[n] = token_f1_score(masks[N:], clf.transform(texts[N:]))
    assert found[200] > found[0] + 0.2


@pytest.mark.parametrize("sampler", [*filter(None, SAMPLERS.named), TopK(contiguous=True)])
def test_every_sampler_learns_from_them(sampler, marked):
    """Unknown words among the marked ones do no harm: they cannot be selected."""
    texts, y, masks = marked
    clf = unfitted(sampler=sampler, min_df=5, training__rationale_weight=5)
    clf.fit(texts[:100], y[:100], rationales=masks[:100])
    plain = clone(clf).fit(texts[:100], y[:100])
    scores = [model.selection_scores(texts[N:]) for model in (plain, clf)]
    assert np.isfinite(clf.predict_proba(texts[N:])).all()
    before, after = (auprc_score(masks[N:], of, area="step") for of in scores)
    assert after > before


@pytest.mark.parametrize("nothing", [None, [None] * N])
def test_nothing_is_learned_where_nobody_marked_words(nothing, marked):
    texts, y, _ = marked
    models = [
        unfitted().fit(texts[:N], y[:N], rationales=nothing), unfitted().fit(texts[:N], y[:N])
    ]  # fmt: skip
    one, other = (clf.predict_proba(texts[N:]) for clf in models)
    assert (one == other).all()
    assert "valid_token_f1" not in models[0].history_


def test_masks_and_spans_teach_the_same(taught, marked):
    texts, y, masks = marked
    spans = [[(i, i + 1) for i in mask.nonzero()[0]] for mask in masks]
    of_spans = unfitted().fit(texts[:N], y[:N], rationales=some(spans, 200))
    np.testing.assert_array_equal(
        of_spans.selection_scores(texts[N:]), taught.selection_scores(texts[N:])
    )


def test_documents_of_weight_0_teach_nothing(taught, marked):
    texts, y, masks = marked
    more = [~masks[0]] * 20
    weighted = unfitted().fit(
        [*texts[:N], *texts[N : N + 20]], y[: N + 20], [1.0] * N + [0.0] * 20,
        rationales=[*some(masks, 200), *more],
    )  # fmt: skip
    assert (weighted.predict_proba(texts) == taught.predict_proba(texts)).all()


def test_epochs_are_compared_by_agreement_with_people(marked):
    texts, y, masks = marked
    validation = texts[N:], y[N:], list(masks[N:])
    for name in ("token_f1", "auprc"):
        clf = unfitted(training=Training(compare_epochs_by=name, max_epochs=4))
        clf.fit(texts[:N], y[:N], rationales=some(masks, 200), validation_data=validation)
        values = clf.history_[f"valid_{name}"]
        assert clf.history_["best"].tolist() == [
            value > max([-1, *values[:i]]) for i, value in enumerate(values)
        ]
        measured = {
            "token_f1": token_f1_score(masks[N:], clf.transform(texts[N:])),
            "auprc": auprc_score(masks[N:], clf.selection_scores(texts[N:]), area="step"),
        }
        assert measured[name] == pytest.approx(values.max(), abs=1e-6)


def test_held_out_documents_keep_their_rationales(taught, marked):
    """A tenth of the marked reviews is held out, and agreement with these is told."""
    assert (taught.history_["valid_token_f1"] > 0.3).all()
    assert (taught.history_["valid_auprc"] > 0.3).all()
    assert np.isfinite(taught.history_["valid_auprc"]).all()


@pytest.mark.parametrize(
    ("rationales", "validation_rationales"),
    [(None, None), ("all", [None] * 20), ("all", [[]] * 20), ("one", None)],
)
def test_epochs_cannot_be_compared_by_what_nobody_marked(rationales, validation_rationales, marked):
    texts, y, masks = marked
    given = {"all": masks[:N], "one": some(masks, 0), None: None}[rationales]
    validation = None
    if validation_rationales is not None:
        validation = texts[N : N + 20], y[N : N + 20], validation_rationales
    clf = unfitted(training__compare_epochs_by="auprc")
    with pytest.raises(ValueError, match="compare_epochs_by='auprc', and nobody marked a word"):
        clf.fit(texts[:N], y[:N], rationales=given, validation_data=validation)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"rationales": [None]}, "rationales has 1 entries for 300 documents"),
        ({"rationales": some([[], [True] * 5], 2)}, r"rationales\[1\] is a mask of 5 words"),
        ({"rationales": some([[], [], [(95, 99)]], 3)}, r"rationales\[2\] marks words past"),
        ({"sample_weight": [0.0, 0.0] + [1.0] * 298, "rationales": some([[]] * 2 + [[True]], 3)},
         r"rationales\[2\] is a mask of 1 words"),
        ({"validation_data": (["a b"], ["noise"], [None] * 2)},
         r"validation_data\[2\] has 2 entries for 1 documents"),
        ({"validation_data": (["a b"], ["noise"], [[(0, 3)]])},
         r"validation_data\[2\]\[0\] marks words past the end of the document, which has 2"),
        ({"validation_data": (["a b"], ["noise"], None, None)}, r"\(texts, labels, rationales\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_its_document(parameters, message, marked):
    texts, y, _ = marked
    clf = unfitted()
    with pytest.raises(ValueError, match=message):
        clf.fit(texts[:N], y[:N], **parameters)
    assert not hasattr(clf, "classes_")


def test_marks_past_max_length_are_left_out(marked):
    texts, y, masks = marked
    one, other = (
        unfitted(max_length=20).fit(texts[:N], y[:N], rationales=given)
        for given in (masks[:N], masks[:N, :20])
    )
    assert (one.predict_proba(texts[N:]) == other.predict_proba(texts[N:])).all()


def test_the_same_seed_gives_the_same_model_in_every_door(taught, marked, tmp_path):
    texts, y, masks = marked
    again = clone(taught).fit(texts[:N], y[:N], rationales=some(masks, 200))
    save(taught, tmp_path / "model")
    for model in (again, pickle.loads(pickle.dumps(taught)), load(tmp_path / "model")):
        assert (model.predict_proba(texts[N:]) == taught.predict_proba(texts[N:])).all()
        np.testing.assert_array_equal(
            model.selection_scores(texts[N:]), taught.selection_scores(texts[N:])
        )
        assert model.history_.keys() == taught.history_.keys()


@pytest.mark.parametrize("style", ["words", "phrases"])
def test_training_goes_on_from_what_people_taught(style, marked):
    """A warm start and partial_fit keep it, and learn it where the model had no use for it yet."""
    texts, y, masks = marked
    clf = unfitted(style=style, warm_start=True, training__max_epochs=2)
    clf.fit(texts[:N], y[:N])
    before = auprc_score(masks[N:], clf.selection_scores(texts[N:]), area="step")
    clf.fit(texts[:N], y[:N], rationales=masks[:N])
    learned = auprc_score(masks[N:], clf.selection_scores(texts[N:]), area="step")
    assert learned > before
    clf.fit(texts[:N], y[:N])
    assert auprc_score(masks[N:], clf.selection_scores(texts[N:]), area="step") > before

    later = unfitted(style=style).fit(texts[:N], y[:N])
    later.partial_fit(texts[:N], y[:N])
    start = auprc_score(masks[N:], later.selection_scores(texts[N:]), area="step")
    for _ in range(3):
        later.partial_fit(texts[:N], y[:N], rationales=masks[:N])
    assert auprc_score(masks[N:], later.selection_scores(texts[N:]), area="step") > start


def test_partial_fit_learns_them_from_the_first_call(marked):
    texts, y, masks = marked
    models = [unfitted(), unfitted(training__compare_epochs_by="auprc")]
    for clf, rationales in zip(models, (None, masks[:N]), strict=True):
        for _ in range(3):
            clf.partial_fit(texts[:N], y[:N], np.unique(y), rationales=rationales)
    assert f1(models[1], marked) > f1(models[0], marked)


@pytest.mark.parametrize("of", [list, lambda rows: np.array([*rows, 0], dtype=object)[:-1]])
def test_rationales_are_routed_through_pipelines_and_searches(of, taught, marked):
    texts, y, masks = marked
    rationales = of(some(masks, 200))
    with config_context(enable_metadata_routing=True):
        clf = unfitted().set_fit_request(rationales=True)
        pipeline = make_pipeline(FunctionTransformer(), clf)
        pipeline.fit(texts[:N], y[:N], rationales=rationales)
        assert (pipeline.predict_proba(texts[N:]) == taught.predict_proba(texts[N:])).all()
        grid = {"selectiverationaleclassifier__training__rationale_weight": [0.0, 1.0]}
        search = GridSearchCV(pipeline, grid, cv=2, error_score="raise", scoring="accuracy")
        search.set_params(refit=False)
        search.fit(texts[:N], y[:N], rationales=rationales)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        found = cross_validate(
            clf, texts[:N], y[:N], cv=2, params={"rationales": rationales}, error_score="raise",
            return_estimator=True, return_indices=True,
        )  # fmt: skip
    train = found["indices"]["train"][0]
    alone = unfitted().fit(
        [texts[i] for i in train], y[train], rationales=[rationales[i] for i in train]
    )
    by_search = found["estimator"][0]
    assert (by_search.predict_proba(texts[N:]) == alone.predict_proba(texts[N:])).all()


def test_members_of_an_ensemble_learn_from_them(taught, marked):
    texts, y, masks = marked
    other = unfitted(initialization="logistic")
    rationales = some(masks, 200)
    committee = InteractiveCommittee([("one", unfitted()), ("two", other)])
    committee.fit(texts[:N], y[:N], rationales=rationales)
    for member, alone in zip(committee.estimators_, (taught, clone(other)), strict=True):
        if alone is not taught:
            alone.fit(texts[:N], y[:N], rationales=rationales)
        assert (member.predict_proba(texts[N:]) == alone.predict_proba(texts[N:])).all()


def test_texts_held_out_for_a_referee_keep_theirs(marked):
    texts, y, masks = marked
    members = [("one", unfitted()), ("two", unfitted(initialization="logistic"))]
    judged = InteractiveCommittee(members, rule="learned", random_state=0)
    judged.fit(texts[:N], y[:N], rationales=masks[:N])
    assert all("valid_token_f1" in member.history_ for member in judged.estimators_)
    with pytest.raises(ValueError, match=r"rationales\[299\] is a mask of 1 words"):
        judged.fit(texts[:N], y[:N], rationales=[*[None] * (N - 1), [True]])


def test_words_of_the_masks_are_those_of_the_tokenizer(marked):
    """What the other tests take for granted."""
    texts, _, masks = marked
    for text, mask in zip(texts, masks, strict=True):
        assert not mask[len(WordTokenizer().words(text)) :].any()
