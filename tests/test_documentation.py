"""The code in the README and the guides runs as it stands."""

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RESULTS = sorted((ROOT / "results").rglob("*.md"))
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+\.py)\n")  # the first line of a block that readers save as a file
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def name(page: Path) -> str:
    """What tests call a page: its path in the project."""
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_python_blocks_run_in_order(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, object] = {}
    for block in CODE.findall(page.read_text()):
        file = FILE.match(block)
        if file:
            (tmp_path / file[1]).write_text(block)
        exec(compile(block, str(page), "exec"), names)
    if page.name == "README.md":
        assert names["returns"] == [4.0] * 4


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_parse(page: Path):
    from splagger.cli.main import parse

    commands = re.findall(r"^\$ splagger (.*)$", page.read_text(), re.MULTILINE)
    assert len(commands) >= (5 if page.name == "README.md" else 0)
    for command in commands:
        parse(command.split())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_examples_run(
    example: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    assert len(example.read_text().splitlines()) < 60
    if example.stem.startswith("gymnax"):
        pytest.importorskip("gymnax")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(example.parent)
    monkeypatch.setattr(sys, "argv", [str(example), "3200"])
    runpy.run_path(str(example), run_name="__main__")
    assert "mean return of each episode: [" in capsys.readouterr().out


@pytest.mark.parametrize("page", [*PAGES, *RESULTS], ids=name)
def test_links_inside_the_project_lead_somewhere(page: Path):
    targets = LINK.findall(without_code(page))
    assert [target for target, _ in targets if not (page.parent / target).exists()] == []
    assert [
        f"{target}#{anchor}"
        for target, anchor in targets
        if anchor and anchor not in anchors(page.parent / target if target else page)
    ] == []


def without_code(page: Path) -> str:
    """A page's text without its blocks of code, in which `#` begins no heading."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings: as web sites that show Markdown make them."""
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_anchors_are_those_that_web_sites_make(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("# More, if you want it\n\n```sh\n# no heading\n```\n\n## T-mazes: `max`\n")
    assert anchors(page) == {"more-if-you-want-it", "t-mazes-max"}
