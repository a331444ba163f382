"""A small corpus and small models, trained once for all tests that only read."""

import os
import shutil
import signal
import tempfile

import numpy as np
import pytest
from hypothesis import settings

from sklearn_irx.datasets import make_rationale_classification

settings.register_profile("however busy the machine is", deadline=None)
settings.load_profile("however busy the machine is")

SMALL = {
    "max_length": 60,
    "n_threads": 1,
    "lambda1": 0.01,
    "sampler": "straight_through",
    "encoder": "cnn",
    "initialization": "naive_bayes",
    "encoder__filter_sizes": (3,),
    "encoder__n_filters": 8,
    "predictor__hidden_size": 8,
    "training__max_epochs": 2,
}
"""Parameters of a model that trains in about a second."""


@pytest.fixture(scope="session", autouse=True)
def heeded_ctrl_c():
    """Let Ctrl-C interrupt, which what a shell runs in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def reviews():
    """Texts, labels and true masks of 400 invented reviews of three classes."""
    return make_rationale_classification(400, n_classes=3, n_words=40, random_state=0)


@pytest.fixture(scope="session")
def small_vectors():
    """Vectors of a few words, so that no test waits for Word2Vec."""
    from sklearn_irx.text import WordVectors

    words = ["room", "ants", "porridge", "drains", "waiters", "breakfast"]
    return WordVectors(words, np.random.RandomState(0).normal(size=(len(words), 8)))


@pytest.fixture(scope="session")
def small(small_vectors):
    """Make an unfitted small classifier; a part that is given has none of the small parameters."""
    from sklearn_irx import SelectiveRationaleClassifier

    def make(**parameters):
        own = {name: SMALL[name] for name in SMALL if name.partition("__")[0] not in parameters}
        if "rationale_length" in parameters or "style" in parameters:
            own.pop("lambda1", None)
        own |= {"embeddings": small_vectors, "random_state": 0, **parameters}
        return SelectiveRationaleClassifier().set_params(**own)

    return make


@pytest.fixture(scope="session")
def fitted(small, reviews):
    """A small classifier fitted on the first 300 reviews. Not to be changed."""
    texts, y, _ = reviews
    return small().fit(texts[:300], y[:300])


@pytest.fixture(scope="session")
def other(small, reviews):
    """Another one, that had fewer texts, so that the two disagree now and then."""
    texts, y, _ = reviews
    return small(random_state=1, initialization="logistic").fit(texts[:60], y[:60])


@pytest.fixture(scope="session")
def chromium():
    """Start a headless Chromium; tests are skipped where it or selenium is missing."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("chromium and chromedriver are not both installed")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for argument in (
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", f"--user-data-dir={folder}",
        ):  # fmt: skip
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # The path is given, so that selenium looks for no driver elsewhere.
        service = webdriver.ChromeService(driver, log_output=os.devnull)
        started = webdriver.Chrome(options=options, service=service)
        started.get("about:blank")  # away from the page it starts with, which asks for much
        yield started
        started.quit()


@pytest.fixture
def subprocess_environment():
    """Environment for processes of their own, on one core."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}
