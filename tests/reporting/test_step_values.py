import csv
from pathlib import Path

import numpy as np
import pytest

from splagger.foundation.errors import UserError
from splagger.reporting.quantities import Quantity
from splagger.reporting.step_values import step_values_table, write_step_values


def test_file_has_a_row_for_every_value(tmp_path: Path):
    values = {
        "rnn": np.array([[1.0, 2.5e-21], [1 / 3, np.nan]]),
        'odd, "name"': np.array([[0.0, -1.0]]),
    }
    write_step_values(values, tmp_path / "values.csv")
    with open(tmp_path / "values.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["agent", "member", "step", "value"],
        ["rnn", "0", "0", "1"],
        ["rnn", "0", "1", "2.5e-21"],
        ["rnn", "1", "0", "0.333333333"],
        ["rnn", "1", "1", "nan"],
        ['odd, "name"', "0", "0", "0"],
        ['odd, "name"', "0", "1", "-1"],
    ]
    with pytest.raises(UserError, match="cannot write"):
        write_step_values(values, tmp_path / "absent" / "values.csv")


@pytest.mark.parametrize(
    ("steps", "columns", "cells"),
    [
        (100, ["step 10", "step 50", "step 99"], ["10", "50", "99"]),
        (51, ["step 10", "step 50"], ["10", "50"]),
        (3, ["step 2"], ["2"]),
    ],
)
def test_table_has_the_means_at_few_steps(steps: int, columns: list[str], cells: list[str]):
    quantity = Quantity("norm", "a norm", "y")
    spread = np.arange(steps) + np.array([[-0.5], [0.5]])
    table = step_values_table([quantity], {"norm": {"rnn": spread, "max": 1e-7 * spread}})
    assert [column.header for column in table.columns[2:]] == columns
    rows = list(zip(*(column.cells for column in table.columns), strict=True))
    assert rows[0] == ("a norm", "rnn", *cells)
    assert rows[1][:2] == ("", "max")
    assert rows[1][-1] == f"{1e-7 * (steps - 1):.3g}"
