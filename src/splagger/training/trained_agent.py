"""A trained agent to use in any environment loop."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.agent import Agent
from splagger.environments.spaces import Discrete
from splagger.environments.task_information import TaskInformation
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.errors import UserError
from splagger.sequence.embedding import Transition
from splagger.sequence.split_aggregator import Memory
from splagger.training.session import Session, open_session, restore_latest


class TrialMemory(eqx.Module):
    """What a trained agent carries through a trial: hand it on from step to step."""

    memory: Memory
    """The agent's memory, for a batch of one."""
    observation: Float[Array, "1 observation"] | None
    """What the agent acted on last; None at a trial's start."""
    action: Array | None
    """What it did then."""


class TrainedAgent:
    """One member of a run, ready to act. It never learns, and keeps nothing between calls."""

    agent: Agent
    """The networks and observation statistics."""
    trial: TrialDescription
    """What it was trained on."""

    def __init__(self, agent: Agent, trial: TrialDescription):
        """Wraps the agent that was trained on `trial`. It acts on its own, in a warm-up too."""
        self.agent = agent.on_its_own()
        self.trial = trial
        self._unknown = TaskInformation(jnp.zeros((1, trial.task_size)), jnp.zeros(1, int))

    def initial_memory(self) -> TrialMemory:
        """The memory at the start of a trial, that is, of a new task."""
        return TrialMemory(_initial_memory(self.agent), None, None)

    def step(
        self,
        memory: TrialMemory,
        observation: Any,
        reward: float = 0.0,
        *,
        episode_end: bool = False,
        start_observation: Any = None,
        task_index: int | None = None,
        task_vector: Any = None,
        belief: Any = None,
        key: PRNGKeyArray | None = None,
    ) -> tuple[Any, TrialMemory]:
        """Takes in what the last action led to, and chooses the next one.

        **Arguments:**

        - `memory`: from the last step, or from `initial_memory()` for a new task.
        - `observation`: what the environment returned, `[observation]`, without a flag.
        - `reward`: the raw reward of the last action; not used at a trial's start.
        - `episode_end`: whether `observation` ended an episode. The trial goes on.
        - `start_observation`: then, the first observation of the next episode.
        - `task_index`: which task it is, for agents with a network for every task; others do not
            look at it, nor at the next two.
        - `task_vector`: the true task as the environment's `task_vector` gives it, for agents that
            are told it.
        - `belief`: the exact posterior probability of each of the tasks, for agents that are told
            that.
        - `key`: randomness for a drawn action; None takes the most likely one.

        **Returns:** the action, an integer or an array, and the memory to hand to the next step.

        **Raises:** `UserError` for an observation of another size, a missing `start_observation`,
        or a task that is missing or unknown where the agent is told it.
        """
        if memory.observation is None and episode_end:
            raise UserError("episode_end is true in the first step of a trial, before any action.")
        seen, acted_on = self._boundary(observation, episode_end, start_observation)
        remembered = memory.memory
        if memory.observation is not None and memory.action is not None:
            transition = Transition(
                memory.observation, memory.action, jnp.asarray([reward], seen.dtype), seen
            )
            remembered = _observe(self.agent, remembered, transition)
        task = self._task(task_index, task_vector, belief)
        action = _act(self.agent, remembered, acted_on, task, key)
        following = TrialMemory(remembered, acted_on, action)
        chosen = np.asarray(action)[0]
        if isinstance(self.trial.action_space, Discrete):
            chosen = int(chosen)
        return chosen, following

    def _boundary(
        self, observation: Any, episode_end: bool, start_observation: Any
    ) -> tuple[Float[Array, "1 observation"], Float[Array, "1 observation"]]:
        """What the memory sees and what the policy acts on, by the convention of training."""
        seen = self._flagged(observation, episode_end)
        if not episode_end or self.trial.boundary == "terminal":
            return seen, seen
        if start_observation is None:
            raise UserError(
                "episode_end is true, but start_observation, the first observation of the next "
                "episode, is missing."
            )
        if self.trial.boundary == "start":
            start = self._flagged(start_observation, True)
            return start, start
        return seen, self._flagged(start_observation, False)

    def _task(self, index: int | None, vector: Any, belief: Any) -> TaskInformation:
        """What a policy is told of the task; what it does not look at stays unknown."""
        needed = self.agent.networks.actor_critic.needs_task
        if needed == "index":
            return replace(self._unknown, index=jnp.asarray([self._known_index(index)]))
        if needed == "vector":
            what = "task_vector", "is told the true task", "numbers"
            return replace(self._unknown, vector=self._known(vector, self.trial.task_size, *what))
        if needed == "belief":
            size, what = self.trial.belief_size, ("belief", "is told the belief", "probabilities")
            assert size is not None
            return replace(self._unknown, belief=self._known(belief, size, *what))
        return self._unknown

    def _known_index(self, index: int | None) -> int:
        tasks = self.trial.tasks
        assert tasks is not None
        if index is None or type(index) is bool or index not in range(tasks):
            given = "missing" if index is None else str(index)
            raise UserError(
                f"task_index is {given}, but this agent has a network for every task and needs "
                f"a number from 0 to {tasks - 1}."
            )
        return int(index)

    def _known(
        self, given: Any, size: int, name: str, reason: str, unit: str
    ) -> Float[Array, "1 numbers"]:
        numbers = None if given is None else np.asarray(given, self.agent.observations.mean.dtype)
        if numbers is None or numbers.shape != (size,):
            is_what = "is missing" if numbers is None else f"has shape {numbers.shape}"
            raise UserError(f"{name} {is_what}, but this agent {reason} and needs {size} {unit}.")
        return jnp.asarray(numbers[None])

    def _flagged(self, observation: Any, episode_end: bool) -> Float[Array, "1 observation"]:
        vector = np.asarray(observation, self.agent.observations.mean.dtype)
        size = self.trial.environment.observation_space.size
        if vector.shape != (size,):
            raise UserError(
                f"the observation has shape {vector.shape}, but this agent was trained with "
                f"observations of shape ({size},)."
            )
        if self.trial.episodes > 1:
            vector = np.append(vector, np.asarray(episode_end, vector.dtype))
        return jnp.asarray(vector[None])


