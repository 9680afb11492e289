"""What is said where metaworld is missing or does not fit."""

import importlib.metadata
import sys
from collections.abc import Iterator

import pytest

from splagger.cli.tables import environments_table
from splagger.environments.meta_world import packages
from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str | None]]:
    """What is installed, to be changed."""
    installed: dict[str, str | None] = {"metaworld": "3.1.1", "mujoco": "3.3.0"}

    def version(name: str) -> str:
        found = installed[name]
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    def requires(name: str) -> list[str]:
        version(name)
        return ["gymnasium>=1.1", "mujoco==3.3.0", "numpy>=1.18"]

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(importlib.metadata, "requires", requires)
    packages.import_metaworld.cache_clear()
    monkeypatch.setattr(importlib, "import_module", lambda name: name)
    yield installed
    packages.import_metaworld.cache_clear()


def test_versions_that_fit(versions: dict):
    assert packages.import_metaworld() == "metaworld"


def test_not_installed(versions: dict, monkeypatch: pytest.MonkeyPatch):
    versions["metaworld"] = None
    with pytest.raises(UserError, match=r"needs the package metaworld: `pip install 'splagger\[me"):
        make_trial("meta-world-ml10")
    monkeypatch.setattr(sys, "version_info", (3, 14, 1))
    with pytest.raises(UserError, match="but only for Python 3.13 or older"):
        make_trial("meta-world-ml1:name=push")
    # Its names are known all the same.
    text = [str(cell) for cell in environments_table().columns[0].cells]
    assert any("meta-world-ml10" in cell for cell in text)


@pytest.mark.parametrize(
    ("installed", "message"),
    [
        ("3.17.0", "Meta-World 3.1.1 needs mujoco 3.3.0 exactly, but 3.17.0 is installed"),
        (None, "needs the package mujoco, too: `pip install"),
    ],
)
def test_another_mujoco(versions: dict, installed: str | None, message: str):
    versions["mujoco"] = installed
    with pytest.raises(UserError, match=message):
        make_trial("meta-world-ml45")


def test_it_cannot_be_imported(versions: dict, monkeypatch: pytest.MonkeyPatch):
    def fail(name: str):
        raise ImportError("a library is missing")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(UserError, match=r"cannot be imported \(a library is missing\): `pip"):
        make_trial("meta-world-ml1")
