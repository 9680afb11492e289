"""Training runs that take a second, what they leave, and the command line in its own process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import splagger
from splagger.foundation.settings import Settings
from splagger.recipes.recipes import settings_for
from splagger.training import checkpoints
from splagger.training.train import with_changes

ENVIRONMENT = "t-maze-long-noise:length=3,episodes=2"
"""Where the tiny runs train."""

FRAMES_PER_UPDATE = 32
"""Frames of one of their updates."""

UPDATES = 7
"""How many updates they take: the end is not at the interval of evaluations."""

EVALUATED = (0, 2, 4, 6, 7)
"""The updates after which they are evaluated."""

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

FLAGS = [
    *("--learning-rates", "1e-3", "1e-2", "--seeds", "2", "--frames", "224"),
    *("--evaluation-interval", "2", "--agent.encoder.size", "8", "--agent.latent-size", "3"),
    *("--agent.embedding.observation", "4", "--agent.embedding.action", "2"),
    *("--agent.embedding.reward", "2", "--agent.policy.observation-embedding", "8"),
    *("--agent.policy.latent-embedding", "3", "--agent.policy.hidden-sizes", "8"),
    *("--learning.environments", "4", "--learning.steps", "8"),
    *("--learning.epochs", "1", "--learning.minibatches", "2"),
]
"""The same settings for `splagger train`, so that all tests share the compiled programs."""


def run_settings(agent: str = "splagger", **changes: Any) -> Settings:
    """Settings of a tiny run: four members, seven updates.

    **Arguments:**

    - `agent`: its name.
    - `changes`: other values for fields of `Settings`. All but `learning_rates`, `frames` and the
        intervals cost a compilation.
    """
    settings = with_changes(
        settings_for(ENVIRONMENT, agent),
        {
            "agent": {
                "encoder": {"size": 8},
                "latent_size": 3,
                "embedding": {"observation": 4, "action": 2, "reward": 2},
                "policy": {
                    "observation_embedding": 8,
                    "latent_embedding": 3,
                    "hidden_sizes": (8,),
                },
            },
            "learning": {"environments": 4, "steps": 8, "epochs": 1, "minibatches": 2},
            "learning_rates": (1e-3, 1e-2),
            "seeds": 2,
            "frames": UPDATES * FRAMES_PER_UPDATE,
            "evaluation_interval": 2,
        },
    )
    return with_changes(settings, changes)


def arrays_of(run: Path) -> dict[str, np.ndarray]:
    """Every array of the newest checkpoint, by name: parameters, optimisers, environments, keys."""
    path = checkpoints.latest(run / "checkpoints")
    assert path is not None
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files if name != "metadata.json"}


def metrics_of(run: Path) -> list[dict[str, Any]]:
    """The metrics of every update, without the speed."""
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in record.items() if k != "frames_per_second"} for record in records]


def assert_same_run(run: Path, other: Path) -> None:
    """Both runs ended with the same bits: state, evaluations and metrics."""
    assert (run / "evaluations.csv").read_bytes() == (other / "evaluations.csv").read_bytes()
    assert metrics_of(run) == metrics_of(other)
    arrays, others = arrays_of(run), arrays_of(other)
    assert arrays.keys() == others.keys()
    different = [name for name in arrays if arrays[name].tobytes() != others[name].tobytes()]
    assert different == []


def files_of(run: Path) -> dict[str, tuple[bytes, int]]:
    """The content and time of change of every file in a directory."""
    return {
        str(path.relative_to(run)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(run.rglob("*"))
        if path.is_file()
    }


def environment_variables(**more: str) -> dict[str, str]:
    """The variables of a process that uses the same splagger, whatever its directory."""
    assert splagger.__file__ is not None
    source = str(Path(splagger.__file__).parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "100", **more}


def flags_of_devices(count: int) -> str:
    """XLA_FLAGS of a process that simulates devices. Programs that run a few times are not worth
    optimising; the rest is as in this process."""
    return (
        f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={count} "
        "--xla_backend_optimization_level=0"
    )


def start_process(*words: str, cwd: Path, **variables: str) -> subprocess.Popen[str]:
    """Starts `splagger` with these words, in a process of its own."""
    program = "from splagger.cli import main; raise SystemExit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=cwd,
        env=environment_variables(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def python(program: str, **variables: str) -> str:
    """Runs a program in a process of its own, which must succeed; what it prints."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment_variables(**variables),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
