"""Rows of the benchmark suite: each one measured thing, printed and saved at once."""

import json
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

COLUMNS = ("ms", "± %", "floor ms", "x floor", "% peak", "frames/s", "peer", "peer ms", "peer x")


@dataclass(frozen=True)
class Row:
    """One measured thing. Numbers that make no sense for it are None."""

    name: str
    """What it is, unique in the suite."""
    what: str
    """Sizes, and all else that it depends on."""
    milliseconds: float | None
    """Median over the turns."""
    spread: float | None = None
    """Distance of the quartiles over the median."""
    floor_ms: float | None = None
    """The least it could take at the rates of the same turns."""
    fraction_of_peak: float | None = None
    """Counted operations a second over those of one large product in the same turns."""
    frames_per_second: float | None = None
    """Environment steps a second, all members together."""
    peer: str | None = None
    """Something else that does the same, measured in the same turns."""
    peer_ms: float | None = None
    """Median over the turns."""
    megabytes: float | None = None
    """Memory, where that is what is measured."""
    remark: str = ""
    """What else to know."""

    @property
    def over_floor(self) -> float | None:
        """How many times longer than the floor it takes."""
        if self.milliseconds is None or not self.floor_ms:
            return None
        return self.milliseconds / self.floor_ms

    @property
    def over_peer(self) -> float | None:
        """How many times faster than the peer it is."""
        if self.milliseconds is None or self.peer_ms is None:
            return None
        return self.peer_ms / self.milliseconds


def spread(seconds: list[float]) -> float | None:
    """Distance of the quartiles over the median; None for fewer than three turns."""
    if len(seconds) < 3:
        return None
    low, _, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return (high - low) / statistics.median(seconds)


class Report:
    """All rows so far, and the parts that could not be measured."""

    def __init__(self, header: dict[str, Any], file: Path | None):
        self.header, self._file = header, file
        self.rows: list[Row] = []
        self.failed: dict[str, str] = {}
        self._console = Console(width=None if Console().is_terminal else 180, highlight=False)
        for name, value in header.items():
            self._console.print(f"{name}: {value}")

    def add(self, row: Row) -> None:
        """Prints a row and saves it with all before."""
        self.rows.append(row)
        cells = [f"{name} {value}" for name, value in _cells(row).items() if value]
        self._console.print(" | ".join([f"{row.name:24}", *cells]), soft_wrap=True)
        self.save()

    def fail(self, part: str, why: str) -> None:
        """Says that a part could not be measured, and saves it."""
        self.failed[part] = why
        self._console.print(f"{part}: not measured: {why}", style="red")
        self.save()

    def save(self) -> None:
        """Writes the JSON file, if there is to be one."""
        rows = [
            {**asdict(row), "over_floor": row.over_floor, "over_peer": row.over_peer}
            for row in self.rows
        ]
        result = {**self.header, "rows": rows, "failed": self.failed}
        write_json(self._file, result)

    def print_table(self) -> None:
        """All rows as one table."""
        table = Table(title="Benchmarks", show_edge=False)
        table.add_column("what", overflow="fold")
        shown = [n for n in (*COLUMNS, "MB") if any(_cells(row).get(n) for row in self.rows)]
        for name in shown:
            table.add_column(name, justify="left" if name == "peer" else "right")
        for row in self.rows:
            cells = _cells(row)
            table.add_row(f"{row.name}: {row.what}", *(cells[name] for name in shown))
        self._console.print(table)
        for row in self.rows:
            if row.remark:
                self._console.print(f"{row.name}: {row.remark}")
        for part, why in self.failed.items():
            self._console.print(f"{part}: not measured: {why}", style="red")


def write_json(file: Path | None, result: Mapping[str, Any]) -> None:
    """Writes a result, whole or not at all, if there is to be a file."""
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".part")
    temporary.write_text(json.dumps(result, indent=2) + "\n")
    temporary.replace(file)


def _cells(row: Row) -> dict[str, str]:
    def shown(value: float | None, form: str) -> str:
        return "" if value is None else format(value, form)

    def percent(value: float | None) -> str:
        return "" if value is None else f"{100 * value:.0f}"

    return {
        "ms": shown(row.milliseconds, ",.2f"),
        "± %": percent(row.spread),
        "floor ms": shown(row.floor_ms, ",.3f"),
        "x floor": shown(row.over_floor, ",.1f"),
        "% peak": percent(row.fraction_of_peak),
        "frames/s": shown(row.frames_per_second, ",.0f"),
        "peer": row.peer or "",
        "peer ms": shown(row.peer_ms, ",.2f"),
        "peer x": shown(row.over_peer, ",.2f"),
        "MB": shown(row.megabytes, ",.0f"),
    }
