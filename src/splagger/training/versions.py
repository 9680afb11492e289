"""The versions that a run was made with."""

import importlib.metadata
import platform

PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy")
"""The packages whose versions can change the numbers that a run produces."""


def installed_version(package: str) -> str:
    """Returns the installed version of `package`, or `"unknown"` if it is not installed.

    The package is not imported.
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def installed_versions() -> dict[str, str]:
    """Returns the versions of Python and of every one of `PACKAGES`, by name."""
    versions = {package: installed_version(package) for package in PACKAGES}
    return {"python": platform.python_version(), **versions}
