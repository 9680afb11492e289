import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.table import Table

from splagger.cli.tables import (
    agents_table,
    complain,
    environments_table,
    evaluation_table,
    groups_table,
    show,
)
from splagger.environments import registry
from splagger.environments.registry import ENTRIES
from splagger.foundation.errors import UserError
from splagger.recipes.agents import AGENTS

RESULT = {
    "environment": "t-maze-noise",
    "agent": "rnn",
    "tasks": 12,
    "optimal_trial_return": 16.0,
    "members": [
        {
            "learning_rate": 1e-3,
            "seed": 7,
            "frames": 1_234_567,
            "return_per_episode": [1.5, -0.25],
            "trial_return": 1.25,
            "success_per_episode": [0.5, 1.0],
            "groups": {},
        }
    ],
}


def text_of(table: Table) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(table)
    return console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.replace("┃", "│").strip("│ \n").split("│")]


def test_an_evaluation_is_a_row_for_each_member():
    text = text_of(evaluation_table(RESULT))
    assert "rnn on t-maze-noise, 12 fresh tasks" in text
    [row] = [line for line in text.splitlines() if "1,234,567" in line]
    assert cells_of(row) == ["0.001", "7", "1,234,567", "1.50  -0.25", "1.25", "75.0%"]
    assert "optimal trial return 16.00" in text


def test_what_is_not_known_is_left_out():
    [member] = RESULT["members"]
    text = text_of(
        evaluation_table(
            {
                **RESULT,
                "optimal_trial_return": None,
                "members": [{**member, "success_per_episode": None}],
            }
        )
    )
    assert "optimal" not in text
    [row] = [line for line in text.splitlines() if "1,234,567" in line]
    assert cells_of(row)[-1] == "-"


def test_groups_of_tasks_have_rows_of_their_own():
    assert groups_table(RESULT) is None
    [member] = RESULT["members"]
    rates = {"return_per_episode": [2.0, 3.0], "success_per_episode": [0.0, 0.5]}
    unknown = {"return_per_episode": [0.0, 0.0], "success_per_episode": None}
    grouped = {**member, "groups": {"door-open": rates, "lift": unknown}}
    table = groups_table({**RESULT, "members": [grouped]})
    assert table is not None
    text = text_of(table)
    assert "6 trials of each kind of task" in text
    rows = [cells_of(line)[2:] for line in text.splitlines() if "0.001" in line]
    assert rows == [["door-open", "2.00  3.00", "0.0%  50.0%"], ["lift", "0.00  0.00", "-"]]


def test_every_environment_has_its_optimum():
    text = text_of(environments_table())
    lines = [cells_of(line) for line in text.splitlines()]
    rows = {cells[0].partition(" (")[0]: cells[1:] for cells in lines if any(cells[1:])}
    for entry in ENTRIES:
        assert rows[entry.name][0] == str(entry.episodes)
        assert all(f"{entry.name} ({alias})" in text for alias in entry.aliases[:1])
    assert rows["t-maze-noise"][1] == "16.00"


def test_an_environment_whose_packages_are_not_installed_is_listed(
    monkeypatch: pytest.MonkeyPatch,
):
    for found in ENTRIES:
        if "simulator" in found.options:
            monkeypatch.setitem(registry._BY_NAME, found.name, replace(found, builder=_missing))
    text = text_of(environments_table())
    lines = [cells_of(line) for line in text.splitlines()]
    [row] = [cells for cells in lines if cells[0].startswith("half-cheetah-direction (")]
    assert row[1:] == ["1", "unknown"]


def _missing():
    raise UserError("`pip install 'splagger[mujoco]'` installs it.")


def test_every_agent_has_label_ingredients_and_sizes():
    table = agents_table("t-maze-long-noise", "paper")
    lines = [cells_of(line) for line in text_of(table).splitlines()]
    first = {cells[0]: cells[1:] for cells in lines}
    for name, entry in AGENTS.items():
        labels = f" ({', '.join(entry.aliases)})" if entry.aliases else ""
        assert all(first[f"{name}{labels}"]), name
        assert entry.description in first
    assert first["splagger (SplAgger)"] == ["265,976", "5,150,707", str(256 + 128 + 24)]
    assert first["rnn+s (RNN_S, RNN+S)"][1] == "212,982"
    assert "gru 256 > half through max > hypernetwork" in first


def test_an_agent_that_cannot_act_in_an_environment_is_listed_without_sizes():
    text = text_of(agents_table("support.tiny:Drift", "default"))
    lines = [cells_of(line) for line in text.splitlines()]
    first = {cells[0]: cells[1:] for cells in lines}
    assert first["multi-network (Multinet)"] == ["-", "-", "-"]
    assert "-" not in first["splagger (SplAgger)"]


def test_sizes_of_agents_depend_on_the_environment():
    with pytest.raises(UserError, match="unknown environment 'nowhere'"):
        agents_table("nowhere", "paper")
    with pytest.raises(UserError, match="unknown recipe"):
        agents_table("t-maze-noise", "cake")


def test_tables_go_to_standard_output_and_complaints_to_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "20")
    show(environments_table())
    output, errors = capsys.readouterr()
    assert "t-maze" in output
    assert errors == ""
    # One line, however long, and brackets are no markup.
    complain("[red]x[/red] " + "long " * 40)
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors == "splagger: [red]x[/red] " + "long " * 40 + "\n"
