"""Reader of BeerAdvocate and HotelReview as the archive of R2A has them."""

from __future__ import annotations

import os
import re
import reprlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch, check_random_state

from sklearn_irx.datasets._corpora import _word_limit
from sklearn_irx.datasets._digests import Digest, check_content, check_digests
from sklearn_irx.datasets._eraser import one_word
from sklearn_irx.datasets._leaks import check_repair, without_leaks

_TASKS = {
    "look": "beer0",
    "aroma": "beer1",
    "palate": "beer2",
    "location": "hotel_Location",
    "service": "hotel_Service",
    "cleanliness": "hotel_Cleanliness",
}
_COLLECTIONS = ("oracle", "source")
_FILES = {
    "train": "{collection}/{task}.train",
    "val": "{collection}/{task}.dev",
    "test": "target/{task}.test",
    "annotated": "target/{task}.train",
}
_ALL_NAMES = {
    name.format(collection=collection, task=task)
    for name in _FILES.values()
    for collection in _COLLECTIONS
    for task in _TASKS.values()
}
_KEPT_APART = {"train": ("val", "test", "annotated"), "val": ("test", "annotated")}
"""The parts with which a part must share no document."""

_NEGATIVE, _POSITIVE = 0.4, 0.6
_MOST_BYTES = 2**30
_MEMBER = re.compile(r"(?!__MACOSX)(?:.*/)?((?:oracle|source|target)/[^/]+)")
_PAGE = "https://github.com/YujiaBao/R2A"
_AGAIN = f"correct it, or download data.zip again from {_PAGE}"


_Found = dict[str, tuple[int, Callable[[], bytes]]]
"""For each file its size, and what reads it."""


class _Row(NamedTuple):
    line: int
    rating: float
    label: str
    text: str
    marks: str
    """The column of rationales, empty where it is not read."""


