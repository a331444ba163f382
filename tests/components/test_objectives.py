"""Objectives of training, as a user meets them."""

import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV

import sklearn_irx
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import (
    A2R,
    CAR,
    CNN,
    DAR,
    DR,
    FR,
    GRAT,
    MCD,
    MGR,
    MRD,
    OBJECTIVES,
    Distillation,
    EncodingPenalty,
    JointObjective,
    LinearInit,
    Predictor,
    RealX,
    Training,
)
from sklearn_irx.exceptions import SelectionWarning
from sklearn_irx.io import SKOPS_TYPES, model_card
from sklearn_irx.text import WordVectors

OLD_MODELS = Path(__file__).parents[1] / "data" / "models"
AGAINST_ENCODING = ["real_x", "encoding_penalty"]
REMEDIES = ["fr", "dr", "a2r", "mgr", "mcd", "mrd", "dar", "grat", "car"]
OTHERS = [*AGAINST_ENCODING, *REMEDIES]


# What the choice of words tells

SAYS = {"good": 0.7, "bad": 0.3}
"""Probability of class 1 given a word; that of all other words is 0.5."""
PAIR = ["red", "green", "blue"], ["north", "south", "east"]


def notes(n, seed):
    """Texts of fillers, one word that tells a little, and a colour beside a direction.

    Which of the two comes first tells the class, and neither word does. A selector that sees both
    can select one in one class and the other in the other.
    """
    random = np.random.RandomState(seed)
    y = random.randint(0, 2, size=n)
    texts = []
    for label in y:
        pair = [random.choice(words) for words in PAIR]
        word = random.choice(["good", "bad"], p=[0.7, 0.3] if label else [0.3, 0.7])
        fillers = random.choice(["it", "was", "the", "day", "of", "them"], size=3)
        pieces = [*([filler] for filler in fillers), [word], pair[::-1] if label else pair]
        texts.append(" ".join(w for i in random.permutation(5) for w in pieces[i]))
    return texts, y


@pytest.fixture(scope="module")
def said():
    """How right each objective is with one word of a note, and how right the word alone can be.

    And the divergence in nats of the class given the word and its selection from the class given
    the word, which the notes were drawn with.
    """
    texts, y = notes(800, 0)
    others, y_others = notes(2000, 1)
    words = sorted({word for text in texts for word in text.split()})
    clf = SelectiveRationaleClassifier(
        encoder=CNN(filter_sizes=(3,), n_filters=20), predictor=Predictor(10), n_threads=1,
        initialization=LinearInit("naive_bayes", bigrams=False), max_length=10, random_state=0,
        embeddings=WordVectors(words, np.random.RandomState(0).normal(size=(len(words), 8))),
        training=Training(
            max_epochs=6, learning_rate=1e-2, batch_size=16, dropout=0.0, validation_fraction=0.2
        ),
        rationale_length=1, sampler="top_k",
    )  # fmt: skip
    found = {}
    for objective in (None, "real_x", "encoding_penalty"):
        probabilities, masks = (
            clone(clf).set_params(objective=objective).fit(texts, y).predict_with_masks(others)
        )
        shown = np.array([text.split()[i] for text, i in zip(others, masks.argmax(1), strict=True)])
        assert (masks.sum(axis=1) == 1).all()
        p = np.array([SAYS.get(word, 0.5) for word in shown])
        divergence = 0.0
        for word in set(shown):
            at, q = shown == word, SAYS.get(word, 0.5)
            rate = y_others[at].mean()
            divergence += at.mean() * sum(
                a * np.log(a / b) for a, b in ((rate, q), (1 - rate, 1 - q)) if a > 0
            )
        accuracy = (probabilities.argmax(axis=1) == y_others).mean()
        found[objective] = accuracy, np.maximum(p, 1 - p).mean(), divergence
    return found


def test_a_selector_that_may_tells_the_class_by_its_choice(said):
    accuracy, of_words, divergence = said[None]
    assert accuracy > of_words + 0.2
    assert divergence > 0.2


@pytest.mark.parametrize("objective", AGAINST_ENCODING)
def test_where_it_does_not_pay_a_model_is_as_right_as_its_words(said, objective):
    accuracy, of_words, divergence = said[objective]
    assert accuracy == pytest.approx(of_words, abs=0.06)
    assert of_words > said[None][1] + 0.05
    assert divergence < 0.05


# The predictor of REAL-X


