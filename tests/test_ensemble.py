"""What a user of the interactive ensemble sees."""

import re

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.exchange import CASES
from sklearn_irx.text import WordTokenizer


@pytest.fixture(scope="module")
def both(fitted, other, reviews):
    return InteractiveEnsemble(fitted, other).fit(reviews[0], reviews[1])


def test_fitted_members_are_used_as_they_are(both, fitted, other):
    assert both.estimators_[0] is fitted
    assert both.estimators_[1] is other


def test_every_outcome_belongs_to_the_chosen_member(both, fitted, other, reviews):
    texts = reviews[0]
    happened = both.interact(texts)
    assert (happened["case"] != "agree").sum() >= 5, "no disagreement: this test sees nothing"
    first = happened["chosen"] == 1
    for wanted, member in ((first, fitted), (~first, other)):
        np.testing.assert_allclose(
            both.predict_proba(texts)[wanted], member.predict_proba(texts)[wanted]
        )
        np.testing.assert_array_equal(
            both.transform(texts)[wanted], member.transform(texts)[wanted]
        )
    np.testing.assert_array_equal(both.predict(texts), happened["label"])


def test_interact_shows_what_each_member_says_of_both_rationales(both, fitted, other, reviews):
    texts = reviews[0]
    happened = both.interact(texts, as_frame=True)
    assert set(happened["case"]) <= set(CASES)
    apart = (happened["label_1"] != happened["label_2"]).to_numpy()
    assert (happened["case"] == "agree").equals(~(happened["label_1"] != happened["label_2"]))
    read_1 = fitted.classes_[fitted.predict_proba(texts, masks=other.transform(texts)).argmax(1)]
    read_2 = other.classes_[other.predict_proba(texts, masks=fitted.transform(texts)).argmax(1)]
    assert happened["label_1_given_2"][apart].tolist() == read_1[apart].tolist()
    assert happened["label_2_given_1"][apart].tolist() == read_2[apart].tolist()
    assert happened["label_1_given_2"][~apart].isna().all()
    given = {
        "confidence_1_given_2": fitted.predict_proba(texts, masks=other.transform(texts)),
        "confidence_2_given_1": other.predict_proba(texts, masks=fitted.transform(texts)),
        "confidence": both.predict_proba(texts),
    }
    for name, probabilities in given.items():
        np.testing.assert_allclose(
            happened[name][apart], probabilities.max(axis=1)[apart], atol=1e-6
        )
    assert happened["confidence_1_given_2"][~apart].isna().all()
    assert happened["confidence"].notna().all()


def test_only_documents_in_disagreement_are_exchanged(both, fitted, reviews, monkeypatch):
    texts = reviews[0]
    n_apart = (both.interact(texts)["case"] != "agree").sum()
    read = []
    original = type(fitted).predict_with_masks

    def counting(self, X, masks=None, **options):
        if masks is not None:
            read.append(len(X))
        return original(self, X, masks, **options)

    monkeypatch.setattr(type(fitted), "predict_with_masks", counting)
    both.predict(texts)
    assert sorted(read) == [n_apart, n_apart]


def test_explain_tells_the_case(both, reviews):
    texts = reviews[0][:20]
    rationales = both.explain(texts)
    assert [r.case for r in rationales] == both.interact(texts)["case"].tolist()
    assert [r.label for r in rationales] == both.predict(texts).tolist()


def test_members_fitted_in_parallel_are_those_fitted_one_by_one(small, reviews):
    texts, y, _ = reviews
    members = small(training__max_epochs=1), small(training__max_epochs=1, random_state=1)
    one_by_one = InteractiveEnsemble(*members).fit(texts[:100], y[:100])
    parallel = InteractiveEnsemble(*members, n_jobs=2).fit(texts[:100], y[:100])
    np.testing.assert_array_equal(one_by_one.predict_proba(texts), parallel.predict_proba(texts))
    assert not hasattr(members[0], "classes_")


