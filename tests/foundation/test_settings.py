"""Settings: what is refused and with which sentence, and the way to JSON and back."""

import dataclasses
import json
import math
import subprocess
import sys
from functools import partial
from typing import Any

import pytest
from support.plain_modules import plain

from splagger.foundation import settings
from splagger.foundation.agent_settings import AgentSettings, EmbeddingSettings
from splagger.foundation.aggregator_settings import WeightedMeanSettings
from splagger.foundation.encoder_settings import CausalTransformerSettings, LSTMSettings
from splagger.foundation.errors import UserError
from splagger.foundation.objective_settings import ElboSettings, ObjectiveSettings
from splagger.foundation.policy_settings import FilmSettings
from splagger.foundation.settings import (
    ConventionSettings,
    HostSettings,
    LearningSettings,
    Settings,
    from_dictionary,
    to_dictionary,
)

DEFAULT = Settings("t-maze-long-noise")


PLAIN = plain(settings)

AT_LEAST_1 = "but it must be a finite number >= 1."
AT_LEAST_0 = "but it must be a finite number >= 0."
POSITIVE = "but it must be a finite number > 0."
FRACTION = "but it must be a number from 0 to 1."

KINDS = "but it must be a table whose 'kind' is one of "
ENCODERS = f"{KINDS}gru, lstm, feed-forward, linear, overwriting-transformer, causal-transformer."
AGGREGATORS = (
    f"{KINDS}max, sum, mean, mean-max, weighted-mean, softmax, gaussian-product, prior-mean."
)
POLICIES = f"{KINDS}hypernetwork, plain, film, multi-network."

LEARNING: list[tuple[dict[str, Any], str]] = [
    (
        {"minibatch_kind": "steps"},
        "minibatch_kind is 'steps', but it must be one of 'time-steps', 'environments'.",
    ),
    *(
        ({name: 0}, f"{name} is 0, {AT_LEAST_1}")
        for name in ("environments", "steps", "epochs", "minibatches")
    ),
    ({"gradient_steps": 0}, f"gradient_steps is 0, {AT_LEAST_1}"),
    ({"discount": 1.1}, f"discount is 1.1, {FRACTION}"),
    ({"trace_decay": -0.1}, f"trace_decay is -0.1, {FRACTION}"),
    ({"discount": math.nan}, f"discount is nan, {FRACTION}"),
    *(
        ({name: 0.0}, f"{name} is 0.0, {POSITIVE}")
        for name in (
            "clip",
            "maximum_gradient_norm",
            "reward_clip",
            "policy_epsilon",
            "sequence_epsilon",
        )
    ),
    ({"reward_clip": math.inf}, f"reward_clip is inf, {POSITIVE}"),
    ({"entropy_weight": -0.1}, f"entropy_weight is -0.1, {AT_LEAST_0}"),
    ({"value_weight": math.nan}, f"value_weight is nan, {AT_LEAST_0}"),
    (
        {"environments": 2, "steps": 3, "minibatches": 7},
        "minibatches is 7, but a rollout has only 6 steps: a minibatch needs at least one.",
    ),
    (
        {"environments": 3, "minibatch_kind": "environments"},
        "minibatches is 4, but a rollout has only 3 environments: a minibatch needs at least one.",
    ),
    (
        {"environments": 1, "steps": 1, "minibatches": 1},
        "steps is 1 with one environment, but a rollout needs 2.",
    ),
]
CONVENTIONS: list[tuple[dict[str, Any], str]] = [
    (
        {"boundary": "none"},
        "boundary is 'none', but it must be one of 'both', 'terminal', 'start', 'published'.",
    ),
    (
        {"memory_reset": "never"},
        "memory_reset is 'never', but it must be one of "
        "'after-last-transition', 'before-last-transition'.",
    ),
    (
        {"time_limits": "ignore"},
        "time_limits is 'ignore', but it must be one of 'bootstrap', 'zero-advantage', 'terminal'.",
    ),
    (
        {"action_encoding": "binary"},
        "action_encoding is 'binary', but it must be one of 'one-hot', 'index'.",
    ),
    ({"critic_bias_bound": -1.0}, f"critic_bias_bound is -1.0, {AT_LEAST_0}"),
]
HOST: list[tuple[dict[str, Any], str]] = [({"workers": -1}, f"workers is -1, {AT_LEAST_0}")]
WHOLE: list[tuple[dict[str, Any], str]] = [
    (
        {
            "host": PLAIN.HostSettings(overlap=True),
            "learning": PLAIN.LearningSettings(environments=3),
        },
        "learning.environments is 3, but it must be even with host.overlap.",
    ),
    (
        {
            "agent": AgentSettings(encoder=CausalTransformerSettings()),
            "learning": PLAIN.LearningSettings(gradient_steps=2),
        },
        "learning.gradient_steps is 2, but the encoder causal-transformer has no recurrence "
        "through which gradients flow: leave it at None, or choose a GRU, an LSTM or a linear "
        "recurrence.",
    ),
    ({"learning_rates": ()}, "learning_rates is empty, but it needs at least one number."),
    ({"learning_rates": (1e-3, 0.0)}, f"learning_rates is 0.0, {POSITIVE}"),
    ({"learning_rates": (-1e-3,)}, f"learning_rates is -0.001, {POSITIVE}"),
    ({"learning_rates": (math.nan,)}, f"learning_rates is nan, {POSITIVE}"),
    ({"learning_rates": (0.1, 0.1)}, "learning_rates is (0.1, 0.1), but they must differ."),
    ({"seeds": 0}, f"seeds is 0, {AT_LEAST_1}"),
    ({"first_seed": -1}, f"first_seed is -1, {AT_LEAST_0}"),
    (
        {"first_seed": 2**31 - 1, "seeds": 2},
        "first_seed is 2147483647, but the last seed must be below 2147483648.",
    ),
    ({"evaluation_interval": 0}, f"evaluation_interval is 0, {AT_LEAST_1}"),
    ({"evaluation_tasks": 0}, f"evaluation_tasks is 0, {AT_LEAST_1}"),
    ({"checkpoint_minutes": -1.0}, f"checkpoint_minutes is -1.0, {AT_LEAST_0}"),
    ({"checkpoint_minutes": math.inf}, f"checkpoint_minutes is inf, {AT_LEAST_0}"),
    (
        {"precision": "half"},
        "precision is 'half', but it must be one of 'float32', 'tensorfloat32'.",
    ),
    (
        {"frames": 11_199},
        "frames is 11199, but one rollout alone takes 11200 (16 environments x 700 steps).",
    ),
]


