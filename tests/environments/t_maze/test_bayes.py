import itertools
import math

import pytest

from splagger.environments.t_maze.bayes import bayes_error


def test_published_latent_maze():
    assert bayes_error(100, 0.7, 0.5) == pytest.approx(0.019294, abs=5e-7)


@pytest.mark.parametrize(("first", "second"), [(0.7, 0.5), (0.9, 0.2), (0.3, 0.3), (1.0, 0.4)])
def test_equals_the_sum_over_all_sequences(first: float, second: float):
    draws = 7
    error = 0.0
    for sequence in itertools.product([True, False], repeat=draws):
        likelihoods = [
            math.prod(heads if head else 1 - heads for head in sequence)
            for heads in (first, second)
        ]
        error += 0.5 * min(likelihoods)
    assert bayes_error(draws, first, second) == pytest.approx(error, rel=1e-12)


def test_certain_evidence_and_none():
    assert bayes_error(3, 1.0, 0.0) == 0.0
    assert bayes_error(0, 0.9, 0.1) == 0.5
    assert bayes_error(50, 0.6, 0.6) == pytest.approx(0.5)


def test_more_draws_than_a_binomial_coefficient_can_take():
    assert 0 < bayes_error(5000, 0.52, 0.5) < bayes_error(1000, 0.52, 0.5) < 0.5
