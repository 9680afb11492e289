"""A trial: several episodes of one task in a row, after which a new task is drawn by itself."""

import dataclasses
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from splagger.environments.environment import Environment, Step
from splagger.environments.places import Places
from splagger.environments.task_information import TaskInformation
from splagger.environments.task_probes import TaskProbes
from splagger.environments.trial_description import TrialDescription

Pytree = TypeVar("Pytree")


class TrialState(eqx.Module):
    """Where one environment stands in its trial."""

    task: Any
    """The environment's task, a pytree."""
    state: Any
    """The environment's state, a pytree."""
    episode: Int[Array, ""]
    """Index of the running episode in the trial, 0 to K - 1."""
    steps: Int[Array, ""]
    """Steps made in the running episode, 0 to `max_episode_steps` - 1."""


class TrialStep(eqx.Module):
    """What one step of a trial returns besides the new state."""

    next_observation: Float[Array, "observation"]
    """What the memory sees as the end of this transition."""
    observation: Float[Array, "observation"]
    """What the policy acts on next, and the memory sees as the start of the next transition."""
    reward: Float[Array, ""]
    """The reward, not normalised."""
    episode_end: Bool[Array, ""]
    """Whether this transition ended an episode."""
    trial_end: Bool[Array, ""]
    """Whether it ended the trial's last episode. `observation` then belongs to a new trial."""
    truncated: Bool[Array, ""]
    """Whether it ended an episode by a time limit, or diverged, and not by termination."""
    success: Bool[Array, ""]
    """Whether it ended an episode that was a success."""
    diverged: Bool[Array, ""]
    """Whether it ended an episode because the simulator failed. It is `truncated`, too."""
    episode: Int[Array, ""]
    """Index in the trial of the episode that this transition and its reward belong to."""


