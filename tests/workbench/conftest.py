"""Models of every kind to ask, and applications around them."""

import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, save
from sklearn_irx.exchange import RULES
from tests.workbench.browsing import served, size_of

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    "<svg/onload=window.hacked=1> ' {{ 7 * 7 }} {% raw %} &lt;b&gt;",
]
"""What might be taken for something else than text."""


def lowered(texts):
    return [text.lower() for text in texts]


@pytest.fixture(scope="session")
def short(small, reviews):
    """A model of few words and few texts, which often disagrees."""
    texts, y, _ = reviews
    return small(rationale_length=2, random_state=2).fit(texts[60:100], y[60:100])


@pytest.fixture(scope="session")
def pair(other, short, reviews):
    return InteractiveEnsemble(other, short).fit(reviews[0][:10])


@pytest.fixture(scope="session")
def committees(fitted, other, short, reviews):
    """Committees of three models, by their rule."""
    members = [("full", fitted), ("few", other), ("short", short)]
    return {rule: InteractiveCommittee(members, rule=rule).fit(reviews[0][:10]) for rule in RULES}


@pytest.fixture(scope="session")
def learned(fitted, other, short, reviews):
    """A committee whose rule was learned."""
    texts, y, _ = reviews
    members = [("full", fitted), ("few", other), ("short", short)]
    committee = InteractiveCommittee(members, rule="learned", random_state=0).fit(
        texts[100:300], y[100:300]
    )
    committee.rule_ = "learned"  # whether it is better on few texts is not the question here
    assert committee.referee_.coefficients
    return committee


@pytest.fixture(scope="session")
def pipeline(pair):
    """A pipeline that lowers texts before a pair sees them."""
    return make_pipeline(FunctionTransformer(lowered), pair)


@pytest.fixture(scope="session")
def hostile(small, reviews):
    """A pair with attacks as labels."""
    texts, y, _ = reviews
    names = dict(zip(sorted(set(y)), HOSTILE, strict=True))
    labels = [names[label] for label in y]
    members = [
        (HOSTILE[0], small(random_state=0).fit(texts[:60], labels[:60])),
        (HOSTILE[1], small(random_state=1).fit(texts[60:120], labels[60:120])),
    ]
    return InteractiveCommittee(members).fit(texts[:10])


@pytest.fixture(scope="session")
def texts(reviews):
    return list(reviews[0][300:330])


@pytest.fixture(scope="session")
def folder(pair, texts, tmp_path_factory):
    """The folder of a model and a table of texts."""
    path = tmp_path_factory.mktemp("served")
    save(pair, path / "pair")
    pd.DataFrame({"review": texts}).to_csv(path / "texts.csv", index=False)
    return path


@pytest.fixture(scope="session")
def server(folder):
    options = ["--port", 0, "--texts", folder / "texts.csv", "--text", "review"]
    with served(folder / "pair", *options, "--title", "Hotels") as running:
        yield running


@pytest.fixture(scope="session")
def disputed(pair, texts):
    """A text on which the models disagree."""
    exchange = pair.exchange(texts)
    return texts[exchange.disputed[0]]


@pytest.fixture
def browser(chromium):
    size_of(chromium, 1280, 900)
    for log in ("browser", "performance"):
        chromium.get_log(log)
    chromium.get("about:blank")
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    size_of(chromium, 1280, 900)
