"""``edge-solver bench device``: what this machine makes of a model, into one file and onto one screen.

What was typed wrong is refused before anything is measured; a first signal ends the run with what is known, marked as
partial.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from edge_solver.bench.shapes import QUANTS, SHAPES
from edge_solver.cli import output
from edge_solver.cli.interrupts import Interrupts
from edge_solver.config import METERS, Settings, resolve
from edge_solver.errors import ExitCode, UsageError

_SHAPES = f"True shape, made-up weights: {', '.join(SHAPES)}."


@click.command("device")
@click.option("--model", metavar="NAME|PATH", help="The policy to measure.  [default: builtin]")
@click.option("--shape", metavar="NAME", help=_SHAPES)
@click.option("--quant", type=click.Choice(QUANTS), help="Of a shape.  [default: q4_0]")
@click.option("--prm", metavar="NAME|PATH", help="The process reward model.  [default: builtin]")
@click.option("--quick", is_flag=True, help="End within three minutes.")
@click.option("--repeats", type=click.IntRange(1, 100), metavar="N", help="Of each measurement.  [default: by speed]")
@click.option("--problems", type=click.IntRange(0, 10_000), metavar="N", help="Of the built-in suite; 0 for none.")
@click.option("--sustained", type=click.FloatRange(0, 1440), metavar="MIN", help="Then write for minutes on end.")
@click.option("--sweep-threads", is_flag=True, help="Also try other numbers of threads.")
@click.option("--threads", metavar="N", help="Processor threads.  [default: as a search would take]")
@click.option("--meter", metavar="|".join(METERS), help="What measures energy; see 'edge-solver energy'.")
@click.option("--wall", is_flag=True, help="Ask what a meter at the wall socket shows before and after --sustained.")
@click.option("--ambient", type=click.FloatRange(-60, 70), metavar="C", help="The room's temperature, for the record.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.json", help="Where the result goes.")
@click.option(
    "--llama-bench-json", "rows", type=click.Path(path_type=Path), metavar="FILE", help="Also rows as llama-bench's."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.option("--quiet", is_flag=True, help="Say nothing on standard error but errors.")
@click.option("--remove-shapes", is_flag=True, help="Remove every model with made-up weights, and do nothing else.")
@click.option("--demo", is_flag=True, hidden=True, help="Measure a simulated machine.")
def command(*, as_json: bool, quiet: bool, remove_shapes: bool, **choices: Any) -> int:  # noqa: ANN401 - as typed
    """Measure this device: speed, how near it comes to its limits, energy, and what a right answer costs.

    Without --model or --shape the built-in policy is measured. A shape is made once, of random weights, as large and as
    fast as the real model; it needs: pip install 'edge-solver[bench]'.

    \b
    edge-solver bench device --quick --out here.json
    edge-solver bench device --shape llemma-7b --problems 0 --out 7b.json
    edge-solver bench device --sustained 5 --wall --out hot.json
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    if remove_shapes:
        return _remove()
    from edge_solver.bench.device import document as files

    settings = _settings(choices)
    targets = _targets(choices)
    for path in (*targets, choices["rows"]):
        if path is not None:
            files.check_target(path)
    document = _measure(choices, settings, quiet=quiet)
    if document is None:
        output.say("stopped before anything was measured")
        return ExitCode.INTERRUPTED
    _write(document, targets, choices["rows"])
    if as_json:
        output.emit_json(document)
    else:
        from edge_solver.bench.device.summary import summary

        for line in summary(document):
            output.emit(line)
    if not quiet:
        output.say(f"the result is in {targets[0]}; set several side by side with: edge-solver bench compare FILE...")
        for note in document["notes"]:
            output.say(f"note: {note}")
    return ExitCode.ANSWERED if document["complete"] else ExitCode.INTERRUPTED


