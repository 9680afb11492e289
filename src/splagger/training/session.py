"""A run's settings turned into everything that is needed to train, restore or evaluate it."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.registry import EnvironmentSpecification
from splagger.environments.trial import Trial
from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings, from_dictionary
from splagger.learning.evaluation import Evaluation
from splagger.learning.host_evaluation import evaluate_on_host
from splagger.learning.host_sweep import HostSweep
from splagger.learning.mesh import Layout, make_mesh
from splagger.learning.spread_sweep import SpreadSweep
from splagger.learning.sweep import Sweep, evaluate_members, fastest_member_method
from splagger.learning.train_state import TrainState
from splagger.recipes.build import build_hyperparameters, build_learner, build_trial
from splagger.training import checkpoints
from splagger.training.devices import check_cuda_packages, layout_for
from splagger.training.run_directory import RunDirectory

# Keeps the keys of evaluations apart from those of training, which are split off the seed's key.
_TRAINING_EVALUATIONS = 0x7EA1
_LATER_EVALUATIONS = 0x7EA2


class Session:
    """The objects that a run's settings describe. Whoever trains with it closes it."""

    settings: Settings
    """What the run is made from."""
    trial: Trial | HostTrial
    """The environment it trains on."""
    evaluation_environment: str
    """The name of the environment that its evaluations are on: the same, or what that holds out."""
    evaluation_trial: Trial | HostTrial
    """That environment."""
    layout: Layout
    """How devices share members and environments."""
    sweep: Sweep | SpreadSweep | HostSweep
    """The functions of all members."""

    def __init__(
        self,
        settings: Settings,
        *,
        trust: bool,
        devices: int | None = 1,
        members_at_once: int | None = None,
    ):
        """Builds everything; nothing is compiled yet.

        **Arguments:**

        - `settings`: the run's.
        - `trust`: whether code that the environment's name refers to may be imported.
        - `devices`: how many to use at most; None for all that jax sees. What is learnt does not
            depend on it, but for rounding.
        - `members_at_once`: how many members a device vectorises at a time, where it is an
            accelerator; None: all that it has. It bounds memory and changes no result.

        **Raises:** `UserError` for an unknown environment, one that may not be imported or is held
        out for evaluations, an impossible number of devices or of members at once, or an
        installation with two versions of CUDA.
        """
        if members_at_once is not None:
            check_at_least("members_at_once", members_at_once, 1)
        check_cuda_packages()
        self.settings = settings
        self._members_at_once = members_at_once
        specification = EnvironmentSpecification.parse(settings.environment)
        if specification.is_held_out:
            raise UserError(
                f"environment '{specification}' has the tasks that are held out for evaluations: "
                "train without that option."
            )
        self.trial = build_trial(settings, trust=trust)
        self.evaluation_environment = str(specification.held_out)
        self.evaluation_trial = self.trial
        if specification.held_out != specification:
            self.evaluation_trial = build_trial(settings, self.evaluation_environment, trust=trust)
        method = fastest_member_method()
        on_host = isinstance(self.trial, HostTrial)
        self.layout = layout_for(settings, devices, on_host=on_host)
        if isinstance(self.trial, HostTrial):
            self.sweep = HostSweep(
                build_learner(settings, self.trial),
                method,
                workers=settings.host.workers,
                overlap=settings.host.overlap,
            )
        elif self.layout.devices == 1:
            self.sweep = Sweep(build_learner(settings, self.trial), method, members_at_once)
        else:
            self.sweep = SpreadSweep(
                build_learner(settings, self.trial),
                method,
                make_mesh(self.layout),
                len(settings.members),
                members_at_once,
            )

    def initial_state(self) -> TrainState:
        """The state of all members before training."""
        return self.sweep.initialise(self._seeds, build_hyperparameters(self.settings))

    def restore(self, path: Path) -> tuple[TrainState, dict[str, Any]]:
        """Loads a checkpoint.

        **Returns:** the state of all members, with which training goes on after
        `sweep.take_up(state)`, and the checkpoint's metadata.

        **Raises:** `UserError` if it cannot be read or is from other settings.
        """
        numbers = build_hyperparameters(self.settings)
        captured = checkpoints.read_metadata(path).get("captured", True)
        template = self.sweep.template(self._seeds, numbers, captured=captured)
        state, metadata = checkpoints.load(path, template)
        # The settings decide these numbers: a resumed run may have been given more frames.
        return eqx.tree_at(lambda s: s.hyperparameters, state, numbers), metadata

    def evaluate(
        self,
        state: TrainState,
        keys: Key[Array, " member"],
        *,
        trial: Trial | HostTrial,
        tasks: int,
        erase_memory: bool = False,
    ) -> Evaluation:
        """One evaluation of every member, on any environment that fits its agents. `sweep.fetch`
        brings it to the host.

        **Arguments:**

        - `state`: of all members.
        - `keys`: randomness, one for every member.
        - `trial`, `tasks`, `erase_memory`: as for `evaluate`.

        **Raises:** `SimulatorError` where a simulator fails.
        """
        if isinstance(trial, HostTrial):
            return evaluate_on_host(
                state.agent,
                trial,
                keys,
                tasks=tasks,
                erase_memory=erase_memory,
                workers=self.settings.host.workers,
                method=self.sweep.method,
            )
        if isinstance(self.sweep, SpreadSweep):
            return self.sweep.evaluate(
                state.agent, trial, keys, tasks=tasks, erase_memory=erase_memory
            )
        return evaluate_members(
            state.agent,
            trial,
            keys,
            tasks=tasks,
            erase_memory=erase_memory,
            method=self.sweep.method,
            at_once=self._members_at_once,
        )

    def close(self) -> None:
        """Ends the simulators, if there are any. Can be called more than once."""
        self.sweep.close()

    def training_evaluation_keys(self, update: int) -> Key[Array, " member"]:
        """A key for every member's evaluation after that update, as good as new for each."""
        return self._keys(_TRAINING_EVALUATIONS, update)

    def later_evaluation_keys(self, seed: int) -> Key[Array, " member"]:
        """A key for every member's evaluation when training is over, by a seed of the user's."""
        return self._keys(_LATER_EVALUATIONS, seed)

    def _keys(self, purpose: int, number: int) -> Key[Array, " member"]:
        def key(seed):
            return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), purpose), number)

        return jax.vmap(key)(self._seeds)

    @property
    def _seeds(self) -> Int[Array, " member"]:
        return jnp.asarray([seed for _, seed in self.settings.members])


def open_session(path: Path, *, trust: bool) -> tuple[RunDirectory, Session]:
    """Opens a run directory and builds what its settings describe.

    **Raises:** `UserError` if it is no run directory, is damaged or from another version, or would
    import code without trust.
    """
    run = RunDirectory.open(path)
    return run, Session(from_dictionary(run.settings), trust=trust)


def restore_latest(run: RunDirectory, session: Session) -> tuple[TrainState, dict[str, Any]]:
    """Loads a run's newest checkpoint.

    **Raises:** `UserError` if there is none.
    """
    path = checkpoints.latest(run.checkpoints)
    if path is None:
        raise UserError(
            f"the run '{run.path}' has no checkpoint yet; "
            f"`splagger resume {run.path}` starts it from its settings."
        )
    return session.restore(path)
