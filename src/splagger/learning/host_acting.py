"""The compiled part of acting in simulators on the host: one call a step."""

import functools
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Shaped

from splagger.agent import Agent
from splagger.environments.task_information import TaskInformation
from splagger.learning.rollout import starting_memory
from splagger.learning.sweep import MemberMethod, over_members
from splagger.learning.train_state import Collector
from splagger.sequence.embedding import Transition
from splagger.sequence.split_aggregator import Memory

Pytree = TypeVar("Pytree")

Numbers = Any
"""An array: NumPy's where it is handed to a compiled function, jax's inside of it."""


class Player(eqx.Module):
    """An agent, and what stays the same while it acts for a while in some environments."""

    agent: Agent
    """Who acts."""
    fresh: Memory
    """Its memory where a trial starts."""
    keys: Key[Array, " environment"] | None
    """Randomness of all its actions in every environment; None for the most likely actions."""


class Moment(eqx.Module):
    """Where an agent stands that has chosen its actions and waits for what they lead to."""

    step: Int[Array, ""]
    """How many steps were made."""
    memory: Memory
    """What it remembered when it chose, `[environment, ...]`."""
    observation: Float[Array, "environment observation"]
    """What it acted on."""
    action: Shaped[Array, "environment ..."]
    """What it chose."""
    latent_noise: Float[Array, "environment mean"] | None
    """What made a sample of the latent for it to choose by, where it sees samples."""


class Outcome(NamedTuple):
    """What the actions led to, `[member, environment, ...]`."""

    reward: Numbers
    """The raw reward, floats `[member, environment]`."""
    next_observation: Numbers
    """What the memory sees, floats `[member, environment, observation]`."""
    trial_end: Numbers
    """Whether the trial ended, and the memory starts afresh: booleans `[member, environment]`."""
    observation: Numbers
    """What the policy acts on next, floats `[member, environment, observation]`."""
    task_vector: Numbers
    """The true tasks that it acts in then, floats `[member, environment, task]`."""
    task_index: Numbers
    """The same as integers `[member, environment]`."""


class Trace(eqx.Module):
    """What the agents of some members had in mind during T steps. It stays on the device."""

    log_probability: Float[Array, "member time_plus_one environment"]
    """Logarithm of the chosen action's probability; the last is of an action never made."""
    latent: Float[Array, "member time_plus_one environment latent"]
    """What they remembered when they acted, and at the end."""
    latent_noise: Float[Array, "member time_plus_one environment mean"] | None
    """What made samples of it for the policies; None where they do not see samples."""
    next_latent: Float[Array, "member time_plus_one environment latent"]
    """The latent after the step, before any reset for a new trial; the last entry is not used."""


