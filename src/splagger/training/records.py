"""The lines of `evaluations.csv` and `metrics.jsonl`: how they are written and read."""

import gzip
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from splagger.foundation.errors import UserError
from splagger.training.files import plain

Row = TypeVar("Row")

EVALUATIONS_HEADER = "member,learning_rate,seed,frames,episode,return,success,group"
"""The first line of `evaluations.csv`. A table of an earlier version, without groups, can be read
too."""

COMPRESSED = ".gz"
"""What follows the name of a record that was compressed, as kept results are. It is read as well,
where the record itself is missing."""

_GROUP_COLUMN = ",group"


@dataclass(frozen=True)
class EvaluationRow:
    """What one member achieved in one episode of one evaluation, averaged over its trials."""

    member: int
    """The number of the member in its sweep, from 0."""

    learning_rate: float
    """The member's learning rate."""

    seed: int
    """The member's seed."""

    frames: int
    """The environment steps that the member had trained on when it was evaluated."""

    episode: int
    """The number of the episode in its trial."""

    episode_return: float
    """The mean, over the evaluation's trials, of the sum of rewards in this episode."""

    success: float | None
    """The share of the trials in which this episode succeeded, from 0 to 1; `None` if unknown."""

    group: str | None = None
    """The group of tasks that these trials are of; `None` for all trials."""


def evaluation_line(row: EvaluationRow) -> str:
    """Returns `row` as a line of the table, without the end of line.

    Numbers are written so that reading them gives the same bits again.
    """
    success = "" if row.success is None else repr(float(row.success))
    return (
        f"{int(row.member)},{float(row.learning_rate)!r},{int(row.seed)},{int(row.frames)},"
        f"{int(row.episode)},{float(row.episode_return)!r},{success},{row.group or ''}"
    )


def metrics_line(record: Mapping[str, Any]) -> str:
    """Returns `record` as one line of JSON, without the end of line; NaN and infinities are null.

    **Raises:** `TypeError` if a value cannot be written as JSON.
    """
    return json.dumps(plain(record), allow_nan=False)


def read_evaluation_rows(path: Path) -> list[EvaluationRow]:
    """Reads a table of evaluations. A missing file is an empty one.

    **Raises:** `UserError` if a complete line is not what this version writes.
    """
    lines = list(_complete_lines(path))
    headers = (EVALUATIONS_HEADER, EVALUATIONS_HEADER.removesuffix(_GROUP_COLUMN))
    if lines and lines[0] not in headers:
        raise UserError(
            f"'{path}' is damaged or from another version: its first line is '{lines[0]}', "
            f"not '{EVALUATIONS_HEADER}'."
        )
    return _parse_lines(path, lines[1:], _parse_evaluation, first_number=2)


def last_evaluation_row(path: Path) -> EvaluationRow | None:
    """Reads the last row of a table of evaluations; None where there is none.

    **Raises:** `UserError` if it is not what this version writes.
    """
    lines = list(_complete_lines(path))
    if len(lines) < 2:
        return None
    return _parse_lines(path, lines[-1:], _parse_evaluation, first_number=len(lines))[0]


def read_metrics_records(path: Path) -> list[dict[str, Any]]:
    """Reads the metrics, one record an update. A missing file is an empty one.

    **Raises:** `UserError` if a complete line is not a JSON object.
    """
    return _parse_lines(path, _complete_lines(path), _parse_metrics, first_number=1)


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Appends `lines` to the file `path` and hands them to the system at once.

    **Raises:** `UserError` if the system refuses.
    """
    try:
        with open(path, "ab") as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror or error}.") from error


def synchronised_size(path: Path) -> int:
    """Forces the file `path` to the disk and returns its length in bytes, 0 if it is missing."""
    if not path.exists():
        return 0
    with open(path, "ab") as file:
        os.fsync(file.fileno())
        return file.seek(0, os.SEEK_END)


def check_line_ends(path: Path, length: int) -> None:
    """Checks that the file `path` has a line whose last byte is byte number `length`.

    **Raises:** `UserError` if the file is missing, shorter, or has no line that ends there.
    """
    if length == 0:
        return
    if not path.exists():
        raise UserError(f"the run is damaged: '{path}' is missing.")
    with open(path, "rb") as file:
        file.seek(length - 1)
        last = file.read(1)
    if last != b"\n":
        raise UserError(
            f"the run is damaged: '{path}' has no line that ends at byte {length}, "
            "as it had when the checkpoint was saved."
        )


def _complete_lines(path: Path) -> list[str]:
    compressed = path.with_name(path.name + COMPRESSED)
    try:
        if compressed.exists() and not path.exists():
            content = gzip.decompress(compressed.read_bytes())
        else:
            content = path.read_bytes()
    except FileNotFoundError:
        return []
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot read '{path}': {reason}.") from error
    # What follows the last end of line is a line that was being written: by a process that runs
    # still, or by one that was killed.
    return content[: content.rfind(b"\n") + 1].decode("utf-8", errors="replace").splitlines()


def _parse_lines(
    path: Path, lines: Iterable[str], parse: Callable[[str], Row], first_number: int
) -> list[Row]:
    rows = []
    for number, line in enumerate(lines, start=first_number):
        try:
            rows.append(parse(line))
        except ValueError as error:
            raise UserError(f"'{path}' is damaged: line {number} cannot be read.") from error
    return rows


def _parse_evaluation(line: str) -> EvaluationRow:
    member, learning_rate, seed, frames, episode, episode_return, success, *group = line.split(",")
    if len(group) > 1:
        raise ValueError("too many columns")
    return EvaluationRow(
        member=int(member),
        learning_rate=float(learning_rate),
        seed=int(seed),
        frames=int(frames),
        episode=int(episode),
        episode_return=float(episode_return),
        success=float(success) if success else None,
        group=group[0] if group and group[0] else None,
    )


def _parse_metrics(line: str) -> dict[str, Any]:
    record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    return record
