from splagger.evidence.experiment import Experiment, experiments


def test_what_tells_experiments_apart():
    plain, variant = Experiment("maze", "pearl"), Experiment("maze", "pearl", "KL 1")
    assert plain.label == "pearl"
    assert variant.label == "pearl KL 1"
    assert plain.key == ("maze", "pearl") != variant.key


def test_agents_as_they_are():
    assert experiments("maze", "rnn", "max", fresh=("max", "amrl")) == [
        Experiment("maze", "rnn"),
        Experiment("maze", "max", fresh=True),
    ]
