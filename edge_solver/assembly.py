"""The one place where parts are put together: settings in, a search with real engines out.

It knows which class stands behind which port and nothing of how they work. Heavy libraries are imported here, when an
engine is first needed, and nowhere above.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from edge_solver.answers import MathGrader, extract_answer
from edge_solver.catalog import ModelFile, ModelKind, formats, resolve
from edge_solver.config import Settings
from edge_solver.config import resolve as resolve_settings
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.events import Event, Solved
from edge_solver.core.formats import ScoreFormat, StepFormat
from edge_solver.core.ports import Drafter, Profile
from edge_solver.core.solution import Solution
from edge_solver.core.strategies import Strategy, strategy_named
from edge_solver.energy import choose_meter
from edge_solver.energy.calibration import Tie, tie
from edge_solver.engines.choices import Choice
from edge_solver.engines.threads import physical_cores
from edge_solver.errors import UsageError
from edge_solver.paths import shipped
from edge_solver.solver import Engines, Past, Search

if TYPE_CHECKING:
    from typing_extensions import Self

    from edge_solver.engines.capacity import Announced, Limits
    from edge_solver.engines.drafter import LlamaDrafter
    from edge_solver.engines.llama import LlamaModel
    from edge_solver.engines.merging import MergingScorer
    from edge_solver.engines.onnx import OnnxScorer


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """How one model runs."""

    engine: str
    """The library."""
    model: str
    runs_on: str
    choices: list[Choice]


class Assembly:
    """Loaded models, ready for any number of searches under the same settings. A context manager."""

    def __init__(
        self,
        settings: Settings,
        *,
        demo: bool = False,
        problems: int | None = 1,
        run_seconds: float | None = None,
        capped: bool = False,
    ) -> None:
        """Load the models that the settings name; with ``demo`` a simulated world stands in for them.

        Args:
            settings: What to load, and how to search.
            demo: Load nothing.
            problems: How many searches will run at the same time; ``None`` for as many as make the models faster.
            run_seconds: How long the run is expected to take; by default as long as the settings allow a search, and
                no longer than a moment where they allow it any time.
            capped: Whether a cap on joules has to be kept that is not in the settings.

        Raises:
            ModelError: A model is missing, broken or too large.
            UnknownNameError: A model or strategy name is not known.
        """
        self.settings = settings
        self._strategy = strategy_named(settings.strategy)
        self._searches, self._problems = 0, problems
        self._tie: Tie | None = None
        self._drafters: list[LlamaDrafter] = []
        self.notes: list[str] = []
        """What a user should know of how the models were understood."""
        self.engine_info: list[EngineInfo] = []
        """What runs where, how, and why."""
        with ExitStack() as stack:
            self.engines = self._demo_engines(stack) if demo else self._real_engines(stack)
            """What the searches work with."""
            choice = choose_meter(
                settings.meter,
                seconds=settings.budget.seconds if run_seconds is None else run_seconds,
                capped=capped or settings.budget.joules is not None,
                tie=self._tie,
            )
            self.meter, self.rates = choice.meter, choice.rates
            self._stack = stack.pop_all()

    def search(
        self,
        problem: str,
        *,
        budget: Budget | None = None,
        seed: int | None = None,
        width: int | None = None,
        ledger: Ledger | None = None,
        key: int | None = None,
        strategy: Strategy | None = None,
        past: Past | None = None,
        is_watched: bool = True,
    ) -> Search:
        """Return a search for one problem; its clock starts now.

        Args:
            problem: What to solve.
            budget: Caps for this problem, instead of the settings'.
            seed: Instead of the settings' seed.
            width: Instead of the settings' width, and no larger: the engines were made for that.
            ledger: Instead of one on this machine's clock and meter.
            key: Names the problem in the engines; no two searches at the same time may have the same.
            strategy: Instead of the settings'; one that weighs rewards only where the settings' does.
            past: A search that ended, to go on with; its spend counts under the budget.
            is_watched: See ``Search``.

        Raises:
            ProblemError: The problem is empty or too long for the model.
        """
        self._searches += 1
        return Search(
            problem,
            self.engines,
            ledger
            or Ledger(
                budget or self.settings.budget,
                time.monotonic,
                self.meter,
                rates=self.rates,
                past=past.spent if past is not None else None,
            ),
            strategy or self._strategy,
            replace(self.settings.search, width=width or self.settings.search.width),
            stop=self.settings.stop,
            seed=self.settings.seed if seed is None else seed,
            key=self._searches if key is None else key,
            past=past,
            is_watched=is_watched,
        )

    @property
    def announced(self) -> Announced | None:
        """The memory that the process will have at most, known once a search was made; ``None`` without a model."""
        known = [drafter.announced for drafter in self._drafters if drafter.announced is not None]
        return max(known, key=lambda announced: announced.total, default=None)

    def close(self) -> None:
        """Free the models and stop the grader's worker."""
        self._stack.close()

    def __enter__(self) -> Self:
        """Return the assembly itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Free the models."""
        self.close()

    def _real_engines(self, stack: ExitStack) -> Engines:
        from edge_solver.engines.capacity import Limits
        from edge_solver.engines.llama import LlamaModel

        chosen = self.settings.engine
        policies = [resolve(ModelKind.POLICY, name) for name in model_names(chosen.model)]
        prm = resolve(ModelKind.PRM, chosen.prm) if self._strategy.scored else None
        self._tie = tie_of(policies, chosen.threads)
        asked = formats.step_format(chosen.format) if chosen.format else None
        read = formats.score_format(chosen.prm_format) if chosen.prm_format else None
        grader = stack.enter_context(MathGrader())
        self._check_memory(policies, prm)
        models, step_formats = [], []
        for policy in policies:
            models.append(LlamaModel(policy.path, gpu_layers=chosen.gpu_layers))
            stack.callback(models[-1].close)
            self._tell("llama.cpp", policy.name, models[-1].runs_on, asked=chosen.gpu_layers > 0)
            width = self._strategy.width or self.settings.search.width
            self.engine_info[-1].choices.extend(models[-1].choices(width, chosen.threads).reasons)
            step_formats.append(asked or self._step_format(policy, models[-1]))
            self._check_mark(policy, models[-1], step_formats[-1])
        scorer = (
            self._scorer(
                prm,
                stack,
                policy=policies[0].path,
                models=models,
                score_format=read,
                marks=[step_format.step_end for step_format in step_formats],
            )
            if prm
            else None
        )
        beside = scorer.profile.shape.kv_bytes_per_token if scorer else 0
        self._drafters = [
            # Their caches are made in this order, each out of what those before it have left.
            self._drafter(*parts, grader, stack, Limits(chosen.max_memory, len(policies) - place, beside))
            for place, parts in enumerate(zip(policies, models, step_formats, strict=True))
        ]
        ours = formats.step_format("built-in")
        strangers = [policy.name for policy, asks in zip(policies, step_formats, strict=True) if asks != ours]
        if prm is not None and prm.entry is not None and prm.entry.ships and strangers:
            self.notes.append(
                f"{prm.name} was trained on steps of the built-in policies and knows nothing of those of "
                f"{', '.join(strangers)}; give another --prm, or --strategy majority, which needs none"
            )
        early = scorer is not None and scorer.in_background
        return Engines(_joined(list(self._drafters)), scorer, grader, scores_early=early)

    def _check_memory(self, policies: Sequence[ModelFile], prm: ModelFile | None) -> None:
        """Refuse models before they are loaded where they and the smallest cache do not fit into memory."""
        from edge_solver.engines.capacity import Limits, check_files

        chosen = self.settings.engine
        others = prm.path.stat().st_size if prm is not None else 0
        check_files([file.path for file in policies], others, Limits(chosen.max_memory), cells=chosen.n_ctx)

    def _tell(self, engine: str, model: str, runs_on: str, *, asked: bool) -> None:
        """Hold where a model runs, and say so where the user had a wish."""
        self.engine_info.append(EngineInfo(engine, model, runs_on, []))
        if asked:
            self.notes.append(f"{model} runs on: {runs_on}")

    def _scorer(
        self,
        file: ModelFile,
        stack: ExitStack,
        *,
        policy: Path,
        models: Sequence[LlamaModel],
        score_format: ScoreFormat | None,
        marks: Sequence[str],
    ) -> MergingScorer:
        """Load a reward model; where the policies leave cores free, it works on those while they write."""
        from edge_solver.engines.llama import default_threads
        from edge_solver.engines.merging import MergingScorer

        cores, chosen = physical_cores(), self.settings.engine
        free = cores - max(chosen.threads or default_threads(model.shape()) for model in models)
        scorer = load_scorer(
            file,
            stack,
            policy=policy,
            model=models[0],
            score_format=score_format,
            marks=marks,
            threads=free if free > 0 else chosen.threads,
            providers=chosen.providers,
        )
        self._tell("onnxruntime", scorer.profile.name, scorer.runs_on, asked=chosen.providers != "cpu")
        why = (
            "the cores that llama.cpp leaves free"
            if free > 0
            else "as asked for"
            if chosen.threads
            else "as llama.cpp's"
        )
        self.engine_info[-1].choices.append(Choice("threads", str(scorer.threads), why))
        merging = MergingScorer(scorer, in_background=free > 0)
        stack.callback(merging.close)
        return merging

    def _step_format(self, file: ModelFile, model: LlamaModel) -> StepFormat:
        """Return how a policy is asked: as the registry says, or as its file lets guess."""
        if file.entry is not None:
            return formats.step_format_of(file.entry)
        guess = formats.guess(model.metadata(*formats.TELLING))
        self.notes.append(
            f"{file.name}: asked in the format {guess.name!r}, because {guess.reason}; --format names another of "
            f"{', '.join(formats.step_formats())}"
        )
        return formats.step_format(guess.name)

    def _check_mark(self, file: ModelFile, model: LlamaModel, step_format: StepFormat) -> None:
        """Say so where a policy does not know the step mark as the format's own models do."""
        expected, mark = step_format.step_token, step_format.step_end
        tokens = model.tokenize(f" {mark}", follows=True)
        if expected is not None and tokens != [expected]:
            self.notes.append(
                f"{file.name}: its tokenizer cuts {mark!r} into {tokens}, and models of this format know it as "
                f"{expected}; perhaps it was not trained with it"
            )

    def _drafter(
        self,
        file: ModelFile,
        model: LlamaModel,
        step_format: StepFormat,
        grader: MathGrader,
        stack: ExitStack,
        limits: Limits,
    ) -> LlamaDrafter:
        """Put a drafter around a policy that may take this much memory."""
        from edge_solver.engines.drafter import LlamaDrafter

        chosen = self.settings.engine
        pattern = (step_format.answer,) if step_format.answer else ()
        context = model.context_trained
        if file.entry is not None:
            context = min(context, file.entry.context or context)
        profile = Profile(
            file.name, file.sha256, model.shape(), context, step_format.step_tokens, step_format.solution_steps
        )
        drafter = LlamaDrafter(
            model,
            step_format,
            lambda text: _read_answer(text, pattern, grader),
            profile,
            width=self._strategy.width or self.settings.search.width,
            problems=self._problems,
            cells=chosen.n_ctx,
            threads=chosen.threads,
            limits=limits,
        )
        stack.callback(drafter.close)
        return drafter

    def _demo_engines(self, stack: ExitStack) -> Engines:
        from edge_solver.engines.scripted import ScriptedDrafter, ScriptedScorer

        return Engines(ScriptedDrafter(), ScriptedScorer(), stack.enter_context(MathGrader()))


