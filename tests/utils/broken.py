"""Estimators that are each broken in one way, and what the check for it should say."""

from typing import ClassVar

import numpy as np
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from tests.utils.votes import Votes


class SaysItReadsTables(Votes):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


class ClonesToItself(Votes):
    def __sklearn_clone__(self):
        return self


class TakesNoY(Votes):
    def fit(self, X, target, sample_weight=None):
        return super().fit(X, target, sample_weight)


class HasNoDiagram(Votes):
    def _repr_html_(self):
        return "Votes"


class ValidatesNothing(Votes):
    def _validate_params(self):
        pass


class LooksFittedAfterAFailure(Votes):
    def fit(self, X, y, sample_weight=None):
        self.prior_ = None
        return super().fit(X, y, sample_weight)


class ReturnsNothing(Votes):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)


class PredictsUnfitted(Votes):
    def predict(self, X):
        return np.array(["food"] * len(X))


class ThinksItIsFitted(Votes):
    def __sklearn_is_fitted__(self):
        return True


class DrawsAtFit(Votes):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.prior_ *= np.random.default_rng().uniform(0.9, 1.1, len(self.prior_))
        return self


class LearnsOn(Votes):
    def fit(self, X, y, sample_weight=None):
        before = getattr(self, "prior_", 0)
        super().fit(X, y, sample_weight)
        if np.shape(before) == self.prior_.shape:
            self.prior_ = self.prior_ ** (1 + before.sum())
        return self


class RemembersClasses(Votes):
    def fit(self, X, y, sample_weight=None):
        before = list(getattr(self, "classes_", []))
        super().fit(X, y, sample_weight)
        self.classes_ = np.array([*self.classes_, *(c for c in before if c not in self.classes_)])
        return self


class KeepsTexts(Votes):
    def fit(self, X, y, sample_weight=None):
        self.texts = X
        return super().fit(X, y, sample_weight)


class ChangesItsParameter(Votes):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.smoothing *= 2
        return self


class LosesItsPrior(Votes):
    def __getstate__(self):
        state = super().__getstate__().copy()
        if "prior_" in state:
            state["prior_"] = np.ones_like(state["prior_"]) * [1, *[9] * (len(self.prior_) - 1)]
        return state


class WritesIntoItsArrays(Votes):
    def _checked(self):
        super()._checked()
        self.prior_ /= self.prior_.sum()
        self.prior_ *= 1


class CountsFeatures(Votes):
    def fit(self, X, y, sample_weight=None):
        self.n_features_in_ = 1
        return super().fit(X, y, sample_weight)


class CountsNoIterations(Votes):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        del self.n_iter_
        return self


class LooksUnfitted(Votes):
    def __sklearn_is_fitted__(self):
        return False

    def _checked(self):
        pass


class SortsBackward(Votes):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.classes_ = self.classes_[::-1]
        return self


class PredictsObjects(Votes):
    def predict(self, X):
        return super().predict(X).astype(object)


class IndexesLabels(Votes):
    def _labels(self, y, n_samples):
        return super()._labels(None if y is None else [y[i] for i in range(len(y))], n_samples)


class GivesNoReason(Votes):
    def _labels(self, y, n_samples):
        labels = super()._labels(y, n_samples)
        if len(set(labels.tolist())) == 1:
            raise ValueError("This does not work.")
        return labels


class MakesLabelsUp(Votes):
    def _labels(self, y, n_samples):
        return super()._labels(np.arange(n_samples) % 2 if y is None else y, n_samples)


class CutsLabels(Votes):
    def fit(self, X, y, sample_weight=None):
        n = None if y is None else min(len(X), len(y))
        return super().fit(X[:n], None if y is None else y[:n], sample_weight)


class TakesAnyNumber(Votes):
    def _labels(self, y, n_samples):
        return np.asarray(y)


class TakesTheFirstColumn(Votes):
    def _labels(self, y, n_samples):
        y = np.asarray(y)
        return super()._labels(y[:, 0] if y.ndim == 2 else y, n_samples)


class TurnsColumnsAround(Votes):
    def _labels(self, y, n_samples):
        y = np.asarray(y)
        return super()._labels(y[::-1, 0] if y.shape[1:] == (1,) else y, n_samples)


class WeighsBackward(Votes):
    def _heavy(self, label):
        return 1 / super()._heavy(label)


class IndexesTexts(Votes):
    def _texts(self, X):
        return super()._texts([X[i] for i in range(len(X))])


class WritesIntoLabels(Votes):
    def _labels(self, y, n_samples):
        if isinstance(y, np.ndarray) and y.ndim == 1:
            y[0] = y[0]
        return super()._labels(y, n_samples)


