import pytest

pytest.register_assert_rewrite("support.runs")

from support.run_fixtures import finished_run, run_copy  # noqa: E402

__all__ = ["finished_run", "run_copy"]
