"""CartPole with physics that differ in every task, from Gymnasium: a minute or two on two cores.

    .venv/bin/python examples/gymnasium_cartpole.py [FRAMES]

Which action pushes to the right is part of the task, and the pole starts tilted: in the first of
three episodes it often falls while the agent finds out, in the others it should not.
Needs Gymnasium: pip install 'splagger[gymnasium]'.
"""

import sys

import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv

import splagger


class CartPoles(CartPoleEnv):
    """A force of 8 to 14 newtons to either side, and a pole of .8 to 1.6 metres."""

    max_episode_steps = 50
    episodes = 3

    def sample_task(self, generator):
        """The force of action 1, negative if it pushes to the left, and half the pole's length."""
        force = generator.choice([-1, 1]) * generator.uniform(8, 14)
        return np.array([force, generator.uniform(0.4, 0.8)])

    def set_task(self, task):
        """Changes the physics."""
        self.force_mag, self.length = float(task[0]), float(task[1])
        self.polemass_length = self.masspole * self.length

    def reset(self, *, seed=None, options=None):
        """Starts further from upright than usual."""
        return super().reset(seed=seed, options={"low": -0.12, "high": 0.12})

    def get_state(self):
        """With `set_state`: a stopped training goes on as if it had never stopped."""
        return np.array(self.state)

    def set_state(self, state):
        """What `get_state` gave."""
        self.state = tuple(float(number) for number in state)


if __name__ == "__main__":
    run = splagger.train(
        "gymnasium_cartpole:CartPoles",
        recipe="small",
        learning={"steps": 100, "epochs": 4, "clip": 0.1, "entropy_weight": 0.01}
        | {"anneal_learning_rate": True},
        frames=int(sys.argv[1]) if len(sys.argv) > 1 else 200_000,
        evaluation_interval=20,
    )
    for member in splagger.evaluate_run(run.path, trust=True)["members"]:
        print("mean return of each episode:", member["return_per_episode"])
