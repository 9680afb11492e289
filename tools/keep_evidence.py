"""Copies what is worth keeping of the trainings of `splagger reproduce`, compressed.

    .venv/bin/python tools/keep_evidence.py [--source runs/evidence] [--out results/evidence]

Of every run directory below --source the settings, all evaluations, and of the metrics those that
claims and figures are about, rounded to five digits. Checkpoints stay where they are.
"""

import argparse
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

from splagger.training.records import COMPRESSED
from splagger.training.run_directory import EVALUATIONS, METRICS, RunDirectory
from splagger.training.settings_file import SETTINGS

ROOT = Path(__file__).resolve().parents[1]

KEPT = ("frames", "sequence_gradient_norm", "policy_gradient_norm", "rollout_success", "entropy")
"""The metrics that are kept."""


def main() -> None:
    """Copies, and says how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, default=ROOT / "runs" / "evidence")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "evidence")
    arguments = parser.parse_args()
    for settings in sorted(arguments.source.rglob(SETTINGS)):
        keep(settings.parent, arguments.out / settings.parent.relative_to(arguments.source))
    size = sum(path.stat().st_size for path in arguments.out.rglob("*") if path.is_file())
    print(f"{arguments.out}: {size / 1e6:.1f} MB")


def keep(run: Path, out: Path) -> None:
    """Copies what is kept of one run directory; files of the same names are replaced."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(run / SETTINGS, out)
    _write(out / EVALUATIONS, (run / EVALUATIONS).read_bytes())
    records = [_kept(record) for record in RunDirectory.open(run).read_metrics()]
    lines = "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records)
    _write(out / METRICS, lines.encode())


def _kept(record: dict[str, Any]) -> dict[str, Any]:
    return {name: _rounded(value) for name, value in record.items() if name in KEPT}


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _write(path: Path, content: bytes) -> None:
    # Without a time, so that equal content gives equal bytes.
    compressed = gzip.compress(content, compresslevel=9, mtime=0)
    path.with_name(path.name + COMPRESSED).write_bytes(compressed)


if __name__ == "__main__":
    main()
