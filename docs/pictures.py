"""Make the pictures of these pages, from invented reviews: ``python docs/pictures.py``.

Needs the extras ``report`` and ``plot``, and selenium with Chromium and its driver, which take the
pictures of the report.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import CNN, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.inspection import (
    AccuracyLengthDisplay,
    ExplainedDocuments,
    InteractionFlowDisplay,
    RationaleLengthDisplay,
    ReliabilityDisplay,
    TrainingHistoryDisplay,
    explain_documents,
    rationale_report,
    write_html,
)

FOLDER = Path(__file__).parent
COMMON: dict[str, Any] = {
    "max_length": 80, "encoder": CNN(n_filters=20), "training": Training(max_epochs=4),
    "n_threads": 1,
}  # fmt: skip
N_TRAINING = 900


def main() -> None:
    """Train models, and write the pictures."""
    texts, y, _ = make_rationale_classification(
        2400, n_classes=6, n_words=70, difficulty=0.9, random_state=0
    )
    test, y_test = texts[N_TRAINING:], y[N_TRAINING:]
    models = {}
    for length in (3, 6, 10, 16):
        clf = SelectiveRationaleClassifier(rationale_length=length, random_state=0, **COMMON)
        models[f"{length} words"] = clf.fit(texts[:N_TRAINING], y[:N_TRAINING])
    second = SelectiveRationaleClassifier(
        rationale_length=10, initialization="logistic", random_state=1, **COMMON
    ).fit(texts[:400], y[:400])
    cheaper = SelectiveRationaleClassifier(lambda1=0.01, random_state=0, **COMMON)
    cheaper.fit(texts[:N_TRAINING], y[:N_TRAINING])
    both = InteractiveEnsemble(models["10 words"], second).fit(test[:10])
    draw_displays(models, both, cheaper, test, y_test, FOLDER / "displays.png")
    report = rationale_report(both, test, y_test, title="Invented hotel reviews")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder, "report.html")
        report.write_html(page)
        photograph(
            page,
            {
                "body": (FOLDER / "report.png", 1720),
                "#reliance": (FOLDER / "report_words.png", 620),
                "#all": (FOLDER / "report_documents.png", 1040),
            },
        )
        sides = explain_documents(models["10 words"], test, y_test, against=True)
        page = Path(folder, "sides.html")
        write_html(page, ExplainedDocuments(one for one in sides if one.sides.opposing.words)[:4])
        photograph(page, {"article": (FOLDER / "sides.png", 420)})


def draw_displays(
    models: dict[str, Any], both: Any, trained: Any, texts: list[str], y: np.ndarray, path: Path
) -> None:
    """Draw all displays into one picture."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(13, 11.5), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[1, 1.15, 0.85])
    axes = top.subplots(1, 3)
    AccuracyLengthDisplay.from_estimator(models, texts, y, ax=axes[0])
    RationaleLengthDisplay.from_estimator(both, texts, ax=axes[1])
    ReliabilityDisplay.from_estimator(both, texts, y, ax=axes[2])
    InteractionFlowDisplay.from_estimator(both, texts, y, ax=middle.subplots())
    TrainingHistoryDisplay.from_estimator(trained, ax=bottom.subplots(1, 3))
    figure.savefig(path, dpi=80)
    plt.close(figure)
    make_small(path)


@contextmanager
def started_browser() -> Iterator[Any]:
    """Start a headless Chromium."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for argument in (
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars", f"--user-data-dir={folder}",
        ):  # fmt: skip
            options.add_argument(argument)
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        with webdriver.Chrome(options=options, service=service) as browser:
            yield browser


def photograph(page: Path, pictures: dict[str, tuple[Path, int]]) -> None:
    """Take pictures of a page, each from an element on, so and so many pixels high.

    The list of a report shows the documents on which the models disagree.
    """
    with started_browser() as browser:
        browser.get(page.as_uri())
        for element, (path, height) in pictures.items():
            browser.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": 1180, "height": height, "deviceScaleFactor": 1, "mobile": False},
            )
            browser.execute_script(
                "const choice = document.getElementById('case');"
                "if (choice) choice.value = 'disagree';"
                "choice?.dispatchEvent(new Event('change', { bubbles: true }));"
                f"document.querySelector({element!r}).scrollIntoView()"
            )
            browser.save_screenshot(str(path))
            make_small(path)


def make_small(path: Path) -> None:
    """Let a picture have at most 128 colours: a third of the bytes."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main()
