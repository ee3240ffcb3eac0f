"""What an audit comes to: a row for each kind of fault and of correct function, and the figures promised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcheck.audit.alarms import Alarms
from gradcheck.audit.hard import ORDINARY
from gradcheck.audit.mutations import MUTATIONS
from gradcheck.audit.recall import Outcome, Setting, by_name
from gradcheck.audit.running import Done

ENOUGH = 20_000
"""How many checks of correct functions the full audit makes at least."""


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share, 1 of nothing."""
        return self.part / self.whole if self.whole else 1.0

    def __str__(self) -> str:
        return f"{100 * self.value:.4g} %" if self.whole else "-"


@dataclass(frozen=True)
class Row:
    """What was found of one kind of fault.

    Parameters
    ----------
    setting, dtype, kind : str
        Which mutants.
    outcomes : tuple of Outcome
        Theirs, those excluded too.
    """

    setting: str
    dtype: str
    kind: str
    outcomes: tuple[Outcome, ...]

    @property
    def examined(self) -> list[Outcome]:
        """The mutants that count."""
        return [o for o in self.outcomes if not o.excluded]

    @property
    def excluded(self) -> Share:
        """The share whose fault is below the functions' own resolution."""
        return Share(len(self.outcomes) - len(self.examined), len(self.outcomes))

    @property
    def caught(self) -> Share:
        """The share whose report is false."""
        return _share(self.examined, lambda o: o.caught)

    @property
    def named(self) -> Share:
        """The share that a verdict names."""
        return _share(self.examined, lambda o: o.named)

    @property
    def located(self) -> Share:
        """The share, of those whose element can be told, in which a wrong one is named."""
        return _share([o for o in self.examined if o.located is not None], lambda o: bool(o.located))

    def peers(self) -> dict[str, Share]:
        """Return the share that each of the frameworks' checkers rejects."""
        names = dict.fromkeys(name for o in self.examined for name in o.peers)
        return {n: _share([o for o in self.examined if n in o.peers], lambda o, n=n: o.peers[n]) for n in names}  # type: ignore[misc]

    def better_peers(self) -> list[str]:
        """Return the checkers that tell more of the same mutants from the right rule than gradcheck finds."""
        asked = {name: [o for o in self.examined if name in o.telling] for name in self.peers()}
        return [n for n, those in asked.items() if sum(o.telling[n] for o in those) > sum(o.caught for o in those)]


def _share(outcomes: Sequence[Outcome], counts: Callable[[Outcome], bool]) -> Share:
    return Share(sum(map(counts, outcomes)), len(outcomes))


NOT_EXAMINED = "not examined"


@dataclass(frozen=True)
class Promise:
    """A figure that the audit must show.

    Parameters
    ----------
    what : str
        In words.
    wanted : str
        What was promised.
    got : str
        What it is.
    kept : bool
        Whether that is enough.
    """

    what: str
    wanted: str
    got: str
    kept: bool

    @property
    def examined(self) -> bool:
        """Whether there was anything to examine."""
        return self.got != NOT_EXAMINED


