"""CSV, JSON lines and Parquet, read alike by bulk scoring and by the command line."""

from sklearn_irx._tables.dialect import EncodingError, TableError, check_dialect
from sklearn_irx._tables.rows import (
    FORMATS,
    BadRowError,
    Cells,
    Columns,
    EncodedRowError,
    Row,
    check_names,
    columns_of,
    document_of,
    objects,
    rows_of,
    type_of,
    with_remedy,
)

__all__ = [
    "FORMATS",
    "BadRowError",
    "Cells",
    "Columns",
    "EncodedRowError",
    "EncodingError",
    "Row",
    "TableError",
    "check_dialect",
    "check_names",
    "columns_of",
    "document_of",
    "objects",
    "rows_of",
    "type_of",
    "with_remedy",
]
