"""Native charts over cells that stand on a sheet: bars, lines, pies, legible in every table program.

Must not know what the figures mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from openpyxl.chart import BarChart, LineChart, PieChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.title import title_maker
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, ParagraphProperties


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A column of figures; the cell above the first one holds its name."""

    column: int
    colour: str = "2F5597"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Figures of the rows `first` to `last`, named by the column `names`."""

    kind: Literal["bar", "bars", "line", "pie"]
    """Bars stand up, or lie (`bars`) where their names are long."""
    title: str
    names: int
    series: Sequence[Series]
    first: int
    last: int
    form: str = "General"
    """How the figures are shown («0%»)."""
    highest: float | None = None
    width_cm: float = 24.0
    height_cm: float = 9.0

    def over(self, first: int, last: int) -> "Chart":
        """The same over other rows."""
        return replace(self, first=first, last=last)


_SLICES = ("70AD47", "2F5597", "FFC000", "ED7D31", "A5A5A5", "C00000", "7030A0")


def drawn(sheet: Any, chart: Chart) -> Any:
    """The chart as openpyxl has it, over cells of `sheet`."""
    made = {"bar": BarChart, "bars": BarChart, "line": LineChart, "pie": PieChart}[chart.kind]()
    made.title, made.width, made.height, made.style = _title(chart.title), chart.width_cm, chart.height_cm, 10
    names = Reference(sheet, min_col=chart.names, min_row=chart.first, max_row=chart.last)
    for series in chart.series:
        figures = Reference(sheet, min_col=series.column, min_row=chart.first - 1, max_row=chart.last)
        made.add_data(figures, titles_from_data=True)
    made.set_categories(names)
    if chart.kind == "pie":
        _slices(made, chart.last - chart.first + 1)
    else:
        _axes(made, chart)
    if len(chart.series) == 1 and chart.kind != "pie":
        made.legend = None
    else:
        made.legend.position = "r" if chart.kind == "pie" else "b"
    return made


def _title(text: str) -> Any:
    """Smaller than a program would set it."""
    title: Any = title_maker(text)
    for paragraph in title.tx.rich.p:
        paragraph.pPr = ParagraphProperties(defRPr=CharacterProperties(sz=1200, b=True))
        for run in paragraph.r:
            run.rPr = CharacterProperties(sz=1200, b=True)
    title.overlay = False
    return title


def _axes(made: Any, chart: Chart) -> None:
    # Without this LibreOffice and newer Excel hide the axes of openpyxl's charts.
    made.x_axis.delete = made.y_axis.delete = False
    made.y_axis.scaling.min = 0
    if chart.highest is not None:
        made.y_axis.scaling.max = chart.highest
    made.y_axis.number_format = chart.form
    made.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="D9D9D9", w=6_350))
    for line, series in zip(made.series, chart.series, strict=True):
        if chart.kind == "line":
            line.graphicalProperties.line.solidFill = series.colour
            line.graphicalProperties.line.width = 28_000
            line.smooth = False
        else:
            line.graphicalProperties = GraphicalProperties(solidFill=series.colour)
            line.dLbls = DataLabelList()
            line.dLbls.numFmt, line.dLbls.showVal = chart.form, True
            line.dLbls.showSerName = line.dLbls.showCatName = line.dLbls.showLegendKey = False
    if chart.kind == "bars":
        made.barDir, made.x_axis.scaling.orientation = "bar", "maxMin"
    if chart.kind != "line":
        made.gapWidth = 60


def _slices(made: Any, count: int) -> None:
    made.series[0].dPt = [
        DataPoint(idx=n, spPr=GraphicalProperties(solidFill=_SLICES[n % len(_SLICES)])) for n in range(count)
    ]
    labels = DataLabelList()
    labels.showVal, labels.showCatName, labels.showLegendKey, labels.showSerName, labels.showPercent = (
        True,
        False,
        False,
        False,
        False,
    )
    made.series[0].dLbls = labels
