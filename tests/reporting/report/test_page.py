import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.report_runs import (
    ENVIRONMENT,
    RNN,
    SPLAGGER,
    make_run,
    plain_settings,
    without_playing,
)

from splagger.foundation.settings import to_dictionary
from splagger.recipes.recipes import settings_for
from splagger.reporting.report.animation_section import animations
from splagger.reporting.report.page import page
from splagger.reporting.report.reported_run import read_runs
from splagger.training.play_trial import no_progress

HOSTILE = "<script>alert('$x^$')</script>\"&\u202e"


class Reader(HTMLParser):
    """Collects what is on a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text_of: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("br", "img", "meta", "source"):
            self._open.append(tag)
            self.text_of.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str):
        assert self._open.pop() == tag

    def handle_data(self, data: str):
        for tag in set(self._open):
            self.text_of[tag][-1] += data

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of two agents, with animations."""
    folder = tmp_path_factory.mktemp("page")
    runs = read_runs(
        [
            make_run(folder / "a", RNN, plain_settings("rnn"), checkpoint=True),
            make_run(folder / "b", SPLAGGER, checkpoint=True),
        ]
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        without_playing(monkeypatch)
        return page(runs, animations(runs, seed=0, trust=False, progress=no_progress))


def page_of(*paths: Path) -> Reader:
    return Reader(page(read_runs(paths), None))


def test_the_page_is_whole_and_can_be_read_aloud(text: str):
    reader = Reader(text)
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert reader.text_of["title"] == [f"rnn and splagger on {ENVIRONMENT}"]
    levels = [int(tag[1]) for tag in reader.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    names = Counter(reader.values("id"))
    assert [name for name, count in names.items() if count > 1] == []
    links = [value for tag, name, value in reader.attributes if (tag, name) == ("a", "href")]
    assert len(links) == 7
    assert {link.removeprefix("#") for link in links} <= set(names)
    assert set(reader.values("aria-labelledby")) <= set(names)
    pictures = [tag for tag in reader.tags if tag == "img"]
    descriptions = [value for tag, name, value in reader.attributes if name == "alt"]
    assert len(descriptions) == len(pictures) == 2
    assert all(descriptions)
    figures = [tag for tag, name, value in reader.attributes if (tag, value) == ("svg", "img")]
    labels = [
        value for tag, name, value in reader.attributes if (tag, name) == ("svg", "aria-label")
    ]
    assert len(figures) == len(labels) == 2
    assert "splagger ends at a trial return of 7.00 after 2,000 frames" in labels[0]


def test_nothing_is_fetched_and_nothing_is_run(text: str):
    reader = Reader(text)
    assert "http" not in text.replace("http-equiv", "")
    assert "script" not in reader.tags
    assert "link" not in reader.tags
    assert [name for name in (n for _, n, _ in reader.attributes) if name.startswith("on")] == []
    for _, name, value in reader.attributes:
        if name in ("src", "srcset"):
            assert value.startswith(("data:image/gif;base64,", "data:image/png;base64,"))
        if name == "href":
            assert value.startswith("#")
    [style] = reader.text_of["style"]
    assert "url(" not in style
    assert "@import" not in style
    assert ("meta", "http-equiv", "Content-Security-Policy") in reader.attributes


def test_the_summary_says_what_came_of_it(text: str):
    summary = " ".join(Reader(text).text_of["p"][0].split())
    assert summary == (
        "splagger ends with a trial return of 7.00 (95 % interval 6.00 to 8.00), where 8 is the "
        "best possible, and succeeds in 50 % of the episodes. Below it: rnn with 3.00 (95 % "
        "interval 2.00 to 4.00). In 100 % of all pairs of seeds splagger ends higher than rnn."
    )


def test_tables_hold_the_numbers(text: str):
    cells = Reader(text).text_of
    runs, outcome, comparison, adaptation = cells["table"][:4]
    assert "gru 256 > half through max > hypernetwork" in runs
    assert "splagger7.006.00 to 8.0050\N{NO-BREAK SPACE}%" in outcome
    assert "best possible8.00" in outcome
    assert "splagger above rnn1.001.00 to 1.00" in comparison
    assert "rnn1.501.50" in adaptation
    assert "splagger3.503.50" in adaptation
    facts = dict(zip(cells["dt"], cells["dd"], strict=True))
    assert facts[ENVIRONMENT].endswith(
        "A trial has 2 episodes. Every evaluation is on 64 fresh tasks."
    )
    assert "jax" in facts["Versions"]


def test_it_says_how_to_run_again(text: str):
    commands = Reader(text).text_of["pre"]
    assert commands[0] == f"splagger train {ENVIRONMENT} --agent rnn --seeds 3\n"
    assert commands[1] == f"splagger train {ENVIRONMENT} --seeds 3\n"
    assert re.search(r"^splagger resume \S*/a --frames 4000$", commands[2], re.MULTILINE)


def test_names_from_files_stay_text(tmp_path: Path):
    settings = {"environment": f"{HOSTILE}e", "agent": {"name": HOSTILE}, f"{HOSTILE}k": HOSTILE}
    path = make_run(tmp_path / "<b>run", settings=settings)
    other = make_run(tmp_path / "<i>run", RNN, settings)
    reader = page_of(path, other)
    assert not {"script", "b>run", "i"} & set(reader.tags)
    assert HOSTILE in reader.text_of["h1"][0]
    assert any(HOSTILE in text for text in reader.text_of["text"])
    assert "<b>run" in reader.text_of["table"][0]
    assert f"{HOSTILE}k" in reader.text_of["code"]


def test_a_run_of_another_version_is_reported(tmp_path: Path):
    settings = {"environment": "a-lost-world", "agent": {"name": "ancient"}, "speed": 3}
    reader = page_of(make_run(tmp_path / "run", settings=settings, checkpoint=True))
    assert any("made by another version of splagger" in p for p in reader.text_of["p"])
    assert any("speed" in table for table in reader.text_of["table"])
    assert "pre" not in reader.tags


def test_an_agent_composed_in_python_is_run_again_in_python(tmp_path: Path):
    settings = plain_settings()
    settings["agent"]["encoder"] |= {"kind": "lstm", "invariant_initialisation": True}
    film = settings_for(ENVIRONMENT, "splagger-film")
    settings["agent"]["policy"] = to_dictionary(film)["agent"]["policy"]
    path = make_run(tmp_path / "it's", settings=settings)
    [program] = page_of(path).text_of["pre"]
    compile(program, "program", "exec")
    assert "splagger.start_run(from_dictionary(record" in program
    assert repr(str(path / "settings.json")) in program


def test_sections_come_only_where_there_is_something_to_show(tmp_path: Path):
    two_seeds = {(1e-2, 0): [0.0, 3.0], (1e-2, 1): [0.0, 5.0], (1e-3, 0): [0.0, 1.0]}
    reader = page_of(make_run(tmp_path / "run", two_seeds, success=None, episodes=1))
    titles = reader.text_of["h2"]
    assert titles == ["What was run", "Results", "Learning", "Settings", "Run again"]
    notes = " ".join(reader.text_of["li"])
    assert "Of fewer than 3 seeds no interval is shown." in notes
    assert "Which is better" not in notes
    assert "chosen by the seeds that are reported here" in notes
    assert "0.01, best of 2" in reader.text_of["table"][1]
    assert "success" not in reader.text_of["table"][1]
    assert "interval" not in reader.text_of["p"][0]


def test_stopped_seeds_are_said(tmp_path: Path):
    values = {(1e-3, 0): [0.0, 4.0, 8.0], (1e-3, 1): [0.0, 4.0], (1e-3, 2): [0.0, 4.0, 8.0]}
    reader = page_of(make_run(tmp_path / "run", values))
    assert "1 seed had to be stopped." in reader.text_of["p"][0]
    assert "3, 1 stopped" in reader.text_of["table"][1]
    assert any("A seed was stopped" in item for item in reader.text_of["li"])


def test_environments_are_told_apart(tmp_path: Path):
    elsewhere = plain_settings(environment="t-maze-noise:length=3")
    reader = page_of(make_run(tmp_path / "a"), make_run(tmp_path / "b", RNN, elsewhere))
    assert reader.text_of["title"] == ["splagger on 2 environments"]
    assert reader.text_of["p"][0].startswith(f"On {ENVIRONMENT}, splagger ends")
    assert reader.text_of["p"][1].startswith("On t-maze-noise:length=3, splagger ends")
    assert reader.tags.count("svg") == 4


def test_many_agents_fit(tmp_path: Path):
    name = "a-very-long-name-" * 4
    paths = [
        make_run(
            tmp_path / str(number),
            RNN,
            {"environment": ENVIRONMENT, "agent": {"name": f"{name}{number}"}},
        )
        for number in range(8)
    ]
    reader = page_of(*paths)
    assert reader.text_of["title"] == [f"8 agents on {ENVIRONMENT}"]
    assert any("All 28 pairs of agents" in text for text in reader.text_of["summary"])
    labels = [text for text in reader.text_of["text"] if "…" in text]
    assert len(set(labels)) == 8
