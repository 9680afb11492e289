"""A run's settings turned into everything that is needed to train, restore or evaluate it."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings, from_dictionary
from splagger.learning.sweep import Sweep, fastest_member_method
from splagger.learning.train_state import TrainState
from splagger.recipes.build import build_hyperparameters, build_learner, build_trial
from splagger.training import checkpoints
from splagger.training.devices import check_cuda_packages
from splagger.training.run_directory import RunDirectory

# Keeps the keys of evaluations apart from those of training, which are split off the seed's key.
_TRAINING_EVALUATIONS = 0x7EA1
_LATER_EVALUATIONS = 0x7EA2


class Session:
    """The objects that a run's settings describe."""

    settings: Settings
    """What the run is made from."""
    trial: Trial
    """The environment it trains on."""
    sweep: Sweep
    """The compiled functions of all members."""

    def __init__(self, settings: Settings, *, trust: bool):
        """Builds everything; nothing is compiled yet.

        **Arguments:**

        - `settings`: the run's.
        - `trust`: whether code that the environment's name refers to may be imported.

        **Raises:** `UserError` for an unknown environment, one that may not be imported, or an
        installation with two versions of CUDA.
        """
        check_cuda_packages()
        self.settings = settings
        self.trial = compiled_trial(build_trial(settings, trust=trust))
        self.sweep = Sweep(build_learner(settings, self.trial), fastest_member_method())

    def initial_state(self) -> TrainState:
        """The state of all members before training."""
        seeds = jnp.asarray([seed for _, seed in self.settings.members])
        return self.sweep.initialise(seeds, build_hyperparameters(self.settings))

    def restore(self, path: Path) -> tuple[TrainState, dict[str, Any]]:
        """Loads a checkpoint.

        **Returns:** the state of all members, and the checkpoint's metadata.

        **Raises:** `UserError` if it cannot be read or is from other settings.
        """
        template = eqx.filter_eval_shape(self.initial_state)
        state, metadata = checkpoints.load(path, template)
        # The settings decide these numbers: a resumed run may have been given more frames.
        numbers = build_hyperparameters(self.settings)
        return eqx.tree_at(lambda s: s.hyperparameters, state, numbers), metadata

    def training_evaluation_keys(self, update: int) -> Key[Array, " member"]:
        """A key for every member's evaluation after that update, as good as new for each."""
        return self._keys(_TRAINING_EVALUATIONS, update)

    def later_evaluation_keys(self, seed: int) -> Key[Array, " member"]:
        """A key for every member's evaluation when training is over, by a seed of the user's."""
        return self._keys(_LATER_EVALUATIONS, seed)

    def _keys(self, purpose: int, number: int) -> Key[Array, " member"]:
        def key(seed):
            return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), purpose), number)

        return jax.vmap(key)(jnp.asarray([seed for _, seed in self.settings.members]))


def compiled_trial(trial: Trial | HostTrial) -> Trial:
    """The trial, where jax can compile it.

    **Raises:** `UserError` for a Gymnasium environment.
    """
    if isinstance(trial, HostTrial):
        raise UserError(
            f"'{trial.environment.maker.path}' is an environment of Gymnasium, but only those of "
            "splagger.environments.Environment can be trained on."
        )
    return trial


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
