"""What training shows while it runs: a bar and a table by member, or plain lines in a log."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

MOST_MEMBERS_LISTED = 12
"""With more members than this the table shows the best and the mean instead of all of them."""


@dataclass(frozen=True)
class MemberStatus:
    """What is known of one member at this moment."""

    trial_return: float | None = None
    """The trial return at its latest evaluation; `None` before the first."""

    success: float | None = None
    """The share of successful episodes at its latest evaluation, from 0 to 1; `None` if unknown."""

    failed: bool = False
    """Whether it was stopped, because a loss was not finite."""


class TrainingProgress:
    """A live display of training, used in a `with` statement.

    On a terminal it draws a bar and a table that stay at the bottom of the screen. Elsewhere, for
    instance in a log file, it prints one line when training starts, one each `interval` seconds,
    and one at the end.
    """

    def __init__(
        self,
        total_frames: int,
        members: Sequence[str],
        *,
        quiet: bool = False,
        console: Console | None = None,
        interval: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Prepares the display; nothing is shown before the `with` statement.

        **Arguments:**

        - `total_frames`: the frames of each member at the end of training.
        - `members`: a label for each member, such as `learning rate 0.001, seed 73`.
        - `quiet`: whether to show nothing at all, messages included.
        - `console`: where to show it; standard error by default.
        - `interval`: seconds between two lines where there is no terminal.
        - `clock`: returns the time in seconds.
        """
        self._total_frames = total_frames
        self._members = list(members)
        self._quiet = quiet
        self._console = Console(stderr=True) if console is None else console
        self._interval = interval
        self._clock = clock
        self._start = clock()
        self._frames = 0
        self._frames_per_second = 0.0
        self._rows = [MemberStatus() for _ in self._members]
        self._live: Live | None = None
        self._printed_at: float | None = None
        self._printed_frames: int | None = None

    def __enter__(self) -> "TrainingProgress":
        self._start = self._clock()
        if not self._quiet and self._console.is_terminal:
            self._live = Live(
                get_renderable=self._render, console=self._console, refresh_per_second=4
            )
            self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif self._printed_frames is not None and self._printed_frames != self._frames:
            self._print_line()

    def update(
        self,
        frames: int,
        frames_per_second: float,
        rows: Sequence[MemberStatus] | None = None,
    ) -> None:
        """Shows how far training is.

        **Arguments:**

        - `frames`: the frames of each member so far.
        - `frames_per_second`: the present speed, in frames of one member; as before if 0.
        - `rows`: one status for each member, in their order; as before if `None`.
        """
        self._frames = frames
        if frames_per_second > 0:
            self._frames_per_second = frames_per_second
        if rows is not None:
            if len(rows) != len(self._members):
                raise ValueError(f"{len(rows)} rows for {len(self._members)} members")
            self._rows = list(rows)
        if self._quiet or self._live is not None:
            return
        if self._printed_at is None or self._clock() - self._printed_at >= self._interval:
            self._print_line()

    def message(self, text: str) -> None:
        """Prints `text` above the display."""
        if not self._quiet:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _print_line(self) -> None:
        self._printed_at = self._clock()
        self._printed_frames = self._frames
        facts = [self._describe_frames(), *self._describe_time(), *self._describe_returns()]
        self.message(" | ".join(facts))

    def _describe_frames(self) -> str:
        share = self._frames / self._total_frames if self._total_frames else 1.0
        return f"{self._frames:,} of {self._total_frames:,} frames ({share:.1%})"

    def _describe_time(self) -> list[str]:
        facts = [f"{format_duration(self._clock() - self._start)} elapsed"]
        if self._frames_per_second > 0:
            facts.insert(0, f"{self._frames_per_second:,.0f} frames/s")
        remaining = self._total_frames - self._frames
        if remaining > 0 and self._frames_per_second > 0:
            facts.append(f"{format_duration(remaining / self._frames_per_second)} left")
        elif remaining > 0:
            facts.append("compiling")
        return facts

    def _describe_returns(self) -> list[str]:
        best, mean = _summarise(self._rows)
        if best is None:
            return []
        facts = [f"trial return: best {_number(self._rows[best].trial_return)}"]
        if len(self._rows) > 1:
            facts[0] += f" ({self._members[best]}), mean {_number(mean.trial_return)}"
        if mean.success is not None:
            facts.append(f"success: mean {mean.success:.0%}")
        failed = sum(row.failed for row in self._rows)
        return [*facts, f"{failed} failed"] if failed else facts

    def _render(self) -> RenderableType:
        width = max(10, min(40, self._console.width - 50))
        line = Table.grid(padding=(0, 2))
        line.add_row(
            ProgressBar(total=max(self._total_frames, 1), completed=self._frames, width=width),
            self._describe_frames(),
        )
        return Group(line, Text(" · ".join(self._describe_time()), style="dim"), self._table())

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("latest evaluation")
        table.add_column("trial return", justify="right")
        table.add_column("success", justify="right")
        table.add_column("")
        if len(self._members) <= MOST_MEMBERS_LISTED:
            for label, row in zip(self._members, self._rows, strict=True):
                _add_row(table, label, row, "stopped: a loss was not finite" if row.failed else "")
            return table
        best, mean = _summarise(self._rows)
        if best is not None:
            _add_row(table, f"best: {self._members[best]}", self._rows[best], "")
        failed = sum(row.failed for row in self._rows)
        note = f"{failed} stopped: a loss was not finite" if failed else ""
        _add_row(table, f"mean of {len(self._members)} members", mean, note)
        return table


def format_duration(seconds: float) -> str:
    """Returns a time as its two largest units, such as `3 min 05 s` or `2 h 10 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _summarise(rows: Sequence[MemberStatus]) -> tuple[int | None, MemberStatus]:
    """The number of the best member, `None` before any evaluation, and the mean of all."""
    returns = {
        member: row.trial_return
        for member, row in enumerate(rows)
        if row.trial_return is not None and math.isfinite(row.trial_return)
    }
    successes = [
        row.success for row in rows if row.success is not None and math.isfinite(row.success)
    ]
    mean = MemberStatus(
        trial_return=sum(returns.values()) / len(returns) if returns else None,
        success=sum(successes) / len(successes) if successes else None,
    )
    return (max(returns, key=lambda member: returns[member]) if returns else None), mean


def _add_row(table: Table, label: str, row: MemberStatus, note: str) -> None:
    success = "-" if row.success is None else f"{row.success:.0%}"
    style = "red" if row.failed else ""
    table.add_row(Text(label), _number(row.trial_return), success, note, style=style)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
