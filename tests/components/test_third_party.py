"""The encoder of somebody else's package, as the page on the architecture has it."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import sklearn_irx
from sklearn_irx import InteractiveEnsemble
from sklearn_irx.components import CNN, ENCODERS, INITIALIZATIONS, OBJECTIVES, SAMPLERS
from sklearn_irx.io import ModelFileError

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"


@pytest.fixture(scope="module")
def page():
    """What the code of the page defines."""
    codes = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names = {"__name__": "somebody_elses_package"}
    for code in codes:
        exec(code, names)
    yield names
    del ENCODERS.named["mean_window"]
    del SAMPLERS.named["sigmoid"]
    del INITIALIZATIONS.named["log_odds"]
    del OBJECTIVES.named["unsure"]


@pytest.fixture(scope="module")
def model(page, small, reviews):
    texts, y, _ = reviews
    encoder = page["MeanWindow"](width=5, n_features=8)
    return small(encoder=encoder).fit(texts[:300], y[:300])


def test_the_page_ends_with_a_classifier_that_has_the_encoder(page):
    encoder = page["clf"].get_params()["encoder"]
    assert isinstance(encoder, page["MeanWindow"])
    assert encoder.width == 5
    assert ENCODERS.named["mean_window"].width == 3  # not shared


def test_it_trains_and_predicts(model, reviews):
    texts, y, _ = reviews
    assert model.score(texts[300:], y[300:]) > 0.8
    assert model._module.predictor.text_encoder.encoder.output_size == 8


def test_what_is_wrong_with_it_is_said_before_training(page, small, reviews):
    with pytest.raises(ValueError, match="width=4: give an odd number of words"):
        small(encoder=page["MeanWindow"](width=4)).fit(reviews[0][:60], reviews[1][:60])


def test_it_is_cloned_and_searched_over(page, small, reviews):
    texts, y, _ = reviews
    clf = small(encoder="mean_window", training__max_epochs=1)
    assert clone(clf).get_params()["encoder__n_features"] == 50
    grid = {"encoder__width": [1, 5], "lambda1": [0.01]}
    search = GridSearchCV(clf, grid, cv=2).fit(texts[:90], y[:90])
    assert {row["encoder__width"] for row in search.cv_results_["params"]} == {1, 5}
    assert search.best_estimator_.encoder.n_features == 50


def test_it_is_saved_and_loaded_alone_and_in_an_ensemble(model, fitted, reviews, tmp_path):
    for number, saved in enumerate((model, InteractiveEnsemble(model, fitted).fit(reviews[0]))):
        sklearn_irx.save(saved, tmp_path / str(number))
        again = sklearn_irx.load(tmp_path / str(number))
        np.testing.assert_array_equal(
            again.predict_proba(reviews[0]), saved.predict_proba(reviews[0])
        )


def test_a_sampler_and_an_initialization_go_the_same_way(page, small, reviews, tmp_path):
    texts, y, _ = reviews
    clf = small(sampler="sigmoid", initialization="log_odds", rationale_length=5)
    clf.set_params(sampler__sharpness=2.0, initialization__scale=4.0).fit(texts[:300], y[:300])
    assert clf.score(texts[300:], y[300:]) > 0.8
    assert 2 < clf.transform(texts[300:]).sum(axis=1).mean() < 8
    sklearn_irx.save(clf, tmp_path / "model")
    again = sklearn_irx.load(tmp_path / "model")
    assert isinstance(again.sampler, page["Sigmoid"])
    np.testing.assert_array_equal(again.predict_proba(texts), clf.predict_proba(texts))


def test_an_objective_goes_the_same_way(page, small, reviews, tmp_path):
    texts, y, _ = reviews
    sure, unsure = (
        small(objective=objective).fit(texts[:300], y[:300])
        for objective in (None, page["Unsure"](bonus=2.0))
    )
    assert unsure.score(texts[300:], y[300:]) > 0.8
    assert unsure.history_["train_loss"][0] < sure.history_["train_loss"][0] - 0.01
    assert not np.array_equal(sure.predict_proba(texts), unsure.predict_proba(texts))
    sklearn_irx.save(unsure, tmp_path / "model")
    again = sklearn_irx.load(tmp_path / "model")
    assert again.objective.bonus == 2.0
    np.testing.assert_array_equal(again.predict_proba(texts), unsure.predict_proba(texts))


def test_a_class_of_the_same_name_takes_the_place_of_none(page, small, fitted, tmp_path):
    impostor = type("CNN", (page["MeanWindow"],), {})
    ENCODERS.named["impostor"] = impostor()
    try:
        sklearn_irx.save(fitted, tmp_path / "model")
        assert type(sklearn_irx.load(tmp_path / "model")._module.config.encoder) is CNN
    finally:
        del ENCODERS.named["impostor"]


def test_a_folder_names_no_class_that_is_not_registered(model, tmp_path):
    sklearn_irx.save(model, tmp_path / "model")
    kept = ENCODERS.named.pop("mean_window")
    try:
        with pytest.raises(ModelFileError, match=r"MeanWindow.* not registered .*: import"):
            sklearn_irx.load(tmp_path / "model")
        with pytest.raises(TypeError, match=r"encoder=MeanWindow\(.*is not registered"):
            sklearn_irx.save(model, tmp_path / "other")
    finally:
        ENCODERS.named["mean_window"] = kept
