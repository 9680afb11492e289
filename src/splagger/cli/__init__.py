"""The command line. jax is imported by the commands that need it, so that help comes at once."""

from splagger.cli.main import main

__all__ = ["main"]
