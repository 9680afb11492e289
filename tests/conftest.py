"""What every test stands on: set up before jax and splagger are imported."""

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
# Most of the tests' time is XLA's, for programs that run a few times: they are compiled with little
# optimisation and, where jaxlib still has it, by the older code generator, without a stage of MLIR.
# At level 0 gradients of `max-low` in test_split_aggregator.py differ between step and unroll.
# XLA ends a process that names a flag it lacks.
_FLAGS = ["--xla_backend_optimization_level=1"]
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

# The same examples in every run, and none fails for being slow: the machine may be shared.
hypothesis.settings.register_profile(
    "splagger",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("splagger")


# Linux lets a process have some 65 thousand memory maps. Most seen after one file were 30 thousand.
_MANY_MAPS = 15_000


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
