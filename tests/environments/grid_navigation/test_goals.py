import pytest

from splagger.environments.grid_navigation.goals import possible_goals


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ((5, (0, 0), None, False), 21),
        ((7, (3, 3), None, False), 40),
        ((8, (4, 4), None, False), 55),
        ((7, (3, 3), None, True), 24),
        ((25, (12, 12), None, True), 96),
        ((7, None, None, False), 49),
        ((7, (0, 2), None, True), 23),
        ((60, (0, 0), 1, False), 59),
        ((16, (0, 0), 3, False), 5),
    ],
)
def test_counts(arguments, count):
    goals = possible_goals(*arguments)
    assert len(set(goals)) == len(goals) == count
    # The order in which the published code draws wrong hints.
    assert list(goals) == sorted(goals)


def test_neither_the_start_nor_its_neighbours():
    goals = possible_goals(5, (1, 2), None, False)
    assert set(goals) == {(x, y) for x in range(5) for y in range(5) if x > 2 or y in (0, 4)}


def test_doors():
    assert possible_goals(10, (0, 0), 4, False) == ((4, 1), (8, 1))
