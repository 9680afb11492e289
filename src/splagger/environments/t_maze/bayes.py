"""How well one can tell two coins apart: the error of Bayes' rule, without sampling."""

import math


def bayes_error(draws: int, first: float, second: float) -> float:
    """The smallest possible probability of mistaking one of two coins for the other.

    One of the coins is picked fairly and thrown `draws` times. The number of heads says all there
    is to know, and is binomial; the best guess is the coin under which it is likelier.

    **Arguments:**

    - `draws`: how many throws are seen, at least 0.
    - `first`, `second`: the coins' probabilities of heads, 0 to 1.

    **Returns:** the probability of a wrong guess, 0 to 1/2.
    """
    return 0.5 * math.fsum(
        min(_binomial(heads, draws, first), _binomial(heads, draws, second))
        for heads in range(draws + 1)
    )


def _binomial(heads: int, draws: int, probability: float) -> float:
    if probability in (0, 1):
        return float(heads == draws * probability)
    # Through logarithms: the number of ways itself overflows from about 1,000 draws on.
    ways = math.lgamma(draws + 1) - math.lgamma(heads + 1) - math.lgamma(draws - heads + 1)
    return math.exp(
        ways + heads * math.log(probability) + (draws - heads) * math.log1p(-probability)
    )
