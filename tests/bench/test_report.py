"""A report in all its forms: Markdown, CSV, text, pictures and the page."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from edge_solver.bench.findings import Study
from edge_solver.bench.report.canvas import LIGHT, spread
from edge_solver.bench.report.files import markdown, write_report
from edge_solver.bench.report.table import As, Table, written
from edge_solver.bench.report.tables import Names
from edge_solver.bench.report.terminal import bars, every_table, report
from edge_solver.bench.statistics import Estimate
from edge_solver.bench.study import study
from edge_solver.bench.trials import read_run
from edge_solver.errors import UsageError

GOLDEN = Path(__file__).parents[1] / "golden" / "bench_report.md"
COMMAND = "edge-solver bench report results --out report"
VOID = {"meta", "link", "br", "hr", "img", "input"}

Rows = list[dict[str, Any]]
Results = Callable[..., Path]


@pytest.fixture(scope="module")
def found(tiny_folder: Path) -> Study:
    return study([read_run(tiny_folder)])


class Page(HTMLParser):
    """Every element of a page must be closed by its own tag; keeps what a browser would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []  # type: ignore[list-item]
        self.loaded += [given[name] or "" for name in ("src", "data", "poster", "srcset") if name in given]
        if tag == "a":
            self.links.append(given["href"] or "")
        elif "href" in given or "xlink:href" in given:
            self.loaded.append(given.get("href") or given.get("xlink:href") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def test_the_markdown_report_of_a_tiny_folder(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden: after a change that is meant, write the new text there and review the difference."""
    monkeypatch.chdir(tiny_folder.parent)  # so that the report names the folder alike on every machine
    assert markdown(study([read_run(Path("results"))]), COMMAND) == GOLDEN.read_text(encoding="utf-8")


def test_the_report_is_a_folder_of_everything(tiny_report: Path, found: Study) -> None:
    figures = {path.name for path in (tiny_report / "figures").iterdir()}
    keys = {"frontier", "accuracy-flops", "accuracy-joules", "coverage", "saturation-1", "reliability-1", "differences"}
    assert figures == {f"{key}.{kind}" for key in keys for kind in ("svg", "png")}
    tables = {path.stem for path in (tiny_report / "tables").iterdir()}
    assert {"headline", "frontier-flops", "coverage", "saturation", "subjects", "cost", "differences"} <= tables
    document = json.loads((tiny_report / "report.json").read_text(encoding="utf-8"))
    assert document["schema"] == 1
    assert len(document["points"]) == len(found.points)


def test_the_same_results_give_the_same_files(tiny_report: Path, found: Study, tmp_path: Path) -> None:
    again = write_report(found, tmp_path / "again", COMMAND).parent
    files = sorted(path.relative_to(tiny_report) for path in tiny_report.rglob("*") if path.is_file())
    assert [f for f in files if (again / f).read_bytes() != (tiny_report / f).read_bytes()] == []


def test_the_page_is_well_formed_and_loads_nothing(tiny_report: Path) -> None:
    text = (tiny_report / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert [name for name in page.loaded if not name.startswith(("#", "data:"))] == []
    assert "<script" not in text
    assert "@import" not in text
    assert re.findall(r"url\((?!#)[^)]*\)", text) == []
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert {name.removeprefix("#") for name in page.loaded if name.startswith("#")} <= set(page.ids)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(page.ids)


def test_the_page_follows_light_and_dark_in_every_colour(tiny_report: Path) -> None:
    text = (tiny_report / "index.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    pictures = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert re.findall(r"(?:fill|stroke): ?#[0-9a-fA-F]{3,6}", pictures) == []
    for name in re.findall(r"var\(--(\w+)\)", pictures):
        assert name in {*LIGHT, "font"}


def test_every_picture_says_what_it_shows_and_has_its_figures_behind_it(tiny_report: Path) -> None:
    text = (tiny_report / "index.html").read_text(encoding="utf-8")
    pictures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(pictures) == 7
    for picture in pictures:
        assert 'role="img"' in picture
        assert re.search(r"<title[^>]*>.+?</title>\s*<desc[^>]*>.+?</desc>", picture)
    assert text.count("<details>") == 7
    assert COMMAND in text


def test_svg_files_are_xml_and_png_files_are_pictures(tiny_report: Path) -> None:
    for path in (tiny_report / "figures").iterdir():
        if path.suffix == ".svg":
            root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - we wrote it
            assert root.get("role") == "img"
            assert root.find("{http://www.w3.org/2000/svg}desc") is not None
        else:
            assert path.read_bytes().startswith(b"\x89PNG\r\n")


def test_csv_files_hold_every_digit(tiny_report: Path, found: Study) -> None:
    with (tiny_report / "tables" / "headline.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found.points)
    for given, point in zip(rows, found.points, strict=True):
        assert float(given["accuracy"]) == point.accuracy.value
        assert float(given["accuracy low"]) == point.accuracy.low
        assert float(given["accuracy high"]) == point.accuracy.high
        assert float(given["FLOPs"]) == point.flops


def test_every_csv_parses_with_as_many_cells_in_every_row(found: Study) -> None:
    for table in every_table(found):
        rows = list(csv.reader(io.StringIO(table.csv())))
        assert len(rows) == len(table.rows) + 1
        assert len({len(row) for row in rows}) == 1, table.key


def test_names_from_a_file_do_no_harm(results: Results, tiny: Rows) -> None:
    """A results folder may come from anybody."""
    for row in tiny:
        row["model"] = "<script>alert(1)</script>|$x_{1}$\x1b[31m"
        row["subject"] = "=HYPERLINK(1)"
    found = study([read_run(results(tiny, device='"><img src=http://evil>', suite="a<b> & c"))])
    tables = {table.key: table for table in every_table(found)}
    assert "'=HYPERLINK(1)" in tables["subjects"].csv()
    assert "\x1b" not in "\n".join(report(found))
    page = write_report(found, results(tiny, "x").parent / "out", "cmd").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert Page(page).open == []


def test_two_models_are_told_apart_and_have_figures_of_their_own(
    results: Results, simulate: Callable[..., Rows], policy: Callable[..., object], tmp_path: Path
) -> None:
    rows = simulate(8, (1, 4), policies=[policy(), policy("mini", 12_000_000, 0.9)])
    found = study([read_run(results(rows))])
    names = Names(found.points)
    assert {names.series(point.choice).split()[0] for point in found.points} == {"micro", "mini"}
    folder = write_report(found, tmp_path / "out", COMMAND).parent
    assert {"saturation-1.svg", "saturation-2.svg"} <= {path.name for path in (folder / "figures").iterdir()}
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize(
    "rows",
    [
        [("a", [], 4)],
        [("a", [("1", 0.9, True)], 1)],
        [("a", [("2", 0.0, False)] * 4, 4), ("b", [(None, 0.0, False)] * 4, 4)],
    ],
    ids=["no answer", "one answer", "all wrong"],
)
def test_the_smallest_results_have_a_report(
    rows: list[Any], results: Results, row: Callable[..., Any], tmp_path: Path
) -> None:
    lines = [row(problem, leaves, strategy="weighted", width=width) for problem, leaves, width in rows]
    found = study([read_run(results(lines))])
    assert "\n\n".join(report(found))
    assert write_report(found, tmp_path / "out", COMMAND).exists()


def test_a_report_that_cannot_be_written_says_where(found: Study, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        write_report(found, tmp_path / "file", COMMAND)


def test_without_matplotlib_the_error_names_the_extra(tmp_path: Path) -> None:
    """In a process of its own, where importing matplotlib fails as it does when it is not installed."""
    code = """
import sys
sys.modules["matplotlib"] = None
from edge_solver.bench.report.canvas import Canvas
from edge_solver.errors import UsageError
try:
    Canvas("key", "title", "description")
except UsageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "pip install 'edge-solver[report]'" in done.stdout


def test_values_are_written_for_people() -> None:
    assert written(Estimate(0.5, 0.25, 0.75), As.PERCENT) == "50.0 % (25.0 to 75.0)"
    assert written(Estimate(0.1, -0.05, 0.2), As.POINTS) == "+10.0 pp (-5.0 to +20.0)"
    assert written(None, As.JOULES) == written("", As.TEXT) == "—"
    assert written(1.5e9, As.FLOPS) == "1.5 GFLOP"
    assert written(0.99978, As.FIT) == "0.9998"


def test_a_table_is_escaped_where_it_must_be() -> None:
    table = Table("key", "T", (("a|b", As.TEXT), ("n", As.COUNT)), (("x|y<z>", 3.0),))
    assert table.markdown() == "| a\\|b | n |\n| --- | ---: |\n| x\\|y&lt;z> | 3 |"
    assert "x|y&lt;z&gt;" in table.html()
    assert table.text() == "a|b     n\nx|y<z>  3"


def test_bars_show_figure_and_interval() -> None:
    _, line, _ = bars([("one", Estimate(0.5, 0.25, 0.75))]).splitlines()
    assert line == f"one  |{'=' * 10}{'-' * 10}+{'-' * 10}{' ' * 10}|  50.0%"


def test_labels_are_spread_without_overlap_and_in_order() -> None:
    places = spread([5.0, 5.0, 4.0, 90.0], 10.0, 0.0, 100.0)
    assert sorted(places) == [places[2], *sorted(places[:2]), places[3]]
    gaps = [later - earlier for earlier, later in zip(sorted(places), sorted(places)[1:], strict=False)]
    assert min(gaps) >= 10.0
    assert all(0.0 <= place <= 100.0 for place in places)
