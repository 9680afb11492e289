"""What an environment must do so that training on it means something, and checks of it.

`check_environment(MyEnvironment)` runs them all; so does `splagger check my_module:MyEnvironment`.
"""

from splagger.environments.contract.contract import check_environment
from splagger.environments.contract.findings import Finding, failures
from splagger.environments.contract.targets import check_target, require_sound

__all__ = ["Finding", "check_environment", "check_target", "failures", "require_sound"]
