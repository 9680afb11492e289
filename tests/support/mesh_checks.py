"""What several devices compute, beside one device. To be run where jax simulates eight."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from support.tiny import farthest, same, tiny_learner, tiny_settings, tiny_state

from splagger.learning.mesh import Layout, make_mesh
from splagger.learning.spread_sweep import SpreadSweep, _update
from splagger.learning.sweep import Sweep, evaluate_members
from splagger.learning.train_state import TrainState

MEMBERS = 4
UPDATES = 5
COLLECTIVES = ("all-reduce", "all-gather", "all-to-all", "collective-permute", "reduce-scatter")


def main() -> None:
    """Prints a JSON object of findings by layout, `member devices x environment devices`."""
    jax.config.update("jax_enable_x64", True)
    settings = tiny_settings(
        learning={"environments": 8, "steps": 5, "epochs": 1},
        learning_rates=(1e-3, 3e-3, 1e-2, 3e-2),
    )
    # Of one generated layer, as all that is compiled here takes long.
    policy = replace(settings.agent.policy, hidden_sizes=(6,))
    settings = replace(settings, agent=replace(settings.agent, policy=policy))
    learner = tiny_learner(settings)
    states = [
        tiny_state(settings, learner, seed, learning_rate=rate)
        for seed, rate in enumerate(settings.learning_rates)
    ]
    state = jax.device_get(jax.tree.map(lambda *leaves: jnp.stack(leaves), *states))

    alone = Sweep(learner, "in-turn")
    first, metrics = jax.device_get(alone.update(_copied(state)))
    metrics.pop("first_log_ratio")
    reward = _rewards(alone.update, _copied(first))
    keys = jax.random.split(jax.random.key(4), MEMBERS)

    def judge(sweep: SpreadSweep, update: Any) -> dict[str, Any]:
        before, obstacle = sweep.take_up(_some(state, sweep.members))
        after, measured = update(sweep._program, before)
        kept, complete = sweep.capture(after)
        measured = sweep.fetch(measured)
        observation = after.collector.observation
        # That of what has not been learnt from yet: rounding, which may differ.
        rounding = np.abs(measured.pop("first_log_ratio"))
        expected = _some((first, metrics), sweep.members)
        return {
            "farthest": farthest((kept, measured), expected),
            "rounding": float(np.max(rounding)),
            "same": same(kept, expected[0]),
            "devices": len(after.key.sharding.device_set),
            "parts": list(observation.sharding.shard_shape(observation.shape)),
            "shapes": [list(kept.key.shape), list(after.key.shape)],
            "passed": complete and not obstacle,
        }

    results: dict[str, Any] = {}
    for spread, shared in ((4, 1), (2, 2), (1, 8)):
        # As on a GPU, where both are shared.
        method = "vectorised" if spread == shared else "in-turn"
        sweep = SpreadSweep(learner, method, make_mesh(Layout(spread, shared)), MEMBERS)
        taken, _ = sweep.take_up(first)
        lowered = _update.lower(sweep._program, taken)  # pyright: ignore[reportFunctionMemberAccess]
        update = lowered.compile()
        text = update.compiled.as_text()
        results[f"{spread}x{shared}"] = {
            **judge(sweep, update),
            "collectives": [name for name in COLLECTIVES if f" {name}" in text],
        }
        if (spread, shared) == (2, 2):
            odd = SpreadSweep(learner, method, sweep.mesh, MEMBERS - 1)
            results["three members"] = judge(odd, update)
            # It goes on from where one device stopped.
            evaluation = sweep.evaluate(taken.agent, learner.trial, keys, tasks=3)
            expected = evaluate_members(first.agent, learner.trial, keys, tasks=3, method="in-turn")
            results["evaluation"] = farthest(sweep.fetch(evaluation), expected)
            results["rewards"] = [reward, _rewards(partial(update, sweep._program), taken)]
    print(json.dumps(results))


def _some(tree: Any, count: int) -> Any:
    return jax.tree.map(lambda leaf: leaf[:count], tree)


def _copied(state: TrainState) -> TrainState:
    """An update uses the memory of its input again: that of this one."""
    return jax.device_put(jax.tree.map(lambda leaf: leaf.copy(), state))


def _rewards(update: Callable[[TrainState], Any], state: TrainState) -> float:
    """The mean reward of an episode in the updates after the first."""
    rewards = []
    for _ in range(UPDATES - 1):
        state, metrics = update(state)
        rewards.append(np.mean(metrics["rollout_reward"]))
    return float(np.mean(rewards))
