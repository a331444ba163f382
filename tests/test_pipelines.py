"""Pipelines and tables: containers of results, names of columns, explanations behind a cleaner."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, RationaleExtractor
from sklearn_irx import dask as irx_dask
from sklearn_irx.inspection import RationaleLengthDisplay, explain_documents, rationale_report
from sklearn_irx.metrics import accuracy_within_length, token_f1_scorer

KINDS = ["classifier", "ensemble", "committee"]


@pytest.fixture(scope="module")
def quick(small):
    def make(**parameters):
        return small(training__max_epochs=1, encoder__n_filters=2, max_length=40, **parameters)

    return make


@pytest.fixture(scope="module")
def some(reviews):
    texts, y, _ = reviews
    return texts[:60], y[:60]


@pytest.fixture(scope="module")
def models(quick, some):
    """Fitted estimators by kind. Not to be changed."""
    one, two = quick().fit(*some), quick(random_state=1).fit(*some)
    return {
        "classifier": one,
        "ensemble": InteractiveEnsemble(one, two).fit(some[0]),
        "committee": InteractiveCommittee([("a", one), ("b", two)]).fit(some[0]),
    }


def without_breaks(texts):
    return [text.replace("<br />", " ") for text in texts]


def shouted(texts):
    return pd.Series(texts).str.upper()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_masks_as_a_data_frame(library, kind, models, some):
    made = pytest.importorskip(library)
    texts = some[0]
    prefix = type(models[kind]).__name__.lower()
    pipeline = make_pipeline(FunctionTransformer(without_breaks), clone(models[kind])).fit(*some)
    wanted = pipeline.transform(texts)
    pipeline[-1].set_output(transform=library)
    frame = pipeline.transform(texts)
    assert isinstance(frame, made.DataFrame)
    assert list(frame.columns) == [f"{prefix}{i}" for i in range(40)]
    np.testing.assert_array_equal(frame.to_numpy(), wanted)
    again = clone(pipeline).fit(*some).transform(pd.Series(texts, index=range(7, 67)))
    assert isinstance(again, made.DataFrame)
    if library == "pandas":
        assert frame.dtypes.unique().tolist() == [bool]
        np.testing.assert_array_equal(pipeline[-1].fit_transform(*some).to_numpy(), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_the_configuration_of_scikit_learn_reaches_transform_and_nothing_else(kind, models, some):
    model, (texts, y) = models[kind], some
    wanted = (
        model.transform(texts),
        model.predict_proba(texts),
        list(map(str, model.explain(texts))),
    )
    masks = wanted[0]
    scorers = [accuracy_within_length(5), token_f1_scorer(texts, masks)]
    scores = [scorer(model, texts, y) for scorer in scorers]
    with config_context(transform_output="pandas"):
        assert isinstance(model.transform(texts), pd.DataFrame)
        np.testing.assert_array_equal(model.predict_proba(texts), wanted[1])
        assert list(map(str, model.explain(texts))) == wanted[2]
        assert [scorer(model, texts, y) for scorer in scorers] == scores
        RationaleLengthDisplay.from_estimator(model, texts)
        bag = pytest.importorskip("dask.bag").from_sequence(texts, npartitions=2)
        np.testing.assert_array_equal(
            np.array(irx_dask.transform(model, bag).compute(scheduler="sync")), masks
        )


def test_names_of_columns_go_through_pipelines_and_tables(quick, some, models):
    texts, y = some
    table = pd.DataFrame({"text": texts, "stars": np.arange(60) % 5})
    read = make_pipeline(RationaleExtractor(models["classifier"]), TfidfVectorizer())
    columns = ColumnTransformer(
        [("masks", quick(), "text"), ("words", read, "text"), ("rest", "passthrough", ["stars"])],
        sparse_threshold=0,
    )
    found = columns.fit_transform(table, y)
    names = columns.get_feature_names_out()
    assert found.shape == (60, len(names))
    assert names[0] == "masks__selectiverationaleclassifier0"
    assert names[-1] == "rest__stars"
    selected = {word for one in models["classifier"].explain(texts) for word in one.words}
    assert {name.removeprefix("words__") for name in names[40:-1]} <= selected
    framed = ColumnTransformer([("masks", quick(), "text"), ("rest", "passthrough", ["stars"])])
    frame = framed.set_output(transform="pandas").fit_transform(table, y)
    assert frame["rest__stars"].tolist() == table["stars"].tolist()
    assert frame.shape == (60, 41)
    both = make_union(quick(), make_pipeline(RationaleExtractor(quick()), TfidfVectorizer()))
    both.fit(texts, y)
    assert both.transform(texts).shape == (60, len(both.get_feature_names_out()))
    classify = make_pipeline(columns, LogisticRegression()).fit(table, y)
    assert classify.score(table, y) > 0.5


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_rationales_are_a_column_whatever_the_library(library, models, quick, some):
    made = pytest.importorskip(library)
    texts, y = some
    extractor = RationaleExtractor(models["classifier"], cv=2)
    wanted = extractor.fit(texts).transform(texts)
    assert extractor.get_feature_names_out().tolist() == ["rationale"]
    assert extractor.set_output(transform=library).set_output() is extractor
    for column in (extractor.transform(texts), extractor.fit_transform(texts)):
        assert isinstance(column, made.Series)
        assert column.name == "rationale"
        assert column.to_list() == wanted.tolist()
    chain = make_pipeline(RationaleExtractor(quick()), quick()).set_output(transform=library)
    assert isinstance(chain.fit(texts, y).transform(texts), made.DataFrame)
    index = pd.Index(range(100, 160))
    if library == "pandas":
        assert extractor.transform(pd.Series(texts, index=index)).index.equals(index)
    crossed = clone(extractor).set_params(classifier=quick())
    assert isinstance(crossed.fit_transform(texts, y), made.Series)
    with pytest.raises(ValueError, match="transform='arrow': give 'default', 'pandas'"):
        extractor.set_output(transform="arrow")
    with config_context(transform_output=library):
        reader = make_pipeline(RationaleExtractor(quick()), TfidfVectorizer(), LogisticRegression())
        assert reader.fit(texts, y).score(texts, y) > 0.5


CLEANERS = [
    FunctionTransformer(without_breaks),
    FunctionTransformer(shouted),
    FunctionTransformer(lambda texts: (text.strip() for text in texts)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cleaner", CLEANERS)
def test_explanations_behind_a_cleaner_are_of_the_cleaned_text(cleaner, kind, models, some):
    texts = [text.replace(" ", "<br />", 2) for text in some[0]]
    pipeline = make_pipeline(cleaner, models[kind])
    cleaned = list(cleaner.transform(texts))
    documents = pipeline[:-1].transform(texts)
    for text, label, one in zip(
        cleaned, pipeline.predict(texts), pipeline[-1].explain(documents), strict=True
    ):
        assert one.text == text
        assert one.label == label
        assert [text[start:end].lower() for start, end in one.spans] == one.tokens
    shown = explain_documents(pipeline[-1], pipeline[:-1].transform(texts), some[1])
    assert [one.rationale.text for one in shown] == cleaned
    report = rationale_report(pipeline[-1], pipeline[:-1].transform(texts), some[1])
    assert "60 documents" in report.html
    for show in (explain_documents, rationale_report):
        with pytest.raises(TypeError, match=r"(?s)=Pipeline.*pipeline\[:-1\].transform\(X\)"):
            show(pipeline, texts)


def test_what_shows_no_rationales_is_named(quick, some):
    search = GridSearchCV(quick(), {"lambda1": [0.01]}, cv=2).fit(*some)
    with pytest.raises(TypeError, match=r"(?s)estimator=GridSearchCV.*give its best_estimator_"):
        explain_documents(search, some[0])
    with pytest.raises(TypeError, match=r"(?s)estimator=LogisticRegression.*InteractiveEnsemble"):
        explain_documents(LogisticRegression().fit([[0], [1]], [0, 1]), some[0])
    assert len(explain_documents(search.best_estimator_, some[0])) == 60


def test_a_column_of_a_table_reaches_a_classifier(quick, some):
    texts, y = some
    table = pd.DataFrame({"text": texts, "stars": 3})
    chosen = make_pipeline(FunctionTransformer(lambda rows: rows["text"]), quick())
    assert chosen.fit(table, y).predict(table[:3]).shape == (3,)
    with pytest.raises(ValueError, match=r"give one column of texts, for example frame\['text'\]"):
        make_pipeline(ColumnTransformer([("t", "passthrough", ["text"])]), quick()).fit(table, y)


def test_pipelines_in_the_tools_of_scikit_learn(quick, some):
    texts, y = some
    cleaned = make_pipeline(FunctionTransformer(without_breaks), quick())
    words = make_pipeline(TfidfVectorizer(), LogisticRegression())
    for around in (
        CalibratedClassifierCV(cleaned, cv=2),
        VotingClassifier([("ours", cleaned), ("words", words)], voting="soft"),
        StackingClassifier([("ours", cleaned), ("words", words)], cv=2),
    ):
        assert around.fit(texts, y).score(texts, y) > 0.6
