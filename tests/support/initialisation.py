"""Statistics of initial parameters over seeds, against the recorded ones."""

from collections.abc import Callable, Collection, Mapping

import jax
import numpy as np
from jaxtyping import PRNGKeyArray
from support.parity import UNUSED, Named

DRAWS = 400
"""So many that only the record's 20 draws leave room for chance."""

# Programs that run once: compiling takes longer than drawing, but a third of the time like this.
_FAST_TO_COMPILE: dict[str, bool | int | float | str] = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}

STATISTICS = ["mean", "std", "min", "max", "mean_row_norm", "min_row_norm", "max_row_norm"]
MATRIX_STATISTICS = ["mean_row_norm", "min_row_norm", "max_row_norm", "max_abs_offdiag_row_gram"]


def draw(create: Callable[[PRNGKeyArray], Named]) -> dict[str, np.ndarray]:
    """The parameters of `DRAWS` draws, `[draw, ...]`."""
    # One after the other: on two cores, batched QR decompositions side by side can wait for each
    # other without end (jax 0.10.2).
    draw_all = jax.jit(lambda keys: jax.lax.map(create, keys), compiler_options=_FAST_TO_COMPILE)
    drawn = draw_all(jax.random.split(jax.random.key(0), DRAWS))
    return {name: np.asarray(values) for name, values in drawn.items()}


def unlikely(
    archive: Mapping[str, np.ndarray],
    variant: str,
    drawn: Mapping[str, np.ndarray],
    unused: Collection[str] = (UNUSED,),
) -> list[str]:
    """Every statistic in which the drawn parameters differ from the recorded ones by more than
    chance would have it; `unused` are recorded parameters that this package does without."""
    assert list(archive["stat_names"]) == STATISTICS
    names = [str(name) for name in archive[f"{variant}/names"]]
    assert set(names) - set(unused) == set(drawn)
    recorded = np.moveaxis(archive[f"{variant}/stats"], 1, 0)
    found = []
    for name, expected in zip(names, recorded, strict=True):
        if name not in unused:
            found += _differences(name, STATISTICS, statistics(drawn[name]), expected)
    if f"{variant}/matrix_names" not in archive:
        return found
    assert list(archive["matrix_stat_names"]) == MATRIX_STATISTICS
    for name, expected in zip(
        archive[f"{variant}/matrix_names"],
        np.moveaxis(archive[f"{variant}/matrix_stats"], 1, 0),
        strict=True,
    ):
        actual = matrix_statistics(_matrices(str(name), drawn))
        found += _differences(f"{name} as a matrix", MATRIX_STATISTICS, actual, expected)
    return found


def statistics(arrays: np.ndarray) -> np.ndarray:
    """`STATISTICS` of every draw `[draw, ...]`; a vector's entries are rows of their own."""
    rows = arrays.reshape(len(arrays), arrays.shape[1], -1)
    norms = np.linalg.norm(rows, axis=2)
    every = [f(rows, axis=(1, 2)) for f in (np.mean, np.std, np.min, np.max)]
    return np.stack(every + [f(norms, axis=1) for f in (np.mean, np.min, np.max)], axis=1)


def matrix_statistics(matrices: np.ndarray) -> np.ndarray:
    """`MATRIX_STATISTICS` of matrices `[draw, matrix, outputs, inputs]`, over all of a draw."""
    norms = np.linalg.norm(matrices, axis=-1)
    gram = matrices @ np.swapaxes(matrices, -1, -2)
    others = np.abs(gram) * (1 - np.eye(gram.shape[-1]))
    every = [f(norms, axis=(1, 2)) for f in (np.mean, np.min, np.max)]
    return np.stack([*every, np.max(others, axis=(1, 2, 3))], axis=1)


def _matrices(name: str, drawn: Mapping[str, np.ndarray]) -> np.ndarray:
    """What a head generates, `[draw, matrix, outputs, inputs]`: by its bias, or by every column of
    its weight."""
    head = name.removesuffix("(columns)")
    rows = drawn[head].reshape(DRAWS, len(drawn[head][0]), -1)
    # As many outputs as the head of the bias beside it generates.
    beside = head.rpartition(".")[0].replace("weight", "bias")
    outputs = drawn[f"{beside}.bias"].shape[1]
    return np.swapaxes(rows, 1, 2).reshape(DRAWS, rows.shape[2], outputs, -1)


def _differences(
    name: str, labels: list[str], actual: np.ndarray, expected: np.ndarray
) -> list[str]:
    """Averages more than five standard errors apart, and spreads that differ threefold."""
    rounding = 1e-5 * max(1e-2, float(np.abs(expected).max()))
    spread, own = expected.std(axis=0), actual.std(axis=0)
    allowed = 5 * own / np.sqrt(len(expected)) + rounding
    bad = np.abs(actual.mean(axis=0) - expected.mean(axis=0)) > allowed
    bad |= (own > 3 * spread + rounding) | (spread > 3 * own + rounding)
    return [
        f"{name}: {label} is {a:.5g} ± {o:.2g} and not {e:.5g} ± {s:.2g}"
        for label, a, o, e, s, wrong in zip(
            labels, actual.mean(0), own, expected.mean(0), spread, bad, strict=True
        )
        if wrong
    ]
