import json
from pathlib import Path

import pytest
from support.event_files import series_of

from splagger.training.loggers.logger import LoggedRow
from splagger.training.loggers.tensorboard import TensorBoardLogger

LABELS = ["one", "two"]


def row(frames: int, value: float = 0.5) -> LoggedRow:
    return LoggedRow(frames, ({"a": value}, {"a": -value, "b/c": 2.0}))


def logged(folder: Path, frames: list[int], begin: int = 0) -> int:
    logger = TensorBoardLogger(folder, LABELS)
    first = logger.begin(begin)
    for number in frames:
        logger.log(row(number, number / 64))
    logger.close(True)
    return first


def test_every_member_has_its_series(tmp_path: Path):
    assert logged(tmp_path / "log", [0, 32]) == 0
    assert series_of(tmp_path / "log" / "one") == {"a": [(0, 0.0), (32, 0.5)]}
    assert series_of(tmp_path / "log" / "two") == {
        "a": [(0, 0.0), (32, -0.5)],
        "b/c": [(0, 2.0), (32, 2.0)],
    }


def test_what_lies_after_the_checkpoint_is_taken_back(tmp_path: Path):
    logged(tmp_path, [0, 32, 64, 96])
    # What the checkpoint has of its own frames is logged again.
    assert logged(tmp_path, [64, 96, 128], begin=64) == 64
    expected = [(frames, frames / 64) for frames in (0, 32, 64, 96, 128)]
    assert series_of(tmp_path / "one")["a"] == expected
    # Twice in one second, and once more from the start.
    assert logged(tmp_path, [0, 32]) == 0
    assert series_of(tmp_path / "one")["a"] == expected[:2]
    assert len(list((tmp_path / "one").iterdir())) == 3


def test_what_a_killed_process_lost_is_asked_for_again(tmp_path: Path):
    time = 0.0
    killed = TensorBoardLogger(tmp_path, LABELS, clock=lambda: time)
    killed.begin(0)
    killed.log(row(0, 0.0))
    time = 10.0
    killed.log(row(32, 0.5))
    time = 19.0
    killed.log(row(64, 1.0))
    # On the disk is what was flushed after ten seconds; of the rest, half an event.
    kept = {name: (tmp_path / name / "events.out.tfevents.000000").read_bytes() for name in LABELS}
    state = (tmp_path / "logged.json").read_text()
    assert json.loads(state) == {"frames": 32}
    killed.close(False)
    assert json.loads((tmp_path / "logged.json").read_text()) == {"frames": 64}
    whole = {name: (tmp_path / name / "events.out.tfevents.000000").read_bytes() for name in LABELS}
    (tmp_path / "logged.json").write_text(state)
    for name in LABELS:
        path = tmp_path / name / "events.out.tfevents.000000"
        path.write_bytes(whole[name][: len(kept[name]) + 20])
    assert series_of(tmp_path / "one") == {"a": [(0, 0.0), (32, 0.5)]}
    assert logged(tmp_path, [64, 96, 128], begin=128) == 33
    expected = [(frames, frames / 64) for frames in (0, 32, 64, 96, 128)]
    assert series_of(tmp_path / "one")["a"] == expected


def test_a_damaged_note_means_that_all_is_logged_again(tmp_path: Path):
    logged(tmp_path, [0, 32])
    (tmp_path / "logged.json").write_text("[")
    assert logged(tmp_path, [0, 32, 64], begin=64) == 0
    assert series_of(tmp_path / "one")["a"] == [(0, 0.0), (32, 0.5), (64, 1.0)]


def test_a_full_disk_is_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from tensorboardX.record_writer import RecordWriter

    logger = TensorBoardLogger(tmp_path, LABELS)
    logger.begin(0)

    def refuse(writer):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(RecordWriter, "flush", refuse)
        with pytest.raises(OSError, match="No space left"):
            logger.close(True)
    assert all(writer._writer.closed for writer in logger._writers)
