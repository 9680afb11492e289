"""Statistics of initial parameters over seeds, against the recorded ones."""

from collections.abc import Callable, Mapping

import jax
import numpy as np
from jaxtyping import PRNGKeyArray
from support.parity import UNUSED, Named

DRAWS = 400
"""So many that only the record's 20 draws leave room for chance."""

STATISTICS = ["mean", "std", "min", "max", "mean_row_norm", "min_row_norm", "max_row_norm"]
MATRIX_STATISTICS = ["mean_row_norm", "min_row_norm", "max_row_norm", "max_abs_offdiag_row_gram"]


def draw(create: Callable[[PRNGKeyArray], Named]) -> dict[str, np.ndarray]:
    """The parameters of `DRAWS` draws, `[draw, ...]`."""
    # One after the other: on two cores, batched QR decompositions side by side can wait for each
    # other without end (jax 0.10.2).
    draw_all = jax.jit(lambda keys: jax.lax.map(create, keys))
    drawn = draw_all(jax.random.split(jax.random.key(0), DRAWS))
    return {name: np.asarray(values) for name, values in drawn.items()}


def unlikely(
    archive: Mapping[str, np.ndarray], variant: str, drawn: Mapping[str, np.ndarray]
) -> list[str]:
    """Every statistic in which the drawn parameters differ from the recorded ones by more than
    chance would have it."""
    assert list(archive["stat_names"]) == STATISTICS
    names = [str(name) for name in archive[f"{variant}/names"]]
    assert set(names) - {UNUSED} == set(drawn)
    recorded = np.moveaxis(archive[f"{variant}/stats"], 1, 0)
    found = []
    for name, expected in zip(names, recorded, strict=True):
        if name != UNUSED:
            found += _differences(name, STATISTICS, statistics(drawn[name]), expected)
    if f"{variant}/matrix_names" not in archive:
        return found
    assert list(archive["matrix_stat_names"]) == MATRIX_STATISTICS
    for name, expected in zip(
        archive[f"{variant}/matrix_names"],
        np.moveaxis(archive[f"{variant}/matrix_stats"], 1, 0),
        strict=True,
    ):
        if not name.endswith("(columns)"):  # all zero, as the statistics above show
            matrices = drawn[str(name)].reshape(DRAWS, _outputs(str(name), drawn), -1)
            actual = matrix_statistics(matrices)
            found += _differences(f"{name} as a matrix", MATRIX_STATISTICS, actual, expected)
    return found


def statistics(arrays: np.ndarray) -> np.ndarray:
    """`STATISTICS` of every draw `[draw, ...]`; a vector's entries are rows of their own."""
    rows = arrays.reshape(len(arrays), arrays.shape[1], -1)
    norms = np.linalg.norm(rows, axis=2)
    every = [f(rows, axis=(1, 2)) for f in (np.mean, np.std, np.min, np.max)]
    return np.stack(every + [f(norms, axis=1) for f in (np.mean, np.min, np.max)], axis=1)


def matrix_statistics(matrices: np.ndarray) -> np.ndarray:
    """`MATRIX_STATISTICS` of generated matrices `[draw, outputs, inputs]`."""
    norms = np.linalg.norm(matrices, axis=2)
    gram = matrices @ matrices.transpose(0, 2, 1)
    others = np.abs(gram) * (1 - np.eye(gram.shape[1]))
    every = [f(norms, axis=1) for f in (np.mean, np.min, np.max)]
    return np.stack([*every, np.max(others, axis=(1, 2))], axis=1)


def _outputs(name: str, drawn: Mapping[str, np.ndarray]) -> int:
    """Rows of the matrix that a head generates: as many as the biases beside it."""
    return drawn[name.replace("weight", "bias", 1)].shape[1]


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