@pytest.mark.parametrize(
    ("make", "changes", "sentence"),
    [
        (make, changes, f"{prefix}{sentence}")
        for make, prefix, table in (
            (PLAIN.LearningSettings, "learning.", LEARNING),
            (PLAIN.ConventionSettings, "conventions.", CONVENTIONS),
            (PLAIN.HostSettings, "host.", HOST),
            (partial(PLAIN.Settings, "t-maze-latent"), "", WHOLE),
        )
        for changes, sentence in table
    ],
)
def test_bad_values_are_refused(make: Any, changes: dict[str, Any], sentence: str):
    with pytest.raises(UserError) as error:
        make(**changes)
    assert str(error.value) == sentence


def test_smallest_values_are_accepted():
    LearningSettings(
        environments=1, steps=2, minibatches=2, epochs=1, discount=0.0, trace_decay=1.0
    )
    LearningSettings(environments=4, steps=1, minibatch_kind="environments", entropy_weight=0.0)
    ConventionSettings(critic_bias_bound=0.0)
    dataclasses.replace(DEFAULT, frames=11_200, checkpoint_minutes=0.0)


CHANGED = Settings(
    environment="t-maze-latent:episodes=2",
    agent=AgentSettings(
        name="mine",
        embedding=EmbeddingSettings(observation=3, action=0, reward=1, full_transitions=False),
        encoder=LSTMSettings(6, invariant_initialisation=False),
        aggregator=WeightedMeanSettings(temperature=0.5, learn_temperature=True),
        split=False,
        straight_through=True,
        learned_start=True,
        layers_before_encoder=(3,),
        layers_after_encoder=(4, 6),
        layers_after_aggregator=(5,),
        latent_size=2,
        policy=FilmSettings(
            observation_embedding=4,
            latent_embedding=5,
            hidden_sizes=(7, 8, 9),
            initialisation="kaiming",
            initial_standard_deviation=0.5,
            hyper_hidden_sizes=(3,),
            hyper_softmax_temperature=2.0,
            hyper_initialisation="none",
            source="task",
        ),
        sample_latent=True,
        objective=ObjectiveSettings(policy_gradient=False, elbo=ElboSettings()),
    ),
    learning=LearningSettings(
        environments=4,
        steps=10,
        gradient_steps=3,
        epochs=1,
        minibatches=3,
        minibatch_kind="environments",
        discount=1.0,
        trace_decay=0.0,
        clip=0.2,
        entropy_weight=0.0,
        value_weight=1.0,
        maximum_gradient_norm=2.0,
        reward_clip=1e5,
        policy_epsilon=1e-8,
        sequence_epsilon=1e-5,
        precollect_frames=7,
        anneal_learning_rate=True,
        measure_inputs=True,
    ),
    conventions=ConventionSettings(
        boundary="start",
        memory_reset="before-last-transition",
        restart_memory=True,
        reset_all_returns=True,
        critic_bias_bound=1.0,
        early_statistics=True,
        time_limits="zero-advantage",
        action_encoding="index",
        train_prior=False,
        elbo_scale="published",
        replay_latent_noise=False,
    ),
    host=HostSettings(workers=2, overlap=True),
    learning_rates=(1e-3, 3e-4),
    seeds=2,
    first_seed=5,
    frames=125,
    evaluation_interval=3,
    evaluation_tasks=7,
    checkpoint_minutes=0.5,
    precision="tensorfloat32",
)


def leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= leaves(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


@pytest.mark.parametrize("original", [DEFAULT, CHANGED])
def test_settings_survive_json(original: Settings):
    text = json.dumps(to_dictionary(original), allow_nan=False)
    assert from_dictionary(json.loads(text)) == original


def test_every_setting_is_changed_above():
    default, other = leaves(to_dictionary(DEFAULT)), leaves(to_dictionary(CHANGED))
    common = default.keys() & other.keys()
    # Not of an oracle; see the tests of objectives.
    same = ["agent.objective.task_inference"]
    assert [name for name in common if default[name] == other[name]] == same
    only_here = ("agent.aggregator", "agent.policy.generated_layers", "agent.objective.elbo")
    assert [name for name in default.keys() - common if not name.startswith(only_here)] == []


def test_whole_numbers_are_read_as_the_floats_they_stand_for():
    values = to_dictionary(DEFAULT)
    values["checkpoint_minutes"], values["conventions"]["critic_bias_bound"] = 2, 1
    values["learning_rates"] = [1]
    read = from_dictionary(values)
    numbers = read.checkpoint_minutes, read.conventions.critic_bias_bound, *read.learning_rates
    assert [type(number) for number in numbers] == [float] * 3


@pytest.mark.parametrize("name", leaves(to_dictionary(DEFAULT)))
def test_missing_entries_are_named(name: str):
    values = to_dictionary(DEFAULT)
    *path, last = name.split(".")
    table = values
    for part in path:
        table = table[part]
    del table[last]
    missing = f"the settings lack the entry '{name}'."
    if last == "kind":
        parent = ".".join(path)
        kinds = {"agent.encoder": ENCODERS, "agent.policy": POLICIES}.get(parent, AGGREGATORS)
        missing = f"the settings' entry '{parent}' is {table!r}, {kinds}"
    with pytest.raises(UserError) as error:
        from_dictionary(values)
    assert str(error.value) == missing


@pytest.mark.parametrize("path", [(), ("agent",), ("learning",), ("conventions",)])
def test_unknown_entries_are_named(path: tuple[str, ...]):
    values = to_dictionary(DEFAULT)
    (values[path[0]] if path else values)["colour"] = "red"
    with pytest.raises(UserError) as error:
        from_dictionary(values)
    name = ".".join((*path, "colour"))
    assert str(error.value) == (
        f"the settings have an entry '{name}' that this version does not know."
    )


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("environment", 3, "a text"),
        ("seeds", 1.0, "a whole number"),
        ("seeds", True, "a whole number"),
        ("seeds", "1", "a whole number"),
        ("seeds", None, "a whole number"),
        ("checkpoint_minutes", "1", "a number"),
        ("checkpoint_minutes", True, "a number"),
        ("learning_rates", 0.1, "a list, each entry a number"),
        ("learning_rates", "0.1", "a list, each entry a number"),
        ("learning.anneal_learning_rate", 1, "true or false"),
        ("conventions.critic_bias_bound", "1", "a number"),
        ("agent.name", None, "a text"),
    ],
)
def test_values_of_a_wrong_type_are_named(name: str, value: object, valid: str):
    with pytest.raises(UserError) as error:
        from_dictionary(changed(name, value))
    assert str(error.value) == f"{name} is {value!r}, but it must be {valid}."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "learning_rates",
            [0.1, "x"],
            "learning_rates is 'x', but it must be a number.",
        ),
        ("agent", 3, "the settings' entry 'agent' is 3, but it must be a table."),
        ("agent.policy", None, f"the settings' entry 'agent.policy' is None, {POLICIES}"),
        ("agent.encoder", ["gru"], f"the settings' entry 'agent.encoder' is ['gru'], {ENCODERS}"),
        ("seeds", 0, f"seeds is 0, {AT_LEAST_1}"),
    ],
)
def test_other_bad_entries(name: str, value: object, sentence: str):
    with pytest.raises(UserError) as error:
        PLAIN.from_dictionary(changed(name, value))
    assert str(error.value) == sentence


def changed(name: str, value: object) -> dict[str, Any]:
    values = to_dictionary(DEFAULT)
    *path, last = name.split(".")
    (values[path[0]] if path else values)[last] = value
    return values


def test_members_are_every_rate_with_every_seed():
    assert CHANGED.members == [(1e-3, 5), (1e-3, 6), (3e-4, 5), (3e-4, 6)]


def test_updates_are_whole_rollouts():
    assert CHANGED.updates == 3
    assert dataclasses.replace(CHANGED, frames=119).updates == 2
    assert dataclasses.replace(DEFAULT, frames=11_200).updates == 1


def test_settings_recipes_and_agents_do_not_import_jax():
    program = (
        "import sys\n"
        "import splagger.foundation.settings, splagger.recipes.recipes, splagger.recipes.agents\n"
        "splagger.recipes.recipes.settings_for('t-maze-latent', 'rnn', 'paper')\n"
        "print(*(name for name in sys.modules if name.split('.')[0] in ('jax', 'jaxlib')))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []


def test_a_prior_that_no_trial_starts_from_cannot_be_trained():
    with pytest.raises(UserError, match="train_prior is true, but with conventions.memory_reset"):
        ConventionSettings(memory_reset="before-last-transition", train_prior=True)
