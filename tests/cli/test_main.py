import importlib
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.runs import ENVIRONMENT, FLAGS, ROOT, environment_variables, python, run_settings

import splagger
from splagger.cli.commands import Evaluate, Plot, Resume, Train
from splagger.cli.main import main, parse
from splagger.foundation.settings import Settings
from splagger.recipes.agents import AGENTS
from splagger.recipes.objectives import OBJECTIVES
from splagger.recipes.recipes import RECIPES, settings_for

COMMANDS = ["train", "resume", "submit", "evaluate", "watch", "plot", "analyse", "environments"]
COMMANDS += ["agents", "demo", "report"]


def train_settings(*words: str) -> Settings:
    command = parse(["train", *words])
    assert isinstance(command, Train)
    return command.settings


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that a command with bad input prints."""
    assert main(list(words)) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.endswith("\n")
    assert errors.count("\n") == 1
    assert errors.startswith("splagger: ")
    return errors


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is printed where the words themselves cannot be parsed."""
    with pytest.raises(SystemExit) as exit:
        main(list(words))
    assert exit.value.code == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert "Traceback" not in errors
    return " ".join(errors.replace("│", " ").split())


# Help


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as exit:
        main([*words])
    assert exit.value.code == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    return output


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]):
    text = help_of(capsys, "--help")
    assert all(f"• {command} " in text for command in COMMANDS)
    assert help_of(capsys) == text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], command: str):
    assert f"usage: splagger {command}" in help_of(capsys, command, "--help")


def test_help_and_complaints_do_not_import_jax():
    program = f"""
import contextlib, io, sys
from splagger.cli import main
for words in [["--help"], ["--version"], *([name, "--help"] for name in {COMMANDS}),
              ["train", "t-maze-noise", "--agent", "nothing"], ["train", "--seeds", "0", "x"]]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            main(words)
        except SystemExit:
            pass
    slow = {{"jax", "numpy", "matplotlib", "equinox"}} & set(sys.modules)
    print(words[0], sorted(slow))
"""
    lines = python(program).splitlines()
    assert len(lines) == len(COMMANDS) + 4
    assert [line for line in lines if not line.endswith("[]")] == []


@pytest.mark.parametrize("words", [["--version"], ["version"]])
def test_version(capsys: pytest.CaptureFixture[str], words: list[str]):
    assert main(words) == 0
    assert capsys.readouterr().out == f"splagger {splagger.__version__}\n"


def test_the_console_script_is_this_function():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["splagger"].partition(":")
    assert getattr(importlib.import_module(module), function) is main


# Settings


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


OBJECTIVES_OF_FLAGS = [
    # Without a bound the policy's losses must train the sequence model.
    ("end-to-end", ("agent.objective.policy_gradient",)),
    # The belief, in place of the latent, leaves nothing to infer.
    ("ti", ("agent.policy.source",)),
]
"""Objectives whose settings have flags, and the settings that nothing else can be said of."""


def another(name: str, value: Any) -> tuple[Any, list[str]]:
    """A value that differs from a setting's, and the words that ask for it."""
    flag = flag_of(name)
    group, _, last = flag.rpartition(".")
    if isinstance(value, bool):
        return not value, [f"{group}.no-{last}" if value and group else flag]
    if isinstance(value, tuple) and value:
        changed = tuple(2 * item for item in value) + (7 * value[0],)
        return changed, [flag, *map(str, changed)]
    if isinstance(value, int):
        # One of two halves of the environments overlaps with the other.
        more = value + (2 if name == "learning.environments" else 1)
        return more, [flag, str(more)]
    if isinstance(value, float):
        return value / 2, [flag, str(value / 2)]
    choices = {
        "agent.name": "mine",
        "agent.layers_before_encoder": (6, 4),
        "agent.layers_after_encoder": (4,),
        "agent.layers_after_aggregator": (5,),
        "agent.aggregator.start": "low",
        "agent.objective.elbo.kl_target": "prior",
        "agent.objective.elbo.terms": 5,
        "agent.objective.elbo.decodes": 4,
        "agent.objective.task_inference.target": "base-network",
        "agent.objective.task_inference.warm_up_updates": 3,
        "agent.policy.source": "belief",
        "agent.policy.initialisation": "kaiming",
        "agent.policy.hyper_initialisation": "both",
        "agent.policy.hyper_hidden_sizes": (5,),
        "agent.policy.hyper_softmax_temperature": 0.5,
        # With one layer more, as asked for at the same time, there are four.
        "agent.policy.generated_layers": (True, True, True, False),
        "learning.gradient_steps": 6,
        "learning.minibatch_kind": "environments",
        "conventions.boundary": "published",
        "conventions.memory_reset": "before-last-transition",
        "conventions.time_limits": "terminal",
        "conventions.action_encoding": "index",
        "conventions.elbo_scale": "published",
        "conventions.critic_bias_bound": 0.25,
        "host.workers": 2,
        "precision": "tensorfloat32",
    }
    choice = choices[name]
    return choice, [flag, *map(str, choice if isinstance(choice, tuple) else (choice,))]


