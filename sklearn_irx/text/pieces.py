"""Pieces of words, as a pretrained transformer reads them, for each word of many documents."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from sklearn_irx.text.tokenized import TokenizedTexts, padded_rows, word_positions
from sklearn_irx.text.tokenizer import form_of

CONTEXT = -1
"""The owner of a piece that belongs to no word: of punctuation, say."""

_MOST_OF_WORD = 16  # pieces, so that a line of code does not fill a window
_MOST_OF_GAP = 4
_GAP = re.compile(r"[^\w\s<&]+")  # no markup
_NOTHING = ""
_MOST_BYTES = 2**25
_MOST_GROWTH = 1000
_SPECIAL = ("first", "last", "mask")
_SIGNS = [chr(number) for number in range(32, 384)]
_ODD = ("a", " a", "\U0010fffd", "'", "0" * 200)
"""What no tokenizer may fail at, whether it knows the signs or not."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """For each word of many documents its pieces, and those of what stands between it and the next.

    Attributes
    ----------
    table : ndarray of shape (n_pieces_in_all,), dtype int32
        The pieces of all distinct segments, end to end. The first segment has none.
    starts, counts : ndarray of shape (n_segments,), dtype int64
        Where each segment begins in `table`, and how many pieces it has.
    segments : ndarray of shape (n_words_in_all, 2), dtype int32
        For each word of all documents the segment of the word, and of what follows it.
    """

    table: np.ndarray
    starts: np.ndarray
    counts: np.ndarray
    segments: np.ndarray

    def at(self, positions: np.ndarray) -> Pieces:
        """Return those of the words at some positions."""
        return replace(self, segments=self.segments[positions])

    def joined(self, other: Pieces) -> Pieces:
        """Append those of other documents."""
        return Pieces(
            np.concatenate([self.table, other.table]),
            np.concatenate([self.starts, other.starts + len(self.table)]),
            np.concatenate([self.counts, other.counts]),
            np.concatenate([self.segments, other.segments + np.int32(len(self.starts))]),
        )

    @cached_property
    def sizes(self) -> np.ndarray:
        """Number of pieces of each word and what follows it, (n_words_in_all,)."""
        return self.counts[self.segments].sum(axis=1)

    def padded(self, positions: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pieces of some documents as padded arrays.

        Parameters
        ----------
        positions : ndarray of shape (n_words,), dtype int64
            Of the words of these documents, one document after the other.
        lengths : ndarray of shape (n_documents,), dtype int64
            Number of words of each.

        Returns
        -------
        pieces : ndarray of shape (n_documents, most pieces, at least 1), dtype int64
            0 past the end of a document.
        owners : ndarray of the same shape, dtype int64
            The word of its document that each piece belongs to, `CONTEXT` for none, and less past
            the end.
        """
        segments = self.segments[positions].ravel()
        counts = self.counts[segments]
        document = np.repeat(np.arange(len(lengths)), lengths)
        place = np.arange(len(positions)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        owner = np.stack([place, np.full_like(place, CONTEXT)], axis=1).ravel()
        sizes = np.bincount(np.repeat(document, 2), counts, len(lengths)).astype(np.int64)
        pieces = self.table[word_positions(self.starts[segments], counts)].astype(np.int64)
        return (
            padded_rows(pieces, sizes),
            padded_rows(np.repeat(owner, counts), sizes, CONTEXT - 1),
        )


class PieceTokenizer:
    """Cuts words, and what stands between them, into the pieces that a transformer knows.

    What is written is always cut into the same pieces, wherever it stands: so the pieces of
    selected words say nothing of others. A word is read as it is written, in upper and lower case;
    but where a tokenizer makes another word of what is written, as of markup inside of it, that
    word is read. At most 16 pieces of a word are read, and 4 of what follows it.

    Parameters
    ----------
    data : bytes
        JSON with the keys ``tokenizer`` (as the library `tokenizers` writes it), ``first``,
        ``last`` and ``mask`` (numbers of the pieces at the beginning and the end of a text, and of
        a hidden one) and ``prefix`` (what stands before a word, so that it is read as one).

    Raises
    ------
    ValueError
        If the data are not those of a tokenizer.
    ImportError
        If `tokenizers` is not installed; ``pip install "sklearn-irx[transformers]"`` does that.
    """

    def __init__(self, data: bytes) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ImportError(MISSING) from error
        content = _content(data)
        self.first, self.last, self.mask = (content[name] for name in _SPECIAL)
        self._prefix = content["prefix"]
        try:
            self._tokenizer = Tokenizer.from_str(json.dumps(content["tokenizer"]))
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()
            _check_growth(content["tokenizer"].get("normalizer"), self._tokenizer.normalizer)
            self._tokenizer.encode_batch(["", *_ODD], add_special_tokens=False)
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            raise _unreadable(error) from error
        numbers = self._tokenizer.get_vocab().values()
        self.n_pieces = 1 + max(self.first, self.last, self.mask, *numbers)

    @staticmethod
    def describe(tokenizer: Any, first: int, last: int, mask: int) -> bytes:
        """Return the data of a tokenizer of the library `tokenizers`."""
        prefix = " " if _ends_alike(tokenizer, "a a", " a") else ""
        content = {"first": first, "last": last, "mask": mask, "prefix": prefix}
        return json.dumps({**content, "tokenizer": json.loads(tokenizer.to_str())}).encode()

    def read(self, texts: TokenizedTexts) -> Pieces:
        """Cut the words of texts, and what stands between them."""
        texts, form = texts.with_spans(), form_of(texts.tokenizer)
        spelled: dict[str, str] = {}
        numbers: dict[tuple[bool, str], int] = {(False, _NOTHING): 0}
        found: list[int] = []
        in_order = map(texts.words.__getitem__, texts.numbers.tolist())
        for text, spans in zip(texts.texts, texts.spans or [], strict=True):
            followed = [start for start, _ in spans[1:]] + [len(text)] * bool(spans)
            for (start, end), following in zip(spans, followed, strict=True):
                gap = _GAP.search(text, end, following)
                # After the last word that is read there may be others.
                between = gap.group() if gap and gap.start() - end <= 1 else _NOTHING
                word, written = next(in_order), text[start:end]
                if spelled.get(written) != word:
                    # What is not the word, as markup or a name that was replaced, is not read.
                    spelled[written] = form(written)
                    written = written if spelled[written] == word else word
                keys = (True, written), (False, between)
                found.extend(numbers.setdefault(key, len(numbers)) for key in keys)
        return self._table_of(list(numbers), np.array(found, dtype=np.int32).reshape(-1, 2))

    def _table_of(self, keys: Sequence[tuple[bool, str]], segments: np.ndarray) -> Pieces:
        texts = [self._prefix + text if is_word else text for is_word, text in keys]
        encoded = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        pieces = [
            one.ids[: _MOST_OF_WORD if is_word else _MOST_OF_GAP]
            for one, (is_word, _) in zip(encoded, keys, strict=True)
        ]
        counts = np.array([len(one) for one in pieces], dtype=np.int64)
        table = np.array([piece for one in pieces for piece in one], dtype=np.int32)
        return Pieces(table, np.cumsum(counts) - counts, counts, segments)


MISSING = (
    "A transformer needs the libraries transformers and tokenizers, which the extra installs: pip "
    'install "sklearn-irx[transformers]"'
)


def special_pieces(data: bytes) -> tuple[int, int, int]:
    """Return the numbers of the pieces for beginning, end and a hidden word; or raise ValueError.

    `data` are those of :class:`PieceTokenizer`.
    """
    content = _content(data)
    return content["first"], content["last"], content["mask"]


def _content(data: bytes) -> dict[str, Any]:
    """Parse the data of a tokenizer, or raise ValueError."""
    if len(data) > _MOST_BYTES:
        raise _unreadable(f"it has {len(data):,} bytes")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error) from error
    match content:
        case {"tokenizer": dict(), "prefix": "" | " ", **others} if others.keys() == {*_SPECIAL}:
            for name, value in others.items():
                if type(value) is not int or not 0 <= value < 2**31:
                    raise _unreadable(f"{name}={value!r} is no number of a piece")
            return content
    raise _unreadable("it is written in another way")


def _unreadable(why: Any) -> ValueError:
    return ValueError(f"the tokenizer of pieces cannot be read ({str(why)[:200]})")


def _check_growth(written: Any, normalizer: Any) -> None:
    """Raise ValueError if a normalizer makes very long texts of short ones."""
    growth, parts = 1, [written]
    while parts:
        match parts.pop():
            case {"normalizers": list(inner)}:
                parts += inner
            case {"pattern": {"String": str(old)}, "content": str(new)} if old:
                growth *= max(1, len(new) // len(old))
            case {"content": str(new)} | {"prepend": str(new)}:
                growth *= 1 + len(new)
    # What growth there is besides, by a table of signs say, is seen at single ones.
    if growth > _MOST_GROWTH or any(
        len(normalizer.normalize_str(sign)) > _MOST_GROWTH for sign in _SIGNS if normalizer
    ):
        raise ValueError("its normalizer makes very long texts of short ones")


def _ends_alike(tokenizer: Any, text: str, word: str) -> bool:
    """Return whether a text ends with the pieces of `word`, and not with those of it stripped."""
    whole, alone, bare = (
        tokenizer.encode(one, add_special_tokens=False).ids for one in (text, word, word.strip())
    )
    return whole[-len(alone) :] == alone != bare
