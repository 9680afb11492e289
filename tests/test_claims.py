"""What the README and the guide say about the paper's claims is what the results say."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def tool() -> dict:
    return runpy.run_path(str(ROOT / "tools" / "write_claims.py"))


def test_pages_have_the_verdicts_of_the_committed_results(tool: dict):
    pages = tool["pages"]()
    assert set(pages) == {"README.md", "docs/reproducing.md"}
    for page, text in pages.items():
        _, _, rest = (ROOT / page).read_text().partition(tool["START"])
        written, _, _ = rest.partition(tool["END"])
        assert written == text + "\n", f"{page}: run tools/write_claims.py"
        assert text.count("| **holds** |") >= 5
