"""How far a run has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far scoring has come.

    Attributes
    ----------
    rows : int
        Rows written, by earlier runs too.
    errors : int
        Those of them that could not be read, and say why.
    rows_before : int
        Rows that earlier runs wrote.
    n_bytes : int
        Bytes of input that are done; of Parquet, the share of the rows that are.
    n_bytes_before : int
        Those that earlier runs did.
    n_bytes_total : int
        Bytes of input in all.
    seconds : float
        Time that this run has taken.
    complete : bool
        Whether all is done.

    Examples
    --------
    >>> from sklearn_irx.bulk import Progress
    >>> progress = Progress(3000, 1, 1000, 750, 250, 1000, 4.0, False)
    >>> progress.rows_per_second, progress.seconds_left
    (500.0, 2.0)
    """

    rows: int
    errors: int
    rows_before: int
    n_bytes: int
    n_bytes_before: int
    n_bytes_total: int
    seconds: float
    complete: bool

    @property
    def rows_per_second(self) -> float:
        """Rows that this run writes a second."""
        return (self.rows - self.rows_before) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """What is left at the speed so far, in bytes; None before anything is done."""
        done = self.n_bytes - self.n_bytes_before
        return self.seconds * (self.n_bytes_total - self.n_bytes) / done if done else None
