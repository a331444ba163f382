"""Two ensembles, and a browser that reaches nothing but files."""

from pathlib import Path

import pytest
from sklearn.base import clone

from sklearn_irx.datasets import make_rationale_classification

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    "<svg/onload=window.hacked=1> ' {{ 7 * 7 }} {% raw %} &lt;b&gt;",
    "<!--<script> ]]> </textarea></title></summary></details></style><style>* { all: unset }",
]
"""What might be taken for something else than text."""


@pytest.fixture(scope="session")
def pair(fitted, other, reviews):
    from sklearn_irx import InteractiveEnsemble

    return InteractiveEnsemble(fitted, other).fit(reviews[0][:10])


@pytest.fixture(scope="session")
def committee(fitted, other, small, reviews):
    from sklearn_irx import InteractiveCommittee

    texts, y, _ = reviews
    third = small(rationale_length=2, random_state=2).fit(texts[60:120], y[60:120])
    members = [("full", fitted), ("few", other), ("short", third)]
    return InteractiveCommittee(members).fit(texts[:10])


@pytest.fixture(scope="session")
def hostile(small, reviews):
    """A committee with attacks as names and labels; texts that hold attacks, and their labels."""
    from sklearn_irx import InteractiveCommittee

    texts, y, _ = reviews
    as_hostile = dict(zip(sorted(set(y)), HOSTILE, strict=False))
    labels = [as_hostile[label] for label in y]
    members = [
        (HOSTILE[0], small(random_state=0).fit(texts[:120], labels[:120])),
        (HOSTILE[1], small(random_state=1).fit(texts[:60], labels[:60])),
        (HOSTILE[3], small(random_state=2).fit(texts[60:120], labels[60:120])),
    ]
    attacks = [f"{attack} {text} {attack}" for text in texts[120:140] for attack in HOSTILE]
    truths = [label for label in labels[120:140] for _ in HOSTILE]
    return InteractiveCommittee(members).fit(texts[:10]), attacks, truths


@pytest.fixture(scope="session")
def passages():
    """A pair of models that show passages, and long texts with their labels: most is folded."""
    from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier

    texts, y, _ = make_rationale_classification(260, n_words=150, random_state=0)
    clf = SelectiveRationaleClassifier(style="passage", n_threads=1, random_state=0)
    members = [clone(clf).fit(texts[:n], y[:n]) for n in (200, 30)]
    return InteractiveEnsemble(*members).fit(texts[:10]), texts[200:], y[200:]


@pytest.fixture
def open_page(chromium, tmp_path):
    """Open a page from a file, at a size, in light or dark; give the browser."""
    from selenium.webdriver.support import wait as waits

    def opened(html, *, width=1280, height=900, dark=False):
        path = tmp_path / "page.html"
        Path(path).write_text(html, encoding="utf-8")
        for log in ("browser", "performance"):
            chromium.get_log(log)  # of pages before
        chromium.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        chromium.get(path.as_uri())
        complete = "return location.href === arguments[0] && document.readyState === 'complete'"
        waits.WebDriverWait(chromium, 30).until(
            lambda browser: browser.execute_script(complete, path.as_uri())
        )
        return chromium

    return opened
