"""A table of results, once for the terminal and once for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sklearn_irx.text.harmless import one_line

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class SummaryTable:
    """A small table of results that reads the same in the terminal and in a report.

    Attributes
    ----------
    title : str
        Stands above the table.
    columns : sequence of str
        Heads of the columns. The first column names the rows, the others hold numbers.
    rows : sequence of sequence of str
        Cells as they are to be shown, as many in each row as there are columns.
    note : str
        How to read the table; stands below it.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than there are columns.

    Examples
    --------
    >>> from sklearn_irx.inspection import SummaryTable
    >>> table = SummaryTable("Models", ["", "accuracy"], [["model 1", "0.91"]])
    >>> table.to_rich().row_count
    1
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"row {number} of the table {self.title!r} has {len(row)} cells; "
                    f"it has {len(self.columns)} columns."
                )

    def to_rich(self) -> Table:
        """Return the table for a rich console; cells are taken literally, without markup."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(
            title=Text(one_line(self.title), style="bold"),
            caption=Text(one_line(self.note)) if self.note else None,
            title_justify="left",
            caption_justify="left",
            box=box.SIMPLE_HEAD,
        )
        for position, column in enumerate(self.columns):
            table.add_column(Text(one_line(column)), justify="right" if position else "left")
        for row in self.rows:
            table.add_row(*(Text(one_line(cell)) for cell in row))
        return table
