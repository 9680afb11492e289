"""What is known of walking bodies that MuJoCo itself simulates."""

import pytest

from splagger.environments.contract import check_target, failures
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.locomotion.half_cheetah import HalfCheetahVelocity
from splagger.environments.locomotion.native_environment import NativeEnvironment
from splagger.environments.registry import make_trial


def test_environments_are_equal_where_their_arguments_are():
    one, same_one, other = (
        NativeEnvironment(HalfCheetahVelocity(fastest), "fast") for fastest in (3.0, 3.0, 2.0)
    )
    assert one == same_one
    assert hash(one) == hash(same_one)
    assert one != other
    assert one.shortened(7).max_episode_steps == 7
    assert one.shortened(700).max_episode_steps == 200


@pytest.mark.parametrize("name", ["half-cheetah-velocity", "ant-goal"])
def test_trials_have_the_episodes_of_their_entry(name: str):
    native, compiled = (
        make_trial(f"{name}:simulator={simulator}", trust=True) for simulator in ("native", "mjx")
    )
    assert isinstance(native, HostTrial)
    assert isinstance(native.environment, NativeEnvironment)
    assert native.episodes == compiled.episodes
    assert native.observation_size == compiled.observation_size


@pytest.mark.parametrize("name", ["ant-goal-sparse", "hopper-random-parameters:recompute=false"])
def test_they_keep_the_contract(name: str):
    separator = "," if ":" in name else ":"
    found = check_target(f"{name}{separator}simulator=native")
    assert failures(found) == []
    assert any("trials ended" in str(finding) for finding in found)
