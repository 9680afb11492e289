import jax.numpy as jnp
import numpy as np
import pytest
from PIL import ImageColor

from splagger.environments.canvas import AGENT, DANGER, GOAL, HINT
from splagger.environments.t_maze.t_maze import TMaze, TMazeAction, TMazeState, TMazeTask

UP, DOWN = int(TMazeAction.UP), int(TMazeAction.DOWN)
SIZE = 300
CELL = SIZE / 15


def picture(
    position: int, *, indicators: tuple[int, ...] = (UP,), check: int = UP, **options
) -> np.ndarray:
    task = TMazeTask(jnp.asarray(indicators))
    state = TMazeState(
        jnp.asarray(position), jnp.asarray(0), jnp.asarray(check), log_belief=jnp.zeros(2)
    )
    return TMaze(**options).render(task, state, SIZE)


def places(drawn: np.ndarray, colour: str) -> np.ndarray:
    """`[pixel, 2]` the rows and columns with exactly this colour."""
    return np.argwhere((drawn == ImageColor.getrgb(colour)).all(axis=-1))


def agent_row(drawn: np.ndarray) -> float:
    """The height of the agent in the corridor; its mark in the overview is below."""
    found = places(drawn, AGENT)
    return float(found[found[:, 0] < 3.6 * CELL].mean(axis=0)[0])


@pytest.mark.parametrize("length", [2, 3, 13, 14, 100, 1000])
def test_every_place_of_every_corridor_can_be_drawn(length: int):
    for position in {0, 1, length // 2, length - 1, length, length + 1}:
        drawn = picture(position, length=length, indicator_position=0)
        assert drawn.shape == (98, SIZE, 3)
        columns = places(drawn, AGENT)[:, 1]
        assert 0 < columns.min() <= columns.max() < SIZE - 1


def test_the_agent_moves_through_the_overview():
    middles = []
    for position in (0, 30, 60, 99):
        found = places(picture(position), AGENT)
        middles.append(found[found[:, 0] > 4.2 * CELL].mean(axis=0)[1])
    steps = np.diff(middles) / (13 * CELL)
    np.testing.assert_allclose(steps, [0.3, 0.3, 0.39], atol=0.02)


def test_a_sign_lights_up_where_it_is_seen():
    lit = [len(places(picture(position), HINT)) for position in (0, 1, 2, 50)]
    assert lit[1] > lit[0] + 50
    assert lit[0] == pytest.approx(lit[2], abs=8)
    # Out of view it is a mark in the overview.
    assert 0 < lit[3] < lit[0]


def test_signs_and_checks_point_up_or_down():
    assert (picture(1) != picture(1, indicators=(DOWN,))).any()
    assert (picture(1) != picture(1, check=DOWN)).any()


def test_a_second_sign_stands_in_its_place():
    second = {"second_indicator_position": 50}
    assert len(places(picture(50, indicators=(UP, UP), **second), HINT)) > len(
        places(picture(40, indicators=(UP, UP), **second), HINT)
    )


def test_a_latent_maze_has_no_sign():
    assert not len(places(picture(0, latent_probabilities=(0.7, 0.5)), HINT))
    assert len(places(picture(0), HINT))


@pytest.mark.parametrize("indicator", [UP, DOWN])
def test_an_agent_that_has_decided_stands_in_an_arm(indicator: int):
    end, upper, lower = (picture(p, indicators=(indicator,)) for p in (99, 100, 101))
    assert agent_row(upper) + CELL == pytest.approx(agent_row(end), abs=1)
    assert agent_row(lower) - CELL == pytest.approx(agent_row(end), abs=1)
    right, wrong = (upper, lower) if indicator == UP else (lower, upper)
    for drawn, colour in ((right, GOAL), (wrong, DANGER)):
        assert len(places(drawn, colour)) > len(places(end, colour)) + 50


def test_at_a_fork_signs_and_checks_leave_room_for_the_arms():
    # The agent's check is not drawn over an arm.
    up, down = (picture(99, check=check) for check in (UP, DOWN))
    changed = np.argwhere((up != down).any(axis=-1))[:, 1]
    assert changed.max() < 13 * CELL
