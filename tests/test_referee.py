"""The rule that is learned: what it learns, when it decides, and that it keeps one rationale."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_validate

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, bulk, load, save
from sklearn_irx import dask as irx_dask
from sklearn_irx.ensemble.answers import answer_columns
from sklearn_irx.ensemble.referee import LEAST_TEXTS, Referee, fit_referee
from sklearn_irx.exchange import FEATURES, LEARNED, candidate_features, settle, settle_by
from sklearn_irx.inspection import explain_documents, rationale_report
from sklearn_irx.metrics import interaction_table

# On arrays


def of_label(label, confidence):
    """The probabilities of two classes, of which one is predicted with this confidence."""
    return np.where(np.arange(2) == label[:, None], confidence[:, None], 1 - confidence[:, None])


def seductive_pair(n, seed, *, share_right=0.2):
    """Two models that disagree on n documents. The first convinces both, and is seldom right.

    So by Algorithm 1, its rationale is kept wherever the models disagree.
    """
    random = np.random.RandomState(seed)
    y = random.randint(2, size=n)
    first = np.where(random.uniform(size=n) < share_right, y, 1 - y)
    confidence = random.uniform(0.6, 0.9, size=(2, 2, n))
    readings = np.empty((2, 2, n, 2))
    for reader, owner, label in [(0, 0, first), (1, 0, first), (0, 1, first), (1, 1, 1 - first)]:
        readings[reader, owner] = of_label(label, confidence[reader, owner])
    features = candidate_features(readings, random.randint(1, 9, size=(2, n)), np.full(n, 40))
    return readings, features, y


def accuracy(readings, features, y, referee):
    settled = settle_by(readings, referee.probabilities(features), LEARNED)
    return np.mean(settled.probabilities.argmax(axis=1) == y)


def test_a_member_that_convinces_and_is_wrong_is_found_out():
    readings, features, y = seductive_pair(120, seed=0)
    referee = fit_referee(readings, features, y, n_texts=500)
    fresh = seductive_pair(400, seed=1)
    by_algorithm_1 = np.mean(settle(fresh[0]).probabilities.argmax(axis=1) == fresh[2])
    assert by_algorithm_1 < 0.3
    assert referee.rule == LEARNED
    assert accuracy(*fresh, referee) > 0.7
    assert referee.accuracy > 0.7 > 0.3 > referee.accuracy_convinced
    assert (referee.n_texts, referee.n_disputed, referee.n_decidable) == (500, 120, 120)
    assert list(referee.coefficients) == list(FEATURES)


def test_its_probabilities_are_calibrated_on_fresh_documents():
    referee = fit_referee(*seductive_pair(300, seed=0), n_texts=300)
    readings, features, y = seductive_pair(2000, seed=1)
    right = readings[[0, 1], [0, 1]].argmax(axis=2) == y
    np.testing.assert_allclose(
        referee.probabilities(features).mean(axis=1), right.mean(axis=1), atol=0.06
    )


def test_its_probabilities_are_those_of_the_formula():
    readings, features, y = seductive_pair(60, seed=0)
    referee = fit_referee(readings, features, y, n_texts=60)
    for member, document in [(0, 0), (1, 0), (1, 59)]:
        log_odds = referee.intercepts[member] + sum(
            referee.coefficients[name] * value
            for name, value in zip(FEATURES, features[member, document], strict=True)
        )
        assert referee.probabilities(features)[member, document] == pytest.approx(
            1 / (1 + np.exp(-log_odds))
        )


def test_the_same_documents_give_the_same_referee():
    of = seductive_pair(60, seed=0)
    assert fit_referee(*of, n_texts=60) == fit_referee(*of, n_texts=60)


def test_algorithm_1_stays_where_it_is_not_beaten():
    # Whoever convinces is right: the referee can be as good, and no better.
    referee = fit_referee(*seductive_pair(80, seed=0, share_right=1), n_texts=80)
    assert referee.accuracy_convinced == 1
    assert referee.rule == "convinced"


def test_algorithm_1_stays_where_too_few_documents_are_disputed():
    readings, features, y = seductive_pair(LEAST_TEXTS, seed=0)
    few = fit_referee(readings[:, :, 1:], features[:, 1:], y[1:], n_texts=300)
    assert (few.rule, few.accuracy, few.coefficients) == ("convinced", None, {})
    assert few.accuracy_convinced == pytest.approx(
        np.mean(settle(readings[:, :, 1:]).probabilities.argmax(axis=1) == y[1:])
    )
    assert fit_referee(readings, features, y, n_texts=300).accuracy is not None
    none = fit_referee(readings[:, :, :0], features[:, :0], y[:0], n_texts=300)
    assert (none.rule, none.n_disputed, none.accuracy_convinced) == ("convinced", 0, None)


def test_documents_on_which_nobody_is_right_do_not_count():
    readings, features, y = seductive_pair(40, seed=0)
    three = np.concatenate([readings, np.zeros((*readings.shape[:3], 1))], axis=3)
    nobody = fit_referee(three, features, np.full(40, 2), n_texts=40)
    assert (nobody.n_decidable, nobody.accuracy_convinced, nobody.rule) == (0, 0, "convinced")
    some = fit_referee(three, features, np.where(np.arange(40) < 15, 2, y), n_texts=40)
    assert (some.n_disputed, some.n_decidable, some.accuracy) == (
        40,
        25,
        pytest.approx(0.5, abs=0.2),
    )


@settings(max_examples=50)
@given(
    st.integers(2, 4),
    st.integers(1, 20),
    st.integers(2, 4),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_the_result_is_one_members_rationale_with_its_label(n, n_samples, n_classes, seed, flat):
    random = np.random.RandomState(seed)
    readings = random.dirichlet(np.ones(n_classes), size=(n, n, n_samples))
    features = candidate_features(
        readings, random.randint(9, size=(n, n_samples)), random.randint(9, 20, size=n_samples)
    )
    weights = np.zeros(len(FEATURES)) if flat else random.normal(size=len(FEATURES))
    coefficients = dict(zip(FEATURES, weights.tolist(), strict=True))
    referee = Referee(9, 9, 9, coefficients=coefficients, intercepts=(0.0,) * n)
    scores = referee.probabilities(features)
    settled = settle_by(readings, scores, LEARNED)
    everyone, documents = np.arange(n), np.arange(n_samples)
    own = readings[everyone, everyone]
    labels = own.argmax(axis=2)
    np.testing.assert_array_equal(settled.probabilities, own[settled.chosen, documents])
    disputed = (labels != labels[0]).any(axis=0)
    assert (settled.chosen[~disputed] == 0).all()
    assert set(settled.case[~disputed]) <= {"agree"}
    kept = scores[settled.chosen, documents]
    np.testing.assert_array_equal(kept[disputed], scores.max(axis=0)[disputed])
    if flat:  # then the most confident is kept
        most = own.max(axis=2)
        np.testing.assert_array_equal(
            most[settled.chosen, documents][disputed], most.max(axis=0)[disputed]
        )
        assert set(settled.case[disputed]) <= {"confidence"}


# Of ensembles


@pytest.fixture(scope="module")
def pair(small, other, reviews):
    """Two fitted members, labels for all texts as the second gives them, and disputed rows."""
    texts, y, _ = reviews
    weak = small(random_state=3, training__max_epochs=1).fit(texts[:16], y[:16])
    truth = other.predict(texts)
    disputed = np.flatnonzero(weak.predict(texts) != truth)
    assert len(disputed) >= 3 * LEAST_TEXTS, "no disagreement: these tests see nothing"
    return weak, other, truth, disputed


@pytest.fixture(scope="module")
def trusting(pair, reviews):
    """A pair that has learned on every second text that the second member is always right."""
    weak, other, y, _ = pair
    return InteractiveEnsemble(weak, other, rule="learned").fit(reviews[0][::2], y[::2])


def test_a_pair_of_fitted_members_learns_whom_to_trust(trusting, pair, reviews):
    weak, other, y, _ = pair
    assert trusting.estimators_ == [weak, other]
    assert trusting.rule_ == "learned" == trusting.referee_.rule
    assert trusting.referee_.n_texts == len(reviews[0][::2])
    texts, truth = reviews[0][1::2], y[1::2]
    by_algorithm_1 = InteractiveEnsemble(weak, other).fit(texts)
    assert (by_algorithm_1.rule_, by_algorithm_1.referee_) == ("convinced", None)
    assert trusting.score(texts, truth) > by_algorithm_1.score(texts, truth)
    assert trusting.score(texts, truth) > 0.99
    masks = other.transform(texts)
    disputed = np.flatnonzero(weak.predict(texts) != truth)
    np.testing.assert_array_equal(trusting.transform(texts)[disputed], masks[disputed])
    np.testing.assert_allclose(
        trusting.predict_proba(texts)[disputed], other.predict_proba(texts)[disputed]
    )


def test_the_result_tells_what_the_referee_thinks(trusting, pair, reviews):
    texts = reviews[0]
    exchange = trusting.exchange(texts)
    columns = exchange.to_dict()
    assert trusting.cases_ == ("agree", "learned", "confidence")
    disputed = columns["case"] != "agree"
    np.testing.assert_array_equal(np.flatnonzero(disputed), pair[3])
    assert np.isnan(columns["referee_1"][~disputed]).all()
    first, second = columns["referee_1"][disputed], columns["referee_2"][disputed]
    assert ((first > 0) & (second > 0) & (first < 1) & (second < 1)).all()
    np.testing.assert_array_equal(columns["chosen"][disputed], np.where(first > second, 1, 2))
    some = exchange[pair[3][3:6]]
    np.testing.assert_array_equal(some.of_referee, exchange.of_referee[:, 3:6])
    assert not any(
        name.startswith("referee")
        for name in InteractiveEnsemble(*pair[:2]).fit(texts).interact(texts)
    )


def test_what_shows_ensembles_shows_a_learned_one(trusting, pair, reviews):
    texts, truth = reviews[0][:80], pair[2][:80]
    row = int(pair[3][0])
    answers = answer_columns(trusting, texts)
    assert answers["case"][row] == "learned"
    sentence = "The label of Model 2 is likeliest to be right, by what was learned on other texts."
    assert answers["case_text"][row] == sentence
    assert explain_documents(trusting, texts)[row].explanation == sentence
    assert trusting.explain(texts)[row].case == "learned"
    table = interaction_table(trusting, texts, truth)
    assert dict(zip(table["case"], table["count"], strict=True))["learned"] > 0
    assert "by referee" in rationale_report(trusting, texts, truth).html


def test_tables_and_data_frames_of_dask_are_scored(trusting, pair, reviews, tmp_path):
    dask_frames = pytest.importorskip("dask.dataframe")
    texts = [reviews[0][row] for row in pair[3][:9]]
    frame = pd.DataFrame({"text": texts})
    frame.to_csv(tmp_path / "new.csv", index=False)
    save(trusting, tmp_path / "model")
    bulk.score(load(tmp_path / "model"), tmp_path / "new.csv", tmp_path / "out")
    (part,) = (tmp_path / "out").glob("part-*")
    scored = pd.read_csv(part)
    assert scored["label_pred"].tolist() == trusting.predict(texts).tolist()
    assert "learned" in set(scored["case"])
    series = dask_frames.from_pandas(frame, npartitions=2)["text"]
    found = irx_dask.explain(trusting, series).compute(scheduler="sync")
    assert found["case"].tolist() == scored["case"].tolist()


def test_a_committee_learns_too_and_falls_back(pair, small, reviews):
    texts, y, _ = reviews
    weak, other, truth, _ = pair
    third = small(random_state=2, rationale_length=3).fit(texts[60:120], y[60:120])
    members = [("weak", weak), ("other", other), ("short", third)]
    committee = InteractiveCommittee(members, rule="learned").fit(texts[::2], truth[::2])
    assert (committee.rule_, committee.rule_scores_) == ("learned", {})
    assert committee.score(texts[1::2], truth[1::2]) > 0.95
    # As if Algorithm 1, for three, were the truth: nothing is better.
    convinced = InteractiveCommittee(members).fit(texts)
    same = InteractiveCommittee(members, rule="learned").fit(texts, convinced.predict(texts))
    assert (same.rule_, same.referee_.accuracy_convinced) == ("convinced", 1)
    np.testing.assert_array_equal(same.predict_proba(texts), convinced.predict_proba(texts))
    assert same.cases_ == convinced.cases_
    agreeing = InteractiveEnsemble(other, other, rule="learned").fit(texts, y)
    assert (agreeing.rule_, agreeing.referee_.n_disputed) == ("convinced", 0)


def test_members_fitted_here_never_learn_from_what_the_referee_does(small, reviews, monkeypatch):
    texts, y, _ = reviews
    seen = []
    original = type(small()).fit

    def watched(self, X, labels, sample_weight=None, *, validation_data):
        seen.append((list(X), list(validation_data[0]), sample_weight))
        return original(self, X, labels, sample_weight, validation_data=validation_data)

    monkeypatch.setattr(type(small()), "fit", watched)
    members = small(training__max_epochs=1), small(training__max_epochs=1, random_state=1)
    ensemble = InteractiveEnsemble(
        *members, rule="learned", validation_fraction=0.25, random_state=0, n_jobs=1
    )
    weights = np.arange(1.0, 121)
    first = ensemble.fit(texts[:120], y[:120], sample_weight=weights).referee_
    (learned, held_out, of_learned), again = seen
    assert again[:2] == (learned, held_out)
    assert sorted(learned + held_out) == sorted(texts[:120])
    assert len(held_out) == pytest.approx(30, abs=2)
    assert [texts.index(text) + 1 for text in learned] == of_learned.tolist()
    assert first.n_texts == len(held_out)
    assert clone(ensemble).fit(texts[:120], y[:120], sample_weight=weights).referee_ == first
    seen.clear()
    ensemble.fit(texts[:60], y[:60], validation_data=(texts[60:90], y[60:90]))
    assert [(len(of), len(apart)) for of, apart, _ in seen] == [(60, 30)] * 2


def test_texts_held_out_serve_the_calibration_too(small, pair, reviews):
    weak, other, y, _ = pair
    ensemble = InteractiveEnsemble(weak, other, rule="learned", calibration="temperature")
    ensemble.fit(reviews[0], y)
    assert (ensemble.calibration_temperatures_ != 1).any()


def test_too_few_texts_are_named_before_anything_is_fitted(small, pair, reviews, monkeypatch):
    texts, y, _ = reviews
    weak, other, *_ = pair
    with pytest.raises(ValueError, match="y=None: give the label"):
        InteractiveEnsemble(weak, other, rule="learned").fit(texts)
    with pytest.raises(ValueError, match=r"rule='learned' and 19 texts .*at least 20 that no"):
        InteractiveEnsemble(weak, other, rule="learned").fit(texts[:19], y[:19])
    monkeypatch.setattr(type(small()), "fit", None)
    unfitted = InteractiveCommittee([("a", small()), ("b", small())], rule="learned")
    with pytest.raises(ValueError, match="validation_fraction of more texts"):
        unfitted.fit(texts[:60], y[:60])
    with pytest.raises(ValueError, match="and 2 texts to learn it from"):
        unfitted.fit(texts, y, validation_data=(texts[:2], y[:2]))
    with pytest.raises(ValueError, match=r"'validation_fraction' parameter .* Got 1\.5"):
        unfitted.set_params(validation_fraction=1.5).fit(texts, y)
    with pytest.raises(ValueError, match="'rule' parameter of InteractiveEnsemble"):
        InteractiveEnsemble(weak, other, rule="mean").fit(texts)


def test_cloning_searching_and_cross_validation(pair, reviews):
    weak, other, y, _ = pair
    frozen = InteractiveEnsemble(
        FrozenEstimator(weak), FrozenEstimator(other), rule="learned", random_state=3
    )
    assert clone(frozen).get_params()["rule"] == "learned"
    grid = GridSearchCV(frozen, {"rule": ["convinced", "learned"]}, cv=2).fit(reviews[0], y)
    assert grid.best_params_ == {"rule": "learned"}
    scores = cross_validate(frozen, reviews[0], y, cv=2, return_estimator=True)
    assert [one.rule_ for one in scores["estimator"]] == ["learned"] * 2
    assert scores["test_score"].min() > 0.95
