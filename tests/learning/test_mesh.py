"""Several devices: which share what, and that they compute what one computes."""

import json

import pytest
from support.runs import ROOT, flags_of_devices, python

from splagger.foundation.errors import UserError
from splagger.learning.mesh import Layout, choose_layout


@pytest.mark.parametrize(
    ("members", "environments", "devices", "expected"),
    [
        (1, 16, 1, (1, 1)),
        (15, 16, 2, (2, 1)),  # 8 and 7: one is a copy
        (15, 16, 4, (4, 1)),
        (9, 16, 8, (5, 1)),  # with all 8, some would still have two
        (100, 4096, 8, (8, 1)),
        (1, 4096, 8, (1, 8)),
        (3, 4096, 8, (3, 2)),
        (2, 64, 8, (2, 4)),
        (1, 64, 8, (1, 4)),  # at least 16 each
        (1, 33, 2, (1, 1)),
        (4, 16, 8, (4, 1)),
    ],
)
def test_members_are_spread_first(members, environments, devices, expected):
    assert choose_layout(members, environments, devices) == Layout(*expected)


def test_every_process_takes_part():
    assert choose_layout(3, 16, 4, processes=2) == Layout(2, 1)
    assert choose_layout(1, 64, 4, processes=4) == Layout(1, 4)
    with pytest.raises(UserError, match=r"4 processes, but 3 members of 16 environments cannot"):
        choose_layout(3, 16, 4, processes=4)


@pytest.fixture(scope="module")
def found():
    """What a process with eight simulated devices finds."""
    return json.loads(
        python(
            f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r}); "
            "from support.mesh_checks import main; main()",
            XLA_FLAGS=flags_of_devices(8),
            JAX_PLATFORMS="cpu",
        ).splitlines()[-1]
    )


def test_members_on_devices_of_their_own_exchange_nothing(found):
    spread = found["4x1"]
    assert spread["same"]
    assert spread["collectives"] == []
    assert spread["devices"] == 4
    assert spread["passed"]


@pytest.mark.parametrize(("layout", "devices", "parts"), [("2x2", 4, [2, 4]), ("1x8", 8, [4, 1])])
def test_split_environments_give_the_same_update(found, layout, devices, parts):
    split = found[layout]
    assert split["farthest"] < 1e-9
    assert split["rounding"] < 1e-9
    assert "all-reduce" in split["collectives"]
    assert split["devices"] == devices
    assert split["parts"][:2] == parts
    assert split["passed"]


def test_members_that_do_not_divide_are_padded_for_the_devices_alone(found):
    padded = found["three members"]
    assert padded["farthest"] < 1e-9
    assert padded["shapes"] == [[3], [4]]


def test_evaluations_and_statistics_are_the_same(found):
    assert found["evaluation"] < 1e-9
    one, several = found["rewards"]
    assert several == pytest.approx(one, rel=0.1)
