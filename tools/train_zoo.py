"""Trains many agents on one environment, several at a time, and makes a table of their success.

    .venv/bin/python tools/train_zoo.py --out runs/zoo [--jobs 1] [--agents ...] [-- FLAGS]

Whatever follows `--` goes to `splagger train`. Every agent has a run directory below --out; one
that has finished is not trained again, so that the command can be repeated after an interruption.
The table, `zoo.csv`, has a line for every agent, learning rate and seed: final success and return,
and the first frames with at least 95 % success.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from splagger.recipes.agents import AGENTS

_ENOUGH = 0.95
_COMMAND = "from splagger.cli import main; raise SystemExit(main())"


def main() -> None:
    """Trains, then writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="t-maze-long-noise")
    parser.add_argument("--agents", nargs="+", default=list(AGENTS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("flags", nargs="*", help="flags of `splagger train`, after --")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    def train(agent: str) -> dict[str, Any]:
        return train_one(agent, options.environment, options.out, options.flags)

    with ThreadPoolExecutor(options.jobs) as pool:
        ends = list(pool.map(train, options.agents))
    rows = [row for end in ends for row in rows_of(end, options.out / end["agent"])]
    with open(options.out / "zoo.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(*row.values(), sep="\t")


def train_one(agent: str, environment: str, out: Path, flags: list[str]) -> dict[str, Any]:
    """Trains one agent in a process of its own; how that ended."""
    run = out / agent
    ended = run / "ended.json"
    if ended.exists():
        return json.loads(ended.read_text())
    words = ["train", environment, "--agent", agent, "--out", str(run), "--overwrite", *flags]
    start = time.monotonic()
    log = out / f"{agent}.log"
    with open(log, "w") as file:
        status = subprocess.run(
            [sys.executable, "-c", _COMMAND, *words], stdout=file, stderr=subprocess.STDOUT
        ).returncode
    end = {"agent": agent, "status": status, "seconds": round(time.monotonic() - start)}
    print(*end.values(), sep="\t", flush=True)
    if status == 0:
        ended.write_text(json.dumps(end) + "\n")
    return end


def rows_of(end: dict[str, Any], run: Path) -> list[dict[str, Any]]:
    """The table's lines for one agent."""
    curves: dict[tuple[str, str], dict[int, list[tuple[float, float]]]] = {}
    if (run / "evaluations.csv").exists():
        with open(run / "evaluations.csv", newline="") as file:
            for line in csv.DictReader(file):
                curve = curves.setdefault((line["learning_rate"], line["seed"]), {})
                points = curve.setdefault(int(line["frames"]), [])
                points.append((float(line["success"]), float(line["return"])))
    rows = []
    for (learning_rate, seed), curve in curves.items():
        success = {n: sum(s for s, _ in ends) / len(ends) for n, ends in sorted(curve.items())}
        last = max(success)
        enough = [frames for frames, value in success.items() if value >= _ENOUGH]
        rows.append(
            {
                **end,
                "learning_rate": learning_rate,
                "seed": seed,
                "frames": last,
                "success": round(success[last], 4),
                "trial_return": round(sum(value for _, value in curve[last]), 3),
                "best_success": round(max(success.values()), 4),
                "frames_to_95": enough[0] if enough else "",
            }
        )
    return rows


if __name__ == "__main__":
    main()