class DividesByLength(Votes):
    def predict_proba(self, X):
        lengths = np.array([len(self._words(text)) for text in self._texts(X)], dtype=float)
        with np.errstate(invalid="ignore"):
            return super().predict_proba(X) * (lengths / lengths)[:, None]


class NeedsADocument(Votes):
    def predict(self, X):
        return np.stack([super(NeedsADocument, self).predict([text])[0] for text in X])


class LearnsFromNothing(Votes):
    def fit(self, X, y, sample_weight=None):
        return self if isinstance(X, list) and not X else super().fit(X, y, sample_weight)


class ReadsCharacters(Votes):
    def _texts(self, X):
        return super()._texts(list(X))

    def _labels(self, y, n_samples):
        return super()._labels(np.resize(y, n_samples), n_samples)


class ReadsAnything(Votes):
    def _texts(self, X):
        return super()._texts(X if isinstance(X, str) else [str(text) for text in X])


class FlattensTables(Votes):
    def _texts(self, X):
        return super()._texts(np.ravel(X) if np.ndim(X) == 2 else X)

    def _labels(self, y, n_samples):
        return super()._labels(np.resize(y, n_samples), n_samples)


class ListensToNeighbours(Votes):
    def predict_proba(self, X):
        proba = super().predict_proba(X)
        return 0.9 * proba + 0.1 * np.roll(proba, 1, axis=0)


class ComparesWithinABatch(Votes):
    def predict_proba(self, X):
        odds = super().predict_proba(X)
        odds = odds / odds.mean(axis=0)
        return odds / odds.sum(axis=1, keepdims=True)


class DrawsAtPredict(Votes):
    def predict_proba(self, X):
        noise = np.random.default_rng().uniform(0, 1e-9, (len(X), 1))
        return super().predict_proba(X) + noise


class SumsToTwo(Votes):
    def predict_proba(self, X):
        return 2 * super().predict_proba(X)


class PredictsTheLeastLikely(Votes):
    def predict(self, X):
        return self.classes_[self._logits(X).argmin(axis=1)]


class DecidesBackward(Votes):
    def decision_function(self, X):
        return -super().decision_function(X)


class IsAlwaysRight(Votes):
    def score(self, X, y):
        check_is_fitted(self)
        return 2.0


class LosesADocument(Votes):
    def transform(self, X):
        return super().transform(X)[:-1]


class TransformsTrainingTextsOtherwise(Votes):
    def fit_transform(self, X, y):
        return ~super().fit_transform(X, y)


class MasksWithNumbers(Votes):
    def transform(self, X):
        return super().transform(X).astype(float)


class ExplainsOtherwise(Votes):
    def explain(self, X):
        explained = super().explain(X)
        for rationale in explained:
            rationale.mask = ~rationale.mask
        return explained


class LowersItsInput(Votes):
    def predict(self, X):
        if isinstance(X, list):
            X[:] = [text.lower() for text in X]
        return super().predict(X)


class EmptiesWeights(Votes):
    def _weights(self, sample_weight, n_samples):
        weights = super()._weights(sample_weight, n_samples).copy()
        if isinstance(sample_weight, np.ndarray):
            sample_weight[:] = 1
        return weights


class KeepsTheLast(Votes):
    def predict(self, X):
        self.last_ = X
        return super().predict(X)


class AddsToWeights(Votes):
    def _weights(self, sample_weight, n_samples):
        weights = super()._weights(sample_weight, n_samples)
        if sample_weight is not None:
            weights = weights + np.linspace(0, 1, n_samples).round()
        return weights


class IgnoresWeights(Votes):
    def _weights(self, sample_weight, n_samples):
        super()._weights(sample_weight, n_samples)
        return np.ones(n_samples)


class CutsWeights(Votes):
    def _weights(self, sample_weight, n_samples):
        if sample_weight is not None:
            sample_weight = np.resize(sample_weight, n_samples)
        return super()._weights(sample_weight, n_samples)


class LearnsFromZeros(Votes):
    def _weights(self, sample_weight, n_samples):
        return np.ones(n_samples) if sample_weight is None else np.asarray(sample_weight, float)


class IndexesWeights(Votes):
    def _weights(self, sample_weight, n_samples):
        if np.shape(sample_weight) == (n_samples,):
            sample_weight = [sample_weight[i] for i in range(n_samples)]
        return super()._weights(sample_weight, n_samples)


class AsksForNoWeights(Votes):
    __metadata_request__fit: ClassVar = {"sample_weight": UNUSED}


