import dataclasses
import re
import sys
import textwrap
from pathlib import Path
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments import registry
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.registry import (
    ENTRIES,
    EnvironmentSpecification,
    canonical_name,
    entry,
    environment_names,
    make_trial,
)
from splagger.environments.t_maze.t_maze import TMaze
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError

PUBLISHED = {
    "t-maze-noise": "T-LN-v0",
    "t-maze-long-noise": "T-LN-P1-v0",
    "t-maze-long-short": "T-LS-P1-v0",
    "t-maze-agreement": "T-LN-P1-A50-v0",
    "t-maze-agreement-position": "T-LN-P1-A50-pos-v0",
    "t-maze-agreement-wave": "T-LN-P1-A50-posw-v0",
    "t-maze-latent": "T-LN-P1-LDp7p5-v0",
}


def test_names_and_aliases():
    assert set(PUBLISHED) <= set(environment_names())
    for name, alias in PUBLISHED.items():
        assert entry(name).name == name
        for same in (alias, alias.removesuffix("-v0"), alias.lower(), name.upper()):
            assert entry(same) is entry(name)
            assert canonical_name(same) == name
    everything = [
        name.lower() for found in ENTRIES for name in (found.name, *dict.fromkeys(found.aliases))
    ]
    assert len(everything) == len(set(everything))


def test_published_mazes():
    mazes = {name: make_trial(name).environment for name in PUBLISHED}
    assert mazes == {
        "t-maze-noise": TMaze(indicator_position=0),
        "t-maze-long-noise": TMaze(),
        "t-maze-long-short": TMaze(checks=True, force_right=False, force_decision=False),
        "t-maze-agreement": TMaze(second_indicator_position=50),
        "t-maze-agreement-position": TMaze(second_indicator_position=50, position_encoding="raw"),
        "t-maze-agreement-wave": TMaze(second_indicator_position=50, position_encoding="wave"),
        "t-maze-latent": TMaze(latent_probabilities=(0.7, 0.5)),
    }
    for name in PUBLISHED:
        assert make_trial(name).episodes == 4
        assert make_trial(name).boundary == "both"
        assert EnvironmentSpecification.parse(name).published_boundary == "start"


@pytest.mark.parametrize("found", ENTRIES, ids=lambda found: found.name)
def test_every_entry_is_complete(found):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", found.name)
    assert "\n" not in found.description
    assert len(found.description) > 20
    assert found.episodes >= 1
    # Every option has a default, so that the name alone is enough.
    assert all(option.default is not option.type for option in found.options.values())
    assert set(dict(found.held_out)) <= set(found.options)
    if found.simulated_on == "host":
        pytest.importorskip("metaworld")
    environment = found.builder()
    assert environment.action_space is not None
    on_host = {"jax": {False}, "host": {True}, "either": {False, True}}[found.simulated_on]
    assert isinstance(environment, HostEnvironment) in on_host


def test_options_reach_the_environment():
    trial = make_trial("t-maze-long-noise:length=20,episodes=8")
    assert trial.environment == TMaze(length=20)
    assert trial.episodes == 8
    assert trial.max_steps == 8 * 31
    assert make_trial("T-LN-P1-A50:length=20").environment == TMaze(
        length=20, second_indicator_position=10
    )
    assert make_trial("t-maze-agreement:second_indicator_position=7").environment == TMaze(
        second_indicator_position=7
    )
    assert make_trial("t-maze-latent:up_probability=1").environment == TMaze(
        latent_probabilities=(1.0, 0.5)
    )
    assert make_trial("t-maze-long-short:check_reward=0.5,timeout=200").environment == TMaze(
        timeout=200, checks=True, force_right=False, force_decision=False, check_reward=0.5
    )


