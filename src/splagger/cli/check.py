"""The command that checks an environment, and how its findings are printed."""

import dataclasses
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro

if TYPE_CHECKING:
    from rich.table import Table

    from splagger.environments.contract.findings import Finding

_FAILED = 1
_STYLES = {"ok": "green", "warning": "yellow", "failure": "bold red"}


@dataclass(frozen=True)
class Check:
    """Check an environment: that it keeps the contract that training relies on."""

    target: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="ENVIRONMENT")]
    """A name with options, t-maze-long-noise:length=20, or a class, package.module:ClassName."""
    json: bool = False
    """Print JSON instead of a table."""

    def run(self) -> int:
        """Checks and prints; the exit status is 1 if anything failed, warnings aside."""
        from splagger.environments.contract import check_target, failures
        from splagger.training.compilation_cache import enable_compilation_cache

        enable_compilation_cache()
        findings = check_target(self.target)
        failed = bool(failures(findings))
        if self.json:
            plain = [dataclasses.asdict(finding) for finding in findings]
            result = {"environment": self.target, "passed": not failed, "findings": plain}
            print(json.dumps(result, indent=2))
        else:
            from splagger.cli.tables import show

            show(findings_table(self.target, findings))
        return _FAILED if failed else 0


def findings_table(target: str, findings: "list[Finding]") -> "Table":
    """One line for each check; under it, failures and warnings in full.

    **Arguments:**

    - `target`: what was checked.
    - `findings`: of an environment of any kind.
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"Check of {escape(target)}", title_justify="left")
    table.add_column("check")
    table.add_column("method", overflow="fold")
    table.add_column("result")
    table.add_column("found", overflow="fold")
    for finding in findings:
        style = _STYLES[finding.outcome]
        found = escape(finding.message)
        if finding.fix:
            found = f"see below ({_number(finding, findings)})"
        table.add_row(
            finding.check, escape(finding.method), f"[{style}]{finding.outcome}[/]", found
        )
    counts = Counter(finding.outcome for finding in findings)
    lines = [f"{counts['failure']} failures, {counts['warning']} warnings, {counts['ok']} ok"]
    for finding in findings:
        if finding.fix:
            style = _STYLES[finding.outcome]
            head = f"({_number(finding, findings)}) [{style}]{finding.outcome}[/] in "
            lines += [
                "",
                f"{head}{escape(finding.method)}, {finding.check}:",
                f"{escape(finding.message)}",
                f"[bold]{escape(finding.fix)}[/]",
            ]
    table.caption = "\n".join(lines)
    table.caption_style = ""
    table.caption_justify = "left"
    return table


def _number(finding: "Finding", findings: "list[Finding]") -> int:
    return [other for other in findings if other.fix].index(finding) + 1
