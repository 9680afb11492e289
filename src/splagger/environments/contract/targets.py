"""Checking what a user names: it is imported and made, then the checks of its kind run."""

import warnings

from splagger.environments.contract.contract import check_environment, first_look
from splagger.environments.contract.explanations import ABSTRACT, explain
from splagger.environments.contract.findings import Finding, failure, failures
from splagger.environments.environment import Environment
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.registry import EnvironmentSpecification
from splagger.foundation.errors import UserError

_CHECK = "construction"
_METHOD = "__init__"


def check_target(text: str) -> list[Finding]:
    """Runs a named environment through the contract of its kind.

    The user names it here and now, so its code is imported.

    **Arguments:**

    - `text`: `NAME[:option=value,...]` or `package.module:ClassName[:option=value,...]`.

    **Returns:** what every check found; that it cannot be imported or made is a failure, too.

    **Raises:** `UserError` for an unknown name or option of a registered environment.
    """
    specification = EnvironmentSpecification.parse(text)
    made = _make(specification)
    if isinstance(made, Finding):
        return [made]
    if isinstance(made, HostEnvironment):
        # Imported here, because it needs Gymnasium.
        from splagger.environments.contract.host.contract import check_host_environment

        return check_host_environment(made)

    def again() -> Environment:
        copy = specification.build(trust=True)
        assert isinstance(copy, Environment)
        return copy

    return check_environment(again)


def require_sound(text: str, workers: int = 0) -> None:
    """Refuses an environment of the user's own that fails the cheap part of the contract.

    Registered environments are taken as sound.

    **Arguments:**

    - `text`: as `check_target` takes it.
    - `workers`: how many processes will step a Gymnasium environment; 0 for this one.

    **Raises:** `UserError` with the first failure.
    """
    specification = EnvironmentSpecification.parse(text)
    if specification.entry is not None:
        return
    made = _make(specification)
    found = [made] if isinstance(made, Finding) else failures(_first_look(made, workers))
    if found:
        raise UserError(
            f"environment '{specification}' breaks its contract: {found[0]} "
            f"`splagger check {specification}` checks the rest."
        )


def _first_look(environment: Environment | HostEnvironment, workers: int) -> list[Finding]:
    if isinstance(environment, HostEnvironment):
        from splagger.environments.contract.host.contract import first_look as first_look_at_host

        # Others are registered.
        assert isinstance(environment, GymnasiumEnvironment)

        return first_look_at_host(environment, workers)
    return first_look(environment)


def _make(specification: EnvironmentSpecification) -> Environment | HostEnvironment | Finding:
    try:
        with warnings.catch_warnings():
            # A finding says so.
            warnings.filterwarnings("ignore", ".* all its trials are of one task")
            return specification.build(trust=True)
    except UserError as error:
        return failure(_CHECK, _METHOD, str(error), _advice(error))
    except Exception as error:
        message, fix = explain(error, "__init__", Environment)
        return failure(_CHECK, _METHOD, message, fix)


def _advice(error: UserError) -> str:
    return ABSTRACT if "abstract" in str(error.__cause__) else "Mend the module or its options."
