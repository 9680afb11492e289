"""The agents that differ in their policy. Importing this module does not import jax."""

from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    PlainPolicySettings,
)
from splagger.recipes.agent_entry import RNN, SPLAGGER, entry

POLICIES = (
    entry(
        "GRU alone; plain policy of observation and latent",
        RNN,
        "RNN_S",
        "RNN+S",
        name="rnn+s",
        policy=PlainPolicySettings(),
    ),
    entry(
        "GRU alone; plain policy of the latent alone: the RNN of 2023",
        RNN,
        "RNN_2023",
        name="rnn-latent-only",
        policy=PlainPolicySettings(observe=False),
    ),
    entry(
        "SplAgger; plain policy of observation and latent",
        SPLAGGER,
        "SplAgger_S",
        name="splagger+s",
        policy=PlainPolicySettings(),
    ),
    entry(
        "SplAgger; the latent scales and shifts the policy's layers (FiLM)",
        SPLAGGER,
        name="splagger-film",
        policy=FilmSettings(),
    ),
)
"""Other policies than the hypernetwork."""

INITIALISATIONS = (
    entry(
        "GRU alone; the heads start by Kaiming",
        RNN,
        "RNN_HN_Kaiming",
        name="rnn-kaiming",
        policy=HypernetworkSettings(initialisation="kaiming", hyper_initialisation="none"),
    ),
    entry(
        "each dimension of the latent adds an initial layer (Weight-HyperInit)",
        SPLAGGER,
        name="splagger-weight-init",
        policy=HypernetworkSettings(hyper_initialisation="weight"),
    ),
    entry(
        "half Bias-HyperInit, half Weight-HyperInit",
        SPLAGGER,
        name="splagger-both-init",
        policy=HypernetworkSettings(hyper_initialisation="both"),
    ),
    entry(
        "the heads start as ordinary layers",
        SPLAGGER,
        name="splagger-no-init",
        policy=HypernetworkSettings(hyper_initialisation="none"),
    ),
    entry(
        "the heads start by Kaiming",
        SPLAGGER,
        name="splagger-kaiming",
        policy=HypernetworkSettings(initialisation="kaiming", hyper_initialisation="none"),
    ),
    entry(
        "the heads start orthogonal",
        SPLAGGER,
        name="splagger-orthogonal",
        policy=HypernetworkSettings(initialisation="orthogonal", hyper_initialisation="none"),
    ),
    entry(
        "the heads keep the variance of what they generate (HFI)",
        SPLAGGER,
        name="splagger-hfi",
        policy=HypernetworkSettings(initialisation="kaiming", hyper_initialisation="hfi"),
    ),
    entry(
        "FiLM whose heads start as ordinary layers",
        SPLAGGER,
        name="splagger-film-no-init",
        policy=FilmSettings(hyper_initialisation="none"),
    ),
)
"""Other initialisations of the hypernetwork than Bias-HyperInit."""
