"""Settings from everywhere into one frozen ``Settings``: flag > environment > project file > user file > default.

One name serves in all places: the setting ``max_joules`` is the flag ``--max-joules``, the variable
``EDGE_SOLVER_MAX_JOULES`` and the key ``max_joules`` in ``edge-solver.toml``. ``resolve`` is the one function that
knows this order. An unknown name is an error that suggests the nearest, and every message says where the value stood.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from edge_solver import paths, quantities
from edge_solver.core.allocate import ROUNDINGS
from edge_solver.core.budget import Budget
from edge_solver.core.reward import AGGREGATES
from edge_solver.core.stopping import STOPS
from edge_solver.core.strategies import STRATEGIES, SearchSettings
from edge_solver.core.vote import RULES
from edge_solver.errors import UnknownNameError, UsageError
from edge_solver.quantities import Kind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "EDGE_SOLVER_"
"""What the names of our environment variables begin with."""

METERS = ("auto", "wall:FILE", "powercap", "apple", "emi", "battery", "termux", "calibrated", "estimate")
"""What can measure energy; ``auto`` takes the best that works for a run of any length."""

_NOT_SETTINGS = {paths.HOME_VARIABLE, "EDGE_SOLVER_DEBUG"}
_APP = frozenset({"theme", "keys"})
"""Names that stand beside the settings of a search and are read by ``resolve_app``."""
_MOST_WIDTH = 4096  # far beyond the paper's 256, and still a tree that fits into memory
_MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Which models to run, and with what."""

    model: str = "builtin"
    """The policy: a name in the registry or a path."""
    prm: str = "builtin"
    """The process reward model: a name in the registry or a path."""
    format: str | None = None
    """How the policy is asked, by name; ``None`` takes what the registry says, or a guess."""
    prm_format: str | None = None
    """How the reward model reads a solution, by name; ``None`` takes what the registry or its file says."""
    threads: int | None = None
    """``None`` takes the physical cores."""
    gpu_layers: int = 0
    """Layers of the policy on a GPU, as far as the build of llama.cpp can."""
    providers: str = "cpu"
    """What onnxruntime runs the reward model on, the best first; the CPU takes over where one cannot be had."""
    n_ctx: int | None = None
    """Cells of the key/value cache for the whole tree; ``None`` sizes them by model and width."""
    max_memory: int | None = None
    """Most bytes of memory for the whole process; ``None`` takes what is free."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a user can choose, resolved."""

    strategy: str = "rebase"
    stop: str = "none"
    """The rule by which a search may end before its width is reached."""
    seed: int = 0
    meter: str = "auto"
    """What measures energy, of ``METERS``."""
    history: bool = True
    """Whether the runs of ``solve`` are saved."""
    search: SearchSettings = field(default_factory=SearchSettings)
    budget: Budget = field(default_factory=Budget)
    engine: EngineSettings = field(default_factory=EngineSettings)


@dataclass(frozen=True, slots=True)
class AppSettings:
    """How the terminal app looks and which keys it has; nothing that changes a search."""

    theme: str | None = None
    """A theme by name; ``None`` takes the app's own."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Other keys by the id of what they do, such as ``{"solve.stop": "f9"}``."""


_Reader = Callable[[object, str], object]
"""Turns a raw value into a checked one; the second argument says where the value stood."""


