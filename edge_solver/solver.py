"""The loop: plan, draft, score, grow, and say so.

A ``Search`` joins the pure core to the ports and yields every move as an event. It knows nothing of llama.cpp, ONNX,
terminals or files. Its invariant: at any moment ``solution()`` is the best answer that the tree holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from edge_solver.core.budget import Budget, Cap, Ledger, Spend
from edge_solver.core.events import (
    Billed,
    Drafted,
    Event,
    Leading,
    Planned,
    Pulsed,
    Scored,
    Solved,
    Started,
    Voted,
)
from edge_solver.core.forecast import Forecast
from edge_solver.core.jury import Jury
from edge_solver.core.places import Places
from edge_solver.core.ports import Draft, Drafter, DraftRequest, Grader, Profile, Pulse, Scorer, ScoreRequest
from edge_solver.core.solution import (
    CandidateAnswer,
    ModelUsed,
    PathStep,
    Solution,
    Spent,
    StrategyUsed,
    TreeSize,
)
from edge_solver.core.stopping import STOPS, WINDOW, standing
from edge_solver.core.strategies import Plan, SearchSettings, Strategy
from edge_solver.core.strategies.layer import best_first
from edge_solver.core.tree import ROOT, Finish, Node, Tree
from edge_solver.core.vote import Tally
from edge_solver.errors import ProblemError


@dataclass(frozen=True, slots=True)
class Engines:
    """The ports a search works with; ``scorer`` may be missing where the strategy asks for no rewards."""

    drafter: Drafter
    scorer: Scorer | None
    grader: Grader
    scores_early: bool = False
    """Whether steps are scored while others of their layer are still being written."""


@dataclass(frozen=True, slots=True)
class Past:
    """A search that ended, as data: what another one needs to go on with its tree."""

    tree: Tree
    """Taken over, not copied."""
    places: Places
    spent: Spend
    solvable: float | None


@dataclass(slots=True)
class _Layer:
    """What one plan asked for, and how far it has come."""

    requests: list[DraftRequest]
    drafts: dict[int, Draft] = field(default_factory=dict)
    whole: list[int] = field(default_factory=list)
    """Nodes whose steps are whole and in no scoring call yet."""
    asked: dict[int, tuple[Sequence[float | None], int]] = field(default_factory=dict)
    """By node: the scoring call that it is in, and its place there."""
    rewards: dict[int, float] = field(default_factory=dict)
    parents: dict[int, int] = field(init=False)
    """By node."""

    def __post_init__(self) -> None:
        """Look up what every node will stand below."""
        self.parents = {request.node: request.parent for request in self.requests}

    def take(self, draft: Draft) -> None:
        """Take a step that has come."""
        self.drafts[draft.node] = draft
        if draft.finish in (Finish.STEP, Finish.ANSWER):
            self.whole.append(draft.node)


class Search:
    """One problem being solved. Iterate over it for events; stop iterating, or call ``cancel``, to stop the search."""

    def __init__(
        self,
        problem: str,
        engines: Engines,
        ledger: Ledger,
        strategy: Strategy,
        settings: SearchSettings,
        *,
        stop: str = "none",
        seed: int = 0,
        key: int = 0,
        past: Past | None = None,
        is_watched: bool = True,
    ) -> None:
        """Open the problem in the engines; nothing is evaluated before the first event is asked for.

        Args:
            problem: What to solve.
            engines: Drafter, scorer and grader.
            ledger: Grants or refuses every call.
            strategy: Plans and votes.
            settings: What the strategy may look at.
            stop: The rule by which the search may end before its width is reached, a name in ``stopping.STOPS``.
            seed: Same seed, models and settings give the same tree.
            key: Names the problem in engines that several searches share.
            past: A search for the same problem to go on with. Its events are told again first, so that whoever listens
                to this search alone knows the whole tree; ``ledger`` should have been told what it spent.
            is_watched: Whether the bill of the moment is told; else nobody hears of it before the end, for reading
                clock and meter again and again is a good part of what a search costs beside its calls.

        Raises:
            ProblemError: The problem is empty, does not fit the model's context, or was begun by another model.
        """
        if not problem.strip():
            raise ProblemError("the problem is empty; type it in quotes, or give - to read it from standard input")
        self.problem = problem
        self.strategy = strategy
        suits = engines.scorer.profile.balance_temperature if engines.scorer else None
        self.settings = replace(
            settings,
            width=strategy.width or settings.width,
            temperature=settings.temperature if strategy.temperature is None else strategy.temperature,
            vote=settings.vote or strategy.vote,
            balance_temperature=settings.balance_temperature or suits,
        )
        self.ledger = ledger
        self.seed = seed
        self._stop = stop
        self._drawn = self.settings.width if stop == "none" or not strategy.independent else WINDOW
        self._key = key
        self._drafter, self._grader = engines.drafter, engines.grader
        if strategy.scored and engines.scorer is None:
            raise ValueError(f"strategy {strategy.name} weighs rewards and needs a scorer")
        self._scorer = engines.scorer if strategy.scored else None
        known = past.tree.steps if past else ()
        prompt_tokens = self._drafter.open(key, problem, known)
        if past and past.tree.root.n_tokens != prompt_tokens:
            self._drafter.retain(key, ())
            raise ProblemError("this search was begun by another model; choose that one, or solve the problem afresh")
        self._past = past
        self.tree = past.tree if past else Tree(problem, prompt_tokens)
        self._places = past.places if past else Places()
        if self._scorer is not None:
            self._scorer.open(key, problem, known)
        # Where the cap is on work, the order of the calls decides which of them is refused: the steps come first then.
        is_capped = Cap.FLOPS in ledger.budget.caps or Cap.JOULES in ledger.budget.caps
        self._scores_early = engines.scores_early and not is_capped
        prm = self._scorer.profile if self._scorer is not None else None
        rule = settings.vote or strategy.vote
        self.jury = Jury(self.tree, rule, settings.aggregate, self._grader.same, prm.belief if prm else None)
        self._forecast = Forecast(self.tree, ledger, self._drafter.profile, prm, settings.max_solution_tokens)
        self._spent: Spend | None = None
        """Once the search has ended."""
        self._is_watched, self._opened = is_watched, self._bill()
        self._felt: Cap | None = None
        self._decided = False
        self._cancelled = False
        self._solvable = past.solvable if past else None

    def past(self) -> Past:
        """Return what another search needs to go on with this one, which must have ended."""
        return Past(self.tree, self._places, self._spent or self.ledger.spent(), self._solvable)

    def cancel(self) -> None:
        """Ask for an end after the current call; the last event then carries the best answer so far. Thread-safe."""
        self._cancelled = True

    def __iter__(self) -> Iterator[Event]:
        """Run the search and yield its events; the last one is ``Solved``."""
        try:
            yield self._started()
            if self._past is not None:
                yield from self._told_again()
            tally, leader = self.jury.tally(), None
            while not self._cancelled:
                plan = self._plan()
                if self._is_over(plan):
                    break
                self._felt = plan.short_of
                yield Planned(tuple((e.node, e.width) for e in plan.expand), plan.prune, plan.short_of)
                self.tree.prune(plan.prune)
                if not plan.expand:
                    continue
                size, answers = len(self.tree), len(self.tree.answers())
                yield from self._grow(plan)
                if len(self.tree.answers()) > answers:
                    tally = self.jury.tally()
                    if tally.winner is not None:
                        yield self._voted(tally)
                winner = tally.winner
                if winner is not None and winner.answer != leader:
                    leader = winner.answer
                    yield Leading(winner.answer, self.jury.confidence(tally, self._solvable), winner.votes)
                if self._is_watched:
                    yield Billed(self._bill())
                if len(self.tree) == size:
                    break
        finally:
            self._spent = self.ledger.spent()  # whatever time goes by until somebody goes on is no part of the search
            self._retain(())
        yield Solved(self.solution())

    def _is_over(self, plan: Plan) -> bool:
        """Say whether the strategy asks for nothing more, or the rest cannot change the answer; remember why."""
        if not plan.expand and not plan.prune:
            if self._felt is None or self._felt is not self.ledger.refused:  # a refusal is no guess
                self._felt = plan.short_of or self._felt
            return True
        self._decided = self._is_decided()
        return self._decided

    def _told_again(self) -> Iterator[Event]:
        """Yield the events of the tree that the search goes on with, and give up what the budget had cut off."""
        tree, tally = self.tree, self.jury.tally()
        for node in tree:
            if tree.children(node.id):
                yield Planned(((node.id, len(tree.children(node.id))),), (), None)
        for step in tree.steps:
            if step.parent is not None:
                yield Drafted(step.id, step.parent, step.depth, step.text, step.n_tokens, step.finish, step.answer)
            if step.reward is not None:
                yield Scored(step.id, step.reward)
        tree.prune(node.id for node in tree.fragments())
        yield Planned((), tuple(step.id for step in tree.steps if tree.is_pruned(step.id)), None)
        if tally.winner is not None:
            yield self._voted(tally)
        yield Billed(self._bill())

    def _voted(self, tally: Tally) -> Voted:
        assert tally.winner is not None
        return Voted(_candidates(tally), tally.winner.best, self.jury.confidence(tally, self._solvable))

    def _plan(self) -> Plan:
        """Ask the strategy what to do next: of samples that are drawn in windows, it sees those up to the latest."""
        while True:
            settings = self.settings
            if self._drawn < settings.width:
                settings = replace(settings, width=self._drawn)
            plan = self.strategy.plan(self.tree, self._forecast, settings)
            if plan.expand or plan.prune or plan.short_of is not None or self._drawn >= self.settings.width:
                return plan
            self._drawn += WINDOW

    def solution(self) -> Solution:
        """Return the best answer so far with everything that belongs to it."""
        tally = self.jury.tally()
        winner = tally.winner
        scorer = self._scorer
        return Solution(
            problem=self.problem,
            answer=winner.answer if winner else None,
            confidence=self.jury.confidence(tally, self._solvable),
            stopped_by=self._stopped_by(),
            candidates=_candidates(tally),
            spent=self._bill(),
            budget=self.ledger.budget,
            strategy=self._strategy_used(),
            tree=TreeSize(len(self.tree), len(self.tree.answers()), self.tree.depth),
            best_path=tuple(PathStep(s.text, s.reward) for s in self.tree.path(winner.best)) if winner else (),
            policy=_used(self._drafter.profile),
            prm=_used(scorer.profile) if scorer else None,
            seed=self.seed,
            policies=tuple(_used(model) for model in self._drafter.profile.models),
            solvable=self._solvable,
            smallest_useful=self._smallest_useful() if winner is None and self._felt is not None else None,
        )

    def _grow(self, plan: Plan) -> Iterator[Event]:
        """Draft, score and append the plan's nodes, those that are finished even where the listener leaves early."""
        layer = _Layer(self._requests(plan))
        frontier = best_first(self.tree, self.tree.frontier(), self.settings)
        self._retain(tuple(dict.fromkeys((ROOT, *(e.node for e in plan.expand), *(node.id for node in frontier)))))
        try:
            yield from self._draft(layer)
            yield from self._score(layer)
        finally:
            for request in layer.requests:
                draft = layer.drafts.get(request.node)
                if draft is not None and draft.n_tokens:
                    self._append(draft, self.tree[request.parent], layer.rewards.get(draft.node))

    def _requests(self, plan: Plan) -> list[DraftRequest]:
        requests: list[DraftRequest] = []
        first = self.tree.next_id
        for expansion in plan.expand:
            room = self._room(self.tree[expansion.node])
            start = first + len(requests)
            requests += [
                DraftRequest(
                    problem=self._key,
                    node=node,
                    parent=expansion.node,
                    seed=self.seed,
                    temperature=self.settings.temperature,
                    max_tokens=room,
                    place=self._places.take(node, expansion.node),
                )
                for node in range(start, start + expansion.width)
            ]
        return requests

    def _room(self, parent: Node) -> int:
        """Return how many tokens a step after ``parent`` may have."""
        written = parent.end - self.tree.root.end
        return min(
            self.settings.max_step_tokens,
            self.settings.max_solution_tokens - written,
            self._drafter.profile.context - parent.end,
        )

    def _draft(self, layer: _Layer) -> Iterator[Event]:
        """Yield events while the drafter works, and put its drafts under their node ids."""
        stream = self._drafter.draft([r for r in layer.requests if r.max_tokens > 0], self.ledger)
        for item in stream:
            if isinstance(item, Pulse):
                if self._scores_early:
                    self._ask(layer, item.live)
                yield self._pulsed(item.live)
            else:
                parent = self.tree[layer.parents[item.node]]
                draft = self._closed(item, parent)
                layer.take(draft)
                self._felt = self.ledger.refused if draft.finish is Finish.BUDGET else self._felt
                if draft.n_tokens:
                    yield Drafted(
                        draft.node, parent.id, parent.depth + 1, draft.text, draft.n_tokens, draft.finish, draft.answer
                    )
            if self._cancelled:
                break

    def _ask(self, layer: _Layer, live: int) -> None:
        """Ask for the rewards of whole steps, as soon as they are as many as those that are still being written.

        Each call then halves what is left of the layer: few calls, and little to wait for after the last step.
        """
        if self._scorer is None or not layer.whole or len(layer.whole) < live:
            return
        whole, layer.whole = sorted(layer.whole), []
        scores = self._scorer.score(
            [ScoreRequest(self._key, node, layer.parents[node], layer.drafts[node].text) for node in whole], self.ledger
        )
        layer.asked.update((node, (scores, place)) for place, node in enumerate(whole))

    def _score(self, layer: _Layer) -> Iterator[Event]:
        """Put the rewards of whole steps under their node ids, and yield them."""
        if self._cancelled:
            return
        self._ask(layer, 0)
        if not layer.asked:
            return
        yield self._pulsed(0)  # meanwhile other problems may join the call, which is made when a score is read
        for node, (scores, place) in sorted(layer.asked.items()):
            score = scores[place]
            if score is not None:
                layer.rewards[node] = score
        assert self._scorer is not None  # it was asked
        self._solvable = self._scorer.solvable(self._key)
        if len(layer.rewards) < len(layer.asked):
            self._felt = self.ledger.refused
        for node, reward in layer.rewards.items():
            yield Scored(node, reward)

    def _closed(self, draft: Draft, parent: Node) -> Draft:
        """Close a whole step that has no room for another one after it."""
        end = parent.end + draft.n_tokens
        too_long = (
            parent.depth + 1 >= self.settings.max_steps
            or end - self.tree.root.end >= self.settings.max_solution_tokens
            or end >= self._drafter.profile.context
        )
        return replace(draft, finish=Finish.LENGTH) if draft.finish is Finish.STEP and too_long else draft

    def _append(self, draft: Draft, parent: Node, reward: float | None) -> None:
        depth, end = parent.depth + 1, parent.end + draft.n_tokens
        self.tree.add(
            Node(draft.node, parent.id, depth, draft.text, draft.n_tokens, end, draft.finish, draft.answer, reward)
        )

    def _retain(self, nodes: tuple[int, ...]) -> None:
        self._drafter.retain(self._key, nodes)
        if self._scorer is not None:
            self._scorer.retain(self._key, nodes)

    def _is_decided(self) -> bool:
        """Ask the stopping rule whether what is still to come may be left out."""
        if self._stop == "none":
            return False
        jury = self.jury
        now = standing(self.tree, jury.ballots(), jury.rule, jury.same, self._to_come())
        return STOPS[self._stop](now)

    def _to_come(self) -> int:
        """Return the most leaves that may still join the vote: by the width, and every one takes a token at least."""
        missing = self.settings.width - len(self.tree.answers())
        tokens = self.ledger.left(Cap.TOKENS)
        return missing if tokens is None else min(missing, int(tokens))

    def _stopped_by(self) -> str:
        if self._cancelled:
            return "cancelled"
        if self._decided:
            return "decided"
        if self._felt is not None and len(self.tree.answers()) < self.settings.width:
            return self._felt.value
        return "complete"

    def _smallest_useful(self) -> Budget | None:
        limits = {cap.value: self._forecast.smallest_useful(cap) for cap in self.ledger.budget.caps}
        known = {name: limit for name, limit in limits.items() if math.isfinite(limit)}
        return Budget(**known) if known else None  # type: ignore[arg-type]  # tokens are whole, see Forecast

    def _pulsed(self, live: int) -> Pulsed:
        return Pulsed(live, self._bill() if self._is_watched else self._opened)

    def _bill(self) -> Spent:
        return Spent.from_spend(self._spent or self.ledger.spent())

    def _strategy_used(self) -> StrategyUsed:
        settings = self.settings
        return StrategyUsed(
            name=self.strategy.name,
            width=self.settings.width,
            vote=self.jury.rule,
            aggregate=settings.aggregate,
            rounding=settings.rounding,
            balance_temperature=settings.balance,
            temperature=self.settings.temperature,
            beam_width=settings.beam_width,
            stop=self._stop,
        )

    def _started(self) -> Started:
        scorer = self._scorer
        return Started(
            problem=self.problem,
            prompt_tokens=self.tree.root.n_tokens,
            strategy=self._strategy_used(),
            budget=self.ledger.budget,
            policy=_used(self._drafter.profile),
            prm=_used(scorer.profile) if scorer else None,
            seed=self.seed,
        )


def _candidates(tally: Tally) -> tuple[CandidateAnswer, ...]:
    return tuple(CandidateAnswer(c.answer, c.weight, c.votes) for c in tally.candidates)


def _used(profile: Profile) -> ModelUsed:
    return ModelUsed(profile.name, profile.sha256)
