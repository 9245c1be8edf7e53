"""One name for one thing: pages, figures and docs take their words from the glossary."""

import re
from pathlib import Path

import pytest
from browsing import look_at

from mindseye.report.glossary import COLUMNS, MEASURES, TERMS, better_text, glossary_page, measure_of
from mindseye.report.numbers import SHOWN
from mindseye.report.page import write_page
from mindseye.runs.schema import ChannelStats

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "mindseye" / "report" / "page"
OTHER_NAMES = re.compile(
    r"transfer score|judge's p\b(?!r)|shuffled \(null\)|\(shuffled\)|nearest photos of facet", re.IGNORECASE
)
"""What things were called beside their names."""


def test_the_docs_have_the_glossary_as_it_is() -> None:
    """docs/glossary.md is made of it, and every number of a picture is explained where run.json is."""
    assert glossary_page() in (ROOT / "docs" / "glossary.md").read_text("utf-8")
    keys = set(
        re.findall(r"`(?:\w+\.ROLE\.|\w+\.JUDGE\.ROLE\.)?(\w+)`", (ROOT / "docs" / "measures.md").read_text("utf-8"))
    )
    assert {measure.key for measure in MEASURES} | set(COLUMNS) - {"channel"} <= keys


def test_names_and_meanings_are_one_each() -> None:
    """No two terms share a name, none is without words; columns are fields of run.json, and figures show known measures."""
    names = [term.name for term in TERMS.values()]
    assert len(set(names)) == len(names)
    assert all(len(known.words) > 25 for known in [*TERMS.values(), *COLUMNS.values(), *MEASURES])
    assert set(COLUMNS) <= set(ChannelStats.__dataclass_fields__)
    assert set(SHOWN) <= set(MEASURES)
    assert TERMS["judges_probability"].name == measure_of("transfer", "probability").title
    assert TERMS["judges_probability"].words in measure_of("transfer", "probability").words


def test_the_script_asks_for_terms_that_there_are() -> None:
    """Each `term("key")` and `content.terms.key` of the page's scripts is one of the glossary's."""
    asked = set()
    for path in (PAGE / "script").glob("*.js"):
        text = path.read_text("utf-8")
        asked |= set(re.findall(r'\bterm\("(\w+)"', text)) | set(re.findall(r"content\.terms\.(\w+)", text))
    assert asked
    assert asked <= set(TERMS)


@pytest.mark.parametrize("folder", ["docs", "mindseye/report"])
def test_nothing_goes_by_another_name(folder: str) -> None:
    """Pages, figures and docs."""
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".md", ".py", ".js", ".html", ".toml")]
    said = {str(path): OTHER_NAMES.findall(path.read_text("utf-8")) for path in files}
    assert {path: names for path, names in said.items() if names} == {}


@pytest.mark.parametrize(
    ("better", "text"),
    [
        ("higher", "higher is better"),
        ("lower", "lower is better"),
        (-2.0, "best near −2"),
        (0.5, "best near 0.5"),
        (None, ""),
    ],
)
def test_which_side_is_better_is_said(better: str | float | None, text: str) -> None:
    assert better_text(better) == text


def grades(page) -> dict[str, tuple[str, float, float | None]]:
    """Of each number of the picture that is shown: its grade, and where picture and members lie on its axis, in per cent."""
    rows = page.locator("#item .numbers tbody tr").evaluate_all(
        """(rows) => rows.map((row) => {
          const mark = (role) => row.querySelector(`.axis .of-${role}`);
          const at = (role) => mark(role) && parseFloat(mark(role).style.getPropertyValue('--at'));
          const grade = row.querySelector('.grade');
          return [row.querySelector('.me-why').textContent, [grade ? grade.className : '', at('picture'), at('members')]];
        })"""
    )
    return {name: tuple(values) for name, values in rows}


def test_good_lies_on_one_side_whichever_way_a_measure_counts(make_run, visit) -> None:
    """A cosine and a distance of the same standing have the same place, colour and sign; so has what is best near a value."""

    def measure(manifest: dict) -> None:
        first, second = manifest["layers"][-1]["facets"][:2]
        for entry, numbers in ((first, [0.96, 0.04, 0.3, 1.05]), (second, [0.42, 0.58, 2.2, 0.1])):
            names = ("cosine", "distance", "wasserstein")
            entry["measures"] = {
                "fidelity": {
                    "picture": dict(zip(names, numbers)),
                    "members": {"wasserstein": 0.3},
                    "start": dict(zip(names, (0.4, 0.6, 2.0))),
                },
                "naturalness": {
                    role: {"total_variation": value}
                    for role, value in (("picture", numbers[3]), ("members", 1.0), ("start", 0.05))
                },
            }

    page = visit(write_page(make_run(layers=1, change=measure)))
    look_at(page, "#/picture/0")
    good = grades(page)
    look_at(page, "#/picture/1")
    bad = grades(page)
    for name in ("cosine", "distance", "wasserstein", "total variation"):
        assert good[name][0] == "grade good", name
        assert bad[name][0] == "grade bad", name
        assert good[name][1] > bad[name][1] + 20, name
    assert good["total variation"][1:] == pytest.approx([95, 100])
    colour = "(node) => getComputedStyle(node).color"
    look_at(page, "#/picture/0")
    seen = {page.locator("#item .grade.good").nth(place).evaluate(colour) for place in range(4)}
    assert len(seen) == 1


@pytest.mark.parametrize("width", [360, 760, 1440])
def test_every_number_has_its_axis_at_every_width(make_run, visit, width: int) -> None:
    """Wide enough to read, beside or below its numbers, which say in signs which side is better."""
    page = visit(write_page(make_run(layers=1)), width=width)
    look_at(page, "#/picture/1")
    boxes = page.locator("#item .numbers tbody .axis").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().width)"
    )
    assert len(boxes) == 7
    assert min(boxes) > 60
    sides = page.locator("#item .numbers .side").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('aria-label'))"
    )
    assert set(sides) == {"higher is better", "lower is better", "best near 0.5"}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_glossary_is_a_view(make_run, visit) -> None:
    """All names with their meanings; the view has a tab, a title and fits a phone."""
    page = visit(write_page(make_run(layers=1)), width=360)
    page.locator("#tabs").get_by_text("Words").click()
    names = page.locator("#words dt").all_inner_texts()
    assert names[: len(TERMS)] == sorted(term.name for term in TERMS.values())
    assert "which side is better" in page.locator("#words").inner_text()
    assert page.title().startswith("Words · ")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
