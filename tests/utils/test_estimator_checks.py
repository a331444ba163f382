"""Every estimator of the package, and pipelines, under the checks; and the ways to run them."""

import re
import warnings
from pathlib import Path
from unittest import SkipTest

import numpy as np
import pytest
import sklearn
from sklearn.cluster import KMeans
from sklearn.exceptions import EstimatorCheckFailedWarning, SkipTestWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from sklearn_irx import (
    InteractiveCommittee,
    InteractiveEnsemble,
    RationaleExtractor,
    RejectOption,
    SelectiveRationaleClassifier,
)
from sklearn_irx._compat import sklearn_checks_of
from sklearn_irx.components import CNN
from sklearn_irx.metrics import RandomMaskReader
from sklearn_irx.text import WordVectors
from sklearn_irx.utils._checks import _page as page
from sklearn_irx.utils._checks._of_sklearn import (
    AS_THEY_ARE,
    CANNOT_APPLY,
    KNOWN_FAILURES,
    REWRITTEN,
    SKLEARN_VERSION,
)
from sklearn_irx.utils.estimator_checks import (
    check_text_estimator,
    parametrize_with_text_checks,
    text_check_data,
    text_estimator_checks_generator,
)

VECTORS = WordVectors(["soup", "bread", "rain"], np.random.RandomState(0).normal(size=(3, 4)))
PAGE = Path(__file__).parents[2] / "docs" / "estimator_checks.md"
at_the_version_of_the_page = pytest.mark.skipif(
    not sklearn.__version__.startswith(f"{SKLEARN_VERSION}."),
    reason=f"the page is about scikit-learn {SKLEARN_VERSION}",
)


def small(**parameters):
    """Make a classifier that trains in a few hundredths of a second.

    In several steps: in one, Adam moves weights by the signs of their gradients alone.
    """
    settings = {
        "initialization": None, "embeddings": VECTORS, "max_length": 12, "training__max_epochs": 1,
        "training__batch_size": 4, "encoder": CNN((2,), n_filters=2), "predictor__hidden_size": 4,
        "n_threads": 1,
    }  # fmt: skip
    if "rationale_length" not in parameters:
        settings["lambda1"] = 0.01
    return SelectiveRationaleClassifier().set_params(**{**settings, **parameters})


def pair(**parameters):
    return InteractiveEnsemble(small(), small(predictor__hidden_size=5), **parameters)


def clean(texts):
    """Remove line breaks of HTML, as people do before they train."""
    return [text.replace("<br />", " ") for text in texts]


def frozen(seed):
    return FrozenEstimator(small(random_state=seed).fit(*text_check_data()))


def fitted(seed):
    return small(random_state=seed).fit(*text_check_data())


