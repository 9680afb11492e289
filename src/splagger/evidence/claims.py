"""The paper's claims, and which results decide them."""

from dataclasses import dataclass

from splagger.evidence.comparisons import Compare, Learns, Relation
from splagger.evidence.experiment import Experiment
from splagger.evidence.finding import Part
from splagger.evidence.measurements import Changes, LastOrdered, NormsAbove
from splagger.evidence.targets import (
    AGREEMENT,
    CHEETAH,
    GOAL_ONLY,
    GRID,
    LATENT,
    MC_LS,
    PLANNING,
    T_LN,
    T_LS,
    WALKER,
    find_target,
)


@dataclass(frozen=True)
class Claim:
    """Something that the paper, or its sequence of experiments, says."""

    name: str
    """A short name."""
    text: str
    """What is said."""
    source: str
    """Where: the paper's text (`text`), a figure, or what its experiments imply (`implied`)."""
    parts: tuple[Part, ...]
    """What decides it: it holds if all of them hold."""


def _compare(relation: Relation, first: str, others: str, *environments: str) -> list[Compare]:
    return [
        Compare(Experiment(place, first), Experiment(place, other), relation)
        for place in environments
        for other in others.split()
    ]


def _above(first: str, others: str, *environments: str) -> list[Compare]:
    return _compare("above", first, others, *environments)


def _not_below(first: str, others: str, *environments: str) -> list[Compare]:
    return _compare("not below", first, others, *environments)


def _claim(name: str, text: str, source: str, *groups) -> Claim:
    return Claim(name, text, source, tuple(part for group in groups for part in group))


def _change(quantity: str, agent: str, low: float, high: float, how: str) -> Changes:
    return Changes(quantity, agent, low, high, f"{quantity} of {agent} {how}")


_OTHERS = "rnn amrl pearl cnp"
_OPERATORS = (
    "splagger-mean splagger-mean-max splagger-softmax splagger-weighted-softmax "
    "splagger-weighted-mean"
)

