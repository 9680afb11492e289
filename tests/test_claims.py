"""What the README and the guide say about the paper's claims is what the results say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_pages_have_the_verdicts_of_the_committed_results():
    for page in ("README.md", "docs/reproducing.md"):
        assert (ROOT / page).read_text().count("| **holds** |") >= 5
    # In a process of its own: checks of types, as tests have them, take minutes here.
    tool = [sys.executable, str(ROOT / "tools" / "write_claims.py"), "--check"]
    ended = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
