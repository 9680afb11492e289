"""What every test stands on: set up before jax and splagger are imported."""

import fnmatch
import os
import signal
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

# Tests run in worker processes and start the command line: the environment reaches them all.
_ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XDG_CACHE_HOME", str(_ROOT / ".cache"))
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_ROOT / ".cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
os.environ.setdefault("MPLBACKEND", "Agg")
# Most of the tests' time is XLA's, for programs that run a few times: they are compiled without
# optimisation and, where jaxlib still has it, by the older code generator, without a stage of MLIR.
# XLA ends a process that names a flag it lacks.
_FLAGS = ["--xla_backend_optimization_level=0"]
if version("jaxlib").startswith("0.10."):
    _FLAGS.append("--xla_cpu_use_fusion_emitters=false")
os.environ.setdefault("XLA_FLAGS", " ".join(_FLAGS))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in what a shell runs in the background: tests of interruptions send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

import hypothesis  # noqa: E402
import jax  # noqa: E402
import jaxtyping  # noqa: E402
import pytest  # noqa: E402

# Shapes and types of every call are checked, while jax traces it.
jaxtyping.install_import_hook("splagger", "beartype.beartype")
pytest.register_assert_rewrite("support.runs")

# One fixture for all folders, so that a process makes the run once.
from support.run_fixtures import finished_run, run_copy  # noqa: E402

__all__ = ["finished_run", "run_copy"]

_TESTS = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run what slow_tests.txt lists")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the slow tests, unless they are asked for by `--slow` or by their own address."""
    lines = (_TESTS / "slow_tests.txt").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    addresses = {item: item.nodeid.removeprefix("tests/") for item in items}
    by_pattern = {line: fnmatch.filter(addresses.values(), line) for line in patterns}
    # A part of the tests need not have them all.
    unknown = [line for line, matched in by_pattern.items() if not matched]
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and unknown:
        raise pytest.UsageError(f"slow_tests.txt lists what no test is called: {unknown}")
    if config.getoption("slow") or any("::" in argument for argument in config.args):
        return
    slow = {address for matched in by_pattern.values() for address in matched}
    left_out = [item for item in items if addresses[item] in slow]
    items[:] = [item for item in items if addresses[item] not in slow]
    config.hook.pytest_deselected(items=left_out)


# The same examples in every run, and none fails for being slow: the machine may be shared.
hypothesis.settings.register_profile(
    "splagger",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("splagger")


# Linux lets a process have some 65 thousand memory maps. Most seen after one file were 30 thousand.
_MANY_MAPS = 25_000


@pytest.fixture(autouse=True, scope="module")
def few_compiled_programs() -> Iterator[None]:
    """Frees the compiled programs after a file, where they have become many.

    Each takes memory maps: thousands of tests that compile would end in a segmentation fault. Until
    then files share what they compile.
    """
    yield
    maps = Path("/proc/self/maps")
    if not maps.exists() or maps.read_bytes().count(b"\n") > _MANY_MAPS:
        jax.clear_caches()


@pytest.fixture
def float64() -> Iterator[None]:
    """Runs the test with 64-bit numbers as jax's default."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of numbers recorded from the published implementation."""
    return Path(__file__).parent / "data"
