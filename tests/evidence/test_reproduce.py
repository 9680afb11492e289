import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.evidence_runs import MAZE, SCALE, FakeProcesses, write_stage

from splagger.evidence.exit_status import STOPPED
from splagger.evidence.experiment import Experiment
from splagger.evidence.outcome import read_outcome
from splagger.evidence.reproduce import Reductions, Reproduction, Step
from splagger.evidence.scales import Scale
from splagger.evidence.side_by_side import Ending, SideBySide
from splagger.evidence.store import Store
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings

MAX, RNN = Experiment(MAZE, "max", fresh=True), Experiment(MAZE, "rnn")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", (tmp_path / "kept",))


def reproduction(
    store: Store,
    processes: SideBySide,
    scale: Scale = SCALE,
    watch: Callable = lambda *_: None,
    **reductions,
) -> Reproduction:
    return Reproduction(scale, store, processes, Reductions(**reductions), watch)


def run(
    store: Store, processes: SideBySide, experiments: Sequence[Experiment] = (MAX, RNN), **options
) -> list[Step]:
    told: list[Step] = []
    trainings = reproduction(store, processes, **options)
    trainings.check(experiments)
    steps = trainings.run(experiments, told.append)
    assert told == steps
    return steps


def words(steps: Sequence[Step]) -> list[str]:
    return [f"{step.experiment.label} {step.stage}: {step.note}" for step in steps]


def test_learning_rates_first_then_fresh_seeds_at_the_best(store: Store):
    processes = FakeProcesses()
    steps = run(store, processes)
    assert words(steps) == ["max tuning: trained", "max fresh: trained", "rnn tuning: trained"]
    fresh = processes.trained[1][0]
    assert fresh.learning_rates == (3e-3,)
    assert (fresh.seeds, fresh.first_seed) == (4, 100)
    outcome = read_outcome(store, SCALE, MAX)
    assert outcome is not None
    assert (outcome.stage, outcome.complete) == ("fresh", True)
    assert [step.path for step in steps] == [path for _, path in processes.trained]


def test_what_is_done_is_left_as_it_is(store: Store):
    run(store, FakeProcesses())
    processes = FakeProcesses()
    steps = run(store, processes)
    assert words(steps) == [
        "max tuning: done already",
        "max fresh: done already",
        "rnn tuning: done already",
    ]
    assert processes.trained == []
    assert [step.seconds for step in steps] == [None] * 3


def test_what_others_have_is_not_made_again(store: Store):
    kept = write_stage(Store(store.others[0]), RNN)
    processes = FakeProcesses()
    (step,) = run(store, processes, [RNN])
    assert (step.result, step.path) == ("done already", kept.path)
    # But what they only began is made here.
    begun = write_stage(Store(store.others[0]), replace(MAX, fresh=False), evaluations=2)
    (step,) = run(store, processes, [replace(MAX, fresh=False)])
    assert step.result == "trained"
    assert step.path != begun.path


def test_what_was_begun_goes_on_in_its_place(store: Store):
    class GoingOn(FakeProcesses):
        def train(self, settings: Settings, path: Path, watch: Callable[[], None]) -> Ending | None:
            self.trained.append((settings, path))
            watch()
            return Ending(0, 1.0, "", path)

    write_stage(store, RNN, evaluations=2)
    processes = GoingOn()
    seen = []
    (step,) = run(store, processes, [RNN], watch=lambda *told: seen.append(told))
    assert step.path == processes.trained[0][1] == store.own_path(SCALE, RNN, "tuning")
    assert seen == [(RNN, "tuning", 40, 80)]


def test_one_that_fails_stops_no_other_and_has_no_fresh_seeds(store: Store):
    processes = FakeProcesses(statuses={"max": 2})
    processes.message = "it is wrong."
    steps = run(store, processes)
    assert words(steps)[1:] == ["rnn tuning: trained"]
    assert steps[0].result == "failed"
    assert steps[0].detail.startswith("it is wrong. (all that it said: ")
    processes = FakeProcesses(statuses={"max": 9})
    assert "exit status 9" in run(store, processes)[0].detail


def test_members_that_were_stopped_are_told_and_fresh_seeds_follow(store: Store):
    processes = FakeProcesses()
    processes.message = f"{STOPPED} the loss of 2 of 6 was not finite"
    assert words(run(store, processes, [MAX])) == [
        f"max tuning: trained: {processes.message}",
        f"max fresh: trained: {processes.message}",
    ]
    processes.message = "some warning of a library"
    assert words(run(store, processes, [RNN])) == ["rnn tuning: trained"]


def test_one_that_was_interrupted_is_no_failure(store: Store):
    assert words(run(store, FakeProcesses(statuses={"max": 3}))) == [
        "max tuning: interrupted",
        "rnn tuning: trained",
    ]
    stopped = FakeProcesses()
    stopped.stopping.set()
    assert words(run(store, stopped, [MAX])) == ["max tuning: not started"]


