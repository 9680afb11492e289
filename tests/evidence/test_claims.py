from pathlib import Path

import pytest

from splagger.cli.analysis_options import Analysis
from splagger.evidence.claims import CLAIMS
from splagger.evidence.comparisons import Compare, Learns
from splagger.evidence.experiment import Experiment
from splagger.evidence.finding import Part
from splagger.evidence.measurements import Changes, LastOrdered, NormsAbove
from splagger.evidence.targets import all_experiments
from splagger.reporting.quantities import GRADIENTS, PERMUTATION
from splagger.reporting.scores import ANCHORS

PARTS = [part for claim in CLAIMS for part in claim.parts]


def trained(part: Part) -> list[Experiment]:
    if isinstance(part, Compare | NormsAbove):
        return [part.first, part.second]
    return [part.experiment] if isinstance(part, Learns) else []


def test_every_claim_can_be_decided():
    targets = {one.key: one for one in all_experiments()}
    missing = {one.key for part in PARTS for one in trained(part) if one.key not in targets}
    assert missing == set()
    for part in PARTS:
        for one in trained(part):
            assert one.changes == targets[one.key].changes


def test_agents_are_compared_with_others_in_the_same_place():
    for part in PARTS:
        if isinstance(part, Compare | NormsAbove):
            assert part.first.environment == part.second.environment
            assert part.first.key != part.second.key


def test_analyses_are_of_quantities_and_agents_that_are_computed():
    names = {quantity.file_name for quantity in (*GRADIENTS, *PERMUTATION)}
    agents = set(Analysis(out=Path("out")).untrained)
    for part in PARTS:
        if isinstance(part, Changes):
            assert (part.quantity in names, part.agent in agents) == (True, True)
            assert part.low < part.high
        if isinstance(part, LastOrdered):
            assert part.quantity in names
            assert {*part.agents, *(part.equal or ())} <= agents


def test_what_needs_no_memory_lies_between_a_random_policy_and_the_optimum():
    parts = [part for part in PARTS if isinstance(part, Learns)]
    assert len(parts) == 3
    for part in parts:
        anchor = ANCHORS[part.experiment.environment]
        assert anchor.random <= part.chance < anchor.optimum


def test_claims_have_names_and_parts():
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS) == 25
    assert all(claim.parts and claim.text and claim.source for claim in CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_no_claim_asks_twice(claim):
    assert len(set(claim.parts)) == len(claim.parts)
