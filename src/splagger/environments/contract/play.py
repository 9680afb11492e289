"""Random play in one episode, with what the checks need to know of every step."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from splagger.environments.environment import Environment, Step
from splagger.environments.random_actions import random_action
from splagger.environments.spaces import Box

Pytree = TypeVar("Pytree")

# How far an observation may be beyond a bound, relative to the larger of 1 and the bound.
_TOLERANCE = 1e-5


class Look(eqx.Module):
    """What is known of one observation."""

    total: Float[Array, "*batch"]
    """A weighted sum of its entries, by which observations are compared."""
    finite: Bool[Array, "*batch"]
    """Whether all entries are finite."""
    excess: Float[Array, "*batch"]
    """How far the worst entry is out of its bounds, beyond rounding; 0 if none is."""
    entry: Int[Array, "*batch"]
    """The index of that entry."""
    value: Float[Array, "*batch"]
    """Its value."""


class Moment(eqx.Module):
    """One step of an episode, or what follows after its end."""

    observation: Look
    """The observation after the step."""
    reward: Float[Array, "*batch"]
    """As `Step` has it, like all that follow."""
    terminated: Bool[Array, "*batch"]
    """Whether the episode ended."""
    truncated: Bool[Array, "*batch"]
    """Whether the environment cut it off."""
    success: Bool[Array, "*batch"]
    """Whether it was a success."""
    diverged: Bool[Array, "*batch"]
    """Whether the simulator failed, which ends the episode."""
    task_index: Int[Array, "*batch"]
    """The task's index in the state after the step."""
    belief_error: Float[Array, "*batch"]
    """How far the belief in the state after the step is from being probabilities: the largest of
    how far their sum is from 1, and how far one is below 0; 0 without a belief."""
    believed: Bool[Array, "*batch"]
    """Whether that belief leaves the true task possible, or there is none."""
    place: Int[Array, "*batch"]
    """The place that the step ended in; 0 without places."""
    in_right_place: Bool[Array, "*batch"]
    """Whether, by its reward, being there is a success; false without places."""
    running: Bool[Array, "*batch"]
    """Whether the episode had not ended before this step. If it had, nothing else counts."""


class Episode(eqx.Module):
    """An episode of random play."""

    start: Look
    """The first observation."""
    start_index: Int[Array, "*batch"]
    """The task's index in the first state."""
    moments: Moment
    """Every step, `[*batch, step]`."""
    state: Any
    """The last state."""


def play_episode(
    environment: Environment,
    task: Any,
    start_key: Key[Array, ""],
    keys: Key[Array, " step"],
    *,
    unrolled: bool = False,
) -> Episode:
    """Plays at random for as many steps as there are keys.

    **Arguments:**

    - `environment`, `task`: what is played.
    - `start_key`: for the start.
    - `keys`: one for every step.
    - `unrolled`: whether Python loops over the steps instead of `jax.lax.scan`.
    """
    state, observation = environment.reset(task, None, start_key)

    def advance(carried: tuple[Any, Array], key: Key[Array, ""]) -> tuple[Any, Moment]:
        state, running = carried
        action_key, step_key = jax.random.split(key)
        action = random_action(environment.action_space, action_key)
        after, step = environment.step(task, state, action, step_key)
        after = jax.tree.map(lambda new, old: jnp.where(running, new, old), after, state)
        ended = step.terminated | step.truncated | step.diverged
        moment = Moment(
            observation=look(environment.observation_space, step.observation),
            reward=step.reward,
            terminated=step.terminated,
            truncated=step.truncated,
            success=step.success,
            diverged=step.diverged,
            task_index=environment.task_index(task, after),
            **_inferred(environment, task, after, step),
            running=running,
        )
        return (after, running & ~ended), moment

    carried = (state, jnp.ones((), bool))
    if unrolled:
        moments = []
        for key in keys:
            carried, moment = advance(carried, key)
            moments.append(moment)
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *moments)
    else:
        carried, stacked = jax.lax.scan(advance, carried, keys)
    return Episode(
        start=look(environment.observation_space, observation),
        start_index=environment.task_index(task, state),
        moments=stacked,
        state=carried[0],
    )


def _inferred(environment: Environment, task: Any, state: Any, step: Step) -> dict[str, Array]:
    belief, places = environment.belief(task, state), environment.places
    error, believed = jnp.zeros(()), jnp.ones((), bool)
    if belief is not None:
        error = jnp.maximum(jnp.abs(jnp.sum(belief) - 1), -jnp.min(belief))
        believed = belief[environment.task_index(task, state)] > 0
    place, right = jnp.zeros((), int), jnp.zeros((), bool)
    if places is not None:
        place, right = places.place(step.observation), places.succeeded(step.reward)
    return {
        "belief_error": error,
        "believed": believed,
        "place": place,
        "in_right_place": right,
    }


def look(space: Box, observation: Float[Array, "observation"]) -> Look:
    """Looks at an observation: whether it is as its space promises."""
    low, high = (jnp.asarray(bound, dtype=float) for bound in space.bounds)
    magnitude = jnp.maximum(1.0, jnp.abs(jnp.where(observation < low, low, high)))
    beyond = jnp.maximum(low - observation, observation - high)
    # An infinite bound is never passed; inf - inf is no number.
    beyond = jnp.where((observation < low) | (observation > high), beyond, 0.0)
    excess = jnp.maximum(beyond - _TOLERANCE * magnitude, 0.0)
    entry = jnp.argmax(jnp.where(jnp.isfinite(observation), excess, jnp.inf))
    weights = 1 + jnp.arange(observation.size) / observation.size
    return Look(
        total=observation @ weights.astype(observation.dtype),
        finite=jnp.all(jnp.isfinite(observation)),
        excess=excess[entry],
        entry=entry,
        value=observation[entry],
    )
