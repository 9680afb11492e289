"""An environment of one's own, from the class to a trained agent: half a minute on two cores.

    .venv/bin/python examples/own_environment.py [FRAMES]

A treasure is behind one of six doors, the same one in all three episodes of a trial. An agent that
remembers tries the doors one after the other in the first episode and never again.
"""

import sys

import jax
import jax.numpy as jnp

import splagger
from splagger import Box, Discrete, Environment, Step


class Doors(Environment):
    """One of six doors hides the treasure; a wrong one costs 0.1."""

    observation_space = Box(0.0, 1.0, (1,))
    action_space = Discrete(6)
    max_episode_steps = 8

    def sample_task(self, key):
        """The treasure's door."""
        return jax.random.randint(key, (), 0, 6)

    def reset(self, task, state, key):
        """There is nothing to see."""
        return jnp.zeros(()), jnp.zeros(1)

    def step(self, task, state, action, key):
        """Opens a door."""
        found = action == task
        reward = jnp.where(found, 1.0, -0.1)
        return state, Step(jnp.zeros(1), reward, terminated=found)


if __name__ == "__main__":
    run = splagger.train(
        "own_environment:Doors:episodes=3",
        recipe="small",
        learning={"environments": 32, "steps": 48, "entropy_weight": 0.03}
        | {"anneal_learning_rate": True},
        learning_rates=(2e-3,),
        frames=int(sys.argv[1]) if len(sys.argv) > 1 else 250_000,
        evaluation_interval=5,
    )
    for member in splagger.evaluate_run(run.path, trust=True)["members"]:
        print("mean return of each episode:", member["return_per_episode"])
