"""Storage of a study in an SQLite file: items, annotators and answers."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sklearn_irx.study._order import order_items
from sklearn_irx.study._records import CONFIDENCES, Annotator, Answer, Item, Page
from sklearn_irx.text import harmless

if TYPE_CHECKING:
    import pandas as pd

# They distinguish a study from other SQLite files and from later versions.
_APPLICATION_ID = 0x49525853
_VERSION = 1
_TOKEN_BYTES = 24
_MAX_NAME_LENGTH = 100

_SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    phase TEXT NOT NULL CHECK (phase IN ('example', 'practice', 'main')),
    kind TEXT NOT NULL,
    document INTEGER,
    "case" TEXT,
    member TEXT,
    shown TEXT NOT NULL,
    n_words INTEGER NOT NULL,
    truth INTEGER NOT NULL,
    model_label INTEGER,
    model_confidence REAL
);
CREATE TABLE annotators (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE
);
CREATE TABLE pages (
    annotator INTEGER NOT NULL REFERENCES annotators,
    position INTEGER NOT NULL,
    item INTEGER NOT NULL REFERENCES items,
    PRIMARY KEY (annotator, position),
    UNIQUE (annotator, item)
) WITHOUT ROWID;
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    form TEXT NOT NULL UNIQUE,
    annotator INTEGER NOT NULL,
    position INTEGER NOT NULL,
    label INTEGER,
    confidence INTEGER CHECK (confidence BETWEEN 0 AND 3),
    seconds REAL,
    time TEXT NOT NULL,
    FOREIGN KEY (annotator, position) REFERENCES pages,
    CHECK ((label IS NULL) = (confidence IS NULL))
);
CREATE INDEX answers_of_pages ON answers (annotator, position, id);
"""

# The last answer to a page counts; earlier ones are kept.
_FROM_PAGES = """
FROM pages
JOIN annotators ON annotators.id = pages.annotator
JOIN items ON items.id = pages.item
LEFT JOIN answers ON answers.id = (
    SELECT max(id) FROM answers AS own
    WHERE own.annotator = pages.annotator AND own.position = pages.position
)
"""
_PAGES = f"""
SELECT pages.position, items.phase, items.shown, items.truth, answers.id AS answer, answers.label,
       answers.confidence
{_FROM_PAGES} WHERE pages.annotator = ?
"""
_ANSWERS = f"""
SELECT annotators.name AS annotator, pages.position, items.id AS item, items.phase, items.kind,
       items.document, items."case", items.member, items.n_words, items.truth,
       items.model_label, items.model_confidence,
       answers.label, answers.confidence, answers.seconds, answers.time,
       (SELECT count(*) FROM answers AS own WHERE own.annotator = pages.annotator
        AND own.position = pages.position) AS n_answers
{_FROM_PAGES} ORDER BY annotators.id, pages.position
"""


