"""This machine as something to be measured: the real engine, scorer, sensors and meters behind ``Rig``."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from edge_solver.bench.device import ceilings, facts, quality
from edge_solver.bench.device.document import Document
from edge_solver.bench.device.engine import SLACK, DrafterEngine, Engine
from edge_solver.bench.device.measure import Lab
from edge_solver.bench.device.plan import BRANCHES
from edge_solver.bench.device.rig import Rig
from edge_solver.bench.device.thermal import read_heat
from edge_solver.catalog import ModelFile, ModelKind, resolve
from edge_solver.config import Settings
from edge_solver.core.formats import StepFormat
from edge_solver.core.ports import Scorer
from edge_solver.energy import Choice
from edge_solver.engines.threads import physical_cores
from edge_solver.loading import load_scorer

_USED = 512 + 64 * max(BRANCHES)
"""Tokens of the longest prompt and of all branches."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The policy that is measured."""

    file: ModelFile
    shape: str | None = None
    """The name of its shape, where its weights are made up."""


def cells() -> int:
    """Return the tokens of KV cache that a benchmark takes."""
    return _USED + SLACK


def real_rig(
    subject: Subject, settings: Settings, choice: Choice, stack: ExitStack, *, cancelled: Callable[[], bool],
    beat: Callable[[], None], quick: bool,
) -> Rig:  # fmt: skip
    """Build the rig.

    Args:
        subject: What to measure.
        settings: The reward model and threads.
        choice: The meter.
        stack: Closes what was opened.
        cancelled: Says whether the user has asked for an end.
        beat: Told that something is going on.
        quick: Fewer repeats.
    """
    lab = Lab(time.monotonic, choice.meter, read_heat, time.sleep, cancelled, beat=beat)
    settings = replace(settings, meter=choice.name, engine=replace(settings.engine, model=str(subject.file.path)))
    entry = subject.file.entry
    if entry is not None:
        settings = replace(settings, engine=replace(settings.engine, model=entry.name))
    usual = StepFormat()
    typical = entry.step_tokens * entry.solution_steps if entry else usual.step_tokens * usual.solution_steps

    def open_engine(threads: int | None) -> Engine:
        return DrafterEngine(
            subject.file.path,
            threads=threads or settings.engine.threads,
            cells=_USED,
            branches=max(BRANCHES),
            check=lab.check,
        )

    def open_scorer() -> Scorer:
        prm = resolve(ModelKind.PRM, settings.engine.prm)
        return load_scorer(prm, stack, policy=subject.file.path, threads=settings.engine.threads)

    cores = physical_cores()
    repeats = 3 if quick else 7
    return Rig(
        lab=lab,
        open_engine=open_engine,
        open_scorer=open_scorer,
        measure_bandwidth=lambda size: ceilings.bandwidths(size, cores, repeats, lab.check),
        measure_flops=lambda: ceilings.matrix_flops(1024 if quick else 2048, repeats, lab.check),
        run_suite=lambda limit, problems, strategy, stop: quality.run(
            settings, limit, problems, strategy=strategy, meter=choice.meter, stop=stop, progress=lambda _: beat()
        ),
        peak_rss_bytes=facts.peak_rss_bytes,
        solution_tokens=typical,
        cores=cores,
    )


def describe(subject: Subject, prm: str) -> Document:
    """Return what a result says of the models before one is loaded.

    Raises:
        ModelError: The policy's header cannot be read.
    """
    from edge_solver.engines.llama import LlamaModel

    file = subject.file
    LlamaModel(file.path, vocab_only=True).close()  # a file that is no model is refused before anything is measured
    prm_file = resolve(ModelKind.PRM, prm)
    return {
        "name": f"{subject.shape} (made-up weights)" if subject.shape else file.name,
        "file": file.path.name,
        "sha256": file.sha256,
        "bytes": file.path.stat().st_size,
        "made_up_weights": subject.shape is not None,
        "licence": file.entry.licence if file.entry else None,
        "prm": {"name": prm_file.name, "sha256": prm_file.sha256},
    }
