"""Texts in one array that processes can share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, overload

import numpy as np


class PackedTexts(Sequence[str]):
    """A sequence of texts stored as one UTF-8 array; each is decoded on access.

    joblib copies a list of str to every worker process, but maps large arrays into shared memory.
    `data` has dtype uint8 and shape (n_bytes,); `starts` and `ends`, of shape (n_texts,), are the
    first byte of each text and the byte after its last.

    Examples
    --------
    >>> from sklearn_irx.text.packed import PackedTexts
    >>> texts = PackedTexts.of(["A bed!", "", "Fünf ants."])
    >>> texts[2], len(texts), list(texts.take([2, 0]))
    ('Fünf ants.', 3, ['Fünf ants.', 'A bed!'])
    """

    def __init__(self, data: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> None:
        self.data = data
        self.starts = starts
        self.ends = ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> PackedTexts:
        """Pack texts. Halves of surrogate pairs are kept as they are."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = np.fromiter(accumulate(map(len, encoded)), dtype=np.int64, count=len(encoded))
        starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)[: len(ends)]
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), starts, ends)

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[i] for i in range(*key.indices(len(self)))]
        text = self.data[self.starts[key] : self.ends[key]]
        return text.tobytes().decode("utf-8", "surrogatepass")

    def take(self, rows: Sequence[int] | np.ndarray) -> PackedTexts:
        """Return the texts at `rows`, in that order, without copying them."""
        return PackedTexts(self.data, self.starts[rows], self.ends[rows])
