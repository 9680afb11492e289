"""Builders of objectives and decoders, from settings."""

import jax
from jaxtyping import PRNGKeyArray

from splagger.decoders.decoders import Decoders
from splagger.decoders.place_reward_decoder import PlaceRewardDecoder
from splagger.decoders.reward_decoder import RewardDecoder
from splagger.decoders.state_decoder import StateDecoder
from splagger.decoders.task_decoder import TaskDecoder, TaskIndexDecoder
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.errors import UserError
from splagger.foundation.objective_settings import (
    ElboSettings,
    TaskDecoderSettings,
    TaskInferenceSettings,
)
from splagger.foundation.settings import ConventionSettings
from splagger.learning.elbo import ElboRules
from splagger.learning.objective import ElboObjective, Objective
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.policy import Policy
from splagger.sequence.embedding import ActionEncoding


def build_objective(
    settings: AgentSettings,
    conventions: ConventionSettings,
    trial: TrialDescription,
    gradient_steps: int | None = None,
) -> Objective:
    """What an agent's sequence model learns from in a kind of trials.

    **Arguments:**

    - `settings`, `conventions`, `trial`: say what.
    - `gradient_steps`: over how many steps gradients flow through the encoder's recurrence; None:
        through the whole trial.
    """
    objective = settings.objective
    elbo, inference = objective.elbo, objective.task_inference
    bound = None
    if elbo is not None:
        bound = ElboObjective(
            capacity=elbo.buffer,
            horizon=trial.max_steps,
            trajectories=elbo.trajectories,
            updates=elbo.updates,
            terms=elbo.terms,
            decodes=elbo.decodes,
            resample=elbo.resample,
            stochastic=elbo.stochastic,
            rules=ElboRules(
                scale=conventions.elbo_scale,
                kl_target=elbo.kl_target,
                average_terms=elbo.average_terms,
                average_decodes=elbo.average_decodes,
            ),
            gradient_steps=gradient_steps,
            inference=None if inference is None else inference.target,
        )
    return Objective(
        policy_gradient=objective.policy_gradient,
        elbo=bound,
        direct_inference=inference is not None and elbo is None,
        freeze_in_warm_up=inference is not None and inference.freeze_in_warm_up,
        reset_after_warm_up=inference is not None and inference.reset_after_warm_up,
    )


def build_decoders(
    settings: AgentSettings,
    conventions: ConventionSettings,
    trial: TrialDescription,
    policy: Policy,
    key: PRNGKeyArray,
) -> Decoders | None:
    """Draws the initial parameters of an agent's decoders; None where it learns from no bound.

    **Arguments:**

    - `settings`, `conventions`, `trial`: say which.
    - `policy`: whose view of the task may be what is decoded.
    - `key`: randomness.

    **Raises:** `UserError` where the environment gives nothing of what is to be decoded.
    """
    elbo = settings.objective.elbo
    if elbo is None:
        return None
    reward_key, state_key, task_key, inference_key = jax.random.split(key, 4)
    latent_size = (1 if elbo.stochastic else 2) * settings.latent_size
    state = None
    if elbo.state is not None:
        state = StateDecoder.create(
            state_key,
            latent_size=latent_size,
            observation_size=trial.observation_size,
            action_space=trial.action_space,
            observation_embedding=settings.embedding.observation,
            action_embedding=settings.embedding.action,
            action_encoding=conventions.action_encoding,
            hidden=elbo.state.hidden_sizes,
        )
    return Decoders(
        reward=_build_reward_decoder(
            settings, elbo, conventions.action_encoding, trial, latent_size, reward_key
        ),
        state=state,
        task=_build_task_decoder(elbo.task, trial, latent_size, task_key),
        inference=_build_inference(
            settings.objective.task_inference, policy, latent_size, inference_key
        ),
    )


def _build_reward_decoder(
    settings: AgentSettings,
    elbo: ElboSettings,
    action_encoding: ActionEncoding,
    trial: TrialDescription,
    latent_size: int,
    key: PRNGKeyArray,
) -> RewardDecoder | PlaceRewardDecoder | None:
    if elbo.reward is None:
        return None
    hidden = elbo.reward.hidden_sizes
    if elbo.reward.per_place and trial.places is not None:
        places = trial.places
        return PlaceRewardDecoder.create(key, latent_size=latent_size, places=places, hidden=hidden)
    embedding = settings.embedding
    return RewardDecoder.create(
        key,
        latent_size=latent_size,
        observation_size=trial.observation_size,
        action_space=trial.action_space,
        observation_embedding=embedding.observation,
        action_embedding=embedding.action,
        action_encoding=action_encoding,
        previous_observation=embedding.full_transitions,
        hidden=hidden,
    )


def _build_task_decoder(
    settings: TaskDecoderSettings | None,
    trial: TrialDescription,
    latent_size: int,
    key: PRNGKeyArray,
) -> TaskDecoder | TaskIndexDecoder | None:
    if settings is None:
        return None
    hidden, tasks = settings.hidden_sizes, trial.tasks
    if settings.target == "index":
        if tasks is None:
            raise UserError(
                "agent.objective.elbo.task.target is index, but the environment's tasks are not "
                "finite: choose vector."
            )
        return TaskIndexDecoder.create(key, latent_size=latent_size, tasks=tasks, hidden=hidden)
    if trial.task_size == 0:
        raise UserError(
            "agent.objective.elbo.task is given, but the environment gives no task vector: choose "
            "another objective, or an environment whose tasks are numbers."
        )
    return TaskDecoder.create(
        key, latent_size=latent_size, target_size=trial.task_size, hidden=hidden
    )


def _build_inference(
    settings: TaskInferenceSettings | None,
    policy: Policy,
    latent_size: int,
    key: PRNGKeyArray,
) -> TaskDecoder | None:
    if settings is None:
        return None
    assert isinstance(policy, ActorCritic)
    assert policy.task_embedding is not None
    if settings.target == "task-code":
        size = policy.task_embedding.bias.shape[-1]
    else:
        size = policy.generated_size
    hidden = settings.hidden_sizes
    return TaskDecoder.create(key, latent_size=latent_size, target_size=size, hidden=hidden)
