"""One run of the benchmark: from a model, a shape or a simulation to the finished document."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from edge_solver import memory
from edge_solver.bench import shape_files
from edge_solver.bench.device import document as files
from edge_solver.bench.device import facts, machine_rig
from edge_solver.bench.device.benchmark import Benchmark
from edge_solver.bench.device.document import Document
from edge_solver.bench.device.engine import StoppedError
from edge_solver.bench.device.machine_rig import Subject
from edge_solver.bench.device.plan import Wish
from edge_solver.bench.device.rig import Listener, Rig
from edge_solver.bench.device.scripted import scripted_rig
from edge_solver.catalog import ModelFile, ModelKind, resolve
from edge_solver.catalog.checksums import checksum
from edge_solver.config import Settings
from edge_solver.energy import choose_meter

_ROWS = 256
"""Tokens in one call of our drafter."""


class Display(Listener, Protocol):
    """Shows how a run goes on."""

    def making(self, done: int, total: int) -> None:
        """Know how many bytes of a model have been written."""
        ...

    def beat(self) -> None:
        """Know that something is going on; called often."""
        ...


@dataclass
class Session:
    """What a run is about, whatever it measures."""

    settings: Settings
    wish: Wish
    display: Display
    cancelled: Callable[[], bool]
    command: str
    ambient: float | None = None
    ask_wall: Callable[[str], float | None] | None = None
    """Asks what a meter at the wall socket shows; see ``Rig``."""
    document: Document | None = None
    """What is known so far; grows while it is measured."""

    def of_model(self, stack: ExitStack) -> Document:
        """Measure the policy that the settings name.

        Raises:
            EdgeSolverError: It cannot be used.
        """
        return self._of(Subject(resolve(ModelKind.POLICY, self.settings.engine.model)), stack)

    def of_shape(self, name: str, quant: str, stack: ExitStack) -> Document:
        """Measure a shape; it is made if it is not there.

        Raises:
            EdgeSolverError: It is not known, or does not fit.
            StoppedError: The user asked for an end while it was made.
        """

        def progress(done: int, total: int) -> None:
            self.display.making(done, total)
            if self.cancelled():
                raise StoppedError

        path = shape_files.find_or_make(
            name, quant, cells=machine_rig.cells(), free_memory=memory.available(), progress=progress
        )
        self.display.stage("checking the model", 0, 0, None)
        return self._of(Subject(ModelFile(path, checksum(path), None), name), stack)

    def demo(self) -> Document:
        """Measure a simulated machine."""
        rig = scripted_rig(cancelled=self.cancelled)
        model = {"name": "scripted", "file": "scripted.gguf", "sha256": "00" * 32, "bytes": 10**9, "prm": None}
        return self._run(rig, {"name": "scripted"}, {}, model | {"made_up_weights": False}, {"meter": "scripted"})

    def _of(self, subject: Subject, stack: ExitStack) -> Document:
        # A gauge is only worth its wait where something lasts long enough for it.
        choice = choose_meter(self.settings.meter, seconds=self.wish.sustained_seconds or None)
        rig = machine_rig.real_rig(
            subject, self.settings, choice, stack,
            cancelled=self.cancelled, beat=self.display.beat, quick=self.wish.quick,
        )  # fmt: skip
        model = machine_rig.describe(subject, self.settings.engine.prm)
        refused = [{"meter": refusal.meter, "reason": refusal.reason} for refusal in choice.refusals]
        energy = {"meter": choice.name, "poll_seconds": choice.poll_seconds, "refused_meters": refused}
        return self._run(rig, facts.device(), facts.build(), model, energy)

    def _run(self, rig: Rig, device: Document, build: Document, model: Document, energy: Document) -> Document:
        begun = files.now()
        head: Document = {
            "schema": files.SCHEMA,
            "kind": files.KIND,
            "complete": False,
            "notes": [],
            "device": device,
            "build": build,
            "model": model,
            "workload": {
                "quick": self.wish.quick,
                "page_cache": "warm",  # the file was just read for its checksum
                "seed": self.settings.seed,
                "temperature": 1.0,
                "n_batch": _ROWS,
                "flash_attn": -1,  # llama.cpp's number for "as it sees fit"
                "type_k": "f16",
                "type_v": "f16",
            },
            "energy": energy | {"method": _METHOD},
            "provenance": {"begun": begun, "ended": None, "command": self.command, "ambient_celsius": self.ambient},
        }
        if model["made_up_weights"]:
            head["notes"].append("made-up weights: speed and memory are those of the real model, answers are not")
        rig.ask_wall = self.ask_wall
        self.document = head
        document = Benchmark(rig, self.wish, self.display, head).run()
        document["provenance"]["ended"] = files.now()
        return files.sealed(document)


_METHOD = (
    "one window over all repeats of a measurement; net is gross without the idle watts that were measured before the "
    "model was loaded"
)
