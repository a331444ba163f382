"""What 3,000 film reviews teach, what that costs, and what is shown of an invented review.

    python benchmarks/review.py --threads 1

TF-IDF with logistic regression, and each style, learn from 3,000 training reviews of IMDB in a
process of its own, and are tested on 5,000 other training reviews. Seconds of ``fit`` (the second
of the process), MB of the process at the most and of the saved model, and milliseconds of a single
``predict``. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from common import add_common_options, fresh, peak_memory, sample, show, tfidf_and_lr, write
from threadpoolctl import threadpool_limits

from sklearn_irx import SelectiveRationaleClassifier, save
from sklearn_irx.inspection import to_rich

DOCUMENTS, TESTED = 3000, 5000
STYLES = ("words", "phrases", "passage")
REVIEW = (
    "I wanted to like this film. The book is a favourite of mine, and the first ten minutes, all "
    "rain and railway platforms, are lovely to look at. Then people begin to speak. Nobody in it "
    "talks like a human being, the plot is explained to us twice, and by the time the villain "
    "turns up in a cape I was counting the lamps on the wall. The leads do what they can with a "
    "terrible script, but they might as well be reading the telephone book. Two hours have rarely "
    "felt so long; my wife fell asleep, and I was jealous of her."
)


def measure(model: str, n_threads: int) -> dict[str, Any]:
    """Train, test and save a model."""
    reviews = sample("imdb", "train", DOCUMENTS + TESTED, max_words=None)
    order = np.random.RandomState(0).permutation(len(reviews.data))
    texts, y = [reviews.data[i] for i in order], reviews.target[order]
    for _ in range(2):
        clf: Any = tfidf_and_lr()
        if model != "TF-IDF":
            clf = SelectiveRationaleClassifier(style=model, n_threads=n_threads, random_state=0)
        begin = time.perf_counter()
        with threadpool_limits(n_threads):
            clf.fit(texts[:DOCUMENTS], y[:DOCUMENTS])
        seconds = time.perf_counter() - begin
    if model != "TF-IDF":
        clf.set_params(n_threads=None)
    spent = []
    for _ in range(300):
        begin = time.perf_counter()
        clf.predict([REVIEW])
        spent.append(time.perf_counter() - begin)
    found: dict[str, Any] = {
        "model": model,
        "accuracy": round(float(clf.score(texts[DOCUMENTS:], y[DOCUMENTS:])), 4),
        "seconds": round(seconds, 2),
        "mb_peak": round(peak_memory()),
        "ms_predict": round(1000 * float(np.median(spent)), 2),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        if model == "TF-IDF":
            joblib.dump(clf, path)
        else:
            save(clf, path)
        files = [path] if path.is_file() else list(path.iterdir())
        found["mb_model"] = round(sum(file.stat().st_size for file in files) / 1e6, 1)
    return found | {"shown": "" if model == "TF-IDF" else _shown(clf)}


def _shown(clf: Any) -> str:
    """Return the review with the selected pieces between bars, its label and confidence."""
    return str(to_rich(clf.explain([REVIEW])[0], marks=("▐", "▌")))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_common_options(parser)
    args = parser.parse_args()
    rows = [fresh(measure, model, args.threads) for model in ("TF-IDF", *STYLES)]
    show(rows)
    write(args.results / "review.csv", rows, documents=DOCUMENTS, tested=TESTED)


if __name__ == "__main__":
    main()
