"""What the suite measures: an environment, an agent and a recipe, with a number of members."""

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
from measuring import Measured, Work
from rows import Row, spread
from work import UpdateWork

from splagger.foundation.settings import Settings
from splagger.learning.rollout import collect
from splagger.learning.sweep import Sweep, fastest_member_method, over_members
from splagger.recipes.build import build_hyperparameters, build_learner, build_trial
from splagger.recipes.recipes import settings_for


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line chooses."""

    environment: str = "t-maze-long-noise"
    agent: str = "splagger"
    recipe: str = "paper"
    members: int = 1
    precision: str = "float32"
    minibatch_kind: str | None = None

    def settings(self) -> Settings:
        """The recipe's settings with these options."""
        settings = settings_for(self.environment, self.agent, self.recipe)
        learning = settings.learning
        if self.minibatch_kind is not None:
            learning = dataclasses.replace(learning, minibatch_kind=self.minibatch_kind)
        return dataclasses.replace(
            settings, learning=learning, seeds=self.members, precision=self.precision
        )


class Case:
    """Everything that parts of the suite share, built when it is first asked for."""

    def __init__(self, settings: Settings, repeats: int):
        self.settings, self.repeats = settings, repeats
        self.members = len(settings.members)

    def with_minibatches(self, kind: str) -> "Case":
        """The same with other minibatches."""
        learning = dataclasses.replace(self.settings.learning, minibatch_kind=kind)
        return Case(dataclasses.replace(self.settings, learning=learning), self.repeats)

    @cached_property
    def learner(self) -> Any:
        """The learner of one member."""
        return build_learner(self.settings, build_trial(self.settings))

    @cached_property
    def sweep(self) -> Sweep:
        """The learner's functions for all members."""
        return Sweep(self.learner, fastest_member_method())

    @cached_property
    def seeds(self) -> jax.Array:
        """A seed for every member."""
        return jnp.asarray([seed for _, seed in self.settings.members])

    def start(self) -> Any:
        """A new state of all members. An update takes its memory."""
        return self.sweep.initialise(self.seeds, build_hyperparameters(self.settings))

    @cached_property
    def state(self) -> Any:
        """A state of all members that is only read."""
        return self.start()

    def updates(self) -> Callable[[], Any]:
        """A call that makes the next update of all members, from a start of its own."""
        state = self.start()

        def update():
            nonlocal state
            state, metrics = self.sweep.update(state)
            return metrics

        return update

    @cached_property
    def work(self) -> UpdateWork:
        """The counted work of one member."""
        member = jax.tree.map(lambda leaf: leaf[0], self.state.agent.networks)
        return UpdateWork(self.settings, member)

    @property
    def frames(self) -> int:
        """Environment steps of a rollout of all members."""
        return self.members * self.work.frames

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of one member for all of them, as a sweep shares the device."""
        return jax.jit(over_members(function, fastest_member_method()))

    @cached_property
    def rollout(self) -> Callable[[Any], Any]:
        """From states to collectors and rollouts."""
        learner = self.learner

        def one(state):
            return collect(
                state.agent,
                learner.trial,
                state.collector,
                state.key,
                steps=learner.steps,
                restart_memory=learner.restart_memory,
            )

        return self.compiled(one)

    @cached_property
    def experience(self) -> Any:
        """What the minibatches of a first rollout are made of."""
        prepare = self.compiled(lambda state, rollout: self.learner.prepare(state, rollout)[1])
        return prepare(self.state, self.rollout(self.state)[1])

    @property
    def sizes(self) -> str:
        """Members, steps and environments in words."""
        learning = self.settings.learning
        members = f"{self.members} members, " if self.members > 1 else ""
        return f"{members}T = {learning.steps}, N = {learning.environments}"

    def row(
        self,
        measured: Measured,
        name: str,
        what: str,
        phases: list[Work],
        *,
        frames: int | None = None,
        peer: str | None = None,
        remark: str = "",
    ) -> Row:
        """A row of the report.

        **Arguments:**

        - `measured`, `name`: the turns, and which call of them.
        - `what`: sizes and all else that it depends on.
        - `phases`: counted work of one member.
        - `frames`: environment steps of all members in a call.
        - `peer`: which call of the same turns does the same in another way.
        - `remark`: what else to know.
        """
        seconds = measured.median(name)
        whole = [work.times(self.members) for work in phases]
        operations = sum(work.operations for work in whole)
        floor = measured.rates.floor(whole)
        return Row(
            name=name,
            what=what,
            milliseconds=1000 * seconds,
            spread=spread(measured.seconds[name]),
            floor_ms=1000 * floor if floor else None,
            fraction_of_peak=operations / measured.rates.peak / seconds if operations else None,
            frames_per_second=None if frames is None else frames / seconds,
            peer=peer,
            peer_ms=None if peer is None else 1000 * measured.median(peer),
            remark=remark,
        )
