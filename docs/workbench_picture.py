"""Make the picture of the workbench, from an invented review: ``python docs/workbench_picture.py``.

Needs the extra ``serve``, and selenium with Chromium and its driver.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

from pictures import make_small, started_browser
from selenium.webdriver.support.wait import WebDriverWait

import sklearn_irx
from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import CNN, Training
from sklearn_irx.datasets import make_rationale_classification

FOLDER = Path(__file__).parent
TEXT = (
    "I travel a lot for work. Teeming silverfish in a hotel like this, really? And then, of "
    "course, the stained sheets. I can forgive a lot, but not greasy sausages. The film on the "
    "plane had the title “karaoke”."
)
YOURS = "silverfish", "stained", "sheets"


def main() -> None:
    """Train two models quickly, serve them, join them, and take the picture."""
    url = served(make_pair())
    words = re.findall(r"\w+", TEXT)
    marked = ".".join(str(words.index(word)) for word in YOURS)
    with started_browser() as browser:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 1180, "height": 1360, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.get(url)
        browser.execute_script(
            "location.hash = new URLSearchParams({ text: arguments[0], you: arguments[1] })",
            TEXT, f"1:80:{marked}",
        )  # fmt: skip
        WebDriverWait(browser, 30).until(
            lambda one: one.execute_script("return document.querySelectorAll('.readers li').length")
        )
        browser.save_screenshot(str(FOLDER / "workbench.png"))
    make_small(FOLDER / "workbench.png")


def make_pair() -> InteractiveEnsemble:
    """Train two models that disagree now and then."""
    texts, y, _ = make_rationale_classification(
        600, n_classes=3, n_words=70, difficulty=0.9, random_state=0
    )
    common: dict[str, Any] = {
        "encoder": CNN(n_filters=20), "training": Training(max_epochs=2), "rationale_length": 6,
        "n_threads": 1,
    }  # fmt: skip
    first = SelectiveRationaleClassifier(random_state=0, **common).fit(texts[:500], y[:500])
    second = SelectiveRationaleClassifier(initialization="logistic", random_state=1, **common)
    return InteractiveEnsemble(first, second.fit(texts[:120], y[:120])).fit(texts[:10])


def served(model: Any) -> str:
    """Serve a model beside this program, for as long as it runs; give the link."""
    links: list[str] = []
    there = threading.Event()

    def tell(line: str) -> None:
        if line.startswith("Open "):
            links.append(line.removeprefix("Open "))
            there.set()

    threading.Thread(
        target=sklearn_irx.serve, args=(model,), kwargs={"port": 0, "tell": tell}, daemon=True
    ).start()
    if not there.wait(60):
        raise SystemExit("The server did not start.")
    return links[0]


if __name__ == "__main__":
    main()
