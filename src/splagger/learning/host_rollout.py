"""Collecting experience in simulators on the host: T steps in N environments of M members."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Key, Shaped

from splagger.agent import Agent
from splagger.environments.host.simulators import Simulators
from splagger.environments.task_information import TaskInformation
from splagger.learning.host_acting import Moment, Player, Trace, advance_rollout, begin_rollout
from splagger.learning.host_record import HostRecord
from splagger.learning.host_trials import HostTrials
from splagger.learning.rollout import Rollout
from splagger.learning.sweep import MemberMethod
from splagger.learning.train_state import Collector
from splagger.sequence.split_aggregator import Memory


def collect_on_host(
    agents: Agent,
    simulators: Simulators,
    collectors: Collector,
    keys: Key[Array, " member"],
    *,
    steps: int,
    restart_memory: bool,
    groups: int,
    method: MemberMethod,
) -> tuple[Collector, Rollout]:
    """Acts for a number of steps in every environment of every member: `collect`, on the host.

    Environment e of member m is simulator m N + e. The action in an environment depends on its
    member's key and its place, e, and not on how simulators are grouped.

    **Arguments:**

    - `agents`: of all members, `[member, ...]`, as `collectors` and `keys` are.
    - `simulators`: M N of them. They move on.
    - `collectors`: where the environments stand, with `HostTrials`.
    - `keys`: randomness, `collection_key` of every member.
    - `steps`: T, the number of steps.
    - `restart_memory`: as for `collect`.
    - `groups`: into how many groups the environments of every member are divided, of which one is
        stepped while the agents choose for another; a divisor of N.
    - `method`: how members share the device.

    **Returns:** where the environments stand now, and what happened, `[member, ...]`.

    **Raises:** `SimulatorError` where a simulator fails. `collectors` is then still whole, the
    simulators are not.
    """
    places = [slice(group, None, groups) for group in range(groups)]
    actors = [
        [
            _Actor(
                members,
                *begin_rollout(
                    agents,
                    collectors,
                    keys,
                    members.start,
                    place.start,
                    groups=groups,
                    steps=steps,
                    restart_memory=restart_memory,
                    method=method,
                ),
            )
            for members in acting_in_turn(keys.shape[0], method)
        ]
        for place in places
    ]
    record = HostRecord.create(collectors, steps, _actions(actors[0]))

    def send(step: int, group: int) -> None:
        action = _actions(actors[group])
        record.action[:, step, places[group]] = action
        simulators.send(action.reshape(-1, *action.shape[2:]), places[group])

    def receive(step: int, group: int) -> None:
        record.write(step, places[group], simulators.receive(places[group]))
        for actor in actors[group]:
            outcome = record.outcome(step, actor.members, places[group])
            actor.moments, actor.trace = advance_rollout(
                actor.players, actor.moments, actor.trace, outcome, method=method
            )

    # A group is received only when the next one has been sent, so that it is stepped while the
    # agents choose for this one.
    turns_taken = [(step, group) for step in range(steps) for group in range(groups)]
    for turn, (step, group) in enumerate(turns_taken):
        send(step, group)
        if turn >= groups - 1:
            receive(*turns_taken[turn - groups + 1])
    for step, group in turns_taken[len(turns_taken) - groups + 1 :]:
        receive(step, group)
    ended = [[(actor.trace, actor.memory, actor.moments.memory) for actor in row] for row in actors]
    return _assemble(ended, collectors.fresh_start, vars(record))


@dataclass
class _Actor:
    """Some members acting in one group of their environments."""

    members: slice
    players: Player
    moments: Moment
    trace: Trace
    memory: Memory


def _actions(actors: list[_Actor]) -> Shaped[np.ndarray, "member environment ..."]:
    """What the members chose; waits until they have."""
    return np.concatenate([np.asarray(actor.moments.action) for actor in actors])


@jax.jit
def _assemble(
    ended: list[list[tuple[Trace, Memory, Memory]]],
    fresh_start: Bool[Array, "member environment"],
    record: dict[str, Array],
) -> tuple[Collector, Rollout]:
    """Joins members and groups. `ended` holds, for every group and every actor in it, the trace and
    the memories at the beginning and at the end."""

    def join(*leaves: Array, axis: int) -> Array:
        """Environments that were dealt out to groups, back in their places along an axis."""
        shape = list(leaves[0].shape)
        shape[axis] *= len(leaves)
        return jnp.stack(leaves, axis + 1).reshape(shape)

    by_group = [jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *row) for row in ended]
    traces, first, last = zip(*by_group, strict=True)
    trace = jax.tree.map(partial(join, axis=2), *traces)
    first, last = (jax.tree.map(partial(join, axis=1), *memories) for memories in (first, last))

    def one(trace, first, last, fresh_start, record):
        """A member's record, as `collect` gives it."""
        observation = record["observation"]
        vector, index = record["task_vector"], record["task_index"]
        last_task = TaskInformation(vector[-1], index[-1])
        rollout = Rollout(
            memory=first,
            fresh_start=fresh_start,
            observation=observation[:-1],
            task=TaskInformation(vector[:-1], index[:-1]),
            action=record["action"],
            log_probability=trace.log_probability[:-1],
            latent=trace.latent[:-1],
            latent_noise=jax.tree.map(lambda noise: noise[:-1], trace.latent_noise),
            reward=record["reward"],
            next_observation=record["next_observation"],
            next_latent=trace.next_latent[:-1],
            episode_end=record["episode_end"],
            trial_end=record["trial_end"],
            truncated=record["truncated"],
            success=record["success"],
            diverged=record["diverged"],
            last_observation=observation[-1],
            last_latent=trace.latent[-1],
            last_task=last_task,
        )
        trials = HostTrials(last_task, None)
        return Collector(trials, observation[-1], last, rollout.trial_end[-1]), rollout

    return jax.vmap(one)(trace, first, last, fresh_start, record)


def acting_in_turn(members: int, method: MemberMethod) -> list[slice]:
    """The members that one compiled call acts for: all, or each in turn."""
    if method == "vectorised":
        return [slice(0, members)]
    return [slice(member, member + 1) for member in range(members)]
