"""Texts with the spans that people marked in them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from sklearn_irx._validation import check_texts
from sklearn_irx.text.spans import Span, covered_words, merged, selected_spans
from sklearn_irx.text.tokenizer import Tokenizer, make_tokenizer, words_and_spans_of


class AnnotatedTexts(NamedTuple):
    """Texts, their labels, and the spans that people marked in them.

    Attributes
    ----------
    texts : list of str
        The documents.
    labels : list
        Their classes, None where there is none. Those that are read from a file are text.
    spans : list
        For each document the spans (start, end) that were marked in it, in characters of the text,
        ends exclusive; None where nobody marked any. An empty list says that there are none.
    ids : list or None
        Their names, text or whole numbers, None where there is none.

    Examples
    --------
    >>> from sklearn_irx.datasets import AnnotatedTexts
    >>> marked = AnnotatedTexts(["A dull, dull film.", "Fine."], ["bad", None], [[(2, 12)], None])
    >>> marked.rationales()
    [array([False,  True,  True, False]), None]
    """

    texts: list[str]
    labels: list[Any]
    spans: list[list[Span] | None]
    ids: list[Any] | None = None

    def rationales(self, tokenizer: Tokenizer | None = None) -> list[np.ndarray | None]:
        """Return the words that were marked, as masks.

        Parameters
        ----------
        tokenizer : callable or None, default=None
            Splits texts into words: that of the classifier. None stands for
            :class:`~sklearn_irx.text.WordTokenizer`.

        Returns
        -------
        masks : list
            For each document a boolean array of shape (n_words,), True for the words of which
            spans cover at least half of the characters; None where nobody marked any.

        Raises
        ------
        TypeError, ValueError
            If texts, labels, spans and ids do not belong together, or a span is not in its text.
        """
        split = make_tokenizer(tokenizer)
        return [
            None
            if one.spans is None
            else covered_words(
                words_and_spans_of(split, one.text, sys.maxsize)[1], one.spans, len(one.text)
            )
            for one in documents_of(self, None)
        ]

    @classmethod
    def from_masks(
        cls,
        texts: Iterable[str],
        masks: Iterable[np.ndarray | Sequence[bool] | None],
        labels: Iterable[Any] | None = None,
        *,
        ids: Iterable[Any] | None = None,
        tokenizer: Tokenizer | None = None,
    ) -> AnnotatedTexts:
        """Make spans of masks: each is a maximal run of selected words.

        Parameters
        ----------
        texts : iterable of str
            The documents.
        masks : array of shape (n_samples, n_words), dtype bool, or iterable
            For each document a boolean mask of its words, False past its end, or None.
        labels, ids : iterable or None, default=None
            Classes and names of the documents.
        tokenizer : callable or None, default=None
            Splits texts into the words of the masks. None stands for
            :class:`~sklearn_irx.text.WordTokenizer`.

        Returns
        -------
        texts : AnnotatedTexts

        Raises
        ------
        TypeError
            If a mask is not boolean.
        ValueError
            If there are not as many masks as texts, or one selects words past the end.

        Examples
        --------
        >>> from sklearn_irx.datasets import AnnotatedTexts
        >>> AnnotatedTexts.from_masks(["A dull, dull film."], [[False, True, True, False]]).spans
        [[(2, 12)]]
        """
        documents = check_texts(texts, "texts")
        split = make_tokenizer(tokenizer)
        of_documents = list(masks)
        if len(of_documents) != len(documents):
            raise ValueError(
                f"masks has {len(of_documents)} rows and texts {len(documents)} documents: give "
                "one for each, None where there is none."
            )
        spans = [
            None if mask is None else _spans_of(text, mask, row, split)
            for row, (text, mask) in enumerate(zip(documents, of_documents, strict=True))
        ]
        named = [None] * len(documents) if labels is None else list(labels)
        return cls(documents, named, spans, None if ids is None else list(ids))

    def __repr__(self) -> str:
        marked = sum(spans is not None for spans in self.spans)
        return f"<AnnotatedTexts: {len(self.texts):,}, {marked:,} of them with spans>"


class Document(NamedTuple):
    """A document to write.

    Attributes
    ----------
    text : str
    spans : list of (int, int) or None
        In characters.
    label : str or None
    confidence : float or None
        Probability of the label.
    id : str, int or None
    """

    text: str
    spans: list[Span] | None
    label: str | None
    confidence: float | None
    id: str | int | None


def collected(rows: Sequence[tuple[Any, ...]]) -> AnnotatedTexts:
    """Return texts of rows of text, label, spans and id."""
    return AnnotatedTexts(*([row[column] for row in rows] for column in range(4)))


def documents_of(rationales: Any, ids: Any) -> list[Document]:
    """Return rationales of a model, or annotated texts, as documents, after checks.

    Raises
    ------
    TypeError
        If they are something else.
    ValueError
        If one of them cannot be written.
    """
    if isinstance(rationales, AnnotatedTexts):
        texts = check_texts(rationales.texts, "texts")
        _check_number("labels", rationales.labels, len(texts))
        _check_number("spans", rationales.spans, len(texts))
        ids = rationales.ids if ids is None else ids
        found = [
            (text, spans, label, None)
            for text, spans, label in zip(texts, rationales.spans, rationales.labels, strict=True)
        ]
    else:
        if isinstance(rationales, str | Mapping) or not isinstance(rationales, Iterable):
            raise TypeError(
                f"rationales is a {type(rationales).__name__}: give a list of rationales, as "
                "explain returns it, or AnnotatedTexts."
            )
        found = [_parts(one, row) for row, one in enumerate(rationales)]
    names = [None] * len(found) if ids is None else list(ids)
    _check_number("ids", names, len(found))
    return [
        Document(
            text,
            None if spans is None else _checked_spans(spans, text, row),
            None if label is None else _checked_label(label, row),
            None if confidence is None else _checked_confidence(confidence, row),
            _checked_id(names[row], row),
        )
        for row, (text, spans, label, confidence) in enumerate(found)
    ]


def _parts(rationale: Any, row: int) -> tuple[Any, ...]:
    try:
        return rationale.text, rationale.selected_spans, rationale.label, rationale.confidence
    except AttributeError:
        raise TypeError(
            f"rationales[{row}] is a {type(rationale).__name__}: give rationales, as explain "
            "returns them, or AnnotatedTexts."
        ) from None


def _check_number(name: str, values: Any, n: int) -> None:
    if len(values) != n:
        raise ValueError(
            f"{name} has {len(values)} entries for {n} documents: give one for each, None where "
            "there is none."
        )


def _checked_spans(spans: Any, text: str, row: int) -> list[Span]:
    """Return the spans in the order of the text, those that touch as one, and no empty ones."""
    found = []
    for span in spans:
        try:
            start, end = span
            fits = all(isinstance(edge, Integral) for edge in span) and 0 <= start <= end
        except (TypeError, ValueError):
            fits = False
        if not fits or end > len(text):
            raise ValueError(
                f"spans[{row}] holds {span!r}, and the text has {len(text):,} characters: give "
                "(start, end) with 0 <= start <= end, ends exclusive."
            )
        if start < end:
            found.append((int(start), int(end)))
    return merged(found)


def _checked_label(label: Any, row: int) -> str:
    if not str(label).strip():
        raise ValueError(
            f"the label of document {row} is {label!r}: give one that can be seen, or None."
        )
    return str(label)


def _checked_confidence(confidence: Any, row: int) -> float:
    if not isinstance(confidence, Real) or not 0 <= float(confidence) <= 1:
        raise ValueError(
            f"rationales[{row}] has confidence={confidence!r}: give a probability, between 0 and 1."
        )
    return float(confidence)


def _checked_id(name: Any, row: int) -> str | int | None:
    value = name.item() if isinstance(name, np.generic) else name
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise TypeError(f"ids[{row}] is {value!r}: give text or a whole number, or None.")
    return value


def _spans_of(text: str, mask: Any, row: int, split: Any) -> list[Span]:
    array = np.asarray(mask)
    if array.ndim != 1 or (array.dtype != bool and array.size):
        raise TypeError(
            f"masks[{row}] has shape {array.shape} and dtype {array.dtype}: give one boolean for "
            "each word, or None."
        )
    words = words_and_spans_of(split, text, sys.maxsize)[1]
    if array[len(words) :].any():
        raise ValueError(
            f"masks[{row}] selects words past the end of the text, which has {len(words)}: give "
            "the tokenizer that the masks were made with."
        )
    return selected_spans(words, array[: len(words)])
