"""Make the pictures of a study's pages, from invented reviews: ``python docs/study_pictures.py``.

Needs the extra ``study``, and selenium with Chromium and its driver.
"""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from pictures import make_small, started_browser

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import CNN, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.study import Answer, Study, create_study, links_of, serve

FOLDER = Path(__file__).parent / "study"
MEANINGS = {
    "noise": "Something is loud, by day or by night",
    "hygiene": "Something is dirty, or has vermin",
    "food": "Meals and drinks",
    "staff": "How people who work there behave",
    "price": "What was charged, and for what",
}


def main() -> None:
    """Make a study, serve it, and take a picture of every page."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        study = make_study(Path(folder) / "study.db")
        answer_some(study)
        with served(study) as url, started_browser() as browser:
            links = links_of(study, url)
            photograph(browser, links["Ada"], links["Bo"], links["Cleo"], links[""])


def make_study(path: Path) -> Study:
    """Train two models quickly, and ask three people about what they select."""
    texts, y, _ = make_rationale_classification(
        1500, n_classes=5, n_words=70, difficulty=0.9, random_state=0
    )
    common: dict[str, Any] = {
        "max_length": 80, "encoder": CNN(n_filters=20), "training": Training(max_epochs=3),
        "n_threads": 1,
    }  # fmt: skip
    first = SelectiveRationaleClassifier(rationale_length=8, random_state=0, **common)
    second = SelectiveRationaleClassifier(
        rationale_length=8, initialization="logistic", random_state=1, **common
    )
    both = InteractiveEnsemble(first.fit(texts[:600], y[:600]), second.fit(texts[:300], y[:300]))
    return create_study(
        path, both.fit(texts[:10]), texts[600:], y[600:], per_case=10, n_attention_checks=3,
        annotators=["Ada", "Bo", "Cleo"], title="What hotel guests complain of",
        question="What does the whole review complain of?", class_descriptions=MEANINGS,
        random_state=0,
    )  # fmt: skip


def answer_some(study: Study) -> None:
    """Let Ada begin, Bo be done with all, and Cleo be somewhere between."""
    rng = np.random.RandomState(0)
    for person, share in zip(study.annotators, (0, 1, 0.6), strict=True):
        pages = study.pages(person.id)
        study.record(
            Answer(
                person.id,
                page.position,
                page.truth if rng.rand() < 0.7 else int(rng.randint(len(study.classes))),
                int(rng.randint(4)),
                9.0,
                f"{person.id} {page.position}",
            )
            for page in pages[: round(share * len(pages))]
        )


@contextmanager
def served(study: Study) -> Iterator[str]:
    """Serve a study beside this program, for as long as it runs."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    threading.Thread(
        target=serve, args=(study, "127.0.0.1", port), kwargs={"tell": str}, daemon=True
    ).start()
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"


def photograph(browser: Any, new: str, done: str, between: str, organiser: str) -> None:
    """Take the pictures: of somebody new, of one who is done, and of one in between."""

    def take(name: str, width: int = 1000, dark: bool = False, most: int = 1500) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        phone = width < 500
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})
        size = {"width": width, "height": 400, "deviceScaleFactor": 1, "mobile": phone}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        height = browser.execute_script("return document.documentElement.scrollHeight")
        size["height"] = min(height, most)
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        path = FOLDER / f"{name}.png"
        browser.save_screenshot(str(path))
        make_small(path)

    def press(*keys: str) -> None:
        for key in keys:
            browser.find_element("css selector", "body").send_keys(key)

    browser.get(new)
    take("instructions", width=840, most=3000)
    browser.get(f"{new}/1")
    take("practice")
    press("a", "1", "\n")
    take("feedback")
    browser.get(between)
    press("c", "2")
    take("item")
    take("item_dark", dark=True)
    take("item_phone", width=390)
    browser.get(done)
    take("done", most=900)
    browser.get(organiser)
    take("organiser")
    browser.get(f"{new[:-3]}")
    take("wrong_link", most=520)


if __name__ == "__main__":
    main()
