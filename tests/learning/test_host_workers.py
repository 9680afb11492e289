"""As many workers as pay."""

import pytest
from support.host_runs import poles

from splagger.learning import host_workers
from splagger.learning.host_workers import step_seconds, workers_for


def test_what_is_asked_for_goes_first():
    assert workers_for(poles(), 16, 3) == 3
    assert workers_for(poles(), 16, 0) == 0
    assert workers_for(poles(), 2, 3) == 2


def test_cheap_steps_are_made_in_this_process(monkeypatch: pytest.MonkeyPatch):
    assert 0 < step_seconds(poles()) < 0.1
    monkeypatch.setattr(host_workers, "_cores", lambda: 5)
    for seconds, expected in ((host_workers.WORTHWHILE / 2, 0), (0.01, 5)):
        monkeypatch.setattr(host_workers, "step_seconds", lambda trial, found=seconds: found)
        assert workers_for(poles(), 16, None) == expected
    assert workers_for(poles(), 3, None) == 3
