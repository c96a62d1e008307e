"""The whole benchmark on a simulated machine: its document, its time, what a stop leaves of it, and its files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge_solver.bench.device import document as files
from edge_solver.bench.device.benchmark import Benchmark
from edge_solver.bench.device.document import Document
from edge_solver.bench.device.figures import sized
from edge_solver.bench.device.llama_rows import llama_rows
from edge_solver.bench.device.plan import QUICK_SECONDS, Wish
from edge_solver.bench.device.rig import Rig
from edge_solver.bench.device.scripted import Clock, ScriptedEngine, scripted_rig
from edge_solver.bench.device.summary import WIDTH, summary
from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.errors import RecordError, UsageError


class Silent:
    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, name: str, number: int, total: int, left: float | None) -> None:
        assert left is None or left >= 0
        assert number <= total
        self.stages.append(name)


def head() -> Document:
    return {
        "schema": files.SCHEMA,
        "kind": files.KIND,
        "notes": [],
        "device": {"name": "a processor with rather a long name, indeed", "cores": 8, "memory_bytes": 16 * 10**9},
        "build": {"edge_solver": "0.2", "ggml_commit": "abc1234"},
        "model": {"name": "model", "file": "model.gguf", "sha256": "ab" * 32, "bytes": 10**9, "made_up_weights": False},
        "workload": {"type_k": "f16", "type_v": "f16", "n_batch": 256, "flash_attn": -1},
        "provenance": {"begun": "x", "ended": "2026-01-01T00:00:00Z", "command": "edge-solver bench device"},
    }


def measured(rig: Rig | None = None, wish: Wish | None = None, display: Silent | None = None) -> Document:
    return files.sealed(Benchmark(rig or scripted_rig(), wish or Wish(), display or Silent(), head()).run())


def test_a_result_holds_every_section_and_the_speeds_of_the_machine() -> None:
    display = Silent()
    found = measured(wish=Wish(sustained_seconds=60, sweep_threads=True), display=display)
    assert found["complete"] is True
    assert display.stages[:3] == ["idle", "loading the model", "prompt"]
    assert display.stages[-4:] == ["ceilings", "sustained", "threads", "suite"]
    speed = found["speed"]
    assert speed["prompt"]["tokens_per_second"]["median"] == pytest.approx(200.0)
    assert [row["branches"] for row in speed["decode"]] == [1, 2, 4, 8, 16]
    assert speed["decode"][2]["tokens_per_second"]["median"] == pytest.approx(4 / 0.07)
    assert speed["first_token"]["prompt_tokens"] == 128
    assert speed["first_token"]["seconds"]["median"] == pytest.approx(0.64)
    assert speed["load_seconds"]["samples"] == [0.5] * 3
    assert speed["peak_rss_bytes"] == 10**9
    assert speed["prm"]["steps"] == 16
    assert speed["sustained"]["sustained"] == pytest.approx(4 / 0.07)
    assert [row["threads"] for row in speed["threads"]] == [1, 2, 3, 4]
    assert found["ceilings"]["flops_per_second"] == 300e9
    single = next(row for row in found["roofline"] if row["what"] == "decode on 1")
    assert single["bound"] == "memory"
    assert single["share"] == pytest.approx(single["bytes_per_call"] / 30e9 / 0.055)
    quality = found["quality"]
    assert [row["limit"] for row in quality["budgets"]] == sorted(row["limit"] for row in quality["budgets"])
    assert (quality["suite"]["name"], quality["strategy"], len(quality["budgets"])) == ("builtin", "rebase", 3)
    energy = found["energy"]
    assert energy["decode_joules_per_token"] == pytest.approx(0.9, rel=0.1)
    assert {window["label"] for window in energy["windows"]} == {"counter"}
    assert found["thermal"]["throttled"] is False
    assert found["provenance"]["checks"] == []
    assert not files.is_changed(found)


@pytest.mark.parametrize("slow", [1.0, 20.0, 100.0])
def test_a_quick_run_ends_in_time_on_any_machine(slow: float) -> None:
    rig = scripted_rig()
    clock = rig.lab.clock
    assert isinstance(clock, Clock)
    rig.open_engine = lambda _: ScriptedEngine(
        clock, rig.lab.check, prompt_rate=200 / slow, call_seconds=0.05 * slow, branch_seconds=0.005 * slow
    )
    found = measured(rig, Wish(quick=True, quality=False))
    assert found["complete"] is True
    assert clock() <= QUICK_SECONDS + 20
    assert found["speed"]["prompt"] is not None
    assert found["ceilings"] is not None  # slow stages leave time for what comes after them
    if slow == 100.0:
        assert any("the time was up" in note for note in found["notes"])


def at_the_wall(*readings: float | None) -> Document:
    rig, asked, shown = scripted_rig(), [], iter(readings)

    def ask(moment: str) -> float | None:
        asked.append(moment)
        return next(shown)

    rig.ask_wall = ask
    found = measured(rig, Wish(sustained_seconds=60))
    assert len(asked) == 2
    return found


def test_what_a_person_reads_off_a_wall_meter_counts_for_the_sustained_run_alone() -> None:
    found = at_the_wall(36_000.0, 39_600.0)
    windows = {window["what"]: window for window in found["energy"]["windows"]}
    wall = windows.pop("sustained decode on 4")
    assert (wall["joules"], wall["label"], wall["net_joules"]) == (3600.0, "measured-wall", None)
    assert wall["joules_per_unit"] == pytest.approx(3600 / wall["units"])
    assert {window["label"] for window in windows.values()} == {"counter"}
    assert found["energy"]["label"] == "counter"
    assert any("36000 J before and 39600 J after" in note for note in found["notes"])
    (line,) = (line for line in summary(found) if "sustained: measured-wall" in line)
    assert len(line) <= WIDTH


@pytest.mark.parametrize("readings", [(None, 5.0), (5.0, None), (5.0, 5.0), (5.0, 4.0)])
def test_readings_that_make_no_sense_leave_the_figure_of_the_meter_and_a_note(
    readings: tuple[float | None, float | None],
) -> None:
    found = at_the_wall(*readings)
    assert {window["label"] for window in found["energy"]["windows"]} == {"counter"}
    assert any("no two readings" in note for note in found["notes"])


def test_a_run_that_is_stopped_keeps_what_it_has_and_says_so() -> None:
    calls: list[int] = []
    rig = scripted_rig(cancelled=lambda: bool(calls))

    class Stopping(Silent):
        def stage(self, name: str, number: int, total: int, left: float | None) -> None:
            super().stage(name, number, total, left)
            if name == "decode on 4":
                calls.append(1)

    found = measured(rig, display=Stopping())
    assert found["complete"] is False
    assert [row["branches"] for row in found["speed"]["decode"]] == [1, 2]
    assert (found["ceilings"], found["quality"]) == (None, None)
    assert found["energy"]["prompt_joules_per_token"] is not None
    assert any("stopped by the user" in note for note in found["notes"])
    assert "! partial: stopped before the end" in summary(found)


def test_without_a_reward_model_the_rest_is_measured_and_search_does_without() -> None:
    rig = scripted_rig()

    def missing() -> Any:  # noqa: ANN401 - never returns
        raise UsageError("the reward model needs onnxruntime; install it with: pip install onnxruntime")

    rig.open_scorer = missing
    found = measured(rig)
    assert found["complete"] is True
    assert "prm" not in found["speed"]
    assert found["quality"]["strategy"] == "majority"
    assert any("pip install onnxruntime" in note for note in found["notes"])


def test_the_summary_fits_a_phone_and_one_screen() -> None:
    lines = summary(measured(wish=Wish(sustained_seconds=30)))
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= 32
    assert any(line.split() == ["decode,", "1", "branch", "18.2", "t/s"] for line in lines)
    assert any(line.startswith("energy: counter") for line in lines)


def test_a_cap_that_no_problem_was_solved_under_has_no_score() -> None:
    document = measured()
    document["quality"]["budgets"][0] |= {"n": 0, "solved": 0, "ci95": None, "seconds_per_problem": None,
                                          "joules_per_correct": None}  # fmt: skip
    assert "  small       —       —       —        —" in summary(document)


def test_a_figure_beyond_the_limit_is_named_as_in_the_summary() -> None:
    document = measured()
    for row in document["roofline"]:
        row["share"] = 1.62
    complaint = "decode at 162% of its limit: the limit was measured too low"
    assert complaint in files.implausible(document)
    document = files.sealed(document)
    assert "! decode at 162% of its limit" in summary(document)


def test_kernels_for_small_integers_may_pass_a_limit_that_floats_set() -> None:
    document = measured()
    (prompt,) = (row for row in document["roofline"] if row["bound"] == "compute" and row["what"].startswith("prompt"))
    prompt["share"] = 2.5
    assert files.implausible(document) == []
    prompt["share"] = 4.5
    assert files.implausible(document) == ["prompt at 450% of its limit: the limit was measured too low"]


def test_a_calibrated_estimate_shows_its_error_wherever_it_stands() -> None:
    rig = scripted_rig()
    fitted = Reading(0.0, EnergyLabel.ESTIMATED_CALIBRATED, "cpu package", "calibrated", error=0.09)

    class Calibrated(ScriptedMeter):
        def read(self, activity: Activity) -> Reading:
            return replace(fitted, joules=super().read(activity).joules)

    rig.lab.meter = Calibrated()
    found = measured(rig)
    assert {window["error"] for window in found["energy"]["windows"]} == {found["energy"]["error"]} == {0.09}
    lines = summary(found)
    assert any(line.startswith("  1 branch, a token") and "≈" in line and line.endswith(" ±9%") for line in lines)
    assert max(map(len, lines)) <= WIDTH


def test_what_the_suite_took_beyond_idling_stands_beside_what_it_took() -> None:
    class Idling(ScriptedMeter):
        def read(self, activity: Activity) -> Reading:
            reading = super().read(activity)
            assert reading.joules is not None
            return replace(reading, joules=reading.joules + 5.0 * activity.seconds)

    rig = scripted_rig()
    rig.lab.meter = Idling()
    found = measured(rig)
    assert found["energy"]["idle_watts"] == pytest.approx(5.0)
    windows = {window["what"]: window for window in found["energy"]["windows"]}
    for row in found["quality"]["budgets"]:
        window = windows[f"suite under {row['limit']:.2g} FLOPs"]
        assert window["joules"] == pytest.approx(row["joules_per_problem"] * row["n"])
        assert window["net_joules"] == pytest.approx(row["limit"] * row["n"] * 1e-9)
        assert window["joules"] > window["net_joules"]


def test_a_model_says_its_quantization_and_context() -> None:
    model = measured()["model"]
    assert (model["quant"], model["context"]) == ("Q4_0", 4096)


def test_a_small_model_has_its_size_in_its_description() -> None:
    assert sized("llama ?B Q8_0", 2_850_000) == "llama 2.85M Q8_0"
    assert sized("llama ?B Q4_0", 6_738_546_688) == "llama 6.74B Q4_0"
    assert sized("llama 7B Q4_0", 6_738_546_688) == "llama 7B Q4_0"


def test_a_made_up_model_is_marked_wherever_it_is_shown() -> None:
    rig = scripted_rig()
    document = head()
    document["model"]["made_up_weights"] = True
    found = files.sealed(Benchmark(rig, Wish(quality=False), Silent(), document).run())
    assert found["quality"] is None
    assert "! made-up weights: speed only" in summary(found)


def test_rows_are_those_of_llama_bench() -> None:
    rows = llama_rows(measured())
    assert [(row["n_prompt"], row["n_gen"], row["n_depth"]) for row in rows] == [(512, 0, 0), (0, 64, 128)]
    prompt, written = rows
    # llama.cpp, tools/llama-bench/llama-bench.cpp, test::get_fields, and the two lists of its JSON output
    names = (
        "build_commit build_number cpu_info gpu_info backends model_filename model_type model_size model_n_params "
        "n_batch n_ubatch n_threads cpu_mask cpu_strict poll type_k type_v n_gpu_layers n_cpu_moe split_mode main_gpu "
        "no_kv_offload flash_attn devices tensor_split tensor_buft_overrides load_mode embeddings no_op_offload "
        "no_host fit_target fit_min_ctx n_prompt n_gen n_depth test_time avg_ns stddev_ns avg_ts stddev_ts samples_ns "
        "samples_ts"
    )
    assert set(re.findall(r"\w+", names)) == set(prompt)
    assert prompt["avg_ts"] == pytest.approx(200.0)
    assert prompt["samples_ns"] == [2_560_000_000] * 5
    assert written["avg_ts"] == pytest.approx(1 / 0.055)
    assert written["avg_ns"] == pytest.approx(64 * 0.055e9)
    assert (prompt["build_commit"], prompt["n_threads"]) == ("abc1234", 4)


# --- files ---


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "result.json"
    files.write(path, measured())
    return path


def test_a_file_reads_back_as_it_was_written(result: Path) -> None:
    assert files.read(result)["complete"] is True
    assert [path.name for path in result.parent.iterdir()] == ["result.json"]


def test_a_changed_figure_shows(result: Path) -> None:
    document = json.loads(result.read_text())
    assert not files.is_changed(document)
    document["speed"]["prompt"]["tokens_per_second"]["median"] *= 2
    assert files.is_changed(document)


def edited(change: Callable[[Document], object]) -> Callable[[str], str]:
    def edit(text: str) -> str:
        document = json.loads(text)
        change(document)
        return json.dumps(document)

    return edit


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: "", "is not JSON"),
        (lambda text: text[:-40], "is not JSON"),
        (lambda text: text.replace("200.0", "NaN"), "is not JSON"),
        (lambda _: "[]", "is no result"),
        (lambda _: '{"schema": 1}', "is no result"),
        (lambda _: "[" * 100_000, "is not JSON"),
        (
            edited(lambda d: d.update(schema=2)),
            r"newer version \(format 2; this one reads up to 1\).*pip install --upgrade",
        ),
        (edited(lambda d: d.update(schema="1")), "says nothing of its format"),
        (edited(lambda d: d.pop("speed")), "has no speed"),
        (edited(lambda d: d.update(device=[])), "has no device"),
    ],
)
def test_a_file_that_is_no_good_result_is_an_error_that_says_why(
    result: Path, change: Callable[[str], str], message: str
) -> None:
    result.write_text(change(result.read_text()))
    with pytest.raises(RecordError, match=message):
        files.read(result)


def test_a_file_that_is_not_there_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot read"):
        files.read(tmp_path / "none.json")
    with pytest.raises(RecordError, match="cannot read"):
        files.read(tmp_path)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordError, match="is not JSON"):
        files.read(tmp_path / "binary.json")


def test_a_target_that_cannot_be_written_to_is_refused_early(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is a folder"):
        files.check_target(tmp_path)
    with pytest.raises(UsageError, match="there is no folder"):
        files.check_target(tmp_path / "none" / "x.json")
    files.check_target(tmp_path / "x.json")
