"""What encoding a rollout costs, forward and backward, for every kind of encoder side by side.

    .venv/bin/python benchmarks/encoding.py [--members 1 15] [--agents ...] [--json FILE]

Encoding is what an update does eight times: all latents of a rollout (T = 700 steps of 16
environments at the paper's settings) and the gradients of a weighted sum of them for the sequence
model's parameters. Agents share all but the encoder.

The floor of a time is the larger of two: the products' operations over the peak of one large
product, and the bytes that cannot be avoided (inputs, outputs and parameters, each once forward and
twice backward) over the bandwidth of a copy; both are measured in the same turns. The speed of
`splagger-linear` is compared with `splagger`, the same but for a GRU; on a GPU it must be at least
five times higher, or the exit status is 1.
"""

import argparse
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from measuring import describe_machine, in_turn
from rich.console import Console
from rich.table import Table
from rows import write_json
from work import multiplied_weights, numbers, products

from splagger.environments.spaces import Discrete
from splagger.foundation.precision import matrix_product_precision
from splagger.learning.sweep import fastest_member_method, over_members
from splagger.recipes.agents import find_agent
from splagger.recipes.build_sequence import build_sequence_model
from splagger.sequence.embedding import Transition
from splagger.sequence.split_aggregator import SplitAggregator
from splagger.training.compilation_cache import enable_compilation_cache

AGENTS = ("splagger", "splagger-linear", "rnn", "linear", "lstm-invariant", "transformer-causal")
"""GRU and linear recurrence with the maximum and without, LSTM, transformer; and no recurrence:"""

NO_RECURRENCE, PUBLISHED_TRANSFORMER = "max", "transformer"
PUBLISHED_TRANSFORMER_STEPS = 175
OBSERVATION, ACTIONS, CAPACITY = 5, 4, 604
REQUIRED_SPEED_UP = 5


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--agents", nargs="+", default=[*AGENTS, NO_RECURRENCE, PUBLISHED_TRANSFORMER]
    )
    parser.add_argument("--members", type=int, nargs="+", default=[1, 15])
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--environments", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    enable_compilation_cache()
    with matrix_product_precision("float32"):
        rows = []
        for members in options.members:
            for agent in options.agents:
                steps = options.steps
                if agent == PUBLISHED_TRANSFORMER:  # its published rollouts are shorter
                    steps = min(steps, PUBLISHED_TRANSFORMER_STEPS)
                row = measure(agent, members, steps, options.environments, options.repeats)
                rows.append(row)
                print(f"{agent}, {members} members: {row['milliseconds']:.2f} ms", flush=True)
    speed_ups = compare(rows)
    device = jax.devices()[0]
    result = {
        **describe_machine(),
        "linear_over_gru": speed_ups,
        "rows": rows,
    }
    Console(width=110).print(table_of(result))
    write_json(options.json, result)
    if device.platform == "gpu" and min(speed_ups.values(), default=0) < REQUIRED_SPEED_UP:
        raise SystemExit(1)


def measure(
    agent: str, members: int, steps: int, environments: int, repeats: int
) -> dict[str, Any]:
    """Times one agent; the median of the repeats."""
    settings = find_agent(agent).settings

    def build(key) -> SplitAggregator:
        return build_sequence_model(
            settings,
            observation_size=OBSERVATION,
            action_space=Discrete(ACTIONS),
            action_encoding="one-hot",
            capacity=CAPACITY,
            key=key,
        )

    keys = jax.random.split(jax.random.key(0), members)
    models = jax.jit(lambda keys: jax.lax.map(build, keys))(keys)
    transitions = random_transitions((members, steps, environments))
    starts = jnp.zeros((steps, environments), bool).at[0].set(True)
    starts = starts.at[400 % steps, ::2].set(True)

    def one(model, transitions):
        def total(model):
            memory = model.initial_memory((environments,))
            _, latents = model.unroll(memory, transitions, starts)
            return jnp.mean(jnp.sin(latents))

        return jax.value_and_grad(total)(model)

    encode = jax.jit(over_members(one, fastest_member_method()))
    measured = in_turn({"it": lambda: encode(models, transitions)}, repeats)
    frames = members * steps * environments
    weights = multiplied_weights(models) // members
    values = 2 * settings.latent_size + numbers(transitions) / frames
    work = products(weights, frames, numbers(models), values, gradients=True)
    milliseconds = 1000 * measured.median("it")
    return {
        "agent": agent,
        "members": members,
        "steps": steps,
        "milliseconds": milliseconds,
        "microseconds_a_frame": 1000 * milliseconds / frames,
        "operations": work.operations,
        "bytes": work.bytes,
        "floor_ms": 1000 * measured.rates.floor([work]),
        "peak_gflops": measured.rates.peak / 1e9,
        "bandwidth_gbytes": measured.rates.bandwidth / 1e9,
    }


def random_transitions(shape: tuple[int, ...]) -> Transition:
    """Random observations, actions and rewards."""
    keys = jax.random.split(jax.random.key(1), 4)
    return Transition(
        previous_observation=jax.random.normal(keys[0], (*shape, OBSERVATION)),
        action=jax.random.randint(keys[1], shape, 0, ACTIONS),
        reward=jax.random.normal(keys[2], shape),
        observation=jax.random.normal(keys[3], (*shape, OBSERVATION)),
    )


def compare(rows: list[dict[str, Any]]) -> dict[str, float]:
    """How many times faster `splagger-linear` is than `splagger`, by the number of members."""
    times = {(row["agent"], row["members"]): row["milliseconds"] for row in rows}
    return {
        str(members): times["splagger", members] / time
        for (agent, members), time in times.items()
        if agent == "splagger-linear" and ("splagger", members) in times
    }


def table_of(result: dict[str, Any]) -> Table:
    """The rows, and how they compare."""
    table = Table(title=f"Encoding, forward and backward, on {result['device']}")
    table.add_column("agent")
    for name in ("members", "steps", "ms", "µs a frame", "floor, ms", "over floor"):
        table.add_column(name, justify="right")
    for row in result["rows"]:
        table.add_row(
            row["agent"],
            str(row["members"]),
            str(row["steps"]),
            f"{row['milliseconds']:.2f}",
            f"{row['microseconds_a_frame']:.3f}",
            f"{row['floor_ms']:.3f}",
            f"{row['milliseconds'] / row['floor_ms']:.1f}",
        )
    table.caption = "; ".join(
        f"splagger-linear {ratio:.1f} times faster than splagger with {members} members"
        for members, ratio in result["linear_over_gru"].items()
    )
    return table


if __name__ == "__main__":
    main()
