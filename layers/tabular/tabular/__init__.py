"""Tables as other systems export them, read line by line: CSV, XLSX, NDJSON and Parquet.

    from tabular import Unreadable, rows
    head, lines = rows("loans.parquet", data)
    for number, cells in lines: ...

    from tabular import lines
    for line in lines(data): ...   # of a form as people print it, in XLSX or DOCX: cells with their widths

Whatever the file is, a cell is text: dates as YYYY-MM-DD, instants in ISO 8601, whole numbers without a point, nothing
for what is missing. It knows nothing of AWS or of what the tables are about.
"""

from tabular.printed import Cell, Line, NotPrinted, lines
from tabular.reading import Cells, Unreadable, rows

__all__ = ["Cell", "Cells", "Line", "NotPrinted", "Unreadable", "lines", "rows"]
