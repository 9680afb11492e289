"""The best possible returns, where a proof is known.

Until the goal is found nothing is learned but where it is not, so whatever an agent does is a walk
that is fixed in advance, and only the step at which each possible goal is found matters. Let s be
the reward on the goal and c that of other steps, c < s. A goal at distance d that is known is worth
V(d) = s (H + 1 - d) + c (d - 1) in an episode of H steps: the agent takes the shortest way and
stays. One that is found at step t of an episode is worth V(t) in it, at most V(d), and V(d) in each
later one.
"""

from splagger.environments.grid_navigation.goals import Cell


def hall(
    doors: int,
    spacing: int,
    steps: int,
    episodes: int,
    success_reward: float | int,
    step_reward: float | int,
    new_goal_reward: float | int | None,
) -> float | None:
    """The expected return of the best agent in a hall that starts at its doorless end.

    It opens the doors in their order, as many as an episode has time for, and goes on with the
    next one in the next episode. Why nothing is better:

    - The door that is opened as the j-th of an episode is opened at step x + 2 j - 1 at the
      earliest, where x is its place: every door before it takes two steps, and x + 1 lead there.
    - Of all ways to open doors this one has opened the most after every episode. For let an episode
      open n doors up to place M, so that M + 2 n - 1 <= H. Of episodes sorted by M, the first i
      open c_i different doors, none beyond M: M >= spacing c_i, and so c_i is at most
      (H + 1 + 2 c_(i-1)) / (spacing + 2), which the ordered way attains, rounded down.
    - So the r-th new door is found in no later episode, and in the same episode as no later one.
      An episode earlier is worth V(x + 1) - c H more. That is at least what the j - 1 doors before
      it cost, 2 (j - 1) (s - c), because x + 2 j - 1 <= H.
    - Of the places, the nearest are best found first, since V falls with distance while the
      number of episodes in which the goal is known does not grow with r.
    - The r-th goal is found after r - 1 bonuses for other doors in any order; once the goal is
      known a bonus takes two steps that are worth more on the goal.

    **Arguments:**

    - `doors`, `spacing`: how many doors there are, and cells from one to the next.
    - `steps`, `episodes`: steps of an episode, and episodes of a trial.
    - `success_reward`, `step_reward`, `new_goal_reward`: as in `GridNavigation`.

    **Returns:** the return, or `None` where the last door is out of reach or a bonus is a fine.
    """
    bonus = 0.0 if new_goal_reward is None else new_goal_reward - step_reward
    if bonus < 0 or doors * spacing + 1 > steps:
        return None

    def worth(step: int) -> float:
        return success_reward * (steps + 1 - step) + step_reward * (step - 1)

    total, episode, opened = 0.0, 0, 0
    for rank in range(doors):
        place = spacing * (rank + 1)
        opened += 1
        if place + 2 * opened - 1 > steps:
            episode, opened = episode + 1, 1
        if episode >= episodes:
            # Neither this door nor any later one is opened in time.
            missed = step_reward * steps * episodes + rank * bonus
            return (total + (doors - rank) * missed) / doors
        total += step_reward * steps * episode + rank * bonus
        total += worth(place + 2 * opened - 1) + (episodes - episode - 1) * worth(place + 1)
    return total / doors


def corner(
    goals: tuple[Cell, ...],
    steps: int,
    episodes: int,
    success_reward: float | int,
    step_reward: float | int,
    shown: bool,
) -> float | None:
    """The expected return of the best agent in a grid of 5 x 5 cells that starts in a corner.

    No goal is next to the start, so the k-th one is found at step k + 1 of the first episode at the
    earliest. In later episodes a goal at distance d is worth at most V(d), known or not. The tour
    RRRR U LL U L U RR D R UU LLLL DD (right, up, left, down) attains both bounds at once: from its
    second step on each finds a new goal, and what is left after 15 steps or more lies on one
    shortest way from the start, along the border, which the second episode walks.

    If the start shows the goal, the best agent stays for one step to see it. Every goal is then
    reached one step later than if it were known. Coming back later, after m goals were
    looked at, takes m + 3 steps or more, and these cost more than the m steps that were saved.

    **Arguments:**

    - `goals`: the 21 possible goals.
    - `steps`, `episodes`: steps of an episode, and episodes of a trial.
    - `success_reward`, `step_reward`: as in `GridNavigation`.
    - `shown`: whether the goal is shown at the start.

    **Returns:** the return, or `None` where episodes are shorter than 15 steps.
    """
    if steps < 15:
        return None

    def worth(step: int) -> float:
        return success_reward * (steps + 1 - step) + step_reward * (step - 1)

    distances = [x + y for x, y in goals]
    if shown:
        first = sum(worth(distance + 1) for distance in distances)
    else:
        # Step `steps + 1` stands for never.
        first = sum(worth(min(rank + 2, steps + 1)) for rank in range(len(goals)))
    later = sum(worth(distance) for distance in distances)
    return (first + (episodes - 1) * later) / len(goals)