class Study:
    """A study in a file, created by :func:`create_study`.

    Several threads and processes may read and write at the same time. When :meth:`record` returns,
    its answers are on the disk.

    Parameters
    ----------
    path : str or Path
        The file, an SQLite database. It holds the words shown and the annotators' links: whoever
        can read it can answer in their names.

    Attributes
    ----------
    path : Path
        The file.
    settings : dict
        Settings of the study: ``title``, ``question``, ``classes`` (names, in the order of label
        indices), ``class_descriptions``, ``show``, ``cases`` (number of documents of each),
        ``shortfalls`` (number found, of cases with too few), ``organiser_token``, and others.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file is not a study, or has another version.

    See Also
    --------
    create_study : Create a study.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"there is no file {self.path}: create_study makes one.")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        try:
            found = [
                self._connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            ]
        except sqlite3.DatabaseError as error:
            self.close()
            raise ValueError(f"{self.path} is no study: {error}.") from error
        if found != [_APPLICATION_ID, _VERSION]:
            self.close()
            if found[0] == _APPLICATION_ID:
                raise ValueError(
                    f"{self.path} is a study of version {found[1]}; this program knows {_VERSION}."
                )
            raise ValueError(f"{self.path} is no study: create_study makes one.")

    @classmethod
    def write(cls, path: Path, settings: Mapping[str, Any], items: Iterable[Item]) -> Self:
        """Write a study with new secrets to a new file, and open it."""
        settings = {
            **settings,
            "organiser_token": secrets.token_urlsafe(_TOKEN_BYTES),
            "form_key": secrets.token_hex(32),
        }
        # The file holds links and texts: only its owner may read it, from the first byte.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.executemany(
                "INSERT INTO settings VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in settings.items()],
            )
            connection.executemany(
                'INSERT INTO items (phase, kind, document, "case", member, shown, n_words, truth, '
                "model_label, model_confidence) VALUES (:phase, :kind, :document, :case, :member, "
                ":shown, :n_words, :truth, :model_label, :model_confidence)",
                [{**vars(item), "shown": json.dumps(item.shown)} for item in items],
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            path.unlink(missing_ok=True)
            raise
        connection.close()
        return cls(path)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Settings of the study, by name."""
        rows = self._connection.execute("SELECT name, value FROM settings")
        return {row["name"]: json.loads(row["value"]) for row in rows}

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in the order of label indices."""
        names: list[str] = self.settings["classes"]
        return names

    @property
    def annotators(self) -> list[Annotator]:
        """All annotators, in the order in which they were added."""
        rows = self._connection.execute("SELECT id, name, token FROM annotators ORDER BY id")
        return [Annotator(*row) for row in rows]

    def add_annotator(self, name: str | None = None) -> Annotator:
        """Add an annotator.

        Parameters
        ----------
        name : str or None, default=None
            Name in the results, which annotators do not see. None numbers them.

        Returns
        -------
        annotator : Annotator
            With a personal link and an individual order of the items.

        Raises
        ------
        ValueError
            If the name is taken, empty, or longer than 100 characters.
        """
        with self._writing() as connection:
            taken = {row["name"] for row in connection.execute("SELECT name FROM annotators")}
            (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM annotators").fetchone()
            number = last + 1
            if name is None:
                name = f"annotator {number}"
            name = " ".join(harmless(name).split())
            if not 0 < len(name) <= _MAX_NAME_LENGTH:
                raise ValueError(
                    f"name={name[:30]!r} has {len(name)} characters: give 1 to {_MAX_NAME_LENGTH}."
                )
            if name in taken:
                raise ValueError(f"name={name!r} is taken: give each annotator another.")
            annotator = Annotator(number, name, secrets.token_urlsafe(_TOKEN_BYTES))
            connection.execute(
                "INSERT INTO annotators VALUES (?, ?, ?)", (number, name, annotator.token)
            )
            connection.executemany(
                "INSERT INTO pages VALUES (?, ?, ?)",
                [(number, position, item) for position, item in enumerate(self._order(number), 1)],
            )
        return annotator

    def find_annotator(self, token: str) -> Annotator | None:
        """Return the annotator with this token, or None."""
        row = self._connection.execute(
            "SELECT id, name, token FROM annotators WHERE token = ?", (token,)
        ).fetchone()
        return None if row is None else Annotator(*row)

    def examples(self) -> list[Item]:
        """Return the worked examples of the instructions."""
        rows = self._connection.execute(
            "SELECT * FROM items WHERE phase = 'example' ORDER BY id"
        ).fetchall()
        return [
            Item(
                phase=row["phase"], kind=row["kind"], shown=json.loads(row["shown"]),
                n_words=row["n_words"], truth=row["truth"], model_label=row["model_label"],
            )
            for row in rows
        ]  # fmt: skip

    def pages(self, annotator: int) -> list[Page]:
        """Return all pages of an annotator, in order."""
        rows = self._connection.execute(f"{_PAGES} ORDER BY pages.position", (annotator,))
        return [_page(row) for row in rows]

    def page(self, annotator: int, position: int) -> Page | None:
        """Return a page of an annotator, or None if it does not exist."""
        row = self._connection.execute(
            f"{_PAGES} AND pages.position = ?", (annotator, position)
        ).fetchone()
        return None if row is None else _page(row)

    def first_unanswered(self, annotator: int) -> int | None:
        """Return the position of the first page without an answer, or None."""
        position: int | None = self._connection.execute(
            "SELECT min(position) FROM pages WHERE annotator = ?1 AND NOT EXISTS (SELECT 1 FROM "
            "answers WHERE answers.annotator = ?1 AND answers.position = pages.position)",
            (annotator,),
        ).fetchone()[0]
        return position

    def record(self, answers: Iterable[Answer]) -> list[bool]:
        """Write answers to the disk, all or none.

        Parameters
        ----------
        answers : iterable of Answer
            A second answer to a page counts instead of the first, which is kept.

        Returns
        -------
        taken : list of bool
            Whether each answer was new. The same form is stored once.

        Raises
        ------
        ValueError
            If an annotator has no such page, or a class or a confidence is invalid.
        """
        answers = list(answers)
        n_classes = len(self.classes)
        for answer in answers:
            label, confidence = answer.label, answer.confidence
            if (label is None) != (confidence is None):
                raise ValueError(
                    f"label={label!r} and confidence={confidence!r}: give both, or None for both "
                    "if nothing was readable."
                )
            if label is not None and label not in range(n_classes):
                raise ValueError(f"label={label!r}: give a number from 0 to {n_classes - 1}.")
            if confidence is not None and confidence not in range(len(CONFIDENCES)):
                raise ValueError(f"confidence={confidence!r}: give 0, 1, 2 or 3.")
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        taken = []
        with self._writing() as connection:
            for answer in answers:
                try:
                    cursor = connection.execute(
                        "INSERT INTO answers (form, annotator, position, label, confidence, "
                        "seconds, time) VALUES (:form, :annotator, :position, :label, :confidence, "
                        ":seconds, :now) ON CONFLICT (form) DO NOTHING",
                        {**vars(answer), "now": now},
                    )
                except sqlite3.IntegrityError as error:
                    raise ValueError(
                        f"annotator={answer.annotator} has no page {answer.position}."
                    ) from error
                taken.append(cursor.rowcount > 0)
        return taken

    def answers(self) -> pd.DataFrame:
        """Return every page of every annotator with its last answer.

        Returns
        -------
        answers : DataFrame of shape (n_annotators * n_pages, 20)
            ``annotator``, ``position``, ``item``, ``phase`` ("practice" or "main"), ``kind``,
            ``document`` (row of the table that the study was made from), ``case``, ``member``,
            ``n_words``, ``truth``, ``model_label``, ``model_confidence``, then the answer:
            ``label``, ``confidence`` (0 to 3), ``seconds``, ``time`` (UTC), ``n_answers``
            (earlier ones included), ``answered``, ``unreadable``, ``right``. A missing answer has
            no label and no confidence, and is neither right nor wrong.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "a table of answers needs pandas, which an extra installs: "
                'pip install "sklearn-irx[study]"'
            ) from error

        cursor = self._connection.execute(_ANSWERS)
        columns = [name for name, *_ in cursor.description]
        frame = pd.DataFrame(cursor.fetchall(), columns=columns)
        frame["answered"] = frame["n_answers"] > 0
        frame["unreadable"] = frame["answered"] & frame["label"].isna()
        right = frame["label"].eq(frame["truth"]).astype("boolean")
        frame["right"] = right.where(frame["answered"], pd.NA)
        names = np.array([*self.classes, None], dtype=object)
        for column in ("truth", "model_label", "label"):
            frame[column] = names[frame[column].astype("Float64").fillna(-1).astype(int)]
        for column in ("document", "confidence", "model_confidence", "seconds"):
            kind = "Int64" if column in ("document", "confidence") else "Float64"
            frame[column] = frame[column].astype(kind)
        return frame

    def close(self) -> None:
        """Close the file; answers are safe without it."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Study({str(self.path)!r})"

    def _order(self, number: int) -> list[int]:
        """Return the item ids in the order of an annotator: practice, then the main part."""
        rng = np.random.RandomState([self.settings["seed"], number])
        rows = self._connection.execute(
            "SELECT id, phase, document FROM items WHERE phase != 'example' ORDER BY id"
        ).fetchall()
        practice = [row["id"] for row in rows if row["phase"] == "practice"]
        main = [row for row in rows if row["phase"] == "main"]
        order = order_items([row["document"] for row in main], rng)
        return practice + [main[index]["id"] for index in order]

    @property
    def _connection(self) -> sqlite3.Connection:
        """Connection of this thread, opened on first use."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # The mode rw, which only a URI can set, does not create a missing file.
            connection = sqlite3.connect(
                f"{self.path.resolve().as_uri()}?mode=rw",
                uri=True,
                timeout=30,
                isolation_level=None,
                check_same_thread=False,  # `close` closes the connections of all threads
            )
            connection.row_factory = sqlite3.Row
            # A commit waits for the disk, not only for the operating system.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _page(row: sqlite3.Row) -> Page:
    return Page(
        position=row["position"], phase=row["phase"], shown=json.loads(row["shown"]),
        truth=row["truth"], answered=row["answer"] is not None, label=row["label"],
        confidence=row["confidence"],
    )  # fmt: skip
