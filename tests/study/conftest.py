"""Studies of a few invented words, and servers of them in processes of their own."""

import re
import secrets
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from sklearn_irx.study import Item, Study

CLASSES = ["noise", "hygiene", "food", "staff"]
WORDS = ["sirens, drills", "ants", "rubbery omelettes", "rude waiters"]
TRUTHS = [0, 1, 2, 3]


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
            "per_case": n_documents, "seed": 0, "organiser_token": secrets.token_urlsafe(24),
            "form_key": secrets.token_hex(32), **settings,
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
