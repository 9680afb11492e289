"""The one exception that reports a user's mistake."""

import difflib
from collections.abc import Iterable

_FEW = 30


class UserError(Exception):
    """Bad input. Its message is one sentence for the user: the setting, the value, what is valid.

    The command line prints the message alone and exits with status 2; no traceback is shown.
    """


def unknown_name(kind: str, name: str, valid: Iterable[str]) -> UserError:
    """Makes the error for a `name` that is not one of the `valid` names.

    **Arguments:**

    - `kind`: what is being named, such as `"environment"`.
    - `name`: what the user wrote.
    - `valid`: every accepted name; the nearest ones are suggested.

    **Returns:** the error, to be raised by the caller.
    """
    names = sorted(valid)
    nearest = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if nearest:
        hint = f"did you mean {' or '.join(nearest)}?"
    elif len(names) > _FEW:
        hint = f"`splagger {kind}s` lists the valid names."
    else:
        hint = f"valid names are {', '.join(names)}."
    return UserError(f"unknown {kind} '{name}': {hint}")
