import dataclasses
from typing import Any

import pytest
from support.plain_modules import plain

from splagger.foundation import policy_settings
from splagger.foundation.errors import UserError
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    MultiNetworkSettings,
)

PLAIN = plain(policy_settings)
KINDS = ("HypernetworkSettings", "PlainPolicySettings", "FilmSettings", "MultiNetworkSettings")
AT_LEAST_1 = "but it must be a finite number >= 1."

BAD: list[tuple[dict[str, Any], str]] = [
    ({"observation_embedding": 0}, f"observation_embedding is 0, {AT_LEAST_1}"),
    ({"latent_embedding": -3}, f"latent_embedding is -3, {AT_LEAST_1}"),
    ({"hidden_sizes": ()}, "hidden_sizes is empty, but it needs at least one width."),
    ({"hidden_sizes": (8, 0)}, f"hidden_sizes is 0, {AT_LEAST_1}"),
    (
        {"initialisation": "xavier"},
        "initialisation is 'xavier', but it must be one of 'normc', 'orthogonal', 'kaiming'.",
    ),
    (
        {"initial_standard_deviation": 0.0},
        "initial_standard_deviation is 0.0, but it must be a finite number > 0.",
    ),
]
BAD_ACTOR_CRITIC: list[tuple[dict[str, Any], str]] = [
    (
        {"source": "oracle"},
        "source is 'oracle', but it must be one of 'latent', 'task', 'belief'.",
    ),
]
BAD_CONDITIONED: list[tuple[dict[str, Any], str]] = [
    ({"hyper_hidden_sizes": (4, 0)}, f"hyper_hidden_sizes is 0, {AT_LEAST_1}"),
    (
        {"hyper_hidden_sizes": (4,), "hyper_softmax_temperature": 0.0},
        "hyper_softmax_temperature is 0.0, but it must be a finite number > 0.",
    ),
    (
        {"hyper_softmax_temperature": 0.5},
        "hyper_softmax_temperature is 0.5, but agent.policy.hyper_hidden_sizes is empty: there is "
        "no hidden layer that the softmax could follow. Give it a width, such as 16.",
    ),
]
BAD_HYPERNETWORK: list[tuple[dict[str, Any], str]] = [
    (
        {"generated_layers": (True, False)},
        "generated_layers has 2 entries, but with agent.policy.hidden_sizes (256, 128) there are "
        "3 layers, the head included.",
    ),
    (
        {"generated_layers": (False, False, False)},
        "generated_layers is all false, but at least one layer must be generated.",
    ),
    (
        {"hyper_initialisation": "he"},
        "hyper_initialisation is 'he', but it must be one of 'bias', 'weight', 'both', 'none', "
        "'hfi'.",
    ),
]


@pytest.mark.parametrize(
    ("kind", "numbers", "sentence"),
    [
        *((kind, *case) for kind in KINDS for case in BAD),
        *(
            (kind, *case)
            for kind in ("HypernetworkSettings", "PlainPolicySettings", "FilmSettings")
            for case in BAD_ACTOR_CRITIC
        ),
        *(
            (kind, *case)
            for kind in ("HypernetworkSettings", "FilmSettings")
            for case in BAD_CONDITIONED
        ),
        *(("HypernetworkSettings", *case) for case in BAD_HYPERNETWORK),
    ],
)
def test_bad_values_are_refused(kind: str, numbers: dict[str, Any], sentence: str):
    with pytest.raises(UserError) as error:
        getattr(PLAIN, kind)(**numbers)
    assert str(error.value) == f"agent.policy.{sentence}"


def test_no_kind_has_two_meanings():
    assert len({getattr(policy_settings, kind).kind for kind in KINDS}) == len(KINDS)


def test_a_network_for_every_task_has_no_other_source():
    names = {field.name for field in dataclasses.fields(MultiNetworkSettings)}
    assert "source" not in names


def test_bias_initialisation_is_the_default():
    assert HypernetworkSettings().hyper_initialisation == "bias"
    assert FilmSettings().hyper_initialisation == "bias"
