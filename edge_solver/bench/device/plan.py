"""How much to measure in the time there is: sizes and repeats from a first look at the model's speed.

Pure arithmetic. A fast model gets the usual sizes (512 tokens of prompt, 64 written, five repeats), a slow one smaller
ones, so that a benchmark ends when it said it would; what was measured stands in the result.
"""

from __future__ import annotations

from dataclasses import dataclass

BRANCHES = (1, 2, 4, 8, 16)
QUICK_SECONDS = 160.0
"""What is left of three minutes for one call more than planned, and for starting and ending the program."""
FULL_SECONDS = 900.0
_LEAST_SECONDS = 30.0

_GROWTH = 0.25
"""How much longer a decode call takes for every further branch, as a share of one alone; on the safe side."""
PROBE_SIZES = (16, 4)
"""Tokens of prompt and of decoding in a first look at the model."""
_SWEEP_SIZES = (128, 16, 2)
_LADDER = (
    (512, 64, 5),
    (512, 32, 5),
    (512, 32, 3),
    (256, 32, 3),
    (256, 16, 3),
    (128, 16, 3),
    (128, 16, 2),
    (64, 8, 2),
    (32, 4, 2),
)
"""Tokens of prompt, tokens written on each branch, repeats."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    quick: bool = False
    repeats: int | None = None
    problems: int | None = None
    sustained_seconds: float = 0.0
    sweep_threads: bool = False
    quality: bool = True
    """Whether the suite is run: weights that are made up solve nothing."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A first look at the model's speed."""

    seconds_per_prompt_token: float
    seconds_per_call: float
    """With one branch."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be measured."""

    prompt_tokens: int
    """Of the prompt whose reading is timed."""
    typical_prompt: int
    """Of the prompt before the branches, and of the time to the first token."""
    decode_tokens: int
    """Written on each branch."""
    repeats: int
    branches: tuple[int, ...]
    threads: tuple[int, ...]
    """Numbers of threads to try; empty without a sweep."""
    problems: int
    """Of the suite; 0 without it."""
    sustained_seconds: float
    stages: tuple[tuple[str, float], ...]
    """Every stage and about how many seconds it takes, in order."""

    most_seconds: float
    """When to end although something is missing."""

    @property
    def seconds(self) -> float:
        """About how long all of it takes."""
        return sum(seconds for _, seconds in self.stages)


def plan(wish: Wish, probe: Probe, *, context: int, cores: int, gone: float = 0.0) -> Plan:
    """Choose sizes that fit the time.

    Args:
        wish: What was asked for.
        probe: How fast the model is.
        context: Most tokens of a path.
        cores: The most threads to try.
        gone: Seconds that are over already.
    """
    total = max(_LEAST_SECONDS, (QUICK_SECONDS if wish.quick else FULL_SECONDS) - gone)
    for_engine = total * (0.45 if wish.quality else 0.75)
    threads = _thread_counts(cores) if wish.sweep_threads else ()
    rungs = [rung for rung in _LADDER if rung[0] + 16 <= context] or [_LADDER[-1]]
    sizes = next((rung for rung in rungs if _engine_seconds(rung, probe) <= for_engine), rungs[-1])
    prompt, tokens, repeats = sizes[0], sizes[1], wish.repeats or sizes[2]
    typical = min(128, prompt)
    problems = 0 if not wish.quality else wish.problems or (10 if wish.quick else 40)
    stages = [
        ("prompt", repeats * prompt * probe.seconds_per_prompt_token),
        ("first token", repeats * typical * probe.seconds_per_prompt_token),
        *((f"decode on {n}", _decode_seconds(n, typical, tokens, repeats, probe)) for n in BRANCHES),
        ("reward model", 2.0),
        ("ceilings", 6.0 if wish.quick else 12.0),
    ]
    most = total + wish.sustained_seconds
    if wish.sustained_seconds:
        stages.append(("sustained", wish.sustained_seconds))
    if threads:
        stages.append(("threads", len(threads) * _engine_seconds(_SWEEP_SIZES, probe, branches=(1,))))
        most += 0.25 * total
    if problems:
        stages.append(("suite", total * 0.35))
    return Plan(
        prompt,
        typical,
        tokens,
        repeats,
        BRANCHES,
        threads,
        problems,
        wish.sustained_seconds,
        tuple(stages),
        most,
    )


def sweep_sizes(found: Plan) -> tuple[int, int, int]:
    """Return tokens of prompt, tokens written and repeats for every number of threads."""
    prompt, tokens, repeats = _SWEEP_SIZES
    return min(prompt, found.prompt_tokens), min(tokens, found.decode_tokens), repeats


def _thread_counts(cores: int) -> tuple[int, ...]:
    """Return 1, 2, 4 ... and all cores, and one less, which leaves room for the rest of the machine."""
    powers = {2**power for power in range(cores.bit_length()) if 2**power <= cores}
    return tuple(sorted(powers | {cores, max(1, cores - 1)}))


def _engine_seconds(rung: tuple[int, int, int], probe: Probe, branches: tuple[int, ...] = BRANCHES) -> float:
    prompt, tokens, repeats = rung
    typical = min(128, prompt)
    reading = repeats * (prompt + typical) * probe.seconds_per_prompt_token
    return reading + sum(_decode_seconds(n, typical, tokens, repeats, probe) for n in branches)


def _decode_seconds(branches: int, prompt: int, tokens: int, repeats: int, probe: Probe) -> float:
    call = probe.seconds_per_call * (1 + _GROWTH * (branches - 1))
    return prompt * probe.seconds_per_prompt_token + repeats * tokens * call
