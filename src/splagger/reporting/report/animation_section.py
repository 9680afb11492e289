"""Moving pictures of the trained agents, inside the page."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from splagger.foundation.errors import UserError
from splagger.reporting.animation.frames import Frames
from splagger.reporting.animation.gif import gif_bytes
from splagger.reporting.animation.settings import AnimationSettings
from splagger.reporting.report.html import Child, Markup, element
from splagger.reporting.report.reported_run import ReportedRun
from splagger.reporting.report.section import Section
from splagger.reporting.report.words import listed, number, rates
from splagger.reporting.watch import play_run
from splagger.training.play_trial import Progress
from splagger.training.trial_record import TrialRecord

LARGEST = 2_000_000
"""The bytes that an animation should not exceed."""

_FRAMES_PER_SECOND = 12
_SIZE = 480  # pixels of the width
_FORMS = ((400, 480), (200, 480), (100, 480), (100, 320), (50, 240), (25, 160))
"""Frames, about, and pixels of the width, until an animation is small enough."""


@dataclass(frozen=True)
class Animation:
    """A trial in moving pictures."""

    gif: bytes
    """The file."""

    still: bytes
    """Its last frame as PNG, which has the whole trial in it."""

    size: tuple[int, int]
    """Pixels of the width and the height."""


def animations(
    runs: Sequence[ReportedRun], *, seed: int, trust: bool, progress: Progress
) -> Section:
    """Plays one trial of every run, and makes the section that shows them.

    **Arguments:**

    - `runs`: those of the report. Of a run without a checkpoint the section says that it has none.
    - `seed`: decides the task; the same for all agents.
    - `trust`: whether code that an environment's name refers to may be imported.
    - `progress`: is told how far the work is.
    """
    shown = [
        _figure(run, seed=seed, trust=trust, progress=progress)
        for run in runs
        if run.has_checkpoint
    ]
    content: list[Child] = [element("div", shown, class_="animations")] if shown else []
    missing = [run.label for run in runs if not run.has_checkpoint]
    if missing:
        names = listed(list(dict.fromkeys(missing)))
        content.append(element("p", f"Without a checkpoint, and so not shown: {names}."))
    return Section("trial", "One trial", content)


def animate(record: TrialRecord, progress: Progress) -> Animation:
    """Draws a trial with as many frames, as large, as fit into `LARGEST` bytes.

    **Arguments:**

    - `record`: the trial, with pictures.
    - `progress`: is told the frames.
    """
    *forms, last = _FORMS
    for most, size in forms:
        animation = _animate(record, most, size, progress)
        if len(animation.gif) <= LARGEST:
            return animation
    return _animate(record, *last, progress)


def _animate(record: TrialRecord, most: int, size: int, progress: Progress) -> Animation:
    frames = Frames(record, size=size, stride=-(-len(record.moments) // most))
    gif = gif_bytes(frames, frames.durations(_FRAMES_PER_SECOND), _told(frames, progress))
    still = io.BytesIO()
    Image.fromarray(frames[len(frames) - 1]).save(still, format="PNG", optimize=True)
    return Animation(gif, still.getvalue(), (frames.shape[1], frames.shape[0]))


def _told(frames: Frames, progress: Progress) -> Iterator[int]:
    for place in range(len(frames)):
        yield place
        progress("drawing", place + 1, len(frames))


def _figure(run: ReportedRun, *, seed: int, trust: bool, progress: Progress) -> Markup:
    member = run.typical_member
    try:
        record = play_run(
            run.path,
            seed=seed,
            learning_rate=member.learning_rate,
            member_seed=member.seed,
            animation=AnimationSettings(_SIZE),
            trust=trust,
            progress=progress,
        )
    except UserError as error:
        name = element("b", run.label)
        return element("p", name, f" is not shown: {str(error).rstrip('.')}.", class_="missing")
    animation = animate(record, progress)
    returns = _returns(record)
    width, height = animation.size
    description = (
        f"{run.label} through one trial on {record.environment}: "
        f"{listed([number(value) for value in returns])} in its episodes."
    )
    of_seeds = "" if len(run.members) == 1 else f", in the middle of {len(run.members)} by return"
    return element(
        "figure",
        element(
            "picture",
            # For those who have asked for less motion.
            element(
                "source",
                media="(prefers-reduced-motion: reduce)",
                srcset=_address(animation.still, "image/png"),
            ),
            element(
                "img",
                src=_address(animation.gif, "image/gif"),
                alt=description,
                width=width,
                height=height,
            ),
        ),
        element(
            "figcaption",
            element("b", run.label),
            f": a fresh task, the most likely actions. Learning rate "
            f"{rates([member.learning_rate])}, seed {member.seed}{of_seeds}. Returns of the "
            f"episodes: {', '.join(number(value) for value in returns)}.",
        ),
    )


def _returns(record: TrialRecord) -> list[float]:
    """The return of each episode."""
    returns: dict[int, float] = {}
    for moment in record.moments:
        returns[moment.episode] = returns.get(moment.episode, 0.0) + moment.reward
    return [returns[episode] for episode in sorted(returns)]


def _address(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
