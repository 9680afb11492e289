"""What the GRU's recurrence and the running maximum cost, forward and backward, against peers.

    .venv/bin/python benchmarks/recurrence.py [--cases 16x1 16x15 128x15] [--json FILE]

For every number of environments and members: scans with several steps in a turn of the loop, the
program of `sequence/encoders/gru_kernel` where there is a GPU for it, and PyTorch's GRU (cuDNN's on
a GPU) where PyTorch is installed: one after the other with a set of weights for every member, and
on a stream for each. A call encodes embedded transitions of the paper's width, takes the running
maximum of half of the states, and computes gradients for the inputs and all weights; PyTorch's does
so without the maximum. All are measured in the same run. On a GPU with the program, it must be at
least 1.5 times as fast as the best of the others with 15 members, or the exit status is 1.
"""

import argparse
import importlib.util
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # PyTorch needs some, too

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.table import Table

from splagger.foundation.precision import matrix_product_precision
from splagger.sequence.aggregators.max import Max
from splagger.sequence.encoders import gru as gru_module
from splagger.sequence.encoders.gru import GRU, Recurrence, fastest_recurrence
from splagger.sequence.segmented_scan import fastest_method, segmented_scan

INPUTS = 48
"""Width of the paper's embedded transitions."""

REQUIRED_SPEED_UP = 1.5


