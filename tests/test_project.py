"""The project's own files: the version, the locks, the words."""

import importlib
import importlib.metadata
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

import splagger

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = ["core.lock", "development.lock"]

# A pinned version with an optional marker, or a hash of it. No host, address or path can match.
LOCK_LINE = re.compile(
    r"[a-z0-9-]+==[\w.!+]+( ; [\w.'<>!=() ]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
)


def pins(lock: str) -> set[str]:
    """The pinned versions of a lock with their markers, without the hashes."""
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    return {line.removesuffix(" \\") for line in lines if "==" in line and line[0] not in "# "}


def test_version_is_the_same_everywhere():
    assert splagger.__version__ == PROJECT["version"]
    assert importlib.metadata.version("splagger") == PROJECT["version"]
    assert f"\nversion: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_host_or_path(lock: str):
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    comments = [line for line in lines if line.startswith("#")]
    assert [line for line in comments if "/" in line or "index" in line] == []
    assert [line for line in lines[len(comments) :] if not LOCK_LINE.fullmatch(line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_every_runtime_package(lock: str):
    needed = {re.split(r"[^\w-]", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert needed <= {pin.split("==")[0] for pin in pins(lock)}


def test_development_lock_only_adds_to_the_core_lock():
    assert pins("core.lock") <= pins("development.lock")


def test_lock_serves_python_3_11_and_newer():
    jax = {pin for pin in pins("core.lock") if pin.startswith("jax==")}
    assert "jax==0.10.2 ; python_full_version < '3.12'" in jax
    assert any(pin.endswith("; python_full_version >= '3.12'") for pin in jax)


def test_only_the_words_of_the_glossary_are_used():
    banned = re.compile(r"meta-episode|lifetime|BAMDP", re.IGNORECASE)
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    assert [
        f"{file.relative_to(ROOT)}: {word}"
        for file in files
        for word in banned.findall(file.read_text())
    ] == []


def test_every_public_method_is_documented_there_or_where_it_is_declared():
    names = [module.name for module in pkgutil.walk_packages(splagger.__path__, "splagger.")]
    undocumented = []
    for module in map(importlib.import_module, names):
        for class_ in vars(module).values():
            if not inspect.isclass(class_) or class_.__module__ != module.__name__:
                continue
            for name in vars(class_):
                method = getattr(class_, name)
                if name.startswith("_") and name != "__call__":
                    continue
                if not inspect.isroutine(method) and not isinstance(method, property):
                    continue
                if not any(getattr(base, name, None).__doc__ for base in class_.__mro__):
                    undocumented.append(f"{class_.__module__}.{class_.__qualname__}.{name}")
    assert undocumented == []