def test_the_argument_for_episodes_goes_first():
    assert make_trial("t-maze-noise:episodes=8", episodes=2).episodes == 2
    assert make_trial("t-maze-noise", episodes=1).observation_size == 4
    assert make_trial("t-maze-noise", boundary="start").boundary == "start"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("T-LN-P1-v0:length=20", "t-maze-long-noise:length=20"),
        (" t-maze-long-noise:length=020,episodes=4 ", "t-maze-long-noise:length=20"),
        ("t-maze-long-noise:length=100,timeout=none", "t-maze-long-noise"),
        (
            "t-maze-latent:up_probability=.9,episodes=2,length=7",
            "t-maze-latent:length=7,up_probability=0.9,episodes=2",
        ),
        ("t-maze-latent:up_probability=0.7", "t-maze-latent"),
        ("my.module:Maze:b=2,a=1,episodes=1", "my.module:Maze:a=1,b=2,episodes=1"),
        ("my.module:Maze", "my.module:Maze"),
    ],
)
def test_one_text_for_all_ways_to_say_the_same(text, canonical):
    assert canonical_name(text) == canonical
    assert canonical_name(canonical) == canonical
    assert EnvironmentSpecification.parse(text) == EnvironmentSpecification.parse(canonical)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t-maze-nois", "unknown environment 't-maze-nois': did you mean t-maze-noise"),
        (
            "xyzzy:length=3",
            "unknown environment 'xyzzy': `splagger environments` lists the valid names.",
        ),
        ("", "unknown environment ''"),
        (
            "t-maze-noise:lenght=3",
            "unknown option of environment 't-maze-noise' 'lenght': did you mean length",
        ),
        ("t-maze-noise:episode=3", "unknown option .* 'episode': did you mean episodes"),
        ("t-maze-noise:length", "option 'length' .* must have the form option=value"),
        ("t-maze-noise:length=a", "option 'length' .* must be an integer, not 'a'"),
        ("t-maze-noise:length=3,length=3", "option 'length' .* is given twice"),
        ("t-maze-noise:episodes=0", "option 'episodes' of environment 't-maze-noise' is 0"),
        ("t-maze-noise:episodes=x", "option 'episodes' .* must be an integer, not 'x'"),
        ("t-maze-noise:length=1", "length of a T-maze is 1"),
        ("t-maze-agreement:length=3", "second_indicator_position is 1, .* must differ"),
        ("t-maze-latent:up_probability=2", "probability .* is 2.0"),
    ],
)
def test_errors(text, message):
    with pytest.raises(UserError, match=f"^{message}") as error:
        make_trial(text)
    assert "\n" not in str(error.value)


# A user's own environment

