import itertools
import json
import shutil
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from support.runs import FRAMES_PER_UPDATE, run_settings

from splagger.environments.trial import Trial
from splagger.foundation.encoder_settings import GRUSettings
from splagger.foundation.errors import UserError
from splagger.learning.sweep import Sweep
from splagger.training import checkpoints
from splagger.training.session import Session, open_session, restore_latest


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(run_settings(), trust=False)


def test_at_least_one_member_is_trained_at_once():
    settings = run_settings()
    sweep = Session(settings, trust=False, members_at_once=1).sweep
    assert isinstance(sweep, Sweep)
    assert sweep.members_at_once == 1
    with pytest.raises(UserError, match="members_at_once is 0, but it must be"):
        Session(settings, trust=False, members_at_once=0)


def bits(keys: jax.Array) -> list[tuple[int, ...]]:
    """Every key of an array of keys."""
    return [tuple(map(int, row)) for row in np.asarray(jax.random.key_data(keys)).reshape(-1, 2)]


def test_keys_of_evaluations_are_apart_by_update_seed_and_purpose(session: Session):
    evaluations = [session.training_evaluation_keys(update) for update in range(50)]
    evaluations += [session.later_evaluation_keys(seed) for seed in range(50)]
    assert all(keys.shape == (4,) for keys in evaluations)
    # Members of equal seeds are evaluated on the same tasks, so that learning rates compare.
    pairs = [bits(keys) for keys in evaluations]
    assert all(found[:2] == found[2:] for found in pairs)
    distinct = list(itertools.chain.from_iterable(found[:2] for found in pairs))
    assert len(set(distinct)) == len(distinct) == 200
    # And none of them is a key of training.
    for seed in (0, 1):
        key = jax.random.key(seed)
        training = set(bits(key))
        for _ in range(20):
            parts = jax.random.split(key, 3)
            training |= set(bits(parts))
            key = parts[0]
        assert not training & set(distinct)


def test_tasks_of_two_evaluations_differ(session: Session):
    assert isinstance(trial := session.trial, Trial)

    def tasks(keys):
        reset = jax.vmap(lambda key: jax.random.split(key)[0])(keys)
        states = jax.vmap(lambda key: jax.vmap(trial.reset)(jax.random.split(key, 64))[0])
        return np.asarray(states(reset).task.indicators)[..., 0]

    first, second = (tasks(session.training_evaluation_keys(update)) for update in (0, 2))
    later = tasks(session.later_evaluation_keys(0))
    drawn = [*first[:2], *second[:2], *later[:2]]
    for one, other in itertools.combinations(drawn, 2):
        assert 0.2 < np.mean(one == other) < 0.8


def test_settings_go_before_the_numbers_in_a_checkpoint(finished_run: Path):
    directory, session = open_session(finished_run, trust=False)
    learning = replace(session.settings.learning, anneal_learning_rate=True, discount=0.5)
    path = checkpoints.latest(directory.checkpoints)
    assert path is not None
    longer = Session(replace(session.settings, learning=learning, frames=10_000), trust=False)
    state, metadata = longer.restore(path)
    assert metadata["update"] == 7
    assert state.hyperparameters.discount.tolist() == [0.5] * 4
    assert state.hyperparameters.annealing_updates.tolist() == [10_000 // FRAMES_PER_UPDATE] * 4
    np.testing.assert_allclose(state.hyperparameters.learning_rate, [1e-3, 1e-3, 1e-2, 1e-2])


def test_a_checkpoint_of_other_settings_is_refused(finished_run: Path):
    directory, session = open_session(finished_run, trust=False)
    path = checkpoints.latest(directory.checkpoints)
    assert path is not None
    agent = replace(session.settings.agent, encoder=GRUSettings(10))
    other = Session(replace(session.settings, agent=agent), trust=False)
    with pytest.raises(UserError, match="made with other settings: .* has shape"):
        other.restore(path)


def test_a_run_without_checkpoint_says_how_to_start_it(finished_run: Path, tmp_path: Path):
    shutil.copy(finished_run / "settings.json", tmp_path)
    directory, session = open_session(tmp_path, trust=False)
    with pytest.raises(UserError, match=f"no checkpoint yet; `splagger resume {tmp_path}`"):
        restore_latest(directory, session)


def test_code_is_imported_only_with_trust(run_copy: Path):
    path = run_copy / "settings.json"
    record = json.loads(path.read_text())
    record["settings"]["environment"] = "no_such_module:Thing"
    path.write_text(json.dumps(record))
    with pytest.raises(UserError, match="import and run code from no_such_module.*--trust"):
        open_session(run_copy, trust=False)
    with pytest.raises(UserError, match="cannot be imported from no_such_module"):
        open_session(run_copy, trust=True)
