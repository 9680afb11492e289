import math

import pytest

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.errors import UserError


def test_box_has_a_size_and_bounds_for_every_entry():
    box = Box(-1, (2.0, math.inf, 5), (3,))
    assert box.size == 3
    assert box.bounds == ((-1.0, -1.0, -1.0), (2.0, math.inf, 5.0))


def test_spaces_are_static():
    # They hold no arrays, so that they can be compared, hashed and closed over by compiled code.
    assert Box(0.0, 1.0, (2,)) == Box(0.0, 1.0, (2,))
    assert hash(Discrete(4)) == hash(Discrete(4))
    assert Discrete(4) != Discrete(3)


def test_box_rejects_a_wrong_number_of_bounds():
    with pytest.raises(UserError, match=r"^high of a Box of shape \(3,\) has 2 bounds; .* 3 "):
        Box(0.0, (1.0, 2.0), (3,))


def test_box_rejects_a_lower_bound_above_the_upper_one():
    with pytest.raises(UserError, match="low is 2.0 and high 1.0"):
        Box(2.0, 1.0, (1,))


def test_discrete_rejects_no_choices():
    with pytest.raises(UserError, match="n of a Discrete space is 0"):
        Discrete(0)