def resolve(
    flags: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Join all sources of settings into one.

    Args:
        flags: Settings given on the command line or by a caller; ``None`` as a value means not given.
        environ: Environment variables; by default those of the process.
        folder: Where a project file may be; by default the working directory.

    Raises:
        UsageError: A file cannot be read, or a value makes no sense.
        UnknownNameError: A setting, strategy or rule that does not exist; carries the nearest one.
    """
    chosen: dict[str, object] = {}
    # From the weakest source to the strongest; each value is checked where it stands, even when it is overridden.
    for file in (paths.config_dir() / paths.PROJECT_FILE, (folder or Path()) / paths.PROJECT_FILE):
        chosen |= _checked(_read_file(file), _key_in(file))
    chosen |= _checked(_variables(os.environ if environ is None else environ), _variable)
    chosen |= _checked({name: value for name, value in (flags or {}).items() if value is not None}, _flag)
    return _settings(chosen)


def resolve_app(*, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> AppSettings:
    """Join the sources of the app's settings, as ``resolve`` does those of a search; keys are joined one by one.

    Raises:
        UsageError: A file cannot be read, or a value makes no sense.
    """
    theme: str | None = None
    keys: dict[str, str] = {}
    for file in (paths.config_dir() / paths.PROJECT_FILE, (folder or Path()) / paths.PROJECT_FILE):
        table = _read_file(file)
        if "theme" in table:
            theme = _text(table["theme"], f"{file}: theme")
        keys |= _keys(table.get("keys", {}), f"{file}: keys")
    variable = (os.environ if environ is None else environ).get(_variable("theme"))
    return AppSettings(variable or theme, keys)


def _keys(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise UsageError(f'{where}: {value!r} is no table; write [keys] and lines such as "solve.stop" = "f9"')
    return {str(name): _text(key, f"{where}.{name}") for name, key in value.items()}


def _settings(chosen: Mapping[str, object]) -> Settings:
    def part(names: Iterable[str], cut: str = "") -> dict[str, object]:
        return {name.removeprefix(cut): chosen[name] for name in names if name in chosen}

    # The readers below have given every value its type; mypy cannot follow them through the table.
    return Settings(
        **part(_OWN),  # type: ignore[arg-type]
        search=SearchSettings(**part(_SEARCH)),  # type: ignore[arg-type]
        budget=Budget(**part(_BUDGET, "max_")),  # type: ignore[arg-type]
        engine=EngineSettings(**part(_ENGINE)),  # type: ignore[arg-type]
    )


def _checked(raw: Mapping[str, object], where: Callable[[str], str]) -> dict[str, object]:
    """Read every value of one source; ``where`` says where the value of a setting stood."""
    checked: dict[str, object] = {}
    for key, value in raw.items():
        if key in _APP:
            continue
        if key not in READERS:
            raise UnknownNameError(f"setting ({where(key)})", key, (*READERS, *sorted(_APP)))
        checked[key] = READERS[key](value, where(key))
    return checked


def _variables(environ: Mapping[str, str]) -> dict[str, object]:
    """Return our variables as settings; an empty one counts as not set."""
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in _NOT_SETTINGS and value
    }


def _key_in(file: Path) -> Callable[[str], str]:
    return lambda key: f"{file}: {key}"


def _variable(key: str) -> str:
    return PREFIX + key.upper()


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def _read_file(file: Path) -> Mapping[str, object]:
    """Return the settings in a file; none where there is no file."""
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}; mend its permissions or move it away") from error
    try:
        table: dict[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError; so is a number without end
        raise UsageError(f"{file} is not valid TOML: {error}; write lines such as width = 16") from error
    return table


def _text(value: object, where: str) -> str:
    if isinstance(value, str) and value.strip() and "\0" not in value:
        return value.strip()
    raise UsageError(f"{where}: {value!r} is not a name; write it in quotes")


def _one_of(kind: str, known: Collection[str]) -> _Reader:
    def read(value: object, where: str) -> str:
        name = _text(value, where)
        if name not in known:
            raise UnknownNameError(f"{kind} ({where})", name, known)
        return name

    return read


def _meter(value: object, where: str) -> str:
    name, colon, file = _text(value, where).partition(":")
    if name == "wall":
        if not file:
            raise UsageError(f"{where}: name the file that the wall meter's total is written to: wall:FILE")
        return f"wall:{file}"
    return str(_one_of("meter", METERS)(name + colon + file, where))


def _whole(least: int, most: int) -> _Reader:
    def read(value: object, where: str) -> int:
        number = value
        if isinstance(number, str):
            try:
                number = int(number)
            except ValueError:
                number = None
        if isinstance(number, bool) or not isinstance(number, int):
            raise UsageError(f"{where}: {value!r} is not a whole number; write one from {least} to {most}")
        if not least <= number <= most:
            raise UsageError(f"{where}: {number} is out of range; write a whole number from {least} to {most}")
        return number

    return read


def _yes_or_no(value: object, where: str) -> bool:
    chosen = value if isinstance(value, bool) else _TRUTHS.get(str(value).strip().lower())
    if chosen is None:
        raise UsageError(f"{where}: {value!r} is neither yes nor no; write true or false")
    return chosen


def _number(most: float, *, zero: bool) -> _Reader:
    wanted = f"write a number {'from' if zero else 'above'} 0 {'to' if zero else 'and up to'} {most:g}"

    def read(value: object, where: str) -> float:
        try:
            number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type] # refused below
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not (0 <= number <= most) or (number == 0 and not zero):
            raise UsageError(f"{where}: {value!r} is not possible; {wanted}")
        return number

    return read


def _quantity(kind: Kind) -> _Reader:
    whole = kind in (Kind.TOKENS, Kind.BYTES)

    def read(value: object, where: str) -> float:
        if isinstance(value, str):
            return (
                quantities.parse_whole(value, kind, name=where) if whole else quantities.parse(value, kind, name=where)
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{where}: {value!r} is not a number of {kind.value}")
        number = quantities.check(value, kind, name=where)
        return int(number) if whole else float(number)

    return read


_TRUTHS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)
_OWN: Mapping[str, _Reader] = {
    "strategy": _one_of("strategy", STRATEGIES),
    "stop": _one_of("stopping rule", STOPS),
    "seed": _whole(0, 2**63 - 1),
    "meter": _meter,
    "history": _yes_or_no,
}
_SEARCH: Mapping[str, _Reader] = {
    "width": _whole(1, _MOST_WIDTH),
    "balance_temperature": _number(1000, zero=False),
    "rounding": _one_of("rounding", ROUNDINGS),
    "aggregate": _one_of("aggregate", AGGREGATES),
    "vote": _one_of("vote", RULES),
    "temperature": _number(100, zero=True),
    "beam_width": _whole(1, _MOST_WIDTH),
    "max_step_tokens": _whole(1, 2**20),
    "max_solution_tokens": _whole(1, 2**20),
    "max_steps": _whole(1, _MOST_STEPS),
}
_BUDGET: Mapping[str, _Reader] = {
    "max_flops": _quantity(Kind.FLOPS),
    "max_joules": _quantity(Kind.JOULES),
    "max_seconds": _quantity(Kind.SECONDS),
    "max_tokens": _quantity(Kind.TOKENS),
}
_ENGINE: Mapping[str, _Reader] = {
    "model": _text,
    "prm": _text,
    "format": _text,
    "prm_format": _text,
    "threads": _whole(1, 1024),
    "gpu_layers": _whole(0, 10_000),
    "providers": _text,
    "n_ctx": _whole(1, 2**31 - 1),
    "max_memory": _quantity(Kind.BYTES),
}
READERS: Mapping[str, _Reader] = MappingProxyType({**_OWN, **_SEARCH, **_BUDGET, **_ENGINE})
"""Every setting by name, with the function that reads and checks its value."""
