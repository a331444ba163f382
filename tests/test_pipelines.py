"""Pipelines and tables: containers of results, names of columns, explanations behind a cleaner."""

import json

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from matplotlib import pyplot
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

import sklearn_irx
from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, RationaleExtractor, bulk
from sklearn_irx import dask as irx_dask
from sklearn_irx.inspection import (
    InteractionFlowDisplay,
    RationaleLengthDisplay,
    TrainingHistoryDisplay,
    explain_documents,
    rationale_report,
)
from sklearn_irx.io import SKOPS_TYPES, model_card
from sklearn_irx.metrics import (
    accuracy_within_length,
    comprehensiveness_score,
    interaction_table,
    sufficiency_score,
    token_f1_scorer,
)
from sklearn_irx.study import create_study

KINDS = ["classifier", "ensemble", "committee"]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


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
    for one, other in zip(
        sklearn_irx.explain(pipeline, texts), pipeline[-1].explain(cleaned), strict=True
    ):
        assert one.to_dict() == other.to_dict()
    for model, given in ((pipeline, texts), (pipeline[-1], cleaned)):
        shown = explain_documents(model, given, some[1])
        assert [one.rationale.text for one in shown] == cleaned
        report = rationale_report(model, given, some[1])
        assert "60 documents" in report.html
        assert ("as cleaned by the pipeline" in report.html) == (model is pipeline)
        assert type(pipeline[-1]).__name__ in report.html


class Counted(BaseEstimator, TransformerMixin):
    """A stateless cleaner that counts how often it is asked."""

    def __init__(self, asked=None):
        self.asked = asked

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        self.asked.append(len(X))
        return [text.replace("&amp;", "&") for text in X]


def cleaned_by_hand(texts):
    return [text.replace("&amp;", "&") for text in texts]


@pytest.fixture
def dirty(some):
    return [f"&amp; {text}" for text in some[0]]


