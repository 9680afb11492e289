"""How a trial is shown."""

from dataclasses import dataclass

from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError

_MOST_FRAMES_PER_SECOND = 50  # a GIF cannot have more
_SMALLEST = 160


@dataclass(frozen=True)
class AnimationSettings:
    """Size, speed, and which moments are shown.

    **Raises:** `UserError` for numbers out of range.
    """

    size: int = 480
    """Pixels of the width, at least 160."""
    frames_per_second: int = 20
    """How fast frames follow one another, 1 to 50; where an episode starts or ends there is a
    pause."""
    max_steps: int | None = None
    """Shows no more than so many steps, at least 1; None shows the whole trial."""
    stride: int | None = None
    """Shows every so manieth step, at least 1, and every start and end of an episode; None shows
    all steps, up to 600, and fewer of longer trials."""

    def __post_init__(self) -> None:
        check_at_least("size", self.size, _SMALLEST)
        check_at_least("frames_per_second", self.frames_per_second, 1)
        if self.frames_per_second > _MOST_FRAMES_PER_SECOND:
            raise UserError(
                f"frames_per_second is {self.frames_per_second}, but it must be at most "
                f"{_MOST_FRAMES_PER_SECOND}."
            )
        for name in ("max_steps", "stride"):
            value = getattr(self, name)
            if value is not None:
                check_at_least(name, value, 1)