BROKEN = [
    ("tags", SaysItReadsTables, "two_d_array = False"),
    ("clone", ClonesToItself, "is the estimator itself"),
    ("fit_takes_y", TakesNoY, "should be y.*X, target, sample_weight"),
    ("html", HasNoDiagram, "returns no HTML"),
    ("param_validation", ValidatesNothing, "fit with smoothing=.*should name 'smoothing'"),
    ("param_validation", LooksFittedAfterAFailure, "is fitted after a fit that failed"),
    ("fit_returns_self", ReturnsNothing, "should return self. It returns None"),
    ("unfitted", PredictsUnfitted, "predict before fit: raise NotFittedError"),
    ("is_fitted", ThinksItIsFitted, "before fit: raise NotFittedError"),
    ("fit_repeatable", DrawsAtFit, "same random_state.*predict_proba returns values that differ"),
    ("fit_idempotent", LearnsOn, "fitted twice"),
    ("refit_forgets", RemembersClasses, r"classes_ .*'food'.* instead of \['no', 'yes'\]"),
    ("fit_attributes", KeepsTexts, "fit sets texts"),
    ("fit_attributes", ChangesItsParameter, "changes the parameters smoothing"),
    ("params_unchanged", ChangesItsParameter, "changes the parameters smoothing"),
    ("pickle", LosesItsPrior, "and its pickled copy"),
    ("memory_mapped", WritesIntoItsArrays, "read-only"),
    ("no_feature_names", CountsFeatures, "n_features_in_"),
    ("n_iter", CountsNoIterations, "should set n_iter_"),
    ("in_pipeline", LooksUnfitted, "not fitted"),
    ("classes", SortsBackward, r"classes_ is \['weather', 'music', 'food'\]"),
    ("labels", PredictsObjects, "of dtype <U7, should predict these. The dtype is object"),
    ("label_containers", IndexesLabels, "0"),
    ("one_class", GivesNoReason, "should mention it"),
    ("y_none", MakesLabelsUp, r"fit\(X, None\): raise ValueError or TypeError"),
    ("y_length", CutsLabels, "one label missing: raise"),
    ("y_continuous", TakesAnyNumber, "continuous y: raise"),
    ("y_missing", TakesAnyNumber, "with nan in y: raise"),
    ("y_two_columns", TakesTheFirstColumn, "two columns: raise"),
    ("y_one_column", TurnsColumnsAround, "in one column"),
    ("class_weight", WeighsBackward, "class_weight is on 'food'"),
    ("containers", IndexesTexts, "0"),
    ("readonly", WritesIntoLabels, "read-only"),
    ("unusual_documents", DividesByLength, r"predict_proba returns \[\[nan.*document empty"),
    ("nothing_to_read", NeedsADocument, r"predict\(\[\]\) should return shape \(0,\)"),
    ("nothing_to_learn", LearnsFromNothing, r"fit\(\[\], \[\]\): raise"),
    ("bare_string", ReadsCharacters, "given a single string: raise"),
    ("no_strings", ReadsAnything, "given the document 3: raise"),
    ("two_dimensions", FlattensTables, "an array of one column: raise"),
    ("order", ListensToNeighbours, "another order: predict_proba returns values that differ"),
    ("subsets", ComparesWithinABatch, "all documents at once and 1 at a time: predict_proba"),
    ("predict_repeatable", DrawsAtPredict, "called twice: predict_proba"),
    ("probabilities", SumsToTwo, "sum to 1. One is 1 off"),
    ("probabilities", PredictsTheLeastLikely, "predict should return the class of the largest"),
    ("decision_function", DecidesBackward, "class for which decision_function is largest"),
    ("score", IsAlwaysRight, "score returns 2.0, but the accuracy"),
    ("transform", LosesADocument, r"shape \(23, 40\) for 24 documents"),
    ("fit_transform", TransformsTrainingTextsOtherwise, "should equal fit followed by transform"),
    ("masks", MasksWithNumbers, "returns float64: return booleans"),
    ("masks", ExplainsOtherwise, "explain and transform select different words"),
    ("inputs_unchanged", LowersItsInput, "predict changes X"),
    ("inputs_unchanged", EmptiesWeights, "fit changes sample_weight"),
    ("predict_sets_nothing", KeepsTheLast, "last_"),
    ("weights_of_one", AddsToWeights, "sample_weight of ones and with None"),
    ("weights_count", IgnoresWeights, "if sample_weight is on its"),
    ("weights_shape", CutsWeights, "weights too few: raise"),
    ("weights_zero", LearnsFromZeros, "weights of zero: raise"),
    ("weights_containers", IndexesWeights, "0"),
    ("weights_routed", AsksForNoWeights, "sample_weight"),
]
