"""Draws the pictures of docs/environments.md: a state of every registered environment.

    .venv/bin/python tools/draw_environments.py [--out docs/pictures/environments] [--size 256]

The state is the one after some random actions, always the same.
"""

import argparse
from pathlib import Path

import jax
from PIL import Image

from splagger.environments.random_actions import random_action
from splagger.environments.registry import compiled_names, make_trial
from splagger.environments.trial import Trial

ROOT = Path(__file__).resolve().parents[1]

RANDOM_STEPS = {"planning-game": 7, "grid": 9, "hall": 14, "point-robot": 12}
"""Random steps before the picture, by how names begin; else 5."""

ACTIONS = {"minecraft-maze": (2, 2)}
"""Actions in place of random ones: past the indicators, into the first room."""


def main() -> None:
    """Draws and says where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures" / "environments")
    parser.add_argument("--size", type=int, default=256)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in compiled_names():
        actions = next((given for start, given in ACTIONS.items() if name.startswith(start)), None)
        steps = next((n for start, n in RANDOM_STEPS.items() if name.startswith(start)), 5)
        path = arguments.out / f"{name}.png"
        picture = Image.fromarray(draw(make_trial(name), actions or steps, arguments.size))
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
    picture = trial.environment.render(state.task, state.state, size)
    if picture is None:
        raise SystemExit(f"{type(trial.environment).__name__} draws no picture")
    return picture


if __name__ == "__main__":
    main()
