"""Two versions of CUDA in one environment are refused, and a run says what simulates it."""

import importlib.metadata
from types import SimpleNamespace

import jax
import pytest

from splagger.foundation.errors import UserError
from splagger.training.devices import check_cuda_packages, remark_on_simulator


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
