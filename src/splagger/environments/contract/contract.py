"""The whole contract of environments that are written in jax, and the part that is cheap."""

from collections.abc import Callable, Iterator

import jax
import numpy as np

from splagger.environments.contract.description import check_description
from splagger.environments.contract.evidence import play_at_random, play_trials_at_random
from splagger.environments.contract.explanations import explain, watching
from splagger.environments.contract.findings import Finding, failure, until_failure
from splagger.environments.contract.inference import check_inference
from splagger.environments.contract.numbers import OBSERVATIONS, check_look, check_steps
from splagger.environments.contract.pictures import check_pictures
from splagger.environments.contract.play import Look, look
from splagger.environments.contract.programs import Program
from splagger.environments.contract.repeatability import check_compilation, check_repeatability
from splagger.environments.contract.signatures import check_signatures
from splagger.environments.contract.tasks import check_tasks
from splagger.environments.contract.trials import check_trials
from splagger.environments.environment import Environment

_STARTS = 8


def check_environment(make: Callable[[], Environment]) -> list[Finding]:
    """Runs an environment through the whole contract.

    The checks come in four groups: what is cheap, hidden state, episodes, trials. After a failure
    the later groups are left out.

    **Arguments:**

    - `make`: makes the environment, such as its class. It is called twice, to compare the two.

    **Returns:** what every check found. Nothing is raised, whatever the environment does.
    """
    try:
        environment = make()
    except Exception as error:
        where = make if isinstance(make, type) else Environment
        return [failure("construction", "__init__", *explain(error, "__init__", where))]
    groups = (
        first_look,
        lambda environment: check_repeatability(environment, make),
        _check_episodes,
        _check_trials,
    )
    return until_failure(environment, groups)


def first_look(environment: Environment) -> list[Finding]:
    """The cheap part of the contract: what an environment says of itself, what its methods return,
    and its first observations."""
    return until_failure(environment, (check_description, check_signatures, _check_starts))


def _check_starts(environment: Environment) -> Iterator[Finding]:
    keys = jax.random.split(jax.random.key(0), _STARTS)

    def start(environment: Environment, keys: jax.Array) -> Look:
        def one(key: jax.Array) -> Look:
            task_key, start_key = jax.random.split(key)
            _, observation = environment.reset(environment.sample_task(task_key), None, start_key)
            return look(environment.observation_space, observation)

        return jax.vmap(one)(keys)

    with watching(OBSERVATIONS, "reset", type(environment)):
        looks = jax.tree.map(np.asarray, Program(start, environment, keys)(keys))
    yield from check_look(environment, "reset", looks, np.ones(_STARTS, bool))


def _check_episodes(environment: Environment) -> Iterator[Finding]:
    evidence = play_at_random(environment)
    yield from check_compilation(evidence)
    yield from check_steps(environment, evidence)
    yield from check_tasks(environment, evidence)
    yield from check_inference(environment, evidence)
    yield from check_pictures(environment, evidence)


def _check_trials(environment: Environment) -> Iterator[Finding]:
    yield from check_trials(environment, play_trials_at_random(environment))
