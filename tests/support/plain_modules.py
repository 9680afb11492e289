"""Modules as users have them: without the type checks that tests run under, which would be the
first to see a wrong value."""

import importlib.util
import sys
from types import ModuleType


def plain(module: ModuleType) -> ModuleType:
    """A second copy of a module, without type checks."""
    assert module.__file__ is not None
    name = f"plain_{module.__name__.rpartition('.')[2]}"
    specification = importlib.util.spec_from_file_location(name, module.__file__)
    assert specification is not None
    assert specification.loader is not None
    copy = importlib.util.module_from_spec(specification)
    sys.modules[name] = copy
    specification.loader.exec_module(copy)
    return copy
