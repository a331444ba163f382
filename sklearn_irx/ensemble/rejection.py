"""The right to say nothing: a classifier that abstains where it is not sure."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.metrics import accuracy_score
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._compat import Interval, StrOptions, check_method_params, fit_context
from sklearn_irx._pipelines import final_estimator
from sklearn_irx._validation import (
    check_known_classes,
    check_labels,
    check_sample_weight,
    check_texts,
)
from sklearn_irx.classifier.base import is_used_as_is
from sklearn_irx.classifier.rationale import Rationales
from sklearn_irx.classifier.trained import params_of_training
from sklearn_irx.ensemble.result import Exchange, exchange_of, exchanges, explain
from sklearn_irx.ensemble.signals import (
    SIGNALS,
    Reading,
    has_rationales,
    read_signals,
    signals_in,
    signals_of,
)
from sklearn_irx.ensemble.thresholds import calibrate, drawn, import_risk_control
from sklearn_irx.exceptions import RejectionWarning


def _has_rationales(option: RejectOption) -> bool:
    return has_rationales(option._answering)


def _exchanges(option: RejectOption) -> bool:
    return exchanges(option._answering)


class RejectOption(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Classifier with a reject option: it abstains from documents of which it is not sure.

    The predictions are those of the estimator inside. A signal says how sure it is of each, and
    documents below a threshold of the signal are not answered. The threshold is set on calibration
    texts, either for a `coverage`, the share of texts that are answered, or for a `risk`, the share
    of errors among the texts answered, with a guarantee.

    Parameters
    ----------
    estimator : SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        Who answers. A pipeline that ends in one, or any classifier of raw text with
        ``predict_proba``, can be given too.
    coverage : float, default=None
        Share of the texts to be answered, above 0 and at most 1. Exactly one of `coverage` and
        `risk` is given.
    risk : float, default=None
        Largest share of errors among the texts answered, between 0 and 1. With a probability of
        `confidence_level` over the drawing of the calibration texts, the risk on new texts of the
        same kind is at most this. As many are answered as the calibration texts allow; if they
        allow none, `fit` warns, and nothing is ever answered. Needs MAPIE:
        ``pip install "sklearn-irx[reject]"``.
    confidence_level : float, default=0.95
        How surely `risk` is kept.
    signal : {"auto", "confidence", "agreement", "case"}, default="auto"
        By what documents are told apart, each between 0 and 1. "confidence": the probability of
        the label, the largest of all. "agreement": the mean probability that the members of an
        ensemble give to the label, over all predictions that the exchange has made: of each member
        from its own rationale, and where they disagree also from those of the others. "case": how
        the exchange settled; documents on which all members agree come before those where one
        convinced others, and these before those where only confidence decided; within each, by
        confidence. "auto" takes the one with the least area under the risk–coverage curve on
        calibration texts, the first named of equal ones. With any of them, a document in which no
        word is selected has 0. What is no ensemble has "confidence" alone.
    calibration_fraction : float, default=0.25
        Share of the texts given to :meth:`fit`, between 0 and 1, that is held out of each class to
        calibrate on, if the estimator is fitted here.
    reject_label : str, number or None, default=None
        What :meth:`predict` returns for a document that is not answered; none of the labels.
    prefit : "auto" or bool, default="auto"
        "auto" uses a fitted estimator as it is, and then all texts given to :meth:`fit` calibrate:
        give texts that it was not trained on. One that is not fitted is cloned and fitted on those
        that are not held out. True demands a fitted estimator, False always clones and fits.
    random_state : int, RandomState instance or None, default=None
        Seed of what is held out, and of nothing else: the estimator has its own.

    Attributes
    ----------
    estimator_ : fitted classifier
        Who answers.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    signal_ : str
        The signal in use.
    threshold_ : float
        Documents whose signal is at least this are answered: 0 answers all, infinity none.
    coverage_, risk_ : float
        Share of the calibration texts that is answered, and share of errors among them; nan if
        none is. With `risk`, of those calibration texts that the threshold was tested on, so
        `risk_` is below `risk` by what the guarantee costs. `risk_` of a `coverage` is no
        guarantee.
    aurc_ : dict of str to float
        Area under the risk–coverage curve of each signal there was to choose from, on the
        calibration texts that `signal_` was chosen on.

    See Also
    --------
    sklearn_irx.metrics.risk_coverage_curve : Risk at every coverage.
    sklearn_irx.inspection.RiskCoverageDisplay : The same as a plot.

    Notes
    -----
    The guarantee is that of Learn Then Test, by MAPIE's ``BinaryClassificationController``, whose
    precision is the share of right answers here. A quarter of the calibration texts, drawn by
    chance, chooses the signal, the candidates for the threshold, and which of them is tested first,
    the one that is most surely good. The others test it, and then lower ones, which answer more and
    more, until the risk of one is not shown to be kept. A choice that knew the texts of the test
    would void the guarantee. Because the order is fixed before, each is tested at the full level
    (fixed sequence testing): Bonferroni–Holm, which divides the level among all, answers fewer
    texts. A risk of r asks for at least log(1 - `confidence_level`) / log(1 - r) answered
    calibration texts, 59 for 5 %, even if all are right.
    The guarantee holds for texts drawn as the calibration texts were, and for a share of errors
    over many of them, not for each class or each document.

    References
    ----------
    C. Chow, "On Optimum Recognition Error and Reject Tradeoff", 1970. A. Angelopoulos et al.,
    "Learn Then Test: Calibrating Predictive Algorithms to Achieve Risk Control", 2021.

    Examples
    --------
    >>> from sklearn_irx import RejectOption, SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(training=Training(max_epochs=1), random_state=0)
    >>> careful = RejectOption(clf, coverage=0.8, random_state=0).fit(texts[:500], y[:500])
    >>> careful.coverage_
    0.8
    >>> labels = careful.predict(texts[500:])
    >>> bool(((labels == None) == ~careful.accepts(texts[500:])).all())
    True
    >>> careful.score(texts[500:], y[500:]) >= careful.estimator_.score(texts[500:], y[500:])
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": "no_validation",
        "coverage": [Interval(Real, 0, 1, closed="right"), None],
        "risk": [Interval(Real, 0, 1, closed="neither"), None],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "signal": [StrOptions({"auto", *SIGNALS})],
        "calibration_fraction": [Interval(Real, 0, 1, closed="neither")],
        "reject_label": [str, Real, None],
        "prefit": ["boolean", StrOptions({"auto"})],
        "random_state": ["random_state"],
    }
    _doc_link_module = "sklearn_irx"

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float | None = None,
        risk: float | None = None,
        confidence_level: float = 0.95,
        signal: str = "auto",
        calibration_fraction: float = 0.25,
        reject_label: Any = None,
        prefit: bool | str = "auto",
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.risk = risk
        self.confidence_level = confidence_level
        self.signal = signal
        self.calibration_fraction = calibration_fraction
        self.reject_label = reject_label
        self.prefit = prefit
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, **fit_params: Any) -> Self:
        """Fit the estimator, if it needs it, and set the threshold on calibration texts.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,)
            Labels.
        **fit_params
            For the `fit` of the estimator. With metadata routing, what it asks for. Of what has an
            entry for each document, it gets the part that it is fitted on.

        Returns
        -------
        self : RejectOption

        Raises
        ------
        ValueError
            If not exactly one of `coverage` and `risk` is given, the estimator has no such signal,
            there are too few texts to calibrate on, `reject_label` is a label, `y` does not fit
            `X`, or as raised by the estimator.
        TypeError
            If the estimator has no ``predict_proba``, or as raised by it.
        NotFittedError
            If ``prefit=True`` and the estimator is not fitted.
        ImportError
            If `risk` is given and MAPIE is not installed.

        Warns
        -----
        RejectionWarning
            If no threshold can be shown to keep `risk`. Then nothing is answered.
        """
        self._check_asked()
        texts = check_texts(X)
        y = check_labels(y, len(texts))
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params)["estimator"]["fit"]
        random_state = check_random_state(self.random_state)
        estimator = self.estimator
        as_is = is_used_as_is("estimator", estimator, self.prefit)
        if self.reject_label is not None:
            self._check_reject_label(estimator.classes_ if as_is else y)
        if as_is:
            check_known_classes({"estimator": estimator.classes_}, y, exactly=False)
        else:
            kept, held_out = drawn(y, self.calibration_fraction, random_state)
            part = check_method_params(texts, fit_params, indices=kept)
            estimator = clone(estimator).fit([texts[row] for row in kept], y[kept], **part)
            texts, y = [texts[row] for row in held_out], y[held_out]
        if not texts:
            raise ValueError(
                f"calibration_fraction={self.calibration_fraction} leaves no text to calibrate on: "
                "give more texts."
            )
        read = read_signals(estimator, texts)
        found = calibrate(
            read.signals, read.labels == y, y, signal=self.signal, coverage=self.coverage,
            risk=self.risk, confidence_level=self.confidence_level, random_state=random_state,
        )  # fmt: skip
        if np.isinf(found.threshold):
            warnings.warn(
                f"risk={self.risk} with confidence_level={self.confidence_level} is not shown to "
                f"be kept at any threshold on {len(texts)} calibration texts, so no text will be "
                "answered: give more texts to calibrate on, a better estimator, or a higher risk.",
                RejectionWarning,
                stacklevel=3,
            )
        self.signal_, self.threshold_, self.coverage_, self.risk_, self.aurc_ = found
        self.estimator_ = estimator
        self.classes_ = estimator.classes_
        self._trained_params = params_of_training(self)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the label of each document, or abstain.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            `reject_label` where the document is not answered. With None, the default, an array of
            objects, also if all are answered, which pandas reads as missing values. Otherwise the
            array has the type of the labels, if `reject_label` is of their kind: -1 among
            integers, "unsure" among strings; scikit-learn's metrics then count it as a class. If
            it is of another kind, they are objects.
        """
        read = self._read(X)
        return self._with_rejections(read.labels, self._are_accepted(read.signals))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the class probabilities of the estimator, also of documents not answered.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.
        """
        check_is_fitted(self)
        probabilities: np.ndarray = self.estimator_.predict_proba(X)
        return probabilities

    def signal_scores(self, X: Any) -> np.ndarray:
        """Return how sure the estimator is of each document, by the signal in use.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Between 0 and 1.
        """
        return self._read(X).signals[self.signal_]

    def accepts(self, X: Any) -> np.ndarray:
        """Return which documents are answered.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        accepted : ndarray of shape (n_samples,), dtype bool
            False where :meth:`predict` abstains.
        """
        return self._are_accepted(self._read(X).signals)

    def accepts_exchanged(self, exchange: Exchange) -> np.ndarray:
        """Return which documents are answered, from the exchange about them.

        Parameters
        ----------
        exchange : Exchange
            The result of :meth:`exchange`, or of an exchange of the estimator, as it is.

        Returns
        -------
        accepted : ndarray of shape (n_samples,), dtype bool
            As :meth:`accepts` returns it.
        """
        check_is_fitted(self)
        return self._are_accepted(signals_in(exchange))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the selective accuracy: that on the documents which are answered.

        It says nothing of how many these are, so by it a search over `coverage` finds the lowest.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,)
            True labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the documents.

        Returns
        -------
        accuracy : float
            Between 0 and 1; nan if no document is answered.

        Raises
        ------
        ValueError
            If a label is missing or of another type than the others, or there are not as many
            labels or weights as documents.
        """
        texts = check_texts(X)
        y = check_labels(y, len(texts))
        read = self._read(texts)
        accepted = self._are_accepted(read.signals)
        if not accepted.any():
            return float("nan")
        weights = None
        if sample_weight is not None:
            weights = check_sample_weight(sample_weight, len(texts))[accepted]
        return float(accuracy_score(y[accepted], read.labels[accepted], sample_weight=weights))

    @available_if(_has_rationales)
    def explain(self, X: Any) -> Rationales:
        """Return label, confidence and words of each document, also of those not answered.

        What is not answered is what the estimator would have said. :meth:`accepts` tells which:
        ``zip(option.explain(texts), option.accepts(texts))``.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        rationales : Rationales
            A list of n_samples :class:`~sklearn_irx.Rationale`.
        """
        check_is_fitted(self)
        return explain(self.estimator_, X)

    @available_if(_exchanges)
    def exchange(self, X: Any, *, spans: bool = True, scores: bool = False) -> Exchange:
        """Return the exchange of the ensemble, as :meth:`InteractiveEnsemble.exchange` does.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        spans, scores : bool
            Whether to keep where words stand, and to compute selection scores.

        Returns
        -------
        exchange : Exchange
            Of all documents, also those not answered.
        """
        check_is_fitted(self)
        return exchange_of(self.estimator_, X, spans=spans, scores=scores)

    @property
    def _answering(self) -> Any:
        """The estimator in use, or the one to be fitted."""
        return getattr(self, "estimator_", self.estimator)

    def _check_asked(self) -> None:
        """Check the parameters that say what is wanted, before anything is trained."""
        if (self.coverage is None) == (self.risk is None):
            raise ValueError(
                f"coverage={self.coverage!r} and risk={self.risk!r}: give one of them, the other "
                "is what comes of it."
            )
        if not hasattr(self.estimator, "predict_proba"):
            raise TypeError(
                f"estimator={self.estimator!r} has no predict_proba: give a classifier of raw text "
                "that has."
            )
        if self.signal not in ("auto", *signals_of(self.estimator)):
            raise ValueError(
                f"signal={self.signal!r} is that of an ensemble, and estimator is a "
                f"{type(final_estimator(self.estimator)).__name__}: give 'confidence', or an "
                "InteractiveEnsemble."
            )
        if self.risk is not None:
            import_risk_control()

    def _check_reject_label(self, labels: np.ndarray) -> None:
        if self.reject_label in labels.tolist():
            raise ValueError(
                f"reject_label={self.reject_label!r} is a label: give one that y cannot have."
            )

    def _read(self, X: Any) -> Reading:
        check_is_fitted(self)
        return read_signals(self.estimator_, X)

    def _are_accepted(self, signals: dict[str, np.ndarray]) -> np.ndarray:
        accepted: np.ndarray = signals[self.signal_] >= self.threshold_
        return accepted

    def _with_rejections(self, labels: np.ndarray, accepted: np.ndarray) -> np.ndarray:
        of_their_kind = np.asarray(self.reject_label).dtype.kind == labels.dtype.kind != "O"
        if of_their_kind:
            return np.where(accepted, labels, self.reject_label)
        labels = labels.astype(object)
        labels[~accepted] = self.reject_label
        return labels

    def get_metadata_routing(self) -> MetadataRouter:
        """Route the parameters of `fit` to the `fit` of the estimator.

        Returns
        -------
        router : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "threshold_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def reject_option_of(model: Any) -> RejectOption | None:
    """Return the reject option that a model is, or that a pipeline ends in, if any."""
    while hasattr(model, "steps"):
        model = model.steps[-1][1]
    return model if isinstance(model, RejectOption) else None