def read_r2a(
    path: str | os.PathLike[str],
    aspect: str,
    subset: str = "train",
    *,
    collection: str = "oracle",
    repair: str | None = None,
    balance: bool = False,
    random_state: int | np.random.RandomState | None = None,
    max_words: int | None = None,
    digest: Digest = None,
) -> Bunch:
    r"""Load an aspect of BeerAdvocate or HotelReview from the archive of R2A.

    Reviews of beers and hotels, with one label for each of three aspects, in tables with tabs
    between the columns ``task``, ``label``, ``text`` and, where people marked words, ``rationale``,
    a 0 or 1 for each word. The texts are published as tokens: use classifiers with
    ``tokenizer=WhitespaceTokenizer()``, so that their words are those of the masks. Nothing is
    downloaded.

    Parameters
    ----------
    path : str or path-like
        The published archive ``data.zip``, the folder ``data`` unpacked from it, or a folder that
        contains it.
    aspect : {"look", "aroma", "palate", "location", "service", "cleanliness"}
        The first three are of beers (``beer0`` to ``beer2``), the others of hotels.
    subset : {"train", "val", "test", "annotated"}, default="train"
        "annotated" are the 200 documents of ``target/*.train`` in which people marked words;
        rationales of models are compared with these. "train" and "val" are ``*.train`` and
        ``*.dev`` of `collection`, and "test" is ``target/*.test``, with labels alone.
    collection : {"oracle", "source"}, default="oracle"
        The folder of "train" and "val". That of "source" has beers only, more of them, with
        ratings between 0 and 1; its rationales were made by a machine and are not read.
    repair : {"leaks"} or None, default=None
        "leaks" leaves documents out of "train" that occur in "val", "test" or "annotated", and out
        of "val" those in "test" or "annotated". Texts are the same if they differ in whitespace
        and case alone. All annotated documents of hotels are reported to occur in training as
        published, and about 40% of those of beers. None returns what was published, with a
        warning. The annotated documents and those of "test" are never left out.
    balance : bool, default=False
        Whether to draw as many documents of the larger class as the smaller one has, after
        `repair`. Much of the literature does so with "train" (Huang et al., 2021).
    random_state : int, RandomState instance or None, default=None
        Seed of what `balance` draws.
    max_words : int or None, default=None
        Texts and masks are truncated to this many words. None does not truncate.
    digest : str, mapping from str to str, or None, default=None
        The SHA-256 that is expected, in hexadecimal, compared before anything is read: of the
        archive, or if `path` is a folder of the file of `subset`. Or a mapping from names as
        ``"oracle/beer0.train"`` to those of these files.

    Returns
    -------
    corpus : :class:`~sklearn.utils.Bunch`
        An entry for each document, in the order of the file:

        - ``texts``, list of str: its words, joined by single spaces. A text may be empty.
        - ``target``, ndarray of shape (n_samples,), dtype str: "negative" or "positive". A beer is
          positive from a rating of 0.6 on and negative up to 0.4; those between are left out.
        - ``masks``, ndarray of shape (n_samples, longest text), dtype bool, or None: True for the
          words that people marked, if `subset` is "annotated", otherwise None.
        - ``ratings``, ndarray of shape (n_samples,), dtype float: its label as published.
        - ``lines``, ndarray of shape (n_samples,), dtype int: its line in the file, in which the
          header is line 1.

        And ``target_names``, list of str, sorted, and ``n_left_out``, int: the number of documents
        that `repair` left out.

    Warns
    -----
    UserWarning
        If `repair` is None, and documents of "train" or "val" occur in a part that is there and
        that they must not share with.

    Raises
    ------
    ValueError
        If a parameter is not among the above, a file is damaged or not the one of `digest`, a line
        lacks a column, a label is no number or not between 0 and 1 (that of a hotel: 0 or 1), or
        there are not as many marks as words. One mark of 0 too many at the end of a text does no
        harm, as a few published lines have it.
    FileNotFoundError
        If the file is missing, or with `repair` that of the annotated documents.

    See Also
    --------
    read_eraser : The data sets of the ERASER benchmark.
    read_hatexplain : Posts with the rationales of three annotators.

    References
    ----------
    Y. Bao et al., "Deriving Machine Attention from Human Rationales", EMNLP 2018 (format and
    annotations; https://github.com/YujiaBao/R2A). J. McAuley, J. Leskovec and D. Jurafsky,
    "Learning Attitudes and Attributes from Multi-Aspect Reviews", ICDM 2012 (beers). H. Wang, Y. Lu
    and C. Zhai, "Latent Aspect Rating Analysis on Review Text Data", KDD 2010 (hotels). Y. Huang et
    al., "Distribution Matching for Rationalization", AAAI 2021.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn_irx.datasets import read_r2a
    >>> header = "task\tlabel\ttext\trationale\n"
    >>> tables = {
    ...     "oracle": header + "beer0\t1\tgolden , with lace\nbeer0\t0.0\ta flat brown\n",
    ...     "target": header + "beer0\t0\tA flat brown\t0 1 1\n",
    ... }
    >>> with TemporaryDirectory() as folder:
    ...     for collection, table in tables.items():
    ...         Path(folder, collection).mkdir()
    ...         _ = Path(folder, collection, "beer0.train").write_text(table)
    ...     annotated = read_r2a(folder, "look", "annotated")
    ...     train = read_r2a(folder, "look", "train", repair="leaks")
    >>> annotated.texts, annotated.target.tolist(), annotated.masks.tolist()
    (['A flat brown'], ['negative'], [[False, True, True]])
    >>> train.texts, train.target.tolist(), train.masks, train.n_left_out
    (['golden , with lace'], ['positive'], None, 1)
    """
    names = _names_of(aspect, subset, collection)
    check_repair(repair)
    limit = _word_limit(max_words)
    home = Path(path)
    with _opened(home, digest, names, subset) as files:
        rows = files.rows(names[subset], annotated=subset == "annotated")
        others = {}
        for other in _KEPT_APART.get(subset, ()):
            if files.has(names[other]) or (repair and other == "annotated"):
                others[other] = [row.text for row in files.rows(names[other], annotated=False)]
    kept = without_leaks([row.text for row in rows], subset, others, repair)
    n_left_out = len(rows) - int(kept.sum())
    rows = [row for row, stays in zip(rows, kept, strict=True) if stays]
    if not rows:
        raise ValueError(
            f"path={str(home)!r} has no document in {names[subset]}"
            + (f" but the {n_left_out} that repair leaves out: " if n_left_out else ": ")
            + f"{_AGAIN}."
        )
    if balance:
        rows = _balanced(rows, random_state, names[subset], home)
    masks = None
    if subset == "annotated":
        parsed = [_words_and_marks(row, names[subset], home) for row in rows]
        texts = [" ".join(words[:limit]) for words, _ in parsed]
        longest = max(len(words[:limit]) for words, _ in parsed)
        masks = np.zeros((len(rows), longest), dtype=bool)
        for mask, (_, marks) in zip(masks, parsed, strict=True):
            mask[: len(marks)] = marks[: len(mask)]
    else:
        texts = [" ".join(row.text.split()[:limit]) for row in rows]
    target = np.array([row.label for row in rows])
    return Bunch(
        texts=texts,
        target=target,
        target_names=sorted({str(label) for label in target}),
        masks=masks,
        ratings=np.array([row.rating for row in rows], dtype=float),
        lines=np.array([row.line for row in rows]),
        n_left_out=n_left_out,
    )


