"""How the process of a training tells its parent what became of it."""

BAD_INPUT = 2
"""The exit status where a mistake of the user's is complained about."""

INTERRUPTED = 3
"""The exit status of a training that a signal stopped."""

STOPPED = "members stopped:"
"""How the line begins that says how many members were stopped."""
