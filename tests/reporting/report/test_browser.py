"""The page in a real browser, without a window."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.report_runs import RNN, SPLAGGER, make_run, plain_settings, without_playing

from splagger.reporting.report.page import POLICY
from splagger.reporting.report.write import write_report

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="neither chromium, chromium-browser nor google-chrome is on the PATH"
)

WIDTHS = (360, 1280)

MEASURE = """
<script>
document.querySelectorAll("details").forEach(each => each.open = true);
const page = document.documentElement;
const broken = [...document.images].filter(each => !each.naturalWidth).length;
parent.postMessage([innerWidth, page.scrollWidth, broken, document.images.length], "*");
</script>
"""

# A window without a frame is at least 500 pixels wide: frames inside a page may be narrower.
AROUND = """
<!DOCTYPE html>
<body data-measured="">
<script>
addEventListener("message", event => document.body.dataset.measured += event.data + ";");
</script>
"""


def browse(folder: Path, page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Opens a page and lets it settle."""
    assert BROWSER is not None
    # Its sandbox refuses to run as root.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return subprocess.run(
        [
            BROWSER,
            *("--headless=new", *root, "--disable-gpu", "--hide-scrollbars"),
            f"--user-data-dir={folder / 'profile'}",
            *("--enable-logging=stderr", "--v=0", "--virtual-time-budget=2000"),
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )


def console(found: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in found.stderr.splitlines() if "CONSOLE" in line]


def copy_with(page: Path, script: str) -> Path:
    """A copy of the page that may run a script, which the page itself may not."""
    text = page.read_text()
    assert POLICY.replace("'", "&#x27;") in text
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    copy = page.with_name("copy.html")
    copy.write_text(text.replace("</body>", f"{script}</body>"))
    return copy


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with everything on it, also an agent with a long name."""
    without_playing(monkeypatch)
    long = {"environment": "maze:" + "x" * 90, "agent": {"name": "unbreakable" * 8}, "a" * 90: 1}
    runs = [
        make_run(tmp_path / "a", SPLAGGER, checkpoint=True),
        make_run(tmp_path / "b", RNN, plain_settings("rnn"), checkpoint=True),
        make_run(tmp_path / "c", RNN, long, checkpoint=True),
    ]
    return write_report(runs, tmp_path / "report.html")


def test_the_page_has_nothing_to_complain_about(report: Path, tmp_path: Path):
    picture = tmp_path / "picture.png"
    found = browse(tmp_path, report, f"--screenshot={picture}", "--window-size=1280,2000")
    assert console(found) == []
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    assert pixels.shape == (2000, 1280, 3)
    # Not an empty page, and not one that fills the screen with one colour.
    assert 0.01 < (pixels.max(axis=-1) < 128).mean() < 0.5
    # Complaints would have been seen: the page's own policy forbids this script.
    forbidden = tmp_path / "forbidden.html"
    forbidden.write_text(report.read_text().replace("</body>", "<script>1</script></body>"))
    [complaint] = console(browse(tmp_path, forbidden, "--dump-dom"))
    assert "Content Security Policy" in complaint


def test_it_is_as_wide_as_the_screen_and_no_wider(report: Path, tmp_path: Path):
    copy = copy_with(report, MEASURE)
    frames = "".join(
        f'<iframe src="{copy.name}" style="border: 0; width: {width}px; height: 900px"></iframe>'
        for width in WIDTHS
    )
    around = tmp_path / "around.html"
    around.write_text(f"{AROUND}{frames}")
    found = browse(tmp_path, around, "--dump-dom", "--window-size=1400,2000")
    assert console(found) == []
    measured = re.search(r'data-measured="([^"]*)"', found.stdout)
    assert measured is not None
    numbers = sorted(json.loads(f"[{each}]") for each in measured[1].split(";") if each)
    assert [width for width, *_ in numbers] == list(WIDTHS)
    for width, needed, broken, pictures in numbers:
        assert needed <= width
        assert (broken, pictures) == (0, 3)
