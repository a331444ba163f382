"""Studies of a small pair of models that often disagree."""

import pytest

from sklearn_irx import InteractiveEnsemble
from sklearn_irx.study import create_study

PER_CASE = 3


@pytest.fixture(scope="session")
def pair(small, reviews):
    """Two models of few words, one of which has seen little. Not to be changed."""
    texts, y, _ = reviews
    few = {"rationale_length": 2, "max_epochs": 1}
    one = small(**few).fit(texts[:40], y[:40])
    two = small(**few, linear_start="logistic", random_state=1).fit(texts[:30], y[:30])
    return InteractiveEnsemble(one, two).fit(texts[:10], y[:10])


@pytest.fixture(scope="session")
def unseen(reviews):
    """Texts and labels that the pair was not trained on."""
    texts, y, _ = reviews
    return texts[80:], y[80:]


@pytest.fixture
def make_study(pair, unseen, tmp_path):
    """Make a study in a file of its own; it is closed in the end."""
    made = []

    def make(estimator=pair, **parameters):
        texts, y = unseen
        path = tmp_path / f"study{len(made)}.db"
        settings = {"per_case": PER_CASE, "random_state": 0, **parameters}
        made.append(create_study(path, estimator, texts, y, **settings))
        return made[-1]

    yield make
    for study in made:
        study.close()