def load_scorer(
    file: ModelFile,
    stack: ExitStack,
    *,
    policy: Path,
    model: LlamaModel | None = None,
    score_format: ScoreFormat | None = None,
    marks: Sequence[str] = (),
    threads: int | None = None,
    providers: str = "cpu",
) -> OnnxScorer:
    """Load a reward model.

    Args:
        file: Its graph. Its tokenizer is a GGUF: named in the registry, or beside it under the same name.
        stack: Closes what is opened.
        policy: Whose tokenizer serves where it brings none.
        model: The policy, where it is loaded already.
        score_format: How it reads a solution; by default as the registry or the graph itself says.
        marks: What ends the steps of the policies whose solutions it will read.
        threads: By default the physical cores.
        providers: What runs it, the best first.

    Raises:
        UsageError: onnxruntime is not installed.
        ModelError: The reward model is missing or broken.
    """
    from edge_solver.engines.llama import LlamaModel

    try:
        from edge_solver.engines.onnx import OnnxScorer
    except ImportError as error:
        raise UsageError(
            f"the reward model needs onnxruntime, which cannot be loaded here ({error}); install it with: pip install "
            "onnxruntime (on Android, in Termux: pkg install python-onnxruntime), or search without a reward model: "
            "--strategy majority"
        ) from error
    beside = file.path.with_suffix(".gguf")
    if file.entry is not None and file.entry.tokenizer is not None:
        beside = shipped(f"models/{file.entry.tokenizer}")
    if beside.exists() and beside not in (policy, file.path):
        model = stack.enter_context(LlamaModel(beside, vocab_only=True))
    tokenizer = model or stack.enter_context(LlamaModel(policy, vocab_only=True))
    entry = file.entry
    if score_format is None and entry is not None and entry.format is not None:
        score_format = formats.score_format(entry.format)
    return OnnxScorer(
        file.path,
        tokenizer,
        name=file.name,
        sha256=file.sha256,
        score_format=score_format,
        marks=marks,
        threads=threads,
        providers=providers,
        balance_temperature=entry.balance_temperature if entry else None,
        belief=entry.belief if entry else None,
    )


