"""Each check catches the estimator that is broken in the way it is about."""

import os
import random
import warnings

import numpy as np
import pytest
import torch

from sklearn_irx.utils._checks._registry import text_checks_by_theme
from sklearn_irx.utils.estimator_checks import check_text_estimator
from tests.utils.broken import BROKEN
from tests.utils.votes import Votes

CHECKS = {check.__name__: check for checks in text_checks_by_theme().values() for check in checks}


def test_a_sound_estimator_of_somebody_else_passes_all_checks():
    results = check_text_estimator(Votes())
    assert {result["status"] for result in results} == {"passed"}
    assert set(CHECKS) <= {result["check_name"] for result in results}


@pytest.mark.parametrize(
    ("name", "broken", "message"), BROKEN, ids=[f"{name}-{it.__name__}" for name, it, _ in BROKEN]
)
def test_a_broken_estimator_is_caught(name, broken, message):
    # Where the estimator itself stumbles, its own error is the failure.
    with pytest.raises(
        (AssertionError, LookupError, TypeError, ValueError), match=f"(?s){message}"
    ):
        CHECKS[f"check_text_{name}"](broken.__name__, broken())


def test_every_check_has_an_estimator_that_it_catches():
    caught = {f"check_text_{name}" for name, _, _ in BROKEN} | {"check_text_global_state"}
    assert caught == set(CHECKS)


def _add_filter():
    warnings.filters.insert(0, ("ignore", None, UserWarning, None, 0))


TOUCHING = {
    "NumPy's global random state": lambda: np.random.seed(3),  # noqa: NPY002
    "Python's random state": random.random,
    "torch's random state": lambda: torch.rand(1),
    "the number of threads of torch": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "torch's default dtype": lambda: torch.set_default_dtype(torch.float64),
    "the warning filters": _add_filter,
    "the environment variables": lambda: os.environ.update(SKLEARN_IRX_TOUCHED="1"),
    "NumPy's handling of errors": lambda: np.seterr(under="raise"),
    "the working directory": lambda: os.chdir(os.path.sep),
}


@pytest.fixture
def as_it_was(monkeypatch, tmp_path):
    """Set back what the broken estimators touch."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKLEARN_IRX_TOUCHED", "0")
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch_state, n_threads = torch.get_rng_state(), torch.get_num_threads()
    with np.errstate(), warnings.catch_warnings():
        yield
    np.random.set_state(numpy_state)  # noqa: NPY002
    random.setstate(python_state)
    torch.set_rng_state(torch_state)
    torch.set_num_threads(n_threads)
    torch.set_default_dtype(torch.float32)


class Touches(Votes):
    """Touches what the whole program shares, when it is fitted or when it predicts."""

    def __init__(self, what="", at_fit=True, smoothing=1.0, class_weight=None, max_iter=1):
        super().__init__(smoothing, class_weight, max_iter)
        self.what = what
        self.at_fit = at_fit

    def fit(self, X, y, sample_weight=None):
        if self.at_fit:
            TOUCHING[self.what]()
        return super().fit(X, y, sample_weight)

    def predict(self, X):
        if not self.at_fit:
            TOUCHING[self.what]()
        return super().predict(X)


@pytest.mark.parametrize("at_fit", [True, False], ids=["fit", "predict"])
@pytest.mark.parametrize("what", TOUCHING)
def test_touching_what_the_program_shares_is_caught(what, at_fit, as_it_was):
    method = "fit" if at_fit else "predict"
    with pytest.raises(AssertionError, match=f"Touches.{method} changes {what}: "):
        CHECKS["check_text_global_state"]("Touches", Touches(what, at_fit))
