"""Confidence brought to what it is worth: of one model, and of those of an ensemble."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import log_loss

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble
from sklearn_irx.classifier.calibration import at_temperature, fit_temperature
from sklearn_irx.metrics import expected_calibration_error


@pytest.fixture(scope="module")
def held_out(reviews):
    """150 reviews, and labels of which many are wrong, so that confidence in them is too high."""
    texts, y, _ = reviews
    random = np.random.RandomState(0)
    wrong = np.where(random.rand(150) < 0.4, random.permutation(y[100:250]), y[100:250])
    return texts[100:250], wrong


@pytest.fixture(scope="module")
def pair(small, reviews, held_out):
    """One model twice: as it was trained, and calibrated."""
    texts, y, _ = reviews
    plain = small(rationale_length=3)
    calibrated = clone(plain).set_params(calibration="temperature")
    return [
        model.fit(texts[:100], y[:100], validation_data=held_out) for model in (plain, calibrated)
    ]


def sharpened(temperature, seed, n=2000):
    """Probabilities that are right, the same brought to another temperature, and true classes."""
    random = np.random.RandomState(seed)
    honest = random.dirichlet(np.ones(3), size=n)
    y = (random.rand(n, 1) > honest.cumsum(axis=1)).sum(axis=1)
    return honest, at_temperature(honest, temperature), y


@given(temperature=st.floats(0.3, 3), seed=st.integers(0, 1000))
def test_the_temperature_undoes_another(temperature, seed):
    honest, distorted, y = sharpened(temperature, seed)
    found = fit_temperature(distorted, y)
    assert found == pytest.approx(1 / temperature, rel=0.2)
    mended = at_temperature(distorted, found)
    np.testing.assert_allclose(mended.sum(axis=1), 1)
    np.testing.assert_array_equal(mended.argmax(axis=1), honest.argmax(axis=1))
    assert log_loss(y, mended) <= log_loss(y, distorted)
    if temperature < 0.7:
        assert expected_calibration_error(y, mended) < expected_calibration_error(y, distorted)


def test_extreme_probabilities_stay_probabilities():
    certain = np.array([[1.0, 0.0, 0.0], [0.0, 1e-300, 1.0]])
    for temperature in (0.1, 10.0):
        scaled = at_temperature(certain, temperature)
        np.testing.assert_allclose(scaled.sum(axis=1), 1)
        assert scaled.argmax(axis=1).tolist() == [0, 2]
    assert fit_temperature(certain, np.array([1, 1])) == pytest.approx(10, rel=0.01)


def test_no_error_no_judgement():
    assert fit_temperature(np.array([[0.6, 0.4], [0.1, 0.9]]), np.array([0, 1])) == 1


def test_a_calibrated_model_says_the_same_with_confidence_it_deserves(pair, reviews, held_out):
    plain, calibrated = pair
    texts = reviews[0][250:]
    assert plain.calibration_temperature_ == 1
    assert calibrated.calibration_temperature_ > 1.2
    np.testing.assert_array_equal(calibrated.predict(texts), plain.predict(texts))
    np.testing.assert_array_equal(calibrated.transform(texts), plain.transform(texts))
    before, after = (model.predict_proba(held_out[0]) for model in pair)
    assert log_loss(held_out[1], after) < log_loss(held_out[1], before)
    assert expected_calibration_error(
        held_out[1], after, labels=plain.classes_
    ) < expected_calibration_error(held_out[1], before, labels=plain.classes_)
    rationale = calibrated.explain(texts[:1])[0]
    assert rationale.confidence == calibrated.predict_proba(texts[:1]).max()


def test_every_reading_is_calibrated_and_stays_so_when_saved(pair, other, reviews):
    plain, calibrated = pair
    texts = reviews[0][250:]
    masks = other.transform(texts)
    expected = at_temperature(
        plain.predict_proba(texts, masks=masks), calibrated.calibration_temperature_
    )
    for model in (calibrated, pickle.loads(pickle.dumps(calibrated))):
        np.testing.assert_allclose(model.predict_proba(texts, masks=masks), expected)
        chunks = [said for said, _ in model.iter_predictions(texts, 40)]
        np.testing.assert_allclose(np.concatenate(chunks), model.predict_proba(texts), atol=1e-6)


def test_members_fitted_without_are_calibrated_by_the_ensemble_and_not_changed(
    pair, other, reviews, held_out
):
    texts = reviews[0]
    plain, calibrated = pair
    before = plain.predict_proba(texts)
    ensemble = InteractiveEnsemble(plain, other, calibration="temperature")
    ensemble.fit(texts, validation_data=held_out)
    first, second = ensemble.calibration_temperatures_
    assert first == pytest.approx(calibrated.calibration_temperature_)
    np.testing.assert_array_equal(plain.predict_proba(texts), before)
    own = at_temperature(before, first), at_temperature(other.predict_proba(texts), second)
    happened = ensemble.interact(texts)
    np.testing.assert_allclose(happened["confidence_1"], own[0].max(axis=1))
    np.testing.assert_allclose(happened["confidence_2"], own[1].max(axis=1))
    kept = np.where((happened["chosen"] == 1)[:, None], *own)
    np.testing.assert_allclose(ensemble.predict_proba(texts), kept)
    foreign = other.predict_proba(texts, masks=plain.transform(texts))
    np.testing.assert_allclose(
        ensemble.cross_predict_proba(texts)[1, 0], at_temperature(foreign, second), atol=1e-6
    )
    committee = InteractiveCommittee([("a", plain), ("b", other)], calibration="temperature")
    np.testing.assert_array_equal(
        committee.fit(texts, validation_data=held_out).predict_proba(texts),
        ensemble.predict_proba(texts),
    )


def test_an_ensemble_asks_for_documents_to_calibrate_on(fitted, other, small):
    ensemble = InteractiveEnsemble(fitted, other, calibration="temperature")
    with pytest.raises(ValueError, match="calibration='temperature', but validation_data=None"):
        ensemble.fit(["ants"])
    committee = InteractiveCommittee(
        [("a", fitted), ("b", other)], calibration="temperature", rule="auto"
    )
    with pytest.raises(ValueError, match="calibration='temperature' and rule='auto', but"):
        committee.fit(["ants"])
    for model in (ensemble, committee, small()):
        with pytest.raises(ValueError, match="'calibration' parameter"):
            clone(model).set_params(calibration="platt").fit(["ants", "noise"], ["a", "b"])
