"""Writing frames as a GIF: one palette for all of them, and of each only what has changed."""

import io
from collections.abc import Iterable, Sequence

from splagger.reporting.animation.palette import Palette
from splagger.training.trial_record import Picture


def gif_bytes(frames: Sequence[Picture], durations: Sequence[float], order: Iterable[int]) -> bytes:
    """Encodes frames. Equal frames give equal bytes. Players repeat it for ever.

    **Arguments:**

    - `frames`: all of one size.
    - `durations`: how long each is seen, in seconds; a GIF has hundredths.
    - `order`: the numbers 0, 1, ... of the frames. They are taken one by one, so that whoever gives
        them sees how far the work is.
    """
    palette = Palette(frames)
    images = (palette.image(frames[number]) for number in order)
    content = io.BytesIO()
    next(images).save(
        content,
        format="GIF",
        save_all=True,
        append_images=images,
        duration=[10 * max(2, round(100 * seconds)) for seconds in durations],
        loop=0,
        # Each frame stays under the next, which is written where it differs alone. One palette for
        # all, by name, or each frame would bring its own.
        disposal=1,
        optimize=True,
        palette=palette.colours.tobytes(),
    )
    return content.getvalue()
