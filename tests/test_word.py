"""The Word file: it says what the page says, and Word can tell what each part of it is."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from zipfile import ZipFile

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.table import Table as WordTable

from msspas_analysis.ingest import read_workbook
from msspas_analysis.plots import to_png
from msspas_analysis.report import Evaluation, service_evaluation
from msspas_analysis.report.blocks import Paragraph, Row, Section, Table, text
from msspas_analysis.report.word import write_word
from msspas_analysis.report.wording import SPEAK_TO_TEAM, WATERMARK
from msspas_analysis.results import Estimates

WORKBOOK = Path(__file__).parents[1] / "data" / "synthetic" / "centre_messy.xlsx"


@pytest.fixture(scope="module")
def evaluation():
    return service_evaluation(read_workbook(WORKBOOK))


@pytest.fixture(scope="module")
def file(evaluation, tmp_path_factory):
    return write_word(evaluation, tmp_path_factory.mktemp("word") / "new" / "report.docx")


@pytest.fixture(scope="module")
def document(file):
    return docx.Document(file)


def stand_in(*blocks, title="Service evaluation"):
    """Make an evaluation of a few blocks."""
    return Evaluation(
        title=title, results=Estimates.from_rows([]), released=pd.DataFrame(), notes=(),
        sections=(Section(key="one", heading="One", blocks=blocks),), settings={"Seed": "7"},
    )  # fmt: skip


def blocks_of(evaluation, kind):
    return [b for section in evaluation.sections for b in section.blocks if b.kind == kind]


def part(file, name):
    with ZipFile(file) as parts:
        return parts.read(name).decode("utf-8")


# --- the words ------------------------------------------------------------------------------------


class Spoken(HTMLParser):
    """The words of a page, one entry for each element that holds words of its own."""

    ALONE = frozenset(
        {"h1", "h2", "h3", "p", "li", "dt", "dd", "caption", "th", "td", "figcaption"}
    )

    def __init__(self, html):
        super().__init__()
        self.said, self.place, self.foot = [], None, False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.foot |= tag == "footer"
        if tag in self.ALONE and not self.foot:
            self.place = len(self.said)
            self.said.append("")

    def handle_endtag(self, tag):
        if tag in self.ALONE:
            self.place = None

    def handle_data(self, data):
        if self.place is not None:
            self.said[self.place] += data


def spoken(document):
    """Return the words of a Word file in the order in which they are read."""
    for part in document.iter_inner_content():
        if isinstance(part, WordTable):
            for row in part.rows:
                seen = []
                for cell in row.cells:
                    if cell._tc not in seen:
                        seen.append(cell._tc)
                        yield cell.text
        else:
            yield part.text


def tidy(said):
    return [words for one in said if (words := re.sub(r"[ \t\r\n]+", " ", one).strip(" "))]


def test_the_file_says_what_the_page_says_in_the_same_order(evaluation, document):
    page = tidy(Spoken(evaluation.to_html()).said)
    assert len(page) > 150
    assert tidy(spoken(document)) == page
    assert page[-1] == SPEAK_TO_TEAM


def test_hash_version_and_settings_stand_at_the_foot_of_the_first_page(evaluation, document):
    foot = "\n".join(said.text for said in document.sections[0].first_page_footer.paragraphs)
    assert len(evaluation.settings["SHA-256 of the data"]) == 64
    for name, value in evaluation.settings.items():
        assert f"{name}: {value}" in foot
    assert "results.csv" in foot


# --- what each part is ----------------------------------------------------------------------------


def test_headings_are_headings(evaluation, document):
    styled = [(said.style.name, said.text) for said in document.paragraphs]
    assert [words for style, words in styled if style == "Heading 1"] == [evaluation.title]
    assert [words for style, words in styled if style == "Heading 2"] == [
        section.heading for section in evaluation.sections
    ]
    lead = {words: style for style, words in styled if style in {"Conclusion", "To copy"}}
    assert next(iter(lead.values())) == "Conclusion"
    assert list(lead.values())[-1] == "To copy"
    assert styled[-1] == ("Last line", SPEAK_TO_TEAM)
    assert sum(style == "Caution" for style, _ in styled) == len(blocks_of(evaluation, "caution"))


def test_tables_repeat_their_headings_and_have_captions(evaluation, document):
    tables = blocks_of(evaluation, "table")
    assert len(document.tables) == len(tables) > 5
    for block, table in zip(tables, document.tables, strict=True):
        top, *rest = table.rows
        assert top._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:tblHeader")) is None for row in rest)
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)
        assert tuple(cell.text for cell in top.cells) == block.columns
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")) == block.caption
        look = table._tbl.tblPr.find(qn("w:tblLook"))
        assert look.get(qn("w:firstRow")) == look.get(qn("w:firstColumn")) == "1"
        (caption,) = (said for said in document.paragraphs if said._p is table._tbl.getprevious())
        assert (caption.style.name, caption.text) == ("Caption", block.caption)
        assert caption.paragraph_format.keep_with_next
        assert sum(cell.width for cell in top.cells) == pytest.approx(Mm(170), abs=Mm(1))


def test_pictures_are_those_of_the_page_with_its_words(evaluation, document):
    pictures, shapes = blocks_of(evaluation, "picture"), document.inline_shapes
    assert len(shapes) == len(pictures) > 2
    for block, shape in zip(pictures, shapes, strict=True):
        assert shape._inline.docPr.get("descr") == block.alt
        image = shape._inline.graphic.graphicData.pic.blipFill.blip.embed
        assert document.part.related_parts[image].blob == to_png(block.figure)
        assert shape.width < Mm(170)


def test_the_page_is_a4_numbered_and_in_british_english(file, document):
    (page,) = document.sections
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)
    for foot in (page.first_page_footer, page.footer):
        fields = [f.get(qn("w:instr")) for f in foot._element.iter(qn("w:fldSimple"))]
        assert fields == ["PAGE", "NUMPAGES"]
    assert document.core_properties.language == "en-GB"
    languages = re.findall(r'<w:lang w:val="([^"]+)"', part(file, "word/styles.xml"))
    assert set(languages) == {"en-GB"}
    assert 'w:themeFontLang w:val="en-GB"' in part(file, "word/settings.xml")
    assert 'w:val="15"' in part(file, "word/settings.xml")


def test_the_summary_has_the_first_page_to_itself(document):
    heads = [said for said in document.paragraphs if said.style.name == "Heading 2"]
    broken = [bool(said.paragraph_format.page_break_before) for said in heads]
    assert broken == [False, True, *[False] * (len(heads) - 2)]


# what the schema of Word asks for; a wrong order makes Word offer to repair the file
ORDERS = {
    "w:tblPr": ["tblStyle", "tblW", "jc", "tblInd", "tblBorders", "shd", "tblLayout",
                "tblCellMar", "tblLook", "tblCaption"],
    "w:pPr": ["pStyle", "keepNext", "keepLines", "pageBreakBefore", "widowControl", "numPr",
              "pBdr", "shd", "tabs", "spacing", "ind", "contextualSpacing", "jc", "outlineLvl"],
}  # fmt: skip


@pytest.mark.parametrize("kind", ORDERS)
def test_properties_stand_in_the_order_that_word_asks_for(document, kind):
    found = 0
    for root in (document.element, document.styles.element):
        for properties in root.iter(qn(kind)):
            names = [child.tag.split("}")[1] for child in properties]
            known = [ORDERS[kind].index(name) for name in names if name in ORDERS[kind]]
            assert known == sorted(known), names
            if root is document.element:
                assert set(names) <= set(ORDERS[kind])
                found += 1
    assert found > 5


# --- nobody's name, no day ------------------------------------------------------------------------


def test_the_properties_name_nobody(evaluation, file, document):
    about = document.core_properties
    assert about.title == evaluation.title
    assert {about.author, about.last_modified_by, about.comments, about.keywords} == {""}
    names = ZipFile(file).namelist()
    assert not [name for name in names if "thumbnail" in name or "comments" in name]
    kept = " ".join(part(file, name) for name in names if name.startswith("docProps/"))
    assert "python-docx" not in kept
    assert not re.search(r"<(?:Manager|Company)>[^<]", kept)


def test_the_same_report_gives_the_same_bytes_on_any_day(evaluation, file, tmp_path, monkeypatch):
    monkeypatch.setattr("time.localtime", lambda *_: (2031, 5, 6, 7, 8, 9, 1, 126, 0))
    again = write_word(evaluation, str(tmp_path / "again.docx"))
    assert again.read_bytes() == file.read_bytes()
    assert {entry.date_time[0] for entry in ZipFile(file).infolist()} == {1980}
    assert docx.Document(file).core_properties.modified.year == 2000


# --- profiles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["public", "internal"])
def test_an_internal_report_says_so_on_every_page(profile, tmp_path):
    plain = stand_in(Paragraph(text("Words.")))
    made = write_word(replace(plain, profile=profile), tmp_path / "x.docx")
    (page,) = docx.Document(made).sections
    for head in (page.first_page_header, page.header):
        said = "".join(one.text for one in head.paragraphs)
        marks = [x for x in head._element.iter() if x.tag.endswith("}textpath") and x.get("string")]
        assert (said, len(marks)) == ((WATERMARK, 1) if profile == "internal" else ("", 0))


# --- what can go wrong ----------------------------------------------------------------------------


def test_characters_that_xml_cannot_hold_are_left_out(tmp_path):
    rows = (Row(text("a\x00b"), (text("1\n 2"),)),)
    table = Table(caption="half \ud800 a pair", columns=("", "n"), groups=(("g\x07", rows),))
    made = write_word(stand_in(table, title="Our\x0b & <b>"), tmp_path / "x.docx")
    said = tidy(spoken(docx.Document(made)))
    assert said[0] == "Our & <b>"
    assert said[3:-1] == ["half a pair", "n", "g", "ab", "1 2"]


def test_a_long_table_may_break_and_a_short_one_may_not(tmp_path):
    def kept(size):
        rows = tuple(Row(text(f"row {i}"), (text("1"),)) for i in range(size))
        table = Table(caption="c", columns=("", "n"), groups=(("", rows),), note=text("note"))
        made = write_word(stand_in(table), tmp_path / f"{size}.docx")
        (drawn,) = docx.Document(made).tables
        return [bool(r.cells[0].paragraphs[0].paragraph_format.keep_with_next) for r in drawn.rows]

    assert all(kept(5))
    assert kept(40) == [True, True, *[False] * 38, True]


def test_a_missing_library_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(ImportError, match=r'pip install "msspas-analysis\[word\]"'):
        write_word(stand_in(), tmp_path / "x.docx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".", "report.doc", "report"])
def test_a_file_that_word_would_not_open_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.docx, such as .*report\.docx"):
        write_word(stand_in(), tmp_path / name)


def test_a_new_kind_of_block_is_not_left_out_in_silence(tmp_path):
    @dataclass
    class Song:
        kind = "song"

    with pytest.raises(TypeError, match="Song"):
        write_word(stand_in(Song()), tmp_path / "x.docx")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_whole_or_not_there(tmp_path, monkeypatch):
    old = tmp_path / "report.docx"
    old.write_text("old")
    monkeypatch.setattr("os.fdopen", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_word(stand_in(), old)
    assert old.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.docx"]
