"""jax's persistent compilation cache: a program that was compiled once starts at once."""

import hashlib
import os
import platform
from pathlib import Path

import jax


def enable_compilation_cache() -> None:
    """Lets jax keep compiled programs in the user's cache folder.

    Nothing happens where a folder was set already, through `JAX_COMPILATION_CACHE_DIR` or jax's
    configuration. The folder depends on the processor, as programs compiled for one may not run
    on another that shares the user's home.
    """
    if jax.config.jax_compilation_cache_dir is not None:  # pyright: ignore[reportAttributeAccessIssue]
        return
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "splagger" / "compiled" / _processor()
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def _processor() -> str:
    """A short name of the processor's kind and abilities."""
    description = platform.machine() + platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        description += next(line for line in lines if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        pass  # Not Linux: the name of the processor has to do.
    return hashlib.sha256(description.encode()).hexdigest()[:12]
