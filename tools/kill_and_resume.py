"""Kills a training with `kill -9` at random moments, resumes it, and compares it with a whole one.

    python tools/kill_and_resume.py --kills 10 --frames 200000

The command line makes two runs of equal settings: one is left alone, the other is killed again and
again. At the end both must hold the same bits, and no checkpoint may ever have been unreadable.
Further options go to `splagger train`.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from splagger.training import checkpoints

SPLAGGER = [sys.executable, "-c", "from splagger.cli import main; raise SystemExit(main())"]


def main() -> int:
    """Runs the comparison; the exit status is 0 if nothing was lost."""
    parser = argparse.ArgumentParser(description="Kills a training, resumes it, and compares.")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--moments-seed", type=int, help="makes the moments the same again")
    parser.add_argument("--environment", default="t-maze-long-noise:length=10")
    parser.add_argument("--recipe", default="small")
    parser.add_argument("--out", type=Path, help="an empty or missing folder for both runs")
    options, more = parser.parse_known_args()
    folder = options.out or Path(tempfile.mkdtemp(prefix="kill-and-resume-"))
    train = ["train", options.environment, "--recipe", options.recipe, *more, "--quiet"]
    train += ["--frames", str(options.frames), "--checkpoint-minutes", "0"]
    whole, killed = folder / "whole", folder / "killed"

    subprocess.run([*SPLAGGER, *train, "--out", str(whole)], check=True)
    print(f"never stopped: {lines(whole)} updates")
    generator = random.Random(options.moments_seed)
    unreadable = 0
    for moment in sorted(generator.randrange(lines(whole)) for _ in range(options.kills)):
        words = ["resume", str(killed), "--trust", "--quiet"]
        if not (killed / "settings.json").exists():
            words = [*train, "--out", str(killed)]
        # One in four is killed while it starts, the others while they train.
        early = generator.random() < 0.25
        delay = generator.uniform(0, 4 if early else 0.1)
        kill_at(killed, words, None if early else moment, delay)
        unreadable += unreadable_checkpoints(killed)
        when = "at its start" if early else "in training"
        print(f"killed {when}: {lines(killed)} updates on record, {unreadable} checkpoints bad")
    subprocess.run([*SPLAGGER, "resume", str(killed), "--trust", "--quiet"], check=True)
    different = differences(whole, killed)
    print(f"different at the end: {', '.join(different) or 'nothing'}")
    verdict = "FAILED" if different or unreadable else "nothing was lost"
    print(f"verdict after {options.kills} kills: {verdict}")
    return int(verdict == "FAILED")


def kill_at(run: Path, words: list[str], moment: int | None, delay: float) -> None:
    """Starts splagger and kills it: `delay` seconds after an update is on record, or after now."""
    # A resumed run first cuts its records back: only what it adds says where it is.
    target = 0 if moment is None else max(moment, lines(run)) + 1
    process = subprocess.Popen([*SPLAGGER, *words])
    while process.poll() is None and lines(run) < target:
        time.sleep(0.001)
    time.sleep(delay)
    process.kill()
    process.wait()


def lines(run: Path) -> int:
    """How many updates are on record."""
    path = run / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def unreadable_checkpoints(run: Path) -> int:
    """How many of its checkpoints cannot be read."""
    count = 0
    for path in (run / "checkpoints").glob("*.npz"):
        try:
            checkpoints.read_metadata(path)
            arrays(path)
        except Exception as error:
            print(f"{path}: {error}")
            count += 1
    return count


def arrays(path: Path) -> dict[str, bytes]:
    """The bytes of every array of a checkpoint."""
    with np.load(path) as archive:
        names = [name for name in archive.files if name != "metadata.json"]
        return {name: archive[name].tobytes() for name in names}


def differences(run: Path, other: Path) -> list[str]:
    """What differs between two finished runs, apart from speed and times."""
    tables = [(path / "evaluations.csv").read_bytes() for path in (run, other)]
    found = ["evaluations.csv"] if tables[0] != tables[1] else []
    found += ["metrics.jsonl"] if metrics(run) != metrics(other) else []
    newest = [checkpoints.latest(path / "checkpoints") for path in (run, other)]
    first, second = (arrays(path) if path else {} for path in newest)
    return found + [name for name in first | second if first.get(name) != second.get(name)]


def metrics(run: Path) -> list[dict]:
    """The metrics of every update without the speed."""
    records = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [{**record, "frames_per_second": None} for record in records]


if __name__ == "__main__":
    raise SystemExit(main())
