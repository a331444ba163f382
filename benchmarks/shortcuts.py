"""Are shortcuts found that were planted, and those of news posts whose headers were left in?

    python benchmarks/shortcuts.py --threads 1
    python benchmarks/shortcuts.py --only report

Into generated reviews a signature is planted, drawn anew each time, and a model is trained and
searched. And a model learns from four fifths of the training posts of 20 Newsgroups as they were
sent, and is searched on the others; test posts are not read. ``SKLEARN_IRX_DATA`` names the folder
of the corpus; without it, scikit-learn downloads it. The tables are written to docs/shortcuts.md:
of posts, neither sentences nor what names a person.
"""

from __future__ import annotations

import argparse
import os
import re
from collections import Counter
from itertools import product
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from common import add_common_options, fill_in, markdown, read_rows, show, write
from sklearn.datasets import fetch_20newsgroups
from sklearn.model_selection import train_test_split

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx._compat import strip_newsgroup_footer
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import find_shortcuts, suspected_words
from sklearn_irx.text import WordTokenizer

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "shortcuts.md"
MODELS: dict[str, dict[str, Any]] = {"words": {}, "convolutions": {"encoder": "cnn"}}
CLASSES = (2, 4)
N_TEXTS, N_TRAINING = 600, 400
FIRST = 10

SYLLABLES = ["ba", "do", "ke", "lu", "mi", "po", "ru", "vi", "tan", "ze", "quo", "wex", "drosk"]
LEADS = ("", "", "Posted by", "Seen on", "Courtesy of", "Visit")

SHOWN = 30  # rows of posts in the document
SUSPECTS = {
    "addresses": r"[\w.+-]+@[\w.-]+",
    "organisations": r"(?m)^organization:.*$",
    "hosts of posting": r"(?m)^nntp-posting-host:.*$",
    "subjects": r"(?m)^subject:.*$",
    "whole header": r"\A(?s:.*?)\n\n",
    "signatures": r"\n-- ?\n(?s:.*)\Z",
    "quotes": r"(?m)^[>|:].*$|^.*\b(?:writes|wrote|says)\b.*$",
}
HOSTS = r"(?<=[@.!%])[\w-]+(?=[.]\w)|(?<=@)[\w-]+|(?:[\w-]+\.)+(?:edu|com|org|gov|net|mil|ca|uk)\b"
KINDS = {
    "author": r"^from:.*$|^reply-to:.*$|[\w.+-]+@",
    "cited author": r"^.*\b(?:writes|wrote|says)\b.*$",
    "host": HOSTS,
    "organisation": r"^organization:.*$|^nntp-posting-host:.*$",
    "subject": r"^subject:.*$",
    "other header": r"\A(?s:.*?)\n\n",
    "quote": r"^[>|:].*$",
}
"""Where a word can stand in a post; what matches later in this list counts before "text"."""


def planted(n_classes: int, seed: int) -> tuple[list[str], np.ndarray, set[str]]:
    """Return reviews with a signature, their labels, and its invented words."""
    rng = np.random.RandomState(seed)
    texts, y, _ = make_rationale_classification(
        N_TEXTS, n_classes=n_classes, difficulty=0.3, random_state=seed
    )
    words = ["".join(rng.choice(SYLLABLES, 3)) for _ in range(rng.randint(1, 4))]
    signature = " ".join([str(rng.choice(LEADS)), *words]).strip().capitalize()
    at_the_end, share, label = rng.rand() < 0.5, rng.uniform(0.3, 1), rng.choice(np.unique(y))
    for row in np.flatnonzero((y == label) & (rng.uniform(size=len(y)) < share)):
        sentences = texts[row].removesuffix(".").split(". ")
        place = len(sentences) if at_the_end else rng.randint(1, len(sentences))
        texts[row] = ". ".join([*sentences[:place], signature, *sentences[place:]]) + "."
    return texts, y, set(words)


def place_of(words: set[str], names: np.ndarray) -> int:
    """Return after how many rows all of these words were there."""
    rows = [name.split() for name in names.tolist()]
    places = (next((i for i, row in enumerate(rows, 1) if word in row), 10**6) for word in words)
    return max(places)


def measure_planted(model: str, n_classes: int, seed: int, threads: int) -> dict[str, Any]:
    """Plant a signature, and search; then search without it."""
    settings = {**MODELS[model], "random_state": seed, "n_threads": threads}
    texts, y, words = planted(n_classes, seed)
    clf = SelectiveRationaleClassifier(**settings).fit(texts[:N_TRAINING], y[:N_TRAINING])
    start = process_time()
    table = find_shortcuts(clf, texts[N_TRAINING:])
    seconds = process_time() - start
    by_decisive = np.lexsort((-table["drop"] * table["shown"], -table["decisive"]))
    texts, y, masks = make_rationale_classification(
        N_TEXTS, n_classes=n_classes, difficulty=0.3, random_state=seed
    )
    clf = SelectiveRationaleClassifier(**settings).fit(texts[:N_TRAINING], y[:N_TRAINING])
    clean = find_shortcuts(clf, texts[N_TRAINING:])
    split = WordTokenizer().words
    cues = {w for text, mask in zip(texts, masks, strict=True)
            for w, cue in zip(split(text), mask, strict=False) if cue}  # fmt: skip
    first = [name.split() for name in clean["word"][:FIRST].tolist()]
    return {
        "model": model,
        "classes": n_classes,
        "seed": seed,
        "place": place_of(words, table["word"]),
        "place_by_decisive": place_of(words, table["word"][by_decisive]),
        "suspicion_of_first": round(float(table["suspicion"][0]), 3),
        "suspicion_of_first_unplanted": round(float(clean["suspicion"][0]), 3),
        "cues_among_first_unplanted": sum(any(w in cues for w in name) for name in first),
        "cpu_seconds": round(seconds, 2),
    }


def posts() -> tuple[list[str], np.ndarray]:
    """Return the training posts of 20 Newsgroups as they were sent, and their groups."""
    path = Path(os.environ.get("SKLEARN_IRX_DATA", ""), "20newsgroups.parquet")
    if path.is_file():
        import pandas as pd

        frame = pd.read_parquet(path, columns=["split", "label", "text"])
        frame = frame[frame["split"] == "train"]
        return frame["text"].tolist(), frame["label"].to_numpy(dtype=str)
    loaded = fetch_20newsgroups(subset="train", shuffle=False)
    return loaded.data, np.array(loaded.target_names)[loaded.target]


def kinds_of_words(texts: list[str]) -> dict[str, Counter[str]]:
    """Count for each word where in posts it stands."""
    patterns = {kind: re.compile(of, re.IGNORECASE | re.MULTILINE) for kind, of in KINDS.items()}
    counts: dict[str, Counter[str]] = {}
    split = WordTokenizer()
    for text in texts:
        kinds = np.full(len(text) + 1, "text", dtype="U20")
        kinds[len(strip_newsgroup_footer(text)) :] = "signature"
        for kind, pattern in reversed(patterns.items()):
            for match in pattern.finditer(text):
                kinds[slice(*match.span())] = kind
        for match in patterns["host"].finditer(text):  # of an author, too
            kinds[slice(*match.span())] = "host"
        for word, (start, _) in zip(*split.words_and_spans(text), strict=True):
            counts.setdefault(word, Counter())[str(kinds[start])] += 1
    return counts


def shown_name(name: str, counts: dict[str, Counter[str]]) -> tuple[str, str]:
    """Return the words of a row, without what may name a person, and where they mostly stand."""
    words = name.split()
    kinds = sum((counts.get(word, Counter()) for word in words), Counter())
    shown = []
    for word in words[:3]:
        own = counts.get(word, Counter())
        persons = own["author"] + own["cited author"]
        of_person = persons > 0.1 * own.total() and own["host"] + own["organisation"] < persons
        # Initials, and call signs of amateurs.
        initials = len(word) <= 3 and 2 * own["signature"] > own.total()
        sign = re.search(r"\d", word) is not None and not own["host"]
        shown.append("▮" if of_person or initials or sign else word)
    more = " …" if len(words) > 3 else ""
    return " ".join(shown) + more, kinds.most_common(1)[0][0]


