"""The bodies that walk: their model files, and how a step of an environment is simulated."""

from dataclasses import dataclass
from typing import Any, Literal

from splagger.environments.locomotion.packages import import_mujoco, model_file
from splagger.foundation.checks import check_choice

Solver = Literal["model", "fast"]
"""How contacts are solved, in both simulators. `model`: as the model file says, up to 100
iterations with 50 steps of line search. `fast`: 4 iterations with 8 steps, which is several times
faster in MJX, where every environment waits for the slowest, and close enough to learn in."""

_FAST_ITERATIONS, _FAST_LINE_SEARCH = 4, 8


@dataclass(frozen=True)
class Body:
    """A body of Gymnasium's model files."""

    file: str
    """Its model file."""
    physics_seconds: float
    """Seconds of one physics step. Where the file says something else, this counts."""
    frame_skip: int
    """Physics steps of one environment step."""
    positions: int
    """Numbers of a position, `nq`."""
    velocities: int
    """Numbers of a velocity, `nv`."""
    actions: int
    """Numbers of an action, one for every motor; motors take -1 to 1."""
    parts: int
    """Parts of the body, the world included: `nbody`."""

    @property
    def step_seconds(self) -> float:
        """Seconds of one environment step."""
        return self.physics_seconds * self.frame_skip


HALF_CHEETAH = Body("half_cheetah.xml", 0.01, 5, positions=9, velocities=9, actions=6, parts=8)
"""Two legs in a plane. Its parts touch the floor and not each other."""
ANT = Body("ant.xml", 0.01, 5, positions=15, velocities=14, actions=8, parts=14)
"""Four legs in space; simulated by Runge and Kutta's method, as the walker and the hopper are."""
WALKER = Body("walker2d.xml", 0.004, 4, positions=9, velocities=9, actions=6, parts=8)
"""Two legs in a plane. The published file has other physics steps than Gymnasium's."""
HOPPER = Body("hopper.xml", 0.004, 4, positions=6, velocities=6, actions=3, parts=5)
"""One leg in a plane. The published file has other physics steps than Gymnasium's."""


def load_model(body: Body, solver: Solver = "model") -> Any:
    """A new `mujoco.MjModel` of a body.

    It is never reset by MuJoCo itself where numbers become absurd, so that this is noticed.

    **Raises:** `UserError` where a package is missing, or for an unknown solver.
    """
    check_choice("solver", solver, ("model", "fast"))
    mujoco = import_mujoco()
    model = mujoco.MjModel.from_xml_path(str(model_file(body.file)))
    model.opt.timestep = body.physics_seconds
    if solver == "fast":
        model.opt.iterations, model.opt.ls_iterations = _FAST_ITERATIONS, _FAST_LINE_SEARCH
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
    return model
