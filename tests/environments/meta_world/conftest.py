"""Without metaworld, as on Python 3.14, only what is said about that is tested."""

import importlib.util

collect_ignore = (
    [] if importlib.util.find_spec("metaworld") else ["test_benchmarks.py", "test_meta_world.py"]
)
