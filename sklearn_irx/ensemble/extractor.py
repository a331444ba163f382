"""Rationales as texts, for whatever reads texts after them in a pipeline."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._compat import StrOptions, check_method_params, fit_context, get_output_config
from sklearn_irx._pipelines import final_estimator
from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.classifier.base import is_used_as_is, needs_fit
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.ensemble.result import explain


class RationaleExtractor(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Transformer that leaves of each document the words of its rationale.

    Put it before anything that reads texts: ``make_pipeline(RationaleExtractor(clf),
    TfidfVectorizer(), LogisticRegression())`` is a classifier that reads rationales only.

    Parameters
    ----------
    classifier : SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        Who selects the words. Of an ensemble, it is the rationale that is kept. A
        ``sklearn.frozen.FrozenEstimator`` around one is used as it is. Of a pipeline that ends in
        one, words are those of the cleaned documents.
    mark : str, default="…"
        What stands where words were left out between two that were selected. With "", nothing
        tells where.
    prefit : "auto" or bool, default="auto"
        "auto" uses a fitted classifier as it is, and clones and fits one that is not. True demands
        a fitted one, False always clones and fits.
    cv : int, cross-validation generator, iterable or None, default=None
        How :meth:`fit_transform` goes about the training documents, if the classifier is fitted
        here. With None they are read by the classifier that was trained on them. Otherwise each
        is read by one that was trained without it. An integer is a number of stratified folds,
        without shuffling.

    Attributes
    ----------
    classifier_ : fitted classifier
        Who selects the words of new documents.

    Notes
    -----
    A classifier that was trained on a document knows its label. The words it selects there tell
    the label more surely than those of a new document will, and what is trained on them trusts
    them too much. `cv` avoids that, at the price of as many more trainings as there are folds. It
    acts in :meth:`fit_transform`, which a pipeline calls when it is fitted; there, and there only,
    the result is not what :meth:`fit` and then :meth:`transform` give.

    See Also
    --------
    sklearn.ensemble.StackingClassifier : Cross-fits in the same way.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_irx import RationaleExtractor, SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(400, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(training=Training(max_epochs=1), random_state=0)
    >>> extractor = RationaleExtractor(clf).fit(texts[:300], y[:300])
    >>> words = extractor.transform(texts[300:])
    >>> len(words[0]) < len(texts[300])
    True
    >>> reader = make_pipeline(extractor, TfidfVectorizer(), LogisticRegression())
    >>> reader.fit(texts[:300], y[:300]).score(texts[300:], y[300:]) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "classifier": "no_validation",
        "mark": [str],
        "prefit": ["boolean", StrOptions({"auto"})],
        "cv": ["cv_object"],
    }
    _doc_link_module = "sklearn_irx"

    def __init__(
        self,
        classifier: Any,
        *,
        mark: str = "…",
        prefit: bool | str = "auto",
        cv: Any = None,
    ) -> None:
        self.classifier = classifier
        self.mark = mark
        self.prefit = prefit
        self.cv = cv

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the classifier, if it needs it.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,), default=None
            Labels. Not needed if the classifier is used as it is.
        **fit_params
            For the `fit` of the classifier. With metadata routing, what it asks for.

        Returns
        -------
        self : RationaleExtractor

        Raises
        ------
        NotFittedError
            If ``prefit=True`` and the classifier is not fitted.
        TypeError
            If the classifier has no rationales, or as raised by it.
        ValueError
            If `y` does not fit `X`, or as raised by the classifier.
        """
        self._fit(check_texts(X), y, fit_params)
        return self

    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit the classifier, and give the rationales of the training documents as `cv` says.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,), default=None
            Labels. Not needed if the classifier is used as it is.
        **fit_params
            For the `fit` of the classifier. With metadata routing, what it asks for. Of what has
            an entry for each document, each fold gets its part.

        Returns
        -------
        rationales : ndarray of shape (n_samples,), dtype object
            As :meth:`transform` gives them.

        Raises
        ------
        ValueError
            If `cv` does not test every document once, or as raised by :meth:`fit`.
        """
        texts = check_texts(X)
        labels, params = self._fit(texts, y, fit_params)
        if self.cv is None or labels is None:
            return self.transform(X)
        documents = np.array(texts, dtype=object)
        # A splitter given as an iterable can be gone through once.
        folds = list(check_cv(self.cv, labels, classifier=True).split(documents, labels))
        times = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(texts))
        if (times != 1).any():
            row = int((times != 1).argmax())
            raise ValueError(
                f"cv={self.cv!r} tests X[{row}] {times[row]} times: give a splitter that tests "
                "every document once, StratifiedKFold for example."
            )
        rationales = np.empty(len(texts), dtype=object)
        for train, test in folds:
            part = check_method_params(documents, params, indices=train)
            without = clone(self.classifier).fit(documents[train].tolist(), labels[train], **part)
            rationales[test] = self._texts_of(explain(without, documents[test].tolist()))
        return self._column(rationales, X)

    def transform(self, X: Any) -> np.ndarray:
        """Return the words of the rationales, as one text a document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        rationales : ndarray of shape (n_samples,), dtype object
            Strings: the selected words as they stand in the document, in order, with spaces
            between them and `mark` where words were left out. What stands between words,
            punctuation say, is no part of it. After :meth:`set_output`, a column of that library.
        """
        check_is_fitted(self)
        return self._column(self._texts_of(explain(self.classifier_, check_texts(X))), X)

    def _fit(
        self, texts: list[str], y: Any, fit_params: dict[str, Any]
    ) -> tuple[np.ndarray | None, dict[str, Any]]:
        """Fit the classifier; give labels and parameters it was fitted with, None if it was not."""
        if not hasattr(final_estimator(self.classifier), "explain"):
            raise TypeError(
                f"classifier={self.classifier!r} has no rationales: give a "
                "SelectiveRationaleClassifier, an InteractiveEnsemble or an InteractiveCommittee."
            )
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params)["classifier"]["fit"]
        as_is = is_used_as_is("classifier", self.classifier, self.prefit)
        if y is not None or not as_is:
            y = check_labels(y, len(texts))
        if as_is:
            self.classifier_ = self.classifier
            return None, fit_params
        self.classifier_ = clone(self.classifier).fit(texts, y, **fit_params)
        return y, fit_params

    def _texts_of(self, rationales: list[Rationale]) -> np.ndarray:
        texts = np.empty(len(rationales), dtype=object)
        texts[:] = [self._text_of(rationale) for rationale in rationales]
        return texts

    def _text_of(self, rationale: Rationale) -> str:
        shown: list[str] = []
        last = None
        for i in np.flatnonzero(rationale.mask):
            start, end = rationale.spans[i]
            if self.mark and last is not None and i > last + 1:
                shown.append(self.mark)
            shown.append(rationale.text[start:end])
            last = i
        return " ".join(shown)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Set what :meth:`transform` and :meth:`fit_transform` return.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            An array, or a ``Series`` of the library named "rationale", with the index of `X`: a
            column and not a data frame, since what reads texts after it would read the names of
            columns. None changes nothing.

        Returns
        -------
        self : RationaleExtractor
        """
        if transform is not None:
            if transform not in ("default", "pandas", "polars"):
                raise ValueError(
                    f"transform={transform!r}: give 'default', 'pandas', 'polars' or None."
                )
            self._sklearn_output_config = {"transform": transform}  # which `clone` keeps
        return self

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:  # noqa: ARG002
        """Return the name of the column of rationales.

        Parameters
        ----------
        input_features : ignored
            Present for scikit-learn's pipelines.

        Returns
        -------
        names : ndarray of shape (1,), dtype object
        """
        check_is_fitted(self)
        return np.array(["rationale"], dtype=object)

    def _column(self, texts: np.ndarray, X: Any) -> Any:
        """Return texts as `set_output`, or scikit-learn's configuration, asks for."""
        library = get_output_config("transform", self)["dense"]
        if library == "pandas":
            import pandas as pd

            return pd.Series(
                texts, index=X.index if isinstance(X, pd.Series) else None, name="rationale"
            )
        if library == "polars":
            import polars as pl

            return pl.Series("rationale", texts.tolist())
        return texts

    def get_metadata_routing(self) -> MetadataRouter:
        """Route the parameters of `fit` to the `fit` of the classifier.

        Returns
        -------
        router : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        mapping.add(caller="fit_transform", callee="fit")
        return MetadataRouter(owner=self).add(classifier=self.classifier, method_mapping=mapping)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classifier_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = needs_fit(self.classifier, self.prefit)
        return tags
