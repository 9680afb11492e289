"""How near the belief that an agent's decoders tell is to the exact posterior, over a trial."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from splagger.agent import Agent
from splagger.analysis.decoded_belief import decoded_belief
from splagger.environments.task_information import TaskInformation
from splagger.environments.trial import Trial, TrialState
from splagger.foundation.errors import UserError
from splagger.sequence.embedding import Transition
from splagger.sequence.starts import select_start

SAMPLES = 32
"""How many samples of a latent make a decoded belief."""


class BeliefComparison(eqx.Module):
    """An exact posterior beside what an agent decodes and beside the prior; divergences and
    entropies in nats."""

    entropy: Float[Array, "*batch"]
    """Entropy of the exact posterior, at least 0."""
    decoded_divergence: Float[Array, "*batch"]
    """KL(exact || decoded), at least 0; infinite where the decoded probability of a possible task
    is 0, which it can be only by rounding."""
    prior_divergence: Float[Array, "*batch"]
    """KL(exact || prior), at least 0: what was there to be learnt of the task so far."""
    cross_entropy: Float[Array, "*batch"]
    """Of exact and decoded: the sum of the first two."""
    exact_probability: Float[Array, "*batch"]
    """What the exact posterior gives to the true task, 0 to 1."""
    decoded_probability: Float[Array, "*batch"]
    """What the decoded belief gives to it, 0 to 1."""


class PosteriorQuality(eqx.Module):
    """Beliefs compared over a trial, as means over tasks. Step 0 is before the first action, step n
    after n actions; the last one that counts of a task is the end of its trial."""

    steps: BeliefComparison
    """`[step]`, 0 to the largest number of steps of a trial: means over the tasks whose trial lasts
    so long. NaN where there are none."""
    tasks: Int[Array, " step"]
    """How many these are."""
    episode_starts: Float[Array, " step"]
    """In which part of these an episode other than the first begins, 0 to 1."""
    over_trial: BeliefComparison
    """Scalars: means over all steps of all tasks."""
    at_end: BeliefComparison
    """Scalars: means over all tasks, each at the end of its own trial."""


def compare_beliefs(
    exact: Float[Array, "*batch tasks"],
    decoded: Float[Array, "*batch tasks"],
    prior: Float[Array, " tasks"],
    truth: Int[Array, "*batch"],
) -> BeliefComparison:
    """Compares probabilities of tasks, which add up to 1.

    **Arguments:**

    - `exact`, `decoded`: the posterior, and the belief to compare with it.
    - `prior`: the belief before anything is seen, the same for all.
    - `truth`: the index of the true task.
    """

    def cross_entropy(belief: Float[Array, "*batch tasks"]) -> Float[Array, "*batch"]:
        return -jnp.sum(xlogy(exact, belief), axis=-1)

    def of_truth(belief: Float[Array, "*batch tasks"]) -> Float[Array, "*batch"]:
        return jnp.take_along_axis(belief, truth[..., None], axis=-1)[..., 0]

    entropy, crossed = cross_entropy(exact), cross_entropy(decoded)
    return BeliefComparison(
        entropy=entropy,
        decoded_divergence=crossed - entropy,
        prior_divergence=cross_entropy(jnp.broadcast_to(prior, exact.shape)) - entropy,
        cross_entropy=crossed,
        exact_probability=of_truth(exact),
        decoded_probability=of_truth(decoded),
    )


def posterior_quality(
    agent: Agent,
    trial: Trial,
    key: PRNGKeyArray,
    *,
    tasks: int,
    samples: int | None = SAMPLES,
) -> PosteriorQuality:
    """Plays one trial in each of `tasks` fresh tasks with the most likely actions and compares
    beliefs before the first and after every action. The memory starts from the prior.

    The prior that it is compared with is the mean over tasks of the exact belief at their trials'
    start: where the start shows nothing of the task, that belief itself. Only tasks that are
    possible under it count. The exact posterior is that of an observer who sees all; an agent may
    see a little less (`Environment.belief`).

    **Arguments:**

    - `agent`: whose decoders tell its belief; it acts on its own.
    - `trial`: where.
    - `key`: randomness of tasks, environments and samples.
    - `tasks`: how many trials are run side by side.
    - `samples`: as for `decoded_belief`.

    **Raises:** `UserError` where the environment knows no exact belief, and as `decoded_belief`.
    """
    if trial.belief_size is None:
        raise UserError(
            f"the environment {type(trial.environment).__name__} knows no exact posterior "
            "(`belief`) to compare with: choose another one, such as grid-navigation or "
            "t-maze-latent."
        )
    probes = trial.task_probes()
    reset_key, step_key, sample_key = jax.random.split(key, 3)
    state, observation = jax.vmap(trial.reset)(jax.random.split(reset_key, tasks))
    agent = agent.on_its_own()
    fresh, memory = agent.initial_memory(), agent.initial_memory((tasks,))
    start = jax.vmap(trial.task_information)(state)
    prior = jnp.mean(_exact(start), axis=0)

    def compare(latents: Array, task: TaskInformation, step: Int[Array, ""]) -> BeliefComparison:
        its_key = jax.random.fold_in(sample_key, step)
        decoded = decoded_belief(
            agent.networks.decoders, latents, probes, prior > 0, its_key, samples=samples
        )
        return compare_beliefs(_exact(task), decoded, prior, task.index)

    def advance(carry, step):
        state, observation, memory, done, last = carry
        told = jax.vmap(trial.task_information)(state)
        action = agent.act(memory, observation, told, None).action
        keys = jax.random.split(jax.random.fold_in(step_key, step), tasks)
        final = jax.vmap(_task_after, (None, 0, 0, 0))(trial, state, action, keys)
        state, result = jax.vmap(trial.step)(state, action, keys)
        transition = Transition(observation, action, result.reward, result.next_observation)
        memory, _ = agent.observe(memory, transition, jnp.zeros(tasks, bool), fresh)
        following = jax.vmap(trial.task_information)(state)
        # At a trial's end `state` is that of the next one, while the memory goes on.
        task = select_start(result.trial_end, final, following)
        compared = compare(memory.latent, task, step + 1)
        last = select_start(done, last, compared)
        row = (compared, ~done, result.episode_end & ~result.trial_end)
        done = done | result.trial_end
        return (state, result.observation, memory, done, last), row

    nobody = jnp.zeros(tasks, bool)
    first = compare(memory.latent, start, jnp.zeros((), int))
    carry = (state, observation, memory, nobody, first)
    (*_, last), rows = jax.lax.scan(advance, carry, jnp.arange(trial.max_steps))
    compared, counts, begins = jax.tree.map(
        lambda first, rows: jnp.concatenate([first[None], rows]), (first, ~nobody, nobody), rows
    )
    return PosteriorQuality(
        steps=jax.tree.map(lambda values: _mean(values, counts, axis=1), compared),
        tasks=jnp.sum(counts, axis=1),
        episode_starts=_mean(begins.astype(prior.dtype), counts, axis=1),
        over_trial=jax.tree.map(lambda values: _mean(values, counts, axis=None), compared),
        at_end=jax.tree.map(jnp.mean, last),
    )


def _exact(task: TaskInformation) -> Float[Array, "task tasks"]:
    assert task.belief is not None
    return task.belief


def _task_after(
    trial: Trial, state: TrialState, action: Array, key: PRNGKeyArray
) -> TaskInformation:
    """The task, and what is known of it, right after a step, before anything begins anew."""
    after, _ = trial.advance(state, action, key)
    return trial.task_information(TrialState(state.task, after, state.episode, state.steps))


def _mean(
    values: Float[Array, "step task"], counts: Bool[Array, "step task"], axis: int | None
) -> Float[Array, "*step"]:
    """The mean of what counts; NaN where nothing does."""
    return jnp.sum(jnp.where(counts, values, 0), axis=axis) / jnp.sum(counts, axis=axis)