@dataclass(frozen=True)
class Summary:
    """Everything that an audit found.

    Parameters
    ----------
    done : tuple of Done
        In the order of the plan.
    planned : int
        How many tasks there were.
    quick : bool
        Whether the audit was a short one.
    settings : mapping
        Seed, frameworks and versions.
    """

    done: tuple[Done, ...]
    planned: int
    quick: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of every mutant."""
        return [o for d in self.done for o in d.outcomes]

    @property
    def alarms(self) -> list[Alarms]:
        """What was said of every correct function."""
        return [d.alarms for d in self.done if d.alarms is not None]

    @property
    def failures(self) -> list[str]:
        """The tasks that could not be done, and why."""
        return [f"{_name(d)}: {d.failure}" for d in self.done if d.failure]

    def rows(self) -> list[Row]:
        """Return a row for each setting, dtype and kind of fault; single elements among many have their own."""
        grouped: dict[tuple[str, str, str], list[Outcome]] = defaultdict(list)
        for o in self.outcomes:
            kind = f"{o.cell.mutation} (of {10**5:,} at most)" if o.cell.large else o.cell.mutation
            grouped[o.cell.setting.value, o.cell.dtype, kind].append(o)
        return [Row(*key, tuple(outcomes)) for key, outcomes in grouped.items()]

    def alarm_rows(self) -> dict[tuple[str, str], list[Alarms]]:
        """Return what was said of correct functions, by sort and dtype."""
        grouped: dict[tuple[str, str], list[Alarms]] = defaultdict(list)
        for a in self.alarms:
            grouped[a.played.kind, a.played.dtype].append(a)
        return dict(grouped)

    def promises(self) -> list[Promise]:
        """Return the figures promised, as far as there is anything to hold them against."""
        found = [*self._of_recall(), *self._of_alarms(), self._of_peers()]
        if self.failures:
            found.append(Promise("tasks that could not be done", "0", str(len(self.failures)), False))
        return found

    def _of_recall(self) -> list[Promise]:
        alone = self._examined(Setting.ALONE, "float64")
        second, reference = (self._examined(s, "float64") for s in (Setting.SECOND, Setting.REFERENCE))
        coarse = [o for o in self.outcomes if _size(o) >= 1e-6 and o.cell.dtype == "float64"]
        large = [o for o in self.outcomes if o.cell.large and not o.excluded]
        single = [o for o in self._examined(Setting.ALONE, "float32") if _size(o) >= 1e-3]
        return [
            _recall("alone, faults >= 1e-6, named", [o for o in alone if _size(o) >= 1e-6], 1.0, _is_named),
            _recall(
                "alone, faults from 1e-8 to 1e-6, named", [o for o in alone if 1e-8 <= _size(o) < 1e-6], 0.99, _is_named
            ),
            _recall("beside a second framework, all faults, caught", second, 1.0, _is_caught),
            _recall("beside a portable reference, all faults, named", reference, 1.0, _is_named),
            _recall("alone in float32, faults >= 1e-3, named", single, 1.0, _is_named),
            _recall("one element in up to 1e5, found at its place", large, 1.0, lambda o: bool(o.named and o.located)),
            _excluded(coarse),
        ]

    def _examined(self, setting: Setting, dtype: str) -> list[Outcome]:
        return [o for o in self.outcomes if (o.cell.setting, o.cell.dtype) == (setting, dtype) and not o.excluded]

    def _of_alarms(self) -> list[Promise]:
        checks, wrong = (sum(getattr(a, n) for a in self.alarms) for n in ("checks", "wrong"))
        plain = [a for a in self.alarms if a.played.kind == ORDINARY]
        unsure = Share(sum(a.inconclusive for a in plain), sum(a.checks for a in plain))
        innocent = [o for o in self.outcomes if not (o.excluded or o.innocent)]
        found = [
            Promise("correct functions called wrong", "0", f"{wrong} of {checks}", wrong == 0),
            Promise("right rules accused beside a wrong one", "0", str(len(innocent)), not innocent),
            Promise("INCONCLUSIVE at ordinary points", "<= 1 %", str(unsure), unsure.value <= 0.01 or not unsure.whole),
        ]
        if not self.quick:
            found.append(Promise("checks of correct functions", f">= {ENOUGH}", str(checks), checks >= ENOUGH))
        return found

    def _of_peers(self) -> Promise:
        lost = self.lost()
        return Promise("rows lost to a framework's own checker", "0", str(len(lost)), not lost)

    def lost(self) -> list[str]:
        """Return the rows in which a framework's checker does better, and which."""
        rows = [
            f"{row.kind} ({row.setting}, {row.dtype}): {peer} rejects {row.peers()[peer]}, gradcheck {row.caught}"
            for row in self.rows()
            for peer in row.better_peers()
        ]
        for (kind, dtype), alarms in self.alarm_rows().items():
            ours = Share(sum(a.wrong for a in alarms), sum(a.checks for a in alarms))
            worse = [(n, s) for n, s in peer_alarms(alarms).items() if s.value < ours.value and s.whole]
            rows += [f"correct functions, {kind}, {dtype}: {n} rejects {s}, gradcheck {ours}" for n, s in worse]
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return everything in JSON's types."""
        return {
            "gradcheck audit": 1,
            "settings": dict(self.settings),
            "quick": self.quick,
            "tasks": {"planned": self.planned, "done": len(self.done), "failures": self.failures},
            "promises": [vars(p) for p in self.promises()],
            "lost": self.lost(),
            "mutants": [_plain(o) for o in self.outcomes],
            "correct functions": [
                {**vars(a.played), "statuses": dict(a.statuses), "peers": dict(a.peers), "lines": list(a.lines)}
                for a in self.alarms
            ],
        }


def peer_alarms(alarms: Iterable[Alarms]) -> dict[str, Share]:
    """Return the share of correct functions that each of the frameworks' checkers rejects."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for a in alarms:
        for name, (rejected, asked) in a.peers.items():
            counts[name][0] += rejected
            counts[name][1] += asked
    return {name: Share(*pair) for name, pair in counts.items()}


def order_of(kind: str) -> int:
    """Return the place of a kind among all of them."""
    return next((i for i, m in enumerate(MUTATIONS) if kind.startswith(m.name)), len(MUTATIONS))


def _size(outcome: Outcome) -> float:
    return by_name(outcome.cell.mutation).size


def _is_named(outcome: Outcome) -> bool:
    return outcome.named


def _is_caught(outcome: Outcome) -> bool:
    return outcome.caught


def _recall(what: str, outcomes: Sequence[Outcome], wanted: float, counts: Callable[[Outcome], bool]) -> Promise:
    share = _share(outcomes, counts)
    target = f"{'>= ' if wanted < 1 else ''}{100 * wanted:g} %"
    got = f"{share} of {share.whole}" if share.whole else NOT_EXAMINED
    return Promise(what, target, got, share.value >= wanted)


def _excluded(outcomes: Sequence[Outcome]) -> Promise:
    share = _share(outcomes, lambda o: o.excluded)
    return Promise(
        "mutants below the functions' resolution, faults >= 1e-6",
        "<= 10 %",
        str(share),
        share.value <= 0.1 or not share.whole,
    )


def _plain(outcome: Outcome) -> dict[str, Any]:
    cell = {k: v for k, v in vars(outcome.cell).items() if k not in ("count", "seed", "peers")}
    return {**cell, **{k: v for k, v in vars(outcome).items() if k != "cell"}, "setting": outcome.cell.setting.value}


def _name(done: Done) -> str:
    return f"{done.name}, {done.task.dtype}"