class Trial(TrialDescription[Environment]):
    """An environment in which tasks last for K episodes (Beck et al. 2024).

    The dynamics are reset after every episode, the task is drawn again only after the K-th, and
    both happen inside `step`. A trial has no length of its own: it ends with its K-th episode.

    **Raises:** as `TrialDescription` does.
    """

    @property
    def may_truncate(self) -> bool:
        return self.environment.truncates or self.environment.may_diverge

    @property
    def has_success(self) -> bool:
        return self.environment.has_success

    @property
    def task_groups(self) -> tuple[str, ...]:
        return self.environment.task_groups

    @property
    def may_diverge(self) -> bool:
        return self.environment.may_diverge

    @property
    def places(self) -> Places | None:
        return self.environment.places

    @property
    def belief_size(self) -> int | None:
        def belief() -> Float[Array, "tasks"] | None:
            state, _ = self.reset(jax.random.key(0))
            return self.task_information(state).belief

        shape = jax.eval_shape(belief)
        return None if shape is None else shape.size

    def reset(self, key: Key[Array, ""]) -> tuple[TrialState, Float[Array, "observation"]]:
        """Draws a task and begins its first episode."""
        task_key, start_key = jax.random.split(key)
        return self.start(self.environment.sample_task(task_key), start_key)

    def start(
        self, task: Any, key: Key[Array, ""]
    ) -> tuple[TrialState, Float[Array, "observation"]]:
        """Begins the first episode of a given task."""
        state, observation = self.environment.reset(task, None, key)
        zero = jnp.zeros((), dtype=int)
        return TrialState(task, state, episode=zero, steps=zero), self._flagged(observation, False)

    def step(
        self, trial_state: TrialState, action: Array, key: Key[Array, ""]
    ) -> tuple[TrialState, TrialStep]:
        """Makes one step, and begins the next episode or the next trial where one ended.

        **Arguments:**

        - `trial_state`: what `reset` or `step` returned.
        - `action`: a scalar integer for a `Discrete` action space, a vector for a `Box`.
        - `key`: a fresh key; every use inside gets its own part.

        **Returns:** the state from which to step next, and a `TrialStep`.
        """
        # One key for both starts, of which one is used at most: what is random in both alike, such
        # as noise in a picture, is then computed once.
        _, start_key, task_key = jax.random.split(key, 3)
        task = trial_state.task
        state, step = self.advance(trial_state, action, key)
        steps = trial_state.steps + 1

        # What a simulator that failed says of the task's own end means nothing.
        terminated = step.terminated & ~step.diverged
        truncated = step.diverged
        if self.environment.truncates:
            time_limit = steps >= self.environment.max_episode_steps
            truncated = truncated | ((step.truncated | time_limit) & ~terminated)
        episode_end = terminated | truncated
        trial_end = episode_end & (trial_state.episode + 1 >= self.episodes)

        following = TrialState(task, state, episode=trial_state.episode, steps=steps)
        seen = self._flagged(step.observation, episode_end)
        acted_on = seen
        if self.episodes > 1:
            state, start = self.environment.reset(task, state, start_key)
            next_episode = TrialState(
                task, state, episode=trial_state.episode + 1, steps=jnp.zeros_like(steps)
            )
            following = _choose(episode_end, next_episode, following)
            inside = episode_end & ~trial_end
            if self.boundary == "both":
                acted_on = _choose(inside, self._flagged(start, False), seen)
            elif self.boundary == "start":
                seen = acted_on = _choose(inside, self._flagged(start, True), seen)
        next_task = self.environment.sample_task(task_key)
        next_trial, first_observation = self.start(next_task, start_key)
        return _choose(trial_end, next_trial, following), TrialStep(
            next_observation=seen,
            observation=_choose(trial_end, first_observation, acted_on),
            reward=step.reward,
            episode_end=episode_end,
            trial_end=trial_end,
            truncated=truncated,
            success=step.success & episode_end,
            diverged=step.diverged,
            episode=trial_state.episode,
        )

    def advance(
        self, trial_state: TrialState, action: Array, key: Key[Array, ""]
    ) -> tuple[Any, Step]:
        """The part of `step` that the environment makes: what it comes to before anything begins
        anew. At an episode's end that is what `step` itself no longer shows.

        The arguments are those of `step`.

        **Returns:** the environment's state after the step, and its `Step`.
        """
        step_key, _, _ = jax.random.split(key, 3)
        return self.environment.step(trial_state.task, trial_state.state, action, step_key)

    def task_information(self, trial_state: TrialState) -> TaskInformation:
        """The hidden task of the running trial, and what an observer could know of it by now."""
        task, state = trial_state.task, trial_state.state
        return TaskInformation(
            self.environment.task_vector(task, state),
            self.environment.task_index(task, state),
            self.environment.belief(task, state),
        )

    def task_probes(self) -> TaskProbes | None:
        """The environment's `task_probes`, with the flag of an episode's end on every observation.

        A step that ends an episode is shown with its own last observation and flag 1, as every
        boundary shows it at a trial's end.
        """
        probes = self.environment.task_probes()
        if probes is None:
            return None
        before, after = (
            jax.vmap(self._flagged)(observation, flag)
            for observation, flag in (
                (probes.previous_observation, jnp.zeros_like(probes.episode_end)),
                (probes.observation, probes.episode_end),
            )
        )
        return dataclasses.replace(probes, previous_observation=before, observation=after)

    def _flagged(
        self, observation: Float[Array, "size"], episode_end: Bool[Array, ""] | bool
    ) -> Float[Array, "flagged"]:
        if self.episodes == 1:
            return observation
        flag = jnp.asarray(episode_end, dtype=observation.dtype)
        return jnp.concatenate([observation, flag[None]])


def _choose(condition: Bool[Array, ""], chosen: Pytree, otherwise: Pytree) -> Pytree:
    # A `where` on every leaf, not a `cond`: under vmap a `cond` computes both sides as well.
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), chosen, otherwise)
