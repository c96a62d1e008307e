"""Devices side by side: what is compared, what is refused and why, and how both are shown."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

import pytest

from edge_solver.bench.device import document as files
from edge_solver.bench.device.benchmark import Benchmark
from edge_solver.bench.device.comparison import Comparison, Row, compare
from edge_solver.bench.device.document import Document
from edge_solver.bench.device.items import items
from edge_solver.bench.device.plan import Wish
from edge_solver.bench.device.scripted import scripted_rig
from edge_solver.bench.report import devices


class Silent:
    def stage(self, name: str, number: int, total: int, left: float | None) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def laptop() -> Document:
    head = {
        "schema": files.SCHEMA,
        "kind": files.KIND,
        "notes": [],
        "device": {"name": "Laptop <b>CPU</b>", "cores": 8, "memory_bytes": 16 * 10**9},
        "build": {"edge_solver": "0.2", "ggml_commit": "abc1234"},
        "model": {"name": "model", "file": "m.gguf", "sha256": "ab" * 32, "bytes": 10**9, "prm": {"sha256": "cd" * 32}},
        "workload": {"type_k": "f16", "type_v": "f16"},
        "provenance": {"ended": "2026-01-01T00:00:00Z"},
    }
    return files.sealed(Benchmark(scripted_rig(), Wish(), Silent(), head).run())


def changed(document: Document, change: Callable[[Document], object]) -> Document:
    other = copy.deepcopy(document)
    change(other)
    return files.sealed(other)


def halved(document: Document) -> Document:
    def change(d: Document) -> None:
        for figure in (d["speed"]["prompt"]["tokens_per_second"], d["speed"]["decode"][0]["tokens_per_second"]):
            for key in ("median", "low", "high"):
                figure[key] /= 2

    return changed(document, change)


def row(found: Comparison, group: str, name: str) -> Row:
    return next(row for row in found.rows if (row.group, row.name) == (group, name))


def relabelled(label: str, scope: str = "simulated machine") -> Callable[[Document], None]:
    def change(d: Document) -> None:
        for holder in (*d["energy"]["windows"], *d["quality"]["budgets"]):
            holder["label"], holder["scope"] = label, scope

    return change


def test_equal_setups_are_compared_in_every_figure(laptop: Document) -> None:
    found = compare(["a", "b"], [laptop, halved(laptop)])
    assert found.refused == ()
    assert len(found.comparable) == len(items(laptop)) > 20
    prompt = row(found, "speed", "prompt")
    assert prompt.values == pytest.approx((200.0, 100.0))
    assert prompt.best == 0
    assert devices.cells(prompt) == ["200 t/s", "100 t/s (0.5×)"]
    assert row(found, "speed", "load").best is None  # a tie
    assert row(compare(["a", "b", "c"], [laptop, halved(laptop), laptop]), "speed", "prompt").best is None


@pytest.mark.parametrize(
    ("change", "refused", "kept", "reason"),
    [
        (
            lambda d: d["model"].update(sha256="ee" * 32),
            ("speed", "decode, 1 branch"),
            ("limits", "memory reads"),
            "model: a has model (abababab), b has model (eeeeeeee)",
        ),
        (
            lambda d: d["quality"]["suite"].update(sha256="ff" * 32),
            ("suite", "small cap: right"),
            ("speed", "prompt"),
            "suite: a has",
        ),
        (
            lambda d: d["quality"]["budgets"][0].update(limit=1e9),
            ("suite", "small cap: right"),
            ("suite", "large cap: right"),
            "cap: a has",
        ),
        (
            lambda d: d["quality"]["budgets"][0].update(n=7),
            ("suite", "small cap: right"),
            ("suite", "middle cap: right"),
            "problems: a has 40, b has 7",
        ),
        (
            relabelled("measured-wall"),
            ("energy", "1 branch, a token"),
            ("suite", "small cap: right"),
            "label: a has counter, b has measured-wall",
        ),
        (
            relabelled("counter", "whole device"),
            ("suite", "small cap: energy per right answer"),
            ("suite", "small cap: time per problem"),
            "scope: a has simulated machine, b has whole device",
        ),
        (
            lambda d: d["ceilings"].update(method="another"),
            ("limits", "memory reads"),
            ("speed", "prompt"),
            "method: a has",
        ),
        (
            lambda d: d["speed"]["prompt"].update(tokens=128),
            ("speed", "prompt"),
            ("speed", "first token"),
            "prompt: a has 512 tokens, b has 128 tokens",
        ),
        (
            lambda d: d["workload"].update(type_k="q8_0"),
            ("speed", "prompt"),
            ("suite", "small cap: right"),
            "cache: a has f16/f16, b has q8_0/f16",
        ),
    ],
)
def test_what_depends_on_a_difference_is_refused_and_the_rest_is_shown(
    laptop: Document,
    change: Callable[[Document], object],
    refused: tuple[str, str],
    kept: tuple[str, str],
    reason: str,
) -> None:
    found = compare(["a", "b"], [laptop, changed(laptop, change)])
    no = row(found, *refused)
    assert no.refused is not None
    assert no.refused.startswith(reason)
    assert no.values == (None, None)  # nothing to be read side by side by mistake
    yes = row(found, *kept)
    assert yes.refused is None
    assert None not in yes.values


def test_the_same_guess_for_every_device_is_no_comparison(laptop: Document) -> None:
    guess = changed(laptop, relabelled("estimated-default"))
    found = compare(["a", "b"], [guess, guess])
    refused = row(found, "energy", "1 branch, a token").refused
    assert refused is not None
    assert "the same guess" in refused


def test_a_figure_that_one_device_lacks_is_a_dash_and_no_refusal(laptop: Document) -> None:
    other = changed(laptop, lambda d: (d["speed"].pop("prm"), d.update(quality=None, complete=False)))
    found = compare(["a", "b"], [laptop, other])
    assert row(found, "speed", "reward model").values[1] is None
    assert row(found, "speed", "reward model").refused is None
    assert "partial: the run was stopped" in found.devices[1].warnings


def test_a_file_that_was_edited_is_marked(laptop: Document) -> None:
    other = copy.deepcopy(laptop)
    other["speed"]["prompt"]["tokens_per_second"]["median"] = 9999.0
    assert compare(["a", "b"], [laptop, other]).devices[1].warnings == ("the file was changed after it was measured",)


def nonsense(d: Document) -> None:
    d["speed"] = {"prompt": 3, "decode": [1, {"branches": None}], "prm": [], "load_seconds": {"median": "fast"}}
    d["energy"] = {"windows": [{"what": 5, "joules_per_unit": 1e400}]}
    d["roofline"] = {"share": 1}
    d["quality"] = {"budgets": [{"accuracy": True}]}
    d["provenance"] = {"checks": [1, {}]}
    d["device"]["cores"] = "many"


def test_a_file_full_of_nonsense_gives_dashes_and_no_crash(laptop: Document) -> None:
    other = copy.deepcopy(laptop)
    nonsense(other)
    found = compare(["a", "b"], [laptop, other])
    assert row(found, "speed", "prompt").values[1] is None
    assert devices.text(found, 80)
    assert devices.page(found, "x")


def test_three_devices_are_compared_with_the_first(laptop: Document) -> None:
    found = compare(["a", "b", "c"], [laptop, halved(laptop), changed(laptop, lambda d: d["model"].update(sha256="0"))])
    refused = row(found, "speed", "prompt").refused
    assert refused is not None
    assert "c has" in refused
    assert len(row(found, "limits", "memory reads").values) == 3


def test_energy_says_its_label_and_scope_and_whether_it_is_an_estimate(laptop: Document) -> None:
    def calibrate(d: Document) -> None:
        relabelled("estimated-calibrated", "cpu package")(d)
        for holder in (*d["energy"]["windows"], *d["quality"]["budgets"]):
            holder["error"] = 0.09

    fitted = changed(laptop, calibrate)
    found = compare(["a", "b"], [fitted, fitted])
    text = devices.text(found, 80)
    assert any(re.match(r"1 branch, a token +≈\S+ J ±9%", line) for line in text)
    assert text.count("Energy: estimated-calibrated, cpu package.") == 2  # of the benchmark and of the suite
    assert "\n\nEnergy: estimated-calibrated, cpu package.\n" in devices.markdown(found)
    assert ">Energy: estimated-calibrated, cpu package.<" in devices.page(found, "x")
    counted = "\n".join(devices.text(compare(["a", "b"], [laptop, laptop]), 80))
    assert "Energy: counter, simulated machine." in counted
    assert "≈" not in counted


def test_energy_of_several_labels_says_row_by_row_which(laptop: Document) -> None:
    mixed = changed(laptop, lambda d: d["energy"]["windows"][0].update(label="measured-wall", scope="at the wall"))
    found = compare(["a", "b"], [mixed, mixed])
    assert any(re.match(r"idle .* measured-wall, at the wall$", line) for line in devices.text(found, 120))
    narrow = devices.text(found, 40)
    assert "idle (measured-wall, at the wall)" in narrow
    assert max(map(len, narrow)) <= 40
    assert "| label, scope |" in devices.markdown(found)
    assert ">measured-wall, at the wall<" in devices.page(found, "x")


def test_the_text_is_a_table_or_a_list_by_the_width(laptop: Document) -> None:
    found = compare(["first", "second"], [laptop, halved(laptop)])
    wide = devices.text(found, 120)
    assert any(re.fullmatch(r"prompt +200 t/s.*100 t/s \(0\.5×\)", line) for line in wide)
    narrow = devices.text(found, 40)
    assert "  second: 100 t/s (0.5×)" in devices.text(found, 36)
    suite = [line for line in narrow if line.startswith("  first:")]
    assert max(map(len, suite)) <= 40


def test_the_page_stands_alone_and_escapes_what_a_file_says(laptop: Document) -> None:
    other = changed(halved(laptop), lambda d: d["model"].update(sha256="ee" * 32))
    text = devices.page(compare(["a", "b"], [laptop, other]), "edge-solver bench compare a.json b.json")
    assert "<b>CPU</b>" not in text
    assert "Laptop &lt;b&gt;CPU" in text
    assert re.findall(r'(?:src|href)="(?!#|data:)', text) == []
    assert "<script" not in text
    assert "Not comparable" in text
    assert text.count('class="bar"') > 4


def test_markdown_has_a_table_per_group_and_the_reasons(laptop: Document) -> None:
    other = changed(laptop, lambda d: d["model"].update(sha256="ee" * 32))
    text = devices.markdown(compare(["a|1", "b"], [laptop, other]))
    assert "|  | a\\|1 | b |" in text
    reason, figures = re.findall(r"^- (model: a.*)\n  - (.*)$", text, re.MULTILINE)[0]
    assert reason == "model: a\\|1 has model (abababab), b has model (eeeeeeee)"
    assert figures.startswith("speed, prompt; speed, first token; ")
    assert "Laptop &lt;b>CPU&lt;/b>" in text