def test_prefit(small, fitted, other, reviews):
    texts, y, _ = reviews
    with pytest.raises(NotFittedError, match="est2 is not fitted, and prefit=True"):
        InteractiveEnsemble(fitted, small(), prefit=True).fit(texts, y)
    refitted = InteractiveEnsemble(fitted, other, prefit=False).fit(texts[:60], y[:60])
    assert refitted.estimators_[0] is not fitted
    frozen = InteractiveEnsemble(FrozenEstimator(fitted), FrozenEstimator(other))
    again = clone(frozen).fit(texts)
    np.testing.assert_array_equal(
        again.predict(texts), InteractiveEnsemble(fitted, other).fit(texts).predict(texts)
    )


def test_cross_validation_trains_each_fold_afresh(small, reviews):
    texts, y, _ = reviews
    ensemble = InteractiveEnsemble(
        small(training__max_epochs=1), small(training__max_epochs=1, random_state=1)
    )
    result = cross_validate(ensemble, texts[:120], y[:120], cv=2, return_estimator=True)
    assert result["test_score"].min() > 0.5
    words = [set(e.estimators_[0].vocabulary_.words) for e in result["estimator"]]
    assert words[0] != words[1]


def test_grid_over_nested_parameters_in_a_pipeline(small, reviews):
    texts, y, _ = reviews
    pipeline = make_pipeline(
        FunctionTransformer(list),
        InteractiveEnsemble(
            small(training__max_epochs=1), small(training__max_epochs=1, random_state=1)
        ),
    )
    grid = GridSearchCV(
        pipeline,
        {
            "interactiveensemble__est1__lambda1": [0.001, 0.1],
            "interactiveensemble__est2__lambda2": [0.0],
        },
        cv=2,
        n_jobs=2,
    ).fit(texts[:80], y[:80])
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()


