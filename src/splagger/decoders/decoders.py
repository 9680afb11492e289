"""All that an agent decodes from its latents."""

import equinox as eqx
from jaxtyping import Array, Float, Int

from splagger.decoders.place_reward_decoder import PlaceRewardDecoder
from splagger.decoders.reward_decoder import RewardDecoder
from splagger.decoders.state_decoder import StateDecoder
from splagger.decoders.task_decoder import TaskDecoder, TaskIndexDecoder
from splagger.environments.task_information import TaskInformation


class Decoders(eqx.Module):
    """The decoders of an agent, any of which it may do without."""

    reward: RewardDecoder | PlaceRewardDecoder | None = None
    """Predicts rewards."""
    state: StateDecoder | None = None
    """Predicts next observations."""
    task: TaskDecoder | TaskIndexDecoder | None = None
    """Predicts the task as the environment describes it: its vector or its index."""
    inference: TaskDecoder | None = None
    """Predicts the policy's own code of the task, for task inference."""

    def task_target(
        self, task: TaskInformation
    ) -> Float[Array, "*batch task"] | Int[Array, "*batch"]:
        """What `task` is to predict: the indices of the tasks, or their vectors."""
        return task.index if isinstance(self.task, TaskIndexDecoder) else task.vector
