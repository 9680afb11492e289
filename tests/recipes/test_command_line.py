import shlex
from dataclasses import replace
from typing import Any

import pytest

from splagger.cli.commands import Train
from splagger.cli.main import parse
from splagger.foundation.encoder_settings import LSTMSettings
from splagger.foundation.settings import Settings
from splagger.recipes.agents import AGENTS
from splagger.recipes.command_line import shortest_command
from splagger.recipes.recipes import RECIPES, settings_for
from splagger.training.train import with_changes

MAZE = "t-maze-long-noise"


def text_of(settings: Settings) -> str:
    command = shortest_command(settings)
    assert command is not None
    return shlex.join(command.words)


def parsed(text: str) -> Settings:
    command = parse(shlex.split(text))
    assert isinstance(command, Train)
    return command.settings


def changed(*arguments: Any, **changes: Any) -> Settings:
    return with_changes(settings_for(*arguments), changes)


CASES: list[tuple[Settings, str]] = [
    (settings_for(MAZE, "splagger"), "train t-maze-long-noise"),
    (settings_for(MAZE, "RNN_HN", "small"), "train t-maze-long-noise --agent rnn --recipe small"),
    (
        changed(f"{MAZE}:length=10", "amrl", frames=96_000, learning_rates=(3e-3, 1e-4), seeds=3),
        "train t-maze-long-noise:length=10 --agent amrl --learning-rates 0.003 0.0001 --seeds 3 "
        "--frames 96000",
    ),
    (
        changed(
            MAZE,
            "linear",
            learning={"gradient_steps": 35, "anneal_learning_rate": True},
            conventions={"train_prior": False, "critic_bias_bound": 0.0, "boundary": "start"},
            agent={
                "name": "my own",
                "encoder": {"gate_bias": -1.25},
                "policy": {"generated_layers": (True, False, True)},
            },
            learning_rates=(1 / 3, 1e-05),
        ),
        "train t-maze-long-noise --agent linear --agent.name 'my own' --agent.encoder.gate-bias "
        "-1.25 --agent.policy.generated-layers True False True --learning.gradient-steps 35 "
        "--learning.anneal-learning-rate --conventions.boundary start "
        "--conventions.critic-bias-bound 0 --conventions.no-train-prior "
        "--learning-rates 0.3333333333333333 1e-05",
    ),
    (
        changed(MAZE, "splagger", agent={"name": "--odd"}),
        "train t-maze-long-noise --agent.name=--odd",
    ),
    (
        changed(MAZE, "splagger", "paper", conventions={"critic_bias_bound": None}),
        "train t-maze-long-noise --recipe paper --conventions.critic-bias-bound None",
    ),
    (
        changed(MAZE, "splagger", agent={"layers_before_encoder": (6, 4)}),
        "train t-maze-long-noise --agent.layers-before-encoder 6 4",
    ),
    (
        settings_for(MAZE, "splagger", policy_size="xs"),
        "train t-maze-long-noise --policy-size xs",
    ),
    (
        settings_for("grid-navigation", "rnn", objective="ti++"),
        "train grid-navigation --agent rnn --objective ti++",
    ),
    # What the recipe adds to the environment need not be said.
    (
        settings_for("walker-random-parameters:spread=2", "splagger", "paper"),
        "train walker-random-parameters:spread=2 --recipe paper",
    ),
    (
        settings_for("walker-random-parameters", "splagger", "paper"),
        "train walker-random-parameters --recipe paper",
    ),
    (settings_for("doors:Doors:episodes=3", "rnn"), "train doors:Doors:episodes=3 --agent rnn"),
]


@pytest.mark.parametrize(("settings", "text"), CASES, ids=[text for _, text in CASES])
def test_the_command_is_the_shortest_and_asks_for_the_same(settings: Settings, text: str):
    assert text_of(settings) == text
    assert parsed(text) == settings


@pytest.mark.parametrize(("number", "name"), [*enumerate(AGENTS)][::5])
def test_named_agents_have_a_short_command(number: int, name: str):
    settings = settings_for(MAZE, name, list(RECIPES)[number % len(RECIPES)])
    command = shortest_command(settings)
    assert command is not None
    assert command.differences == ()
    assert settings_for(command.environment, command.agent, command.recipe) == settings


@pytest.mark.parametrize("objective", ["end-to-end", "ti-naive", "bi++"])
def test_objectives_have_a_short_command(objective: str):
    settings = settings_for("grid-navigation", "max", objective=objective)
    assert text_of(settings) == f"train grid-navigation --agent max --objective {objective}"


def test_differences_name_what_the_recipe_says():
    command = shortest_command(changed(MAZE, "rnn", learning={"steps": 50}, seeds=4))
    assert command is not None
    assert [(d.name, d.value, d.usual) for d in command.differences] == [
        ("learning.steps", 50, 700),
        ("seeds", 4, 1),
    ]


def test_a_composition_without_a_name_is_said_by_flags_where_parts_are_named():
    # The parts are those of `splagger`, whatever it is called and however large it is.
    settings = changed(MAZE, "splagger", agent={"name": "mine", "latent_size": 3})
    assert parsed(text_of(settings)) == settings


def test_parts_that_no_agent_has_together_have_no_command():
    agent = replace(AGENTS["splagger-film"].settings, encoder=LSTMSettings())
    assert shortest_command(settings_for(MAZE, agent)) is None