def test_saved_and_loaded(both, reviews, tmp_path):
    joblib.dump(both, tmp_path / "both.joblib")
    loaded = joblib.load(tmp_path / "both.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(reviews[0]), both.predict_proba(reviews[0]))


def stemmed(text):
    """The words of the default tokenizer, in other forms, in the same places."""
    return [(word.rstrip("s"), start, end) for word, start, end in WordTokenizer()(text)]


def with_tildes(text):
    """The words of the default tokenizer, but those that tildes join."""
    return [(m[0].lower(), *m.span()) for m in re.finditer(r"\w+(?:~\w+)*", text)]


@pytest.fixture
def no_training(monkeypatch):
    """Nothing may be trained."""

    def fit(self, *args, **parameters):
        pytest.fail("a member was trained")

    monkeypatch.setattr(SelectiveRationaleClassifier, "fit", fit)


PAIRS = [
    lambda one, two: InteractiveEnsemble(one, two),
    lambda one, two: InteractiveEnsemble(FrozenEstimator(one), two, n_jobs=2),
    lambda one, two: InteractiveCommittee([("est1", one), ("same", one), ("est2", two)]),
    lambda one, two: make_pipeline(FunctionTransformer(list), InteractiveEnsemble(one, two)),
]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("is_fitted", [True, False])
def test_members_of_other_lengths_are_refused_before_training(
    pair, is_fitted, small, fitted, reviews, no_training
):
    one = fitted if is_fitted else small()
    said = "est1 has max_length=60 and est2 max_length=10, .*give both the same max_length"
    for texts, y in (reviews[:2], (["ants", "noise", "mud"], np.unique(reviews[1]))):
        with pytest.raises(ValueError, match=said):
            pair(one, small(max_length=10)).fit(texts, y)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("is_fitted", [True, False])
def test_members_that_split_the_texts_differently_are_refused_before_training(
    pair, is_fitted, small, fitted, reviews, no_training
):
    one = fitted if is_fitted else small()
    texts, y = [*reviews[0], "A run~down place"], [*reviews[1], reviews[1][0]]
    two = small(tokenizer=with_tildes)
    with pytest.raises(ValueError, match=r"est1 and est2 split X\[400\] .*\(4 and 3\).*tokenizer"):
        pair(one, two).fit(texts, y)
    with pytest.raises(ValueError, match=r"split validation_data\[0\]\[1\] into"):
        InteractiveEnsemble(one, two).fit(
            texts[:-1], y[:-1], validation_data=(["ants", "run~down"], y[:2])
        )


def test_members_of_other_words_in_the_same_places_exchange_rationales(small, fitted, reviews):
    texts, y, _ = reviews
    pair = InteractiveEnsemble(fitted, small(tokenizer=stemmed)).fit(texts[:100], y[:100])
    assert "ant" in pair.estimators_[1].vocabulary_.words
    assert pair.predict(texts).shape == (400,)
    # Texts that no member has seen may still be split differently.
    pair = InteractiveEnsemble(fitted, small(tokenizer=with_tildes)).fit(texts[:100], y[:100])
    with pytest.raises(ValueError, match=r"est1 and est2 split X\[1\] into different words"):
        pair.predict(["ants", "A run~down place"])


def test_text_length_of_training_may_differ(small, reviews):
    texts, y, _ = reviews
    longer = small(training__text_length=90)
    assert InteractiveEnsemble(small(), longer).fit(texts[:60], y[:60]).predict(texts[:5]).size


def test_equal_tokenizers_need_not_be_one_object(small, fitted, reviews):
    texts, y, _ = reviews
    own = small(training__max_epochs=1, tokenizer=WordTokenizer()).fit(texts[:60], y[:60])
    assert InteractiveEnsemble(fitted, own).fit(texts).predict(texts).shape == (400,)


class Counting:
    """A tokenizer that counts the texts it splits. All are equal."""

    n_texts = 0

    def __call__(self, text):
        Counting.n_texts += 1
        return WordTokenizer()(text)

    def __eq__(self, other):
        return isinstance(other, Counting)

    __hash__ = None


def test_texts_are_tokenized_once_for_both_members(small, reviews, monkeypatch):
    texts, y, _ = reviews
    monkeypatch.setattr(Counting, "n_texts", 0)
    members = [
        small(training__max_epochs=1, tokenizer=Counting(), random_state=seed) for seed in (0, 1)
    ]
    both = InteractiveEnsemble(*members).fit(texts[:60], y[:60])
    assert Counting.n_texts == 60
    alone = [clone(member).fit(texts[:60], y[:60]) for member in members]
    together = InteractiveEnsemble(*alone).fit(texts)
    np.testing.assert_array_equal(both.predict_proba(texts), together.predict_proba(texts))
    assert (both.interact(texts)["case"] != "agree").any()
    for method in (both.predict, both.transform, both.interact, both.explain):
        monkeypatch.setattr(Counting, "n_texts", 0)
        method(texts[100:200])
        assert Counting.n_texts == 100


def test_members_with_the_default_tokenizer_split_texts_once_too(small, reviews, monkeypatch):
    texts, y, _ = reviews
    split = []
    words = WordTokenizer.words

    def counting(self, text, limit=None):
        split.append(text)
        return words(self, text, limit)

    monkeypatch.setattr(WordTokenizer, "words", counting)
    members = [
        small(training__max_epochs=1, tokenizer=tokenizer) for tokenizer in (None, WordTokenizer())
    ]
    InteractiveEnsemble(*members).fit(texts[:60], y[:60])
    assert split == texts[:60]


@pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
def test_texts_tokenized_by_an_equal_tokenizer_are_read_in_place_of_texts(
    small, both, fitted, reviews
):
    texts, y, _ = reviews
    once = fitted.tokenize(texts)
    np.testing.assert_array_equal(both.predict_proba(once), both.predict_proba(texts))
    assert list(map(str, both.explain(once))) == list(map(str, both.explain(texts)))
    stems = small(training__max_epochs=1, tokenizer=stemmed).fit(texts[:60], y[:60])
    with pytest.raises(TypeError, match="X is a TokenizedTexts"):
        InteractiveEnsemble(fitted, stems).fit(["ants"]).predict(fitted.tokenize(["ants"]))


def test_a_wrong_parameter_of_a_member_is_named(small, reviews):
    texts, y, _ = reviews
    for wrong in ({"max_length": 0}, {"tokenizer": 3}, {"memory": 3}):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"'{name}' parameter of SelectiveRationaleClassifier"):
            InteractiveEnsemble(small(**wrong), small(**wrong)).fit(texts, y)


