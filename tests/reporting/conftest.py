import pytest

pytest.register_assert_rewrite("support.runs")

from support.run_fixtures import finished_run  # noqa: E402

__all__ = ["finished_run"]