PARTS = ("elbo", "task_inference", "state", "task")
"""What an agent may do without: then it has no flags."""


def names_of(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Every setting by its full name, without the environment and the parts that are not there."""
    found = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value):
            found |= names_of(value, f"{prefix}{field.name}.")
        elif field.name != "environment" and not (value is None and field.name in PARTS):
            found[prefix + field.name] = value
    return found


@pytest.mark.parametrize(("objective", "fixed"), OBJECTIVES_OF_FLAGS)
def test_every_setting_has_a_flag_that_sets_it(objective: str, fixed: tuple[str, ...]):
    asked = ("--objective", objective)
    defaults = names_of(settings_for(ENVIRONMENT, "splagger", objective=objective))
    assert len(defaults) > 40
    expected, words = {}, []
    for name, value in defaults.items():
        expected[name], more = (value, []) if name in fixed else another(name, value)
        words += more
    assert [n for n, value in defaults.items() if expected[n] == value] == list(fixed)
    assert names_of(train_settings(ENVIRONMENT, *asked, *words)) == expected
    # And nothing else changes where one is set; only the memory's reset cannot be set alone.
    for name, value in defaults.items():
        if name.startswith("conventions") and name != "conventions.memory_reset":
            changed, words = another(name, value)
            words = [*asked, *words]
            assert names_of(train_settings(ENVIRONMENT, *words)) == {**defaults, name: changed}


@pytest.mark.parametrize("objective", ["end-to-end", "ti"])
def test_help_documents_every_setting_and_its_default(
    capsys: pytest.CaptureFixture[str], objective: str
):
    shown = help_of(capsys, "train", ENVIRONMENT, "--objective", objective, "--help")
    text = " ".join(shown.replace("│", " ").split())
    for name, value in names_of(settings_for(ENVIRONMENT, "splagger", objective=objective)).items():
        _, found, rest = text.partition(f"{flag_of(name)} ")
        if isinstance(value, bool):
            _, found, rest = text.partition(f"{flag_of(name)}, --")
        assert found, name
        _, _, default = rest.partition("(default: ")
        shown = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        assert default.startswith(f"{shown})"), name


@pytest.mark.parametrize(("agent", "name"), [*((n, n) for n in AGENTS), ("RNN+HN", "rnn")])
def test_every_agent_can_be_asked_for(agent: str, name: str):
    asked = train_settings(ENVIRONMENT, "--agent", agent)
    assert asked.agent.name == name
    assert asked == settings_for(ENVIRONMENT, AGENTS[name].settings.name)


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_every_objective_goes_with_an_agent(objective: str):
    expected = settings_for("grid-navigation", "splagger", objective=objective)
    assert train_settings("grid-navigation", "--objective", objective) == expected
    assert expected.agent.name == f"splagger+{objective}"
    shorter = train_settings(f"--objective={objective}", "grid-navigation", "--frames", "99999")
    assert shorter == replace(expected, frames=99_999)


def test_numbers_of_an_objective_are_flags():
    words = "grid-navigation --objective ti --agent.objective.elbo.reward.hidden-sizes 6 5"
    words += " --agent.objective.task-inference.warm-up-updates 3"
    objective = train_settings(*words.split()).agent.objective
    assert objective.elbo is not None
    assert objective.elbo.reward is not None
    assert objective.elbo.reward.hidden_sizes == (6, 5)
    assert objective.task_inference is not None
    assert objective.task_inference.warm_up_updates == 3


def test_help_lists_the_objectives(capsys: pytest.CaptureFixture[str]):
    text = " ".join(help_of(capsys, "train", "--help").replace("│", " ").split())
    _, found, rest = text.partition("--objective ")
    assert found
    shown = rest.partition("(default: None)")[0]
    assert [name for name in OBJECTIVES if f"`{name}`" not in shown] == []


@pytest.mark.parametrize("recipe", list(RECIPES))
@pytest.mark.parametrize("agent", ["splagger", "rnn+s"])
def test_a_recipe_decides_the_defaults(recipe: str, agent: str):
    for environment in ("t-maze-long-noise", "T-LN-P1-A50-v0"):
        expected = settings_for(environment, agent, recipe)
        assert train_settings(environment, "--recipe", recipe, "--agent", agent) == expected
        changed = train_settings(environment, "--recipe", recipe, "--agent", agent, "--seeds", "9")
        assert changed == replace(expected, seeds=9)


@pytest.mark.parametrize(
    "words",
    ["ENV --recipe paper", "--seeds 2 ENV --recipe paper", "--recipe paper --overwrite ENV"],
)
def test_a_recipe_adds_options_to_the_environment(words: str):
    asked = words.replace("ENV", "Walker2DRandParams-v0:spread=2").split()
    expected = "Walker2DRandParams-v0:spread=2,recompute=false"
    assert train_settings(*asked).environment == expected


def test_what_is_no_setting_is_passed_on(monkeypatch: pytest.MonkeyPatch):
    made = []

    def start_run(settings, **options):
        made.append((settings.environment, options["simulator"], options["members_at_once"]))
        raise KeyboardInterrupt

    monkeypatch.setattr("splagger.training.train.start_run", start_run)
    for words in (["ant-goal"], ["--simulator", "mjx", "ant-goal", "--members-at-once", "7"]):
        assert main(["train", *words]) == 130
    assert made == [("ant-goal", None, None), ("ant-goal", "mjx", 7)]


def test_defaults_of_a_recipe_show_up_in_help(capsys: pytest.CaptureFixture[str]):
    text = help_of(capsys, "train", "t-maze-agreement", "--recipe", "paper", "--help")
    shown = " ".join(text.replace("│", " ").split())
    assert "(default: 10000000)" in shown
    assert "--conventions.boundary {both,terminal,start,published}" in shown
    assert "(default: published)" in shown
    assert "(default: 64)" not in help_of(capsys, "train", "--recipe", "paper", "--help")


@pytest.mark.parametrize(
    "words",
    [
        "ENV --agent rnn --recipe paper --overwrite --seeds 2",
        "--agent rnn ENV --recipe paper --overwrite --seeds 2",
        "--agent=rnn --recipe=paper ENV --seeds=2 --overwrite",
        "--overwrite ENV --recipe paper --agent rnn --seeds 2",
        "--seeds 2 --recipe paper --agent rnn --overwrite ENV",
        "--conventions.no-train-prior ENV --recipe paper --agent rnn --overwrite --seeds 2",
        "--conventions.restart-memory --seeds 2 ENV --recipe paper --agent RNN_HN --overwrite",
        "--no-quiet ENV --recipe paper --agent rnn --overwrite --seeds 2",
        "--recipe small ENV --recipe paper --agent max --agent rnn --overwrite --seeds 2",
    ],
)
def test_the_order_of_words_does_not_matter(words: str):
    environment = "t-maze-agreement:length=9"
    command = parse(["train", *(environment if w == "ENV" else w for w in words.split())])
    assert isinstance(command, Train)
    assert command.settings == replace(settings_for(environment, "rnn", "paper"), seeds=2)
    assert command.recipe == "paper"
    assert command.overwrite
    assert not command.quiet
    assert command.out is None


def test_the_flags_of_the_tests_are_their_settings():
    assert train_settings(ENVIRONMENT, *FLAGS) == run_settings()


def test_other_commands_take_their_words():
    assert parse(["resume", "a b", "--frames", "7", "--trust"]) == Resume(
        Path("a b"), frames=7, trust=True
    )
    assert parse(["evaluate", "--json", "run", "--seed", "3", "--erase-memory"]) == Evaluate(
        Path("run"), seed=3, erase_memory=True, json=True
    )
    assert parse(["plot", "one", "two", "--out", "x.png"]) == Plot(
        (Path("one"), Path("two")), out=Path("x.png")
    )
    assert parse(["plot", "--out", "x.png", "one"]) == Plot((Path("one"),), out=Path("x.png"))


# Bad input


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train", "train needs an environment, such as `splagger train t-maze-long-noise`"),
        ("train --learning-rates 1e-3 3e-3", "train needs an environment"),
        ("train --recipe paper", "train needs an environment"),
        ("train t-maze-nois", "unknown environment 't-maze-nois': did you mean t-maze-noise"),
        ("train ENV --agent splager", "unknown agent 'splager': did you mean splagger"),
        ("train ENV --agent=splager", "unknown agent 'splager': did you mean splagger"),
        ("train ENV --recipe papr", "unknown recipe 'papr': did you mean paper"),
        ("train ENV --objective varibat", "unknown objective 'varibat': did you mean varibad"),
        ("train ENV --objective ti --agent multi-task", "task_inference is given, but the policy"),
        ("train t-maze-noise:lenght=3", "unknown option .* 'lenght': did you mean length"),
        ("train ENV --seeds 0", "seeds is 0"),
        ("train ENV --seeds -2", "seeds is -2"),
        ("train ENV --first-seed 3000000000", "first_seed is 3000000000"),
        ("train ENV --frames -5", "frames is -5"),
        ("train ENV --frames 100", "frames is 100, but one rollout alone takes 11200"),
        ("train ENV --learning-rates 0", "learning_rates is 0.0, but it must be a finite number"),
        ("train ENV --learning-rates 1e-3 -1e-3", "learning_rates is -0.001"),
        ("train ENV --learning-rates nan", "learning_rates is nan"),
        ("train ENV --learning-rates inf", "learning_rates is inf"),
        ("train ENV --learning-rates", "learning_rates is empty"),
        ("train ENV --learning.clip 0", "learning.clip is 0.0"),
        ("train ENV --learning.discount 1.1", "learning.discount is 1.1"),
        ("train ENV --learning.entropy-weight nan", "learning.entropy_weight is nan"),
        ("train ENV --evaluation-interval 0", "evaluation_interval is 0"),
        ("train ENV --checkpoint-minutes -1", "checkpoint_minutes is -1.0"),
        ("train ENV --agent.encoder lstm", "--agent.encoder is no flag: its numbers are"),
        ("train ENV --agent.encoder.gate-bias nan --agent linear", "gate_bias is nan"),
        ("train ENV --agent.policy.hidden-sizes 8 0", "agent.policy.hidden_sizes is 0"),
        ("train ENV --agent.policy.hidden-sizes", "agent.policy.hidden_sizes is empty"),
        (
            "train ENV --learning.steps 2 --learning.minibatches 33",
            "learning.minibatches is 33, but a rollout has only 32 steps",
        ),
        ("resume absent", "the run directory 'absent' does not exist"),
        ("evaluate absent", "the run directory 'absent' does not exist"),
        ("evaluate absent --tasks 0", "tasks is 0"),
        ("plot absent --out x.png", "the run directory 'absent' does not exist"),
        ("plot --out x.png", "no run to plot was given"),
    ],
)
def test_one_clear_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    message: str,
):
    monkeypatch.chdir(tmp_path)
    line = complaint(capsys, *words.replace("ENV", ENVIRONMENT).split())
    assert re.search(message, line), line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "mentioned"),
    [
        ("trian ENV", "trian"),
        ("train ENV --learning-rate 1e-3", "--learning-rate --learning-rates"),
        ("train ENV --rec paper", "--rec --recipe"),
        ("train ENV --frames 1e6", "--frames 1e6"),
        ("train ENV --frames inf", "--frames inf"),
        ("train ENV --seeds 1.5", "--seeds 1.5"),
        ("train ENV --learning-rates abc", "--learning-rates abc"),
        ("train ENV --precision float64", "--precision float64 tensorfloat32"),
        ("train ENV --agent cnp --agent.aggregator.start low", "--agent.aggregator.start"),
        ("train ENV extra", "extra"),
        ("resume", "RUN"),
        ("evaluate", "RUN"),
        ("evaluate run --tasks many", "--tasks many"),
        ("plot run", "--out"),
    ],
)
def test_words_that_cannot_be_parsed(
    capsys: pytest.CaptureFixture[str], words: str, mentioned: str
):
    text = refusal(capsys, *words.replace("ENV", ENVIRONMENT).split())
    assert [word for word in mentioned.split() if word not in text] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ant-goal --simulator warp", "must be auto or native or mjx, not 'warp'"),
        ("ant-goal:simulator=warp", "must be auto or native or mjx, not 'warp'"),
        ("t-maze-noise --simulator mjx", "environment 't-maze-noise' has no choice of simulators"),
    ],
)
def test_simulators_that_are_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: str, said: str
):
    asked = ["train", *words.split(), "--out", str(tmp_path / "run")]
    assert said in complaint(capsys, *asked)
    assert list(tmp_path.iterdir()) == []


def test_a_flag_without_value(capsys: pytest.CaptureFixture[str]):
    assert "--agent: expected one argument" in complaint(capsys, "train", ENVIRONMENT, "--agent")


def test_a_process_ends_with_the_status_and_without_traceback(tmp_path: Path):
    program = "from splagger.cli import main; raise SystemExit(main())"
    completed = subprocess.run(
        [sys.executable, "-c", program, "resume", str(tmp_path)],
        env=environment_variables(),
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 2
    assert completed.stdout == ""
    assert completed.stderr == f"splagger: '{tmp_path}' is empty: no run was started in it.\n"


def test_an_interrupt_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def interrupt(words):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[main.__module__], "parse", interrupt)
    assert main(["agents"]) == 130
    assert capsys.readouterr().err == "splagger: stopped.\n"


@pytest.mark.parametrize("words", [["environments"], ["evaluate", "RUN", "--tasks", "9", "--json"]])
def test_a_reader_that_has_seen_enough_is_no_error(finished_run: Path, words: list[str]):
    program = "from splagger.cli import main; raise SystemExit(main())"
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        completed = subprocess.run(
            [sys.executable, "-c", program, *(w.replace("RUN", str(finished_run)) for w in words)],
            env=environment_variables(),
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert completed.returncode == 0
    assert "Error" not in completed.stderr
