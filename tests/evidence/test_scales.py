import pytest
from support.evidence_runs import MAZE

from splagger.evidence.experiment import Experiment
from splagger.evidence.scales import FIRST_FRESH_SEED, FULL, SCALES, SHORT, SMOKE, find_scale
from splagger.foundation.errors import UserError
from splagger.recipes.recipes import settings_for

MAX = Experiment(MAZE, "max")


def test_the_paper_is_its_recipe_with_a_search():
    settings = FULL.settings(MAX, "tuning")
    published = settings_for(MAZE, "max", "paper")
    assert settings.frames == published.frames
    assert settings.agent == published.agent
    assert settings.learning == published.learning
    assert settings.learning_rates == (3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
    assert (settings.seeds, settings.first_seed) == (3, 0)


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_fresh_seeds_had_no_say_in_the_choice(scale):
    tuning, fresh = scale.settings(MAX, "tuning"), scale.settings(MAX, "fresh", 2e-4)
    assert fresh.learning_rates == (2e-4,)
    assert fresh.seeds == scale.fresh_seeds
    assert fresh.first_seed == FIRST_FRESH_SEED
    assert {seed for _, seed in tuning.members}.isdisjoint(seed for _, seed in fresh.members)
    assert fresh.frames == tuning.frames
    assert fresh.agent == tuning.agent


def test_frames_depend_on_how_the_environment_begins():
    assert SHORT.settings(MAX, "tuning").frames == 1_500_000
    assert SHORT.settings(Experiment("half-cheetah-direction", "max"), "tuning").frames == 400_000
    assert SMOKE.settings(MAX, "tuning").updates == 2


def test_changes_of_the_experiment_stay_below_those_of_the_scale():
    changes = {"agent": {"objective": {"elbo": {"kl_weight": 0.25}}}, "evaluation_tasks": 7}
    settings = SMOKE.settings(Experiment(MAZE, "pearl", "KL", changes), "tuning")
    assert settings.agent.objective.elbo is not None
    assert settings.agent.objective.elbo.kl_weight == 0.25
    assert settings.evaluation_tasks == 2
    with pytest.raises(UserError, match="unknown setting 'lerning'"):
        SMOKE.settings(Experiment(MAZE, "max", "x", {"lerning": 1}), "tuning")


def test_scales_are_found_by_name():
    assert find_scale("full") is FULL
    with pytest.raises(UserError, match="unknown scale 'ful': did you mean full"):
        find_scale("ful")
