"""The code in the README and the guides runs as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_run_in_order(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in CODE.findall(page.read_text()):
        exec(compile(block, str(page), "exec"), names)
    if page.name == "README.md":
        assert names["returns"] == [4.0] * 4


def test_commands_of_the_readme_parse():
    from splagger.cli.main import parse

    commands = re.findall(r"^\$ splagger (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        parse(command.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page: Path):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []
