"""Studies of a pair of models, studies of a few invented words, and servers of these."""

import re
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from sklearn_irx import InteractiveEnsemble
from sklearn_irx.study import Item, Study, create_study

PER_CASE = 3
CLASSES = ["noise", "hygiene", "food", "staff"]
WORDS = ["sirens, drills", "ants", "rubbery omelettes", "rude waiters"]
TRUTHS = [0, 1, 2, 3]


@pytest.fixture(scope="session")
def pair(small, reviews):
    """Two models of few words, one of which has seen little. Not to be changed."""
    texts, y, _ = reviews
    few = {"rationale_length": 2, "training__max_epochs": 1, "initialization__bigrams": False}
    one = small(**few).fit(texts[:40], y[:40])
    two = small(**few, initialization="logistic", random_state=1).fit(texts[:28], y[:28])
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


@pytest.fixture(scope="session")
def new_study():
    """Make a study: two examples, two pages of practice, two items a document, one check."""

    def make(path, *, people=("Ada", "Bo", "Cleo"), n_documents=4, items=None, **settings):
        if items is None:
            items = [
                Item("example", "selected", [None, "greasy porridge", None], 2, 2),
                Item("example", "random", [None, "the", None, "and", None], 2, 1),
                Item("practice", "selected", ["Sirens", None], 1, 0),
                Item("practice", "selected", [None, "mould"], 1, 1),
            ]
            for row in range(n_documents):
                words = f"{WORDS[row % 4]} {row}"
                items += [
                    Item("main", kind, [None, words, None, kind[0], None], 3, row % 4, row)
                    for kind in ("selected", "random")
                ]
            wanted = "This page checks attention: please answer “food” with confidence 3."
            items.append(Item("main", "attention", [wanted], 0, 2))
        made = {
            "title": "Invented reviews", "question": "What does the review complain of?",
            "classes": CLASSES, "class_descriptions": {"noise": "Whatever is loud"},
            "show": "in_place", "controls": ["random"], "cases": {}, "shortfalls": {},
            "per_case": n_documents, "seed": 0, **settings,
        }  # fmt: skip
        study = Study.write(path, made, items)
        for name in people:
            study.add_annotator(name)
        return study

    return make


@pytest.fixture(scope="session")
def served():
    """Serve a study by the command, in a process of its own; give process, address and links."""

    @contextmanager
    def serve(path, *options):
        program = "from sklearn_irx.cli import main; main()"
        command = [sys.executable, "-c", program, "study", "serve", str(path), "--port", "0"]
        with subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                lines = []
                while not lines or "Ctrl-C" not in lines[-1]:
                    line = process.stdout.readline()
                    assert line, "".join(lines)
                    lines.append(line)
                text = "".join(lines)
                links = dict(re.findall(r"^  (\S+) +(http://\S+/a/\S+)$", text, re.MULTILINE))
                organiser = re.search(r"(http://[^/]+)(/o/\S+)", text)
                yield SimpleNamespace(
                    process=process, url=organiser[1], organiser=organiser[0], links=links,
                    text=text,
                )  # fmt: skip
            finally:
                process.terminate()
                process.stdout.read()

    return serve
