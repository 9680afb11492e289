import re
from pathlib import Path

import pytest

from splagger.environments.contract import check_target, failures, require_sound
from splagger.foundation.errors import UserError

SOURCE = """
from support.bad_environments import Good, PythonIf, NeverEnds


class NeedsSize(Good):
    size: int

    def __init__(self, size: int):
        self.size = 1 // size


number = 3
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Modules of a user's."""
    (tmp_path / "own_checked.py").write_text(SOURCE)
    (tmp_path / "own_broken.py").write_text("import splagger\nsplagger.missing\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("own_nowhere:Good", "cannot be imported .*ModuleNotFoundError"),
        ("own_broken:Good", "cannot be imported .*AttributeError"),
        ("own_checked:Goood", "unknown class or function in own_checked 'Goood': .* Good"),
        ("own_checked:number", "must be a subclass of"),
        ("own_checked:NeedsSize", "cannot be made: .*size"),
        ("own_checked:NeedsSize:size=none", "option 'size' .* must be an integer"),
        ("own_checked:NeedsSize:size=0", "ZeroDivisionError.*line 9, in __init__: .*1 // size"),
    ],
)
def test_what_cannot_be_made_is_a_failure_and_refused_for_training(text: str, message: str):
    (finding,) = check_target(text)
    assert finding.outcome == "failure"
    assert finding.check == "construction"
    assert finding.fix
    assert re.search(message, finding.message)
    with pytest.raises(UserError, match=message):
        require_sound(text)


def test_training_is_refused_with_the_message_of_the_check():
    (finding,) = failures(check_target("own_checked:PythonIf"))
    with pytest.raises(UserError) as error:
        require_sound("own_checked:PythonIf")
    assert str(finding) in str(error.value)
    assert "`splagger check own_checked:PythonIf`" in str(error.value)


def test_training_waits_for_cheap_checks_only():
    require_sound("own_checked:Good")
    require_sound("own_checked:NeverEnds")


def test_registered_environments_need_no_check_before_training(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("splagger.environments.contract.targets.first_look", None)
    require_sound("t-maze-noise:length=5")


def test_an_unknown_name_is_bad_input():
    with pytest.raises(UserError, match="unknown environment 't-maze-nois'"):
        check_target("t-maze-nois")
