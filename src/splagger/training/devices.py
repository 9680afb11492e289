"""Which devices a run uses, what has to be right about the installation, and what it means."""

import importlib.metadata

import jax

from splagger.environments.registry import EnvironmentSpecification
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings
from splagger.learning.mesh import FEWEST_ENVIRONMENTS, Layout, choose_layout

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


def layout_for(settings: Settings, devices: int | None, *, on_host: bool) -> Layout:
    """How the devices share the members and environments of a run.

    **Arguments:**

    - `settings`: the run's.
    - `devices`: how many to use at most, of all processes together; None for all that jax sees.
    - `on_host`: whether simulators on the host are stepped, which one device does.

    **Raises:** `UserError` for an impossible number, or if it cannot be shared.
    """
    processes, available = jax.process_count(), _available()
    if on_host and processes > 1:
        raise UserError(
            f"there are {processes} processes, but simulators on the host are stepped by one: "
            "train this environment without --distributed and --coordinator."
        )
    if devices is not None and not 1 <= devices <= available:
        raise UserError(
            f"devices is {devices}, but it must be from 1 to {available}: so many jax can use."
        )
    if devices is not None and devices % processes:
        raise UserError(
            f"devices is {devices}, but it must be a multiple of the {processes} processes."
        )
    if on_host and devices is not None and devices > 1:
        raise UserError(
            f"devices is {devices}, but simulators on the host feed one device: leave it out."
        )
    if on_host:
        return Layout(1, 1)
    members, environments = len(settings.members), settings.learning.environments
    return choose_layout(members, environments, devices or available, processes)


def _available() -> int:
    """As many devices of every process as the one with the fewest has."""
    owners = [device.process_index for device in jax.devices()]
    return jax.process_count() * min(owners.count(owner) for owner in set(owners))


def remark_on_devices(settings: Settings, layout: Layout, devices: int | None) -> str | None:
    """What the devices do, where there are several; None where there is one.

    **Arguments:**

    - `settings`, `devices`: as for `layout_for`, which made the `layout`.
    """
    asked = devices or _available()
    if asked == 1:
        return None
    members, spread = len(settings.members), layout.member_devices
    facts = [f"{layout.devices} of {asked} devices train"]
    if spread > 1:
        facts.append(f"up to {-(-members // spread)} of the {members} members on each")
    if layout.environment_devices > 1:
        shared = layout.environment_devices
        part = settings.learning.environments // shared
        facts.append(f"the environments of a member split over {shared}, {part} on each")
    if layout.devices < asked:
        facts.append(
            "the others stay idle, as with them none would have fewer members, and environments "
            f"are not split into parts of less than {FEWEST_ENVIRONMENTS}"
        )
    return "; ".join(facts)


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
