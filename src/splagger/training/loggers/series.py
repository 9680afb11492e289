"""From the records of a run to the rows that loggers take, and what their series are called.

| series | what it is |
|---|---|
| `rollout/reward`, `rollout/success` ... | metrics of the rollout of an update |
| `update/loss`, `update/entropy` ... | the other metrics of an update |
| `speed/frames_per_second` | frames of one member, the same for all |
| `evaluation/trial_return`, `evaluation/success` | sum and mean over the episodes of a trial |
| `evaluation/episode_0/return`, `evaluation/episode_0/success` ... | the same episode by episode |
| `evaluation-GROUP/...` | the same of a group of tasks |
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from splagger.training.loggers.logger import LoggedRow
from splagger.training.records import EvaluationRow

_NO_SERIES = ("frames",)
_OF_ROLLOUT = "rollout_"
_SPEED = "frames_per_second"


def member_labels(members: Sequence[tuple[float, int]]) -> list[str]:
    """What members are called where a folder or a run of each is made.

    **Arguments:**

    - `members`: their learning rates and seeds.
    """
    return [f"learning-rate-{rate:g}-seed-{seed}" for rate, seed in members]


def metrics_row(record: Mapping[str, Any], members: int) -> LoggedRow:
    """The scalars of one record of `metrics.jsonl`, as it is written or as it is read.

    **Arguments:**

    - `record`: values are one number, or one a member. What is not finite is left out, as the
        metrics of a member that failed are.
    - `members`: how many there are.
    """
    scalars: list[dict[str, float]] = [{} for _ in range(members)]
    for name, value in record.items():
        if name in _NO_SERIES:
            continue
        values = value.tolist() if hasattr(value, "tolist") else value
        each = values if isinstance(values, list) else [values] * members
        series = _series(name)
        for own, number in zip(scalars, each, strict=True):
            # Flags are no numbers of a series, and null is what is not finite in a record.
            if number is not None and not isinstance(number, bool) and math.isfinite(number):
                own[series] = float(number)
    return LoggedRow(int(record["frames"]), tuple(scalars))


def evaluation_row(rows: Sequence[EvaluationRow], members: int) -> LoggedRow:
    """The scalars of one evaluation: rows of `evaluations.csv` with the same frames.

    **Arguments:**

    - `rows`: at least one; of all trials and of groups.
    - `members`: how many there are.
    """
    episodes: defaultdict[tuple[int, str], list[EvaluationRow]] = defaultdict(list)
    for row in rows:
        prefix = "evaluation" if row.group is None else f"evaluation-{row.group}"
        episodes[row.member, prefix].append(row)
    scalars: list[dict[str, float | None]] = [{} for _ in range(members)]
    for (member, prefix), own in episodes.items():
        successes = [row.success for row in own if row.success is not None]
        values = scalars[member]
        values[f"{prefix}/trial_return"] = sum(row.episode_return for row in own)
        if successes:
            values[f"{prefix}/success"] = sum(successes) / len(successes)
        for row in own:
            values[f"{prefix}/episode_{row.episode}/return"] = row.episode_return
            values[f"{prefix}/episode_{row.episode}/success"] = row.success
    finite = (
        {name: value for name, value in own.items() if value is not None and math.isfinite(value)}
        for own in scalars
    )
    return LoggedRow(rows[0].frames, tuple(finite))


def merged(row: LoggedRow, other: LoggedRow) -> LoggedRow:
    """Two rows with the same frames as one."""
    parts = zip(row.members, other.members, strict=True)
    return LoggedRow(row.frames, tuple({**first, **second} for first, second in parts))


def rows_of_records(
    metrics: Iterable[Mapping[str, Any]], evaluations: Iterable[EvaluationRow], members: int
) -> list[LoggedRow]:
    """All that was recorded, with frames that increase.

    **Arguments:**

    - `metrics`: the records of `metrics.jsonl`.
    - `evaluations`: the rows of `evaluations.csv`, of groups too.
    - `members`: how many there are.
    """
    at_frames: defaultdict[int, list[EvaluationRow]] = defaultdict(list)
    for row in evaluations:
        at_frames[row.frames].append(row)
    rows = {record["frames"]: metrics_row(record, members) for record in metrics}
    for frames, found in at_frames.items():
        row = evaluation_row(found, members)
        rows[frames] = merged(rows[frames], row) if frames in rows else row
    return [rows[frames] for frames in sorted(rows)]


def _series(name: str) -> str:
    if name == _SPEED:
        return f"speed/{name}"
    if name.startswith(_OF_ROLLOUT):
        return f"rollout/{name.removeprefix(_OF_ROLLOUT)}"
    return "update/number" if name == "update" else f"update/{name}"