def _settings(choices: dict[str, Any]) -> Settings:
    """Take models, meter and threads as typed or set; everything else is the same on every device."""
    if choices["shape"] is not None and choices["model"] is not None:
        raise UsageError("--shape and --model: give one of them")
    if choices["quant"] is not None and choices["shape"] is None:
        raise UsageError("--quant belongs to --shape; a model has its own")
    if choices["wall"] and not choices["sustained"]:
        raise UsageError("--wall is read before and after a sustained run; add --sustained 5")
    if choices["wall"] and not output.is_terminal(sys.stdin):
        raise UsageError("--wall asks a person, on a terminal; a script can write to a file for: --meter wall:FILE")
    typed = resolve({name: choices[name] for name in ("model", "prm", "threads", "meter")})
    if typed.meter.startswith(("wall", "battery", "termux")) and not choices["sustained"]:
        output.say(f"warning: {typed.meter} gives no figure for less than two minutes of work; add --sustained 3")
    return Settings(meter=typed.meter, engine=typed.engine)


def _targets(choices: dict[str, Any]) -> tuple[Path, ...]:
    """Return where the result goes: to the file that was asked for, and to where 'models show' looks for it."""
    from edge_solver import paths
    from edge_solver.bench.device.document import now

    asked: Path | None = choices["out"]
    if asked is not None and choices["demo"]:
        return (asked,)
    try:
        kept = paths.writable(paths.devices_dir()) / f"device-{now().replace(':', '')}.json"
    except UsageError:
        if asked is None:
            raise
        return (asked,)
    return (kept,) if asked is None else (asked, kept)


def _write(document: dict[str, Any], targets: tuple[Path, ...], rows: Path | None) -> None:
    from edge_solver.bench.device import document as files
    from edge_solver.bench.device.llama_rows import llama_rows

    for path in targets:
        files.write(path, document)
    if rows is not None:
        files.write(rows, llama_rows(document))


def _remove() -> int:
    from edge_solver.bench import shape_files
    from edge_solver.quantities import Kind, show

    removed = shape_files.remove_all()
    for path, size in removed:
        output.emit(f"removed {path} ({show(size, Kind.BYTES)})")
    if not removed:
        output.emit(f"no shapes in {shape_files.folder()}")
    return ExitCode.ANSWERED


def _measure(choices: dict[str, Any], settings: Settings, *, quiet: bool) -> dict[str, Any] | None:
    """Measure; return nothing where the user asked for an end before there was a model."""
    from edge_solver.bench.device.engine import StoppedError
    from edge_solver.bench.device.plan import Wish
    from edge_solver.bench.device.session import Session

    stopping: list[bool] = []
    with _showing(quiet=quiet) as live, Interrupts() as interrupts, ExitStack() as stack:

        def stop() -> None:
            stopping.append(True)
            live.stopping()

        interrupts.call(stop)
        problems = choices["problems"]
        wish = Wish(
            quick=choices["quick"],
            repeats=choices["repeats"],
            problems=problems or None,
            sustained_seconds=60 * (choices["sustained"] or 0.0),
            sweep_threads=choices["sweep_threads"],
            quality=choices["shape"] is None and problems != 0,
        )
        session = Session(
            settings,
            wish,
            live,
            cancelled=lambda: bool(stopping),
            command=shlex.join(["edge-solver", *sys.argv[1:]]),
            ambient=choices["ambient"],
            ask_wall=partial(_ask_wall, live) if choices["wall"] else None,
        )
        try:
            if choices["demo"]:
                return session.demo()
            if choices["shape"] is not None:
                return session.of_shape(choices["shape"], choices["quant"] or "q4_0", stack)
            return session.of_model(stack)
        except StoppedError:
            return None


def _ask_wall(live: Any, moment: str) -> float | None:  # noqa: ANN401 - a Live, whose module is heavy
    from edge_solver.energy.wall import joules

    question = f"What does the meter at the wall show, such as 0.512 kWh? ({moment}; Enter alone for no reading)"
    found: float | None = live.ask(question, partial(joules, name="--wall"))
    return found


@contextmanager
def _showing(*, quiet: bool) -> Iterator[Any]:
    from edge_solver.cli.bench.device_live import Live

    terminal = sys.stderr if output.is_terminal(sys.stderr) and not quiet else None
    live = Live(terminal, quiet=quiet)
    try:
        yield live
    finally:
        live.clear()
