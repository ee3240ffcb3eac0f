"""The report made from a small stored benchmark."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

import pytest

from gradcheck.benchmark.plots import duration, styles
from gradcheck.benchmark.records import read
from gradcheck.benchmark.report import executions, ratio, render

pytest.importorskip("matplotlib", reason="pip install 'gradcheck[bench]'")

TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(scope="module")
def stored():
    return read(Path(__file__).with_name("stored.json"))


@pytest.fixture(scope="module")
def page(stored):
    return render(stored)


def test_the_page_needs_no_network(page):
    references = re.findall(r"""(?:src|href)="([^"]*)"|url\(([^)]*)\)""", page)
    assert references
    assert all(first.startswith("#") or second.startswith("#") for first, second in references)
    assert "<script" not in page


def test_links_within_the_page_lead_somewhere_and_ids_are_unique(page):
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids)


def test_every_tag_is_closed(page):
    class Balance(HTMLParser):
        open: ClassVar = []
        void: ClassVar = {"meta", "br", "hr", "link"}

        def handle_starttag(self, tag, attributes):
            if tag not in self.void:
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    parser = Balance()
    parser.feed(page)
    assert parser.open == []


def test_the_plot_is_well_formed_and_named_for_screen_readers(page):
    svg = page[page.index("<figure>") + 8 : page.index("</figure>")]
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert root[0].tag.endswith("title")
    assert root[0].attrib["id"] == root.attrib["aria-labelledby"]
    assert "width" not in root.attrib


def test_figures_cut_offs_exclusions_and_machine_are_shown(page):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    for shown in (
        "20 µs",
        f"2.0{TIMES}",
        "SymPy takes at most 128 symbols",
        "no C++ compiler",
        "Example CPU",
        "0.10.2",
        "103",
    ):
        assert shown in text


def test_text_from_the_file_is_escaped(stored):
    hostile = replace(stored.cut_offs[0], reason="<script>alert(1)</script>")
    assert "<script" not in render(replace(stored, cut_offs=(hostile,)))


def test_a_problem_of_another_version_is_still_reported(stored):
    foreign = replace(stored, records=tuple(replace(r, problem="unheard <of>") for r in stored.records))
    page = render(foreign)
    assert "unheard &lt;of&gt;" in page
    assert "unheard <of>" not in page


def test_a_benchmark_of_values_alone_is_reported(stored):
    values = tuple(r for r in stored.records if r.operator == "value")
    assert "Cost of the value" in render(replace(stored, records=values))


def test_the_report_is_the_same_every_time(stored, page):
    assert render(stored) == page


def test_backends_have_colours_and_modes_have_dashes():
    found = styles(["jax:eager", "jax", "torch", "mine", "mine:fast"])
    assert found["jax"].colour == found["jax:eager"].colour != found["torch"].colour
    assert found["jax"].dashes == found["mine"].dashes == "-"
    assert found["jax:eager"].dashes != "-"
    assert found["mine"].colour not in (found["jax"].colour, found["torch"].colour)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1.5, "1.5 s"), (0.9999, "1 s"), (1.234e-3, "1.23 ms"), (4.02e-6, "4.02 µs"), (1.2e-8, "12 ns"), (123.4, "123 s")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_ratios_and_executions():
    assert [ratio(r) for r in (0.034, 1.04, 3.44, 34.4, 344.4)] == [
        f"{n}{TIMES}" for n in ("0.034", "1.0", "3.4", "34", "344")
    ]
    assert [executions(n) for n in (1.0, 12345.0, float("inf"))] == ["1", "12,345", "never"]