CLAIMS = (
    _claim(
        "C1",
        "permutation-invariant models help although learning is end to end",
        "text",
        _above("max", "rnn", T_LN, T_LS, MC_LS),
    ),
    _claim(
        "C2",
        "under several conditions dependence on order is useful",
        "text",
        _above("splagger", "max", PLANNING, GOAL_ONLY, AGREEMENT),
    ),
    _claim(
        "C3",
        "SplAgger's return and sample efficiency are the best of all, or as good",
        "text",
        _not_below("splagger", _OTHERS, T_LN, T_LS, MC_LS, CHEETAH, WALKER),
        _not_below("splagger", "rnn max", PLANNING),
    ),
    _claim(
        "C4 return",
        "the straight-through gradient harms learning",
        "text",
        _above("splagger", "amrl", T_LN, T_LS),
        _above("max", "max-straight-through", T_LN, T_LS),
    ),
    _claim(
        "C4 gradients",
        "with the straight-through gradient, gradients explode",
        "text",
        [
            NormsAbove(Experiment(place, first), Experiment(place, second), 10.0)
            for place in (T_LN, T_LS)
            for first, second in (("amrl", "splagger"), ("max-straight-through", "max"))
        ],
    ),
    _claim(
        "C5",
        "objectives of task inference are not needed",
        "text",
        _not_below("rnn", "rnn+s varibad varibad-hypernetwork ti++-hypernetwork", GRID),
    ),
    _claim(
        "C6 initialisation",
        "the hypernetwork's Bias-HyperInit is far above other starts",
        "text",
        _above("splagger", "splagger-no-init splagger-kaiming splagger-hfi", T_LN),
    ),
    _claim(
        "C6 hypernetwork",
        "a hypernetwork is needed to do well end to end",
        "text",
        _above("splagger", "splagger+s", T_LN),
    ),
    _claim(
        "preview, Max and RNN",
        "Max is above RNN on MC-LS and below it on the Planning Game",
        "figure 2",
        _above("max", "rnn", MC_LS),
        _above("rnn", "max", PLANNING),
    ),
    _claim(
        "preview, straight-through",
        "straight-through gradients lower the return of Max",
        "figure 2",
        _above("max", "max-straight-through", MC_LS, PLANNING),
    ),
    _claim(
        "preview, SplAgger",
        "SplAgger is the highest",
        "figure 2",
        _not_below("splagger", "rnn max max-straight-through", MC_LS, PLANNING),
    ),
    _claim(
        "MuJoCo",
        "SplAgger is as good as the rest or better in both domains",
        "figure 4",
        _not_below("splagger", _OTHERS, CHEETAH, WALKER),
    ),
    _claim(
        "MuJoCo, PEARL",
        "PEARL is lower on Cheetah-Dir",
        "figure 4",
        *(_above(agent, "pearl", CHEETAH) for agent in ("splagger", "rnn", "amrl", "cnp")),
    ),
    _claim(
        "memory",
        "SplAgger is the highest in the memory domains",
        "figure 5",
        # The published experiments of that name have T-LN in the place of T-LS (Q10).
        _above("splagger", _OTHERS, T_LN, T_LS, MC_LS),
    ),
    _claim(
        "memory, RNN",
        "the RNN does not learn within the frames",
        "figure 5",
        # Half of all guesses at the end are right; all other rewards need no memory.
        [
            Learns(Experiment(T_LN, "rnn"), False, 2.0),
            Learns(Experiment(T_LS, "rnn"), False, 41.6),
            Learns(Experiment(MC_LS, "rnn"), False, 20.4),
        ],
    ),
    _claim(
        "parts",
        "without its recurrence SplAgger is worse where order matters",
        "implied",
        _above("splagger", "max", PLANNING, GOAL_ONLY),
        _not_below("splagger", "splagger-no-split", PLANNING, GOAL_ONLY, T_LS),
    ),
    _claim(
        "Agreement",
        "for the relation of two observations far apart neither half alone is enough",
        "implied",
        _above("splagger", "max rnn", AGREEMENT),
    ),
    _claim(
        "Latent",
        "where evidence has to be counted, the maximum alone is not enough",
        "implied",
        _above("splagger", "max", LATENT),
    ),
    _claim(
        "operators",
        "the maximum is the best operator, or among the best",
        "implied",
        _not_below("splagger", _OPERATORS, T_LN),
    ),
    _claim(
        "temperatures",
        "a temperature of 0.1 is better than 1",
        "implied",
        _above("softmax-0.1", "softmax-1", T_LN),
        _above("weighted-softmax-0.1", "weighted-softmax-1", T_LN),
    ),
    _claim(
        "PEARL's KL",
        "a weight of 1e-6 is the best, or as good",
        "implied",
        [
            Compare(Experiment(T_LN, "pearl"), other, "not below")
            for other in find_target("pearl-kl").experiments
            if other.label != "pearl"
        ],
    ),
    _claim(
        "initial-input gradient",
        "vanishes for the RNN, stays for AMRL, decays slowly for SplAgger and Max",
        "gradient analysis",
        [
            _change("initial-input-gradient", "rnn", 0.0, 1e-10, "vanishes"),
            _change("initial-input-gradient", "amrl", 0.5, 5.0, "stays"),
            _change("initial-input-gradient", "splagger", 1e-3, 0.3, "decays slowly"),
            _change("initial-input-gradient", "max", 1e-3, 0.3, "decays slowly"),
        ],
    ),
    _claim(
        "parameter gradient",
        "grows with time for AMRL and is nearly bounded for the others",
        "gradient analysis",
        [
            _change("parameter-gradient", "amrl", 10.0, 100.0, "grows tenfold"),
            *(
                _change("parameter-gradient", agent, 0.2, 5.0, "is nearly bounded")
                for agent in ("rnn", "splagger", "max")
            ),
        ],
    ),
    _claim(
        "permutation difference",
        "none for Max, the largest for the RNN, the same in between for SplAgger and AMRL",
        "permutation",
        [
            LastOrdered(
                "permutation-difference", ("max", "splagger", "rnn"), equal=("splagger", "amrl")
            )
        ],
    ),
    _claim(
        "other baselines",
        "neither the invariant LSTM nor a transformer is better than SplAgger",
        "implied",
        _not_below("splagger", "lstm-invariant transformer transformer-causal", T_LN),
    ),
)
"""All claims, in the order in which they are listed."""