def test_other_settings_than_are_asked_for_are_named_and_stop_no_other(store: Store):
    write_stage(store, MAX, change=lambda settings: replace(settings, seeds=2))
    steps = run(store, FakeProcesses())
    assert steps[0].result == "failed"
    assert "was trained with other settings" in steps[0].detail
    assert "--folder" in steps[0].detail
    assert words(steps)[1:] == ["rnn tuning: trained"]
    # Who asks for the same has it.
    steps = run(store, FakeProcesses(), [MAX], seeds=2, fresh_seeds=0)
    assert words(steps) == ["max tuning: done already"]


def test_fresh_seeds_of_another_learning_rate_are_not_replaced(store: Store):
    run(store, FakeProcesses(), [MAX])
    fresh = store.own_path(SCALE, MAX, "fresh")
    settings = fresh / "settings.json"
    settings.write_text(settings.read_text().replace("0.003", "0.001"))
    before = settings.read_text()
    assert run(store, FakeProcesses(), [MAX])[1].result == "failed"
    assert settings.read_text() == before


def test_damaged_runs_are_failures(store: Store):
    damaged = write_stage(store, MAX)
    (damaged.path / "settings.json").write_text("{")
    steps = run(store, FakeProcesses())
    assert steps[0].result == "failed"
    assert "damaged" in steps[0].detail
    assert steps[1].result == "trained"


def test_no_learning_rate_is_chosen_where_all_is_nan(store: Store):
    nan = {member: [float("nan")] * 3 for member in SCALE.settings(MAX, "tuning").members}
    write_stage(store, MAX, returns=nan)
    assert words(run(store, FakeProcesses(), [MAX]))[0] == "max tuning: done already"
    assert "nan" in run(store, FakeProcesses(), [MAX])[1].detail
    with pytest.raises(UserError, match="no learning rate was chosen for rnn yet"):
        reproduction(store, FakeProcesses()).planned(RNN, "fresh")


def test_less_than_the_scale_has(store: Store):
    processes = FakeProcesses()
    steps = run(
        store,
        processes,
        [MAX],
        learning_rates=(1e-2,),
        seeds=1,
        fresh_seeds=2,
        frames=40,
        precision="tensorfloat32",
    )
    assert [step.result for step in steps] == ["trained", "trained"]
    tuning, fresh = (settings for settings, _ in processes.trained)
    assert tuning.members == [(1e-2, 0)]
    assert fresh.members == [(1e-2, 100), (1e-2, 101)]
    assert {one.frames for one in (tuning, fresh)} == {40}
    assert {one.precision for one in (tuning, fresh)} == {"tensorfloat32"}
    # More frames than the scale has are not made.
    (step,) = run(store, processes, [RNN], frames=10_000)
    assert processes.trained[-1][0].frames == 80
    assert step.result == "trained"


@pytest.mark.parametrize(
    ("reductions", "complaint"),
    [
        ({"seeds": 0}, "seeds is 0"),
        ({"fresh_seeds": -1}, "seeds is -1"),
        ({"frames": 39}, "frames is 39"),
        ({"learning_rates": (1e-3, 1e-3)}, "learning_rates is"),
        ({"learning_rates": (-1.0,)}, "learning_rates is"),
    ],
)
def test_bad_numbers_are_noticed_before_anything_is_trained(store: Store, reductions, complaint):
    processes = FakeProcesses()
    with pytest.raises(UserError, match=complaint):
        run(store, processes, [RNN, MAX], **reductions)
    assert processes.trained == []


def test_trainings_go_on_side_by_side(store: Store):
    class Meeting(FakeProcesses):
        together = threading.Barrier(2, timeout=20)

        def train(self, settings: Settings, path: Path, watch: Callable[[], None]) -> Ending | None:
            self.together.wait()
            return super().train(settings, path, watch)

    steps = run(store, Meeting(jobs=2), [replace(MAX, fresh=False), RNN])
    assert sorted(words(steps)) == ["max tuning: trained", "rnn tuning: trained"]


class Interrupting(FakeProcesses):
    """Sends the main thread Ctrl-C, once or twice, and ends when it is to."""

    def __init__(self, times: int):
        super().__init__()
        self.times = times

    def train(self, settings: Settings, path: Path, watch: Callable[[], None]) -> Ending | None:
        if self.stopping.is_set():
            return None
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        assert self.stopping.wait(20)
        if self.times == 2:
            time.sleep(0.3)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            assert self.hurry.wait(20)
        return Ending(3, 1.0, "", path)


@pytest.mark.parametrize("times", [1, 2])
def test_an_interruption_waits_for_what_is_saved_and_starts_nothing(store: Store, times: int):
    processes, steps, announced = Interrupting(times), [], []
    with pytest.raises(KeyboardInterrupt):
        reproduction(store, processes).run(
            [MAX, RNN], steps.append, lambda: announced.append("stopping")
        )
    assert announced == ["stopping"]
    assert processes.hurry.is_set() == (times == 2)
    assert words(steps) == ["max tuning: interrupted", "rnn tuning: not started"]


def test_a_mistake_of_ours_is_raised(store: Store):
    class Broken(FakeProcesses):
        def train(self, settings: Settings, path: Path, watch: Callable[[], None]) -> Ending | None:
            if self.stopping.is_set():
                return None
            raise ZeroDivisionError

    processes = Broken()
    with pytest.raises(ZeroDivisionError):
        run(store, processes)
    assert processes.stopping.is_set()