COMMITTEE = [
    ("a", small()),
    ("b", small(predictor__hidden_size=5)),
    ("c", small(predictor__hidden_size=6)),
]
ESTIMATORS = {
    "classifier": small(initialization="naive_bayes"),
    "classifier from scratch": small(),
    "classifier, recurrent, of a length": small(
        encoder="rnn", encoder__hidden_size=2, rationale_length=2
    ),
    "classifier, top_k": small(sampler="top_k", rationale_length=3, calibration="temperature"),
    "ensemble": pair(),
    "ensemble, refitting": pair(prefit=False),
    "ensemble of fitted members": InteractiveEnsemble(fitted(0), fitted(1)),
    "ensemble of frozen members": InteractiveEnsemble(frozen(0), frozen(1)),
    "ensemble that demands fitted members": InteractiveEnsemble(frozen(0), frozen(1), prefit=True),
    "ensemble, half frozen": InteractiveEnsemble(frozen(0), small()),
    "committee": InteractiveCommittee(COMMITTEE),
    "committee, consensus": InteractiveCommittee(COMMITTEE[:2], rule="consensus"),
    "committee of fitted members": InteractiveCommittee([("a", fitted(0)), ("b", fitted(1))]),
    "committee of frozen members": InteractiveCommittee(
        [("a", frozen(0)), ("b", frozen(1)), ("c", frozen(2))], prefit=True
    ),
    "classifier behind cleaning": make_pipeline(FunctionTransformer(clean), small()),
    "ensemble behind cleaning": make_pipeline(FunctionTransformer(clean), pair()),
    "committee behind cleaning": make_pipeline(
        FunctionTransformer(clean), InteractiveCommittee(COMMITTEE[:2])
    ),
    "reject option": RejectOption(small(), coverage=0.5, reject_label="?"),
    "reject option, all answered": RejectOption(pair(), coverage=1.0),
    "reject option of a frozen ensemble": RejectOption(
        InteractiveEnsemble(frozen(0), frozen(1)), coverage=1.0
    ),
    "extractor": RationaleExtractor(small()),
    "extractor, cross-fitted": RationaleExtractor(small(), cv=2),
    "extractor of an ensemble": RationaleExtractor(pair(), mark=""),
    "extractor of a frozen classifier": RationaleExtractor(frozen(0), prefit=True),
    "reader of random masks": RandomMaskReader(),
    "TF-IDF": make_pipeline(TfidfVectorizer(), LogisticRegression()),
    "TF-IDF of rationales": make_pipeline(
        RationaleExtractor(small()), TfidfVectorizer(), LogisticRegression()
    ),
}
(
    ANY_PIPELINE,
    TFIDF,
    FROZEN_MEMBERS,
    REJECTING,
    REJECTING_FROZEN,
    FROZEN_IN_EXTRACTOR,
    CROSS_FITTED,
) = KNOWN_FAILURES.values()
ALL_ANSWERED = {name: REJECTING[name] for name in ("check_text_labels",)}
CLEANING = {
    "check_text_nothing_to_learn": "`FunctionTransformer` raises IndexError for an empty list",
    "check_text_bare_string": "the cleaning makes characters of a string",
    "check_text_no_strings": "the cleaning raises AttributeError for what is no string",
    "check_text_two_dimensions": "the cleaning raises AttributeError for rows of an array",
}
NOTHING_TO_READ = {name: TFIDF[name] for name in ("check_text_nothing_to_read",)}
# What is fitted learns the classes of what is frozen, which answers first.
HALF_FROZEN = {
    name: FROZEN_MEMBERS[name]
    for name in ("check_text_labels", "check_text_refit_forgets", "check_text_weights_count")
}


