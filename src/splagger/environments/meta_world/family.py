"""Meta-World's benchmarks for meta-learning, each with its options."""

from collections.abc import Callable
from typing import Any

from splagger.environments.entries import EnvironmentEntry
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.meta_world.benchmarks import BenchmarkName, Split
from splagger.environments.meta_world.packages import import_metaworld

_CLASS = "splagger.environments.meta_world.meta_world:MetaWorld"


def ml1(
    name: str = "reach",
    split: Split = "train",
    goal_seed: int = 0,
    episode_steps: int = 500,
    sparse_reward: bool = False,
) -> HostEnvironment:
    """One class of environments, with goals to train on and others for the test."""
    return _described(
        benchmark="ML1",
        class_name=name,
        split=split,
        goal_seed=goal_seed,
        episode_steps=episode_steps,
        sparse_reward=sparse_reward,
    )


def classes(benchmark: BenchmarkName) -> Callable[..., HostEnvironment]:
    """The builder of a benchmark of several classes to train on, and others for the test."""

    def build(
        split: Split = "train",
        goal_seed: int = 0,
        episode_steps: int = 500,
        sparse_reward: bool = False,
    ) -> HostEnvironment:
        return _described(
            benchmark=benchmark,
            split=split,
            goal_seed=goal_seed,
            episode_steps=episode_steps,
            sparse_reward=sparse_reward,
        )

    return build


def _described(**options: Any) -> HostEnvironment:
    # First, because it says what is missing.
    import_metaworld()
    from splagger.environments.host.describe import describe

    return describe(EnvironmentMaker(_CLASS, tuple(sorted(options.items()))), vectorised=False)


def _entry(name: str, published: str, description: str, builder: Any) -> EnvironmentEntry:
    return EnvironmentEntry(
        name=name,
        description=description,
        builder=builder,
        episodes=2,
        aliases=(published,),
        simulated_on="host",
        held_out=(("split", "test"),),
    )


META_WORLDS: tuple[EnvironmentEntry, ...] = (
    _entry(
        "meta-world-ml1",
        "metaworld_ml1",
        "reach, push or pick and place with a robot's arm; the test has other goals",
        ml1,
    ),
    _entry(
        "meta-world-ml10",
        "metaworld_ml10",
        "ten things to do with a robot's arm; the test is five others",
        classes("ML10"),
    ),
    _entry(
        "meta-world-ml45",
        "metaworld_ml45",
        "45 things to do with a robot's arm; the test is five others",
        classes("ML45"),
    ),
)
"""Their entries in the registry."""
