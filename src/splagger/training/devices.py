"""What has to be right about the installation before jax is used."""

import importlib.metadata

from splagger.foundation.errors import UserError

_PLUGINS = ("jax-cuda12-plugin", "jax-cuda13-plugin")


def check_cuda_packages() -> None:
    """Checks that jax finds the libraries of one CUDA version at most.

    **Raises:** `UserError` if those of both are installed, of which jax would load parts of each.
    """
    installed = {distribution.name.lower() for distribution in importlib.metadata.distributions()}
    if installed.issuperset(_PLUGINS):
        raise UserError(
            "the extras cuda12 and cuda13 are both installed, but they exclude each other: "
            "make a new virtual environment with one of them."
        )
