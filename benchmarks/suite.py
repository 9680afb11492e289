"""The benchmark suite: everything that training consists of, each beside its floor.

    .venv/bin/python benchmarks/suite.py [--parts update rollout ...] [--members 1]
        [--environment t-maze-long-noise] [--agent splagger] [--recipe paper]
        [--precision float32] [--minibatch-kind time-steps] [--repeats 5] [--json FILE]

It runs on whatever device jax finds. Times are medians of some turns; a floor is the counted
operations and bytes over the peak of one large product and the bandwidth of one large copy, both
measured in the same turns, as are peers. Compilation is counted in the part `compilation` alone,
and evaluation in `evaluation` alone. PyTorch's GRU is a peer where PyTorch is installed. The file
is written after every row. A part that cannot be measured does not keep the others from it; the
exit status is then 1. The parts `profile` and `operations`, where the time of an update goes, run
when they are named.
"""

import argparse
import dataclasses
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from case import Case, Options
from measuring import describe_machine
from parts.update import MODES
from rows import Report, Row

from splagger.foundation.errors import UserError
from splagger.foundation.precision import matrix_product_precision
from splagger.training.compilation_cache import enable_compilation_cache

PARTS = (
    "update",
    "rollout",
    "encoding",
    "aggregation",
    "hypernetwork",
    "environments",
    "evaluation",
    "checkpoint",
    "compilation",
    "memory",
)
"""What runs unless parts are named."""

OTHER_PARTS = ("profile", "operations")
"""Where the time of an update goes; they run when they are named."""


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    add_options(parser)
    arguments = parser.parse_args()
    enable_compilation_cache()
    try:
        settings = options_of(arguments).settings()
    except UserError as error:
        raise SystemExit(str(error)) from None
    both = arguments.minibatch_kind is None
    header = {**describe_machine(), **dataclasses.asdict(options_of(arguments)), **COUNTED}
    kind = settings.learning.minibatch_kind
    header["minibatch_kind"] = f"{kind}; both in the part update" if both else kind
    header["repeats"] = arguments.repeats
    report = Report(header, arguments.json)
    run(Case(settings, arguments.repeats), arguments.parts, report, both_modes=both)
    report.print_table()
    sys.exit(1 if report.failed else 0)


COUNTED = {
    "evaluation": "counted in the part evaluation alone",
    "compilation": "counted in the part compilation alone",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The suite's options, but for the file."""
    parser.add_argument("--parts", nargs="+", choices=PARTS + OTHER_PARTS, default=list(PARTS))
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--environment", default=Options.environment)
    parser.add_argument("--agent", default=Options.agent)
    parser.add_argument("--recipe", default=Options.recipe)
    parser.add_argument(
        "--precision", choices=("float32", "tensorfloat32"), default=Options.precision
    )
    parser.add_argument(
        "--minibatch-kind", choices=tuple(MODES), help="the part update measures both if not given"
    )
    parser.add_argument("--repeats", type=int, default=5)


def options_of(arguments: argparse.Namespace) -> Options:
    """What was chosen."""
    names = [field.name for field in dataclasses.fields(Options)]
    return Options(**{name: getattr(arguments, name) for name in names})


def run(case: Case, parts: list[str], report: Report, *, both_modes: bool) -> None:
    """Measures some parts of a case into a report.

    **Arguments:**

    - `case`, `parts`, `report`: what, which and where to.
    - `both_modes`: whether the part `update` measures minibatches of either kind.
    """
    with matrix_product_precision(case.settings.precision):
        for part in parts:
            try:
                for row in _measure(part, both_modes=both_modes)(case):
                    report.add(row)
            except Exception as error:  # Also of an older version, which lacks what a part needs.
                report.fail(part, f"{type(error).__name__}: {error}")


def _measure(part: str, *, both_modes: bool) -> Callable[[Case], Iterator[Row]]:
    module: Any = importlib.import_module(f"parts.{part}")
    return module.measure_both if part == "update" and both_modes else module.measure


if __name__ == "__main__":
    main()
