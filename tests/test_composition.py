"""The estimators in the hands of scikit-learn's tools, as people put them together."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    ShuffleSplit,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.semi_supervised import SelfTrainingClassifier
from threadpoolctl import threadpool_limits

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, RationaleExtractor


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="module")
def quick(small):
    """Make a classifier that needs one short epoch to be right mostly."""

    def make(**parameters):
        return small(
            **{
                "training__max_epochs": 1,
                "encoder__n_filters": 2,
                "max_length": 40,
                **parameters,
            }
        )

    return make


@pytest.fixture(scope="module")
def some(reviews):
    """Texts and labels to train on, and others to test with."""
    texts, y, _ = reviews
    return texts[:120], y[:120], texts[300:], y[300:]


@pytest.fixture(scope="module")
def reader(quick, some):
    """A classifier fitted on the texts to train on. Not to be changed."""
    return quick().fit(*some[:2])


def kinds(quick):
    members = quick(), quick(initialization="logistic", random_state=1)
    return {
        "classifier": members[0],
        "ensemble": InteractiveEnsemble(*members),
        "committee": InteractiveCommittee([("a", members[0]), ("b", members[1])], rule="mean"),
    }


KINDS = pytest.mark.parametrize("kind", ["classifier", "ensemble", "committee"])
PRICE = {"classifier": "lambda1", "ensemble": "est1__lambda1", "committee": "a__lambda1"}


@KINDS
def test_grid_search(kind, quick, some):
    texts, y, new, y_new = some
    search = GridSearchCV(kinds(quick)[kind], {PRICE[kind]: [0.01, 0.1]}, cv=2, refit=True)
    search.fit(texts, y)
    assert search.score(new, y_new) > 0.8
    assert search.best_estimator_.get_params()[PRICE[kind]] == search.best_params_[PRICE[kind]]
    assert search.transform(new).dtype == bool  # as the best one gives them


@KINDS
def test_halving_search(kind, quick, some):
    texts, y, new, y_new = some
    search = HalvingGridSearchCV(
        kinds(quick)[kind], {PRICE[kind]: [0.01, 0.1]}, cv=2, factor=2, min_resources=60,
        random_state=0,
    ).fit(texts, y)  # fmt: skip
    assert search.n_resources_ == [60, 120]
    assert search.score(new, y_new) > 0.8


@KINDS
def test_cross_validation(kind, quick, some):
    texts, y = np.array(some[0]), some[1]
    estimator = kinds(quick)[kind]
    results = cross_validate(estimator, texts, y, cv=2, return_estimator=True, error_score="raise")
    assert results["test_score"].min() > 0.6
    proba = cross_val_predict(estimator, texts, y, cv=2, method="predict_proba")
    for fold, (_, test) in zip(
        results["estimator"], StratifiedKFold(2).split(texts, y), strict=True
    ):
        np.testing.assert_allclose(proba[test], fold.predict_proba(texts[test]), atol=1e-6)


@KINDS
def test_calibration(kind, quick, some):
    texts, y, new, y_new = some
    estimator = kinds(quick)[kind]
    refitted = CalibratedClassifierCV(estimator, cv=2).fit(texts, y)
    assert refitted.score(new, y_new) > 0.8
    kept = clone(estimator).fit(texts, y)
    over = CalibratedClassifierCV(FrozenEstimator(kept)).fit(new[:60], y_new[:60])
    assert over.calibrated_classifiers_[0].estimator.estimator is kept
    assert over.score(new[60:], y_new[60:]) > 0.8


@KINDS
def test_stacking(kind, quick, some, reader):
    texts, y, new, y_new = some
    beside = make_pipeline(TfidfVectorizer(), LogisticRegression())
    stack = StackingClassifier([("rationales", kinds(quick)[kind]), ("all", beside)], cv=2)
    assert stack.fit(texts, y).score(new, y_new) > 0.8
    over = StackingClassifier([("rationales", reader), ("other", reader)], cv="prefit")
    assert over.fit(new[:60], y_new[:60]).score(new[60:], y_new[60:]) > 0.8


@pytest.mark.parametrize("voting", ["hard", "soft"])
def test_voting(voting, quick, some):
    texts, y, new, y_new = some
    vote = VotingClassifier(list(kinds(quick).items()), voting=voting).fit(texts, y)
    assert vote.score(new, y_new) > 0.8
    assert set(vote.predict(new)) <= set(y)


def test_voting_of_frozen_members(some, reader):
    new, y_new = some[2:]
    vote = VotingClassifier([("a", FrozenEstimator(reader))], voting="soft").fit(new, y_new)
    np.testing.assert_array_equal(vote.predict(new), reader.predict(new))


@pytest.mark.xfail(
    raises=TypeError,
    strict=True,
    reason="scikit-learn's VotingClassifier encodes y, and counts the labels of frozen members",
)
def test_hard_voting_of_frozen_members(some, reader):
    new, y_new = some[2:]
    VotingClassifier([("a", FrozenEstimator(reader))], voting="hard").fit(new, y_new).predict(new)


@pytest.mark.parametrize(
    "around",
    [OneVsRestClassifier, lambda clf: OutputCodeClassifier(clf, code_size=3, random_state=0)],
    ids=["one against the rest", "output codes"],
)
def test_a_classifier_a_class(around, quick, some):
    texts, y, new, y_new = some
    assert around(quick()).fit(texts, y).score(new, y_new) > 0.7


def test_several_labels_a_document(quick, some):
    texts, y, new, y_new = some
    both = np.column_stack([y == "food", y == "noise"]).astype(int)
    predicted = MultiOutputClassifier(quick()).fit(texts, both).predict(new)
    assert np.mean(predicted[:, 0] == (y_new == "food")) > 0.8


def test_thresholds(quick, some):
    texts, y, new, y_new = some
    tuned = TunedThresholdClassifierCV(quick(), cv=2).fit(texts, y == "food")
    assert tuned.score(new, y_new == "food") > 0.8
    strict = FixedThresholdClassifier(quick(), threshold=0.999, pos_label=True)
    assert not strict.fit(texts, y == "food").predict(new).all()


def without_breaks(texts):
    return [text.replace("<br />", " ") for text in texts]


@KINDS
def test_behind_a_transformer_that_cleans_texts(kind, quick, some):
    texts, y, new, _ = some
    dirty = [text.replace(" ", "<br />", 3) for text in new]
    pipeline = make_pipeline(FunctionTransformer(without_breaks), kinds(quick)[kind]).fit(texts, y)
    alone = clone(kinds(quick)[kind]).fit(texts, y)
    np.testing.assert_allclose(pipeline.predict_proba(dirty), alone.predict_proba(new), atol=1e-6)
    np.testing.assert_array_equal(pipeline.transform(dirty), alone.transform(new))


@KINDS
def test_parameters_set_between_fits(kind, quick, some):
    texts, y, new, _ = some
    estimator = kinds(quick)[kind].fit(texts, y)
    before = estimator.predict_proba(new)
    estimator.set_params(**{PRICE[kind].replace("lambda1", "initialization"): "combined"})
    np.testing.assert_array_equal(estimator.predict_proba(new), before)  # not before the next fit
    again = estimator.fit(texts, y).predict_proba(new)
    np.testing.assert_array_equal(again, clone(estimator).fit(texts, y).predict_proba(new))
    assert not np.array_equal(again, before)


def test_masks_beside_other_features(quick, some):
    texts, y, new, _ = some
    union = FeatureUnion([("masks", quick()), ("words", TfidfVectorizer())]).fit(texts, y)
    assert union.transform(new).shape[1] > 40


# Some of scikit-learn's meta-estimators demand an array of two dimensions.

TWO_DIMENSIONS = {
    "bagging": lambda clf: BaggingClassifier(clf, n_estimators=2, random_state=0),
    "boosting": lambda clf: AdaBoostClassifier(clf, n_estimators=2, random_state=0),
    "one against one": OneVsOneClassifier,
    "self-training": SelfTrainingClassifier,
    "chain": ClassifierChain,
}


@pytest.mark.parametrize("name", TWO_DIMENSIONS)
@pytest.mark.xfail(
    raises=ValueError, strict=True, reason="scikit-learn demands X of two dimensions here"
)
def test_meta_estimators_that_demand_a_table(name, quick, some):
    texts, y, _, _ = some
    TWO_DIMENSIONS[name](quick()).fit(texts, y)


def test_bagging_reads_a_column_of_texts(quick, some):
    texts, y, new, y_new = some
    column, new_column = (np.array(part, dtype=object).reshape(-1, 1) for part in (texts, new))
    flat = make_pipeline(FunctionTransformer(np.ravel), quick())
    bagging = TWO_DIMENSIONS["bagging"](flat).fit(column, y)
    assert bagging.score(new_column, y_new) > 0.8


# No way leads round a chain: it gives the labels of earlier links to later ones as columns.
@pytest.mark.parametrize("name", ["one against one", "self-training"])
def test_others_read_numbers_of_texts(name, quick, some):
    texts, y, new, y_new = some
    everything = np.array([*texts, *new], dtype=object)
    look_up = FunctionTransformer(lambda rows: everything[rows.ravel()])
    numbers = np.arange(len(everything)).reshape(-1, 1)
    target, wanted = y, y_new
    if name == "self-training":
        known = np.arange(len(y)) % 3 > 0  # of the others it has to learn the labels itself
        target = np.where(known, np.unique(y, return_inverse=True)[1], -1)
        wanted = np.unique(y_new, return_inverse=True)[1]
    model = TWO_DIMENSIONS[name](make_pipeline(look_up, quick()))
    predicted = model.fit(numbers[: len(y)], target).predict(numbers[len(y) :])
    assert np.mean(predicted == wanted) > 0.8


# The classifier upstream: others read the words it selects.


@KINDS
def test_rationales_as_texts_hold_the_selected_words_and_nothing_else(kind, quick, some):
    texts, y, new, _ = some
    estimator = kinds(quick)[kind].fit(texts, y)
    extracted = RationaleExtractor(estimator).fit(texts).transform(new)
    assert extracted.shape == (len(new),)
    assert extracted.dtype == object
    for text, rationale in zip(extracted, estimator.explain(new), strict=True):
        assert text.lower().replace("…", " ").split() == rationale.words
        n_pieces = np.count_nonzero(np.diff(rationale.mask.astype(int), prepend=0) == 1)
        assert text.count("…") == max(n_pieces - 1, 0)


def test_the_mark_stands_between_pieces(reader):
    text = "Swarming ants in the bed, and on the stairs a choir: barking dogs!"
    (rationale,) = reader.explain([text])
    extractors = [RationaleExtractor(reader, mark=mark).fit([text]) for mark in ("[...]", "")]
    (marked,), (plain,) = (extractor.transform([text]) for extractor in extractors)
    words = [text[slice(*rationale.spans[i])] for i in np.flatnonzero(rationale.mask)]
    assert plain == " ".join(words)
    assert marked.replace(" [...]", "") == plain
    n_gaps = np.count_nonzero(np.diff(np.flatnonzero(rationale.mask)) > 1)
    assert marked.count(" [...] ") == marked.count("[...]") == n_gaps > 0
    assert extractors[0].transform(["", "zzz"]).tolist() == ["", ""]


@KINDS
def test_a_classifier_that_reads_rationales(kind, quick, some):
    texts, y, new, y_new = some
    pipeline = make_pipeline(
        RationaleExtractor(kinds(quick)[kind]), TfidfVectorizer(), LogisticRegression()
    ).fit(texts, y)
    assert pipeline.score(new, y_new) > 0.8
    known = set(pipeline[1].get_feature_names_out())
    selected = {word for r in pipeline[0].classifier_.explain(texts) for word in r.words}
    assert known <= selected
    lambda1 = f"rationaleextractor__classifier__{PRICE[kind]}"
    search = GridSearchCV(pipeline, {lambda1: [0.01, 0.1]}, cv=2, error_score="raise")
    assert search.fit(texts, y).score(new, y_new) > 0.8


def test_training_texts_are_read_by_a_classifier_trained_without_them(quick, some):
    texts, y, new, y_new = some
    extractor = RationaleExtractor(quick(), cv=3)
    crossed = extractor.fit_transform(texts, y)
    documents = np.array(texts, dtype=object)
    for train, test in StratifiedKFold(3).split(texts, y):
        part = RationaleExtractor(quick().fit(documents[train], y[train])).fit([])
        np.testing.assert_array_equal(crossed[test], part.transform(documents[test]))
    whole = RationaleExtractor(quick()).fit(texts, y)
    np.testing.assert_array_equal(extractor.transform(new), whole.transform(new))
    assert (crossed != whole.transform(texts)).any()
    pipeline = make_pipeline(extractor, TfidfVectorizer(), LogisticRegression())
    assert pipeline.fit(texts, y).score(new, y_new) > 0.8


def test_a_fitted_classifier_is_not_trained_again(reader, some):
    texts, y, _, _ = some
    extractor = RationaleExtractor(reader, cv=3)
    np.testing.assert_array_equal(
        extractor.fit_transform(texts), RationaleExtractor(reader).fit(texts).transform(texts)
    )
    assert extractor.classifier_ is reader
    again = RationaleExtractor(reader, prefit=False).fit(texts[:60], y[:60])
    assert again.classifier_ is not reader
    assert clone(extractor).fit(texts[:60], y[:60]).classifier_ is not reader
    kept = FrozenEstimator(reader)
    assert clone(RationaleExtractor(kept)).fit(texts).classifier_ is kept


def test_what_an_extractor_refuses(quick, reader, some):
    texts, y, _, _ = some
    with pytest.raises(NotFittedError, match="classifier is not fitted, and prefit=True"):
        RationaleExtractor(quick(), prefit=True).fit(texts, y)
    with pytest.raises(TypeError, match=r"classifier=LogisticRegression.*has no rationales"):
        RationaleExtractor(LogisticRegression()).fit(texts, y)
    with pytest.raises(ValueError, match=r"cv=ShuffleSplit.*tests X\[\d+\] \d times"):
        RationaleExtractor(quick(), cv=ShuffleSplit(2, random_state=0)).fit_transform(texts, y)
    with pytest.raises(ValueError, match="y=None"):
        RationaleExtractor(quick()).fit(texts)
    with pytest.raises(ValueError, match="120 documents and y 3 labels"):
        RationaleExtractor(reader).fit(texts, y[:3])
    with pytest.raises(ValueError, match="'mark' parameter of RationaleExtractor"):
        RationaleExtractor(reader, mark=None).fit(texts)


def test_what_fit_is_given_reaches_the_classifier(quick, some):
    texts, y, new, y_new = some
    wanted = quick().fit(texts, y, validation_data=(new, y_new)).transform(new)
    extractor = RationaleExtractor(quick())
    extractor.fit(texts, y, validation_data=(new, y_new))
    np.testing.assert_array_equal(extractor.classifier_.transform(new), wanted)
    pipeline = make_pipeline(extractor, TfidfVectorizer(), LogisticRegression())
    pipeline.fit(texts, y, rationaleextractor__validation_data=(new, y_new))
    np.testing.assert_array_equal(pipeline[0].classifier_.transform(new), wanted)
    assert (quick().fit(texts, y).transform(new) != wanted).any()


def test_weights_of_documents_go_with_them_into_the_folds(quick, some):
    texts, y, new, _ = some
    documents, weights = np.array(texts, dtype=object), np.where(y == "food", 10.0, 0.1)
    extractor = RationaleExtractor(quick(initialization="logistic"), cv=2)
    crossed = extractor.fit_transform(texts, y, sample_weight=weights)
    for train, test in StratifiedKFold(2).split(texts, y):
        part = clone(extractor.classifier)
        part.fit(documents[train], y[train], sample_weight=weights[train])
        wanted = RationaleExtractor(part).fit([]).transform(documents[test])
        np.testing.assert_array_equal(crossed[test], wanted)
    assert (extractor.fit(texts, y).transform(new) != extractor.fit(
        texts, y, sample_weight=weights).transform(new)).any()  # fmt: skip


def test_what_fit_is_given_is_routed_to_the_classifier(quick, some):
    texts, y, new, y_new = some
    wanted = quick().fit(texts, y, validation_data=(new, y_new)).transform(new)
    with config_context(enable_metadata_routing=True):
        asking = quick().set_fit_request(validation_data=True)
        pipeline = make_pipeline(
            RationaleExtractor(asking), TfidfVectorizer(), LogisticRegression()
        ).fit(texts, y, validation_data=(new, y_new))
    np.testing.assert_array_equal(pipeline[0].classifier_.transform(new), wanted)
