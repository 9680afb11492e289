"""The three published point robots, each with the options that make sense for it."""

from splagger.environments.entries import EnvironmentEntry, published_entry
from splagger.environments.point_robot.point_robot import PointRobot
from splagger.environments.point_robot.semicircle import Semicircle


def point(episode_steps: int = 100) -> PointRobot:
    """The reward is the negative distance to a goal in the square."""
    return PointRobot(episode_steps=episode_steps)


def sparse_point(reward_radius: float = 0.2, episode_steps: int = 100) -> PointRobot:
    """There is a reward only near a goal on the half-circle."""
    return PointRobot("half-circle", False, reward_radius, episode_steps)


def semicircle(goal_radius: float = 0.04, episode_steps: int = 10) -> Semicircle:
    """The robot has a heading, and starts again after every reward."""
    return Semicircle(goal_radius, episode_steps)


POINT_ROBOTS: tuple[EnvironmentEntry, ...] = (
    published_entry(
        "point-robot",
        "PointEnv-v0",
        "move a point to a goal, told how far away it is",
        point,
        episodes=2,
    ),
    published_entry(
        "point-robot-sparse",
        "SparsePointEnv-v0",
        "move a point to a goal on a half-circle, rewarded only near it",
        sparse_point,
        episodes=5,
    ),
    published_entry(
        "semicircle",
        "Semicircle-v0",
        "drive from the middle of a disc to a goal on its border, again and again",
        semicircle,
        episodes=1,
    ),
)
"""Their entries in the registry."""
