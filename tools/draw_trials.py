"""Draws the picture of docs/trials.md: two real trials, step by step.

.venv/bin/python tools/draw_trials.py [--out docs/pictures/trials.png]
"""

import argparse
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from splagger.environments.trial import Trial
from splagger.reporting import style
from splagger.reporting.figure_files import save_figure

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

TASK_COLOURS = {0: "#0072B2", 1: "#D55E00"}


def main() -> None:
    """Plays two trials and draws what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures" / "trials.png")
    out = parser.parse_args().out
    steps = play()
    with matplotlib.rc_context(style.RECORD):
        figure = Figure(figsize=(9.6, 3.7), layout="constrained")
        draw(figure.add_subplot(), steps)
    save_figure(figure, out)
    print(out)


def play() -> list[dict]:
    """Two trials of three episodes, doors tried in order and remembered."""
    from own_environment import Doors

    trial = Trial(Doors(), episodes=3)
    # With this key the treasures are behind doors 3 and 0.
    state, _ = trial.reset(jax.random.key(1))
    step = jax.jit(trial.step)
    steps, tried, ended, number = [], 0, 0, 0
    while ended < 2:
        task = int(state.task)
        state, result = step(state, jnp.asarray(tried), jax.random.key(100 + number))
        steps.append(
            {
                "task": task,
                "trial": ended,
                "episode": int(result.episode),
                "episode_end": bool(result.episode_end),
                "trial_end": bool(result.trial_end),
                "reward": float(result.reward),
                "door": tried,
            }
        )
        if not result.episode_end:
            tried += 1
        if result.trial_end:
            tried, ended = 0, ended + 1
        number += 1
    return steps


def draw(axes: Axes, steps: list[dict]) -> None:
    """One row for each thing, one column for each step."""
    rows = ["task", "episode", "door", "reward", "episode_end", "trial_end", "memory"]
    heights = {name: len(rows) - 1 - number for number, name in enumerate(rows)}
    since_start = 0
    for x, step in enumerate(steps):
        colour = TASK_COLOURS[step["trial"]]
        since_start += 1
        box(axes, x, heights["task"], colour)
        box(axes, x, heights["episode"], colour, alpha=0.25 + 0.25 * step["episode"])
        write(axes, x, heights["door"], str(step["door"]))
        reward = step["reward"]
        write(axes, x, heights["reward"], f"{reward:g}", "#009E73" if reward > 0 else "#222222")
        for name in ("episode_end", "trial_end"):
            write(axes, x, heights[name], str(int(step[name])), bold=step[name])
        axes.add_patch(
            Rectangle(
                (x + 0.04, heights["memory"] + 0.1),
                0.92,
                0.8 * since_start / len(steps) * 1.6,
                color=colour,
                alpha=0.8,
                linewidth=0,
            )
        )
        if step["trial_end"]:
            since_start = 0
        if step["episode_end"]:
            strong = step["trial_end"]
            axes.plot(
                [x + 1, x + 1],
                [-0.15, len(rows) if strong else heights["task"]],
                color="#222222" if strong else style.QUIET_COLOUR,
                linewidth=1.8 if strong else 0.9,
                linestyle="-" if strong else (0, (3, 3)),
            )
    spans(axes, steps, heights)
    axes.set_xlim(0, len(steps))
    axes.set_ylim(-0.15, len(rows) + 0.1)
    labels = {
        "door": "action: the door",
        "episode_end": "episode_end (input)",
        "trial_end": "trial_end (resets)",
        "memory": "steps in the memory",
    }
    axes.set_yticks(
        [heights[name] + 0.5 for name in rows], [labels.get(name, name) for name in rows]
    )
    axes.set_xticks(np.arange(len(steps)) + 0.5, [str(x + 1) for x in range(len(steps))])
    axes.set_xlabel("step")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def spans(axes: Axes, steps: list[dict], heights: dict[str, int]) -> None:
    """The words in the bands of tasks and episodes."""
    for kind, row in (("trial", "task"), ("episode", "episode")):
        start = 0
        for x, step in enumerate(steps):
            if step["trial_end" if kind == "trial" else "episode_end"]:
                words = (
                    f"task: the treasure is behind door {step['task']}"
                    if kind == "trial"
                    else str(step["episode"] + 1)
                )
                colour = "white" if kind == "trial" or step["episode"] > 1 else "#222222"
                place = ((start + x + 1) / 2, heights[row] + 0.5)
                axes.text(*place, words, ha="center", va="center", color=colour, fontsize=9)
                start = x + 1


def box(axes: Axes, x: int, y: float, colour: str, alpha: float = 1.0) -> None:
    """One cell of a band."""
    axes.add_patch(Rectangle((x, y + 0.12), 1, 0.76, color=colour, alpha=alpha, linewidth=0))


def write(
    axes: Axes, x: int, y: float, words: str, colour: str = "#222222", *, bold: bool = False
) -> None:
    """A word in one cell."""
    weight = "bold" if bold else "normal"
    if not bold and words == "0":
        colour = "#B0B0B0"
    axes.text(
        x + 0.5, y + 0.5, words, ha="center", va="center", color=colour, fontsize=9, weight=weight
    )


if __name__ == "__main__":
    main()
