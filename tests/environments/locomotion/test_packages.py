"""Packages of walking bodies that are missing or do not fit are named, with what installs them."""

import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from splagger.cli.main import main
from splagger.environments.locomotion import mjx_environment, packages
from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError

INSTALL = "`pip install 'splagger[mujoco]'` installs them."
ANT = "ant-goal:simulator=mjx"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing that was imported or made before counts, or is left to other tests."""
    cached = (packages.import_mujoco, packages.import_mjx, mjx_environment._model)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


def hide(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)


def pretend(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: versions[name.replace("-", "_")]
    )


@pytest.mark.parametrize("name", ["mujoco", "mujoco.mjx"])
def test_an_extra_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, name: str):
    hide(monkeypatch, name)
    with pytest.raises(UserError) as error:
        make_trial(ANT)
    message = str(error.value)
    assert message.startswith(
        "continuous control needs the packages mujoco, mujoco-mjx and gymnasium, but "
        f"{name} cannot be imported ("
    )
    assert message.endswith(f"): {INSTALL}")
    assert "\n" not in message


def test_models_are_in_gymnasium(monkeypatch: pytest.MonkeyPatch):
    found = importlib.util.find_spec

    def find_spec(name, package=None):
        return None if name == "gymnasium" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    with pytest.raises(UserError, match="are in the package gymnasium: `pip install"):
        make_trial(ANT)


@pytest.mark.parametrize("version", ["3.2.7", "4.0.0", "2.3.7", "4", "4.0rc1"])
def test_a_version_that_is_not_supported(monkeypatch: pytest.MonkeyPatch, version: str):
    pretend(monkeypatch, mujoco=version, mujoco_mjx=version)
    with pytest.raises(UserError) as error:
        make_trial(ANT)
    assert str(error.value) == (
        f"mujoco is of version {version}, but it must be 3.3 or newer and below 4: {INSTALL}"
    )


def test_a_package_that_fails(monkeypatch: pytest.MonkeyPatch):
    pretend(monkeypatch, mujoco="3.3.0", mujoco_mjx="3.3.0")

    def fail(name: str):
        raise RuntimeError("invalid value for environment variable MUJOCO_GL: foo")

    monkeypatch.setattr(packages.importlib, "import_module", fail)
    with pytest.raises(UserError, match="mujoco is installed, but fails .* MUJOCO_GL: foo"):
        packages.import_mujoco()


def test_versions_that_differ(monkeypatch: pytest.MonkeyPatch):
    pretend(monkeypatch, mujoco="3.5.0", mujoco_mjx="3.17.1")
    with pytest.raises(UserError) as error:
        make_trial(ANT)
    assert str(error.value) == (
        "mujoco is of version 3.5.0 and mujoco-mjx of version 3.17.1, but they must be of the same "
        f"one: {INSTALL}"
    )


@pytest.mark.parametrize("versions", [("3.3.0", "3.3.0"), ("3.17.0", "3.17.1"), ("3.3", "3.3.2")])
def test_versions_that_fit(monkeypatch: pytest.MonkeyPatch, versions: tuple[str, str]):
    pretend(monkeypatch, mujoco=versions[0], mujoco_mjx=versions[1])
    assert packages.import_mjx() is sys.modules["mujoco.mjx"]


def test_training_without_the_extra_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    hide(monkeypatch, "mujoco")
    assert main(["train", "ant-goal", "--out", str(tmp_path / "run")]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("splagger: continuous control needs the packages mujoco, ")
    assert errors.endswith(f"{INSTALL}\n")
    assert list(tmp_path.iterdir()) == []


def test_environments_are_listed_without_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    hide(monkeypatch, "mujoco")
    assert main(["environments"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert "walker-random-parameters" in output
    assert "t-maze-noise" in output
