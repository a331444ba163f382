"""Corpora of real documents with human rationales."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sklearn_irx.datasets._corpora import _archived_texts, _from_parquet, _shown, _word_limit
from sklearn_irx.datasets._eraser import warn_of_shared

_NAMES = ("movies",)
_SUBSETS = ("train", "val")
_LABELS = ("NEG", "POS")
_PAGE = "https://www.eraserbenchmark.com/"
_ARCHIVE = "movies.tar.gz"
# Excludes hidden files, which some programs leave in archives and folders.
_MEMBER = re.compile(r"(.*/)?movies/((train|val)\.jsonl|docs/[^/.][^/]*)")
_AGAIN = f"download {_ARCHIVE} again from {_PAGE}"


class RationaleCorpus(NamedTuple):
    """Documents, their labels and the masks of their human rationales."""

    texts: list[str]
    labels: np.ndarray
    masks: np.ndarray


class _Document(NamedTuple):
    id: str
    label: str
    text: str
    spans: list[tuple[Any, Any]]
    """Start and end of rationales in words, unchecked."""


def load_rationale_corpus(
    name: str = "movies",
    subset: str = "train",
    *,
    data_home: str | os.PathLike[str] | None = None,
    max_words: int | None = None,
) -> RationaleCorpus:
    """Load movie reviews with human rationales for their labels.

    The Movie Reviews of the ERASER benchmark (DeYoung et al., 2020), with the rationales of Zaidan
    et al. (2007). The reviews are published as tokens: use classifiers with
    ``tokenizer=WhitespaceTokenizer()``, so that their words are those of the masks. Nothing is
    downloaded.

    Parameters
    ----------
    name : {"movies"}, default="movies"
        Name of the corpus.
    subset : {"train", "val"}, default="train"
        The published split.
    data_home : str or path-like, default=None
        Location of the corpus: a folder with ``eraser_movies.parquet`` (columns ``split``, ``id``,
        ``label``, ``text``, ``rationale_start`` and ``rationale_end``, the last two lists of word
        positions, ends exclusive), the published archive ``movies.tar.gz``, the folder ``movies``
        unpacked from it, or a folder that contains one of these. None means the folder in the
        environment variable ``SKLEARN_IRX_DATA``.
    max_words : int or None, default=None
        Documents and masks are truncated to this many words. None does not truncate.

    Returns
    -------
    texts : list of str
        The documents: their words joined by single spaces. The first field of a named tuple.
    labels : ndarray of shape (n_documents,), dtype str
        "NEG" or "POS".
    masks : ndarray of shape (n_documents, longest document in words), dtype bool
        True for the words of :class:`~sklearn_irx.text.WhitespaceTokenizer` in a rationale, False
        past the end of a document. A document may have no rationale.

    Warns
    -----
    UserWarning
        If a document occurs in both splits.

    Raises
    ------
    ValueError
        If `name`, `subset` or `max_words` is not among the above, a rationale exceeds its document,
        or the corpus is damaged or without documents of `subset`.
    OSError
        If the corpus is missing.
    ImportError
        If the corpus is a Parquet file, but pandas or pyarrow is not installed.

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
        raise ValueError(f"name={name!r} is not a known corpus: give one of {list(_NAMES)}.")
    if subset not in _SUBSETS:
        raise ValueError(f"subset={subset!r} does not exist: give one of {list(_SUBSETS)}.")
    limit = _word_limit(max_words)
    home = data_home if data_home is not None else os.environ.get("SKLEARN_IRX_DATA") or None
    documents = list(_documents(home, subset))
    if not documents:
        raise ValueError(f"data_home={_shown(home)} contains no {subset} documents: {_AGAIN}.")
    (other,) = set(_SUBSETS) - {subset}
    with suppress(ValueError):  # errors of the other split are raised when it is loaded
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
    """Return the words of a document after checking its label and rationales."""
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
    """Yield the documents of `subset` from the table, the archive or the unpacked folder."""
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
            f"data_home={str(folder)!r} contains a file that is not UTF-8 text: {_AGAIN}."
        ) from error


def _published(files: dict[str, str], subset: str, home: Path) -> Iterator[_Document]:
    """Yield documents from the published files, a mapping from relative path to text.

    Document names in the annotations are only looked up in `files`; they never open a path.
    """
    rows = files.get(f"{subset}.jsonl", "").split("\n")  # JSON may contain other line separators
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
                f"data_home={str(home)!r} has rationales from several documents for {id_!r}: use "
                f"the movie reviews, {_ARCHIVE} from {_PAGE}."
            )
        if (text := files.get(f"docs/{names.pop()}")) is None:
            raise ValueError(
                f"data_home={str(home)!r} lacks the document of {id_!r} in docs: {_AGAIN}."
            )
        yield _Document(id_, label, text, spans)
