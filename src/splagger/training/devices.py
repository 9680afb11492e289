"""What has to be right about the installation before jax is used, and what it means for a run."""

import importlib.metadata

import jax

from splagger.environments.registry import EnvironmentSpecification
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


def remark_on_simulator(environment: str, *, changeable: bool) -> str | None:
    """What simulates an environment; None where there is no choice.

    **Arguments:**

    - `environment`: its name, with options.
    - `changeable`: whether to say how another is chosen, which a run that goes on cannot.
    """
    simulator = EnvironmentSpecification.parse(environment).resolved().simulator
    if simulator is None:
        return None
    if simulator == "native":
        remark = "simulated by MuJoCo on the processor (native)"
        other = "--simulator mjx simulates on the device"
    elif jax.default_backend() == "gpu":
        remark = "simulated by MJX on the GPU (mjx)"
        other = "--simulator native simulates on the processor"
    else:
        remark = "simulated by MJX without a GPU (mjx), which is about ten times slower than MuJoCo"
        other = "--simulator native uses that"
    return f"{remark}; {other}" if changeable else remark