@functools.partial(jax.jit, static_argnames=("groups", "steps", "restart_memory", "method"))
def begin_rollout(
    agents: Agent,
    collectors: Collector,
    keys: Key[Array, " member"],
    member: Int[Array, ""],
    group: Int[Array, ""],
    *,
    groups: int,
    steps: int,
    restart_memory: bool,
    method: MemberMethod,
) -> tuple[Player, Moment, Trace, Memory]:
    """Chooses the first actions of a rollout.

    Here and in the other functions everything has a leading member dimension.

    **Arguments:**

    - `agents`, `collectors`, `keys`: of all members: who acts, where (trials are `HostTrials`), and
        with which randomness.
    - `member`: which member alone acts, where they act in turn; not used otherwise.
    - `group`, `groups`: in which of the environments: every `groups`-th, from `group` on.
    - `steps`: T, the number of steps to come.
    - `restart_memory`: as for `collect`.
    - `method`: how members share the device.

    **Returns:** the players, where they stand, room for what they will have in mind, and the
    memories that they began with.
    """

    def one(agent: Agent, collector: Collector, key):
        environments = collector.fresh_start.shape[0]
        dealt = (environments // groups, groups)
        collector, keys = jax.tree.map(
            lambda leaf: leaf.reshape(*dealt, *leaf.shape[1:])[:, group],
            (collector, jax.random.split(key, environments)),
        )
        fresh = agent.initial_memory()
        memory = starting_memory(agent, collector, fresh, restart_memory=restart_memory)
        player = Player(agent, fresh, keys)
        task = collector.trial.tasks
        zero = jnp.zeros((), jnp.int32)
        moment, log_probability = _choose(player, zero, memory, collector.observation, task)
        return player, moment, log_probability

    inputs = acting_members((agents, collectors, keys), member, method)
    players, moments, log_probability = over_members(one, method)(*inputs)

    def room(first: Array) -> Array:
        rows = jnp.zeros((first.shape[0], steps + 1, *first.shape[1:]), first.dtype)
        return rows.at[:, 0].set(first)

    latent, noise = moments.memory.latent, moments.latent_noise
    trace = Trace(room(log_probability), room(latent), jax.tree.map(room, noise), room(latent))
    return players, moments, trace, moments.memory


@functools.partial(jax.jit, static_argnames=("method",), donate_argnames=("trace",))
def advance_rollout(
    players: Player, moments: Moment, trace: Trace, outcome: Outcome, *, method: MemberMethod
) -> tuple[Moment, Trace]:
    """Takes in what the actions led to, and chooses the next ones. The memory of `trace` is used
    again."""

    def one(player: Player, moment: Moment, outcome: Outcome):
        memory, next_latent = player.agent.observe(
            moment.memory, _transition(moment, outcome), outcome.trial_end, player.fresh
        )
        following, log_probability = _choose_next(player, moment, memory, outcome)
        return following, log_probability, next_latent

    following, log_probability, next_latent = over_members(one, method)(players, moments, outcome)
    # Outside of what is lifted over members, which would copy the whole trace at every step.
    now = following.step[0]
    noise = trace.latent_noise
    if noise is not None:
        noise = noise.at[:, now].set(following.latent_noise)
    trace = Trace(
        trace.log_probability.at[:, now].set(log_probability),
        trace.latent.at[:, now].set(following.memory.latent),
        noise,
        trace.next_latent.at[:, now - 1].set(next_latent),
    )
    return following, trace


@functools.partial(jax.jit, static_argnames=("method",))
def begin_evaluation(
    agents: Agent,
    observation: Float[Array, "member environment observation"],
    task_vector: Float[Array, "member environment task"],
    task_index: Int[Array, "member environment"],
    member: Int[Array, ""],
    *,
    method: MemberMethod,
) -> tuple[Player, Moment]:
    """Chooses the most likely first actions of trials that start now.

    **Arguments:**

    - `agents`: of all members.
    - `observation`: what they act on.
    - `task_vector`, `task_index`: the true tasks.
    - `member`, `method`: as for `begin_rollout`.
    """

    def one(agent: Agent, observation, vector, index):
        agent = agent.on_its_own()
        player = Player(agent, agent.initial_memory(), None)
        memory = agent.initial_memory(observation.shape[:1])
        zero, task = jnp.zeros((), jnp.int32), TaskInformation(vector, index)
        moment, _ = _choose(player, zero, memory, observation, task)
        return player, moment

    inputs = acting_members((agents, observation, task_vector, task_index), member, method)
    return over_members(one, method)(*inputs)


@functools.partial(jax.jit, static_argnames=("erase_memory", "method"))
def advance_evaluation(
    players: Player,
    moments: Moment,
    outcome: Outcome,
    *,
    erase_memory: bool,
    method: MemberMethod,
) -> Moment:
    """Takes in what the actions led to, and chooses the most likely next ones.

    **Arguments:**

    - `players`, `moments`: from `begin_evaluation`.
    - `outcome`: what the actions led to.
    - `erase_memory`: whether the memory is set back to the initial one before every action.
    - `method`: how members share the device.
    """

    def one(player: Player, moment: Moment, outcome: Outcome):
        agent, count = player.agent, outcome.reward.shape[0]
        # After a task's only trial its memory goes on into the next one; nothing of it counts.
        goes_on = jnp.zeros(count, bool)
        transition = _transition(moment, outcome)
        memory, _ = agent.observe(moment.memory, transition, goes_on, player.fresh)
        if erase_memory:
            memory = agent.initial_memory((count,))
        following, _ = _choose_next(player, moment, memory, outcome)
        return following

    return over_members(one, method)(players, moments, outcome)


def acting_members(tree: Pytree, member: Int[Array, ""], method: MemberMethod) -> Pytree:
    """Those that one call acts for: all members, or where they take turns a single one.

    They take turns in Python and not in the program, where the parameters of every member would be
    copied at every step.

    **Arguments:**

    - `tree`: `[member, ...]`.
    - `member`: which one, where they take turns.
    - `method`: how members share the device.
    """
    if method == "vectorised":
        return tree
    return jax.tree.map(lambda leaf: jax.lax.dynamic_slice_in_dim(leaf, member, 1), tree)


def _choose(
    player: Player,
    step: Int[Array, ""],
    memory: Memory,
    observation: Float[Array, "environment observation"],
    task: TaskInformation,
) -> tuple[Moment, Float[Array, " environment"]]:
    keys = None
    if player.keys is not None:
        keys = jax.vmap(jax.random.fold_in, (0, None))(player.keys, step)
    choice = player.agent.act(memory, observation, task, keys)
    moment = Moment(step, memory, observation, choice.action, choice.latent_noise)
    return moment, choice.log_probability


def _choose_next(
    player: Player, moment: Moment, memory: Memory, outcome: Outcome
) -> tuple[Moment, Float[Array, " environment"]]:
    task = TaskInformation(outcome.task_vector, outcome.task_index)
    return _choose(player, moment.step + 1, memory, outcome.observation, task)


def _transition(moment: Moment, outcome: Outcome) -> Transition:
    return Transition(moment.observation, moment.action, outcome.reward, outcome.next_observation)
