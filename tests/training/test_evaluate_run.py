import json
import shutil
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest
from support.runs import ENVIRONMENT, UPDATES, files_of, run_settings

from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError
from splagger.foundation.precision import matrix_product_precision
from splagger.training import checkpoints
from splagger.training.evaluate_run import evaluate_run
from splagger.training.session import open_session, restore_latest
from splagger.training.train import start_run

TASKS = 16
OTHER = "t-maze-long-short:length=5,episodes=3"


@pytest.fixture(scope="module")
def result(finished_run: Path) -> dict:
    return evaluate_run(finished_run, tasks=TASKS)


def test_the_result_is_what_the_documentation_says(result: dict):
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    members = result["members"]
    assert {key: value for key, value in result.items() if key != "members"} == {
        "environment": ENVIRONMENT,
        "agent": "splagger",
        "tasks": TASKS,
        "optimal_trial_return": 8.0,
    }
    assert [(member["learning_rate"], member["seed"]) for member in members] == [
        (1e-3, 0),
        (1e-3, 1),
        (1e-2, 0),
        (1e-2, 1),
    ]
    for member in members:
        assert set(member) == {
            "learning_rate",
            "seed",
            "frames",
            "return_per_episode",
            "trial_return",
            "success_per_episode",
            "groups",
        }
        assert member["groups"] == {}
        assert member["frames"] == UPDATES * 32
        assert len(member["return_per_episode"]) == len(member["success_per_episode"]) == 2
        assert member["trial_return"] == sum(member["return_per_episode"])
        for value, success in zip(
            member["return_per_episode"], member["success_per_episode"], strict=True
        ):
            assert value == pytest.approx(7 * success - 3, abs=1e-5)


def test_it_is_the_compiled_evaluation_of_the_newest_checkpoint(run_copy: Path):
    directory, session = open_session(run_copy, trust=False)
    state, metadata = restore_latest(directory, session)
    # Large weights, so that what is done depends on all that is seen, and on the memory.
    networks = jax.tree.map(lambda leaf: 5 * leaf, state.agent.networks)
    state = eqx.tree_at(lambda s: s.agent.networks, state, networks)
    checkpoints.save(directory.checkpoints, UPDATES + 1, state, metadata)
    trial = make_trial(OTHER)
    results = []
    for erase_memory in (False, True):
        with matrix_product_precision("float32"):
            expected = session.evaluate(
                state,
                session.later_evaluation_keys(3),
                trial=trial,
                tasks=TASKS,
                erase_memory=erase_memory,
            )
        found = evaluate_run(
            str(run_copy), tasks=TASKS, environment=OTHER, seed=3, erase_memory=erase_memory
        )
        results.append(found["members"])
        assert found["environment"] == OTHER
        assert found["optimal_trial_return"] == pytest.approx(13.2)
        returns = [member["return_per_episode"] for member in found["members"]]
        np.testing.assert_allclose(returns, expected.returns.mean(axis=1), rtol=1e-6)
    assert results[0] != results[1]


def test_the_seed_decides_the_tasks(finished_run: Path, result: dict):
    assert evaluate_run(finished_run, tasks=TASKS) == result
    others = [evaluate_run(finished_run, tasks=TASKS, seed=seed) for seed in (1, 2**32 - 1)]
    assert all(other["members"] != result["members"] for other in others)


def test_the_run_stays_as_it_is(run_copy: Path):
    before = files_of(run_copy)
    evaluate_run(run_copy, tasks=TASKS)
    assert files_of(run_copy) == before


def test_an_alias_is_written_as_its_name(finished_run: Path, result: dict):
    again = evaluate_run(finished_run, tasks=TASKS, environment="T-LN-P1:episodes=2,length=3")
    assert again == result


