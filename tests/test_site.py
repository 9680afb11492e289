"""The documentation site builds without a warning, is complete, and needs no other host."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import splagger

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
CONFIGURATION = (ROOT / "mkdocs.yml").read_text()
ELSEWHERE = re.compile(r"\s*(https?:)?//", re.IGNORECASE)


class Loads(HTMLParser):
    """What a browser loads with a page, links that it only follows left out."""

    def __init__(self, page: str):
        super().__init__()
        self.addresses: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            loaded = name in ("src", "srcset", "data", "poster", "xlink:href")
            if (loaded or (name == "href" and tag in ("link", "use"))) and value:
                self.addresses.append(value)

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="mkdocs is no part of the runtime")
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Loads]:
    return {page: Loads(page.read_text()) for page in site.rglob("*.html")}


def test_every_page_is_in_the_navigation_once():
    listed = re.findall(r"^ +- (\S+\.md)$", CONFIGURATION, re.MULTILINE)
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def test_every_public_name_is_in_the_reference():
    pages = "".join(page.read_text() for page in (DOCS / "api").glob("*.md"))
    shown = re.findall(r"^::: splagger\.(\w+)$", pages, re.MULTILINE)
    assert sorted(shown) == sorted(splagger.__all__)


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Loads]):
    assert len(pages) > len(list(DOCS.rglob("*.md")))
    assert [
        f"{page.relative_to(site)}: {address}"
        for page, loads in pages.items()
        for address in loads.addresses
        if ELSEWHERE.match(address)
    ] == []
    for sheet in site.rglob("*.css"):
        addresses = re.findall(r"url\(['\"]?([^)'\"]*)|@import ['\"]([^'\"]*)", sheet.read_text())
        assert [one for one in addresses if any(map(ELSEWHERE.match, one))] == []


def test_everything_that_pages_load_is_there(site: Path, pages: dict[Path, Loads]):
    missing = [
        f"{page.relative_to(site)}: {address}"
        for page, loads in pages.items()
        for address in loads.addresses
        if page.name != "404.html"
        and not address.startswith("data:")
        and not (page.parent / address.partition("?")[0].partition("#")[0]).exists()
    ]
    assert missing == []


def test_the_reference_shows_signatures_and_docstrings(site: Path, pages: dict[Path, Loads]):
    text = pages[site / "api" / "training.html"].text
    assert "Trains an agent and leaves a run directory." in text
    assert re.search(r"evaluate_run\(\s*run: ", text)
    for field in ("gradient_steps", "evaluation_tasks"):
        assert field in text


def test_results_and_examples_are_pages_and_links_lead_to_them(
    site: Path, pages: dict[Path, Loads]
):
    page = (site / "gymnasium.html").read_text()
    assert 'href="results/environments/index.html"' in page
    assert 'href="examples/gymnasium_cartpole.html"' in page
    assert "class CartPoles" in pages[site / "examples" / "gymnasium_cartpole.html"].text
    results = (site / "results" / "environments" / "index.html").read_text()
    assert 'href="../../gymnasium.html"' in results
    assert 'src="grid-navigation/learning-curve.png"' in results
