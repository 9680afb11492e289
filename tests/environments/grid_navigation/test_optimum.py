"""The best returns: attained by play, and equal to what exhaustive search finds in small halls."""

import functools

import pytest
from support.grid_play import MOVES, play, shortest_way

from splagger.environments.grid_navigation import optimum
from splagger.environments.grid_navigation.grid_navigation import GridNavigation
from splagger.environments.registry import make_trial

TOUR = "RRRRULLULURRDRUULLLLDD"


def mean_return(grid: GridNavigation, walks: list[str]) -> float:
    """The mean over all goals of a trial that follows a walk an episode until the goal is found."""
    start = grid.start_cell
    assert start is not None
    plays = []
    for goal in grid.possible_goals:
        episodes = []
        for walk in walks:
            x, y = start
            for step, letter in enumerate(walk[: grid.steps], start=1):
                x, y = x + MOVES[letter][0], y + MOVES[letter][1]
                if (x, y) == goal:
                    way = shortest_way(start, goal)
                    episodes += [walk[:step], *[way] * (len(walks) - len(episodes) - 1)]
                    break
            else:
                episodes.append(walk[: grid.steps])
                continue
            break
        plays.append(episodes)
    return float(play(grid, start, list(grid.possible_goals), plays).sum(axis=(1, 2)).mean())


def built(text: str) -> GridNavigation:
    grid = make_trial(text).environment
    assert isinstance(grid, GridNavigation)
    return grid


@pytest.mark.parametrize(("steps", "episodes"), [(15, 4), (15, 1), (19, 2), (30, 2)])
def test_the_tour_is_best_in_the_corner_grid(steps, episodes):
    grid = built(f"grid-navigation:steps={steps}")
    border = "UUUURRRR"
    walks = [TOUR, border, border, border][:episodes]
    assert grid.optimal_return(episodes) == pytest.approx(mean_return(grid, walks), rel=1e-5)


def test_the_published_corner_grid():
    # 15 - 1.1 k for the k-th of 14 goals, -1.5 for 7; later 16 - d - 0.1 (d - 1), mean d = 96 / 21.
    first = (sum(15 - 1.1 * rank for rank in range(1, 15)) - 7 * 1.5) / 21
    later = 16.1 - 1.1 * 96 / 21
    assert make_trial("GridNavi-v0").optimal_return == pytest.approx(first + 3 * later)


def test_looking_at_the_goal_first_is_best_where_the_start_shows_it():
    grid = built("grid-navigation-show-start")
    ways = [shortest_way((0, 0), goal) for goal in grid.possible_goals]
    walks = [["S" + way, way, way, way] for way in ways]
    mean = play(grid, (0, 0), list(grid.possible_goals), walks).sum(axis=(1, 2)).mean()
    assert grid.optimal_return(4) == pytest.approx(float(mean), rel=1e-5)


def in_order(grid: GridNavigation, episodes: int) -> list[str]:
    """Opens one door after the other, and goes on with the next one in the next episode."""
    doors = [x for x, _ in grid.possible_goals]
    walks = []
    for _ in range(episodes):
        walk, place = "", 0
        while doors and len(walk) + doors[0] - place + 1 + bool(walk) <= grid.steps:
            walk += ("D" if walk else "") + "R" * (doors[0] - place) + "U"
            place = doors.pop(0)
        walks.append(walk)
    return walks


@pytest.mark.parametrize(
    "text",
    [
        "Hall-L60H80-rshape-v0",
        "Hall-L60H200-v0",
        "Hall-L60H200-obs-rshape5x-v0",
        "Grid16-Hall1-H20-rshape-v0",
        "hall:length=20,steps=22,door_spacing=3",
    ],
)
def test_opening_doors_in_order_attains_the_best_return_of_halls(text):
    grid = built(text)
    mean = mean_return(grid, in_order(grid, 4))
    assert grid.optimal_return(4) == pytest.approx(mean, rel=1e-5)


def exhaustive(doors, spacing, steps, episodes, success_reward, step_reward, new_goal_reward):
    """The best return of all ways to act, with the belief as a part of the state."""
    bonus = step_reward if new_goal_reward is None else new_goal_reward

    @functools.cache
    def best(episode: int, step: int, x: int, y: int, closed: frozenset, goal: int | None) -> float:
        """The largest expected sum of what is still to come, times the number of goals left."""
        if step == steps:
            if episode + 1 == episodes:
                return 0.0
            return best(episode + 1, 0, 0, 0, closed, goal)
        values = []
        for right, up in MOVES.values():
            if y == 1:
                place = (x, 0) if up < 0 else (x, y)
            elif up > 0 and x > 0 and x % spacing == 0:
                place = (x, 1)
            else:
                place = (min(max(x + right, 0), doors * spacing), y)
            door = place[0] if place[1] == 1 else None
            left = closed - {door}

            def following(reward, left, goal, place=place):
                return reward + best(episode, step + 1, *place, left, goal)

            if goal is not None:
                other = bonus if door in closed else step_reward
                values.append(following(success_reward if door == goal else other, left, goal))
            elif door in closed:
                found = following(success_reward, left, door)
                value = found
                if left:
                    value += len(left) * (bonus + 0.0) + best(episode, step + 1, *place, left, None)
                values.append(value)
            else:
                values.append(
                    len(closed) * step_reward + best(episode, step + 1, *place, closed, None)
                )
        return max(values)

    places = frozenset(spacing * (rank + 1) for rank in range(doors))
    return best(0, 0, 0, 0, places, None) / doors


@pytest.mark.parametrize("new_goal_reward", [None, 0.3])
@pytest.mark.parametrize(
    ("doors", "spacing", "steps", "episodes"),
    [(4, 1, 5, 2), (4, 1, 7, 2), (5, 1, 6, 3), (3, 2, 7, 2), (4, 1, 12, 1), (4, 1, 5, 1)],
)
def test_no_way_to_act_in_a_small_hall_is_better(doors, spacing, steps, episodes, new_goal_reward):
    setting = (doors, spacing, steps, episodes, 1.0, -0.1, new_goal_reward)
    assert optimum.hall(*setting) == pytest.approx(exhaustive(*setting), rel=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "grid-navigation-dense",
        "grid-navigation-7",
        "grid-navigation-ring",
        "grid-navigation-random-start",
        "grid-navigation:new_goal_reward=0.1",
        "grid-navigation:steps=14",
        "hall:steps=59",
        "hall:new_door_reward=-0.2",
    ],
)
def test_elsewhere_the_best_return_is_not_known(text):
    assert make_trial(text).optimal_return is None
