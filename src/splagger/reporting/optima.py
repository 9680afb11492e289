"""What is best possible in an environment, for those who draw it or compare with it."""

from splagger.environments.registry import EnvironmentSpecification
from splagger.foundation.errors import UserError


def optimal_return(environment: str) -> float | None:
    """Returns the best possible expected return of a trial; None where it is not known.

    No code of a user's own is imported: a figure is no reason to.

    **Arguments:**

    - `environment`: its name, with options; of a run of any version.
    """
    try:
        return EnvironmentSpecification.parse(environment).trial().optimal_return
    except UserError:
        return None
