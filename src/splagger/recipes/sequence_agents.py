"""The agents that differ in their sequence model. Importing this module does not import jax."""

from dataclasses import replace

from splagger.foundation.aggregator_settings import (
    GaussianProductSettings,
    MaxSettings,
    MeanMaxSettings,
    MeanSettings,
    PriorMeanSettings,
    SoftmaxSettings,
    SumSettings,
    WeightedMeanSettings,
)
from splagger.foundation.encoder_settings import (
    CausalTransformerSettings,
    LinearRecurrenceSettings,
    LSTMSettings,
    OverwritingTransformerSettings,
)
from splagger.recipes.agent_entry import NO_SPLIT, ORDER_FREE, RNN, SPLAGGER, entry

METHODS = (
    entry("GRU; half of it through a running maximum: the paper's method", SPLAGGER, "SplAgger"),
    entry(
        "SplAgger with a linear recurrence: no sequential core",
        SPLAGGER,
        name="splagger-linear",
        encoder=LinearRecurrenceSettings(),
    ),
    entry("GRU alone: the paper's RNN", RNN, "RNN", "RNN_HN", "RNN+HN"),
    entry(
        "SplAgger with straight-through gradients",
        SPLAGGER,
        "AMRL",
        name="amrl",
        straight_through=True,
    ),
    entry("no recurrence; running maximum", ORDER_FREE, "Max", "SplAgger_noRNN"),
    entry(
        "no recurrence; running maximum with straight-through gradients",
        ORDER_FREE,
        "Max_ST",
        "Max-ST",
        "AMRL_noRNN",
        name="max-straight-through",
        straight_through=True,
    ),
    entry(
        "no recurrence; running mean",
        ORDER_FREE,
        "CNP",
        "CNP+HN",
        "SplAgger_noRNN_avg",
        name="cnp",
        aggregator=MeanSettings(),
    ),
    entry(
        "no memory: the policy knows the last transition alone",
        ORDER_FREE,
        name="memoryless",
        aggregator=None,
    ),
    entry(
        "small network, no recurrence; running mean with a learned prior (MATE, 2026)",
        ORDER_FREE,
        name="mate",
        layers_before_encoder=(256,),
        aggregator=PriorMeanSettings(),
    ),
    entry(
        "SplAgger with MATE's mean in place of the maximum",
        SPLAGGER,
        name="splagger-mate",
        aggregator=PriorMeanSettings(),
    ),
)
"""SplAgger, the paper's baselines, and what came after."""

ENCODERS = (
    entry(
        "linear recurrence alone",
        RNN,
        name="linear",
        encoder=LinearRecurrenceSettings(),
    ),
    entry(
        "LSTM that starts as a sum which ignores order",
        RNN,
        "LSTM_InvInit",
        "InvInit",
        name="lstm-invariant",
        encoder=LSTMSettings(),
    ),
    entry(
        "LSTM that starts orthogonal",
        RNN,
        name="lstm",
        encoder=LSTMSettings(invariant_initialisation=False),
    ),
    entry(
        "the published transformer: no positions, its outputs overwrite its memory",
        RNN,
        "Transformer",
        name="transformer",
        encoder=OverwritingTransformerSettings(),
    ),
    entry(
        "a sound transformer: causal, with positions, non-linear, with a cache",
        RNN,
        name="transformer-causal",
        encoder=CausalTransformerSettings(),
    ),
)
"""Other encoders, without an aggregator."""

AGGREGATORS = (
    entry("GRU; all of it through a running maximum", NO_SPLIT, "SplAgger_noSplit"),
    entry(
        "maximum that starts low, so that negative inputs pass",
        SPLAGGER,
        "SplAgger_mlowinit",
        name="splagger-low-start",
        aggregator=MaxSettings(start="low"),
    ),
    entry(
        "GRU and maximum start from learned states",
        SPLAGGER,
        "SplAgger_learnHS",
        name="splagger-learned-start",
        learned_start=True,
    ),
    entry(
        "the previous observation is no part of a transition",
        SPLAGGER,
        "SplAgger_noFull",
        name="splagger-half-transitions",
        embedding=replace(SPLAGGER.embedding, full_transitions=False),
    ),
    entry(
        "maximum scaled to norm 1",
        SPLAGGER,
        "SplAgger_max_norm",
        name="splagger-max-norm",
        aggregator=MaxSettings(normalised=True),
    ),
    entry(
        "GRU; all of it through a maximum scaled to norm 1",
        NO_SPLIT,
        "max_norm",
        name="max-norm",
        aggregator=MaxSettings(normalised=True),
    ),
    entry("sum", SPLAGGER, "SplAgger_sum", name="splagger-sum", aggregator=SumSettings()),
    entry("mean", SPLAGGER, "SplAgger_avg", name="splagger-mean", aggregator=MeanSettings()),
    entry(
        "mean of one half of what is aggregated, maximum of the other",
        SPLAGGER,
        "SplAgger_avgmax",
        name="splagger-mean-max",
        aggregator=MeanMaxSettings(),
    ),
    entry(
        "softmax over time",
        SPLAGGER,
        "SplAgger_softmax",
        name="splagger-softmax",
        aggregator=SoftmaxSettings(temperature=0.1),
    ),
    entry(
        "mean with exponential weights",
        SPLAGGER,
        "SplAgger_wsoftmax",
        name="splagger-weighted-softmax",
        aggregator=WeightedMeanSettings(temperature=0.1),
    ),
    entry(
        "mean with softplus weights",
        SPLAGGER,
        "SplAgger_wavg",
        name="splagger-weighted-mean",
        aggregator=WeightedMeanSettings(),
    ),
    entry(
        "no recurrence; softmax over time, warm",
        ORDER_FREE,
        "SOFTMAX_t1",
        name="softmax-1",
        aggregator=SoftmaxSettings(temperature=1.0),
    ),
    entry(
        "no recurrence; softmax over time, cold",
        ORDER_FREE,
        "SOFTMAX_tp1",
        name="softmax-0.1",
        aggregator=SoftmaxSettings(temperature=0.1),
    ),
    entry(
        "no recurrence; mean with exponential weights, warm",
        ORDER_FREE,
        "wsoftmax_t1",
        name="weighted-softmax-1",
        aggregator=WeightedMeanSettings(temperature=1.0),
    ),
    entry(
        "no recurrence; mean with exponential weights, cold",
        ORDER_FREE,
        "wsoftmax_tp1",
        name="weighted-softmax-0.1",
        aggregator=WeightedMeanSettings(temperature=0.1),
    ),
    entry(
        "GRU; product of Gaussian factors: PEARL's sequence model without its objective",
        NO_SPLIT,
        name="gaussian-product",
        aggregator=GaussianProductSettings(),
    ),
)
"""Other aggregators, starts and transitions."""
