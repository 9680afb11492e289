"""Members of a sweep side by side in one compiled program."""

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
from jaxtyping import Array, Int, Key

from splagger.agent import Agent
from splagger.environments.trial import Trial
from splagger.learning.evaluation import Evaluation, evaluate
from splagger.learning.learner import Learner
from splagger.learning.member_groups import vectorised_in_groups
from splagger.learning.metrics import Metrics
from splagger.learning.train_state import Hyperparameters, TrainState

MemberMethod = Literal["vectorised", "in-turn"]
"""How members share a device. `vectorised`: all at once, every product with a member dimension.
`in-turn`: one after the other inside the same program."""


def fastest_member_method() -> MemberMethod:
    """In turn on a CPU, whose products with a batch dimension are several times slower and whose
    cores one member fills alone; vectorised on accelerators, which one member leaves idle."""
    return "in-turn" if jax.default_backend() == "cpu" else "vectorised"


def over_members(
    function: Callable[..., Any], method: MemberMethod, at_once: int | None = None
) -> Callable[..., Any]:
    """Lifts a function of one member to arrays with a leading member dimension; of those that are
    vectorised, `at_once` at a time (see `vectorised_in_groups`)."""
    if method == "vectorised":
        return vectorised_in_groups(function, at_once)
    return lambda *arguments: jax.lax.map(lambda member: function(*member), arguments)


class Sweep(eqx.Module):
    """A learner's functions for all members, compiled.

    Learning rates, seeds and all other numbers in `Hyperparameters` are inputs of the compiled
    programs: new values compile nothing.
    """

    learner: Learner[Trial]
    """The learner of one member."""
    method: MemberMethod = eqx.field(static=True)
    """How members share a device."""
    members_at_once: int | None = eqx.field(static=True, default=None)
    """How many are vectorised at a time; None: all. It bounds memory and changes no result."""

    def initialise(
        self, seeds: Int[Array, " member"], hyperparameters: Hyperparameters
    ) -> TrainState:
        """The state of all members before training."""
        return _initialise(self, seeds, hyperparameters)

    def update(self, state: TrainState) -> tuple[TrainState, Metrics]:
        """One update of every member. The memory of `state` is used again: it is gone after."""
        return _update(self, state)

    def template(
        self, seeds: Int[Array, " member"], hyperparameters: Hyperparameters, *, captured: bool
    ) -> TrainState:
        """The shapes of a state, for reading it from a checkpoint; it always has its trials."""
        del captured
        return eqx.filter_eval_shape(self.initialise, seeds, hyperparameters)

    def capture(self, state: TrainState) -> tuple[TrainState, bool]:
        """What to save of a state, and whether that says where its trials stand: all of it."""
        return state, True

    def take_up(self, state: TrainState) -> tuple[TrainState, str]:
        """The state with which to go on from a saved one, and why trials had to begin anew, if so:
        they never have to."""
        return state, ""

    def fetch(self, tree: Any) -> Any:
        """Arrays of all members in the memory of the host."""
        return jax.device_get(tree)

    def close(self) -> None:
        """Frees what is held outside of arrays: nothing."""


@eqx.filter_jit
def evaluate_members(
    agents: Agent,
    trial: Trial,
    keys: Key[Array, " member"],
    *,
    tasks: int,
    erase_memory: bool = False,
    method: MemberMethod,
    at_once: int | None = None,
) -> Evaluation:
    """One evaluation of every member, with a key for each, as in `evaluate`; members share
    the device as `over_members` says."""

    def one(agent, key):
        return evaluate(agent, trial, key, tasks=tasks, erase_memory=erase_memory)

    return over_members(one, method, at_once)(agents, keys)


@eqx.filter_jit
def _initialise(sweep, seeds, hyperparameters):
    # In turn everywhere: it happens once, and vectorised orthogonal initialisations, QR
    # decompositions side by side, have been seen to lock up jax 0.10.2 on a CPU.
    return over_members(sweep.learner.initialise, "in-turn")(seeds, hyperparameters)


@eqx.filter_jit(donate="all-except-first")
def _update(sweep, state):
    return over_members(sweep.learner.update, sweep.method, sweep.members_at_once)(state)
