"""Without metaworld, as on Python 3.14, only what is said about that is tested."""

import importlib.util

_NEED_IT = ["test_benchmarks.py", "test_meta_world.py", "test_scripted.py"]

collect_ignore = [] if importlib.util.find_spec("metaworld") else _NEED_IT
