from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from support import loops
from support.parity import difference

from splagger.learning.advantages import TimeLimits, advantages, standardise

pytestmark = pytest.mark.usefixtures("float64")

TIME, ENVIRONMENTS = 12, 4
ALL: tuple[TimeLimits, ...] = ("bootstrap", "zero-advantage", "terminal")


def example(seed: int):
    """Rewards, values, final values, trial ends and time limits, of which some end trials."""
    generator = np.random.default_rng(seed)
    shape = (TIME, ENVIRONMENTS)
    rewards, final_values = generator.normal(size=(2, *shape))
    values = generator.normal(size=(TIME + 1, ENVIRONMENTS))
    trial_end = generator.random(shape) < 0.25
    truncated = generator.random(shape) < 0.3
    # One of each kind, whatever was drawn, and a trial that ends with the rollout.
    trial_end[3:6, 0] = [True, True, False]
    truncated[3:6, 0] = [True, False, True]
    trial_end[-1, :2], truncated[-1, :2] = True, [True, False]
    return rewards, values, final_values, trial_end, truncated


def estimate(arrays, *, discount=0.9, decay=0.8, time_limits: TimeLimits, final=True):
    rewards, values, final_values, trial_end, truncated = map(jnp.asarray, arrays)
    return np.asarray(
        advantages(
            rewards,
            values,
            final_values if final else None,
            trial_end,
            truncated,
            discount=jnp.asarray(discount),
            trace_decay=jnp.asarray(decay),
            time_limits=time_limits,
        )
    )


@pytest.mark.parametrize("time_limits", ALL)
@pytest.mark.parametrize(("discount", "decay"), [(0.95, 0.9), (1.0, 1.0), (0.9, 0.0)])
def test_equal_to_a_loop(time_limits: TimeLimits, discount: float, decay: float):
    arrays = example(0)
    ours = estimate(arrays, discount=discount, decay=decay, time_limits=time_limits)
    assert difference(ours, loops.advantages(*arrays, discount, decay, time_limits)) < 1e-13


def test_bootstrap_takes_the_final_observations_value():
    rewards, values, final_values, trial_end, truncated = example(1)
    ours = estimate(example(1), time_limits="bootstrap")
    expected = rewards + 0.9 * final_values - values[:-1]
    assert np.allclose(ours[trial_end & truncated], expected[trial_end & truncated], rtol=1e-13)
    expected = rewards - values[:-1]
    assert np.allclose(ours[trial_end & ~truncated], expected[trial_end & ~truncated], rtol=1e-13)


def test_bootstrap_goes_on_across_a_time_limit_inside_a_trial():
    rewards, values, final_values, trial_end, truncated = example(2)
    inside = truncated & ~trial_end
    assert inside.any()
    without = (rewards, values, final_values, trial_end, truncated & trial_end)
    assert (
        estimate(example(2), time_limits="bootstrap") == estimate(without, time_limits="bootstrap")
    ).all()


def test_zero_advantage_at_every_time_limit():
    arrays = example(3)
    truncated = arrays[-1]
    ours = estimate(arrays, time_limits="zero-advantage")
    assert (ours[truncated] == 0).all()
    assert (ours[~truncated] != 0).all()


def test_terminal_knows_no_time_limits():
    rewards, values, final_values, trial_end, truncated = example(4)
    without = (rewards, values, final_values, trial_end, np.zeros_like(truncated))
    ours = estimate(example(4), time_limits="terminal")
    for time_limits in ALL:
        assert (ours == estimate(without, time_limits=time_limits)).all()
    assert (ours == estimate(without, time_limits="bootstrap", final=False)).all()


@pytest.mark.parametrize("rewards", ["normalised", "raw"])
@pytest.mark.parametrize(
    ("label", "discount", "decay"), [("g95t95", 0.95, 0.95), ("g97t90", 0.97, 0.9)]
)
@pytest.mark.parametrize("limits", ["timelimits", "no_timelimits"])
def test_equal_to_the_record(
    reference: Path, rewards: str, label: str, discount: float, decay: float, limits: str
):
    with np.load(reference / "traces" / "returns.npz") as archive:
        recorded = {name: archive[name] for name in archive.files}
    values = np.concatenate([recorded["value_preds"][:-1, :, 0], recorded["next_value"].T])
    normalised_rewards = recorded[f"rewards_{rewards}"][..., 0]
    done = recorded["done"][1:, :, 0] == 1
    truncated = recorded["bad_masks"][1:, :, 0] == 0
    assert (truncated & done).any()
    assert (truncated & ~done).any()
    time_limits: TimeLimits = "zero-advantage" if limits == "timelimits" else "terminal"
    arrays = (normalised_rewards, values, np.zeros_like(normalised_rewards), done, truncated)
    ours = estimate(arrays, discount=discount, decay=decay, time_limits=time_limits)

    prefix = f"{label}/{rewards}/gae/{limits}"
    theirs = recorded[f"{prefix}/returns"][:-1, :, 0]
    assert difference(ours + values[:-1], theirs) < 1e-13
    if rewards == "normalised":
        assert difference(ours, recorded[f"{prefix}/advantages_raw"][..., 0]) < 1e-12
        theirs = recorded[f"{prefix}/advantages_normalised"][..., 0]
        assert difference(standardise(jnp.asarray(ours)), theirs) < 1e-12
    if time_limits == "terminal":
        # Without decay the values cancel: what stays is the plain discounted return.
        ours = estimate(arrays, discount=discount, decay=1.0, time_limits=time_limits)
        theirs = recorded[f"{label}/{rewards}/plain/{limits}/returns"][:-1, :, 0]
        assert difference(ours + values[:-1], theirs) < 1e-13


def test_standardise():
    values = np.random.default_rng(5).normal(3.0, 2.0, size=(TIME, ENVIRONMENTS))
    expected = loops.standardised(values)
    assert difference(standardise(jnp.asarray(values)), expected) < 1e-13


def test_standardise_constant_values():
    assert (np.asarray(standardise(jnp.full((3, 2), 7.0))) == 0).all()
