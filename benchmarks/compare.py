"""Compares two commits with the suite of this checkout, in turn.

    .venv/bin/python benchmarks/compare.py REVISION [REVISION2] [--rounds 3] [--json FILE]
        [options of suite.py]

Every revision is laid out in a temporary worktree, and its `src` is what the suite measures;
without REVISION2 this checkout's own, changes that are not committed included. The two take turns,
round by round, so that a shared machine's noise hits both. A ratio below 1 says that the second is
faster; its range is that of the rounds. What a revision cannot run is said, and the rest compared.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rows import write_json
from suite import add_options

_ROOT = Path(__file__).resolve().parents[1]
_NUMBERS = ("milliseconds", "megabytes")


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("first", metavar="REVISION")
    parser.add_argument("second", metavar="REVISION2", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    add_options(parser)
    arguments = parser.parse_args()
    names = (arguments.first, arguments.second or "this checkout")
    with _source(arguments.first) as first, _source(arguments.second) as second:
        rounds = []
        for number in range(arguments.rounds):
            results = tuple(_run(source, _suite_options(arguments)) for source in (first, second))
            rounds.append(results)
            print(f"round {number + 1} of {arguments.rounds} done", flush=True)
    failed = {
        name: {part: why for results in rounds for part, why in results[index]["failed"].items()}
        for index, name in enumerate(names)
    }
    ratios = compare(rounds)
    _print(names, ratios, failed)
    write_json(
        arguments.json,
        {"first": names[0], "second": names[1], "ratios": ratios, "failed": failed},
    )
    if not ratios:
        sys.exit(1)


def compare(rounds: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """The second's numbers over the first's, for every row that both have.

    **Arguments:**

    - `rounds`: the suite's two results of every round.

    **Returns:** by row the medians of both and of the ratios within rounds, and the ratios' range.
    """
    pairs: dict[str, list[tuple[float, float]]] = {}
    for first, second in rounds:
        there = {row["name"]: row for row in second["rows"]}
        for row in first["rows"]:
            other = there.get(row["name"], {})
            for name in _NUMBERS:
                if row[name] and other.get(name):
                    pairs.setdefault(f"{row['name']}, {name}", []).append((row[name], other[name]))
    result = {}
    for name, numbers in pairs.items():
        ratios = [second / first for first, second in numbers]
        result[name] = {
            "first": statistics.median(first for first, _ in numbers),
            "second": statistics.median(second for _, second in numbers),
            "ratio": statistics.median(ratios),
            "lowest": min(ratios),
            "highest": max(ratios),
        }
    return result


@contextmanager
def _source(revision: str | None) -> Iterator[Path]:
    """The `src` of a revision in a temporary worktree; that of this checkout for None."""
    if revision is None:
        yield _ROOT / "src"
        return
    with tempfile.TemporaryDirectory() as folder:
        worktree = Path(folder) / "worktree"
        _git("worktree", "add", "--detach", str(worktree), revision)
        try:
            yield worktree / "src"
        finally:
            _git("worktree", "remove", "--force", str(worktree))


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"git {arguments[0]} failed: {done.stderr.strip()}")


def _suite_options(arguments: argparse.Namespace) -> list[str]:
    """The options of the suite again, as text."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = []
    for name, value in vars(parser.parse_args([])).items():
        chosen = getattr(arguments, name)
        if chosen != value:
            values = chosen if isinstance(chosen, list) else [chosen]
            options += [f"--{name.replace('_', '-')}", *map(str, values)]
    return options


def _run(source: Path, options: list[str]) -> dict[str, Any]:
    """The suite's result for one source folder."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    python = [sys.executable]
    found = subprocess.run(
        [*python, "-c", "import splagger; print(splagger.__file__)"],
        capture_output=True,
        text=True,
        env=environment,
    ).stdout.strip()
    if Path(found).resolve() != (source / "splagger/__init__.py").resolve():
        raise SystemExit(f"Python imports '{found}', not what is in '{source}'.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        suite = Path(__file__).with_name("suite.py")
        done = subprocess.run(
            [*python, str(suite), "--json", str(file), *options],
            capture_output=True,
            text=True,
            env=environment,
        )
        if not file.exists():
            why = done.stderr.strip().splitlines()[-1:] or ["no result"]
            return {"rows": [], "failed": {"all parts": why[0]}}
        return json.loads(file.read_text())


def _print(
    names: tuple[str, str],
    ratios: dict[str, dict[str, float]],
    failed: dict[str, dict[str, str]],
) -> None:
    table = Table(title=f"{names[1]} over {names[0]}")
    table.add_column("what")
    for column in (*names, "ratio", "range of the rounds"):
        table.add_column(column, justify="right")
    for name, it in ratios.items():
        table.add_row(
            name,
            f"{it['first']:,.2f}",
            f"{it['second']:,.2f}",
            f"{it['ratio']:.3f}",
            f"{it['lowest']:.3f} to {it['highest']:.3f}",
        )
    console = Console(width=None if Console().is_terminal else 120)
    console.print(table)
    for name, parts in failed.items():
        for part, why in parts.items():
            console.print(f"{name}: {part} not measured: {why}")


if __name__ == "__main__":
    main()
