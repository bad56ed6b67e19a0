"""The page can be read by anybody: axe-core in a browser, and what needs no browser at all.

axe-core comes with ``pip install "msspas-analysis[browser]"``; the browser is the system's
Chromium or Chrome, or the one that ``CHROME_PATH`` names. Where either is absent those tests are
skipped, unless ``MSSPAS_REQUIRE_BROWSER=1`` is set: then they fail.
"""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from msspas_analysis.ingest import read_workbook
from msspas_analysis.report import service_evaluation

WORKBOOK = Path(__file__).parents[1] / "data" / "synthetic" / "centre_messy.xlsx"
WCAG_21_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# a desktop, a phone, and the width at which WCAG 1.4.10 asks for no sideways scrolling
WIDTHS = {"desktop": 1280, "phone": 390, "reflow": 320}
# rules that must have had something to judge, or the run was of an empty page
JUDGED = {"color-contrast", "document-title", "html-has-lang", "image-alt", "list"}
# what axe cannot decide and a reader of the page can, each with the answer
UNDECIDABLE = {
    "th-has-data-cells": "the heading of a group of rows has its data in the rows below it",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LEAST_CONTRAST = 4.5


@pytest.fixture(scope="module")
def intake():
    return read_workbook(WORKBOOK)


@pytest.fixture(scope="module", params=["public", "internal"])
def page(request, intake, tmp_path_factory):
    """Write the report of the example workbook and return its HTML."""
    made = service_evaluation(intake, profile=request.param)
    path, _ = made.write(tmp_path_factory.mktemp("report") / "report.html")
    return path.read_text(encoding="utf-8")


# --- axe in a browser -----------------------------------------------------------------------------


def unavailable(reason):
    if os.environ.get("MSSPAS_REQUIRE_BROWSER") == "1":
        pytest.fail(f"MSSPAS_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def axe():
    """Return the path of axe-core's script; the package around it is not imported."""
    found = find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        unavailable('axe-core is not installed: pip install "msspas-analysis[browser]"')
    return Path(found.submodule_search_locations[0]) / "axe.min.js"


@pytest.fixture(scope="module")
def browser():
    named = os.environ.get("CHROME_PATH")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None or shutil.which(found) is None:
        unavailable(
            f"there is no browser at CHROME_PATH={named}"
            if named
            else "no Chromium or Chrome is on the PATH; CHROME_PATH may name one"
        )
    return found


# a frame, because a headless window is never narrower than 500 pixels
FRAME = '<iframe id="{name}" width="{width}" height="900" srcdoc="{page}"></iframe>'
RUN = """
<script src="{axe}"></script>
<script>
const tell = what => {{
  const answer = parent.document.createElement("pre");
  answer.id = "answer-" + frameElement.id;
  answer.textContent = JSON.stringify(what);
  parent.document.body.append(answer);
}};
addEventListener("load", () => {{
  const root = document.documentElement;
  axe.run({{ runOnly: {{ type: "tag", values: {tags} }} }}).then(found => tell({{
    width: root.clientWidth,
    sideways: root.scrollWidth - root.clientWidth,
    violations: found.violations,
    undecided: found.incomplete,
    passed: found.passes.map(rule => rule.id),
  }}), error => tell({{ error: String(error) }}));
}});
</script>
"""


def judge(page, axe, browser, folder):
    """Run axe on `page` at every width; return its answers by name of the width."""
    run = RUN.format(axe=axe.as_uri(), tags=json.dumps(WCAG_21_AA))
    whole = html.escape(page.replace("</body>", f"{run}</body>"))
    frames = (FRAME.format(name=name, width=width, page=whole) for name, width in WIDTHS.items())
    outer = folder / "frames.html"
    outer.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><body>{"".join(frames)}</body>', encoding="utf-8"
    )
    done = subprocess.run(
        [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1400,1000",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=120000",
            "--dump-dom", outer.as_uri(),
        ],
        capture_output=True, text=True, encoding="utf-8", timeout=180, check=False,
    )  # fmt: skip
    answers = {}
    for name in WIDTHS:
        found = re.search(rf'<pre id="answer-{name}">(.*?)</pre>', done.stdout, flags=re.DOTALL)
        assert found, f"no answer at {name} width; the browser said: {done.stderr[-2000:]}"
        answers[name] = json.loads(html.unescape(found[1]))
        assert "error" not in answers[name], answers[name]
        assert answers[name]["width"] == WIDTHS[name]
    return answers


def listed(rules):
    """Return one paragraph for each element that breaks a rule."""
    return "\n\n".join(
        f"{rule['id']} ({rule['impact']}): {rule['help']}, {rule['helpUrl']}\n"
        f"  {' '.join(map(str, node['target']))}\n  {node['html'][:160]}\n"
        f"  {(node.get('failureSummary') or '').strip()}"
        for rule in rules
        for node in rule["nodes"]
    )


@pytest.fixture(scope="module")
def answers(page, axe, browser, tmp_path_factory):
    return judge(page, axe, browser, tmp_path_factory.mktemp("axe"))


@pytest.mark.parametrize("name", WIDTHS)
def test_axe_finds_nothing_against_wcag_2_1_aa(answers, name):
    answer = answers[name]
    assert set(answer["passed"]) >= JUDGED
    assert not answer["violations"], f"at {name} width:\n{listed(answer['violations'])}"


@pytest.mark.parametrize("name", WIDTHS)
def test_axe_leaves_nothing_undecided(answers, name):
    beyond = set(UNDECIDABLE)
    if name != "desktop":
        # a wide table moves within its own box, and axe judges no colour that is out of sight
        beyond.add("color-contrast")
    undecided = [rule for rule in answers[name]["undecided"] if rule["id"] not in beyond]
    assert not undecided, f"at {name} width:\n{listed(undecided)}"


@pytest.mark.parametrize("name", WIDTHS)
def test_nothing_is_read_by_scrolling_the_page_sideways(answers, name):
    assert answers[name]["sideways"] <= 0


BROKEN = """<!DOCTYPE html>
<html><head><title>Broken</title>
<style>p { color: #999; background: #fff } @media (max-width: 34rem) { div { width: 40rem } }</style>
</head><body><main><h1>One</h1><p>pale words</p><div>wide</div><img src="data:image/gif;base64,">
</main></body></html>"""


def test_axe_finds_what_is_wrong_on_purpose(axe, browser, tmp_path):
    for name, answer in judge(BROKEN, axe, browser, tmp_path).items():
        assert {rule["id"] for rule in answer["violations"]} >= {
            "color-contrast",
            "html-has-lang",
            "image-alt",
        }
        assert "pale words" in listed(answer["violations"])
        assert (answer["sideways"] > 0) == (name != "desktop")


def test_a_missing_browser_skips_or_fails(monkeypatch):
    monkeypatch.delenv("MSSPAS_REQUIRE_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        unavailable("no browser")
    monkeypatch.setenv("MSSPAS_REQUIRE_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match=r"MSSPAS_REQUIRE_BROWSER=1, but no browser"):
        unavailable("no browser")


# --- what needs no browser ------------------------------------------------------------------------

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Element:
    """An element of the page, with everything inside it."""

    tag: str
    attrs: dict[str, str | None] = field(default_factory=dict)
    inside: list[Element | str] = field(default_factory=list)

    def everything(self):
        """Return every element within this one, in the order in which they are read."""
        for part in self.inside:
            if isinstance(part, Element):
                yield part
                yield from part.everything()

    def all(self, *tags):
        return (part for part in self.everything() if part.tag in tags)

    def words(self):
        parts = (part if isinstance(part, str) else part.words() for part in self.inside)
        return " ".join("".join(parts).split())


class Tree(HTMLParser):
    """Build the elements of a page."""

    def __init__(self, text):
        super().__init__()
        self.root = Element("page")
        self.open = [self.root]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        new = Element(tag, dict(attrs))
        self.open[-1].inside.append(new)
        if tag not in VOID:
            self.open.append(new)

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].inside.append(data)


@pytest.fixture(scope="module")
def tree(page):
    return Tree(page).root


@pytest.fixture(scope="module")
def css(tree):
    return "\n".join(style.words() for style in tree.all("style"))


def test_the_page_names_itself_and_its_language(tree):
    (root,) = tree.all("html")
    assert root.attrs["lang"] == "en-GB"
    (title,) = tree.all("title")
    assert title.words()
    assert len(list(tree.all("main"))) == 1
    (view,) = (meta for meta in tree.all("meta") if meta.attrs.get("name") == "viewport")
    assert not re.search(r"user-scalable|maximum-scale", view.attrs["content"])


def test_headings_are_one_h1_and_skip_no_level(tree):
    headings = list(tree.all("h1", "h2", "h3", "h4", "h5", "h6"))
    levels = [int(heading.tag[1]) for heading in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert len(levels) > 5
    assert [pair for pair in itertools.pairwise(levels) if pair[1] > pair[0] + 1] == []
    words = [heading.words() for heading in headings]
    assert all(words)
    assert len(set(words)) == len(words)


def test_every_picture_says_what_it_shows(tree):
    pictures = list(tree.all("img"))
    assert pictures
    said = [str(picture.attrs.get("alt") or "").strip() for picture in pictures]
    assert [words for words in said if len(words) < 30] == []
    assert len(set(said)) == len(said)
    for drawing in tree.all("svg"):
        assert drawing.attrs.get("aria-hidden") == "true" or drawing.attrs.get("aria-label")


def test_every_table_has_a_caption_and_headings_with_a_scope(tree):
    tables = list(tree.all("table"))
    assert tables
    for table in tables:
        (caption,) = table.all("caption")
        assert caption.words()
        (top,) = table.all("thead")
        assert any(cell.attrs.get("scope") == "col" for cell in top.all("th"))
        assert all(
            cell.attrs.get("scope") in {"col", "colgroup", "row", "rowgroup"} and cell.words()
            for cell in table.all("th")
        )
        for body in table.all("tbody"):
            for row in body.all("tr"):
                assert next(row.all("th", "td")).tag == "th", row.words()


def test_the_keyboard_reaches_what_moves_and_nothing_jumps_the_queue(tree, css):
    places = [e for e in tree.everything() if "tabindex" in e.attrs]
    # -1 is where a link within the page leads, 0 waits its turn, 1 and more would push in
    assert {place.attrs["tabindex"] for place in places} <= {"-1", "0"}
    stops = [place for place in places if place.attrs["tabindex"] == "0"]
    assert stops or "overflow-x: auto" not in css
    for stop in stops:
        assert stop.attrs.get("role") == "region"
        assert stop.attrs.get("aria-label") or stop.attrs.get("aria-labelledby")
    # the line around the place of the keyboard is never taken away from what can be reached
    bare = re.findall(r"([^{}]+)\{[^{}]*outline:\s*(?:0|none)", css)
    reached = {place.tag for place in places if place.attrs["tabindex"] == "-1"}
    assert {selector.strip() for selector in bare} <= {f"{tag}:focus" for tag in reached}


def test_every_address_within_the_page_leads_somewhere(tree):
    names = [e.attrs["id"] for e in tree.everything() if "id" in e.attrs]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"\S+", name)] == []
    for element in tree.everything():
        for name in str(element.attrs.get("aria-labelledby") or "").split():
            assert name in names
        if str(element.attrs.get("href") or "").startswith("#"):
            assert element.attrs["href"][1:] in names
            assert element.words()


# --- colours --------------------------------------------------------------------------------------


def luminance(colour):
    """Return the relative luminance that WCAG defines, of ``#rgb`` or ``#rrggbb``."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colour_pairs(css):
    """Return every colour of words with every ground it may stand on.

    A rule that sets both is a pair of its own. A rule that sets only one of them may meet any
    rule that sets only the other, and the body's.
    """
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    named = dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-fA-F]{3,6})\b", css))
    words, grounds, pairs = set(), set(), set()
    for selector, body in re.findall(r"([^{};@]+)\{([^{}]*)\}", css):
        if "z-index: -1" in body:
            # a watermark, behind words that also say what it says
            continue
        found = {}
        for what, value in re.findall(r"(?:^|;)\s*(color|background(?:-color)?):\s*([^;]+)", body):
            value = re.sub(r"var\((--[\w-]+)\)", lambda m: named[m[1]], value)
            if colours := re.findall(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b", value):
                (found[what[:5]],) = colours
            else:
                assert value.strip() in {"inherit", "transparent", "none", "currentColor"}, value
        if len(found) == 2 and selector.strip() != "body":
            pairs.add((found["color"], found["backg"]))
        else:
            words |= {found["color"]} if "color" in found else set()
            grounds |= {found["backg"]} if "backg" in found else set()
    return pairs | set(itertools.product(words, grounds))


def test_words_stand_out_from_every_ground_of_the_page(css):
    pairs = colour_pairs(css)
    assert len(pairs) > 3
    pale = {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < LEAST_CONTRAST}
    assert pale == {}


def test_contrast_is_that_of_wcag():
    assert contrast("#000", "#fff") == pytest.approx(21)
    # the palest grey on white that passes, and the next one
    assert contrast("#767676", "#ffffff") > LEAST_CONTRAST > contrast("#777777", "#ffffff")


def test_pale_words_are_found():
    css = ":root { --soft: #999 } body { color: #111; background: #fff } p { color: var(--soft) }"
    assert ("#999", "#fff") in colour_pairs(css)
    assert colour_pairs(".x { color: #fff; background-color: #000 }") == {("#fff", "#000")}
