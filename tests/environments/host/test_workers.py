import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from support.host import ACTIONS, ROWS, host_trial, play
from support.tiny import same

from splagger.environments.host.simulators import SimulatorError


def own_children() -> list:
    return multiprocessing.active_children()


@pytest.mark.parametrize("workers", [2, 5])
def test_workers_make_the_same_steps(workers):
    trial = host_trial("cart_poles:CartPoles:max_episode_steps=6", boundary="terminal")
    actions = ACTIONS % 2
    here, there = (trial.simulators([3, 4, 5], workers=number) for number in (0, workers))
    assert len(own_children()) == min(workers, ROWS)
    assert there.restorable
    assert same(vars(here.reset().tasks), vars(there.reset().tasks))
    groups = (slice(0, None, 2), slice(1, None, 2))
    assert same(play(here, actions[:20]), play(there, actions[:20], groups))
    captured = there.capture()
    np.testing.assert_array_equal(captured, here.capture())
    # Answers to one group may be asked for after those to another.
    there.send(actions[20][groups[0]], groups[0])
    there.send(actions[20][groups[1]], groups[1])
    there.receive(groups[1])
    there.receive(groups[0])
    there.restore(captured)
    assert same(play(here, actions[20:]), play(there, actions[20:], (slice(0, 2), slice(2, 3))))
    there.close()
    there.close()
    assert own_children() == []


def test_diverged_steps_come_from_workers_too():
    trial = host_trial("diverging:HostDiverging", episodes=2)
    actions = np.random.default_rng(3).choice([0, 0, 1, 5, 6], (20, 2)).astype(np.int32)
    here, there = (trial.simulators([3, 4], workers=number) for number in (0, 2))
    here.reset()
    there.reset()
    steps = play(there, actions)
    assert same(play(here, actions), steps)
    np.testing.assert_array_equal([step["diverged"] for step in steps], actions >= 5)
    there.close()


def test_a_dead_worker_is_noticed_and_ctrl_c_kills_none():
    simulators = host_trial("scripted:Script").simulators([1, 2], workers=1)
    simulators.reset()
    (child,) = own_children()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGINT)
    os.kill(child.pid, signal.SIGUSR2)
    play(simulators, np.zeros((3, 2), np.int32))
    os.kill(child.pid, signal.SIGKILL)
    started = time.monotonic()
    with pytest.raises(SimulatorError, match="simulators 0 to 1 was ended by the signal SIGKILL"):
        play(simulators, np.zeros((2, 2), np.int32))
    assert time.monotonic() - started < 3
    simulators.close()


def test_an_exception_and_an_exit_in_workers_are_named():
    actions = np.array([[1, 0], [1, 0], [1, 0]])
    simulators = host_trial("scripted:Broken").simulators([1, 2], workers=2)
    simulators.reset()
    with pytest.raises(SimulatorError, match=r"^simulator 1: step failed with RuntimeError: the g"):
        play(simulators, actions)
    simulators.close()
    simulators = host_trial("scripted:Broken:how=exit").simulators([1], workers=1)
    simulators.reset()
    with pytest.raises(SimulatorError, match="simulators 0 to 0 ended with exit code 3"):
        play(simulators, actions[:, 1:])
    simulators.close()
    assert own_children() == []


SCRIPT = """
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.trial_rules import TrialRules
from splagger.environments.host.workers import Workers

maker = EnvironmentMaker("support.scripted:Script")
rules = TrialRules(1, "both", 4, 3, None, 1, None, True, False)
{guard}
    Workers(maker, rules, [0], 1).reset()
    print("began")
"""


@pytest.mark.parametrize("guarded", [True, False])
def test_a_script_needs_a_main_guard(guarded, tmp_path):
    script = tmp_path / "script.py"
    guard = 'if __name__ == "__main__":' if guarded else "if True:"
    script.write_text(textwrap.dedent(SCRIPT).replace("{guard}", guard))
    paths = os.pathsep.join([*filter(None, sys.path)])
    ended = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
        timeout=60,
    )
    if guarded:
        # The worker was not closed: it ends with its parent.
        assert ended.stdout == "began\n"
        assert ended.returncode == 0
    else:
        assert "must have its calls under `if __name__ ==" in ended.stderr.splitlines()[-1]
        assert ended.returncode == 1


def test_workers_need_no_jax():
    code = "import splagger.environments.host.worker, sys; print('jax' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout == "False\n"
