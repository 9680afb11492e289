"""Two versions of CUDA in one environment are refused."""

import importlib.metadata
from types import SimpleNamespace

import pytest

from splagger.foundation.errors import UserError
from splagger.training.devices import check_cuda_packages


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