def _names_of(aspect: Any, subset: Any, collection: Any) -> dict[str, str]:
    """Return the name of the file of each part."""
    if aspect not in tuple(_TASKS):
        raise ValueError(f"aspect={aspect!r} does not exist: give one of {list(_TASKS)}.")
    if subset not in tuple(_FILES):
        raise ValueError(f"subset={subset!r} does not exist: give one of {list(_FILES)}.")
    if collection not in _COLLECTIONS:
        raise ValueError(
            f"collection={collection!r} does not exist: give one of {list(_COLLECTIONS)}."
        )
    task = _TASKS[aspect]
    if collection == "source" and not task.startswith("beer"):
        raise ValueError(
            f'collection="source" has no aspect={aspect!r}, which is of hotels: give '
            'collection="oracle".'
        )
    return {part: name.format(collection=collection, task=task) for part, name in _FILES.items()}


class _Files:
    """The files of the archive by their names, such as ``target/beer0.train``.

    A name is only looked up among those that are there; it never opens another path.
    """

    def __init__(self, home: Path, found: _Found, digests: dict[str, str]) -> None:
        self._home = home
        self._found = found
        self._digests = digests

    def has(self, name: str) -> bool:
        return name in self._found

    def rows(self, name: str, *, annotated: bool) -> list[_Row]:
        """Return the documents of a file that have a label, and if `annotated` their marks."""
        if name not in self._found:
            raise FileNotFoundError(
                f"path={str(self._home)!r} has no {name}: give data.zip of {_PAGE}, or the folder "
                "data unpacked from it."
            )
        n_bytes, read = self._found[name]
        if n_bytes > _MOST_BYTES:
            raise ValueError(
                f"path={str(self._home)!r} has {n_bytes:,} bytes in {name}, and at most "
                f"{_MOST_BYTES:,} are read: {_AGAIN}."
            )
        with _unzipping(self._home):
            content = read()
        check_content(f"{self._home}/{name}", self._digests.get(name), content)
        try:
            lines = content.decode("utf-8-sig").split("\n")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"path={str(self._home)!r} has {name}, which is not UTF-8 text: {_AGAIN}."
            ) from error
        return list(_rows(lines, name, self._home, annotated))


@contextmanager
def _opened(home: Path, digest: Any, names: dict[str, str], subset: str) -> Iterator[_Files]:
    """Yield the files of a folder or of an archive, whose digest is compared before."""
    found: _Found = {}
    if not home.is_file():
        for name in names.values():
            for folder in (home, home / "data"):
                if (table := folder / name).is_file():
                    found.setdefault(name, (table.stat().st_size, table.read_bytes))
        yield _Files(home, found, check_digests(digest, names[subset], _ALL_NAMES))
        return
    digests = check_digests(digest, home.name, _ALL_NAMES)
    with home.open("rb") as file:
        check_content(str(home), digests.get(home.name), file)
        with _unzipping(home):
            archive = zipfile.ZipFile(file)
        for member in archive.infolist():
            if match := _MEMBER.fullmatch(member.filename):
                found.setdefault(match[1], (member.file_size, partial(archive.read, member)))
        yield _Files(home, found, digests)


