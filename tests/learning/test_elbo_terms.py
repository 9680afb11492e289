import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.foundation.errors import UserError
from splagger.learning.elbo_terms import choose_terms

HORIZON = 6
LENGTH = np.array([6, 1, 0, 4])


def choose(seed: int = 0, terms=None, decodes=None, resample=False):
    key = jax.random.key(seed)
    return choose_terms(
        key, jnp.asarray(LENGTH), HORIZON, terms=terms, decodes=decodes, resample=resample
    )


def chosen(times, counts) -> list[list[int]]:
    """Of every trajectory, the times that count."""
    times, counts = np.asarray(times), np.asarray(counts)
    return [sorted(times[counts[:, n], n].tolist()) for n in range(times.shape[1])]


def test_all_up_to_each_length():
    choices = choose()
    assert chosen(choices.posterior, choices.posterior_counts) == [
        list(range(7)),
        [0, 1],
        [],
        list(range(5)),
    ]
    assert chosen(choices.decoded, choices.decoded_counts) == [
        list(range(6)),
        [0],
        [],
        list(range(4)),
    ]
    assert not choices.subsampled


@pytest.mark.parametrize("terms", [1, 3, 7, 50])
def test_drawn_times_differ_and_are_no_padding(terms: int):
    for seed in range(20):
        choices = choose(seed, terms, terms)
        assert choices.subsampled
        for times, counts, available in (
            (choices.posterior, choices.posterior_counts, np.where(LENGTH > 0, LENGTH + 1, 0)),
            (choices.decoded, choices.decoded_counts, LENGTH),
        ):
            for each, most in zip(chosen(times, counts), available, strict=True):
                assert len(set(each)) == len(each) == min(terms, most)
                assert all(0 <= time < most for time in each)


@pytest.mark.parametrize(("decodes", "number"), [(None, HORIZON), (9, 9)])
def test_drawing_with_replacement(decodes: int | None, number: int):
    seen = [set() for _ in LENGTH]
    for seed in range(20):
        choices = choose(seed, None, decodes, resample=True)
        each = chosen(choices.decoded, choices.decoded_counts)
        assert [len(times) for times in each] == [number, number, 0, number]
        for times, all_times in zip(each, seen, strict=True):
            all_times.update(times)
    assert seen == [set(range(length)) for length in LENGTH]


def test_every_time_is_drawn_equally_often():
    keys = jax.random.split(jax.random.key(0), 4000)

    def one(key):
        return choose_terms(
            key, jnp.asarray(LENGTH), HORIZON, terms=2, decodes=None, resample=False
        ).posterior

    drawn = np.asarray(jax.vmap(one)(keys))
    for trajectory in (0, 3):
        posteriors = LENGTH[trajectory] + 1
        often = np.bincount(drawn[:, :, trajectory].ravel(), minlength=posteriors) / len(keys)
        np.testing.assert_allclose(often, 2 / posteriors, atol=0.05)


def test_none_to_draw_is_refused():
    with pytest.raises(UserError, match="terms is 0"):
        choose(terms=0)
    with pytest.raises(UserError, match="decodes is 0"):
        choose(decodes=0)
    with pytest.raises(UserError, match="decodes is 0"):
        choose(decodes=0, resample=True)