def load(
    run: str | Path,
    *,
    learning_rate: float | None = None,
    seed: int | None = None,
    trust: bool = False,
) -> TrainedAgent:
    """Loads a trained agent from a run's newest checkpoint.

    **Arguments:**

    - `run`: the run directory.
    - `learning_rate`, `seed`: which member. Of the members that fit, the one with the highest
        trial return at its last evaluation.
    - `trust`: whether code that the run's environment refers to may be imported.

    **Raises:** `UserError` if the run cannot be read, has no checkpoint, or has no such member.
    """
    session, agent = load_member(run, learning_rate=learning_rate, seed=seed, trust=trust)
    return TrainedAgent(agent, session.trial)


def load_member(
    run: str | Path, *, learning_rate: float | None, seed: int | None, trust: bool
) -> tuple[Session, Agent]:
    """Loads the agent alone, and the objects that its run's settings describe.

    The arguments and errors are those of `load`.
    """
    directory, session = open_session(Path(run), trust=trust)
    fitting = [
        index
        for index, (rate, member_seed) in enumerate(session.settings.members)
        if learning_rate in (None, rate) and seed in (None, member_seed)
    ]
    if not fitting:
        members = ", ".join(f"({rate:g}, {number})" for rate, number in session.settings.members)
        raise UserError(
            f"the run has no member with learning rate {learning_rate} and seed {seed}; "
            f"its members (learning rate, seed) are {members}."
        )
    state, _ = restore_latest(directory, session)
    last: dict[int, tuple[int, float]] = {}
    for row in directory.read_evaluations():
        frames, total = last.get(row.member, (-1, 0.0))
        total = total if frames == row.frames else 0.0
        last[row.member] = (row.frames, total + row.episode_return)
    best = max(fitting, key=lambda member: last.get(member, (0, -np.inf))[1])
    return session, jax.tree.map(lambda leaf: leaf[best], state.agent).on_its_own()


@eqx.filter_jit
def _initial_memory(agent: Agent) -> Memory:
    return agent.initial_memory((1,))


@eqx.filter_jit
def _observe(agent: Agent, memory: Memory, transition: Transition) -> Memory:
    # A new trial begins by `initial_memory`, so none ends here.
    memory, _ = agent.observe(memory, transition, jnp.zeros(1, bool), agent.initial_memory())
    return memory


@eqx.filter_jit
def _act(
    agent: Agent,
    memory: Memory,
    observation: Array,
    task: TaskInformation,
    key: PRNGKeyArray | None,
) -> Array:
    return agent.act(memory, observation, task, key).action
