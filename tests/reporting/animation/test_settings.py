import pytest

from splagger.foundation.errors import UserError
from splagger.reporting.animation.settings import AnimationSettings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 100}, "size is 100, but .* >= 160"),
        ({"frames_per_second": 0}, "frames_per_second is 0"),
        ({"frames_per_second": 51}, "frames_per_second is 51, but it must be at most 50"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"stride": -1}, "stride is -1"),
    ],
)
def test_bad_numbers(changes: dict, message: str):
    with pytest.raises(UserError, match=message):
        AnimationSettings(**changes)
