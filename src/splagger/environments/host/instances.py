"""Making instances of Gymnasium environments, to ask them something."""

from typing import Any

import gymnasium

from splagger.environments.host.failures import describe_exception
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.protocol import attribute
from splagger.foundation.errors import UserError


def make_instance(maker: EnvironmentMaker, vectorised: bool) -> Any:
    """Makes an instance: a `gymnasium.Env`, or a `gymnasium.vector.VectorEnv` of one.

    **Raises:** `UserError` where it cannot be made or is something else.
    """
    try:
        environment = maker(num_envs=1) if vectorised else maker()
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"environment '{maker.path}' cannot be made: {describe_exception(error)}."
        ) from error
    expected = gymnasium.vector.VectorEnv if vectorised else gymnasium.Env
    if not isinstance(environment, expected):
        raise UserError(
            f"environment '{maker.path}' must make a gymnasium.Env, or with a parameter num_envs a "
            f"gymnasium.vector.VectorEnv, but {'with' if vectorised else 'without'} that parameter "
            f"it makes a {type(environment).__name__}."
        )
    return environment


def optimal_return(maker: EnvironmentMaker, vectorised: bool, episodes: int) -> float | None:
    """Makes an instance and asks it for the best possible return of a trial of K episodes."""
    instance = make_instance(maker, vectorised)
    try:
        own = attribute(instance, "optimal_return")
        found = None if own is None else own(episodes)
        return None if found is None else float(found)
    finally:
        instance.close()
