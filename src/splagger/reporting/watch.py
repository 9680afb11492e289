"""Moving pictures of an agent, or of chance, through one whole trial."""

from pathlib import Path

import jax
from jaxtyping import PRNGKeyArray

from splagger.environments.registry import EnvironmentSpecification, canonical_name
from splagger.foundation.errors import UserError
from splagger.foundation.precision import matrix_product_precision
from splagger.reporting.animation.files import check_animation_file, write_animation
from splagger.reporting.animation.frames import Frames
from splagger.reporting.animation.settings import AnimationSettings
from splagger.training.actors import AgentActor, RandomActor
from splagger.training.compilation_cache import enable_compilation_cache
from splagger.training.evaluate_run import trial_elsewhere
from splagger.training.play_trial import Progress, no_progress, play_trial
from splagger.training.trained_agent import load_member
from splagger.training.trial_record import TrialRecord

# Keeps these tasks apart from those of training and evaluations with the same seed.
_WATCHED = 0x7EA3


def watch_run(
    run: str | Path,
    out: str | Path,
    *,
    seed: int = 0,
    learning_rate: float | None = None,
    member_seed: int | None = None,
    environment: str | None = None,
    sample: bool = False,
    animation: AnimationSettings | None = None,
    overwrite: bool = False,
    trust: bool = False,
    progress: Progress = no_progress,
) -> Path:
    """Shows a trained agent through one trial of a fresh task.

    Every frame has the environment's picture, or the numbers of its observations where it draws
    none; what was done and what it brought; and over the whole trial how far every step moved the
    latent, on the scale of the largest move.

    **Arguments:**

    - `run`: the run directory; its newest checkpoint is used.
    - `out`: the file: .gif, or .mp4 where the program ffmpeg is installed.
    - `seed`: decides the task and all that is random; below 2^32. The task is the same for all
        agents.
    - `learning_rate`, `member_seed`: which member of the run, as `load` chooses.
    - `environment`: another environment than the one that the run is evaluated on, such as a longer
        maze.
    - `sample`: whether actions are drawn from the policy; else the most likely one is taken.
    - `animation`: size, speed, and which moments are shown.
    - `overwrite`: whether a file that is there already may be replaced.
    - `trust`: whether code that an environment's name refers to may be imported.
    - `progress`: is told how far the work is.

    **Returns:** the path of the file.

    **Raises:** `UserError` as `load` and `evaluate_run` do, and if the file cannot be written.
    """
    out, animation = Path(out), animation or AnimationSettings()
    check_seed(seed)
    check_animation_file(out, overwrite=overwrite)
    record = play_run(
        run,
        seed=seed,
        learning_rate=learning_rate,
        member_seed=member_seed,
        environment=environment,
        sample=sample,
        animation=animation,
        trust=trust,
        progress=progress,
    )
    return _write(record, out, animation, progress)


def play_run(
    run: str | Path,
    *,
    seed: int = 0,
    learning_rate: float | None = None,
    member_seed: int | None = None,
    environment: str | None = None,
    sample: bool = False,
    animation: AnimationSettings,
    trust: bool = False,
    progress: Progress = no_progress,
) -> TrialRecord:
    """Plays the trial that `watch_run` shows, with pictures of the size that it is shown in. The
    arguments are those of `watch_run`.

    **Raises:** `UserError` as `load` and `evaluate_run` do.
    """
    key = _key(seed)
    enable_compilation_cache()
    session, agent = load_member(run, learning_rate=learning_rate, seed=member_seed, trust=trust)
    trial = trial_elsewhere(session, agent, environment, trust=trust)
    with matrix_product_precision(session.settings.precision):
        return play_trial(
            trial,
            AgentActor(agent, sample),
            key,
            agent=session.settings.agent.name,
            environment=canonical_name(environment or session.evaluation_environment),
            picture_size=animation.size,
            max_steps=animation.max_steps,
            progress=progress,
        )


def watch_random(
    environment: str,
    out: str | Path,
    *,
    seed: int = 0,
    animation: AnimationSettings | None = None,
    overwrite: bool = False,
    trust: bool = False,
    progress: Progress = no_progress,
) -> Path:
    """Shows random actions through one trial: what an environment looks like.

    **Arguments:**

    - `environment`: its name, with options.
    - the others, and what is returned: as in `watch_run`.

    **Raises:** `UserError` for anything in the name that is unknown or does not fit, and if the
    file cannot be written.
    """
    out, animation = Path(out), animation or AnimationSettings()
    key = _key(seed)
    check_animation_file(out, overwrite=overwrite)
    trial = EnvironmentSpecification.parse(environment).trial(trust=trust)
    enable_compilation_cache()
    record = play_trial(
        trial,
        RandomActor(trial.action_space),
        key,
        agent="random actions",
        environment=canonical_name(environment),
        picture_size=animation.size,
        max_steps=animation.max_steps,
        progress=progress,
    )
    return _write(record, out, animation, progress)


def check_seed(seed: int) -> None:
    """Checks the seed of a trial.

    **Raises:** `UserError` if it is below 0 or too large.
    """
    if not 0 <= seed < 2**32:
        raise UserError(f"seed is {seed}, but it must be at least 0 and below {2**32}.")


def _key(seed: int) -> PRNGKeyArray:
    check_seed(seed)
    return jax.random.fold_in(jax.random.key(seed), _WATCHED)


def _write(
    record: TrialRecord, out: Path, animation: AnimationSettings, progress: Progress
) -> Path:
    frames = Frames(record, size=animation.size, stride=animation.stride)
    write_animation(frames, out, frames_per_second=animation.frames_per_second, progress=progress)
    return out