def measure_posts(threads: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Search a model of posts, and blank what is suspected in them."""
    texts, y = posts()
    texts, others, y, y_others = train_test_split(
        texts, y, train_size=0.8, stratify=y, random_state=0
    )
    clf = SelectiveRationaleClassifier(random_state=0, n_threads=threads).fit(texts, y)
    table = find_shortcuts(clf, others)
    counts = kinds_of_words(texts + others)
    found = []
    for row in range(SHOWN):
        word, kind = shown_name(str(table["word"][row]), counts)
        signals = {
            name: round(float(table[name][row]), 2)
            for name in ("suspicion", "share", "purity", "company", "edge")
        }
        found.append({"word": word, "label": str(table["label"][row]), "kind": kind,
                      "shown": int(table["shown"][row]), **signals,
                      "signal": str(table["signal"][row])})  # fmt: skip
    first = r"\b(?:" + "|".join(r"\W+".join(map(re.escape, name.split()))
                               for name in table["word"][:SHOWN].tolist()) + r")\b"  # fmt: skip
    suspects = SUSPECTS | {
        f"the first {SHOWN} words found": first,
        "header, signatures and quotes": "|".join(
            SUSPECTS[name] for name in ("whole header", "signatures", "quotes")
        ),
    }
    blanked = suspected_words(clf, others, y_others, suspects=suspects)
    return found, [
        {name: column[row].item() for name, column in blanked.items()}
        for row in range(len(suspects))
    ]


def report(results: Path) -> None:
    """Write the tables to the document."""
    rows = read_rows(results / "shortcuts.csv")
    lines = []
    for model, n_classes in product(MODELS, CLASSES):
        own = [row for row in rows if (row["model"], row["classes"]) == (model, n_classes)]
        if not own:
            continue
        mean = {name: np.mean([row[name] for row in own]) for name in own[0] if name != "model"}
        found, decisive = (
            sum(row[name] <= FIRST for row in own) for name in ("place", "place_by_decisive")
        )
        lines.append([
            model, str(n_classes), f"{found} of {len(own)}", str(max(row["place"] for row in own)),
            f"{decisive} of {len(own)}", f"{mean['suspicion_of_first']:.2f}",
            f"{mean['suspicion_of_first_unplanted']:.2f}",
            f"{mean['cues_among_first_unplanted']:.1f}", f"{mean['cpu_seconds']:.1f}",
        ])  # fmt: skip
    fill_in(DOCUMENT, [markdown(
        ["model", "classes", "found among the first ten", "last place", "by `decisive` alone",
         "suspicion of the first", "the same, nothing planted",
         "content among the first ten, nothing planted", "CPU seconds"], lines)],
        "planted")  # fmt: skip
    found = read_rows(results / "shortcuts-posts.csv")
    head = ["word", "group", "stands mostly in", "shown", "purity", "company", "edge", "suspicion"]
    fill_in(DOCUMENT, [markdown(head, [
        [str(row["word"]), row["label"], row["kind"], str(row["shown"]), f"{row['purity']:.2f}",
         f"{row['company']:.2f}", f"{row['edge']:.2f}", f"{row['suspicion']:.2f}"]
        for row in found])], "posts")  # fmt: skip
    blanked = read_rows(results / "shortcuts-blanked.csv")
    head = ["blanked", "posts that hold it", "shown", "decisive", "predictions changed",
            "accuracy", "accuracy, blanked"]  # fmt: skip
    fill_in(DOCUMENT, [markdown(head, [
        [row["suspect"], f"{row['documents']:,}", f"{row['shown']:,}", f"{row['decisive']:,}",
         f"{100 * row['changed']:.0f} %", f"{row['accuracy']:.3f}",
         f"{row['accuracy_blanked']:.3f}"]
        for row in blanked])], "blanked")  # fmt: skip


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=40, help="of each model and number of classes")
    parser.add_argument("--only", choices=["posts", "planted", "report"], help="a part of it")
    add_common_options(parser)
    args = parser.parse_args()
    if args.only in (None, "posts"):
        found, blanked = measure_posts(args.threads)
        write(args.results / "shortcuts-posts.csv", found)
        write(args.results / "shortcuts-blanked.csv", blanked)
        show(found)
        show(blanked)
    if args.only in (None, "planted"):
        rows = []
        for model, n_classes, seed in product(MODELS, CLASSES, range(args.draws)):
            rows.append(measure_planted(model, n_classes, seed, args.threads))
            show(rows[-1:])
        write(args.results / "shortcuts.csv", rows)
    report(args.results)


if __name__ == "__main__":
    main()