def tie_of(policies: Sequence[ModelFile], threads: int | None) -> Tie:
    """Return what a calibration has to hold for to be used with these policies here and now."""
    named = str(threads) if threads else f"default for {physical_cores()} cores"
    return tie(",".join(policy.sha256 for policy in policies), named)


def tie_of_settings(settings: Settings) -> Tie:
    """Return the same for the policies that the settings name.

    Raises:
        ModelError: One is missing or broken.
        UnknownNameError: A name is not known.
    """
    policies = [resolve(ModelKind.POLICY, name) for name in model_names(settings.engine.model)]
    return tie_of(policies, settings.engine.threads)


def model_names(wanted: str) -> list[str]:
    """Return the policies in a comma-separated list; a path that has a comma in its name is one policy.

    Raises:
        UsageError: Nothing stands before, between or after the commas.
    """
    if Path(wanted).expanduser().exists():
        return [wanted]
    names = [name.strip() for name in wanted.split(",")]
    if not all(names):
        raise UsageError(f"--model: {wanted!r} names a model without a name; write one comma between two names")
    return names


def _joined(drafters: list[Drafter]) -> Drafter:
    if len(drafters) == 1:
        return drafters[0]
    from edge_solver.engines.ensemble import EnsembleDrafter

    return EnsembleDrafter(drafters)


def _read_answer(text: str, patterns: tuple[str, ...], grader: MathGrader) -> str | None:
    answer = extract_answer(text, patterns)
    if answer is not None and any(character.isalpha() for character in answer):
        grader.warm()  # algebra will have to be compared: load what it takes while the other branches are written
    return answer


def stream(problem: str, **choices: object) -> Iterator[Event]:
    """Solve a problem and yield every event; the last one is ``Solved``.

    Args:
        problem: What to solve.
        **choices: Settings by name, such as ``strategy="rebase"``, ``width=16``, ``max_flops="2e12"``, ``seed=1``.

    Raises:
        EdgeSolverError: See ``edge_solver.errors``.
    """
    with Assembly(resolve_settings(choices)) as assembly:
        yield from assembly.search(problem)


def solve(problem: str, **choices: object) -> Solution:
    """Solve a problem and return its solution; see ``stream`` for the arguments and errors."""
    for event in stream(problem, **choices):
        if isinstance(event, Solved):
            return event.solution
    raise AssertionError("a search ends with a Solved event")
