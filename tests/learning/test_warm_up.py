import jax.numpy as jnp
from support.objectives import objective_settings, started

from splagger.learning.objective import InferenceNumbers
from splagger.learning.warm_up import told_in_warm_up


def test_the_policy_is_told_until_the_warm_up_ends():
    settings = objective_settings("ti")
    agent = started(settings).agent
    two, none = (InferenceNumbers(jnp.asarray(1.0), jnp.asarray(until)) for until in (2.0, 0.0))
    told = [bool(told_in_warm_up(agent, done, two).told) for done in range(4)]
    assert told == [True, True, False, False]
    assert not bool(told_in_warm_up(agent, 0, none).told)
    plain = started(objective_settings("varibad")).agent
    assert told_in_warm_up(plain, 0, None) is plain
