"""CartPole of gymnax with physics that differ in every task, compiled with the agent.

    .venv/bin/python examples/gymnax_cartpole.py [FRAMES]

Which action pushes to the right is part of the task; the poles are short, so that a few wrong
pushes let them fall. Needs gymnax: pip install 'splagger[gymnax]'.
"""

import sys

import jax

import splagger
from splagger.environments import GymnaxEnvironment


class CartPoles(GymnaxEnvironment):
    """A force of 10 to 16 newtons to either side, and a pole of .2 to .6 metres."""

    game_name = "CartPole-v1"
    max_episode_steps = 50

    def draw_parameters(self, key, parameters):
        """Draws the physics; what follows from the pole's length is changed with it."""
        side_key, force_key, length_key = jax.random.split(key, 3)
        side = jax.random.rademacher(side_key, (), dtype=float)
        length = jax.random.uniform(length_key, minval=0.1, maxval=0.3)
        return parameters.replace(
            force_mag=side * jax.random.uniform(force_key, minval=10, maxval=16),
            length=length,
            polemass_length=parameters.masspole * length,
        )


if __name__ == "__main__":
    run = splagger.train(
        "gymnax_cartpole:CartPoles:episodes=3",
        recipe="small",
        learning={"steps": 100, "epochs": 4, "clip": 0.1, "entropy_weight": 0.01}
        | {"anneal_learning_rate": True},
        frames=int(sys.argv[1]) if len(sys.argv) > 1 else 200_000,
        evaluation_interval=20,
    )
    for member in splagger.evaluate_run(run.path, trust=True)["members"]:
        print("mean return of each episode:", member["return_per_episode"])
