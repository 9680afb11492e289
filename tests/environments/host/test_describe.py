import sys

import numpy as np
import pytest
from support.host import host_trial

from splagger.environments.registry import make_trial
from splagger.environments.spaces import Box, Discrete
from splagger.environments.trial_description import DescribedEnvironment
from splagger.foundation.errors import UserError


def test_what_is_read_off_an_instance():
    environment = host_trial("odd_environments:Numbered:limit=7").environment
    assert isinstance(environment, DescribedEnvironment)
    assert environment.observation_space == Box(float("-inf"), float("inf"), (3,))
    assert environment.action_space == Discrete(5)
    assert environment.max_episode_steps == 7
    assert environment.tasks == 3
    assert environment.task_size == 3
    assert environment.has_success
    assert environment.optimal_return(4) == 8.0
    assert host_trial("scripted:Script").environment.optimal_return(4) is None


def test_equal_makers_make_equal_trials():
    first, again = (host_trial("scripted:Script:limit=7", episodes=2) for _ in range(2))
    assert first == again
    assert hash(first) == hash(again)
    assert first != host_trial("scripted:Script:limit=8", episodes=2)


def test_episodes_are_those_of_the_class_unless_others_are_asked_for():
    assert host_trial("odd_environments:Numbered").episodes == 3
    assert host_trial("odd_environments:Numbered:episodes=1").episodes == 1
    with pytest.raises(UserError, match="episodes of a trial is 0"):
        host_trial("odd_environments:Numbered", episodes=0)
    assert host_trial("odd_environments:Numbered", episodes=2).observation_size == 4
    # Script counts episodes by that name, in its instances.
    assert host_trial("scripted:Script").episodes == 1


def test_tasks_are_drawn_by_number():
    simulators = host_trial("odd_environments:Numbered").simulators(range(20), workers=0)
    tasks = simulators.reset().tasks
    assert set(tasks.index.tolist()) == {0, 1, 2}
    # The numbers of a dict in the order of its keys: bias, number.
    assert tasks.vector[:, 2].tolist() == tasks.index.tolist()
    assert not tasks.vector[:, :2].any()
    assert host_trial("odd_environments:ListsTasks").tasks is None


def test_actions_count_from_zero():
    trial = host_trial("odd_environments:Started")
    assert trial.action_space == Discrete(3)
    simulators = trial.simulators([0, 0], workers=0)
    simulators.reset()
    # Action 2 means 1, which terminates.
    simulators.send(np.array([1, 2]))
    assert simulators.receive().episode_end.tolist() == [False, True]


@pytest.mark.filterwarnings("ignore:.*all its trials are of one task")
def test_limits_of_registered_environments():
    trial = host_trial("odd_environments:registered")
    assert trial.environment.max_episode_steps == 500
    assert trial.environment.task_size == 0
    assert host_trial("cart_poles:wrapped_cart_poles").environment.max_episode_steps == 50


@pytest.mark.parametrize(
    ("name", "obstacle"),
    [
        ("odd_environments:squashed", ""),
        ("odd_environments:remembering", "the wrapper Remembers is outside of the methods get_st"),
        ("odd_environments:Wild", "its np_random is a MT19937 and no PCG64"),
        ("scripted:Script", "Script has no methods get_state and set_state"),
        ("scripted:scripts", "vectorised environments have no state that could be captured"),
    ],
)
def test_what_keeps_an_environment_from_being_restored(name, obstacle):
    environment = host_trial(name).environment
    assert environment.restore_obstacle.startswith(obstacle)
    assert bool(environment.restore_obstacle) == bool(obstacle)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("NoLimit", "environment '.*' has no max_episode_steps: .*TimeLimit"),
        ("Unnumbered", "environment '.*' has tasks, but no method task_index"),
        ("Half", "environment '.*' has sample_task, but no method set_task"),
        ("Speaks", r"environment '.*' has the action space Text.*must be Discrete, or a Box"),
        ("WholeSteps", r"environment '.*' has the action space Box.*int64.*must be Discrete"),
        ("Hears", r"environment '.*' has the observation space Dict.*must be Box, Discrete"),
        ("Unlucky", r"environment '.*' cannot be made: OSError: no display \(.*line \d+\)"),
        ("NoLimit:size=x", "option 'size' .* must be an integer, not 'x'"),
        ("NoLimit:sise=2", "unknown option .* 'sise': did you mean size"),
        ("Remembers", "environment '.*' cannot be made: TypeError: .*'env'"),
        ("number", "environment '.*' must make a gymnasium.Env, or .* without that .* makes a int"),
        (
            "too_many",
            "environment '.*' must make .*, but without that parameter it makes a SharedTasks",
        ),
        ("no_vector", "environment '.*' must make .*, but with that parameter it makes a Script"),
        ("resetting", "environment '.*' has autoreset_mode .*SAME_STEP.*AutoresetMode.DISABLED"),
        ("resetting:num_envs=3", "unknown option .* 'num_envs'"),
        ("np", "environment '.*' must be a subclass of .* or a function"),
    ],
)
def test_errors(name, message):
    with pytest.raises(UserError, match=f"^{message}") as error:
        make_trial(f"support.odd_environments:{name}", trust=True)
    assert "\n" not in str(error.value)


def test_without_gymnasium_the_package_to_install_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    for module in ("splagger.environments.host.describe", "support.scripted"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    # Imported already, or not even that.
    for name in ("cart_poles:CartPoles", "scripted:Script"):
        with pytest.raises(UserError, match="needs the package gymnasium, 1.1 or newer: `pip inst"):
            make_trial(f"support.{name}", trust=True)
