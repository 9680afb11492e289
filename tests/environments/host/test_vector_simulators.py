import numpy as np
import pytest
from support.host import ACTIONS, host_trial, play
from support.tiny import same

from splagger.environments.host.simulators import SimulatorError
from splagger.foundation.errors import UserError


def test_groups_wait_for_one_another():
    trial = host_trial("scripted:scripts", episodes=2)
    whole, halves = (trial.simulators([1, 2, 3], workers=0) for _ in range(2))
    whole.reset()
    halves.reset()
    assert same(play(whole, ACTIONS), play(halves, ACTIONS, (slice(0, 2), slice(2, 3))))
    halves.send(ACTIONS[0, :2], slice(0, 2))
    with pytest.raises(SimulatorError, match="send an action to every row before receiving"):
        halves.receive(slice(0, 2))
    assert not whole.restorable
    whole.close()
    halves.close()


def test_no_workers_and_no_single_simulator():
    trial = host_trial("scripted:scripts")
    with pytest.raises(UserError, match="workers is 2, but it must be 0 for 'support.scripted:sc"):
        trial.simulators([1], workers=2)
    with pytest.raises(UserError, match="a vectorised environment, of which no single"):
        trial.simulator(0)


def test_what_fails_is_named(monkeypatch):
    from support.scripted import Script

    trial = host_trial("scripted:scripts")
    simulators = trial.simulators([1, 2], workers=0)
    simulators.reset()
    monkeypatch.setattr(Script, "step", lambda self, action: 1 / 0)
    with pytest.raises(
        SimulatorError, match=r"^the vectorised environment: step failed with ZeroDivisionError"
    ):
        play(simulators, np.zeros((1, 2), np.int32))
