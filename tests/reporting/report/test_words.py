import pytest

from splagger.reporting.report import words
from splagger.reporting.statistics.bootstrap import Estimate


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists(names: list[str], text: str):
    assert words.listed(names) == text


def test_numbers():
    assert words.counted(1, "seed") == "1 seed"
    assert words.counted(1200, "frame") == "1,200 frames"
    assert words.number(-0.001) == "0.00"
    assert words.number(-1.5) == "-1.50"
    assert words.share(0.987) == "99\N{NO-BREAK SPACE}%"
    assert words.interval(Estimate(0.5, 0.25, 1.0, 0.95)) == "0.25 to 1.00"
    assert words.interval(Estimate(0.5, 0.25, 1.0, 0.95), words.share).startswith("25")
    assert words.rates([1e-3, 3e-5]) == "0.001, 3e-05"
    assert words.INTERVAL == "95\N{NO-BREAK SPACE}% interval"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        (0.5, "0.5"),
        (1 / 3, "0.3333333333333333"),
        ((32, 16), "32, 16"),
        ([], "none"),
        ("one-hot", "one-hot"),
    ],
)
def test_settings(value: object, text: str):
    assert words.setting(value) == text
