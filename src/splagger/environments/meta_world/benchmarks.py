"""Which classes and goals Meta-World's benchmarks train on, and which they test on."""

import functools
import importlib.metadata
import os
import pickle
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from splagger.environments.meta_world.packages import import_metaworld
from splagger.foundation.errors import UserError

BenchmarkName = Literal["ML1", "ML10", "ML45"]
"""One class with goals of its own for the test; ten classes, or 45, and five others for it."""

Split = Literal["train", "test"]
"""Tasks to train on, or those that are held out."""

GOALS = 50
"""How many goals every class has in a split."""

Goals = dict[str, Float64[np.ndarray, "goal _"]]
"""What decides the goals of every class: Meta-World's random vector, which is where objects start
and where they have to go."""


@dataclass(frozen=True)
class Benchmark:
    """One of Meta-World's benchmarks, with its goals drawn.

    Classes are in Meta-World's order.
    """

    train: Goals
    """The goals to train on, by the names of the classes, such as `reach-v3`."""
    test: Goals
    """The goals that are held out. In ML1 the class is the same."""

    def goals(self, split: Split) -> Goals:
        """The goals of a split."""
        return self.train if split == "train" else self.test

    def meta_world_task(self, split: Split, class_name: str, goal: int) -> Any:
        """One of the benchmark's tasks, as Meta-World's environments take it. The goal is hidden.

        **Arguments:**

        - `split`, `class_name`: which class.
        - `goal`: 0 to 49.
        """
        metaworld = import_metaworld()
        data = {
            "rand_vec": self.goals(split)[class_name][goal].copy(),
            "env_cls": environment_class(class_name),
            "partially_observable": True,
        }
        return metaworld.Task(env_name=class_name, data=pickle.dumps(data))


def environment_class(class_name: str) -> Any:
    """Meta-World's class of a name such as `reach-v3`."""
    return import_metaworld().ALL_V3_ENVIRONMENTS[class_name]


def full_class_name(name: str) -> str:
    """The name of a class, which may be given without its version: `reach` for `reach-v3`.

    **Raises:** `UserError` for an unknown name, with the nearest ones.
    """
    classes = import_metaworld().ALL_V3_ENVIRONMENTS
    full = name if name in classes else f"{name}-v3"
    if full not in classes:
        valid = ", ".join(sorted(known.removesuffix("-v3") for known in classes))
        raise UserError(f"name of meta-world-ml1 is '{name}', but it must be one of {valid}.")
    return full


@functools.cache
def load_benchmark(name: BenchmarkName, class_name: str | None, goal_seed: int) -> Benchmark:
    """A benchmark, from this process's memory, the user's cache folder, or made by Meta-World.

    Making one takes seconds (ML10) to half a minute (ML45), which every worker would have to wait
    for.

    **Arguments:**

    - `name`: which one.
    - `class_name`: the class of ML1, None for the others.
    - `goal_seed`: decides the goals, at least 0.
    """
    import_metaworld()
    parts = [name, *([class_name] if class_name else []), str(goal_seed)]
    versions = [importlib.metadata.version(package) for package in ("metaworld", "mujoco", "numpy")]
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(home, "splagger", "meta-world", "_".join([*parts, *versions]) + ".npz")
    benchmark = _read(path)
    if benchmark is None:
        benchmark = make_benchmark(name, class_name, goal_seed)
        _write(path, benchmark)
    return benchmark


def make_benchmark(name: BenchmarkName, class_name: str | None, goal_seed: int) -> Benchmark:
    """Lets Meta-World make a benchmark; the arguments are those of `load_benchmark`.

    Not by Gymnasium's ids, some of which serve test tasks for training.
    """
    made = getattr(import_metaworld(), name)(*([class_name] if class_name else []), seed=goal_seed)
    return Benchmark(
        train=_goals(made.train_classes, made.train_tasks),
        test=_goals(made.test_classes, made.test_tasks),
    )


def _goals(classes: Mapping[str, Any], tasks: list[Any]) -> Goals:
    found: dict[str, list[Any]] = {name: [] for name in classes}
    for task in tasks:
        # Meta-World pickled it in this process a moment ago.
        found[task.env_name].append(pickle.loads(task.data)["rand_vec"])
    if any(len(vectors) != GOALS for vectors in found.values()):
        raise UserError(
            f"Meta-World {importlib.metadata.version('metaworld')} does not have {GOALS} goals a "
            "class, as 3.1 has: install 3.1.1."
        )
    return {name: np.asarray(vectors, np.float64) for name, vectors in found.items()}


def _read(path: Path) -> Benchmark | None:
    """A benchmark from a file; None where there is none, or no good one."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            names = {split: [str(name) for name in arrays[split]] for split in ("train", "test")}
            train, test = (
                {name: arrays[f"{split}/{name}"] for name in names[split]} for split in names
            )
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    return Benchmark(train, test)


def _write(path: Path, benchmark: Benchmark) -> None:
    arrays = {
        f"{split}/{name}": vectors
        for split in ("train", "test")
        for name, vectors in benchmark.goals(split).items()
    }
    order = {"train": np.array(list(benchmark.train)), "test": np.array(list(benchmark.test))}
    # Without the file it only takes longer. Workers may be writing it, too.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            np.savez(file, **order, **arrays)  # pyright: ignore[reportArgumentType]
        os.replace(file.name, path)
    except OSError:
        return
