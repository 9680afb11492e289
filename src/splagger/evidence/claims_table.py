"""The claims with their verdicts as tables, for a terminal and for documents."""

from collections import Counter
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from splagger.evidence.finding import Finding
from splagger.evidence.judge import Judged

_COLOURS = {"holds": "green", "fails": "red", "open": "yellow"}


def claims_table(judged: Sequence[Judged]) -> Table:
    """Makes a table with each claim's verdict, and below it that of each of its parts.

    Parts for which there is nothing to compare are counted in one row.
    """
    table = Table(title="The paper's claims", title_justify="left")
    table.add_column("claim")
    table.add_column("verdict", no_wrap=True)
    table.add_column("effect [95 % interval]")
    table.add_column("evidence")
    for one in judged:
        table.add_section()
        heading = Text(f"{one.claim.name}: {one.claim.text}", style="bold")
        heading.append(f" ({one.claim.source})", style="dim")
        table.add_row(heading, _coloured(one.verdict, bold=True))
        for finding in one.findings:
            if finding.numbers:
                row = (f"  {finding.text}", _coloured(finding.verdict), finding.numbers)
                table.add_row(*row, finding.evidence)
        for lack in _lacking(one.findings):
            table.add_row(f"  {lack}", _coloured("open"))
    table.caption = EXPLANATION
    table.caption_justify = "left"
    return table


EXPLANATION = (
    "Effects are differences of the interquartile means over seeds of the mean trial return over "
    "training, 0 for a random policy and 1 for the optimum, with 95 % bootstrap intervals. Above: "
    "the interval lies above 0. Not below: it lies above -0.05. Open: not trained, reduced (fewer "
    "learning rates, seeds or frames than the scale has), or the interval holds both answers."
)
"""What the numbers are."""


def claims_markdown(judged: Sequence[Judged]) -> str:
    """The same in Markdown: the claims, then those of their parts that there are numbers for."""
    lines = ["| claim | source | verdict | parts that hold, fail, are open |", "|---|---|---|---|"]
    for one in judged:
        counts = [
            sum(finding.verdict == verdict for finding in one.findings) for verdict in _COLOURS
        ]
        lines.append(
            f"| {one.claim.name}: {one.claim.text} | {one.claim.source} | **{one.verdict}** "
            f"| {', '.join(map(str, counts))} |"
        )
    lines += ["", EXPLANATION]
    every = dict.fromkeys(finding for one in judged for finding in one.findings)
    rows = [
        f"| {finding.text} | {finding.verdict} | {finding.numbers} | {finding.evidence} |"
        for finding in every
        if finding.numbers
    ]
    if rows:
        lines += ["", "| part | verdict | effect | evidence |", "|---|---|---|---|", *rows]
    lacking = _lacking(list(every))
    if lacking:
        lines += ["", f"Besides, {'; '.join(lacking)}."]
    return "\n".join(lines)


def _lacking(findings: Sequence[Finding]) -> list[str]:
    """How many findings have nothing to compare, for each reason: `7 parts: not trained`."""
    reasons = Counter(one.evidence.partition(":")[0] for one in findings if not one.numbers)
    return [f"{n} part{'' if n == 1 else 's'}: {reason}" for reason, n in reasons.items()]


def _coloured(verdict: str, *, bold: bool = False) -> Text:
    return Text(verdict, style=f"{'bold ' if bold else ''}{_COLOURS[verdict]}")
