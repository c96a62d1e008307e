"""From the names in the settings to models in memory, each behind its port.

It knows which class stands behind which port and nothing of how they work. Heavy libraries are imported here, when an
engine is first needed, and nowhere above.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_solver.answers import MathGrader, extract_answer, is_refuted
from edge_solver.catalog import ModelFile, ModelKind, formats, resolve
from edge_solver.config import Settings
from edge_solver.core.formats import ScoreFormat, StepFormat
from edge_solver.core.ports import Drafter, Profile
from edge_solver.core.strategies import strategy_named
from edge_solver.energy.calibration import Tie, tie
from edge_solver.engines.choices import Choice
from edge_solver.engines.threads import physical_cores
from edge_solver.errors import UsageError
from edge_solver.paths import shipped
from edge_solver.solver import Engines

if TYPE_CHECKING:
    from edge_solver.engines.capacity import Limits
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


class Loader:
    """Loads what the settings name, and remembers what a user should know of it."""

    def __init__(self, settings: Settings, stack: ExitStack, *, problems: int | None) -> None:
        """Load nothing yet.

        Args:
            settings: What to load, and for which width.
            stack: Frees what is loaded.
            problems: How many searches will run at the same time; ``None`` for as many as make the models faster.
        """
        self.settings = settings
        self._strategy = strategy_named(settings.strategy)
        self._stack, self._problems = stack, problems
        self.drafters: list[LlamaDrafter] = []
        """One for each policy, once they are loaded."""
        self.tie: Tie | None = None
        """What a calibration has to hold for; ``None`` without a model."""
        self.notes: list[str] = []
        """How the models were understood."""
        self.engine_info: list[EngineInfo] = []
        """What runs where, how, and why."""

    def load(self, grader: MathGrader) -> Engines:
        """Load the policies and, where the strategy weighs rewards, the reward model.

        Raises:
            ModelError: A model is missing, broken or too large.
            UnknownNameError: A model's name is not known.
        """
        from edge_solver.engines.capacity import Limits
        from edge_solver.engines.llama import LlamaModel

        chosen = self.settings.engine
        policies = [resolve(ModelKind.POLICY, name) for name in model_names(chosen.model)]
        prm = resolve(ModelKind.PRM, chosen.prm) if self._strategy.scored else None
        self.tie = tie_of(policies, chosen.threads)
        asked = formats.step_format(chosen.format) if chosen.format else None
        read = formats.score_format(chosen.prm_format) if chosen.prm_format else None
        self._check_memory(policies, prm)
        models, step_formats = [], []
        for policy in policies:
            models.append(LlamaModel(policy.path, gpu_layers=chosen.gpu_layers))
            self._stack.callback(models[-1].close)
            self._tell("llama.cpp", policy.name, models[-1].runs_on, asked=chosen.gpu_layers > 0)
            width = self._strategy.width or self.settings.search.width
            self.engine_info[-1].choices.extend(models[-1].choices(width, chosen.threads).reasons)
            step_formats.append(asked or self._step_format(policy, models[-1]))
            self._check_mark(policy, models[-1], step_formats[-1])
        scorer = (
            self._scorer(
                prm,
                policy=policies[0].path,
                models=models,
                score_format=read,
                marks=[step_format.step_end for step_format in step_formats],
            )
            if prm
            else None
        )
        beside = scorer.profile.shape.kv_bytes_per_token if scorer else 0
        self.drafters = [
            # Their caches are made in this order, each out of what those before it have left.
            self._drafter(*parts, grader, Limits(chosen.max_memory, len(policies) - place, beside))
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
        return Engines(_joined(self.drafters), scorer, grader, scores_early=early)

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
        *,
        policy: Path,
        models: Sequence[LlamaModel],
        score_format: ScoreFormat | None,
        marks: Sequence[str],
    ) -> MergingScorer:
        """Load a reward model; where the policies leave cores free, it works on those while they write."""
        from edge_solver.engines.llama import default_threads
        from edge_solver.engines.merging import MergingScorer
        from edge_solver.engines.recomputing import RecomputingScorer

        cores, chosen = physical_cores(), self.settings.engine
        free = cores - max(chosen.threads or default_threads(model.shape()) for model in models)
        scorer = load_scorer(
            file,
            self._stack,
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
        recomputes = file.entry is not None and file.entry.recomputes
        full = RecomputingScorer(scorer, is_refuted) if recomputes else scorer
        merging = MergingScorer(full, in_background=free > 0)
        self._stack.callback(merging.close)
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
        self._stack.callback(drafter.close)
        return drafter


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


def _joined(drafters: Sequence[Drafter]) -> Drafter:
    if len(drafters) == 1:
        return drafters[0]
    from edge_solver.engines.ensemble import EnsembleDrafter

    return EnsembleDrafter(drafters)


def _read_answer(text: str, patterns: tuple[str, ...], grader: MathGrader) -> str | None:
    answer = extract_answer(text, patterns)
    if answer is not None and any(character.isalpha() for character in answer):
        grader.warm()  # algebra will have to be compared: load what it takes while the other branches are written
    return answer