@contextmanager
def _unzipping(home: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f"path={str(home)!r} is not a complete zip archive: {_AGAIN}, or give the folder "
            "unpacked from it."
        ) from error


def _rows(lines: list[str], name: str, home: Path, annotated: bool) -> Iterator[_Row]:
    """Yield the documents that have a label. There are no quotes: a quotation mark is text."""
    header = _fields(lines[0])
    wanted = ["label", "text", *(["rationale"] if annotated else [])]
    missing = [column for column in wanted if column not in header]
    if missing:
        raise ValueError(
            f"path={str(home)!r} has no column {missing[0]!r} in the first line of {name}, "
            f"{reprlib.repr(header)}: give files with the columns task, label, text and, in "
            "target/*.train, rationale, separated by tabs."
        )
    columns = [header.index(column) for column in wanted]
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = _fields(line)
        if len(fields) <= max(columns) or any(fields[len(header) :]):
            raise ValueError(
                f"path={str(home)!r} has {len(fields)} columns on line {number} of {name}, and "
                f"{len(header)} in its first line: {_AGAIN}."
            )
        rating, text, *marks = (fields[column] for column in columns)
        number_of = _rating(rating, number, name, home)
        if (label := _label(number_of)) is not None:
            yield _Row(number, number_of, label, text, *(marks or [""]))


def _fields(line: str) -> list[str]:
    return [field.strip(" ") for field in line.removesuffix("\r").split("\t")]


def _rating(field: str, number: int, name: str, home: Path) -> float:
    is_hotel = "/hotel" in name
    try:
        rating = float(field)
    except ValueError:
        rating = float("nan")
    if not (rating in (0, 1) if is_hotel else 0 <= rating <= 1):
        raise ValueError(
            f"path={str(home)!r} has the label {reprlib.repr(field)} on line {number} of {name}, "
            f"and not {'0 or 1' if is_hotel else 'a number between 0 and 1'}: {_AGAIN}."
        )
    return rating


def _label(rating: float) -> str | None:
    if rating >= _POSITIVE:
        return "positive"
    return "negative" if rating <= _NEGATIVE else None


def _balanced(rows: list[_Row], random_state: Any, name: str, home: Path) -> list[_Row]:
    """Return as many documents of each class, in their order."""
    positive = np.array([row.label == "positive" for row in rows])
    of_classes = np.flatnonzero(positive), np.flatnonzero(~positive)
    n = min(map(len, of_classes))
    if not n:
        raise ValueError(
            f"balance=True, and path={str(home)!r} has documents of one class alone in {name}: "
            "give balance=False."
        )
    rng = check_random_state(random_state)
    drawn = np.concatenate([rng.choice(places, n, replace=False) for places in of_classes])
    return [rows[place] for place in np.sort(drawn)]


def _words_and_marks(row: _Row, name: str, home: Path) -> tuple[list[str], list[bool]]:
    """Return the words of a text, and for each whether people marked it."""
    words = row.text.split()
    flags = row.marks.split()
    if wrong := set(flags) - {"0", "1"}:
        raise ValueError(
            f"path={str(home)!r} has the mark {reprlib.repr(min(wrong))} on line {row.line} of "
            f"{name}, and not 0 or 1: {_AGAIN}."
        )
    if len(flags) != len(words):
        # A token may hold whitespace that is no space.
        pieces = [one_word(piece) for piece in row.text.split(" ") if piece]
        words = pieces if len(flags) == len(pieces) else words
    if flags[len(words) :] not in ([], ["0"]) or len(flags) < len(words):
        raise ValueError(
            f"path={str(home)!r} has {len(flags)} marks for {len(words)} words on line {row.line} "
            f"of {name}: {_AGAIN}."
        )
    return words, [flag == "1" for flag in flags[: len(words)]]
