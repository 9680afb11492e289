"""What an agent remembers of trials under way, encoded anew."""

import jax
import jax.numpy as jnp

from splagger.agent import Agent
from splagger.learning.trajectories import Trajectories
from splagger.sequence.split_aggregator import Memory
from splagger.sequence.starts import select_start


def rebuild_memory(agent: Agent, running: Trajectories) -> Memory:
    """The memories after the transitions of running trials, by the agent's present parameters.

    Published agents with a trajectory buffer begin every rollout with them, so that a memory is
    never of older parameters. A trial's memory starts from the initial one: where the agent's
    starts with the last transition of the trial before, as published, that one is not in it.

    **Arguments:**

    - `agent`: whose sequence model takes the transitions in. No gradient can be taken: the loop
        is as long as the longest of the trials.
    - `running`: the transitions so far, `[time, environment, ...]`.

    **Returns:** `[environment, ...]`; the initial memory where the length is 0.
    """
    model = agent.networks.sequence_model

    def step(position, memory):
        transition = jax.tree.map(lambda leaf: leaf[position], running.transitions)
        return select_start(position < running.length, model.step(memory, transition), memory)

    start = agent.initial_memory(running.length.shape)
    return jax.lax.fori_loop(0, jnp.max(running.length), step, start)