SOURCE = '''
import jax
import jax.numpy as jnp
from splagger.environments import Box, Discrete, Environment, Step

open({marker!r}, "a").close()


class Line(Environment):
    """Find the hidden end of a line."""

    reach: int = 3
    fee: float = 1.0
    observation_space = Box(-100, 100, (1,))
    action_space = Discrete(2)
    max_episode_steps = 5

    def sample_task(self, key):
        return jnp.where(jax.random.bernoulli(key), self.reach, -self.reach)

    def reset(self, task, state, key):
        return jnp.zeros((), int), jnp.zeros(1)

    def step(self, task, state, action, key):
        state = state + 2 * action - 1
        return state, Step(state[None], reward=-self.fee, terminated=state == task)


class Unfinished(Environment):
    """No methods."""


class NeedsSize(Line):
    size: int

    def __init__(self, size: int):
        self.size = size


number = 3
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A module of a user's on the import path, and the file that its import creates."""
    marker = tmp_path / "imported"
    (tmp_path / "own_environments").mkdir()
    (tmp_path / "own_environments" / "line.py").write_text(SOURCE.format(marker=str(marker)))
    (tmp_path / "own_environments" / "broken.py").write_text(
        textwrap.dedent("""
            def f(:
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield marker
    for name in [name for name in sys.modules if name.split(".")[0] == "own_environments"]:
        del sys.modules[name]


def test_own_environment(own: Path):
    trial = make_trial("own_environments.line:Line:reach=2,fee=0.5,episodes=2", trust=True)
    assert own.exists()
    assert isinstance(trial, Trial)
    assert trial.episodes == 2
    state, _ = trial.reset(jax.random.key(0))
    step = jax.jit(trial.step)
    # Straight to the goal, then the other way until the time limit.
    goal = jnp.where(state.task > 0, 1, 0)
    state, _ = step(state, goal, jax.random.key(1))
    state, result = step(state, goal, jax.random.key(1))
    assert result.episode_end
    assert not result.truncated
    np.testing.assert_allclose(result.reward, -0.5)
    for _ in range(4):
        state, result = step(state, 1 - goal, jax.random.key(2))
        assert not result.episode_end
    _, result = step(state, 1 - goal, jax.random.key(2))
    assert result.trial_end
    assert result.truncated


def test_own_environment_has_one_episode_and_ordinary_boundaries_by_default(own: Path):
    specification = EnvironmentSpecification.parse("own_environments.line:Line")
    assert specification.entry is None
    assert specification.published_boundary == "terminal"
    assert specification.trial(trust=True).episodes == 1


def test_nothing_is_imported_without_trust(own: Path):
    assert canonical_name("own_environments.line:Line:reach=2") == (
        "own_environments.line:Line:reach=2"
    )
    with pytest.raises(UserError, match="import and run code from own_environments.line.*trust"):
        make_trial("own_environments.line:Line")
    assert not own.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "own_environments/line.py:Line",
            "environment '.*' must name its module .* line:Line, not",
        ),
        ("own_environments.lin:Line", "environment '.*' cannot be imported .* ModuleNotFoundError"),
        ("own_environments.broken:Line", "environment '.*' cannot be imported .* SyntaxError"),
        (
            "own_environments.line:Lime",
            "unknown class or function in own_environments.line 'Lime': did you mean Line",
        ),
        ("own_environments.line:number", "environment '.*' must be a subclass of .*Environment"),
        ("own_environments.line:jnp", "environment '.*' must be a subclass of .*Environment"),
        ("own_environments.line:Line:reech=1", "unknown option .* 'reech': did you mean reach"),
        ("own_environments.line:Line:reach=x", "option 'reach' .* must be an integer, not 'x'"),
        ("own_environments.line:Unfinished", "environment '.*' cannot be made: .*abstract"),
        ("own_environments.line:NeedsSize", "environment '.*' cannot be made: .*size"),
    ],
)
def test_errors_of_own_environments(own: Path, text: str, message: str):
    with pytest.raises(UserError, match=f"^{message}") as error:
        make_trial(text, trust=True)
    assert "\n" not in str(error.value)


# Simulators


CHEETAH = "half-cheetah-direction"


@pytest.mark.parametrize(("backend", "simulator"), [("cpu", "native"), ("gpu", "mjx")])
def test_the_machine_decides_the_simulator(
    monkeypatch: pytest.MonkeyPatch, backend: str, simulator: str
):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    specification = EnvironmentSpecification.parse("HalfCheetahDir-v0:solver=fast,episodes=2")
    assert specification.simulator == "auto"
    resolved = specification.resolved()
    assert resolved.simulator == simulator
    assert str(resolved) == f"{CHEETAH}:simulator={simulator},solver=fast,episodes=2"
    assert EnvironmentSpecification.parse(str(resolved)) == resolved
    assert resolved.resolved() is resolved


def test_what_is_asked_for_or_has_no_choice_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for text in (f"{CHEETAH}:simulator=native", "t-maze-noise:length=3", "my.module:Body:a=1"):
        specification = EnvironmentSpecification.parse(text)
        assert specification.resolved() is specification
    assert EnvironmentSpecification.parse("t-maze-noise").simulator is None
    assert EnvironmentSpecification.parse("my.module:Body:simulator=auto").simulator is None


@pytest.mark.parametrize("backend", ["cpu", "gpu"])
def test_builders_are_never_asked_for_whatever_suits(monkeypatch: pytest.MonkeyPatch, backend: str):
    built = []

    def body(simulator: Literal["auto", "native", "mjx"] = "auto", legs: int = 2):
        built.append((simulator, legs))
        return TMaze()

    replaced = dataclasses.replace(entry(CHEETAH), builder=body)
    monkeypatch.setitem(registry._BY_NAME, CHEETAH, replaced)
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    make_trial(CHEETAH)
    make_trial(f"{CHEETAH}:simulator=mjx,legs=4")
    make_trial(f"{CHEETAH}:simulator=native")
    suitable = "mjx" if backend == "gpu" else "native"
    assert built == [(suitable, 2), ("mjx", 4), ("native", 2)]


def test_another_simulator():
    specification = EnvironmentSpecification.parse(f"{CHEETAH}:simulator=mjx,solver=fast")
    assert str(specification.with_simulator("native")) == (
        f"{CHEETAH}:simulator=native,solver=fast"
    )
    assert str(specification.with_simulator("auto")) == f"{CHEETAH}:solver=fast"
    with pytest.raises(UserError) as error:
        specification.with_simulator("warp")
    assert str(error.value) == (
        "option 'simulator' of environment 'half-cheetah-direction' must be auto or native or "
        "mjx, not 'warp'."
    )


@pytest.mark.parametrize("text", ["t-maze-noise:length=3", "my.module:Body"])
def test_no_choice_of_simulators(text: str):
    specification = EnvironmentSpecification.parse(text)
    with pytest.raises(UserError) as error:
        specification.with_simulator("mjx")
    assert str(error.value) == (
        f"simulator is 'mjx', but environment '{specification.name}' has no choice of "
        "simulators, which walking bodies have, such as half-cheetah-direction: leave it out."
    )