def known_failures(estimator):
    """Tell what an estimator is expected to fail, and why."""
    (name,) = (name for name, one in ESTIMATORS.items() if one is estimator)
    if isinstance(estimator, Pipeline):
        more = {"TF-IDF": TFIDF, "TF-IDF of rationales": NOTHING_TO_READ}.get(name, CLEANING)
        return {**ANY_PIPELINE, **more}
    return {
        "ensemble of frozen members": FROZEN_MEMBERS,
        "ensemble that demands fitted members": FROZEN_MEMBERS,
        "committee of frozen members": FROZEN_MEMBERS,
        "ensemble, half frozen": HALF_FROZEN,
        "reject option": REJECTING,
        "reject option, all answered": ALL_ANSWERED,
        "reject option of a frozen ensemble": REJECTING_FROZEN,
        "extractor, cross-fitted": CROSS_FITTED,
        "extractor of a frozen classifier": FROZEN_IN_EXTRACTOR,
    }.get(name, {})


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads that wait for each other take longer than these trainings."""
    with threadpool_limits(1, user_api="blas"):
        yield


@parametrize_with_text_checks(list(ESTIMATORS.values()), expected_failed_checks=known_failures)
def test_every_estimator_passes(estimator, check):
    check(estimator)


def test_every_check_is_asked_of_some_estimator_of_the_package():
    asked = {
        check.func.__name__
        for estimator in ESTIMATORS.values()
        for _, check in text_estimator_checks_generator(estimator)
    }
    all_there_are = set(AS_THEY_ARE) | {
        check.__name__ for checks in page.text_checks_by_theme().values() for check in checks
    }
    assert all_there_are - asked == {"check_text_n_iter"}


def test_results_tell_what_happened_to_each_check():
    vectorizer = TfidfVectorizer()
    seen = []
    results = check_text_estimator(
        vectorizer,
        expected_failed_checks={"check_text_no_strings": "AttributeError"},
        on_fail=None,
        callback=lambda **result: seen.append(result),
    )
    assert results == seen
    by_name = {result["check_name"]: result for result in results}
    assert by_name["check_text_pickle"]["status"] == "passed"
    assert by_name["check_text_nothing_to_read"]["status"] == "failed"
    expected = by_name["check_text_no_strings"]
    assert expected["status"] == "xfail"
    assert expected["expected_to_fail_reason"] == "AttributeError"
    assert isinstance(expected["exception"], AssertionError)


def test_a_failure_is_raised_or_warned_of():
    with pytest.raises(AssertionError, match="TfidfVectorizer"):
        check_text_estimator(TfidfVectorizer())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_text_estimator(TfidfVectorizer(), on_fail="warn")
    warned = {w.message.check_name for w in caught if w.category is EstimatorCheckFailedWarning}
    assert "check_text_nothing_to_read" in warned


def test_an_expected_failure_that_passes_is_a_failure():
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    wrong = {"check_text_pickle": "cannot be pickled"}
    with pytest.raises(AssertionError, match=r"check_text_pickle passed.*cannot be pickled"):
        check_text_estimator(pipeline, expected_failed_checks={**ANY_PIPELINE, **TFIDF, **wrong})


def test_a_check_that_cannot_be_done_is_told(monkeypatch):
    def cannot(name, estimator):
        raise SkipTest("no such library")

    monkeypatch.setattr("sklearn_irx.utils.estimator_checks.text_checks", lambda _: [cannot])
    monkeypatch.setattr("sklearn_irx.utils.estimator_checks.sklearn_checks", lambda _: [])
    with pytest.warns(SkipTestWarning, match="cannot was skipped: no such library"):
        (result,) = check_text_estimator(TfidfVectorizer())
    assert result["status"] == "skipped"
    (result,) = check_text_estimator(TfidfVectorizer(), on_skip=None)
    assert result["status"] == "skipped"


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (TfidfVectorizer, "the class TfidfVectorizer: give an instance"),
        (Ridge(), "is a regressor: give a classifier"),
        (KMeans(), "is a clusterer"),
        (LocalOutlierFactor(), "is an outlier detector"),
    ],
    ids=["class", "regressor", "clusterer", "outliers"],
)
def test_what_cannot_be_checked_is_refused(estimator, message):
    with pytest.raises(TypeError, match=message):
        check_text_estimator(estimator)
    with pytest.raises(TypeError, match=message):
        parametrize_with_text_checks([estimator])


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="names check_text_pickel: give names of checks"):
        check_text_estimator(
            TfidfVectorizer(), expected_failed_checks={"check_text_pickel": "misspelt"}
        )
    with pytest.raises(ValueError, match="on_fail='stop': give"):
        check_text_estimator(TfidfVectorizer(), on_fail="stop")
    with pytest.raises(ValueError, match="on_skip='raise': give"):
        check_text_estimator(TfidfVectorizer(), on_skip="raise")


def test_expected_failures_are_marked_strictly_with_their_reasons():
    vectorizer = TfidfVectorizer()
    for strict in (True, False):
        mark = parametrize_with_text_checks(
            [vectorizer],
            expected_failed_checks=lambda _: {"check_text_no_strings": "AttributeError"},
            xfail_strict=strict,
        )
        marked = [parameters for parameters in mark.args[1] if parameters.marks]
        ((estimator, check),) = [parameters.values for parameters in marked]
        assert estimator is vectorizer
        assert check.func.__name__ == "check_text_no_strings"
        assert marked[0].marks[0].kwargs == {"reason": "AttributeError", "strict": strict}


def test_names_of_tests_tell_estimator_and_check():
    mark = parametrize_with_text_checks([RationaleExtractor(small(), cv=2)])
    estimator, check = mark.args[1][0].values
    assert mark.kwargs["ids"](check) == "check_estimator_cloneable"
    shown = mark.kwargs["ids"](estimator)
    assert shown.startswith("RationaleExtractor(")
    assert not re.search(r"0x|\s", shown)


class ReadsTables(SelectiveRationaleClassifier):
    """The classifier, were it one of arrays, so that scikit-learn yields its checks."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


@at_the_version_of_the_page
def test_every_check_of_scikit_learn_is_in_one_of_the_lists():
    assert not page.unlisted(), (
        "sklearn_irx/utils/_checks/_of_sklearn.py does not fit the installed scikit-learn: "
        + ", ".join(page.unlisted())
    )
    asked = {name for names in REWRITTEN.values() for name in names}
    ours = {check.__name__ for checks in page.text_checks_by_theme().values() for check in checks}
    assert asked <= ours


@at_the_version_of_the_page
def test_every_check_that_scikit_learn_would_run_on_the_classifier_is_in_the_lists():
    yielded = {getattr(check, "func", check).__name__ for check in sklearn_checks_of(ReadsTables())}
    assert "check_estimators_pickle" in yielded
    assert "check_sample_weights_shape" in yielded
    assert yielded <= {*AS_THEY_ARE, *REWRITTEN, *CANNOT_APPLY}


@at_the_version_of_the_page
def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page.page(), (
        "docs/estimator_checks.md is not what the checks say: run "
        "python -m sklearn_irx.utils._checks._page docs/estimator_checks.md"
    )
