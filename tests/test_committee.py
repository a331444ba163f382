"""What a user of the committee sees."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.naive_bayes import MultinomialNB

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble
from sklearn_irx.exchange import RULES
from sklearn_irx.inspection import to_html
from sklearn_irx.metrics import interaction_table


@pytest.fixture(scope="module")
def members(fitted, other, small, reviews):
    """Three fitted models that disagree now and then."""
    texts, y, _ = reviews
    third = small(random_state=2, rationale_length=3).fit(texts[60:120], y[60:120])
    return [("full", fitted), ("few", other), ("short", third)]


@pytest.fixture(scope="module")
def committee(members, reviews):
    return InteractiveCommittee(members).fit(reviews[0])


@pytest.fixture(scope="module")
def disputed(committee, reviews):
    happened = committee.interact(reviews[0])
    rows = np.flatnonzero(happened["case"] != "agree")
    assert len(rows) >= 10, "no disagreement: these tests see nothing"
    assert len(set(happened["chosen"][rows])) == 3
    return rows


def test_two_members_are_the_interactive_ensemble(fitted, other, reviews):
    texts = reviews[0]
    ensemble = InteractiveEnsemble(fitted, other).fit(texts)
    pair = InteractiveCommittee([("one", fitted), ("two", other)]).fit(texts)
    np.testing.assert_array_equal(pair.predict_proba(texts), ensemble.predict_proba(texts))
    np.testing.assert_array_equal(pair.transform(texts), ensemble.transform(texts))
    expected, happened = ensemble.interact(texts), pair.interact(texts)
    assert (expected["case"] != "agree").sum() >= 5
    np.testing.assert_array_equal(
        happened["chosen"], np.where(expected["chosen"] == 1, "one", "two")
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_prediction_is_made_from_the_rationale_that_is_returned(
    rule, members, reviews, disputed
):
    texts = [reviews[0][row] for row in disputed]
    committee = InteractiveCommittee(members, rule=rule).fit(texts)
    masks, probabilities = committee.transform(texts), committee.predict_proba(texts)
    happened = committee.interact(texts)
    assert set(happened["case"]) <= {rule, "confidence"} <= set(committee.cases_)
    read = {name: member.predict_proba(texts, masks=masks) for name, member in members}
    for name, member in members:
        kept = happened["chosen"] == name
        np.testing.assert_array_equal(masks[kept], member.transform(texts)[kept])
        expected = read[name] if rule != "consensus" else np.mean(list(read.values()), axis=0)
        np.testing.assert_allclose(probabilities[kept], expected[kept], atol=1e-6)
    np.testing.assert_array_equal(committee.predict(texts), happened["label"])


def test_where_all_agree_the_first_member_answers(committee, fitted, reviews, disputed):
    texts = np.delete(np.array(reviews[0], dtype=object), disputed)
    np.testing.assert_array_equal(committee.predict_proba(texts), fitted.predict_proba(texts))
    np.testing.assert_array_equal(committee.transform(texts), fitted.transform(texts))
    assert set(committee.interact(texts)["case"]) == {"agree"}


def test_only_documents_in_disagreement_are_exchanged(
    committee, fitted, reviews, disputed, monkeypatch
):
    read = []
    original = type(fitted).predict_with_masks

    def counting(self, X, masks=None, **options):
        if masks is not None:
            read.append(len(X))
        return original(self, X, masks, **options)

    monkeypatch.setattr(type(fitted), "predict_with_masks", counting)
    committee.predict(reviews[0])
    assert read == [len(disputed)] * 6


def test_interact_tells_whom_each_rationale_convinced(committee, members, reviews, disputed):
    texts = reviews[0]
    happened = committee.interact(texts, as_frame=True)
    assert happened.columns[-3:].tolist() == ["case", "chosen", "label"]
    for name, member in members:
        assert happened[f"label_{name}"].tolist() == member.predict(texts).tolist()
        np.testing.assert_array_equal(
            happened[f"confidence_{name}"], member.predict_proba(texts).max(axis=1)
        )
        masks = member.transform(texts)
        others = [m for other_name, m in members if other_name != name]
        convinced = sum(
            m.classes_[m.predict_proba(texts, masks=masks).argmax(axis=1)] == member.predict(texts)
            for m in others
        )
        assert happened[f"convinced_by_{name}"][disputed].tolist() == convinced[disputed].tolist()
        assert happened[f"convinced_by_{name}"].drop(disputed).isna().all()
        for other_name, reader in members:
            if other_name == name:
                continue
            read = reader.predict_proba(texts, masks=masks)
            given = happened[f"label_{other_name}_given_{name}"]
            assert (
                given[disputed].tolist() == reader.classes_[read.argmax(axis=1)][disputed].tolist()
            )
            assert given.drop(disputed).isna().all()
            sure = happened[f"confidence_{other_name}_given_{name}"]
            np.testing.assert_allclose(sure[disputed], read.max(axis=1)[disputed], atol=1e-6)
            assert sure.drop(disputed).isna().all()
    np.testing.assert_array_equal(
        happened["confidence"], committee.predict_proba(texts).max(axis=1)
    )


def test_every_member_reads_every_rationale(committee, members, fitted, other, reviews):
    texts = reviews[0][:30]
    read = committee.cross_predict_proba(texts)
    assert read.shape == (3, 3, 30, 3)
    for i, (_, reader) in enumerate(members):
        for j, (_, owner) in enumerate(members):
            expected = reader.predict_proba(texts, masks=owner.transform(texts))
            np.testing.assert_allclose(read[i, j], expected, atol=1e-6)
    both = InteractiveEnsemble(fitted, other).fit(texts)
    np.testing.assert_array_equal(both.cross_predict_proba(texts), read[:2, :2])


def test_explain_tells_the_case_and_a_page_shows_it(committee, reviews, disputed):
    texts = [reviews[0][row] for row in (disputed[0], 0)]
    rationales = committee.explain(texts)
    assert [r.case for r in rationales] == committee.interact(texts)["case"].tolist()
    assert [r.label for r in rationales] == committee.predict(texts).tolist()
    assert rationales[0].case in to_html(rationales)


def test_table_of_cases_names_the_members(committee, reviews):
    texts, y, _ = reviews
    table = pd.DataFrame(interaction_table(committee, texts, y)).set_index("case")
    assert table.index.tolist() == ["agree", "convinced", "confidence"]
    accuracies = ["accuracy", "accuracy_full", "accuracy_few", "accuracy_short"]
    assert table.columns.tolist() == ["count", "share", *accuracies]
    assert table["count"].sum() == len(texts)
    right = (table["share"] * table["accuracy"]).sum()
    assert right == pytest.approx(committee.score(texts, y))
    few = (table["share"] * table["accuracy_few"]).sum()
    assert few == pytest.approx(committee.named_estimators_.few.score(texts, y))


def test_parameters_and_members_are_reached_by_name(members, small, reviews):
    committee = InteractiveCommittee([("a", small()), ("b", small())])
    assert committee.get_params()["b__lambda1"] == 0.01
    committee.set_params(rule="mean", b__lambda1=0.5, a=small(lambda2=0.25))
    assert committee.rule == "mean"
    assert committee.estimators[1][1].lambda1 == 0.5
    assert clone(committee).get_params()["a__lambda2"] == 0.25
    with pytest.raises(ValueError, match="Invalid parameter 'c'"):
        committee.set_params(c=3)
    fitted = InteractiveCommittee(members).fit(["ants"])
    assert fitted.estimators_ == [member for _, member in members]
    assert fitted.named_estimators_.few is members[1][1]
    assert "short" in fitted._repr_html_()


def test_auto_takes_the_rule_that_is_right_most_often(members, reviews):
    texts = reviews[0]
    committees = {rule: InteractiveCommittee(members, rule=rule).fit(texts) for rule in RULES}
    # As if the truth were what one of the rules says.
    y = committees["vote"].predict(texts)
    scores = {rule: committee.score(texts, y) for rule, committee in committees.items()}
    assert sorted(scores.values())[-2] < 1, "another rule says the same: this test sees nothing"
    auto = InteractiveCommittee(members, rule="auto").fit(texts, validation_data=(texts, y))
    assert auto.rule_scores_ == pytest.approx(scores)
    assert auto.rule_ == "vote"
    np.testing.assert_array_equal(auto.predict(texts), y)


def test_auto_asks_for_validation_data_before_anything_is_fitted(small, reviews, monkeypatch):
    texts, y, _ = reviews
    unfitted = [("a", small()), ("b", small())]
    monkeypatch.setattr(type(small()), "fit", None)
    with pytest.raises(ValueError, match="rule='auto', but validation_data=None: give fit"):
        InteractiveCommittee(unfitted, rule="auto").fit(texts, y)
    with pytest.raises(ValueError, match=r"validation_data\[1\] has labels .*beach"):
        InteractiveCommittee(unfitted, rule="auto").fit(
            texts, y, validation_data=(["sea"], ["beach"])
        )


def test_members_fitted_here_compare_epochs_on_the_validation_data(small, reviews):
    texts, y, _ = reviews
    held_out = texts[60:90], y[60:90]
    alone = small(training__max_epochs=1).fit(texts[:60], y[:60], validation_data=held_out)
    committee = InteractiveCommittee(
        [("a", small(training__max_epochs=1)), ("b", small(training__max_epochs=1))]
    )
    committee.fit(texts[:60], y[:60], validation_data=held_out)
    np.testing.assert_array_equal(
        committee.named_estimators_.b.predict_proba(texts), alone.predict_proba(texts)
    )


def test_grid_search_cross_validation_and_jobs(small, reviews):
    texts, y, _ = reviews
    committee = InteractiveCommittee(
        [
            (name, small(training__max_epochs=1, random_state=seed))
            for seed, name in enumerate("abc")
        ]
    )
    grid = GridSearchCV(committee, {"b__lambda1": [0.001, 0.1], "rule": ["mean"]}, cv=2)
    grid.fit(texts[:80], y[:80])
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()
    in_turn = clone(committee).fit(texts[:80], y[:80])
    at_once = clone(committee).set_params(n_jobs=2).fit(texts[:80], y[:80])
    np.testing.assert_array_equal(in_turn.predict_proba(texts), at_once.predict_proba(texts))
    result = cross_validate(committee, texts[:80], y[:80], cv=2, return_estimator=True)
    words = [set(c.named_estimators_.a.vocabulary_.words) for c in result["estimator"]]
    assert words[0] != words[1]


def test_frozen_members_survive_cloning_and_all_survive_pickling(members, committee, reviews):
    texts = reviews[0]
    frozen = InteractiveCommittee([(name, FrozenEstimator(member)) for name, member in members])
    np.testing.assert_array_equal(
        clone(frozen).fit(texts).predict_proba(texts), committee.predict_proba(texts)
    )


def test_saved_and_loaded(committee, reviews, tmp_path):
    joblib.dump(committee, tmp_path / "committee.joblib")
    loaded = joblib.load(tmp_path / "committee.joblib")
    np.testing.assert_array_equal(
        loaded.predict_proba(reviews[0]), committee.predict_proba(reviews[0])
    )
    assert list(loaded.named_estimators_) == ["full", "few", "short"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a"], "at least two members"),
        (["a", "b", "a"], "2 members named 'a'"),
        (["a", "b__c"], "named 'b__c': give a name that .* no '__'"),
        (
            ["a", "b", "a_given_b"],
            "member 'a_given_b' and 'a' given 'b' would both have the column 'label_a_given_b'",
        ),
        (
            ["a", "b_given_c", "a_given_b", "c"],
            "'a' given 'b_given_c' and 'a_given_b' given 'c' would both",
        ),
        (
            ["a", "rule"],
            "named 'rule': give a name that .* none of the parameters .*rule",
        ),
        (["a", ""], "named '': give a name that is not empty"),
    ],
)
def test_names_that_cannot_be_used(names, said, fitted):
    committee = InteractiveCommittee([(name, fitted) for name in names])
    with pytest.raises(ValueError, match=said):
        committee.fit(["ants"])


@pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
def test_members_that_cannot_exchange_rationales(members, small, fitted, reviews):
    texts, y, _ = reviews
    with pytest.raises(
        TypeError, match=r"(?s)estimators holds Sel.*: give pairs \(name, estimator\)"
    ):
        InteractiveCommittee([fitted, fitted]).fit(texts)
    with pytest.raises(TypeError, match=r"bayes=MultinomialNB.*cannot exchange rationales"):
        InteractiveCommittee([*members, ("bayes", MultinomialNB())]).fit(texts)
    with pytest.raises(NotFittedError, match="d is not fitted, and prefit=True"):
        InteractiveCommittee([*members, ("d", small())], prefit=True).fit(texts, y)
    with pytest.raises(ValueError, match="'rule' parameter of InteractiveCommittee"):
        InteractiveCommittee(members, rule="loudest").fit(texts)
    short = small(training__max_epochs=1, max_length=10).fit(texts[:60], y[:60])
    with pytest.raises(ValueError, match="full has max_length=60 and brief max_length=10"):
        InteractiveCommittee([*members, ("brief", short)]).fit(texts)
    two = small(training__max_epochs=1).fit(texts[:60], y[:60] == "food")
    with pytest.raises(ValueError, match=r"full knows the classes .*food.* and yes_no .*True"):
        InteractiveCommittee([*members, ("yes_no", two)]).fit(texts)


def test_labels_that_fitted_members_know_otherwise_are_named_before_others_are_fitted(
    members, small, reviews, monkeypatch
):
    texts, y, _ = reviews
    monkeypatch.setattr(type(small()), "fit", None)
    mixed = InteractiveCommittee([*members, ("new", small())])
    with pytest.raises(ValueError, match=r"y lacks the labels .*, which the fitted full knows"):
        mixed.fit(texts[:3], [y[0]] * 3)
    with pytest.raises(ValueError, match=r"y has labels \['beach'\]"):
        mixed.fit(["sea"], ["beach"])
    with pytest.raises(ValueError, match="y=None"):
        mixed.fit(texts)
