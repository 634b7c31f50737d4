"""Tables as other systems export them, read line by line: CSV, XLSX, NDJSON and Parquet.

    from tabular import Unreadable, rows
    head, lines = rows("loans.parquet", data)
    for number, cells in lines: ...

Whatever the file is, a cell is text: dates as YYYY-MM-DD, instants in ISO 8601, whole numbers without a point, nothing
for what is missing. It knows nothing of AWS or of what the tables are about.
"""

from tabular.reading import Cells, Unreadable, rows

__all__ = ["Cells", "Unreadable", "rows"]
