from pathlib import Path

import jax
import pytest
from support.runs import python

from splagger.training import compilation_cache
from splagger.training.compilation_cache import enable_compilation_cache

NAMES = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")


def configuration() -> list:
    return [getattr(jax.config, name) for name in NAMES]


@pytest.fixture
def unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """jax without a cache folder, and a user whose caches are in a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    before = configuration()
    jax.config.update("jax_compilation_cache_dir", None)
    yield tmp_path / "caches"
    for name, value in zip(NAMES, before, strict=True):
        jax.config.update(name, value)


def test_the_cache_is_in_the_folder_of_the_user(unset: Path):
    enable_compilation_cache()
    folder, seconds = configuration()
    assert Path(folder).parent == unset / "splagger" / "compiled"
    assert seconds == 0.5
    # Nothing is written before something is compiled.
    assert not unset.exists()


def test_without_a_folder_for_caches_it_is_below_home(unset: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(unset / "home"))
    enable_compilation_cache()
    assert configuration()[0].startswith(str(unset / "home" / ".cache" / "splagger"))


def test_an_existing_setting_is_respected(unset: Path):
    jax.config.update("jax_compilation_cache_dir", str(unset / "mine"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 7.0)
    enable_compilation_cache()
    assert configuration() == [str(unset / "mine"), 7.0]


def test_processors_do_not_share_a_folder(unset: Path, monkeypatch: pytest.MonkeyPatch):
    enable_compilation_cache()
    folder = configuration()[0]
    jax.config.update("jax_compilation_cache_dir", None)
    enable_compilation_cache()
    assert configuration()[0] == folder
    jax.config.update("jax_compilation_cache_dir", None)
    monkeypatch.setattr(compilation_cache.platform, "machine", lambda: "another")
    enable_compilation_cache()
    assert configuration()[0] != folder


def test_importing_sets_nothing():
    program = (
        "import os; os.environ.pop('JAX_COMPILATION_CACHE_DIR')\n"
        "import splagger, splagger.training.train, splagger.training.evaluate_run, jax\n"
        "assert all(getattr(splagger, name) for name in splagger.__all__)\n"
        "print(jax.config.jax_compilation_cache_dir)"
    )
    assert python(program) == "None\n"
