import jax
import numpy as np
import pytest
from support.host import host_trial
from support.scripted import Drawn
from support.tiny import tiny_agent

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import SimulatorError
from splagger.environments.trial_description import BOUNDARIES, Boundary
from splagger.foundation.errors import UserError
from splagger.learning.host_evaluation import evaluate_on_host
from splagger.training.actors import Actor, AgentActor, RandomActor
from splagger.training.host_player import KeptPictures
from splagger.training.play_trial import play_trial
from splagger.training.trial_record import TrialRecord

POLES = host_trial("cart_poles:CartPoles:max_episode_steps=12,spread=0.9")


def play(trial: HostTrial, actor: Actor | None = None, seed: int = 0, **options) -> TrialRecord:
    return play_trial(
        trial,
        actor or RandomActor(trial.action_space),
        jax.random.key(seed),
        agent="chance",
        environment="a place",
        picture_size=8,
        **options,
    )


@pytest.fixture(scope="module")
def poles() -> TrialRecord:
    return play(POLES, AgentActor(tiny_agent(POLES), sample=False))


def test_it_is_the_trial_of_an_evaluation_with_the_same_key(poles: TrialRecord):
    agents = jax.tree.map(lambda leaf: leaf[None], tiny_agent(POLES))
    evaluation = evaluate_on_host(
        agents, POLES, jax.random.key(0)[None], tasks=1, workers=0, method="in-turn"
    )
    returns, success = np.zeros(2), np.zeros(2, bool)
    for moment in poles.moments:
        returns[moment.episode] += moment.reward
        success[moment.episode] |= moment.success
    np.testing.assert_array_equal(returns, evaluation.returns[0, 0])
    np.testing.assert_array_equal(success, evaluation.success[0, 0])
    assert poles.has_success
    assert poles.remembers
    assert all(moment.memory_change > 0 for moment in poles.moments if moment.step)
    assert poles.action_names == ()


def test_every_moment_has_the_environments_own_picture(poles: TrialRecord):
    pictures = list(poles.pictures)
    assert len(pictures) == len(poles.moments)
    assert all(picture is not None and picture.shape == (400, 600, 3) for picture in pictures)
    contents = [picture.tobytes() for picture in pictures if picture is not None]
    # The slowest moves are smaller than a pixel.
    assert len(set(contents)) > len(contents) / 2


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_moments_are_those_of_the_environment(boundary: Boundary):
    trial = host_trial("scripted:Drawn", episodes=4, boundary=boundary)
    record = play(trial)
    moments = record.moments
    assert [moment.episode for moment in moments if moment.step == 0] == [0, 1, 2, 3]
    assert moments[-1].episode_end
    for number, (moment, picture) in enumerate(zip(moments, record.pictures, strict=True)):
        assert picture is not None
        # What is drawn is where the environment stands, also where the next episode has begun.
        assert picture[0, 0].tolist() == [moment.step, moment.episode, 7]
        expected = [0.25, moment.step, moment.episode]
        if moment.step == 0 and number and boundary == "terminal":
            expected[1:] = moments[number - 1].step, moment.episode - 1
        assert moment.observation.tolist() == expected
        assert moment.reward == (10 * moment.episode + moment.step if moment.step else 0)
        if moment.action is not None:
            assert moment.episode_end == (moment.action > 0 or moment.step == 4)
            assert moment.success == (moment.action == 4)
            assert moment.truncated == (moment.episode_end and moment.action in (0, 2))
    assert len({int(moment.action) for moment in moments if moment.action is not None}) > 2


def test_a_trial_can_be_left_early():
    trial = host_trial("scripted:Drawn:limit=3,random=true", episodes=3)
    told = []
    whole, left = play(trial), play(trial, max_steps=2, progress=lambda *part: told.append(part))
    assert told == [("playing", 1, 2), ("playing", 2, 2)]
    assert len(left.moments) == len(left.pictures) < len(whole.moments)
    assert repr(left.moments) == repr(whole.moments[: len(left.moments)])
    other = play(trial, seed=1)
    assert other.moments[0].observation[0] != whole.moments[0].observation[0]


def test_actions_of_numbers_and_no_pictures():
    with pytest.warns(UserWarning, match="no methods sample_task and set_task"):
        trial = host_trial("scripted:plain")
    record = play(trial)
    assert [moment.step for moment in record.moments] == [0, 1, 2, 3]
    actions = [moment.action for moment in record.moments if moment.action is not None]
    assert {action.shape for action in actions} == {(2,)}
    assert list(record.pictures) == [None] * 4


@pytest.mark.parametrize("method", ["reset", "render", "step"])
def test_simulators_are_closed_where_they_fail(method: str, monkeypatch: pytest.MonkeyPatch):
    closed = []
    monkeypatch.setattr(Drawn, "close", lambda self: closed.append(self))

    def fail(self, *arguments, **options):
        raise RuntimeError("the pole broke")

    trial = host_trial("scripted:Drawn")
    closed.clear()
    monkeypatch.setattr(Drawn, method, fail)
    with pytest.raises(SimulatorError, match=f"{method} failed with RuntimeError: the pole broke"):
        play(trial)
    assert len(closed) == 1


def test_vectorised_environments_are_refused():
    trial = host_trial("scripted:scripts")
    with pytest.raises(UserError, match="'support.scripted:scripts' is a vectorised environment"):
        play(trial)


def test_pictures_come_back_as_they_were():
    kept = KeptPictures()
    pictures = [np.full((2, 3 + n, 3), n, np.uint8) for n in range(3)]
    for picture in pictures:
        kept.append(picture.copy())
    for picture, found in zip(pictures, kept, strict=True):
        np.testing.assert_array_equal(found, picture)
    kept.append(None)
    assert list(kept) == [None] * 4
