"""Comparing what a trained agent believes about the task with the exact posterior."""

from dataclasses import dataclass
from pathlib import Path

import equinox as eqx
import jax

from splagger.analysis.posterior_quality import SAMPLES, PosteriorQuality, posterior_quality
from splagger.environments.registry import canonical_name
from splagger.environments.trial import Trial
from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError
from splagger.foundation.precision import matrix_product_precision
from splagger.training.compilation_cache import enable_compilation_cache
from splagger.training.evaluate_run import trial_elsewhere
from splagger.training.trained_agent import load_member

# Keeps these tasks apart from those of training and evaluations with the same seed.
_COMPARED = 0x7EA4


@dataclass(frozen=True)
class RunPosterior:
    """The beliefs of a run's agent, compared."""

    agent: str
    """Its name."""
    environment: str
    """Where it was asked."""
    tasks: int
    """In how many fresh tasks."""
    quality: PosteriorQuality
    """The comparison, as arrays on the host."""


def posterior_of_run(
    run: str | Path,
    *,
    tasks: int = 256,
    samples: int = SAMPLES,
    environment: str | None = None,
    learning_rate: float | None = None,
    member_seed: int | None = None,
    seed: int = 0,
    trust: bool = False,
) -> RunPosterior:
    """Compares the decoded belief of a trained agent with the exact posterior.

    **Arguments:**

    - `run`: the run directory; its newest checkpoint is used.
    - `tasks`: how many fresh tasks, one trial in each, at least 1.
    - `samples`: how many samples of each latent make a decoded belief, at least 1; without effect
        where the run's decoders see no samples.
    - `environment`: another environment than the one that the run is evaluated on, with the same
        tasks.
    - `learning_rate`, `member_seed`: which member of the run, as `load` chooses.
    - `seed`: decides tasks and samples; below 2^32.
    - `trust`: whether code that the run's environment refers to may be imported.

    **Raises:** `UserError` as `load` and `evaluate_run` do, for an environment with another number
    of tasks or without an exact posterior, and for an agent that decodes no belief.
    """
    check_at_least("tasks", tasks, 1)
    check_at_least("samples", samples, 1)
    if not 0 <= seed < 2**32:
        raise UserError(f"seed is {seed}, but it must be at least 0 and below {2**32}.")
    enable_compilation_cache()
    session, agent = load_member(run, learning_rate=learning_rate, seed=member_seed, trust=trust)
    trial = trial_elsewhere(session, agent, environment, trust=trust)
    name = canonical_name(environment or session.evaluation_environment)
    if not isinstance(trial, Trial):
        raise UserError(
            f"'{name}' is simulated on the host, where no exact posterior is known to compare with."
        )
    if trial.tasks != session.trial.tasks:
        raise UserError(
            f"environment '{name}' has {trial.tasks} tasks, but the agent was trained with "
            f"{session.trial.tasks}: it cannot tell what it believes of them."
        )
    elbo = session.settings.agent.objective.elbo
    drawn = None if elbo is not None and not elbo.stochastic else samples
    key = jax.random.fold_in(jax.random.key(seed), _COMPARED)
    with matrix_product_precision(session.settings.precision):
        quality = _posterior_quality(agent, trial, key, tasks=tasks, samples=drawn)
    return RunPosterior(session.settings.agent.name, name, tasks, jax.device_get(quality))


_posterior_quality = eqx.filter_jit(posterior_quality)
