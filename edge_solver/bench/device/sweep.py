"""Other numbers of threads: what is fastest for prompts seldom is for decoding."""

from __future__ import annotations

from edge_solver.bench.device import measure
from edge_solver.bench.device.document import Document
from edge_solver.bench.device.plan import PROBE_SIZES, Plan, sweep_sizes
from edge_solver.bench.device.rig import Rig
from edge_solver.core.events import plain


def sweep(rig: Rig, found: Plan, rows: list[Document]) -> None:
    """Load the policy for every number of threads of the plan; each adds its speeds to ``rows``.

    Raises:
        StoppedError: The user has asked for an end.
        OutOfTimeError: The time is up.
    """
    lab = rig.lab
    prompt, tokens, repeats = sweep_sizes(found)
    for threads in found.threads:
        lab.check()
        engine = rig.open_engine(threads)
        try:
            engine.prompt(PROBE_SIZES[0], lab.ledger())
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