PIPELINES = {
    "cleaner": lambda model: make_pipeline(Counted([]), model),
    "passthrough": lambda model: Pipeline(
        [("nothing", "passthrough"), ("c", Counted([])), ("none", None), ("model", model)]
    ),
    "nested": lambda model: make_pipeline(
        make_pipeline(FunctionTransformer(), Counted([])), make_pipeline("passthrough", model)
    ),
    "inside": lambda model: make_pipeline(FunctionTransformer(), make_pipeline(Counted([]), model)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("around", PIPELINES)
def test_everything_that_takes_a_model_takes_a_pipeline(around, kind, models, some, dirty):
    model, y = models[kind], some[1]
    pipeline = PIPELINES[around](model)
    clean = cleaned_by_hand(dirty)
    wanted = model.explain(clean)
    assert wanted[0].text != dirty[0]
    assert [one.to_dict() for one in sklearn_irx.explain(pipeline, dirty)] == [
        one.to_dict() for one in wanted
    ]
    assert pipeline.classes_.tolist() == model.classes_.tolist()
    masks = model.transform(clean)
    scorer = accuracy_within_length(5)
    assert scorer(pipeline, dirty, y) == scorer(model, clean, y)
    assert token_f1_scorer(dirty, masks)(pipeline, dirty) == 1
    for score in (comprehensiveness_score, sufficiency_score):
        assert score(pipeline, dirty, masks) == score(model, clean, masks)
    RationaleLengthDisplay.from_estimator(pipeline, dirty)
    extracted = RationaleExtractor(pipeline, prefit=True).fit(dirty).transform(dirty)
    assert extracted.tolist() == RationaleExtractor(model).fit(clean).transform(clean).tolist()
    if kind != "classifier":
        tables = interaction_table(pipeline, dirty, y), interaction_table(model, clean, y)
        for one, other in zip(*(table.values() for table in tables), strict=True):
            np.testing.assert_array_equal(one, other)
        flow = InteractionFlowDisplay.from_estimator(pipeline, dirty, y)
        assert flow.figure_
    else:
        assert TrainingHistoryDisplay.from_estimator(pipeline).figure_


def test_a_cleaner_is_asked_once(models, some, dirty):
    pipeline = make_pipeline(Counted([]), models["ensemble"])
    for show in (
        lambda: explain_documents(pipeline, dirty, some[1]),
        lambda: rationale_report(pipeline, dirty, some[1]),
        lambda: accuracy_within_length(5)(pipeline, dirty, some[1]),
    ):
        pipeline[0].asked.clear()
        show()
        assert pipeline[0].asked == [60]


def test_words_for_each_class_behind_a_cleaner_are_of_the_cleaned_text(models, dirty):
    pipeline = make_pipeline(Counted([]), models["classifier"])
    direct = models["classifier"].explain(cleaned_by_hand(dirty), target="all")
    found = sklearn_irx.explain(pipeline, dirty, target="all")
    assert [one.to_dict() for one in found] == [one.to_dict() for one in direct]
    assert found[0].own.text == cleaned_by_hand(dirty)[0]
    documents = explain_documents(pipeline, dirty, target="runner_up")
    assert [one.classwise[0].words for one in documents] == [one[1].words for one in direct]


@pytest.mark.parametrize(
    ("kind", "target", "said"),
    [
        ("classifier", "nois", "target='nois' is no class"),
        ("ensemble", "all", r"asks one model .* InteractiveEnsemble .* estimators_\[0\]"),
        ("committee", "noise", r"asks one model .* InteractiveCommittee .* estimators_\[0\]"),
    ],
)
def test_targets_that_cannot_be_are_refused_before_any_step(kind, target, said, models, some):
    def step(texts):
        raise AssertionError("was run")

    pipeline = Pipeline([("clean", FunctionTransformer(step)), ("clf", models[kind])])
    for show in (sklearn_irx.explain, explain_documents):
        with pytest.raises(ValueError, match=said):
            show(pipeline, some[0], target=target)
    with pytest.raises(ValueError, match=said):
        models[kind].explain(some[0], target=target)


def test_a_classifier_behind_a_cleaner_is_trained_by_an_extractor(quick, some, dirty):
    extractor = RationaleExtractor(make_pipeline(FunctionTransformer(cleaned_by_hand), quick()))
    words = extractor.fit(dirty, some[1]).transform(dirty)
    assert (words == extractor.fit_transform(dirty, some[1])).all()
    assert not any("amp" in one for one in words)
    crossed = clone(extractor).set_params(cv=2).fit_transform(dirty, some[1])
    assert crossed.shape == (60,)


def test_tables_are_scored_through_a_pipeline(models, tmp_path, dirty):
    model = make_pipeline(FunctionTransformer(cleaned_by_hand), models["ensemble"])
    table = tmp_path / "new.jsonl"
    table.write_text("\n".join(json.dumps({"text": text}) for text in dirty))
    bulk.score(model, table, tmp_path / "answers")
    lines = (tmp_path / "answers" / "part-00000.jsonl").read_text().splitlines()
    wanted = models["ensemble"].explain(cleaned_by_hand(dirty))
    for line, one in zip(map(json.loads, lines), wanted, strict=True):
        assert line["spans"] == [list(span) for span in one.selected_spans]
        assert line["case"] == one.case
        assert line["label_pred"] == one.label
        assert line["error"] is None


def test_dask_explains_through_a_pipeline(models, dirty):
    bag = pytest.importorskip("dask.bag").from_sequence(dirty, npartitions=2)
    dd = pytest.importorskip("dask.dataframe")
    model = make_pipeline(FunctionTransformer(cleaned_by_hand), models["committee"])
    wanted = models["committee"].explain(cleaned_by_hand(dirty))
    found = irx_dask.explain(model, bag).compute(scheduler="sync")
    assert [one.to_dict() for one in found] == [one.to_dict() for one in wanted]
    column = dd.from_pandas(pd.DataFrame({"text": dirty}), npartitions=2)["text"]
    frame = irx_dask.explain(model, column).compute(scheduler="sync")
    by_hand = pd.DataFrame({"text": cleaned_by_hand(dirty)})
    clean = dd.from_pandas(by_hand, npartitions=2)["text"]
    same = irx_dask.explain(models["committee"], clean).compute(scheduler="sync")
    pd.testing.assert_frame_equal(frame, same)
    labels = irx_dask.predict(model, column).compute(scheduler="sync")
    assert labels.tolist() == model.predict(dirty).tolist()


def test_a_study_shows_people_the_cleaned_text(models, some, dirty, tmp_path):
    model = make_pipeline(FunctionTransformer(cleaned_by_hand), models["classifier"])
    with create_study(
        tmp_path / "study.db", model, dirty, some[1], per_case=5, n_practice=0, random_state=0
    ) as study:
        pages = study.pages(study.annotators[0].id)
    assert pages
    assert "&amp;" not in "".join(map(str, pages))


def test_commands_take_a_pipeline_from_a_joblib_file(models, some, dirty, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from sklearn_irx.cli.app import app

    pipeline = make_pipeline(FunctionTransformer(cleaned_by_hand), models["ensemble"])
    joblib.dump(pipeline, tmp_path / "model.joblib")
    pd.DataFrame({"text": dirty, "label": some[1]}).to_csv(tmp_path / "new.csv", index=False)
    monkeypatch.chdir(tmp_path)
    for command in ("predict", "explain", "report"):
        result = CliRunner().invoke(
            app,
            [command, "model.joblib", "new.csv", "-o", f"{command}.html"]
            if command != "predict"
            else [command, "model.joblib", "new.csv", "-o", "out.csv"],
        )
        assert result.exit_code == 0, result.output
    answers = pd.read_csv("out.csv")
    wanted = models["ensemble"].explain(cleaned_by_hand(dirty))
    assert answers["label_pred"].tolist() == [one.label for one in wanted]
    assert answers["case"].tolist() == [one.case for one in wanted]
    joblib.dump(make_pipeline(TfidfVectorizer(), LogisticRegression()), "words.joblib")
    result = CliRunner().invoke(app, ["predict", "words.joblib", "new.csv"])
    assert result.exit_code == 1
    assert "holds a Pipeline, not a classifier with rationales" in result.output.replace("\n", " ")


SHOWS = [
    sklearn_irx.explain, explain_documents, rationale_report,
    lambda model, X: accuracy_within_length(5)(model, X, ["noise"] * len(X)),
]  # fmt: skip


@pytest.mark.parametrize("show", SHOWS)
def test_what_is_wrong_with_a_pipeline_is_said_before_it_is_run(show, quick, models, some):
    asked = []
    with pytest.raises(NotFittedError, match="not fitted"):
        show(make_pipeline(Counted(asked), quick()), some[0])
    with pytest.raises(NotFittedError, match="not fitted"):
        show(make_pipeline(Counted(asked), InteractiveEnsemble(quick(), quick())), some[0])
    with pytest.raises(TypeError, match="X is one str"):
        show(make_pipeline(Counted(asked), models["classifier"]), some[0][0])
    assert asked == []
    fewer = make_pipeline(FunctionTransformer(lambda texts: texts[1:]), models["classifier"])
    with pytest.raises(ValueError, match=r"step 'functiontransformer' .* 59 texts for 60 doc"):
        show(fewer, some[0])


def test_pipelines_without_rationales_are_told_what_should_be_at_the_end(quick, some):
    words = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(*some)
    with pytest.raises(
        TypeError, match=r"(?s)ends in LogisticRegression\(\).*give a pipeline that"
    ):
        explain_documents(words, some[0])
    nothing = Pipeline([("clean", FunctionTransformer()), ("last", "passthrough")])
    with pytest.raises(TypeError, match=r"(?s)ends in 'passthrough'.*give a pipeline that ends"):
        sklearn_irx.explain(nothing, some[0])
    search = GridSearchCV(quick(), {"lambda1": [0.01]}, cv=2)
    behind = make_pipeline(FunctionTransformer(), search).fit(*some)
    with pytest.raises(TypeError, match=r"(?s)search over the pipeline, GridSearchCV\(pipeline"):
        sklearn_irx.explain(behind, some[0])
    around = GridSearchCV(
        make_pipeline(FunctionTransformer(), quick()),
        {"selectiverationaleclassifier__lambda1": [0.01]}, cv=2,
    ).fit(*some)  # fmt: skip
    assert len(sklearn_irx.explain(around.best_estimator_, some[0])) == 60


def test_a_folder_holds_no_pipeline_and_says_what_to_do(models, quick, some, tmp_path, dirty):
    folder = tmp_path / "model"
    pipeline = make_pipeline(FunctionTransformer(cleaned_by_hand), models["ensemble"])
    for refuse in (lambda: sklearn_irx.save(pipeline, folder), lambda: model_card(pipeline)):
        with pytest.raises(
            TypeError, match=r"(?s)step 'functiontransformer' .*joblib\.dump .*\[-1\]"
        ):
            refuse()
    with pytest.raises(TypeError, match=r"(?s)no other step .*pipeline\[-1\], which predicts"):
        sklearn_irx.save(make_pipeline("passthrough", models["classifier"]), folder)
    with pytest.raises(NotFittedError):
        sklearn_irx.save(make_pipeline(FunctionTransformer(), quick()), folder)
    assert not folder.exists()
    # What the error says to do does it.
    joblib.dump(pipeline, tmp_path / "model.joblib")
    wanted = list(map(str, sklearn_irx.explain(pipeline, dirty)))
    again = joblib.load(tmp_path / "model.joblib")
    assert list(map(str, sklearn_irx.explain(again, dirty))) == wanted
    skops.io.dump(pipeline, tmp_path / "model.skops")
    types = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    assert set(types) - set(SKOPS_TYPES) == {f"{__name__}.cleaned_by_hand"}
    trusted = skops.io.load(tmp_path / "model.skops", trusted=types)
    assert list(map(str, sklearn_irx.explain(trusted, dirty))) == wanted
    sklearn_irx.save(pipeline[-1], folder)
    alone = sklearn_irx.load(folder)
    assert list(map(str, alone.explain(pipeline[:-1].transform(dirty)))) == wanted


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