def test_the_predictor_of_real_x_is_the_same_whatever_is_selected(small, reviews):
    texts, y, _ = reviews
    masks = np.random.RandomState(0).uniform(size=(300, 60)) < 0.2
    masks &= np.arange(60) < np.array([[len(text.split())] for text in texts[:300]])
    found = []
    for parameters in (
        {"rationale_length": 3},
        {"rationale_length": 12},
        {"rationale_length": 3, "initialization__class_focus": 2.0},
    ):
        for objective in ("real_x", None):
            clf = small(
                encoder=None, predictor=None, objective=objective, sampler="top_k",
                initialization=LinearInit("naive_bayes"), training__max_epochs=1, embeddings=None,
            )  # fmt: skip
            clf.set_params(lambda1=None, **parameters).fit(texts[:300], y[:300])
            found.append(clf.predict_proba(texts[:300], masks))
    for one, joint in ((2, 3), (4, 5)):
        np.testing.assert_array_equal(found[0], found[one])
        assert not np.allclose(found[1], found[joint], atol=1e-6)
        assert not np.allclose(found[0], found[1], atol=1e-6)


# As any other part


@pytest.fixture(scope="module", params=OTHERS)
def model(request, small, reviews):
    texts, y, _ = reviews
    return small(objective=request.param).fit(texts[:300], y[:300])


def test_it_learns_what_words_mean(model, reviews):
    texts, y, _ = reviews
    assert model.score(texts[300:], y[300:]) > 0.8


def test_the_same_seed_gives_the_same_model(model, small, reviews):
    texts, y, _ = reviews
    again = clone(model).fit(texts[:300], y[:300])
    np.testing.assert_array_equal(again.predict_proba(texts), model.predict_proba(texts))
    joint = clone(model).set_params(objective=None).fit(texts[:300], y[:300])
    assert not np.array_equal(joint.predict_proba(texts), model.predict_proba(texts))


def test_it_is_saved_without_what_only_training_needs(model, reviews, tmp_path):
    texts = reviews[0]
    sklearn_irx.save(model, tmp_path / "model")
    for again in (
        sklearn_irx.load(tmp_path / "model"),
        pickle.loads(pickle.dumps(model)),
        skops.io.loads(skops.io.dumps(model), trusted=SKOPS_TYPES),
    ):
        np.testing.assert_array_equal(again.predict_proba(texts), model.predict_proba(texts))
        assert repr(again.objective) == repr(model.objective)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of parameters that changed
            assert again.partial_fit(texts[:60], reviews[1][:60]).score(texts, reviews[1]) > 0.7
    plain = clone(model).set_params(objective=None, training__max_epochs=1)
    plain.set_params(predictor__share_encoder=model.objective == "fr").fit(
        texts[:60], reviews[1][:60]
    )
    found, expected = (one.__getstate__()["_module"][1].keys() for one in (model, plain))
    assert found == expected


def test_models_saved_before_there_were_objectives_have_the_joint_one():
    for folder in sorted(OLD_MODELS.glob("words-*/")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of changes of the selection since
            assert sklearn_irx.load(folder).objective is None


def test_the_model_card_names_it(model):
    name = model.objective.replace("_", "\\_")
    assert f"| `objective` | '{name}' |" in model_card(model)


def test_its_weight_is_searched_over(small, reviews):
    texts, y, _ = reviews
    clf = small(objective="encoding_penalty", training__max_epochs=1)
    search = GridSearchCV(clf, {"objective__weight": [0.0, 5.0]}, cv=2).fit(texts[:90], y[:90])
    assert search.best_estimator_.objective.weight in (0.0, 5.0)
    assert repr(clf.objective) == "'encoding_penalty'"


@pytest.mark.parametrize("objective", [None, *OTHERS])
def test_epochs_are_compared_by_the_loss_of_the_model_as_it_predicts(small, reviews, objective):
    texts, y, _ = reviews
    clf = small(objective=objective, lambda1=0.0)
    clf.fit(texts[:200], y[:200], validation_data=(texts[200:300], y[200:300]))
    best = int(np.flatnonzero(clf.history_["best"])[-1])
    expected = log_loss(y[200:300], clf.predict_proba(texts[200:300]))
    assert clf.history_["valid_loss"][best] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("sampler", "objective"),
    [
        (sampler, objective)
        for sampler in ("reinforce", "hard_kuma", "sparsemap", "top_k")
        for objective in OTHERS
        if (sampler, objective) != ("reinforce", "car")  # which is refused
    ],
)
def test_other_samplers_can_be_trained(small, reviews, objective, sampler):
    texts, y, _ = reviews
    clf = small(objective=objective, sampler=sampler, rationale_length=6)
    assert clf.fit(texts[:200], y[:200]).score(texts[300:], y[300:]) > 0.7


@pytest.mark.parametrize("objective", OTHERS)
def test_training_goes_on_call_by_call(small, reviews, objective):
    texts, y, _ = reviews
    clf = small(objective=objective)
    for first in (0, 100, 200):
        rows = slice(first, first + 100)
        clf.partial_fit(texts[rows], y[rows], classes=np.unique(y))
    assert clf.score(texts[300:], y[300:]) > 0.8
    # Another objective takes over where the one before ended, if it has the same network.
    clf.set_params(objective=None)
    if objective == "fr":
        with pytest.raises(ValueError, match="objective=None was set after training"):
            clf.partial_fit(texts[:100], y[:100])
        return
    clf.partial_fit(texts[:100], y[:100])
    assert clf.score(texts[300:], y[300:]) > 0.8


