"""What is said of trials, by what was noted while they were played."""

import jax
import jax.numpy as jnp
import numpy as np
from support.bad_environments import TooLowAnOptimum

from splagger.environments.contract import failures
from splagger.environments.contract.trials import TrialMoment, check_trials


def moments(ends: np.ndarray) -> TrialMoment:
    """Trials whose every step is worth 1, and that end where `ends` says."""
    kept = np.ones_like(ends)
    noted = TrialMoment(
        reward=jnp.ones(ends.shape),
        **{name: jnp.asarray(ends) for name in ("episode_end", "trial_end")},
        **{name: jnp.asarray(kept) for name in ("counted", "same_task", "seen")},
    )
    return jax.tree.map(np.asarray, noted)


def test_the_optimum_is_doubted_only_where_all_trials_are_over():
    """Those that were over first may be the lucky ones."""
    ends = np.zeros((4, 6), bool)
    ends[:3, 2] = True
    assert failures(check_trials(TooLowAnOptimum(), moments(ends))) == []
    ends[3, 5] = True
    (finding,) = failures(check_trials(TooLowAnOptimum(), moments(ends)))
    assert "random play got 3.75 in the mean of 4 trials" in finding.message
