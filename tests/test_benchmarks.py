"""The benchmark suite runs, counts right, and compares."""

import json
from pathlib import Path

import case
import compare
import compiled_programs
import jax
import jax.numpy as jnp
import measuring
import pytest
import rows
import suite
import work
from support.tiny import tiny_settings


@pytest.fixture
def report(tmp_path: Path) -> rows.Report:
    return rows.Report({"device": "some"}, tmp_path / "result.json")


def test_floors_are_bound_by_products_or_memory_phase_by_phase():
    rates = measuring.Rates(peak=10, bandwidth=100)
    assert rates.floor([measuring.Work(50, 100), measuring.Work(10, 300)]) == 5 + 3


def test_products_count_two_operations_a_weight_and_three_times_with_gradients():
    matrix, bias = jnp.zeros((3, 4)), jnp.zeros(4)
    assert work.multiplied_weights((matrix, bias)) == 12
    forward = work.products(12, 10, 16, 7, gradients=False)
    assert (forward.operations, forward.bytes) == (240, 4 * (16 + 70))
    both = work.products(12, 10, 16, 7, gradients=True)
    assert (both.operations, both.bytes) == (720, 3 * 4 * (16 + 70))


def test_a_part_that_fails_is_named_and_the_others_are_measured(
    report: rows.Report, tmp_path: Path
):
    tiny = case.Case(tiny_settings(), repeats=1)
    suite.run(tiny, ["missing", "aggregation", "checkpoint"], report, both_modes=False)
    saved = json.loads((tmp_path / "result.json").read_text())
    assert list(saved["failed"]) == ["missing"]
    names = [row["name"] for row in saved["rows"]]
    assert names == ["aggregation", "checkpoint, save", "checkpoint, load"]
    assert all(row["milliseconds"] > 0 and row["over_floor"] > 0 for row in saved["rows"])
    assert saved["rows"][0]["peer"] == "parallel"


def test_operations_of_a_compiled_program_are_told_apart():
    def program(x, y):
        return (jnp.sin(x) @ y).T[::-1], jnp.sum(x, axis=0)

    x = jnp.ones((64, 64))
    compiled = jax.jit(program).lower(x, x).compile()
    text = compiled.as_text()
    assert text is not None
    operations = compiled_programs.read_program(text)
    kinds = {operation.kind for operation in operations.values() if operation.place}
    assert {"matrix products", "sums", "moving data", "element by element"} <= kinds
    products = [o for o in operations.values() if o.kind == "matrix products"]
    assert all(product.place.startswith("test_benchmarks.py:") for product in products)


def test_revisions_are_compared_row_by_row_within_rounds():
    def result(milliseconds: dict[str, float]) -> dict:
        return {
            "rows": [
                {"name": name, "milliseconds": its, "megabytes": None}
                for name, its in milliseconds.items()
            ]
        }

    rounds = [
        (result({"a": 10, "b": 1}), result({"a": 5})),
        (result({"a": 20, "b": 1}), result({"a": 30})),
        (result({"a": 10, "b": 1}), result({"a": 10})),
    ]
    ratios = compare.compare(rounds)
    assert list(ratios) == ["a, milliseconds"]
    assert ratios["a, milliseconds"] == {
        "first": 10,
        "second": 10,
        "ratio": 1,
        "lowest": 0.5,
        "highest": 1.5,
    }