def main() -> None:
    """Measures, prints and saves."""
    is_cpu = jax.default_backend() == "cpu"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", default=["4x1", "4x2"] if is_cpu else CASES)
    parser.add_argument("--steps", type=int, default=100 if is_cpu else 700)
    parser.add_argument("--size", type=int, default=64 if is_cpu else 256)
    parser.add_argument("--turns", type=int, nargs="+", default=[1, 8] if is_cpu else [1, 4, 8, 16])
    parser.add_argument("--precisions", nargs="+", default=["float32", "tensorfloat32"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for precision in options.precisions[: 1 if is_cpu else None]:
        for case in options.cases:
            environments, members = map(int, case.split("x"))
            with matrix_product_precision(precision):
                row = measure(environments, members, options)
            rows.append({"precision": precision, "environments": environments} | row)
            print(json.dumps(rows[-1]), flush=True)
    result = {"device": jax.devices()[0].device_kind, "jax": jax.__version__, "rows": rows}
    Console(width=120).print(table_of(result))
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    speed_ups = [row["speed_up"] for row in rows if row["speed_up"] and row["members"] == 15]
    if min(speed_ups, default=REQUIRED_SPEED_UP) < REQUIRED_SPEED_UP:
        raise SystemExit(1)


CASES = ["16x1", "16x15", "128x15"]


def measure(environments: int, members: int, options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds of everything for one case: medians of the repeats."""
    shape = (members, options.steps, environments, INPUTS)
    xs = jax.random.normal(jax.random.key(0), shape)
    methods: dict[str, tuple[Recurrence, int]] = {
        f"scan, {steps} a turn": ("unrolled", steps) for steps in options.turns
    }
    if fastest_recurrence() == "kernel":
        methods["kernel"] = ("kernel", 1)
    milliseconds, results = {}, {}
    for name, (recurrence, steps) in methods.items():
        gru_module._STEPS_PER_TURN = steps  # pyright: ignore[reportPrivateUsage]
        call = jax_call(xs, options.size, recurrence)
        milliseconds[name], results[name] = timed(call, options.repeats)
    milliseconds |= torch_times(np.asarray(xs), options)
    kernel = milliseconds.get("kernel")
    peers = {name: value for name, value in milliseconds.items() if name != "kernel"}
    best = min(peers, key=peers.__getitem__)
    return {
        "members": members,
        "steps": options.steps,
        "size": options.size,
        "milliseconds": milliseconds,
        "best_peer": best,
        "speed_up": kernel and peers[best] / kernel,
        "difference": kernel and difference(results["kernel"], next(iter(results.values()))),
    }


def jax_call(xs: jax.Array, size: int, recurrence: Recurrence) -> Callable[[], Any]:
    """The compiled call for all members."""
    members, steps, environments, _ = xs.shape
    keys = jax.random.split(jax.random.key(1), members)
    grus = jax.vmap(lambda key: GRU.create(key, INPUTS, size, recurrence))(keys)
    starts = jnp.zeros((steps, environments), bool).at[400 % steps, ::2].set(True)

    def total(gru: GRU, xs: jax.Array) -> jax.Array:
        state = jnp.zeros((environments, size))
        _, states = gru.unroll(state, gru.start(), xs, starts)
        passing, aggregated = jnp.split(states, 2, axis=-1)
        start = jnp.zeros(size // 2)
        carried = jnp.zeros((environments, size // 2))
        maxima = segmented_scan(Max().combine, carried, start, aggregated, starts, fastest_method())
        return jnp.mean(jnp.sin(passing)) + jnp.mean(jnp.sin(maxima))

    compiled = (
        jax.jit(jax.vmap(jax.value_and_grad(total, argnums=(0, 1)))).lower(grus, xs).compile()
    )
    return lambda: jax.block_until_ready(compiled(grus, xs))


def torch_times(xs: np.ndarray, options: argparse.Namespace) -> dict[str, float]:
    """The same of PyTorch's GRU; nothing where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return {}
    import torch  # pyright: ignore[reportMissingImports]

    on_gpu = jax.default_backend() != "cpu"
    if on_gpu and not torch.cuda.is_available():
        return {}
    rounded = jax.config.jax_default_matmul_precision == "tensorfloat32"  # pyright: ignore
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = rounded
    device = "cuda" if on_gpu else "cpu"
    inputs = [torch.tensor(x, device=device, requires_grad=True) for x in xs]
    layers = [torch.nn.GRU(INPUTS, options.size, device=device) for _ in xs]

    def encode(layer: Any, x: Any) -> None:
        layer(x)[0].sin().mean().backward()

    def in_turn() -> None:
        for layer, x in zip(layers, inputs, strict=True):
            encode(layer, x)
        if on_gpu:
            torch.cuda.synchronize()

    times = {"PyTorch, in turn": timed(in_turn, options.repeats)[0]}
    if on_gpu and len(xs) > 1:
        streams = [torch.cuda.Stream() for _ in xs]

        def on_streams() -> None:
            for layer, x, stream in zip(layers, inputs, streams, strict=True):
                with torch.cuda.stream(stream):
                    encode(layer, x)
            torch.cuda.synchronize()

        times["PyTorch, on streams"] = timed(on_streams, options.repeats)[0]
    return times


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """The median of a call's milliseconds after a first one, and what it returned."""
    result, milliseconds = call(), []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        milliseconds.append(1000 * (time.perf_counter() - start))
    return statistics.median(milliseconds), result


def difference(results: Any, others: Any) -> float:
    """The largest over all arrays of the largest difference over the largest magnitude."""
    pairs = zip(jax.tree.leaves(results), jax.tree.leaves(others), strict=True)
    return max(float(jnp.max(jnp.abs(a - b)) / jnp.max(jnp.abs(b))) for a, b in pairs)


def table_of(result: dict[str, Any]) -> Table:
    """The times of every case side by side."""
    table = Table(title=f"GRU and maximum, forward and backward, milliseconds, {result['device']}")
    for name in ("precision", "environments x members", "kernel"):
        table.add_column(name)
    names = list(dict.fromkeys(name for row in result["rows"] for name in row["milliseconds"]))
    peers = [name for name in names if name != "kernel"]
    for name in (*peers, "best over kernel"):
        table.add_column(name, justify="right")
    for row in result["rows"]:
        times = row["milliseconds"]
        table.add_row(
            row["precision"],
            f"{row['environments']} x {row['members']}",
            *(f"{times[name]:.2f}" if name in times else "-" for name in ("kernel", *peers)),
            f"{row['speed_up']:.2f}" if row["speed_up"] else "-",
        )
    return table


if __name__ == "__main__":
    main()
