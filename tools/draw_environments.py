"""Draws the pictures of docs/environments.md: a state of every registered environment.

    .venv/bin/python tools/draw_environments.py [NAME ...] [--out docs/pictures/environments]
        [--size 256]

The state is the one after some random actions, always the same. Environments whose packages are not
installed, or that draw nothing, keep the picture that they have.
"""

import argparse
import sys
from pathlib import Path

import jax
from PIL import Image

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.random_actions import random_action
from splagger.environments.registry import EnvironmentSpecification, environment_names
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError
from splagger.training.actors import RandomActor
from splagger.training.play_trial import play_trial

ROOT = Path(__file__).resolve().parents[1]

RANDOM_STEPS = {"planning-game": 7, "grid": 9, "hall": 14, "point-robot": 12}
"""Random steps before the picture, by how names begin; else 5."""

ACTIONS = {"minecraft-maze": (2, 2)}
"""Actions in place of random ones: past the indicators, into the first room."""


def main() -> None:
    """Draws and says where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these environments")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures" / "environments")
    parser.add_argument("--size", type=int, default=256)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or environment_names():
        actions = next((given for start, given in ACTIONS.items() if name.startswith(start)), None)
        steps = next((n for start, n in RANDOM_STEPS.items() if name.startswith(start)), 5)
        path = arguments.out / f"{name}.png"
        try:
            # With trust the type says that it may be simulated on the host.
            trial = EnvironmentSpecification.parse(name).trial(trust=True)
            if isinstance(trial, HostTrial):
                drawn = draw_on_host(trial, steps, arguments.size)
            else:
                drawn = draw(trial, actions or steps, arguments.size)
        except UserError as error:
            print(f"{name} is not drawn: {error}", file=sys.stderr)
            continue
        if drawn is None:
            print(f"{name} draws no picture", file=sys.stderr)
            continue
        picture = Image.fromarray(drawn)
        # A palette: these are flat colours, and the files stay small.
        picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(path, optimize=True)
        print(path)


def draw(trial: Trial, actions: tuple[int, ...] | int, size: int):
    """The picture after some actions, or a number of random ones, in the task of a fixed key."""
    key = jax.random.key(3)
    state, _ = trial.reset(key)
    step = jax.jit(trial.step)
    for number in range(actions if isinstance(actions, int) else len(actions)):
        action_key, step_key = jax.random.split(jax.random.fold_in(key, number))
        if isinstance(actions, int):
            action = random_action(trial.action_space, action_key)
        else:
            action = jax.numpy.asarray(actions[number])
        state, _ = step(state, action, step_key)
    return trial.environment.render(state.task, state.state, size)


def draw_on_host(trial: HostTrial, steps: int, size: int):
    """The same of a simulator on the host, after a number of random actions."""
    record = play_trial(
        trial,
        RandomActor(trial.action_space),
        jax.random.key(3),
        agent="",
        environment="",
        picture_size=size,
        max_steps=steps,
    )
    return record.pictures[-1]


if __name__ == "__main__":
    main()
