"""Reject options through all doors: folders, skops and pickle; and folders that are made up."""

import json
import pickle
import shutil
import sys

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, RejectOption
from sklearn_irx.exceptions import RejectionWarning
from sklearn_irx.io import SKOPS_TYPES, ModelFileError, load, model_card, save

FITTED = ("classes_", "signal_", "threshold_", "coverage_", "risk_", "aurc_")


@pytest.fixture(scope="module")
def models(fitted, other, small, reviews):
    """A reject option around each kind of estimator, by its name."""
    texts, y, _ = reviews
    pair = InteractiveEnsemble(fitted, other).fit([])
    inside = {
        "classifier": fitted,
        "pair": pair,
        "frozen pair": FrozenEstimator(pair),
        "committee": InteractiveCommittee([("a", fitted), ("b", FrozenEstimator(other))]).fit([]),
    }
    made = {
        name: RejectOption(one, coverage=0.6).fit(texts[300:], y[300:])
        for name, one in inside.items()
    }
    trained = RejectOption(small(training__max_epochs=1), coverage=0.6, reject_label="?")
    return made | {"trained": trained.fit(texts[:90], y[:90])}


KINDS = ("classifier", "pair", "frozen pair", "committee", "trained")


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_through_every_door(kind, models, reviews, tmp_path, monkeypatch):
    option, texts = models[kind], reviews[0]
    save(option, tmp_path / "model")
    joblib.dump(option, tmp_path / "model.joblib")
    doors = {
        "skops": skops.io.loads(skops.io.dumps(option), trusted=SKOPS_TYPES),
        "pickle": joblib.load(tmp_path / "model.joblib"),
    }
    for module in [name for name in sys.modules if name.partition(".")[0] == "mapie"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "mapie", None)
    doors["folder"] = load(tmp_path / "model")
    for again in doors.values():
        for name in FITTED:
            np.testing.assert_array_equal(getattr(again, name), getattr(option, name))
        assert again.predict(texts).tolist() == option.predict(texts).tolist()
        np.testing.assert_array_equal(again.signal_scores(texts), option.signal_scores(texts))
        assert (again.coverage, again.reject_label) == (0.6, option.reject_label)
    assert vars(doors["folder"]).keys() == vars(option).keys()


def test_one_that_answers_nothing_comes_back(fitted, reviews, tmp_path):
    pytest.importorskip("mapie", reason="mapie is not installed")
    texts, y, _ = reviews
    with pytest.warns(RejectionWarning):
        option = RejectOption(fitted, risk=0.01).fit(texts[:40], y[:40])
    save(option, tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.threshold_ == np.inf
    assert np.isnan(again.risk_)
    assert not again.accepts(texts).any()
    assert "it answers nothing" in model_card(option)


def test_a_parameter_set_since_is_told(models, tmp_path):
    option = pickle.loads(pickle.dumps(models["pair"]))
    option.set_params(coverage=0.9)
    with pytest.warns(UserWarning, match=r"coverage=0.9 was set after training with coverage=0.6"):
        save(option, tmp_path / "model")
    assert load(tmp_path / "model").coverage == 0.6


def test_the_card_says_when_it_abstains(models):
    option = models["pair"]
    card = model_card(option)
    assert card.count("# RejectOption") == 1
    assert "Two text classifiers that show the words they used" in card
    assert f"It answered {100 * option.coverage_:.1f} % of the calibration texts" in card
    assert f'It is sure by "{option.signal_}", at {option.threshold_:.3f} and above.' in card
    assert "| `coverage` | 0" in card
    assert "A text classifier that shows" in model_card(models["classifier"])


def test_what_holds_code_is_refused(reviews, tmp_path):
    texts, y, _ = reviews
    reader = make_pipeline(TfidfVectorizer(), LogisticRegression())
    option = RejectOption(reader, coverage=0.5).fit(texts, y)
    with pytest.raises(TypeError, match=r"Pipeline cannot be saved in a folder"):
        save(option, tmp_path / "model")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("signal", "loudness"),
        ("signal", ["confidence"]),
        ("threshold", "high"),
        ("threshold", {"type": "float", "value": "nan"}),
        ("coverage", 1.5),
        ("coverage", None),
        ("risk", -1),
        ("risk", True),
        ("aurc", {"loudness": 0.5}),
        ("aurc", {"confidence": "little"}),
        ("aurc", []),
        ("estimator", 0),
        ("estimator", 99),
        ("estimator", "1"),
    ],
)
def test_a_folder_that_says_strange_things_is_refused(key, value, models, tmp_path):
    save(models["pair"], tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    model = json.loads(path.read_text(encoding="utf-8"))
    model["estimators"][0]["fitted"][key] = value
    path.write_text(json.dumps(model), encoding="utf-8")
    with pytest.raises(ModelFileError):
        load(tmp_path / "model")


def test_an_option_is_no_member_and_has_no_option_inside(models, tmp_path):
    save(models["pair"], tmp_path / "saved")
    written = json.loads((tmp_path / "saved" / "model.json").read_text(encoding="utf-8"))
    (pair,) = (
        n for n, one in enumerate(written["estimators"]) if one["class"].endswith("Ensemble")
    )
    for parameter in ("est1", "est2"):
        folder = shutil.copytree(tmp_path / "saved", tmp_path / parameter)
        model = json.loads(json.dumps(written))
        model["estimators"][pair]["parameters"][parameter] = {"type": "estimator", "number": 0}
        (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
        with pytest.raises(ModelFileError):
            load(folder)
