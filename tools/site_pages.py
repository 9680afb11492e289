"""What the documentation site shows besides `docs/`, and where its links lead: a hook of mkdocs.

The pages of `results/` and the programs of `examples/` become pages of the site. Links are written
as they hold in the checkout; those to other files of the project, which the site does not have,
become their texts.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
RESULTS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("results/**/*.md"))
EXAMPLES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("examples/*.py"))
PICTURES = {".gif", ".png", ".svg"}
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)#\s]*)(#[^)\s]*)?\)")
CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts results and examples into the navigation, before its last section."""
    examples = [_example_page(path) for path in EXAMPLES]
    *before, reference = config.nav or []
    config.nav = [*before, {"Results": RESULTS}, {"Examples": examples}, reference]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages, and the pictures of the results."""
    pictures = [path for path in (ROOT / "results").rglob("*") if path.suffix in PICTURES]
    for path in [*RESULTS, *(picture.relative_to(ROOT).as_posix() for picture in pictures)]:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    for path in EXAMPLES:
        content = f"# {path}\n\n```python\n{(ROOT / path).read_text()}```\n"
        files.append(File.generated(config, _example_page(path), content=content))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_) -> str:
    """Leads links to where the site has what they name."""
    here = page.file.src_uri
    folder = posixpath.dirname(here if here.startswith("results/") else f"docs/{here}")

    def lead(link: re.Match[str]) -> str:
        picture, text, target, anchor = link.groups()
        path = posixpath.normpath(posixpath.join(folder, target)) if target else here
        there = _in_site(path)
        if files.get_file_from_path(there) is None and (ROOT / path).exists():
            return text
        relative = posixpath.relpath(there, posixpath.dirname(here) or ".")
        return f"{picture}[{text}]({relative}{anchor or ''})"

    pieces = CODE.split(markdown)
    pieces[::2] = [LINK.sub(lead, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _example_page(path: str) -> str:
    return path.removesuffix(".py") + ".md"


def _in_site(path: str) -> str:
    """The site's path for one of the checkout."""
    if path in EXAMPLES:
        return _example_page(path)
    if (ROOT / path).is_dir() and f"{path}/README.md" in RESULTS:
        return f"{path}/README.md"
    return path.removeprefix("docs/")