def test_a_stopped_member_has_the_frames_of_its_state(tmp_path: Path):
    settings = run_settings(learning_rates=(1e-2, 1e38))
    start_run(settings, out=tmp_path / "run", quiet=True)
    members = evaluate_run(tmp_path / "run", tasks=TASKS)["members"]
    assert [member["frames"] for member in members] == [224, 224, 0, 0]
    assert np.isfinite([member["trial_return"] for member in members]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tasks": 0}, "tasks is 0, but it must be at least 1"),
        ({"tasks": -3}, "tasks is -3"),
        ({"seed": -1}, "seed is -1, but it must be at least 0 and below 4294967296"),
        ({"seed": 2**32}, "seed is 4294967296, but"),
        ({"environment": "t-mase"}, "unknown environment 't-mase': did you mean t-maze"),
        ({"environment": "t-maze-noise:length=1"}, "length of a T-maze is 1"),
        (
            {"environment": "t-maze-agreement-wave:episodes=2"},
            "'t-maze-agreement-wave:episodes=2' has observations of 7 numbers .* with 5",
        ),
        ({"environment": "t-maze-long-noise:episodes=1"}, "has observations of 4 numbers .* 5"),
        ({"environment": "os:path"}, "would import and run code from os"),
    ],
)
def test_bad_input(finished_run: Path, options: dict, message: str):
    before = files_of(finished_run)
    with pytest.raises(UserError, match=message) as error:
        evaluate_run(finished_run, **options)
    assert "\n" not in str(error.value)
    assert files_of(finished_run) == before


OWN = '''
import jax.numpy as jnp
from splagger import Box, Discrete, Environment, Step

open({marker!r}, "a").close()


class Walk(Environment):
    """Walk on."""

    observation_space = Box(-10, 10, ({size},))
    action_space = Discrete({actions})
    max_episode_steps = 3

    def sample_task(self, key):
        return jnp.zeros(())

    def reset(self, task, state, key):
        return jnp.zeros((), int), jnp.zeros({size})

    def step(self, task, state, action, key):
        state = state + action
        return state, Step(jnp.full({size}, 1.0 * state), 1.0 * action, terminated=False)
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Environments of a user's own; the file that importing one makes."""
    marker = tmp_path / "imported"
    for name, size, actions in (("own_five_actions", 4, 5), ("own_four_actions", 4, 4)):
        source = OWN.format(marker=str(marker), size=size, actions=actions)
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    return marker


def test_an_environment_with_other_actions_is_refused(finished_run: Path, own: Path):
    environment = "own_five_actions:Walk:episodes=2"
    with pytest.raises(UserError, match=r"action space Discrete\(.*5.*trained with Discrete\(.*4"):
        evaluate_run(finished_run, environment=environment, trust=True)


def test_code_is_imported_with_trust_alone(finished_run: Path, own: Path, tmp_path: Path):
    run = shutil.copytree(finished_run, tmp_path / "copy")
    # A run from elsewhere whose environment, with the same sizes, is code of its own.
    record = json.loads((run / "settings.json").read_text())
    record["settings"]["environment"] = "own_four_actions:Walk:episodes=2"
    (run / "settings.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="import and run code from own_four_actions.*--trust"):
        evaluate_run(run, tasks=2)
    assert not own.exists()
    with pytest.raises(UserError, match="import and run code from own_four_actions"):
        evaluate_run(finished_run, tasks=2, environment="own_four_actions:Walk:episodes=2")
    assert not own.exists()
    trusted = evaluate_run(
        finished_run, tasks=2, environment="own_four_actions:Walk:episodes=2", trust=True
    )
    assert own.exists()
    assert trusted["optimal_trial_return"] is None
    assert all(member["success_per_episode"] is None for member in trusted["members"])
    assert all(0 <= member["trial_return"] <= 18 for member in trusted["members"])


def test_a_network_for_every_task_needs_the_same_number_of_tasks(tmp_path: Path):
    settings = run_settings("multi-network", frames=32, learning_rates=(1e-3,), seeds=1)
    run = start_run(settings, out=tmp_path / "run", quiet=True).path
    assert evaluate_run(run, tasks=2)["members"][0]["trial_return"] <= 8
    other = "t-maze-agreement:length=4,second_indicator_position=2,episodes=2"
    with pytest.raises(UserError, match="has 4 tasks, but the agent was trained .* each of 2"):
        evaluate_run(run, tasks=2, environment=other)
