"""Objectives from random weights: each finds the words that texts were made with."""

import numpy as np
import pytest

import sklearn_irx
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import CNN, OBJECTIVES, Predictor, RandomInit, Training
from sklearn_irx.components.samplers import Gumbel, HardKuma, StraightThrough, TopK
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import token_f1_score

ASKED = 6
SETTINGS = {
    "training__max_epochs": 14, "training__batch_size": 16, "training__dropout": 0.2
}  # fmt: skip
OWN = {"a2r": {"training__dropout": 0.5}}
NAMES = [name for name in OBJECTIVES.named if name != "distillation"]  # which needs a transformer


def model(objective, **settings):
    return SelectiveRationaleClassifier(
        encoder=CNN(filter_sizes=(3,), n_filters=30), initialization=None, objective=objective,
        rationale_length=ASKED, random_state=0, n_threads=1, training=Training(),
    ).set_params(**{**SETTINGS, **OWN.get(objective, {}), **settings})  # fmt: skip


@pytest.fixture(scope="module")
def planted():
    """Texts of 60 words, of which six tell the class, one of four."""
    texts, y, masks = make_rationale_classification(
        1300, n_classes=4, n_words=60, random_state=0
    )  # fmt: skip
    return (texts[:1000], y[:1000]), (texts[1000:], y[1000:], masks[1000:])


@pytest.mark.parametrize("objective", NAMES)
def test_it_finds_the_words_that_tell_the_class(objective, planted, tmp_path):
    training, (texts, y, masks) = planted
    clf = model(objective).fit(*training)
    found = clf.transform(texts)
    width = max(found.shape[1], masks.shape[1])
    one, two = (np.pad(m, ((0, 0), (0, width - m.shape[1]))) for m in (masks, found))
    assert token_f1_score(one, two) >= 0.8
    assert clf.score(texts, y) > 0.9
    assert found.sum(axis=1).mean() == pytest.approx(ASKED, abs=0.6)
    sklearn_irx.save(clf, tmp_path / "model")
    loaded = sklearn_irx.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.transform(texts), found)
    np.testing.assert_array_equal(loaded.predict_proba(texts), clf.predict_proba(texts))


@pytest.mark.parametrize("objective", NAMES)
def test_the_same_seed_gives_the_same_model(objective, planted):
    (texts, y), _ = planted
    short = {"max_epochs": 3, "warmup_epochs": 1, "ramp_epochs": 0}
    short = {f"training__{name}": value for name, value in short.items()}
    one, two = (model(objective, **short).fit(texts[:200], y[:200]) for _ in range(2))
    np.testing.assert_array_equal(one.predict_proba(texts), two.predict_proba(texts))
    np.testing.assert_array_equal(one.transform(texts), two.transform(texts))


def test_words_for_other_classes_convince_car_less(planted):
    training, (texts, y, _) = planted
    convinced = {}
    for objective in (None, "car"):
        documents = model(objective).fit(*training).explain(texts, target="all")
        convinced[objective] = np.mean(
            [
                one.convinced
                for document, label in zip(documents, y, strict=True)
                for one in document
                if one.target != label
            ]
        )
    assert convinced["car"] < convinced[None] - 0.05


@pytest.mark.parametrize(
    ("settings", "sampler"),
    [
        ({}, Gumbel),
        ({"rationale_length": None, "lambda1": 0.01}, Gumbel),
        ({"rationale_length": "auto"}, Gumbel),
        ({"initialization": RandomInit(0.9), "objective": "mrd"}, Gumbel),
        ({"objective": "real_x"}, HardKuma),
        ({"objective": "encoding_penalty"}, HardKuma),
        ({"predictor": Predictor(input="compact")}, HardKuma),
        ({"style": "passage"}, TopK),
        ({"initialization": "naive_bayes"}, StraightThrough),
        ({"sampler": "top_k"}, TopK),
    ],
)
def test_the_sampler_is_one_that_trains_from_random_weights(settings, sampler, planted):
    (texts, y), _ = planted
    clf = model(**{"objective": None, "training__max_epochs": 1, **settings}).fit(
        texts[:40], y[:40]
    )
    assert type(clf._module.sampler) is sampler.module
