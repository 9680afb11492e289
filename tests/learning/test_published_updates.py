"""Whole updates against the record: rollout, preparation, every optimiser step, what they lead to.

Two updates in sequence of each recorded agent: the second starts from the parameters, Adam's
moments and the statistics that this package has after the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support.parity import UNUSED, difference, settings_of
from support.published_update import (
    ITERATIONS,
    Minibatch,
    Parts,
    Update,
    adam_moments,
    name_parts,
    replay,
)

VARIANTS = (
    "SplAgger",
    "AMRL",
    "SplAgger_anneal",
    "SplAgger_rawinit",
    "SplAgger_timelimits",
    "RNN_HN",
    "RNN_S",
    "RNN",
)
# Those that share one compiled program of the whole update.
WHOLE = ("SplAgger", "SplAgger_anneal", "SplAgger_rawinit")
TOLERANCES = {"float64": 1e-9, "float32": 1e-5}
# Adam's moments hold gradients, of which some arrays are sums that nearly cancel. And where all
# heads start at zero (`rawinit`), the encoder's gradients and some arrays come from few steps.
SMALL_BESIDE_THEIR_ROUNDING = {"float64": 1e-9, "float32": 5e-5}
LOSSES = {
    "total": "total_loss",
    "value": "value_loss",
    "policy": "action_loss",
    "entropy": "entropy",
}


@dataclass(frozen=True)
class Record:
    """A recorded pair of updates beside this package's own."""

    variant: str
    arrays: Mapping[str, np.ndarray]
    updates: list[Update]
    precision: str

    def pairs(self):
        """For both iterations, a function that reads the record, and our update."""
        for name, update in zip(ITERATIONS, self.updates, strict=True):
            yield lambda key, name=name: self.arrays[f"{name}/{key}"], update

    def check(self, what: str, ours, recorded, *, small: bool = False) -> None:
        """Within the tolerance, relative to the largest recorded magnitude."""
        tolerances = SMALL_BESIDE_THEIR_ROUNDING if small else TOLERANCES
        ours = np.asarray(ours)
        assert ours.dtype == self.precision, what
        assert difference(ours, recorded) < tolerances[self.precision], what

    def check_parts(self, ours: Parts, recorded, key: str, *, small: bool = False) -> None:
        """The same for every array of the flat vectors that `key` names for `WHO`."""
        for who, named in ours.items():
            expected = self.split(who, recorded(key.replace("WHO", who)))
            assert set(named) == set(expected)
            for name, array in expected.items():
                self.check(f"{key} {who} {name}", named[name], array, small=small)

    @property
    def raw(self) -> bool:
        """Whether all heads start at zero."""
        return self.variant == "SplAgger_rawinit"

    def split(self, who: str, flat: np.ndarray) -> dict[str, np.ndarray]:
        """The arrays of a flat vector by their names."""
        named, start = {}, 0
        for name in self.names(who):
            shape = self.arrays[f"init_{who}/{name}"].shape
            size = int(np.prod(shape))
            if name != UNUSED:
                named[name] = flat[start : start + size].reshape(shape)
            start += size
        assert start == flat.size
        return named

    def names(self, who: str) -> list[str]:
        """The names of all recorded parameters in their order."""
        return [str(name) for name in self.arrays[f"param_names_{who}"]]


@pytest.fixture(
    scope="module",
    params=[(variant, precision) for precision in TOLERANCES for variant in VARIANTS],
    ids=lambda pair: "-".join(pair),
)
def record(request: pytest.FixtureRequest, reference: Path) -> Record:
    variant, precision = request.param
    path = reference / "traces" / f"ppo_update_{variant}.npz"
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    double = precision == "float64"
    updates = replay(path, double=double, whole=double and variant in WHOLE)
    return Record(variant, arrays, updates, precision)


def stacked(update: Update, read) -> np.ndarray:
    """What `read` gives for every minibatch."""
    return np.stack([read(minibatch) for minibatch in update.minibatches])


def test_stepping_through_the_rollout(record: Record):
    for recorded, update in record.pairs():
        acting = update.acting
        latents = np.concatenate([recorded("latent_mean"), recorded("latent_logvar")], axis=-1)
        record.check("latent", acting["latent"], latents)
        record.check("hidden", acting["hidden"], recorded("hidden_states")[1:])
        record.check("value", acting["value"], recorded("value_preds")[..., 0])
        log_probabilities = recorded("action_log_probs")[..., 0]
        record.check("log_probability", acting["log_probability"], log_probabilities)


def test_recomputation_of_the_rollout(record: Record):
    for recorded, update in record.pairs():
        latents = np.concatenate([recorded("latent_mean"), recorded("latent_logvar")], axis=-1)
        record.check("latents", update.minibatches[0].latents, latents)


def test_reward_normalisation(record: Record):
    for recorded, update in record.pairs():
        before = update.rewards_before
        moments = before.moments
        statistics = [moments.mean, moments.variance, moments.count]
        record.check("start", before.discounted_return, recorded("ret_start"))
        record.check("start", np.stack(statistics), recorded("ret_rms_start"))
        rewards = recorded("rewards_normalised")[..., 0]
        record.check("rewards", update.normalised_rewards, rewards)
        # The record's sums are from before the reset that any trial's end brings to all.
        any_end = recorded("done")[1:, :, 0].any(axis=1, keepdims=True)
        record.check("sum", update.discounted_return, np.where(any_end, 0, recorded("ret")))
        record.check("moments", update.reward_moments, recorded("ret_rms"))


