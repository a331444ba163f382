"""Words that people marked in documents, for a selector to learn from."""

from __future__ import annotations

import reprlib
from typing import Any, TypeAlias

import numpy as np

from sklearn_irx._validation import check_document_spans, is_missing

Marked: TypeAlias = np.ndarray | list[tuple[int, int]]
"""A boolean mask of the words of a document, or spans in words."""


class Annotations:
    """The words that people marked in documents.

    Parameters
    ----------
    documents : list of (ndarray, list or None)
        For each document a mask of its words, of shape (n_words,) and dtype bool, or a list of
        spans (start, end) in words. None where it is not known.
    names : list of str
        What errors call them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.text.annotations import check_rationales
    >>> annotations = check_rationales([[True, False], None, [(1, 3)], []], 4)
    >>> annotations.marks(np.array([2, 1, 3, 2]), max_length=10)
    array([ 1,  0, -1,  0,  1,  1,  0,  0], dtype=int8)
    """

    def __init__(self, documents: list[Marked | None], names: list[str]) -> None:
        self.documents = documents
        self.names = names

    def take(self, rows: np.ndarray) -> Annotations:
        """Return those of the documents at `rows`."""
        return Annotations([self.documents[i] for i in rows], [self.names[i] for i in rows])

    def marks(self, lengths: np.ndarray, max_length: int) -> np.ndarray | None:
        """Return the marks of the words of all documents, end to end.

        Parameters
        ----------
        lengths : ndarray of shape (n_documents,), dtype int
            Number of words that are read of each document.
        max_length : int
            Documents of so many words may have had more: what is marked there is left out.

        Returns
        -------
        marks : ndarray of shape (n_words_in_all,), dtype int8, or None
            1 for words that are marked, 0 for others, -1 in documents of which it is not known.
            None if it is not known of any document.

        Raises
        ------
        ValueError
            If a mask has fewer words than its document, or a word is marked past the end.
        """
        if all(document is None for document in self.documents):
            return None
        marks = np.full(lengths.sum(), -1, dtype=np.int8)
        ends = lengths.cumsum()
        for document, name, length, end in zip(
            self.documents, self.names, lengths.tolist(), ends.tolist(), strict=True
        ):
            if document is not None:
                is_cut = length == max_length
                marks[end - length : end] = _fitted(document, name, length, is_cut=is_cut)
        return marks


def check_rationales(
    rationales: Any, n_samples: int, name: str = "rationales"
) -> Annotations | None:
    """Return people's rationales of so many documents, or None if there are none.

    Parameters
    ----------
    rationales : None, Annotations, sequence or array
        As `fit` takes them.
    n_samples : int
        Number of documents.
    name : str, default="rationales"
        That of the parameter.

    Raises
    ------
    TypeError
        If they are neither boolean masks nor spans.
    ValueError
        If there are not as many as documents, or a span has no words.
    """
    if rationales is None:
        return None
    if isinstance(rationales, Annotations):
        return rationales
    if isinstance(rationales, str | bytes | dict) or not hasattr(rationales, "__iter__"):
        raise TypeError(
            f"{name} is a {type(rationales).__name__}: give a sequence with a mask, a list of "
            "spans or None for each document."
        )
    if getattr(rationales, "ndim", 1) != 1:
        rationales = np.asarray(rationales)
        if rationales.ndim != 2 or rationales.dtype != bool:
            raise TypeError(
                f"{name} has shape {rationales.shape} and dtype {rationales.dtype}: give booleans "
                f"of shape (n_samples, n_words), {name} > 0 for example."
            )
    given = list(rationales)
    if len(given) != n_samples:
        raise ValueError(
            f"{name} has {len(given)} entries for {n_samples} documents: give one for each, None "
            "where nobody marked words."
        )
    names = [f"{name}[{row}]" for row in range(n_samples)]
    documents = [_checked(one, of) for one, of in zip(given, names, strict=True)]
    return None if all(one is None for one in documents) else Annotations(documents, names)


def _checked(rationale: Any, name: str) -> Marked | None:
    """Return the mask or the spans of a document, or None for a missing value."""
    if isinstance(rationale, np.ndarray) and rationale.ndim == 1 and rationale.dtype == bool:
        return rationale
    if is_missing(rationale):
        return None
    if not isinstance(rationale, str | bytes | dict) and hasattr(rationale, "__iter__"):
        items = rationale.tolist() if isinstance(rationale, np.ndarray) else list(rationale)
        if all(isinstance(item, bool | np.bool_) for item in items):
            return np.array(items, dtype=bool)
        if all(isinstance(item, list | tuple | np.ndarray) for item in items):
            return check_document_spans(name, items)
    raise TypeError(
        f"{name} is {reprlib.repr(rationale)}: give a boolean mask of the words of the document, "
        "a list of spans (start, end) in words, or None if nobody marked words."
    )


def _fitted(document: Marked, name: str, length: int, *, is_cut: bool) -> np.ndarray:
    """Return a mask or spans as a mask of so many words, which `is_cut` says may not be all."""
    mask = np.zeros(length, dtype=bool)
    if isinstance(document, np.ndarray):
        if 0 < len(document) < length:
            raise ValueError(
                f"{name} is a mask of {len(document)} words, and the document has {length}: give "
                "one of all its words, as the tokenizer of this model finds them; False past the "
                "end does no harm."
            )
        mask[: len(document)] = document[:length]
        beyond = bool(document[length:].any())
    else:
        for start, end in document:
            mask[start:end] = True
        beyond = any(end > length for _, end in document)
    if beyond and not is_cut:
        raise ValueError(
            f"{name} marks words past the end of the document, which has {length}: give marks of "
            "its words, as the tokenizer of this model finds them."
        )
    return mask
