"""How much of an experiment is run: all, a part that two cores can do, or a smoke test."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from splagger.evidence.experiment import Experiment
from splagger.foundation.errors import unknown_name
from splagger.foundation.settings import Settings
from splagger.recipes.recipes import settings_for
from splagger.training.train import with_changes

Stage = Literal["tuning", "fresh"]
"""`tuning`: every learning rate, with the seeds that choose one. `fresh`: that one, with seeds that
had no say in the choice."""

FIRST_FRESH_SEED = 100
"""Seeds from here on report; those below choose the learning rate."""


@dataclass(frozen=True)
class Scale:
    """How an experiment is run."""

    name: str
    """What the command calls it."""
    recipe: str
    """The settings to start from."""
    learning_rates: tuple[float, ...]
    """Those to choose from."""
    seeds: int
    """How many seeds choose."""
    fresh_seeds: int
    """How many seeds report, of experiments that have fresh ones."""
    frames: Mapping[str, int]
    """Frames of every member, by how names of environments begin; the recipe's where none fits."""
    changes: Mapping[str, Any]
    """Other settings, of all experiments."""
    description: str
    """One line for people."""
    covering: bool = False
    """Whether only some agents of each target are trained, and one of them with fresh seeds."""
    compiler_flags: str = ""
    """For XLA on a processor: what makes it quicker where nothing is trained for long."""

    def settings(self, experiment: Experiment, stage: Stage, rate: float | None = None) -> Settings:
        """The settings of a stage of an experiment.

        **Arguments:**

        - `experiment`: which one.
        - `stage`: which stage.
        - `rate`: the learning rate that was chosen, for the stage `fresh`.
        """
        settings = settings_for(experiment.environment, experiment.agent, self.recipe)
        for changes in (experiment.changes, self.changes):
            if changes:
                settings = with_changes(settings, changes)
        frames = next(
            (n for start, n in self.frames.items() if experiment.environment.startswith(start)),
            settings.frames,
        )
        settings = replace(settings, frames=frames)
        if stage == "fresh":
            assert rate is not None
            return replace(
                settings,
                learning_rates=(rate,),
                seeds=self.fresh_seeds,
                first_seed=FIRST_FRESH_SEED,
            )
        return replace(settings, learning_rates=self.learning_rates, seeds=self.seeds)


FULL = Scale(
    name="full",
    recipe="paper",
    learning_rates=(3e-3, 1e-3, 3e-4, 1e-4, 3e-5),
    seeds=3,
    fresh_seeds=10,
    frames={},
    changes={},
    description="the paper's networks, frames and search: one GPU or more",
)
SHORT = Scale(
    name="short",
    recipe="small",
    learning_rates=(3e-3, 1e-3),
    seeds=3,
    fresh_seeds=10,
    frames={
        "t-maze-": 1_500_000,
        "planning-game": 3_000_000,
        "minecraft-maze": 1_500_000,
        "grid-navigation": 2_000_000,
        "half-cheetah": 400_000,
        "walker": 2_000_000,
    },
    changes={"evaluation_interval": 8, "evaluation_tasks": 64},
    description="small networks, fewer frames and learning rates: for two cores",
)
SMOKE = Scale(
    name="smoke",
    recipe="small",
    learning_rates=(1e-3,),
    seeds=2,
    fresh_seeds=2,
    frames={"": 80},
    changes={
        "evaluation_tasks": 2,
        "learning": {"environments": 2, "steps": 20, "epochs": 1, "minibatches": 2},
        "agent": {
            "encoder": {"size": 8},
            "policy": {"observation_embedding": 8, "latent_embedding": 4, "hidden_sizes": [8, 8]},
        },
        "host": {"workers": 0},
    },
    description="two updates of tiny networks: whether all of it runs, not what comes of it",
    covering=True,
    compiler_flags="--xla_backend_optimization_level=0",
)

SCALES = {scale.name: scale for scale in (SMOKE, SHORT, FULL)}
"""Every scale by its name."""


def find_scale(name: str) -> Scale:
    """Looks a scale up.

    **Raises:** `UserError` for an unknown one, with the nearest names.
    """
    if name not in SCALES:
        raise unknown_name("scale", name, SCALES)
    return SCALES[name]
