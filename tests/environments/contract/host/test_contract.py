"""Every way to break the contract is found, and said so that it can be mended."""

import re
from typing import Any

import gymnasium
import pytest
from support import bad_host_environments

from splagger.environments.contract import Finding, check_target, failures, require_sound
from splagger.environments.contract.findings import Breach
from splagger.environments.contract.host import contract, trials
from splagger.environments.contract.host.simulated import Steps, play_steps
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError

# Ones that only a worker process shows, or must meet first.
IN_WORKERS = {
    "ExitsInStep": ("step", "step: the worker process .* ended with exit code 3", "os._exit"),
    "OnlyHere": ("__init__", "not in this one, .*OSError: the device is taken", "import"),
    "AnotherInWorkers": (
        "reset and step",
        "in a worker .* another reward in step 1",
        "process ids",
    ),
}

BAD = {
    # When it is made.
    "UnsupportedSpace": ("__init__", "observation space Graph.* must be Box", "Mend"),
    "FailsWhenMade": ("__init__", r"AttributeError.*bad_host_environments.py, line \d+", "Mend"),
    "NoMaxEpisodeSteps": ("__init__", "no max_episode_steps: give it", "Mend"),
    "SamplesWithoutSetting": ("__init__", "has sample_task, but no method set_task", "Mend"),
    "RaisesInSampleTask": (
        "__init__",
        r"sample_task .*ValueError.*bad_host_environments.py, line \d+",
        "Mend",
    ),
    # What methods return.
    "WrongObservationShape": ("reset", r"\(3,\), where observation_space says \(2,\)", "every"),
    "ObservationChangesShape": ("step", r"\(1,\), where observation_space says \(2,\)", "every"),
    "ObservationOfWords": ("reset", "dtype <U5", "array of float32"),
    "MissingKey": ("reset", r"has the keys \['where'\]", r"the keys \['what', 'where'\]"),
    "OutsideOfDiscrete": ("step", r"is (-1|3), which is not in Discrete\(3\)", "element of"),
    "FourValues": ("step", r"4 values: \(ndarray, float, bool, dict\)", "truncated.*one flag"),
    "ResetWithoutInfo": ("reset", "returned a ndarray", r"\(observation, info\)"),
    "ResetWithoutSeed": ("reset", "TypeError: .*unexpected keyword argument 'seed'", "Mend"),
    "RewardOfShapeOne": ("step", r"the reward array\(\[1.\]\)", r"float\(reward\)"),
    "RaisesInStep": ("step", r'KeyError: .*line \d+, in step: return table\["right"\]\)', "Mend"),
    "RaisesInSetTask": ("set_task", r"ValueError: .*line \d+, in set_task: self.goal", "Mend"),
    "UncountedDivergence": ("may_diverge", "nothing comes of it", "may_diverge = True"),
    "PaidDivergence": ("step", "that diverged has the reward -5", "reward 0"),
    "SuccessForgotten": ("step", "holds neither success", r'info\["success"\]'),
    # Numbers.
    "NotANumber": ("reset", "nan or inf, first in entry 0", "divisions"),
    "InfiniteReward": ("step", "rewards that step returned are nan or inf", "divisions"),
    "OutOfBounds": ("step", "entry [01] is -?4, .* says -3 to 3", "clip"),
    "InfiniteOptimum": ("optimal_return", "is inf", "finite"),
    # Tasks.
    "TaskOfAnotherShape": ("sample_task", r"shapes or dtypes: array\(\[3", "alike"),
    "NumpyRandomTask": ("sample_task", "draws from the global .* numpy.random", "generator that"),
    "OwnRandomTask": ("sample_task", "same seed, sample_task .* different tasks", "generator that"),
    "DrawsInSetTask": ("set_task", "set_task draws from np_random", "in sample_task"),
    "ChangesItsTask": ("reset and step", "the task .* has other numbers", "a copy"),
    "TaskIndexOutOfRange": ("task_index", "task_index is 2, but tasks is 2", "from 0 to 1"),
    "TaskIndexForgotten": ("__init__", "has tasks, but no method task_index", "Mend"),
    # Hidden state and other randomness.
    "PythonRandom": ("reset", "reset draws from the global .*Python", "self.np_random"),
    "UnseededGenerator": ("step", "two copies.* two results: the reward after 1 s", "np_random"),
    "IgnoresTheSeed": ("step", "two copies.* two results", "reset.seed=seed"),
    "CountsForAll": ("step", "two copies.* two results: the reward after 1 step", "not of the cl"),
    "SharedBetweenCopies": ("step", "another copy .* another result: the obs", "not of the class"),
    "OutlivesATrial": ("step", "after another trial.*: the reward after 1 step", "set_task"),
    # Restoring.
    "RestoresHalf": ("set_state", "step 1 gave another reward", "all that decides"),
    "RestoresNothing": ("set_state", "get_state returns other numbers than were set", "put back"),
    "StateOfWords": ("get_state", "returned, a str is neither a number nor", "an array"),
    "RaisesInSetState": ("set_state", r"KeyError.*state\[.place.\]", "Mend"),
    # Pictures.
    "FloatPicture": ("render", r"float64\[8, 8, 3\]", "uint8"),
    # Vectorised.
    "counting": ("reset and step", "played again .* trials went otherwise", "np_random"),
}

