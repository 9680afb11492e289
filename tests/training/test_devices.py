"""Two versions of CUDA in one environment are refused, and a run says what simulates it."""

import importlib.metadata
from types import SimpleNamespace

import jax
import pytest

from splagger.foundation.errors import UserError
from splagger.foundation.settings import LearningSettings, Settings
from splagger.learning.mesh import Layout
from splagger.training import devices
from splagger.training.devices import (
    check_cuda_packages,
    layout_for,
    remark_on_devices,
    remark_on_simulator,
)


def pretend(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    packages = [SimpleNamespace(name=name) for name in names]
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: packages)


@pytest.mark.parametrize("name", ["jax-cuda12-plugin", "jax-cuda13-plugin"])
def test_one_version_is_accepted(monkeypatch: pytest.MonkeyPatch, name: str):
    pretend(monkeypatch, "jax", name)
    check_cuda_packages()


def test_both_versions_are_refused(monkeypatch: pytest.MonkeyPatch):
    pretend(monkeypatch, "jax", "jax-cuda12-plugin", "jax-cuda13-plugin")
    with pytest.raises(UserError, match="cuda12 and cuda13 are both installed"):
        check_cuda_packages()


NATIVE = "simulated by MuJoCo on the processor (native)"
MJX = "simulated by MJX on the GPU (mjx)"
SLOW = "simulated by MJX without a GPU (mjx), which is about ten times slower than MuJoCo"


@pytest.mark.parametrize(
    ("environment", "backend", "remark", "other"),
    [
        ("ant-goal", "cpu", NATIVE, "--simulator mjx simulates on the device"),
        ("ant-goal:simulator=native", "gpu", NATIVE, "--simulator mjx simulates on the device"),
        ("ant-goal", "gpu", MJX, "--simulator native simulates on the processor"),
        ("ant-goal:simulator=mjx", "gpu", MJX, "--simulator native simulates on the processor"),
        ("ant-goal:simulator=mjx", "cpu", SLOW, "--simulator native uses that"),
    ],
)
def test_what_simulates(
    monkeypatch: pytest.MonkeyPatch, environment: str, backend: str, remark: str, other: str
):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert remark_on_simulator(environment, changeable=True) == f"{remark}; {other}"
    assert remark_on_simulator(environment, changeable=False) == remark


@pytest.mark.parametrize("environment", ["t-maze-noise", "my.module:Maze"])
def test_nothing_is_said_where_there_is_no_choice(environment: str):
    assert remark_on_simulator(environment, changeable=True) is None


FIFTEEN = Settings("t-maze-long-noise", learning_rates=(1e-3, 2e-3, 3e-3), seeds=5)
LARGE = Settings(
    "t-maze-long-noise", learning=LearningSettings(environments=64, steps=10), frames=10_000
)


def available(monkeypatch: pytest.MonkeyPatch, count: int, processes: int = 1) -> None:
    monkeypatch.setattr(devices, "_available", lambda: count)
    monkeypatch.setattr(jax, "process_count", lambda: processes)


def test_all_devices_are_used_unless_fewer_are_asked_for(monkeypatch: pytest.MonkeyPatch):
    available(monkeypatch, 2)
    assert layout_for(FIFTEEN, None, on_host=False) == Layout(2, 1)
    assert layout_for(FIFTEEN, 1, on_host=False) == Layout(1, 1)
    assert layout_for(LARGE, None, on_host=False) == Layout(1, 2)
    # Simulators feed one, without a word where nobody asked for more.
    assert layout_for(FIFTEEN, None, on_host=True) == Layout(1, 1)


@pytest.mark.parametrize(
    ("count", "processes", "asked", "on_host", "message"),
    [
        (2, 1, 0, False, "devices is 0, but it must be from 1 to 2"),
        (2, 1, 3, False, "devices is 3, but it must be from 1 to 2"),
        (4, 2, 3, False, "devices is 3, but it must be a multiple of the 2 processes"),
        (2, 1, 2, True, "devices is 2, but simulators on the host feed one"),
        (2, 2, None, True, "2 processes, but simulators on the host are stepped by one"),
    ],
)
def test_impossible_numbers_are_refused(
    monkeypatch: pytest.MonkeyPatch, count, processes, asked, on_host, message
):
    available(monkeypatch, count, processes)
    with pytest.raises(UserError, match=message):
        layout_for(FIFTEEN, asked, on_host=on_host)


@pytest.mark.parametrize(
    ("settings", "count", "expected"),
    [
        (FIFTEEN, 1, None),
        (FIFTEEN, 2, "2 of 2 devices train; up to 8 of the 15 members on each"),
        (LARGE, 4, "4 of 4 devices train; the environments of a member split over 4, 16 on each"),
        (FIFTEEN, 16, "15 of 16 devices train; up to 1 of the 15 members on each; the others stay"),
    ],
)
def test_a_run_says_what_its_devices_do(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, count: int, expected: str | None
):
    available(monkeypatch, count)
    said = remark_on_devices(settings, layout_for(settings, None, on_host=False), None)
    assert said is None if expected is None else str(said).startswith(expected)