def test_advantages_and_targets(record: Record):
    for recorded, update in record.pairs():
        targets = update.experience.targets
        values = recorded("value_preds")[:-1, :, 0]
        raw = recorded("advantages_raw")[..., 0]
        record.check("values", targets.value, values)
        record.check("targets", targets.target, recorded("returns")[:-1, :, 0])
        record.check("advantages", np.asarray(targets.target) - np.asarray(targets.value), raw)
        record.check("standardised", targets.advantage, recorded("advantages_normalised")[..., 0])


def test_observation_statistics(record: Record):
    if not any("state_rms" in name for name in record.arrays):
        return  # the policy does not see observations
    for recorded, update in record.pairs():
        moments = update.state.agent.observations
        for ours, theirs in (("mean", "mean"), ("variance", "var"), ("count", "count")):
            record.check(ours, getattr(moments, ours), recorded(f"state_rms_after/{theirs}"))


def test_losses_of_every_minibatch(record: Record):
    for recorded, update in record.pairs():
        for ours, theirs in LOSSES.items():
            losses = stacked(update, lambda minibatch, ours=ours: minibatch.losses[ours])
            record.check(ours, losses, recorded(f"mb/{theirs}"))
        record.check("values", stacked(update, lambda m: m.values), recorded("mb/values"))
        log_probabilities = stacked(update, lambda m: m.log_probabilities)
        record.check("log_probability", log_probabilities, recorded("mb/action_log_probs"))


def test_gradient_norms_of_every_minibatch(record: Record):
    for recorded, update in record.pairs():
        for who in ("policy", "encoder"):
            norms = stacked(update, lambda minibatch, who=who: minibatch.norms[who])
            record.check(who, norms, recorded(f"mb/grad_norm_{who}"), small=record.raw)


def test_recomputation_after_every_minibatch(record: Record):
    for recorded, update in record.pairs():
        recomputed = [*(minibatch.latents for minibatch in update.minibatches), update.last_latents]
        # Without the prior, which precedes the first transition.
        rest = np.stack(recomputed)[:, 1:]
        size = rest.shape[-1] // 2
        for name, part in (("mean", rest[..., :size]), ("logvar", rest[..., size:])):
            sums = part.sum(axis=(1, 2, 3))
            theirs = recorded(f"mb/latent_{name}_sum_after_recompute")
            # Positive and negative latents cancel: the sum of their magnitudes is the scale.
            scale = np.abs(part).sum(axis=(1, 2, 3)).max()
            record.check(name, sums / scale + 1, theirs / scale + 1)


def test_parameters_after_every_minibatch(record: Record):
    def sums(minibatch: Minibatch, who: str, power: int) -> np.ndarray:
        named = minibatch.parameters[who]
        return np.stack([(named[n] ** power).sum() for n in record.names(who) if n != UNUSED])

    for recorded, update in record.pairs():
        for who in ("policy", "encoder"):
            used = [name != UNUSED for name in record.names(who)]
            for power, name in ((1, "psum"), (2, "psumsq")):
                ours = stacked(update, lambda m, w=who, p=power: sums(m, w, p))
                record.check(name, ours, recorded(f"mb/{name}_{who}")[:, used])


def test_parameters_and_moments_after_the_update(record: Record):
    for recorded, update in record.pairs():
        parameters = update.minibatches[-1].parameters
        record.check_parts(parameters, recorded, "final_WHO_flat", small=record.raw)
        first, second = update.moments["mu"], update.moments["nu"]
        record.check_parts(first, recorded, "adam_WHO_exp_avg_flat", small=True)
        record.check_parts(second, recorded, "adam_WHO_exp_avg_sq_flat", small=True)


def test_steps_of_adam(record: Record):
    for recorded, update in record.pairs():
        optimiser = update.state.optimiser
        parts = {"policy": optimiser.actor_critic, "encoder": optimiser.sequence_model}
        for who, moments in parts.items():
            used = [name != UNUSED for name in record.names(who)]
            assert (recorded(f"adam_{who}_step")[used] == int(moments.count)).all()


def test_gradient_of_the_first_minibatch(record: Record):
    (recorded, update), _ = record.pairs()
    gradient = update.first_gradient
    if gradient is None:
        assert record.precision == "float32"  # the moments show it
        return
    record.check_parts(gradient, recorded, "mb0_grad_WHO_flat")
    if record.raw:
        assert all((array == 0).all() for array in gradient["encoder"].values())


def test_whole_update_in_one_call(record: Record):
    for recorded, update in record.pairs():
        if update.whole is None:
            assert record.precision == "float32" or record.variant not in WHOLE
            continue
        state, metrics = update.whole
        losses = [metrics[n] for n in ("value_loss", "policy_loss", "entropy", "loss")]
        record.check("losses", np.stack(losses), recorded("update_return_value_losses"))
        record.check_parts(name_parts(state.agent.networks), recorded, "final_WHO_flat")
        observations = state.agent.observations
        record.check("variance", observations.variance, recorded("state_rms_after/var"))
        moments = adam_moments(state, "nu")
        record.check_parts(moments, recorded, "adam_WHO_exp_avg_sq_flat")


def test_the_record_shows_what_it_should(record: Record):
    """Recorded learning rates fall, gradients are clipped, time limits were met."""
    settings = settings_of(record.arrays)
    rates = [float(record.arrays[f"{name}/lr_policy"]) for name in ITERATIONS]
    if record.variant == "SplAgger_anneal":
        assert rates == pytest.approx([0.003, 0.003 * 4 / 5])
    else:
        assert rates == [0.003, 0.003]
    norms = np.concatenate(
        [record.arrays[f"{n}/mb/grad_norm_{w}"] for n in ITERATIONS for w in ("policy", "encoder")]
    )
    assert (norms > settings["policy_max_grad_norm"]).any()
    cut = any((record.arrays[f"{name}/bad_masks"] == 0).any() for name in ITERATIONS)
    assert cut == (record.variant == "SplAgger_timelimits")