def test_a_warm_start_may_have_another_objective(small, reviews):
    texts, y, _ = reviews
    clf = small(warm_start=True, training__max_epochs=1).fit(texts[:100], y[:100])
    clf.set_params(objective="encoding_penalty").fit(texts[100:200], y[100:200])
    assert clf.score(texts[300:], y[300:]) > 0.8


# What is refused


@pytest.mark.parametrize("objective", AGAINST_ENCODING)
def test_soft_masks_are_refused(small, reviews, objective):
    clf = small(objective=objective, sampler="gumbel", embeddings="/nowhere")
    message = r"objective=.* masks that leave words out, and sampler=Gumbel\(\) leaves none out"
    for method in (clf.fit, clf.partial_fit):
        with pytest.raises(ValueError, match=message):
            method(reviews[0], reviews[1])


@pytest.mark.parametrize("name", ["share_encoder", "share_embeddings"])
def test_a_predictor_that_shares_weights_is_refused_by_real_x(small, reviews, name):
    clf = small(objective="real_x", embeddings="/nowhere", **{f"predictor__{name}": True})
    with pytest.raises(ValueError, match=f"objective=RealX.* {name}=True .* give {name}=False"):
        clf.fit(reviews[0], reviews[1])


def test_a_penalty_that_can_change_nothing_is_said(small, reviews):
    texts, y, _ = reviews
    clf = small(encoder=None, predictor=None, embeddings=None, objective="encoding_penalty")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.fit(texts[:100], y[:100])  # with lambda1 it changes the number of words
    clf.set_params(lambda1=None, rationale_length=5)
    with pytest.warns(SelectionWarning, match="objective='encoding_penalty' has no effect"):
        clf.fit(texts[:100], y[:100])


@pytest.mark.parametrize("objective", ["fr", "mgr", "grat", "car"])
def test_where_nothing_ranks_words_but_weights_there_is_nothing_to_train(small, reviews, objective):
    clf = small(encoder=None, predictor=None, embeddings=None, objective=objective)
    with pytest.raises(ValueError, match=r"objective=.* with encoder=None .* give an encoder"):
        clf.fit(reviews[0], reviews[1])


@pytest.mark.parametrize(
    ("objective", "parameters", "message"),
    [
        ("fr", {"predictor__share_encoder": False}, r"objective=FR\(\) .*share_encoder=False"),
        ("mgr", {"predictor__share_encoder": True}, r"objective=MGR\(\) .*share_encoder=False"),
        ("car", {"predictor__share_encoder": True}, r"objective=CAR\(\) .*share_encoder=False"),
        ("car", {"sampler": "reinforce"}, r"objective=CAR\(\) .*sampler=Reinforce.*give another"),
        (
            "dar", {"initialization": None, "training__warmup_epochs": 0},
            r"objective=DAR\(\) .*warmup_epochs=0 .*give some, or an initialization",
        ),
    ],
)  # fmt: skip
def test_parts_that_rule_a_remedy_out_are_refused(small, reviews, objective, parameters, message):
    clf = small(objective=objective, embeddings="/nowhere", **parameters)
    with pytest.raises(ValueError, match=message):
        clf.fit(reviews[0], reviews[1])


def test_fr_is_a_shared_encoder_by_another_name(small, reviews):
    texts, y, _ = reviews
    one = small(objective="fr").fit(texts[:100], y[:100])
    two = small(predictor__share_encoder=True).fit(texts[:100], y[:100])
    np.testing.assert_array_equal(one.predict_proba(texts), two.predict_proba(texts))
    assert one.predictor is None or one.get_params()["predictor__share_encoder"] == "auto"


def test_a_shared_encoder_is_not_asked_for_later(small, reviews):
    texts, y, _ = reviews
    clf = small(training__max_epochs=1).fit(texts[:60], y[:60]).set_params(objective="fr")
    with pytest.raises(ValueError, match=r"objective='fr' was set after training.*share_encoder"):
        clf.partial_fit(texts[:60], y[:60])
    with pytest.raises(ValueError, match=r"predictor=Predictor.*share_encoder=True.*warm_start"):
        clf.set_params(warm_start=True).fit(texts[:60], y[:60])


def test_names_stand_for_objects():
    kinds = {
        None: JointObjective, "real_x": RealX, "encoding_penalty": EncodingPenalty,
        "distillation": Distillation, "fr": FR, "dr": DR, "a2r": A2R, "mgr": MGR, "mcd": MCD,
        "mrd": MRD, "dar": DAR, "grat": GRAT, "car": CAR,
    }  # fmt: skip
    assert {name: type(part) for name, part in OBJECTIVES.named.items()} == kinds
