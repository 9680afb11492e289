from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from splagger.evidence.experiment import Experiment
from splagger.evidence.scales import SCALES
from splagger.evidence.store import Store
from splagger.evidence.targets import (
    ANALYSES,
    TARGETS,
    Target,
    all_experiments,
    covering,
    find_target,
)
from splagger.foundation.errors import UserError
from splagger.reporting.scores import ANCHORS


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_all_experiments_have_settings(scale):
    for experiment in all_experiments():
        settings = scale.settings(experiment, "tuning")
        assert settings.updates >= 2, experiment
        assert len(settings.members) == scale.seeds * len(scale.learning_rates)


def test_no_two_experiments_share_a_folder_or_differ_under_one_name():
    found = all_experiments()
    paths = [Store().own_path(SCALES["full"], one, "tuning") for one in found]
    assert len({str(path).lower() for path in paths}) == len(found) > 80
    changes = {}
    for experiment in chain.from_iterable(target.experiments for target in TARGETS):
        assert changes.setdefault(experiment.key, experiment.changes) == experiment.changes


def test_no_target_has_an_experiment_twice():
    for target in TARGETS:
        assert max(Counter(one.key for one in target.experiments).values(), default=1) == 1
        assert bool(target.experiments) != (target.name in ANALYSES), target.name
    assert len({target.name for target in TARGETS}) == len(TARGETS)


def test_environments_have_an_optimum_or_are_of_continuous_control():
    unknown = {one.environment for one in all_experiments()} - set(ANCHORS)
    assert unknown == {"half-cheetah-direction", "walker-random-parameters"}


def test_an_experiment_of_several_targets_is_trained_once_and_fresh_if_one_asks():
    first = Target("a", "", "", (Experiment("maze", "max"), Experiment("maze", "rnn")))
    second = Target("b", "", "", (Experiment("maze", "max", fresh=True),))
    for order in ((first, second), (second, first)):
        found = {one.key: one.fresh for one in all_experiments(order)}
        assert found == {("maze", "max"): True, ("maze", "rnn"): False}


def test_covering_has_every_environment_of_every_target():
    found = covering(TARGETS)
    assert len({one.key for one in found}) == len(found) < len(all_experiments()) / 2
    keys = {one.key for one in found}
    for target in TARGETS:
        for number, environment in enumerate(target.environments):
            here = [one.key for one in target.experiments if one.environment == environment]
            assert here[0] in keys
            assert number > 0 or here[-1] in keys
    assert [one.fresh for one in found] == [True] + [False] * (len(found) - 1)


def test_covering_by_hand():
    target = Target(
        "x",
        "",
        "",
        tuple(Experiment(place, agent) for place in ("one", "two") for agent in ("a", "b", "c")),
    )
    assert [one.key for one in covering([target])] == [("one", "a"), ("one", "c"), ("two", "a")]
    assert covering([Target("none", "", "")]) == []


def test_targets_are_found_by_name():
    assert find_target("memory").environments == ["t-maze-long-short", "minecraft-maze-long-short"]
    with pytest.raises(UserError, match="unknown target 'memry': did you mean memory"):
        find_target("memry")
    with pytest.raises(UserError, match="unknown target 'xyz': there are t-maze, mazes, "):
        find_target("xyz")


def test_names_have_no_path_in_them():
    for experiment in all_experiments():
        path = Store(Path("x")).own_path(SCALES["full"], experiment, "fresh")
        assert len(path.parts) == 5
