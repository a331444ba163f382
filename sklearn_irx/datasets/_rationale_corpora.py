"""Real documents in which people have marked the words that tell the label."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sklearn_irx.datasets._corpora import (
    _archived_texts,
    _from_parquet,
    _integer_limit,
    _shown,
)
from sklearn_irx.datasets._eraser import warn_of_shared

_NAMES = ("movies",)
_SUBSETS = ("train", "val")
_LABELS = ("NEG", "POS")
_PAGE = "https://www.eraserbenchmark.com/"
_ARCHIVE = "movies.tar.gz"
# Not the files that begin with a dot, which some programs leave in archives and folders.
_MEMBER = re.compile(r"(.*/)?movies/((train|val)\.jsonl|docs/[^/.][^/]*)")
_AGAIN = f"get {_ARCHIVE} again from {_PAGE}"


class RationaleCorpus(NamedTuple):
    """Documents, their labels, and which of their words people gave as the reason."""

    texts: list[str]
    labels: np.ndarray
    masks: np.ndarray


class _Document(NamedTuple):
    id: str
    label: str
    text: str
    spans: list[tuple[Any, Any]]
    """Where rationales start and end, in words, as the source has it."""


def load_rationale_corpus(
    name: str = "movies",
    subset: str = "train",
    *,
    data_home: str | os.PathLike[str] | None = None,
    max_words: int | None = None,
) -> RationaleCorpus:
    """Load movie reviews with the passages that people marked as the reason for the label.

    The Movie Reviews of the ERASER benchmark (DeYoung et al., 2020), whose rationales are those
    of Zaidan et al. (2007). The reviews are published as tokens: give a classifier
    ``tokenizer=WhitespaceTokenizer()``, so that its words are those of the masks. Nothing is
    downloaded.

    Parameters
    ----------
    name : {"movies"}, default="movies"
        Which corpus.
    subset : {"train", "val"}, default="train"
        The published split.
    data_home : str or path-like, default=None
        Where the corpus is: a folder that holds ``eraser_movies.parquet`` (columns ``split``,
        ``id``, ``label``, ``text``, ``rationale_start`` and ``rationale_end``, the last two lists
        of word positions, ends exclusive), or the published archive ``movies.tar.gz``, the folder
        ``movies`` unpacked from it, or a folder that holds one of the two. None means the folder
        in the environment variable ``SKLEARN_IRX_DATA``.
    max_words : int or None, default=None
        A document and its mask end after this many words. None keeps them whole.

    Returns
    -------
    texts : list of str
        The documents: their words joined by single spaces. The first of the three fields of a
        named tuple.
    labels : ndarray of shape (n_documents,), dtype str
        "NEG" or "POS".
    masks : ndarray of shape (n_documents, longest document in words), dtype bool
        True for the words inside a marked passage, as
        :class:`~sklearn_irx.text.WhitespaceTokenizer` counts words; False past the end of a
        document. Passages may overlap, and a document may have none.

    Warns
    -----
    UserWarning
        If a document stands in both splits.

    Raises
    ------
    ValueError
        If `name`, `subset` or `max_words` is none of the above, a passage does not lie within its
        document, or the corpus is damaged or without documents of `subset`.
    OSError
        If the corpus is not there.
    ImportError
        If a Parquet file is to be read without pandas and pyarrow.

    References
    ----------
    J. DeYoung et al., "ERASER: A benchmark to evaluate rationalized NLP models", 2020.
    O. Zaidan, J. Eisner and C. Piatko, "Using 'annotator rationales' to improve machine learning
    for text categorization", 2007.

    Examples
    --------
    >>> from sklearn_irx.datasets import load_rationale_corpus
    >>> from sklearn_irx.text import WhitespaceTokenizer
    >>> texts, y, masks = load_rationale_corpus(data_home="movies.tar.gz")  # doctest: +SKIP
    >>> len(texts), masks.shape  # doctest: +SKIP
    (1600, (1600, 2809))
    >>> words = WhitespaceTokenizer().words(texts[0])  # doctest: +SKIP
    >>> reasons = [words[position] for position in masks[0].nonzero()[0]]  # doctest: +SKIP
    """
    if name not in _NAMES:
        raise ValueError(f"name={name!r} is no known corpus: give one of {list(_NAMES)}.")
    if subset not in _SUBSETS:
        raise ValueError(f"subset={subset!r} does not exist: give one of {list(_SUBSETS)}.")
    limit = None if max_words is None else _integer_limit(max_words, " or None")
    home = data_home if data_home is not None else os.environ.get("SKLEARN_IRX_DATA") or None
    documents = list(_documents(home, subset))
    if not documents:
        raise ValueError(f"data_home={_shown(home)} holds no {subset} documents: {_AGAIN}.")
    (other,) = set(_SUBSETS) - {subset}
    with suppress(ValueError):  # what is wrong with the other split is told to those who load it
        elsewhere = [" ".join(document.text.split()) for document in _documents(home, other)]
        warn_of_shared(
            subset, [" ".join(document.text.split()) for document in documents], other, elsewhere
        )
    words = [_checked_words(document)[:limit] for document in documents]
    masks = np.zeros((len(words), max(map(len, words))), dtype=bool)
    for mask, document in zip(masks, documents, strict=True):
        for start, end in document.spans:
            mask[start:end] = True
    return RationaleCorpus(
        [" ".join(kept) for kept in words],
        np.array([document.label for document in documents]),
        masks,
    )


def _checked_words(document: _Document) -> list[str]:
    """Give the words of a document whose label and rationales are as they should be."""
    if document.label not in _LABELS:
        raise ValueError(
            f"data_home has label {document.label!r} for document {document.id!r}: correct it to "
            f"one of {list(_LABELS)}, or {_AGAIN}."
        )
    words = document.text.split()
    for start, end in document.spans:
        ordered = isinstance(start, int) and isinstance(end, int) and 0 <= start <= end
        if not (ordered and end <= len(words)):
            raise ValueError(
                f"data_home has a rationale from word {start!r} to {end!r} in document "
                f"{document.id!r}, which has {len(words)} words: correct it, or {_AGAIN}."
            )
    return words


def _documents(home: str | os.PathLike[str] | None, subset: str) -> Iterator[_Document]:
    """Yield the documents of `subset` from whichever form there is."""
    if home is not None:
        folder = Path(home)
        if folder.is_file():
            return _published(_archived(folder), subset, folder)
        if (table := folder / "eraser_movies.parquet").is_file():
            return _tabulated(table, subset)
        for unpacked in (folder, folder / "movies"):
            if any((unpacked / f"{one}.jsonl").is_file() for one in _SUBSETS):
                return _published(_unpacked(unpacked, subset), subset, unpacked)
        if (archive := folder / _ARCHIVE).is_file():
            return _published(_archived(archive), subset, archive)
    raise FileNotFoundError(
        f"The ERASER Movie Reviews are not at data_home={_shown(home)}: download {_ARCHIVE} from "
        f"{_PAGE} and give its path as data_home."
    )


def _tabulated(table: Path, subset: str) -> Iterator[_Document]:
    columns = ["id", "label", "text", "rationale_start", "rationale_end"]
    rows = _from_parquet(table, subset, columns)[columns]
    for id_, label, text, starts, ends in rows.itertuples(index=False):
        starts, ends = np.atleast_1d(starts).tolist(), np.atleast_1d(ends).tolist()
        if len(starts) != len(ends):
            raise ValueError(
                f"data_home has {len(starts)} rationale_start but {len(ends)} rationale_end for "
                f"document {id_!r} in {table}: give one end for each start."
            )
        yield _Document(id_, label, text, list(zip(starts, ends, strict=True)))


def _archived(archive: Path) -> dict[str, str]:
    return {
        f"docs/{path.name}" if path.parent.name == "docs" else path.name: text
        for path, text in _archived_texts(archive, _MEMBER, _ARCHIVE, _PAGE)
    }


def _unpacked(folder: Path, subset: str) -> dict[str, str]:
    files = [folder / f"{subset}.jsonl", *folder.glob("docs/[!.]*")]
    try:
        return {
            file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
            for file in files
            if file.is_file()
        }
    except UnicodeDecodeError as error:
        raise ValueError(
            f"data_home={str(folder)!r} holds a file that is no UTF-8 text: {_AGAIN}."
        ) from error


def _published(files: dict[str, str], subset: str, home: Path) -> Iterator[_Document]:
    """Yield documents from the published files, given as their texts by path within the corpus.

    Document names in the annotations only ever look up `files`; they never open a path.
    """
    rows = files.get(f"{subset}.jsonl", "").split("\n")  # JSON may hold other line separators
    for number, row in enumerate(rows, start=1):
        if not row.strip():
            continue
        try:
            annotation = json.loads(row)
            id_, label = annotation["annotation_id"], annotation["classification"]
            evidences = [one for group in annotation["evidences"] for one in group]
            spans = [(one["start_token"], one["end_token"]) for one in evidences]
            names = {one["docid"] for one in evidences} or {id_}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"data_home={str(home)!r} has no ERASER annotation on line {number} of "
                f"{subset}.jsonl: {_AGAIN}."
            ) from error
        if len(names) > 1:
            raise ValueError(
                f"data_home={str(home)!r} has rationales from several documents for {id_!r}: give "
                f"the movie reviews, {_ARCHIVE} from {_PAGE}."
            )
        if (text := files.get(f"docs/{names.pop()}")) is None:
            raise ValueError(
                f"data_home={str(home)!r} lacks the document of {id_!r} in docs: {_AGAIN}."
            )
        yield _Document(id_, label, text, spans)