def test_members_that_know_different_classes(small, fitted, reviews):
    texts, y, _ = reviews
    two = small(training__max_epochs=1).fit(texts[:60], y[:60] == "food")
    with pytest.raises(ValueError, match=r"est1 knows the classes .*food.* and est2 .*True"):
        InteractiveEnsemble(fitted, two).fit(texts, y)
    with pytest.raises(ValueError, match=r"y has labels .*beach"):
        InteractiveEnsemble(fitted, fitted).fit(["ants"], ["beach"])


def test_members_that_have_no_rationales(fitted):
    with pytest.raises(TypeError, match=r"est2=MultinomialNB.*cannot exchange rationales"):
        InteractiveEnsemble(fitted, MultinomialNB()).fit(["ants"])


def test_members_that_are_around_a_classifier_are_told_where_to_go(small, reviews):
    texts, y, _ = reviews
    cleaned = make_pipeline(FunctionTransformer(list), small())
    with pytest.raises(TypeError, match=r"(?s)est1=Pipeline.*make_pipeline\(cleaner, ensemble\)"):
        InteractiveEnsemble(cleaned, small()).fit(texts, y)
    search = GridSearchCV(small(), {"lambda1": [0.1]})
    with pytest.raises(TypeError, match=r"(?s)est2=GridSearchCV.*GridSearchCV\(ensemble, grid\)"):
        InteractiveEnsemble(small(), search).fit(texts, y)
    both = InteractiveEnsemble(small(), small())
    with pytest.raises(TypeError, match=r"(?s)a=InteractiveEnsemble.*to one InteractiveCommittee"):
        InteractiveCommittee([("a", both), ("b", small())]).fit(texts, y)


def test_unfitted_use_and_bare_strings(both, small):
    with pytest.raises(NotFittedError):
        InteractiveEnsemble(small(), small()).predict(["ants"])
    with pytest.raises(TypeError, match="X is one str"):
        both.predict("ants")
    with pytest.raises(ValueError, match="y=None"):
        InteractiveEnsemble(small(), small()).fit(["ants"])


def test_weights_reach_the_members_that_are_fitted(small, fitted, reviews):
    texts, y, _ = reviews
    weights = np.where(y[:80] == y[0], 5.0, 1.0)
    both = InteractiveEnsemble(fitted, small(training__max_epochs=1)).fit(
        texts[:80], y[:80], weights
    )
    alone = small(training__max_epochs=1).fit(texts[:80], y[:80], weights)
    np.testing.assert_array_equal(
        both.estimators_[1].predict_proba(texts), alone.predict_proba(texts)
    )
    with pytest.raises(ValueError, match="sample_weight has shape"):
        InteractiveEnsemble(fitted, small()).fit(texts[:80], y[:80], [1.0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"training__text_length": "long"}, "text_length"), ({"max_length": "long"}, "max_length")],
)
def test_a_wrong_length_of_a_member_is_named(wrong, said, small, reviews):
    texts, y, _ = reviews
    with pytest.raises(ValueError, match=f"'{said}' parameter of"):
        InteractiveEnsemble(small(**wrong), small(**wrong)).fit(texts[:60], y[:60])