DOUBTFUL = {
    "TaskIndexConstant": ("task_index", "was 0 for 16 tasks", "numbers the tasks from 0"),
    "ConstantTask": ("sample_task", "same task for generators of 16 seeds", "by the generator"),
    "TaskWithoutEffect": ("set_task", "does the task matter", "what set_task keeps"),
    "WithoutTasks": ("sample_task", "all trials are of one task", "Define sample_task"),
    "DoubleObservation": ("reset", "dtype float64, where .* float32", "numpy.float32"),
    "UncountedSuccess": ("has_success", "nobody counts them", "has_success = True"),
    "DrawsTasksInReset": ("reset", "reset calls sample_task", "Leave the task to set_task"),
    "CannotRestore": ("get_state and set_state", "no method set_state, so that", "outermost"),
    "RendersUnasked": ("render", "not called, as render_mode is None", "render_mode"),
}


def check(name: str) -> list[Finding]:
    return check_target(f"support.bad_host_environments:{name}")


@pytest.fixture
def no_workers(monkeypatch: pytest.MonkeyPatch):
    """Nothing is stepped in workers, each of which takes a second or two to start."""
    monkeypatch.setattr(contract, "check_processes", lambda environment, steps: ())


def test_an_environment_that_keeps_the_contract_passes_all_checks():
    findings = check("Good")
    assert [str(finding) for finding in findings if finding.outcome != "ok"] == []
    assert {finding.check for finding in findings} == {
        *("spaces", "numbers", "worker processes", "tasks", "returned values", "observations"),
        *("rewards", "ends of episodes", "repeatability", "trials", "restoring", "pictures"),
    }


def test_every_bad_environment_is_tested():
    classes = {
        name
        for name, value in vars(bad_host_environments).items()
        if isinstance(value, type) and issubclass(value, gymnasium.Env)
    }
    assert classes | {"counting"} == {*BAD, *IN_WORKERS, *DOUBTFUL, "Diverges", "Good"}


def assert_describes(finding: Finding, method: str, message: str, fix: str) -> None:
    assert finding.method == method
    assert re.search(message, finding.message), finding.message
    assert re.search(fix, finding.fix), finding.fix
    assert "\n" not in str(finding)


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("ignore:.*Box .* precision lowered")
def test_bad_environments_fail(name: str, no_workers: None):
    found = failures(check(name))
    assert [finding.method for finding in found] == [BAD[name][0]]
    assert_describes(found[0], *BAD[name])


@pytest.mark.parametrize("name", IN_WORKERS)
def test_what_only_workers_show_is_found(name: str):
    (finding,) = failures(check(name))
    assert_describes(finding, *IN_WORKERS[name])


@pytest.mark.parametrize("name", DOUBTFUL)
def test_doubtful_environments_get_a_warning_and_pass(name: str, no_workers: None):
    findings = check(name)
    assert failures(findings) == []
    doubts = [finding for finding in findings if finding.outcome == "warning"]
    assert_describes(doubts[0], *DOUBTFUL[name])


def test_physics_may_diverge(no_workers: None):
    findings = check("Diverges")
    assert [str(finding) for finding in findings if finding.outcome != "ok"] == []


def test_success_may_be_told_at_the_own_time_limit_alone(no_workers: None):
    findings = check_target("support.odd_environments:TellsSuccessLate")
    assert [str(finding) for finding in findings if finding.outcome != "ok"] == []


def test_what_fails_everywhere_is_left_to_checks_that_say_more():
    (finding,) = failures(check("RaisesInStep"))
    assert_describes(finding, *BAD["RaisesInStep"])


def test_vectorised_environments_are_checked_in_trials():
    findings = check_target("support.scripted:scripts")
    assert failures(findings) == []
    assert {"spaces", "tasks", "trials"} <= {finding.check for finding in findings}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("episode", "were not counted right"),
        ("task", "the task changed inside a trial"),
        ("reward", "trials went otherwise"),
        ("next_observation", "trials went otherwise"),
    ],
)
def test_trials_that_are_wrong_anywhere_are_noticed(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
):
    environment = make_trial("support.cart_poles:CartPoles", trust=True).environment
    assert isinstance(environment, GymnasiumEnvironment)
    assert failures(trials.check_trials(environment)) == []
    played = []

    def tampered(*arguments: Any) -> Steps:
        steps = play_steps(*arguments)
        played.append(steps)
        # Of what is compared with another play, one only.
        if len(played) == 1 or name in ("episode", "task"):
            getattr(steps, name)[2, 1] += 1
        return steps

    monkeypatch.setattr(trials, "play_steps", tampered)
    with pytest.raises(Breach, match=message):
        list(trials.check_trials(environment))


def test_training_waits_for_cheap_checks_only():
    require_sound("support.bad_host_environments:Good")
    # Found out by playing longer.
    require_sound("support.bad_host_environments:OutlivesATrial")
    require_sound("support.scripted:scripts", workers=0)
    for name in ("RaisesInStep", "FourValues", "FailsWhenMade", "NumpyRandomTask"):
        method, message, _ = BAD[name]
        with pytest.raises(UserError, match="breaks its contract: ") as error:
            require_sound(f"support.bad_host_environments:{name}")
        assert re.search(message, str(error.value))
        assert "`splagger check support.bad_host_environments:" in str(error.value)


def test_training_with_workers_meets_what_ends_a_process_in_one():
    with pytest.raises(UserError, match="step: the worker process .* ended with exit code 3"):
        require_sound("support.bad_host_environments:ExitsInStep", workers=2)
