"""The agents that learn, or are told, the task. Importing this module does not import jax."""

from dataclasses import replace

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.aggregator_settings import GaussianProductSettings, MeanSettings
from splagger.foundation.objective_settings import ObjectiveSettings
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    MultiNetworkSettings,
    PlainPolicySettings,
)
from splagger.recipes.agent_entry import NO_SPLIT, ORDER_FREE, RNN, entry
from splagger.recipes.objectives import with_objective


def _rnn(objective: str) -> AgentSettings:
    return with_objective(RNN, objective)


_PEARL_GRU = with_objective(replace(NO_SPLIT, aggregator=GaussianProductSettings()), "pearl")
_TOLD = ObjectiveSettings(policy_gradient=False)

INFERENCE = (
    entry(
        "GRU that learns to predict rewards; plain policy of observation and latent",
        _rnn("varibad"),
        "VI",
        name="varibad",
        policy=PlainPolicySettings(),
    ),
    entry(
        "the same; the hypernetwork is the policy",
        _rnn("varibad"),
        "VI_HN",
        "VI+HN",
        "VariBAD+HN",
        name="varibad-hypernetwork",
    ),
    entry(
        "the same; the hypernetwork's heads start as ordinary layers",
        _rnn("varibad"),
        "VI_HN_noInit",
        name="varibad-no-init",
        policy=HypernetworkSettings(hyper_initialisation="none"),
    ),
    entry(
        "the same; the latent scales and shifts the policy's layers (FiLM)",
        _rnn("varibad"),
        "FiLM_Bias-HyperInit",
        name="varibad-film",
        policy=FilmSettings(),
    ),
    entry(
        "the same, whose heads start as ordinary layers",
        _rnn("varibad"),
        "FiLM_Normc",
        name="varibad-film-no-init",
        policy=FilmSettings(hyper_initialisation="none"),
    ),
    entry(
        "no recurrence, product of Gaussian factors; acts on samples, end to end",
        replace(_PEARL_GRU, encoder=ORDER_FREE.encoder),
        "PEARL",
        name="pearl",
    ),
    entry(
        "the same after a GRU, as in the published code",
        _PEARL_GRU,
        name="pearl-gru",
    ),
    entry(
        "the same, but the GRU learns to predict rewards, and the policy sees no samples",
        with_objective(_PEARL_GRU, "varibad"),
        "PEARL_vari",
        name="pearl-varibad",
    ),
    entry(
        "no recurrence, running mean; learns to predict rewards: the variational CNP",
        with_objective(replace(ORDER_FREE, aggregator=MeanSettings()), "varibad"),
        name="neural-process",
    ),
)
"""Agents whose sequence model learns to predict, or is drawn to a prior."""

TASK_INFERENCE = (
    entry(
        "GRU that learns to predict rewards and the true task; plain policy",
        _rnn("ti-naive"),
        "TI_Naive",
        name="ti-naive",
        policy=PlainPolicySettings(),
    ),
    entry(
        "GRU that infers the policy's view of the task; frozen, then a new start; plain policy",
        _rnn("ti"),
        "TI",
        name="ti",
        policy=PlainPolicySettings(),
    ),
    entry(
        "the same; all learn from the start and go on",
        _rnn("ti++"),
        "TI++",
        "TI_pp",
        name="ti++",
        policy=PlainPolicySettings(),
    ),
    entry(
        "TI with a hypernetwork",
        _rnn("ti"),
        "TI+HN",
        "TI_HN",
        name="ti-hypernetwork",
    ),
    entry(
        "TI++ with a hypernetwork",
        _rnn("ti++"),
        "TI++HN",
        "TI_pp_HN",
        name="ti++-hypernetwork",
    ),
    entry(
        "GRU that infers all weights which the hypernetwork generates for the task",
        _rnn("bi++"),
        "BI++HN",
        "BI_pp_HN",
        name="bi++-hypernetwork",
    ),
)
"""Agents that are told the true task in a warm-up, or learn to say it."""

ORACLES = (
    entry(
        "told the true task, the hypernetwork's input: an oracle",
        RNN,
        "Multi+HN",
        "Multi_HN",
        name="multi-task",
        policy=HypernetworkSettings(source="task"),
        objective=_TOLD,
    ),
    entry(
        "one policy a task, chosen by the true task: an oracle",
        RNN,
        "Multinet",
        name="multi-network",
        policy=MultiNetworkSettings(),
    ),
    entry(
        "told what an ideal observer would believe about the task: an oracle",
        RNN,
        name="belief-oracle",
        policy=HypernetworkSettings(source="belief"),
        objective=_TOLD,
    ),
)
"""Agents that are told, always: what could be gained by knowing."""
