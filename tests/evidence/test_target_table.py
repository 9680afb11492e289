from dataclasses import replace
from pathlib import Path

from rich.console import Console
from support.evidence_runs import write_stage

from splagger.evidence.scales import SHORT
from splagger.evidence.store import Store
from splagger.evidence.target_table import targets_table
from splagger.evidence.targets import TARGETS, find_target


def test_every_target_with_its_cost_and_what_is_there(tmp_path: Path):
    store = Store(tmp_path, ())
    target = find_target("temperatures")
    first, second, *_ = target.experiments
    write_stage(store, first, scale=SHORT, evaluations=2)
    done = write_stage(store, second, scale=SHORT)
    done.append_evaluations([replace(done.read_evaluations()[0], frames=1_500_000)])
    table = targets_table(store)
    assert table.row_count == len(TARGETS)
    console = Console(width=200)
    with console.capture() as capture:
        console.print(table)
    text = capture.get()
    row = next(line for line in text.splitlines() if line.startswith("│ temperatures"))
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells[1].startswith("t-maze-long-noise: softmax-1, softmax-0.1")
    # 4 agents, 5 learning rates, 3 seeds, 1.5 million frames.
    assert cells[2:] == ["90", "1 of 4 + 1", "0 of 4"]
    row = next(line for line in text.splitlines() if line.startswith("│ drawings"))
    assert [cell.strip() for cell in row.split("│")[2:-1]] == ["no training", "-", "-", "-"]
