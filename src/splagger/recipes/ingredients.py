"""Agents in words. Importing this module does not import jax."""

import dataclasses
from typing import Any

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.aggregator_settings import WeightedMeanSettings
from splagger.foundation.objective_settings import ElboSettings, TaskInferenceSettings

_SHAPE = ("kind", "size", "observation_embedding", "latent_embedding", "hidden_sizes")
"""Fields that are named anyway, or are the same for all."""


def ingredients(settings: AgentSettings) -> str:
    """What an agent is made of, in the order in which a transition goes through it, and what its
    sequence model learns from where that is not the losses of actor and critic alone.

    Numbers are named where they are not those of the part's defaults; those of what it learns from
    are not.
    """
    encoder = f"{settings.encoder.kind} {settings.encoder_output}{_changes(settings.encoder)}"
    parts = [encoder]
    if not settings.embedding.full_transitions:
        parts.insert(0, "half transitions")
    if settings.layers_before_encoder:
        parts.insert(0, f"layers {_sizes(settings.layers_before_encoder)}")
    if settings.layers_after_encoder:
        parts.append(f"layers {_sizes(settings.layers_after_encoder)}")
    if settings.aggregator is not None:
        through = "half through " if settings.split else "all through "
        aggregator = settings.aggregator
        if isinstance(aggregator, WeightedMeanSettings) and aggregator.temperature is None:
            detail = " (softplus)"
        else:
            detail = _changes(aggregator)
        straight = ", straight-through" if settings.straight_through else ""
        parts.append(f"{through}{aggregator.kind}{detail}{straight}")
    if settings.layers_after_aggregator:
        parts.append(f"layers {_sizes(settings.layers_after_aggregator)}")
    if settings.learned_start:
        parts.append("learned start")
    if settings.sample_latent:
        parts.append("sample")
    parts.append(f"{settings.policy.kind}{_changes(settings.policy)}")
    return " > ".join(parts) + _objective(settings)


def _objective(settings: AgentSettings) -> str:
    """What the sequence model learns from, after a semicolon; nothing where that goes without
    saying, or where it learns nothing since the policy does not see it."""
    objective = settings.objective
    parts = []
    if objective.elbo is not None:
        parts.append(_bound(objective.elbo))
    if objective.task_inference is not None:
        parts.append(_inference(objective.task_inference))
    if objective.policy_gradient and parts:
        parts.insert(0, "end to end")
    return f"; {', '.join(parts)}" if parts else ""


def _bound(elbo: ElboSettings) -> str:
    decoded = []
    if elbo.reward is not None:
        decoded.append("reward" if elbo.reward.per_place else "reward of transitions")
    if elbo.state is not None:
        decoded.append("state")
    if elbo.task is not None:
        decoded.append(f"task {elbo.task.target}")
    if not decoded:
        return "divergence"
    return f"varibad bound: {' and '.join(decoded)}"


def _inference(inference: TaskInferenceSettings) -> str:
    what = f"infers {inference.target} after a warm-up"
    if inference.freeze_in_warm_up:
        what += ", frozen in it"
    if inference.reset_after_warm_up:
        what += ", then a new policy"
    return what


def _changes(part: Any) -> str:
    """The fields of a part that are not its defaults, in brackets."""
    changed = [
        f"{field.name.replace('_', ' ')} {_value(getattr(part, field.name))}"
        for field in dataclasses.fields(part)
        if field.name not in _SHAPE and getattr(part, field.name) != field.default
    ]
    return f" ({', '.join(changed)})" if changed else ""


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return _sizes(value) if isinstance(value, tuple) else str(value)


def _sizes(sizes: tuple[Any, ...]) -> str:
    return ", ".join(map(str, sizes))
