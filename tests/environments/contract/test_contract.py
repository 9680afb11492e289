"""Every way to break the contract is found, and said so that it can be mended."""

import re
from collections.abc import Iterator

import jaxtyping
import pytest
from support import bad_environments
from support.bad_environments import Good

from splagger.environments.contract import Finding, check_environment, failures
from splagger.environments.environment import Environment


@pytest.fixture(autouse=True)
def unchecked_types() -> Iterator[None]:
    """As for users: without the checks of types that run under pytest."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def test_an_environment_that_keeps_the_contract_passes_all_checks():
    findings = check_environment(Good)
    assert [finding for finding in findings if finding.outcome != "ok"] == []
    assert {finding.check for finding in findings} == {
        *("spaces", "numbers", "returned values", "observations", "repeatability"),
        *("jit and vmap", "rewards", "ends of episodes", "tasks", "trials", "pictures"),
    }


BAD = {
    # Attributes.
    "WrongActionSpace": ("action_space", "action_space is 2, of type .*int", r"Discrete\(n\)"),
    "ObservationSpaceOfPictures": ("observation_space", r"shape \(8, 8\)", "flatten"),
    "StepsAsFloat": ("max_episode_steps", "is 6.0", "Python integer"),
    "NoMaxEpisodeSteps": ("__init__", "abstract.*max_episode_steps", "Define"),
    "FailsWhenMade": ("__init__", "AttributeError.*bad_environments.py, line", "Mend"),
    "UnhashableField": ("walls", "walls holds what cannot be hashed", "lists tuples"),
    # What is said about inference.
    "BeliefOfOneNumber": ("belief", r"float32\[1\], but tasks is 2", "for each of the tasks"),
    "BeliefWithoutTasks": ("belief", r"float32\[2\], but tasks is None", "or None"),
    "BeliefOfHalves": ("belief", "no probabilities", "Divide by the sum"),
    "BeliefInTheWrongTask": ("belief", "the true task the probability 0", "as task_index"),
    "PlacesOutOfRange": ("places", "place -?[0-9], but count is 3", "numbered from 0"),
    "PlacesThatDecideNothing": ("places", "once a success and once not", "Return None"),
    # What methods return.
    "WrongObservationShape": ("reset", r"reset returns .*\(1,\), .* shape \(2,\)", "the same"),
    "StepObservesAnotherShape": ("step", r"step returns .*\(3,\), .* shape \(2,\)", "the same"),
    "IntegerObservation": ("reset", "dtype int32, where float32", r"asarray\(observation, float\)"),
    "RewardOfShapeOne": ("step", r"reward has shape \(1,\)", "single number"),
    "StepOfGymnasium": ("step", r"step returns \(float32\[2\],.*dict\)", r"\(state, Step\("),
    "StateChangesDtype": ("step", r"int32\[\] after reset, but float32\[\]", r"astype\(int32\)"),
    "StateChangesStructure": ("step", "another structure.*'moved'", "every field"),
    "ResetKeepsAnotherState": ("reset", r"int32\[1\] after reset\(task, state, key\)", "shapes"),
    "TaskOfWords": ("sample_task", r"task\['goal'\] is of type str", "Return arrays"),
    "ResetWithoutState": ("reset", "cannot be called with task, state, key", r"reset\(self, task"),
    "TaskVectorOfIntegers": ("task_vector", r"int32\[1\]", "vector of floats"),
    # Exceptions and compilation.
    "RaisesInStep": ("step", r'KeyError: .*line \d+, in step: return table\["right"\]\)', "Mend"),
    "PythonIf": ("step", "decides in Python .*in step: if state == task:", "jnp.where"),
    "NumpyInStep": ("reset", "to NumPy.*in observe: return", "jax.numpy"),
    "PythonFloat": ("step", r"Python number.*return float\(state\)", "astype"),
    "IndexesAList": ("step", "needs an integer.*in reward", "asarray"),
    "ChangesItself": ("step", "changes an attribute.*count", "into the state"),
    # Numbers.
    "NotANumber": ("reset", "8 of 8 observations that reset.*nan or inf.*entry 0", "divisions"),
    "NotANumberLater": ("step", "observations that step.*nan or inf.*entry 1", "divisions"),
    "InfiniteReward": ("step", "rewards that step.*inf", "divisions"),
    "OutOfBounds": ("step", "entry 1 is -?6, .* says -3 to 3", "clip"),
    "NeverEnds": ("step", "not terminated after max_episode_steps = 6", "Terminate"),
    "TruncatesAgainstItsWord": ("step", "truncated, but truncates is False", "Remove"),
    "UncountedDivergence": ("may_diverge", "nobody counts it", "may_diverge = True"),
    "PaidDivergence": ("step", "that diverged has the reward -5", "reward 0"),
    "TooLowAnOptimum": ("optimal_return", "is -100, but random play got", "best agent"),
    # Tasks.
    "ConstantTask": ("sample_task", "the same task for 32 keys", "by the key"),
    "TaskIndexOutOfRange": ("task_index", "task_index is 2, but tasks is 2", "0 to 1"),
    "TaskIndexForgotten": ("task_index", "was 0 in all of 32", "Define task_index"),
    # Hidden state and other randomness.
    "NumpyRandom": ("reset", "reset draws from .* numpy.random", "key"),
    "PythonRandom": ("sample_task", "sample_task draws from .*Python", "key"),
    "UnseededGenerator": ("step", "second call of step .* another result", "jax.random"),
    "SharedBetweenCopies": ("step", "second call of step .* another result", "into the state"),
    "CopiesDiffer": ("step", "another object of the class step gave another", "into the state"),
    "RemembersLastState": ("step", "step .* an earlier call left behind", "in the state"),
    "BehavesOtherwiseCompiled": ("reset and step", r"reward becomes \[1.0, .* of \[2.0", "state"),
    # Pictures.
    "FloatPicture": ("render", r"float64\[64, 64, 3\]", "uint8"),
}

DOUBTFUL = {
    "TaskIndexConstant": ("task_index", "was 1 in all of 32", "ignore this if all others are rare"),
    "UncountedSuccess": ("has_success", "nobody counts them", "has_success = True"),
    "TaskWithoutEffect": ("reset and step", "does the task matter", "Use the task"),
}


def test_every_bad_environment_is_tested():
    classes = {
        name
        for name, value in vars(bad_environments).items()
        if isinstance(value, type) and issubclass(value, Environment) and value is not Environment
    }
    assert classes == {*BAD, *DOUBTFUL, "Diverges", "Good", "Two"}


def assert_describes(finding: Finding, method: str, message: str, fix: str) -> None:
    assert finding.method == method
    assert re.search(message, finding.message), finding.message
    assert re.search(fix, finding.fix), finding.fix
    assert "\n" not in str(finding)
    # Only the user's own lines are shown.
    assert "site-packages" not in finding.message


@pytest.mark.parametrize("name", BAD)
def test_bad_environments_fail(name: str):
    found = failures(check_environment(getattr(bad_environments, name)))
    assert len(found) == 1
    assert_describes(found[0], *BAD[name])


def test_physics_may_diverge():
    findings = check_environment(bad_environments.Diverges)
    assert [str(finding) for finding in findings if finding.outcome != "ok"] == []
    (finding,) = (finding for finding in findings if finding.check == "divergence")
    assert "of 32 episodes ended because it diverged" in finding.message


@pytest.mark.parametrize("name", DOUBTFUL)
def test_doubtful_environments_get_a_warning_and_pass(name: str):
    findings = check_environment(getattr(bad_environments, name))
    assert failures(findings) == []
    (finding,) = (finding for finding in findings if finding.outcome == "warning")
    assert_describes(finding, *DOUBTFUL[name])
