import json
import sys
from pathlib import Path

import pytest
from support.event_files import history_of
from support.fake_wandb import FakeWandb
from support.runs import python

from splagger.training.loggers.logger import LoggedRow
from splagger.training.loggers.wandb import WandbLogger

MEMBERS = [(1e-3, 0), (1e-2, 0)]
SETTINGS = {"environment": "hall", "learning": {"steps": 8}}


def row(frames: int) -> LoggedRow:
    return LoggedRow(frames, ({"a": frames / 64}, {"a": -1.0, "b/c": 2.0}))


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch):
    for name in ("WANDB_PROJECT", "WANDB_RUN_GROUP", "WANDB_FINISH_TIMEOUT", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)


def use(monkeypatch: pytest.MonkeyPatch, module: FakeWandb) -> FakeWandb:
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def logged(run: Path, frames: list[int], begin: int = 0, complete: bool = True) -> tuple[int, str]:
    messages: list[str] = []
    logger = WandbLogger(run, SETTINGS, MEMBERS, messages.append)
    first = logger.begin(begin)
    for number in frames:
        if number >= first:
            logger.log(row(number))
    logger.close(complete)
    (message,) = messages
    return first, message


def test_every_member_is_a_run_of_one_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wandb = use(monkeypatch, FakeWandb())
    run = tmp_path / "maze"
    first, message = logged(run, [0, 32])
    one, two = wandb.runs
    assert first == 0
    assert one.history == [(0, {"a": 0.0}), (32, {"a": 0.5})]
    assert two.history == [(0, {"a": -1.0, "b/c": 2.0}), (32, {"a": -1.0, "b/c": 2.0})]
    assert one.options["name"] == "maze learning-rate-0.001-seed-0"
    assert two.options["config"] == {
        **SETTINGS,
        "member": 1,
        "learning_rate": 1e-2,
        "seed": 0,
    }
    assert one.options["group"] == two.options["group"]
    assert one.options["group"].startswith("maze-")
    assert one.id != two.id
    assert {run.options["project"] for run in wandb.runs} == {"splagger"}
    assert {run.options["dir"] for run in wandb.runs} == {run}
    # wandb decides on the mode itself.
    assert {run.options["mode"] for run in wandb.runs} == {None}
    assert [run.options["settings"]["x_disable_stats"] for run in wandb.runs] == [False, True]
    assert [run.exit_code for run in wandb.runs] == [0, 0]
    assert message.startswith(
        f"Weights & Biases: https://wandb.example/{one.id}, in the group maze"
    )


def test_its_variables_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wandb = use(monkeypatch, FakeWandb())
    monkeypatch.setenv("WANDB_PROJECT", "mazes")
    monkeypatch.setenv("WANDB_RUN_GROUP", "mine")
    monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "5")
    logged(tmp_path, [])
    for run in wandb.runs:
        assert (run.options["project"], run.options["group"]) == ("mazes", "mine")
        assert run.options["settings"]["finish_timeout"] == 5.0


def test_nobody_is_asked_to_log_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wandb = use(monkeypatch, FakeWandb(key=False))
    _, message = logged(tmp_path, [0])
    assert wandb.logins == [{"prompt": False, "verify": False}]
    assert [run.options["mode"] for run in wandb.runs] == ["offline", "offline"]
    assert "offline (no key is known: `wandb login`). To upload: wandb sync" in message
    assert str(tmp_path / "wandb" / "offline-run-*") in message


def test_who_wants_to_be_offline_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wandb = use(monkeypatch, FakeWandb(mode="offline", key=False))
    _, message = logged(tmp_path, [0])
    assert wandb.logins == []
    assert [run.options["mode"] for run in wandb.runs] == [None, None]
    assert message.startswith("Weights & Biases is offline. To upload: ")


def test_beside_a_run_of_the_user_nothing_is_logged_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    wandb = use(monkeypatch, FakeWandb(key=False))
    wandb.run = object()
    logged(tmp_path, [0])
    assert wandb.logins == []
    assert [run.options["mode"] for run in wandb.runs] == [None, None]
    assert {run.options["reinit"] for run in wandb.runs} == {"create_new"}


