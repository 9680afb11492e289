"""Checking what a user names: it is imported and made, then the checks of its kind run."""

from splagger.environments.contract.contract import check_environment, first_look
from splagger.environments.contract.explanations import ABSTRACT, explain
from splagger.environments.contract.findings import Finding, failure, failures
from splagger.environments.environment import Environment
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
    return check_environment(lambda: specification.build(trust=True))


def require_sound(text: str) -> None:
    """Refuses an environment of the user's own that fails the cheap part of the contract.

    Registered environments are taken as sound. The arguments are those of `check_target`.

    **Raises:** `UserError` with the first failure.
    """
    specification = EnvironmentSpecification.parse(text)
    if specification.entry is not None:
        return
    made = _make(specification)
    found = [made] if isinstance(made, Finding) else failures(first_look(made))
    if found:
        raise UserError(
            f"environment '{specification}' breaks its contract: {found[0]} "
            f"`splagger check {specification}` checks the rest."
        )


def _make(specification: EnvironmentSpecification) -> Environment | Finding:
    try:
        return specification.build(trust=True)
    except UserError as error:
        return failure(_CHECK, _METHOD, str(error), _advice(error))
    except Exception as error:
        message, fix = explain(error, "__init__", Environment)
        return failure(_CHECK, _METHOD, message, fix)


def _advice(error: UserError) -> str:
    return ABSTRACT if "abstract" in str(error.__cause__) else "Mend the module or its options."
