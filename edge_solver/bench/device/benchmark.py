"""The benchmark from beginning to end: every stage in its order, and the document that grows with each of them.

What a stage measures is in the document the moment it is over, so that a run that is stopped keeps what it has and
says that it is partial. A stage that fails for a reason of its own (no reward model here) leaves a note and a null.
Devices are behind ``Rig``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from edge_solver.bench.device import measure
from edge_solver.bench.device.ceilings import LARGE, METHOD, Bandwidth
from edge_solver.bench.device.engine import Engine, OutOfTimeError, StoppedError
from edge_solver.bench.device.figures import figure, sized
from edge_solver.bench.device.measure import Lab, PromptSpeed, Window
from edge_solver.bench.device.plan import Plan, Probe, Wish, plan, sweep_sizes
from edge_solver.bench.device.prm import PrmSpeed, prm_speed
from edge_solver.bench.device.quality import Score, caps, suite_facts
from edge_solver.bench.device.roofline import Ceilings, bytes_read, decode_flops, prompt_flops, roof
from edge_solver.bench.device.thermal import Heat, throttled
from edge_solver.core.cost import Shape
from edge_solver.core.events import plain
from edge_solver.core.meter import EnergyLabel
from edge_solver.core.ports import Scorer
from edge_solver.energy.wall import SCOPE as WALL
from edge_solver.errors import EdgeSolverError

Document = dict[str, Any]

LOADS = 3
"""Times a model is loaded that loads quickly."""
_QUICK_LOAD = 2.0
_RESERVED = ("reward model", "ceilings", "sustained", "suite")
"""Stages whose time slow ones before them may not take, where the end is fixed."""
_PROBE = (16, 4)
"""Tokens of prompt and of decoding in the first look."""


class Listener(Protocol):
    """Is told how a benchmark goes on."""

    def stage(self, name: str, number: int, total: int, left: float | None) -> None:
        """Know what is measured now, and about how many seconds all of it still takes."""
        ...


@dataclass
class Rig:
    """What is measured, and with what."""

    lab: Lab
    open_engine: Callable[[int | None], Engine]
    """Loads the policy for a number of threads, or for what a search would take."""
    open_scorer: Callable[[], Scorer]
    measure_bandwidth: Callable[[int], Sequence[Bandwidth]]
    """Takes a working set in bytes."""
    measure_flops: Callable[[], float]
    run_suite: Callable[[float, int, str, Callable[[], bool]], Score]
    """Takes a cap in FLOPs, a number of problems, a strategy, and what says when to end."""
    peak_rss_bytes: Callable[[], int | None]
    solution_tokens: float
    """Of a typical solution of this policy."""
    cores: int
    ask_wall: Callable[[str], float | None] | None = None
    """Asks the user what a meter at the wall socket shows, in joules, at a moment that it is told in words."""


@dataclass
class Benchmark:
    """Measures everything once."""

    rig: Rig
    wish: Wish
    listener: Listener
    document: Document
    """Holds what is known before; grows."""
    _windows: list[Window] = field(default_factory=list, init=False)
    _plan: Plan | None = field(default=None, init=False)
    _end: float = field(default=0.0, init=False)
    _prompt: PromptSpeed | None = field(default=None, init=False)
    _prm_shape: Shape | None = field(default=None, init=False)

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
        lab = self.rig.lab
        begun = lab.clock()
        self.document["thermal"] = {"before": plain(lab.look()), "hottest": None, "after": None, "throttled": None}
        self._announce("idle")
        self._windows.append(measure.idle(lab, 3.0 if self.wish.quick else 10.0))
        self._announce("loading the model")
        engine = self._load()
        try:
            found = self._look(engine, begun)
            self._engine_stages(engine, found)
            shape = engine.shape
        finally:
            engine.close()
        if found.threads:
            self._stage("threads", lambda: self._sweep(found))
        if found.problems:
            self._stage("suite", lambda: self._suite(shape, found))

    # --- the stages ---

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
            "n_params": engine.shape.params_total,
            "weight_bytes": engine.weight_bytes,
        }
        return engine

    def _look(self, engine: Engine, begun: float) -> Plan:
        """Take a first look at the speed, which also warms everything up, and plan by it."""
        lab, (prompt, tokens) = self.rig.lab, _PROBE
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
        self._plan = found
        self._end = lab.clock() + found.seconds
        if self.wish.quick:
            self._end = lab.clock() + found.most_seconds
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
        lab, speed = self.rig.lab, self.document["speed"]

        def prompt() -> None:
            self._prompt = measure.prompt_speed(engine, lab, found.prompt_tokens, found.repeats)
            speed["prompt"] = self._with_window(self._prompt, self._prompt.window)

        def first_token() -> None:
            first = measure.prompt_speed(engine, lab, found.typical_prompt, found.repeats)
            speed["first_token"] = {"prompt_tokens": first.tokens, "seconds": plain(first.seconds)}

        def decode(branches: int) -> None:
            writing = measure.decode_speed(
                engine, lab, branches, found.decode_tokens, found.repeats, prompt_tokens=found.typical_prompt
            )
            speed["decode"].append(self._with_window(writing, writing.window))

        def sustained() -> None:
            before = self._at_the_wall("the sustained run begins when you have typed it")
            hot = measure.sustained(
                engine, lab, found.sustained_seconds, found.decode_tokens,
                prompt_tokens=found.typical_prompt, throttled=throttled,
            )  # fmt: skip
            after = self._at_the_wall("the sustained run is over: look now")
            speed["sustained"] = self._with_window(hot, self._seen_at_the_wall(hot.window, before, after))

        speed["decode"] = []
        self._stage("prompt", prompt)
        self._stage("first token", first_token)
        for branches in found.branches:
            self._stage(f"decode on {branches}", partial(decode, branches))
        self._stage("reward model", lambda: self._prm(found))
        speed["peak_rss_bytes"] = self.rig.peak_rss_bytes()
        self._stage("ceilings", lambda: self._ceilings(engine))
        if found.sustained_seconds:
            self._stage("sustained", sustained)

    def _prm(self, found: Plan) -> None:
        try:
            scorer = self.rig.open_scorer()
        except EdgeSolverError as error:
            self._note(f"the reward model was not measured: {error}")
            return
        self._prm_shape = scorer.profile.shape
        speed: PrmSpeed = prm_speed(scorer, self.rig.lab, max(5, found.repeats))
        self.document["speed"]["prm"] = self._with_window(speed, speed.window)

    def _ceilings(self, engine: Engine) -> None:
        """Measure the limits, and set what was measured before beside them."""
        weights = engine.weight_bytes
        large = list(self.rig.measure_bandwidth(LARGE))
        like_weights = large if weights >= LARGE else list(self.rig.measure_bandwidth(weights))
        flops = self.rig.measure_flops()
        ceilings = Ceilings(max(found.bytes_per_second for found in like_weights), flops)
        self.document["ceilings"] = {
            "method": METHOD,
            "bytes_per_second": max(found.bytes_per_second for found in large),
            "bytes_per_second_like_weights": ceilings.bytes_per_second,
            "flops_per_second": flops,
            "bandwidths": plain((*large, *(like_weights if like_weights is not large else ()))),
        }
        prompt, shape, roofs = self._prompt, engine.shape, []
        if prompt is not None:
            roofs.append(
                roof(
                    f"prompt of {prompt.tokens}",
                    bytes_read(shape, weights, prompt.tokens),
                    prompt_flops(shape, prompt.tokens),
                    prompt.seconds.median,
                    ceilings,
                )
            )
        for row in self.document["speed"]["decode"]:
            middle = row["prompt_tokens"] + row["tokens"] // 2
            cells = row["prompt_tokens"] + row["branches"] * row["tokens"] / 2
            roofs.append(
                roof(
                    f"decode on {row['branches']}",
                    bytes_read(shape, weights, cells),
                    decode_flops(shape, row["branches"], middle),
                    row["seconds_per_call"]["median"],
                    ceilings,
                )
            )
        self.document["roofline"] = plain(tuple(roofs))

    def _sweep(self, found: Plan) -> None:
        """Try numbers of threads; what is fastest for prompts seldom is for decoding."""
        lab = self.rig.lab
        prompt, tokens, repeats = sweep_sizes(found)
        rows = self.document["speed"]["threads"] = []
        for threads in found.threads:
            lab.check()
            engine = self.rig.open_engine(threads)
            try:
                engine.prompt(_PROBE[0], lab.ledger())
                reading = measure.prompt_speed(engine, lab, prompt, repeats)
                writing = measure.decode_speed(engine, lab, 1, tokens, repeats, prompt_tokens=prompt)
            finally:
                engine.close()
            rows.append(
                {
                    "threads": threads,
                    "prompt_tokens_per_second": plain(reading.tokens_per_second),
                    "decode_tokens_per_second": plain(writing.tokens_per_second),
                }
            )

    def _suite(self, shape: Shape, found: Plan) -> None:
        """Solve problems under three caps; each cap has its share of the time, those before it leave what they save."""
        lab = self.rig.lab
        strategy = "rebase" if self._prm_shape is not None else "majority"
        limits = caps(shape, self._prm_shape, self.rig.solution_tokens)
        quality: Document = {"suite": suite_facts(found.problems), "strategy": strategy, "budgets": []}
        self.document["quality"] = quality
        total_end = lab.limit or lab.clock() + dict(found.stages)["suite"]
        for done, limit in enumerate(limits):
            spare = total_end - lab.clock()
            # A search takes about in proportion to its cap, and each cap some seconds to begin with.
            end = lab.clock() + max(1.0, spare * limit**0.5 / sum(other**0.5 for other in limits[done:]))
            score = self.rig.run_suite(limit, found.problems, strategy, partial(self._must_stop, end))
            if score.n < score.wanted and not lab.cancelled():
                self._note(
                    f"under the cap of {limit:.2g} FLOPs there was time for {score.n} of {score.wanted} problems"
                )
            quality["budgets"].append(plain(score))
            lab.check()

    # --- bookkeeping ---

    def _must_stop(self, end: float) -> bool:
        """Say whether a cap's time is over; a number of problems that was asked for is solved however long it takes."""
        lab = self.rig.lab
        over = lab.limit is not None and lab.clock() >= lab.limit
        return lab.cancelled() or over or (self.wish.problems is None and lab.clock() >= end)

    def _with_window(self, result: Any, window: Window) -> Document:  # noqa: ANN401 - one of the results, a dataclass
        """Return a result as JSON data without its window, which is kept with the others."""
        self._windows.append(window)
        document: Document = plain(result)
        del document["window"]
        return document

    def _at_the_wall(self, moment: str) -> float | None:
        return None if self.rig.ask_wall is None else self.rig.ask_wall(moment)

    def _seen_at_the_wall(self, window: Window, before: float | None, after: float | None) -> Window:
        """Return the window with what a person read off a meter, where there are two readings that make sense."""
        if self.rig.ask_wall is None:
            return window
        if before is None or after is None or after <= before:
            self._note("sustained: the wall meter gave no two readings with energy between them, so they do not count")
            return window
        self._note(f"sustained: the wall meter was read by a person, {before:g} J before and {after:g} J after")
        return replace(window, joules=after - before, label=EnergyLabel.MEASURED_WALL.value, scope=WALL)

    def _finish(self) -> None:
        """Write what is known only in the end: energy and heat."""
        idle = next((window for window in self._windows if window.what == "idle"), None)
        watts = None
        if idle is not None and idle.joules is not None and idle.seconds > 0:
            watts = idle.joules / idle.seconds
        # What another source than that of the idle watts shows holds another idle power.
        windows = [
            replace(window, net_joules=measure.net(window, watts))
            if idle is not None and (window.label, window.scope) == (idle.label, idle.scope)
            else window
            for window in self._windows
        ]
        energy = self.document.setdefault("energy", {})
        energy |= {
            "idle_watts": watts,
            "windows": [plain(window) | {"joules_per_unit": window.per_unit} for window in windows],
            "prompt_joules_per_token": _first(windows, "prompt of"),
            "decode_joules_per_token": _first(windows, "decode on"),
            "prm_joules_per_call": _first(windows, "reward model"),
        }
        used = [window for window in windows if window.what != "idle"]
        energy["label"] = used[0].label if used else None
        energy["scope"] = used[0].scope if used else None
        if len({(window.label, window.scope) for window in used}) > 1:
            self._note("not all energy has the same label and scope; every window carries its own")
        lab, heat = self.rig.lab, self.document.get("thermal")
        if heat is not None:
            after = lab.look()
            heat |= {
                "hottest": plain(lab.hottest),
                "after": plain(after),
                "throttled": throttled(Heat(**heat["before"]), after),
            }

    def _stage(self, name: str, run: Callable[[], None]) -> None:
        """Run a stage within its part of the time that is left; without any it leaves a note."""
        lab = self.rig.lab
        assert self._plan is not None  # stages come after the first look
        names = [stage for stage, _ in self._plan.stages]
        place, now = names.index(name), lab.clock()
        seconds = [seconds for _, seconds in self._plan.stages[place:]]
        left = min(sum(seconds), max(0.0, self._end - now))
        self.listener.stage(name, 1 + place, len(names), left)
        lab.deadline = self._deadline(now, left, seconds)
        if self.wish.quick:
            later = self._plan.stages[place + 1 :]
            reserved = sum(stage_seconds for stage, stage_seconds in later if stage in _RESERVED)
            # Ceilings take seconds on any machine, and nothing that was measured can be judged without them.
            lab.limit = None if name == "ceilings" else self._end - reserved
        try:
            lab.check()
            run()
        except OutOfTimeError:
            self._note(f"{name}: the time was up")

    def _deadline(self, now: float, left: float, seconds: Sequence[float]) -> float | None:
        """Say when the stage that takes the first of ``seconds`` begins no more repeats."""
        if self.wish.repeats is not None:
            return None  # as many as were asked for are made, however long it takes
        if self.wish.quick:
            return now + left * seconds[0] / max(sum(seconds), 1e-9)
        return now + 2 * seconds[0]

    def _announce(self, name: str) -> None:
        self.rig.lab.check()
        self.listener.stage(name, 0, 0, None)

    def _note(self, text: str) -> None:
        self.document["notes"].append(text)


def _first(windows: Sequence[Window], beginning: str) -> float | None:
    return next((window.per_unit for window in windows if window.what.startswith(beginning)), None)
