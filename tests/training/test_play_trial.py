from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.tiny import UNEVEN, Drift, tiny_agent

from splagger.environments.registry import make_trial
from splagger.environments.t_maze.t_maze import TMaze
from splagger.environments.trial import Trial
from splagger.learning.evaluation import evaluate
from splagger.sequence.embedding import Transition
from splagger.training.actors import Actor, AgentActor, RandomActor
from splagger.training.play_trial import play_trial
from splagger.training.trial_record import TrialRecord

evaluate_compiled = eqx.filter_jit(evaluate)


class Drawn(Drift):
    """A drift whose picture is its state."""

    def render(self, task, state, size=256):
        shade = int(np.clip(100 + 50 * float(state), 0, 255))
        return np.full((size // 2, size, 3), shade, np.uint8)


DRIFT = Trial(Drawn(), 3, "both")


def play(trial: Trial, actor: Actor, seed: int = 0, **options: Any) -> TrialRecord:
    key = jax.random.key(seed)
    return play_trial(
        trial, actor, key, agent="an agent", environment="a place", picture_size=8, **options
    )


def actor_of(trial: Trial, *, sample: bool = False) -> AgentActor:
    return AgentActor(tiny_agent(trial), sample)


@pytest.fixture(scope="module")
def drift() -> TrialRecord:
    return play(DRIFT, actor_of(DRIFT))


def same_moments(one: TrialRecord, other: TrialRecord) -> bool:
    def plain(record: TrialRecord):
        return [
            {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(moment).items()}
            for moment in record.moments
        ]

    return plain(one) == plain(other)


@pytest.mark.parametrize(
    "trial",
    [DRIFT, make_trial(UNEVEN, boundary="start")],
    ids=["both", "start"],
)
def test_it_is_the_trial_of_an_evaluation_with_the_same_key(trial: Trial):
    actor = actor_of(trial)
    for seed in range(2):
        record = play(trial, actor, seed)
        key = jax.random.key(seed)
        evaluation = evaluate_compiled(actor.agent, trial, key, tasks=1)
        returns, success = np.zeros(trial.episodes), np.zeros(trial.episodes, bool)
        for moment in record.moments:
            returns[moment.episode] += moment.reward
            success[moment.episode] |= moment.success
        np.testing.assert_allclose(returns, evaluation.returns[0], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(success, evaluation.success[0])
        assert record.has_success == trial.has_success


def test_every_episode_has_a_start_and_its_steps(drift: TrialRecord):
    moments = drift.moments
    assert [moment.episode for moment in moments if moment.step == 0] == [0, 1, 2]
    for moment, following in zip(moments, moments[1:], strict=False):
        if moment.episode_end:
            assert (following.episode, following.step) == (moment.episode + 1, 0)
            assert following.action is None
            assert following.reward == 0
        else:
            assert (following.episode, following.step) == (moment.episode, moment.step + 1)
            assert following.action is not None
            assert following.action.shape == (1,)
    assert moments[-1].episode_end
    # Of three steps each, unless one went too far.
    assert all(m.truncated == (m.episode_end and m.step == 3) for m in moments if m.step == 3)
    assert (drift.agent, drift.environment, drift.episodes) == ("an agent", "a place", 3)


def test_pictures_are_of_the_moments_even_where_the_next_episode_has_begun(drift: TrialRecord):
    assert len(drift.pictures) == len(drift.moments)
    for moment, picture in zip(drift.moments, drift.pictures, strict=True):
        assert picture is not None
        assert picture.shape == (4, 8, 3)
        # The state is the observation.
        assert picture[0, 0, 0] == int(np.clip(100 + 50 * float(moment.observation[0]), 0, 255))


def test_changes_of_the_memory_are_those_of_the_agents_latent(drift: TrialRecord):
    agent = tiny_agent(DRIFT)
    pairs = [
        (before, after)
        for before, after in zip(drift.moments, drift.moments[1:], strict=False)
        if after.step
    ]
    seen = np.array([[*after.observation, float(after.episode_end)] for _, after in pairs])
    transitions = Transition(
        jnp.asarray([[[*before.observation, 0.0]] for before, _ in pairs]),
        jnp.asarray([after.action for _, after in pairs])[:, None],
        jnp.asarray([[float(after.reward)] for _, after in pairs]),
        jnp.asarray(seen[:, None], jnp.float32),
    )
    no, never = jnp.zeros(1, bool), jnp.zeros((len(pairs), 1), bool)
    latents = agent.unroll(agent.initial_memory((1,)), transitions, no, never)
    moved = np.linalg.norm(np.diff(np.asarray(latents), axis=0)[:, 0], axis=-1)
    found = [after.memory_change for _, after in pairs]
    np.testing.assert_allclose(found, moved, rtol=1e-4, atol=1e-6)
    assert min(found) > 0
    assert drift.remembers


def test_the_key_decides_everything(drift: TrialRecord):
    assert same_moments(play(DRIFT, actor_of(DRIFT)), drift)
    assert not same_moments(play(DRIFT, actor_of(DRIFT), seed=1), drift)


def test_actions_can_be_drawn(drift: TrialRecord):
    sampled = [play(DRIFT, actor_of(DRIFT, sample=True)) for _ in range(2)]
    assert same_moments(*sampled)
    assert not same_moments(sampled[0], drift)
    # In the same task from the same start.
    assert sampled[0].moments[0].observation == drift.moments[0].observation


def test_a_trial_can_be_left_early(drift: TrialRecord):
    told = []
    record = play(DRIFT, actor_of(DRIFT), max_steps=2, progress=lambda *parts: told.append(parts))
    expected = drift.moments[: len(record.moments)]
    assert same_moments(record, replace(drift, moments=expected))
    assert sum(moment.step > 0 for moment in record.moments) == 2
    assert told == [("playing", 1, 2), ("playing", 2, 2)]


def test_chance_walks_through_a_maze():
    trial = make_trial(UNEVEN)
    record = play(trial, RandomActor(trial.action_space))
    assert isinstance(trial.environment, TMaze)
    assert not record.remembers
    assert record.action_names == ("left", "right", "up", "down")
    actions = [int(m.action) for m in record.moments if m.action is not None]
    assert set(actions) <= set(range(4))
    assert {moment.memory_change for moment in record.moments} == {0.0}
    assert record.pictures[0] is not None
