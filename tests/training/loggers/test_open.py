import importlib.util
from pathlib import Path

import pytest

from splagger.foundation.errors import UserError
from splagger.training.loggers.open import check_loggers, open_logger
from splagger.training.loggers.tensorboard import TensorBoardLogger
from splagger.training.loggers.wandb import WandbLogger


def test_names_are_given_once():
    assert check_loggers("wandb") == ("wandb",)
    assert check_loggers(["wandb", "tensorboard", "wandb"]) == ("wandb", "tensorboard")
    assert check_loggers(()) == ()


def test_unknown_loggers_are_refused():
    with pytest.raises(UserError, match="unknown logger 'tensorbord': did you mean tensorboard"):
        check_loggers(["tensorbord"])


@pytest.mark.parametrize(("name", "package"), [("tensorboard", "tensorboardX"), ("wandb", "wandb")])
def test_a_missing_package_names_its_extra(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda given: None if given == package else find(given)
    )
    message = rf"logger '{name}' needs the package {package}: .*splagger\[{name}\]"
    with pytest.raises(UserError, match=message):
        check_loggers([name])


def test_loggers_are_made_by_name_and_write_nothing_yet(tmp_path: Path):
    kinds = {"tensorboard": TensorBoardLogger, "wandb": WandbLogger}
    for name, kind in kinds.items():
        assert isinstance(open_logger(name, tmp_path, {}, [(1e-3, 0)], print), kind)
    assert list(tmp_path.iterdir()) == []
