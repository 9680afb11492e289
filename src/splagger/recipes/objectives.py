"""What sequence models learn from, by name. Importing this module does not import jax."""

from dataclasses import dataclass, replace

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.errors import unknown_name
from splagger.foundation.objective_settings import (
    ElboSettings,
    ObjectiveSettings,
    TaskDecoderSettings,
    TaskInferenceSettings,
)


@dataclass(frozen=True)
class NamedObjective:
    """An objective, and how the policy sees the latent with it."""

    settings: ObjectiveSettings
    """What the sequence model learns from."""
    sample_latent: bool
    """Whether the policy sees samples of the latent."""
    description: str
    """What it is, in a line."""


_ELBO = ElboSettings()
_VARIBAD = ObjectiveSettings(policy_gradient=False, elbo=_ELBO)

OBJECTIVES: dict[str, NamedObjective] = {
    "end-to-end": NamedObjective(
        ObjectiveSettings(), False, "the losses of actor and critic alone, as in the paper"
    ),
    "pearl": NamedObjective(
        ObjectiveSettings(elbo=ElboSettings(reward=None, kl_weight=1e-6)),
        True,
        "the losses of actor and critic, which act on samples, and a divergence",
    ),
    "varibad": NamedObjective(_VARIBAD, False, "to predict the rewards of whole trials"),
    "ti-naive": NamedObjective(
        replace(_VARIBAD, elbo=replace(_ELBO, task=TaskDecoderSettings())),
        False,
        "varibad, and to predict the true task",
    ),
    "ti": NamedObjective(
        replace(
            _VARIBAD,
            task_inference=TaskInferenceSettings(freeze_in_warm_up=True, reset_after_warm_up=True),
        ),
        False,
        "varibad, and to predict the policy's embedding of the true task, which is learnt in a "
        "warm-up; then the policy starts anew",
    ),
    "ti++": NamedObjective(
        replace(_VARIBAD, task_inference=TaskInferenceSettings()),
        False,
        "the same, but everything learns on after the warm-up",
    ),
    "bi++": NamedObjective(
        replace(_VARIBAD, task_inference=TaskInferenceSettings(target="base-network")),
        False,
        "the same, but to predict the weights that the hypernetwork generates for the true task",
    ),
}
"""Every objective by its name."""


def with_objective(settings: AgentSettings, name: str) -> AgentSettings:
    """The same agent with another objective; its name says so.

    **Raises:** `UserError` for an unknown objective, with the nearest names, or where it does not
    fit the agent.
    """
    if name not in OBJECTIVES:
        raise unknown_name("objective", name, OBJECTIVES)
    objective = OBJECTIVES[name]
    return replace(
        settings,
        name=f"{settings.name}+{name}",
        objective=objective.settings,
        sample_latent=objective.sample_latent,
    )
