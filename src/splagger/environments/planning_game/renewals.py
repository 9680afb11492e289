"""How many rewards fit into a number of steps, if each takes a random number of steps."""

from collections.abc import Sequence


def expected_renewals(probabilities: Sequence[float], steps: int) -> float:
    """The expected number of rewards in `steps` steps.

    Rewards follow one another, and how long each takes is drawn independently. With m(t) rewards in
    t steps, m(t) = sum over d <= t of p(d) (1 + m(t - d)).

    **Arguments:**

    - `probabilities`: entry d is the probability p(d) that a reward takes d steps; entry 0 is 0.
    - `steps`: how many steps there are, at least 0.

    **Returns:** the expectation, without sampling.
    """
    rewards = [0.0]
    for total in range(1, steps + 1):
        durations = range(1, min(total, len(probabilities) - 1) + 1)
        rewards.append(sum(probabilities[d] * (1 + rewards[total - d]) for d in durations))
    return rewards[steps]
