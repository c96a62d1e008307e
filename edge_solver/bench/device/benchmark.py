"""The benchmark from beginning to end: every stage in its order, and the document that grows with each of them.

What a stage measures is in the document the moment it is over, so that a run that is stopped keeps what it has and
says that it is partial. A stage that fails for a reason of its own (no reward model here) leaves a note and a null.
Devices are behind ``Rig``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from edge_solver.bench.device import measure
from edge_solver.bench.device.budgets import solve_suite
from edge_solver.bench.device.document import Document
from edge_solver.bench.device.engine import Engine, StoppedError
from edge_solver.bench.device.figures import figure, quant_of, sized
from edge_solver.bench.device.limits import measure_ceilings, roofs
from edge_solver.bench.device.measure import PromptSpeed, Window
from edge_solver.bench.device.plan import PROBE_SIZES, Plan, Probe, Wish, plan
from edge_solver.bench.device.prm import PrmSpeed, prm_speed
from edge_solver.bench.device.rig import Listener, Rig
from edge_solver.bench.device.sweep import sweep
from edge_solver.bench.device.thermal import Heat, throttled
from edge_solver.bench.device.timetable import Timetable
from edge_solver.bench.device.windows import Windows, seen_at_the_wall
from edge_solver.core.cost import Shape
from edge_solver.core.events import plain
from edge_solver.errors import EdgeSolverError

LOADS = 3
"""Times a model is loaded that loads quickly."""
_QUICK_LOAD = 2.0


@dataclass
class Benchmark:
    """Measures everything once."""

    rig: Rig
    wish: Wish
    listener: Listener
    document: Document
    """Holds what is known before; grows."""
    _windows: Windows = field(default_factory=Windows, init=False)
    _times: Timetable = field(init=False)
    _prompt: PromptSpeed | None = field(default=None, init=False)
    _prm_shape: Shape | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Prepare the timetable, which writes its notes into the document."""
        self._times = Timetable(self.rig.lab, self.wish, self.listener, self._note)

    def run(self) -> Document:
        """Measure, and return the document; ``complete`` says that nobody stopped it, notes say what had no time.

        Raises:
            ModelError: The policy cannot be used.
        """
        self.document |= {"complete": False, "speed": {}, "ceilings": None, "roofline": [], "quality": None}
        self.document["notes"] = self.document.get("notes", [])
        try:
            self._measure()
            self.document["complete"] = True
        except StoppedError:
            self._note("stopped by the user: what is missing was not measured")
        finally:
            self._finish()
        return self.document

    def _measure(self) -> None:
        lab, times = self.rig.lab, self._times
        begun = lab.clock()
        self.document["thermal"] = {"before": plain(lab.look()), "hottest": None, "after": None, "throttled": None}
        times.announce("idle")
        self._windows.keep(measure.idle(lab, 3.0 if self.wish.quick else 10.0))
        times.announce("loading the model")
        engine = self._load()
        try:
            found = self._look(engine, begun)
            self._engine_stages(engine, found)
            shape = engine.shape
        finally:
            engine.close()
        if found.threads:
            rows: list[Document] = []
            self.document["speed"]["threads"] = rows
            times.run("threads", lambda: sweep(self.rig, found, rows))
        if found.problems:
            times.run("suite", lambda: self._suite(shape, found))

    def _load(self) -> Engine:
        """Load the policy, again if that is quick; the last one stays."""
        engine = self.rig.open_engine(None)
        seconds = [engine.load_seconds]
        while len(seconds) < LOADS and seconds[0] < _QUICK_LOAD:
            engine.close()
            engine = self.rig.open_engine(None)
            seconds.append(engine.load_seconds)
        self.document["speed"]["load_seconds"] = plain(figure(seconds))
        self.document["workload"]["threads"] = engine.threads
        self.document["model"] |= {
            "description": sized(engine.description, engine.shape.params_total),
            "quant": quant_of(engine.description),
            "context": engine.context,
            "n_params": engine.shape.params_total,
            "weight_bytes": engine.weight_bytes,
        }
        return engine

    def _look(self, engine: Engine, begun: float) -> Plan:
        """Take a first look at the speed, which also warms everything up, and plan by it."""
        lab, (prompt, tokens) = self.rig.lab, PROBE_SIZES
        engine.prompt(prompt, lab.ledger())
        read, reading = engine.prompt(prompt, lab.ledger())
        calls = engine.decode(1, tokens, lab.ledger())
        found = plan(
            self.wish,
            Probe(reading / read, sum(calls) / len(calls)),
            context=engine.context,
            cores=self.rig.cores,
            gone=lab.clock() - begun,
        )
        self._times.follow(found)
        self.document["workload"] |= {
            "prompt_tokens": found.prompt_tokens,
            "typical_prompt_tokens": found.typical_prompt,
            "decode_tokens": found.decode_tokens,
            "repeats": found.repeats,
            "warm_ups": 1,
            "branches": list(found.branches),
            "problems": found.problems,
        }
        return found

    def _engine_stages(self, engine: Engine, found: Plan) -> None:
        lab, speed, run = self.rig.lab, self.document["speed"], self._times.run

        def prompt() -> None:
            self._prompt = measure.prompt_speed(engine, lab, found.prompt_tokens, found.repeats)
            speed["prompt"] = self._windows.keep_of(self._prompt, self._prompt.window)

        def first_token() -> None:
            first = measure.prompt_speed(engine, lab, found.typical_prompt, found.repeats)
            speed["first_token"] = {"prompt_tokens": first.tokens, "seconds": plain(first.seconds)}

        def decode(branches: int) -> None:
            writing = measure.decode_speed(
                engine, lab, branches, found.decode_tokens, found.repeats, prompt_tokens=found.typical_prompt
            )
            speed["decode"].append(self._windows.keep_of(writing, writing.window))

        def sustained() -> None:
            before = self._at_the_wall("the sustained run begins when you have typed it")
            hot = measure.sustained(
                engine, lab, found.sustained_seconds, found.decode_tokens,
                prompt_tokens=found.typical_prompt, throttled=throttled,
            )  # fmt: skip
            after = self._at_the_wall("the sustained run is over: look now")
            speed["sustained"] = self._windows.keep_of(hot, self._at_its_ends(hot.window, before, after))

        speed["decode"] = []
        run("prompt", prompt)
        run("first token", first_token)
        for branches in found.branches:
            run(f"decode on {branches}", partial(decode, branches))
        run("reward model", lambda: self._prm(found))
        speed["peak_rss_bytes"] = self.rig.peak_rss_bytes()
        run("ceilings", lambda: self._limits(engine))
        if found.sustained_seconds:
            run("sustained", sustained)

    def _prm(self, found: Plan) -> None:
        try:
            scorer = self.rig.open_scorer()
        except EdgeSolverError as error:
            self._note(f"the reward model was not measured: {error}")
            return
        self._prm_shape = scorer.profile.shape
        speed: PrmSpeed = prm_speed(scorer, self.rig.lab, max(5, found.repeats))
        self.document["speed"]["prm"] = self._windows.keep_of(speed, speed.window)

    def _limits(self, engine: Engine) -> None:
        """Measure the limits, and set what was measured before beside them."""
        weights, decode = engine.weight_bytes, self.document["speed"]["decode"]
        ceilings, self.document["ceilings"] = measure_ceilings(self.rig, weights)
        self.document["roofline"] = roofs(ceilings, engine.shape, weights, self._prompt, decode)

    def _suite(self, shape: Shape, found: Plan) -> None:
        quality = self.document["quality"] = {}
        solve_suite(self.rig, self.wish, found, shape, self._prm_shape, quality, self._windows, self._note)

    def _at_the_wall(self, moment: str) -> float | None:
        return None if self.rig.ask_wall is None else self.rig.ask_wall(moment)

    def _at_its_ends(self, window: Window, before: float | None, after: float | None) -> Window:
        """Return the window with what a person read off a meter, where there are two readings that make sense."""
        if self.rig.ask_wall is None:
            return window
        seen = seen_at_the_wall(window, before, after)
        if seen is None:
            self._note("sustained: the wall meter gave no two readings with energy between them, so they do not count")
            return window
        self._note(f"sustained: the wall meter was read by a person, {before:g} J before and {after:g} J after")
        return seen

    def _finish(self) -> None:
        """Write what is known only in the end: energy and heat."""
        self.document["energy"] = self.document.get("energy", {}) | self._windows.section()
        if self._windows.is_mixed:
            self._note("not all energy has the same label and scope; every window carries its own")
        lab, heat = self.rig.lab, self.document.get("thermal")
        if heat is not None:
            after = lab.look()
            heat |= {
                "hottest": plain(lab.hottest),
                "after": plain(after),
                "throttled": throttled(Heat(**heat["before"]), after),
            }

    def _note(self, text: str) -> None:
        self.document["notes"].append(text)