def test_online_runs_go_on_where_the_server_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wandb = use(monkeypatch, FakeWandb())
    logged(tmp_path, [0, 32, 64, 96], complete=False)
    assert [run.exit_code for run in wandb.runs] == [1, 1]
    # One member's last row never arrived.
    wandb.server[wandb.runs[1].id].pop()
    assert logged(tmp_path, [32, 64, 96, 128], begin=32)[0] == 65
    assert [run.id for run in wandb.runs[2:]] == [run.id for run in wandb.runs[:2]]
    assert {run.options["resume"] for run in wandb.runs} == {"allow"}
    for run in wandb.runs[2:]:
        assert [step for step, _ in wandb.server[run.id]] == [0, 32, 64, 96, 128]
    assert wandb.runs[2].options["group"] == wandb.runs[0].options["group"]


def test_offline_runs_are_replaced_by_whole_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wandb = use(monkeypatch, FakeWandb(mode="offline"))
    logged(tmp_path, [0, 32, 64, 96])
    others = tmp_path / "wandb" / "offline-run-1-of-somebody-else"
    others.mkdir()
    assert logged(tmp_path, [0, 32, 64, 96, 128], begin=64)[0] == 0
    assert [step for step, _ in wandb.runs[2].history] == [0, 32, 64, 96, 128]
    ids = json.loads((tmp_path / "wandb" / "ids.json").read_text())["ids"]
    assert {path.name for path in (tmp_path / "wandb").glob("offline-run-*")} == {
        others.name,
        f"offline-run-2-{ids[0]}",
        f"offline-run-3-{ids[1]}",
    }
    # Once it is online, all of it is uploaded.
    wandb.mode = "online"
    assert logged(tmp_path, [0, 32, 64, 96, 128], begin=128)[0] == 0
    assert [step for step, _ in wandb.server[ids[0]]] == [0, 32, 64, 96, 128]
    assert [path.name for path in (tmp_path / "wandb").glob("offline-run-*")] == [others.name]


PROGRAM = """
import json, sys, warnings
warnings.simplefilter("error")
from pathlib import Path
from splagger.training.loggers.feed import LoggerFeed
from splagger.training.loggers.logger import LoggedRow
from splagger.training.loggers.wandb import WandbLogger

def row(frames):
    return LoggedRow(frames, ({"a": frames / 64}, {"a": -1.0, "b/c": 2.0}))

run = Path(RUN)
run.mkdir()
for begin, history, rest in ((0, [], [0, 32, 64]), (32, [0], [32, 64, 96])):
    logger = WandbLogger(run, SETTINGS, MEMBERS, print)
    feed = LoggerFeed("wandb", logger, print)
    feed.begin(begin, [row(frames) for frames in history])
    for frames in rest:
        feed.log(row(frames))
    feed.close(complete=True, patience=60.0)
"""


def test_the_real_one_offline(tmp_path: Path):
    run = tmp_path / "maze"
    values = {"RUN": str(run), "SETTINGS": SETTINGS, "MEMBERS": MEMBERS}
    head = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    folders = {f"WANDB_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "CACHE", "DATA")}
    quiet = {"WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false"}
    output = python(head + PROGRAM, **quiet, **folders)
    message = f"Weights & Biases is offline. To upload: wandb sync {run}/wandb/offline-run-*\n"
    assert output == 2 * message
    ids = json.loads((run / "wandb" / "ids.json").read_text())["ids"]
    for name, scalars in zip(ids, row(0).members, strict=True):
        (path,) = run.glob(f"wandb/offline-run-*-{name}/run-{name}.wandb")
        history = history_of(path)
        assert [record["_step"] for record in history] == [0, 32, 64, 96]
        assert all(scalars.keys() <= record.keys() for record in history)
        assert [record["a"] for record in history] == [
            row(frames).members[ids.index(name)]["a"] for frames in (0, 32, 64, 96)
        ]
