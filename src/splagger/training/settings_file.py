"""`settings.json`: all that is needed to run again, and the versions the run was made with."""

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from splagger.foundation.errors import UserError
from splagger.training.files import plain, write_atomically
from splagger.training.versions import installed_version, installed_versions

FORMAT = 1
"""The number of the layout that this version writes and reads."""

SETTINGS = "settings.json"
"""The file that makes a directory a run directory."""


def new_record(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Makes the content of `settings.json` for a new run.

    **Arguments:**

    - `settings`: JSON values, tuples and array scalars.

    **Raises:** `TypeError` for values without a form in JSON, `ValueError` for NaN and infinities.
    """
    record = {
        "format": FORMAT,
        "splagger": installed_version("splagger"),
        "versions": installed_versions(),
        "created": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "settings": plain(settings, keep_non_finite=True),
    }
    _encode(record)
    return record


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Writes `record` to the file `path` in one step.

    **Raises:** `UserError` if it cannot be written; `ValueError` for NaN and infinities.
    """
    content = _encode(record)

    def write(file):
        file.write(content)

    write_atomically(path, write)


def read_record(path: Path) -> dict[str, Any] | None:
    """Reads the file `path`, of any format; `None` if the content is not from `write_record`.

    **Raises:** `UserError` if the file cannot be read at all.
    """
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read '{path}': {error.strerror or error}.") from error
    except ValueError:
        return None
    if not isinstance(record, dict) or not {"format", "splagger", "settings"} <= record.keys():
        return None
    return record if isinstance(record["settings"], dict) else None


def check_format(path: Path, record: Mapping[str, Any]) -> None:
    """Checks that this version can read what `record`, from the file `path`, describes.

    **Raises:** `UserError` if it was written in another format.
    """
    if record["format"] != FORMAT:
        raise UserError(
            f"'{path}' was written by splagger {record['splagger']} in format "
            f"{record['format']}; this version reads format {FORMAT} only."
        )


def _encode(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, indent=2, allow_nan=False) + "\n").encode()
