"""The door to openpyxl: reads strangers' workbooks within limits, and writes papers whose text stays text.

Must not know the notice, the roster or any table; nobody else imports openpyxl.
"""

from handlers.papers.workbook.charts import Chart, Series
from handlers.papers.workbook.looks import FANGSONG, HEITI, XIAOBIAOSONG, Look
from handlers.papers.workbook.raw_cells import Area
from handlers.papers.workbook.sheet_xml import CellForm
from handlers.papers.workbook.strangers import SHEET_ROWS, Line, Oddity, OpenBook, address, custom_properties, reading
from handlers.papers.workbook.writing import NewBook, Page, SheetFull

__all__ = [
    "FANGSONG",
    "HEITI",
    "SHEET_ROWS",
    "XIAOBIAOSONG",
    "Area",
    "CellForm",
    "Chart",
    "Line",
    "Look",
    "NewBook",
    "Oddity",
    "OpenBook",
    "Page",
    "Series",
    "SheetFull",
    "address",
    "custom_properties",
    "reading",
]
