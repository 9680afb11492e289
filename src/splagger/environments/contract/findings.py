"""What a check says: whether all is well, and else what was found, where, and how to mend it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

Outcome = Literal["ok", "warning", "failure"]
"""`warning` is what may be meant so; an environment with a `failure` cannot be trusted."""

EnvironmentT = TypeVar("EnvironmentT")
"""An environment of any kind."""


@dataclass(frozen=True)
class Finding:
    """The result of one check of one method. Of environments of every kind."""

    check: str
    """What was checked, a few words such as `observations are finite`."""
    method: str
    """The method or attribute that it is about, such as `step`."""
    outcome: Outcome
    """How it went."""
    message: str
    """What was found: one sentence that names the method, in the user's terms."""
    fix: str = ""
    """How to mend it: one sentence; empty where all is well."""

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".rstrip()


def passed(check: str, method: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, method, "ok", message)


def warning(check: str, method: str, message: str, fix: str) -> Finding:
    """What may be meant so, or may be a mistake."""
    return Finding(check, method, "warning", message, fix)


def failure(check: str, method: str, message: str, fix: str) -> Finding:
    """What is a mistake."""
    return Finding(check, method, "failure", message, fix)


class Breach(Exception):
    """Raised by a check after which the checks of the same group would make no sense."""

    finding: Finding
    """The failure."""

    def __init__(self, finding: Finding):
        super().__init__(str(finding))
        self.finding = finding


def collect(findings: Iterable[Finding]) -> Iterator[Finding]:
    """A group's findings; the last one is the breach at which it ended, if it did."""
    try:
        yield from findings
    except Breach as breach:
        yield breach.finding


def until_failure(
    environment: EnvironmentT, groups: Iterable[Callable[[EnvironmentT], Iterable[Finding]]]
) -> list[Finding]:
    """What groups of checks find in an environment, up to the first group with a failure."""
    findings: list[Finding] = []
    for group in groups:
        findings += collect(group(environment))
        if failures(findings):
            break
    return findings


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Those that are failures."""
    return [finding for finding in findings if finding.outcome == "failure"]
