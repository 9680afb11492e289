"""One transition for every task, by which a decoder of rewards is asked what it believes."""

import equinox as eqx
from jaxtyping import Array, Bool, Float, Shaped


class TaskProbes(eqx.Module):
    """Transitions that are rewarded in one task each, in the order of `task_index`.

    The reward of transition k is `success` in task k and `failure` in every other task, whatever
    happened before. What a decoder predicts for it thus says how much it believes in task k: for
    the mean of the reward, (prediction - `failure`) / (`success` - `failure`).

    A number that belongs to no task has a transition all the same, whose reward means nothing.
    """

    previous_observation: Float[Array, "tasks observation"]
    """Before the step."""
    action: Shaped[Array, "tasks *action"]
    """The actions, as `Environment.step` takes them."""
    reward: Float[Array, "tasks"]
    """Zeros: the reward is what is asked for."""
    observation: Float[Array, "tasks observation"]
    """After the step."""
    episode_end: Bool[Array, "tasks"]
    """Whether the step ends an episode."""
    success: float = eqx.field(static=True)
    """The reward in the task that the transition belongs to."""
    failure: float = eqx.field(static=True)
    """The reward in the others."""
