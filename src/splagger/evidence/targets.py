"""What can be reproduced: the figures of the paper, and comparisons of our own."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from splagger.evidence.experiment import Experiment, experiments
from splagger.foundation.errors import UserError

T_LN, T_LS = "t-maze-long-noise", "t-maze-long-short"
AGREEMENT, LATENT = "t-maze-agreement", "t-maze-latent"
MC_LS = "minecraft-maze-long-short"
PLANNING, GOAL_ONLY = "planning-game-3x3", "planning-game-3x3-goal-only"
CHEETAH, WALKER = "half-cheetah-direction", "walker-random-parameters"
GRID = "grid-navigation"

ANALYSES = ("gradients", "permutation", "drawings")
"""Targets that need no training."""

_MAIN = ("splagger", "rnn", "amrl", "max")
_FIGURE_4 = ("splagger", "rnn", "amrl", "pearl", "cnp")
_PARTS = ("splagger", "splagger-no-split", "max", "rnn")


@dataclass(frozen=True)
class Target:
    """Something that the command reproduces."""

    name: str
    """What the command calls it."""
    description: str
    """What it shows."""
    source: str
    """The part of the paper that it belongs to, or `ours`."""
    experiments: tuple[Experiment, ...] = ()
    """What is trained for it; nothing for those that analyse untrained agents or draw."""
    norms: bool = False
    """Whether it shows gradient norms over training, too."""

    @property
    def environments(self) -> list[str]:
        """The environments of its experiments, each once."""
        return list(dict.fromkeys(experiment.environment for experiment in self.experiments))


def _target(name: str, description: str, source: str, *groups, norms: bool = False) -> Target:
    listed = tuple(experiment for group in groups for experiment in group)
    return Target(name, description, source, listed, norms)


def _pearl(weight: float) -> Experiment:
    changes = {"agent": {"objective": {"elbo": {"kl_weight": weight}}}}
    return Experiment(T_LN, "pearl", f"KL {weight:g}", changes)


def _fresh(environment: str, *agents: str) -> list[Experiment]:
    return experiments(environment, *agents, fresh=_MAIN)


TARGETS = (
    _target(
        "t-maze",
        "every kind of agent on the T-Maze with noise, T-LN",
        "ours",
        _fresh(
            T_LN,
            *_MAIN,
            *("max-straight-through", "splagger-no-split", "cnp", "pearl", "lstm-invariant"),
            *("transformer-causal", "splagger+s", "splagger-linear", "mate"),
        ),
    ),
    _target(
        "mazes",
        "SplAgger, its recurrence alone, its maximum alone and AMRL on three T-Mazes",
        "ours",
        *(_fresh(place, *_MAIN) for place in (T_LN, T_LS, LATENT)),
    ),
    _target(
        "preview",
        "the aggregation helps in one domain and hurts in another: MC-LS and Planning Game",
        "figure 2",
        *(
            experiments(place, "splagger", "rnn", "max", "max-straight-through")
            for place in (MC_LS, PLANNING)
        ),
    ),
    _target(
        "mujoco",
        "continuous control: walkers of random bodies and the direction of a cheetah",
        "figure 4",
        *(experiments(place, *_FIGURE_4) for place in (CHEETAH, WALKER)),
    ),
    _target(
        "memory",
        "memory domains: T-LS and MC-LS",
        "figure 5",
        *(_fresh(place, *_FIGURE_4) for place in (T_LS, MC_LS)),
    ),
    _target(
        "parts",
        "SplAgger without its split, its recurrence, its aggregation",
        "ablation",
        *(_fresh(place, *_PARTS) for place in (PLANNING, GOAL_ONLY, T_LS)),
    ),
    _target(
        "agreement",
        "the relation of two observations far apart: T-Maze Agreement",
        "T-Maze Agreement",
        _fresh(AGREEMENT, "splagger", "rnn", "max", "amrl", "splagger-no-split"),
    ),
    _target(
        "latent",
        "evidence that has to be counted: T-Maze Latent",
        "T-Maze Latent",
        _fresh(
            LATENT,
            *(*_MAIN, "splagger-no-split", "cnp", "pearl", "transformer-causal"),
            *("splagger-mean", "mate", "splagger-linear"),
        ),
    ),
    _target(
        "operators",
        "other aggregators on the split, on T-LN",
        "operators",
        _fresh(
            T_LN,
            *("splagger", "splagger-mean", "splagger-mean-max", "splagger-softmax"),
            *("splagger-weighted-softmax", "splagger-weighted-mean"),
        ),
    ),
    _target(
        "temperatures",
        "softmax aggregators without recurrence at two temperatures, on T-LN",
        "temperatures",
        experiments(T_LN, "softmax-1", "softmax-0.1", "weighted-softmax-1", "weighted-softmax-0.1"),
    ),
    _target(
        "pearl-kl",
        "weights of PEARL's divergence, and VariBAD's objective in its place, on T-LN",
        "PEARL's KL",
        [_pearl(weight) for weight in (1.0, 1e-2, 1e-4, 0.0)],
        experiments(T_LN, "pearl", "pearl-varibad"),
    ),
    _target(
        "other-baselines",
        "the LSTM that starts invariant, and transformers, on T-LN",
        "other baselines",
        _fresh(T_LN, "splagger", "lstm-invariant", "transformer", "transformer-causal"),
    ),
    _target(
        "straight-through",
        "gradient norms over training with straight-through gradients, on T-LN and T-LS",
        "claim C4",
        *(
            _fresh(place, "splagger", "amrl", "max", "max-straight-through")
            for place in (T_LN, T_LS)
        ),
        norms=True,
    ),
    _target(
        "task-inference",
        "objectives of task inference beside end-to-end learning, on GridNavi",
        "claim C5",
        experiments(
            GRID,
            *("splagger", "rnn", "rnn+s", "varibad", "varibad-hypernetwork"),
            *("ti++-hypernetwork", "multi-task"),
        ),
    ),
    _target(
        "hypernetwork",
        "plain and FiLM policies, and other starts of the hypernetwork, on T-LN",
        "claim C6 and ours",
        _fresh(
            T_LN,
            *("splagger", "splagger+s", "splagger-film", "splagger-no-init"),
            *("splagger-kaiming", "splagger-hfi", "splagger-weight-init"),
        ),
    ),
    _target(
        "linear",
        "a linear recurrence in place of the GRU, on T-LN and T-Maze Latent",
        "ours",
        *(_fresh(place, "splagger", "splagger-linear") for place in (T_LN, LATENT)),
    ),
    _target(
        "mate",
        "the newest rival and its aggregator on the split, on T-LN and T-Maze Latent",
        "ours",
        *(_fresh(place, "splagger", "mate", "splagger-mate") for place in (T_LN, LATENT)),
    ),
    Target("gradients", "gradients of untrained agents over time", "gradient analysis"),
    Target("permutation", "how much the order matters to untrained agents", "permutation"),
    Target("drawings", "the environments and the architectures, drawn", "figures 1 and 3"),
)
"""All targets, in the order in which they are listed."""


def find_target(name: str) -> Target:
    """Looks a target up.

    **Raises:** `UserError` for an unknown one, with the nearest names or all.
    """
    for target in TARGETS:
        if target.name == name:
            return target
    names = [target.name for target in TARGETS]
    nearest = difflib.get_close_matches(name, names)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else f"there are {', '.join(names)}."
    raise UserError(f"unknown target '{name}': {hint}")


def all_experiments(targets: tuple[Target, ...] = TARGETS) -> list[Experiment]:
    """The experiments of some targets, each once; fresh if it is in one of them."""
    found: dict[tuple[str, str], Experiment] = {}
    for target in targets:
        for experiment in target.experiments:
            before = found.get(experiment.key)
            fresh = experiment.fresh or (before is not None and before.fresh)
            found[experiment.key] = replace(before or experiment, fresh=fresh)
    return list(found.values())


def covering(targets: Sequence[Target]) -> list[Experiment]:
    """Enough of some targets to see that all of them run: the first and the last agent of each on
    its first environment, and the first agent on its others."""
    found: dict[tuple[str, str], Experiment] = {}
    for target in targets:
        for environment in target.environments:
            here = [one for one in target.experiments if one.environment == environment]
            last = here[-1:] if environment == target.environments[0] else []
            for experiment in (here[0], *last):
                found.setdefault(experiment.key, replace(experiment, fresh=not found))
    return list(found.values())
