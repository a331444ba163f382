"""Labels that are missing, of two types, or so rare that nothing can be held out."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import InteractiveEnsemble, RationaleExtractor
from sklearn_irx._validation import check_labels
from sklearn_irx.inspection import explain_documents, rationale_report
from sklearn_irx.metrics import exchange_table, expected_calibration_error

TEXTS = ["dirty grimy room", "lovely clean room"] * 20
LABELS = ["bad", "good"] * 20

OF_ONE_TYPE = [
    (st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), "U"),
    (st.integers(-(2**31), 2**31), "i"),
    (st.booleans(), "b"),
]
MISSING = [None, float("nan"), np.float32("nan"), np.float64("inf"), pd.NA, pd.NaT]
ALIEN = [b"bad", ("bad",), {"bad": 1}, Decimal(1), datetime.date(2020, 1, 1), object]
CONTAINERS = [list, tuple, lambda labels: np.array([*labels, None], dtype=object)[:-1]]


@pytest.fixture(scope="module")
def clf(small):
    return small(max_length=10).fit(TEXTS, LABELS)


@pytest.fixture(scope="module")
def both(clf, small):
    other = small(max_length=10, random_state=1, initialization="logistic").fit(TEXTS, LABELS)
    return InteractiveEnsemble(clf, other).fit(TEXTS)


@pytest.mark.parametrize(("labels", "kind"), OF_ONE_TYPE, ids=["text", "int", "bool"])
@given(data=st.data())
def test_labels_of_one_type_stay_as_they_are(labels, kind, data):
    y = data.draw(st.lists(labels, min_size=1, max_size=15))
    found = check_labels(y, len(y))
    assert found.dtype.kind == kind
    assert found.tolist() == y
    assert check_labels([[label] for label in y]).tolist() == y  # a column
    assert check_labels(np.array(y)).tolist() == y
    assert check_labels(pd.Series(y, index=range(5, 5 + len(y)))).tolist() == y
    assert check_labels(pl.Series(y)).tolist() == y
    assert check_labels(pd.Categorical(y)).tolist() == y


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (pd.array([3, 1], dtype="Int64"), "i"),
        (pd.Series([3, 1], dtype="Int8"), "i"),
        (pd.Series([3, 1], dtype="int64[pyarrow]"), "i"),
        (pd.array([True, False], dtype="boolean"), "b"),
        (pd.Series([True, False], dtype="category"), "b"),
        (np.array([3, 1], dtype=object), "i"),
        (np.array([True, False], dtype=object), "b"),
        ([1.0, 2], "f"),
        ([np.int64(3), 1], "i"),
        ([np.bool_(True), False], "b"),
        ([np.str_("a"), "b"], "U"),
        (np.array(["a", np.str_("b")], dtype=object), "O"),
        (pd.Series(["a", "b"], dtype="string"), "O"),
        (np.array(["a", "b"], dtype=np.dtypes.StringDType()), "O"),
        (pl.Series(["a", "b"], dtype=pl.Categorical), "O"),
        (np.ma.masked_array([3, 1], [False, False]), "i"),
    ],
    ids=str,
)
def test_every_way_to_hold_labels_is_read(y, kind):
    found = check_labels(y, 2)
    assert found.dtype.kind == kind
    assert found.tolist() == list(y)


@given(
    y=st.one_of(*(st.lists(labels, min_size=1) for labels, _ in OF_ONE_TYPE)),
    wrong=st.sampled_from(MISSING + ALIEN),
    where=st.integers(0, 10),
    container=st.sampled_from(CONTAINERS),
)
def test_a_label_that_is_none_is_named_by_its_row(y, wrong, where, container):
    row = min(where, len(y))
    with pytest.raises(ValueError, match=r"y\[\d+\] is .*: give ") as caught:
        check_labels(container([*y[:row], wrong, *y[row:]]))
    assert str(caught.value).startswith(f"y[{row}] is ")


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("first", "other"), [("a", 7), (7, "a"), (True, "a"), ("a", False), (1, True), (2.0, "2.0")]
)
def test_labels_of_two_types_are_refused(first, other, container):
    with pytest.raises(ValueError, match=r"y\[2\] is .*, of type .*, and y\[0\]") as caught:
        check_labels(container([first, first, other]))
    assert repr(other) in str(caught.value)
    assert "[str(label) for label in y]" in str(caught.value)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["a", None, "b"]),
        pd.Series(["a", None, "b"], dtype=object),
        pd.Series(["a", None, "b"], dtype="string"),
        pd.Categorical(["a", None, "b"]),
        pd.Series([1, None, 2], dtype="category"),
        pd.Series([1, None, 2], dtype="Int64"),
        pd.Series([1, None, 2], dtype="int64[pyarrow]"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series(pd.to_datetime(["2020-01-01", None, "2021-01-01"])),
        pd.DataFrame({"y": ["a", None, "b"]}),
        pl.Series(["a", None, "b"]),
        pl.Series([1, None, 2]),
        pl.Series([True, None, False]),
        np.ma.masked_array(["a", "b", "c"], [False, True, False]),
        np.ma.masked_array([1, 2, 3], [False, True, False]),
        np.array(["2020-01-01", "NaT", "2021-01-01"], dtype="datetime64[D]"),
        [1.0, -np.inf, 2.0],
    ],
    ids=lambda y: f"{type(y).__name__} {getattr(y, 'dtype', '')}",
)
def test_what_a_container_has_for_a_missing_label_is_named(y):
    with pytest.raises(ValueError, match=r"y\[1\] is .*: give the label of every document"):
        check_labels(y, 3)


def test_how_many_more_are_missing_is_told():
    with pytest.raises(ValueError, match=r"y\[1\] is None, and 2 more are missing"):
        check_labels(["a", None, "b", None, float("nan")])


@pytest.mark.parametrize(("wrong", "said"), [(None, "is None"), (7, "is 7, of type int")])
def test_every_method_that_takes_labels_names_the_row(wrong, said, clf, both, small):
    y = LABELS.copy()
    y[3] = wrong
    unfitted = small(max_length=10)
    for name, call in {
        "y": lambda: unfitted.fit(TEXTS, y),
        r"validation_data\[1\]": lambda: unfitted.fit(TEXTS, LABELS, validation_data=(TEXTS, y)),
        "y ": lambda: unfitted.partial_fit(TEXTS, y, classes=["bad", "good"]),
        "classes": lambda: unfitted.partial_fit(TEXTS, LABELS, classes=["bad", "good", "x", wrong]),
        "y  ": lambda: clf.score(TEXTS, y),
        "y   ": lambda: both.score(TEXTS, y),
        "y    ": lambda: InteractiveEnsemble(unfitted, small(random_state=1)).fit(TEXTS, y),
        "y     ": lambda: RationaleExtractor(unfitted).fit(TEXTS, y),
        "y_true": lambda: expected_calibration_error(y, clf.predict_proba(TEXTS)),
    }.items():
        with pytest.raises(ValueError, match=rf"^{name.strip()}\[3\] {said}.*give "):
            call()
    assert not hasattr(unfitted, "classes_")


def test_missing_true_labels_are_refused_before_a_document_is_read(both, monkeypatch):
    y = pd.Series(LABELS).mask(lambda labels: labels.index == 3)
    exchange = both.exchange(TEXTS)
    monkeypatch.setattr(type(both), "exchange", pytest.fail)
    for call in (
        lambda: explain_documents(both, TEXTS, y),
        lambda: rationale_report(both, TEXTS, y),
        lambda: exchange_table(exchange, y),
    ):
        with pytest.raises(ValueError, match=r"y\[3\] is nan"):
            call()


def test_score_is_the_share_of_labels_predicted_right(clf):
    y = np.array(LABELS)
    y[:10] = "good"
    right = clf.predict(TEXTS) == y
    assert clf.score(TEXTS, y) == right.mean()
    assert clf.score(iter(TEXTS), pd.Series(y)) == right.mean()
    weights = np.arange(40)
    assert clf.score(TEXTS, y, weights) == pytest.approx(np.average(right, weights=weights))
    with pytest.raises(ValueError, match="39 documents and y 40 labels"):
        clf.score(TEXTS[:39], y)


@pytest.mark.parametrize("initialization", ["naive_bayes", "logistic", "combined", None])
@pytest.mark.parametrize("calibration", [None, "temperature"])
def test_a_class_of_one_document_is_learned(initialization, calibration, small):
    texts, y = [*TEXTS, "loud street noise"], [*LABELS, "noise"]
    clf = small(
        initialization=initialization, calibration=calibration, embeddings=None, max_length=10,
        class_weight="balanced", training__max_epochs=10, training__learning_rate=1e-2,
    ).fit(texts, y)  # fmt: skip
    assert clf.n_training_documents_ + clf.n_validation_documents_ == 41
    assert "noise" in clf.vocabulary_
    if initialization is not None:  # from scratch, one document is too few
        assert clf.predict(["loud street noise"]) == ["noise"]


@pytest.mark.parametrize("initialization", ["naive_bayes", "logistic", "combined", None])
@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_classes_of_one_document_each_are_learned_with_a_warning(n_classes, initialization, small):
    texts = ["dirty room", "porridge", "loud waiters", "ants", "drains", "breakfast"][:n_classes]
    y = list("abcdef")[:n_classes]
    clf = small(
        initialization=initialization, calibration="temperature", embeddings=None, max_length=10
    )
    with pytest.warns(UserWarning, match="second document to hold out.*validation_data"):
        clf.fit(texts, y)
    assert (clf.n_training_documents_, clf.n_validation_documents_) == (n_classes, 0)
    assert clf.classes_.tolist() == y
    assert all(word in clf.vocabulary_ for text in texts for word in text.split())
    assert np.isfinite(clf.predict_proba(texts)).all()


def test_classes_of_one_document_are_learned_step_by_step(small):
    texts, y = ["dirty room", "porridge", "loud waiters"], ["a", "b", "c"]
    clf = small(max_length=10)
    with pytest.warns(UserWarning, match="second document"):
        clf.partial_fit(texts, y, classes=y)
    assert clf.n_training_documents_ == 3
    assert np.isfinite(clf.partial_fit(texts, y).predict_proba(texts)).all()


def test_ensembles_learn_a_class_of_one_document(small):
    texts, y = [*TEXTS, "loud street noise"], [*LABELS, "noise"]
    members = small(max_length=10), small(max_length=10, random_state=1)
    both = InteractiveEnsemble(*members, calibration="temperature")
    both.fit(texts, y, validation_data=(texts[:8], y[:8]))
    assert all("noise" in member.classes_ for member in both.estimators_)
    assert np.isfinite(both.predict_proba(texts)).all()
