"""Scorers in scikit-learn's searches."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveEnsemble
from sklearn_irx.metrics import (
    accuracy_within_length,
    rationale_length_scorer,
    token_f1_score,
    token_f1_scorer,
)


class FirstWords(ClassifierMixin, BaseEstimator):
    """Selects the first `n` words, and is right if one of them is the label."""

    def __init__(self, n=1):
        self.n = n

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def transform(self, X):
        return np.arange(6) < np.minimum(self.n, [[len(text.split())] for text in X])

    def predict(self, X):
        return np.array(["yes" if "yes" in text.split()[: self.n] else "no" for text in X])


X = ["yes a b c d", "a yes b c d", "a b c yes d", "a b c d e"] * 4
Y = ["yes", "yes", "yes", "no"] * 4


def test_accuracy_within_the_limit_and_length_beyond_it():
    scorer = accuracy_within_length(3)
    assert scorer(FirstWords(1).fit(X, Y), X, Y) == 0.5
    assert scorer(FirstWords(3).fit(X, Y), X, Y) == 0.75
    assert scorer(FirstWords(4).fit(X, Y), X, Y) == pytest.approx(-4 / 3)
    assert scorer(FirstWords(5).fit(X, Y), X, Y) == pytest.approx(-5 / 3)


def test_a_search_takes_the_best_model_within_the_limit():
    grid = {"n": [1, 2, 4, 5]}
    search = GridSearchCV(FirstWords(), grid, scoring=accuracy_within_length(2), cv=2).fit(X, Y)
    assert search.best_params_ == {"n": 2}
    assert search.cv_results_["rank_test_score"].tolist() == [2, 1, 3, 4]
    search.set_params(scoring=accuracy_within_length(0.5)).fit(X, Y)
    assert search.best_params_ == {"n": 1}  # none keeps the limit, and this one comes closest


def test_a_search_for_agreement_with_people():
    masks = np.zeros((16, 5), dtype=bool)
    masks[:, 1:4] = True
    scoring = {"accuracy": "accuracy", "f1": token_f1_scorer(X, masks)}
    search = GridSearchCV(FirstWords(), {"n": [1, 2, 4, 5]}, scoring=scoring, refit="f1", cv=2)
    search.fit(X, Y)
    assert search.best_params_ == {"n": 4}
    expected = [token_f1_score(masks, FirstWords(n).transform(X)) for n in (1, 2, 4, 5)]
    np.testing.assert_allclose(search.cv_results_["mean_test_f1"], expected)


def test_a_search_tells_the_length_beside_the_accuracy():
    scoring = {"accuracy": "accuracy", "length": rationale_length_scorer}
    search = GridSearchCV(
        make_pipeline(FunctionTransformer(), FirstWords()),
        {"firstwords__n": [1, 2, 5]},
        scoring=scoring,
        refit="accuracy",
        cv=2,
    ).fit(X, Y)
    assert search.cv_results_["mean_test_length"].tolist() == [1, 2, 5]
    assert search.best_params_ == {"firstwords__n": 5}
    with pytest.raises(TypeError, match=r"MultinomialNB\(\) shows no rationales: give a Selective"):
        rationale_length_scorer(MultinomialNB(), X, Y)


def test_rationales_are_found_by_text_in_any_order():
    scorer = token_f1_scorer(["a b", "c d"], [[(0, 1)], [(1, 2)]])
    clf = FirstWords(1)
    assert scorer(clf, ["c d"]) == 0
    assert scorer(clf, np.array(["a b"])) == 1
    assert scorer(clf, ["c d", "a b", "a b"]) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"X\[1\] is not among the texts of token_f1_scorer"):
        scorer(clf, ["a b", "e f"])


def test_scorers_travel_to_other_processes():
    clf = FirstWords(2).fit(X, Y)
    for scorer in (accuracy_within_length(2), token_f1_scorer(X, [[(0, 1)]] * 16)):
        assert pickle.loads(pickle.dumps(scorer))(clf, X, Y) == scorer(clf, X, Y)
    assert repr(accuracy_within_length(2)) == "accuracy_within_length(2)"
    assert repr(token_f1_scorer(X, [[(0, 1)]] * 16)) == "token_f1_scorer(<4 texts>)"


def test_our_estimators_are_scored(fitted, other, reviews):
    texts, y, masks = (part[300:] for part in reviews)
    both = InteractiveEnsemble(fitted, other).fit(texts)
    for estimator in (fitted, both):
        assert accuracy_within_length(60)(estimator, texts, y) == estimator.score(texts, y)
        length = estimator.transform(texts).sum(axis=1).mean()
        assert rationale_length_scorer(estimator, texts) == pytest.approx(length)
        assert accuracy_within_length(0.5)(estimator, texts, y) == pytest.approx(-length / 0.5)
        expected = token_f1_score(masks, estimator.transform(texts))
        assert token_f1_scorer(texts, masks)(estimator, texts, y) == expected


def test_scorers_say_what_they_need():
    with pytest.raises(ValueError, match="max_length=0: give a number of words above 0"):
        accuracy_within_length(0)
    with pytest.raises(ValueError, match=r"texts\[0\] and texts\[2\] are equal, but their"):
        token_f1_scorer(["a", "b", "a"], [[(0, 1)], [], []])
    with pytest.raises(ValueError, match="texts has 1 rows and masks 2"):
        token_f1_scorer(["a"], [[], []])
    with pytest.raises(ValueError, match="X has 16 documents and y 2 labels"):
        accuracy_within_length(3)(FirstWords(1), X, ["yes", "no"])
