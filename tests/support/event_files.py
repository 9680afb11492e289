"""Reads what loggers leave: TensorBoard's event files, and the files of offline W&B runs."""

import importlib
import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Series = dict[str, list[tuple[int, float]]]
"""By name: frames and value of every point."""

_BLOCK = 32768
_HEADER = 7


def series_of(folder: Path) -> Series:
    """What TensorBoard shows of a folder: the events of all files in the order of their names,
    without those that a later start takes back."""
    shown: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        for event in events_of(path):
            if event.HasField("session_log"):
                assert event.session_log.status == event.session_log.START
                for name in shown:
                    shown[name] = [point for point in shown[name] if point[0] < event.step]
            for value in event.summary.value:
                shown[value.tag].append((event.step, value.simple_value))
    return {name: points for name, points in shown.items() if points}


def events_of(path: Path) -> Iterator[Any]:
    """The events of one file, every checksum tested; one that is cut off ends it."""
    Event: Any = importlib.import_module("tensorboardX.proto.event_pb2").Event
    masked_crc32c = importlib.import_module("tensorboardX.record_writer").masked_crc32c
    content = path.read_bytes()
    first = True
    while len(content) >= 12:
        (length,) = struct.unpack("<Q", content[:8])
        assert struct.unpack("<I", content[8:12])[0] == masked_crc32c(content[:8])
        data, rest = content[12 : 12 + length], content[12 + length :]
        if len(rest) < 4:
            return
        assert struct.unpack("<I", rest[:4])[0] == masked_crc32c(data)
        event = Event.FromString(data)
        assert event.wall_time > 0
        assert (event.file_version == "brain.Event:2") == first
        first, content = False, rest[4:]
        yield event


def history_of(path: Path) -> list[dict[str, Any]]:
    """The rows of one offline run, from its file with the ending `.wandb`."""
    Record: Any = importlib.import_module("wandb.proto.wandb_internal_pb2").Record
    rows = []
    for data in _records(path.read_bytes()):
        record = Record.FromString(data)
        if record.HasField("history"):
            items = record.history.item
            names = [item.key or "/".join(item.nested_key) for item in items]
            values = [json.loads(item.value_json) for item in items]
            rows.append(dict(zip(names, values, strict=True)))
    return rows


def _records(content: bytes) -> Iterator[bytes]:
    """The records of LevelDB's log format, after the header that wandb puts before it."""
    assert content.startswith(b":W&B")
    position, data = _HEADER, b""
    while position + _HEADER <= len(content):
        if _BLOCK - position % _BLOCK < _HEADER:
            position += _BLOCK - position % _BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", content[position : position + _HEADER])
        position += _HEADER
        data += content[position : position + length]
        position += length
        # 1: whole, 2: first, 3: middle, 4: last.
        if kind in (1, 4):
            yield data
            data = b""
