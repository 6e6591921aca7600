"""One switch: what shall be in it, what is in it, and the way from one to the other.

Everything that concerns the switch happens in one thread of its own, so that no switch waits for another and none
falls with another. If that thread's work fails, the connection is dropped and everything begins anew: the switch
comes back within its backoff (a second) and is given all its rules in one bundle.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from sdn.controller.brake import Brake
from sdn.controller.channel import Reports
from sdn.controller.drift import Drift, Tally, drift_of
from sdn.controller.reconcile import reconcile
from sdn.openflow.bundle import Batch, Bundle, Change, adding, deleting, emptying, error_of
from sdn.openflow.compile import Compiler
from sdn.openflow.flowmod import FlowMod, delete
from sdn.openflow.monitor import Update, request, updates
from sdn.openflow.refusal import RuleRefused

RETRY_S = 1.0
_LAST_XID = 1 << 31


class Connection(Protocol):
    """The way to a switch (os-ken's Datapath)."""

    def send(self, buf: bytes) -> object:
        """Put bytes on the way."""

    def close(self) -> object:
        """Cut the connection."""


@dataclass(frozen=True, eq=False)
class Desire:
    """A complete list of rules, by their keys."""

    generation: int
    rules: Mapping[bytes, FlowMod]
    asked_at: float


@dataclass
class _Transaction:
    """A bundle under way, and what is true when it is in force."""

    bundle: Bundle
    target: Desire
    added: int
    removed: int
    repairs: Sequence[Drift] = ()


class Switch:
    """Keeps one switch true, from the first connection on. Its public methods return at once."""

    def __init__(self, datapath: int, reports: Reports) -> None:
        self.datapath = datapath
        self.name = f"{datapath:#x}"
        self._reports = reports
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._tables: Mapping[str, int] = {}
        self._generation = 0
        self._wanted: Desire | None = None  # the newest that may be tried
        self._in_force: Desire | None = None  # what the switch has; None if that is not known
        self._accepted: Desire | None = None  # the last that a switch took
        self._connection: Connection | None = None
        self._since = 0.0
        self._xid = 1
        self._transaction: _Transaction | None = None
        self._touched: dict[bytes, Update] = {}
        self._retry_at = 0.0
        self._brake, self._tally = Brake(), Tally()
        self._thread = threading.Thread(target=self._run, name=f"switch {self.name}", daemon=True)
        self._thread.start()

    def desire(self, name: str, generation: int, lines: Sequence[str], compiler: Compiler) -> None:
        """The switch is called `name` and shall have these rules."""
        self._inbox.put(lambda: self._desire(name, generation, lines, compiler))

    def forget(self) -> None:
        """The switch shall have no rules of ours; those that it has are left alone."""
        self._inbox.put(self._forget)

    def connected(self, connection: Connection) -> None:
        """The switch has come, or come back."""
        self._inbox.put(lambda: self._connect(connection))

    def disconnected(self, connection: Connection) -> None:
        """The switch is gone."""
        self._inbox.put(lambda: self._disconnect(connection))

    def heard(self, connection: Connection, message: Any) -> None:
        """The switch has said something: an answer to a bundle, an error, or a report of its flow monitor."""
        self._inbox.put(lambda: self._hear(connection, message))

    def status(self) -> dict[str, Any]:
        """How the switch stands."""
        wanted, in_force, touched = self._wanted, self._in_force, len(self._touched)
        return {
            "name": self.name,
            "datapath": self.datapath,
            "connected": self._connection is not None,
            "generation": self._generation,
            "in_force": in_force.generation if in_force else None,
            "rules": len(wanted.rules) if wanted else 0,
            "unrepaired": touched,
        }

    # What follows runs in the switch's own thread.

    def _run(self) -> None:
        while True:
            try:
                self._step(self._next())
            except Exception as error:
                self._reports.say("error", name=self.name, error=f"{type(error).__name__}: {error}")
                self._start_over()

    def _next(self) -> Callable[[], None] | None:
        try:
            return self._inbox.get(timeout=self._patience_s())
        except Empty:
            return None

    def _patience_s(self) -> float | None:
        """How long the next task may be waited for before something is due without one; None for ever."""
        now = time.monotonic()
        due = [self._tally.wait_s(now)]
        if self._connection is not None and self._wanted is not None and self._transaction is None:
            if self._in_force is None:
                due.append(max(self._retry_at - now, 0.0))
            elif self._touched:
                due.append(self._brake.next_s(now))
        return min((wait_s for wait_s in due if wait_s is not None), default=None)

    def _step(self, task: Callable[[], None] | None) -> None:
        if task is not None:
            task()
        self._advance()
        now = time.monotonic()
        if self._tally.wait_s(now) == 0:
            for drift, more in self._tally.take(now):
                self._reports.say(
                    "drift", name=self.name, what=drift.what, line=drift.line, repaired=True, **_more(more)
                )

    def _start_over(self) -> None:
        connection, self._connection = self._connection, None
        self._lose()
        if connection is not None:
            connection.close()

    def _lose(self) -> None:
        """What the switch has is not known any more."""
        self._in_force = self._transaction = None
        self._touched.clear()

    def _desire(self, name: str, generation: int, lines: Sequence[str], compiler: Compiler) -> None:
        if generation < self._generation:
            return
        self.name, self._generation, self._tables = name, generation, compiler.tables
        asked_at = time.monotonic()
        try:
            self._wanted = Desire(generation, compiler.compile_all(lines), asked_at)
        except RuleRefused as refusal:
            self._refuse(generation, refusal)

    def _refuse(self, generation: int, refusal: RuleRefused) -> None:
        self._reports.say("refused", name=self.name, generation=generation, error=refusal.reason, line=refusal.line)

    def _forget(self) -> None:
        self._generation, self._wanted, self._accepted = 0, None, None
        self._lose()

    def _connect(self, connection: Connection) -> None:
        self._lose()
        self._connection, self._since = connection, time.monotonic()
        self._reports.say("connected", name=self.name, datapath=self.datapath)
        connection.send(request(self._take_xids(1)))

    def _disconnect(self, connection: Connection) -> None:
        if connection is self._connection:
            self._connection = None
            self._lose()
            self._reports.say("disconnected", name=self.name, datapath=self.datapath)

    def _hear(self, connection: Connection, message: Any) -> None:
        if connection is not self._connection:
            return
        if self._transaction is not None and self._transaction.bundle.owns(message.xid):
            answer = self._transaction.bundle.hear(message)
            if answer:
                connection.send(answer)
            if self._transaction.bundle.committed and self._in_force is None:
                # whatever was touched before is gone with the rest
                self._touched.clear()
            if self._transaction.bundle.done:
                self._finish(self._transaction)
            return
        self._touched.update((update.key, update) for update in updates(message))
        if complaint := error_of(message):
            self._reports.say("error", name=self.name, error=f"the switch says {complaint}")

    def _advance(self) -> None:
        """Begin what is to be done next, if there is anything and nothing is under way."""
        if self._connection is None or self._wanted is None or self._transaction is not None:
            return
        now = time.monotonic()
        if self._in_force is None:
            if now < self._retry_at:
                return
            rules = self._wanted.rules.values()
            self._begin([emptying(), *map(adding, rules)], self._wanted, added=len(rules))
        elif self._in_force is not self._wanted:
            delta = reconcile(self._wanted.rules, self._in_force.rules)
            added = [*delta.added.values(), *delta.changed.values()]
            changes = [*map(deleting, delta.removed.values()), *map(adding, added)]
            self._begin(changes, self._wanted, added=len(added), removed=len(delta.removed))
        elif self._touched and not self._brake.next_s(now):
            self._repair(self._in_force, now)

    def _repair(self, desire: Desire, now: float) -> None:
        found = [drift_of(update, desire.rules, self._tables) for update in self._touched.values()]
        self._touched.clear()
        drifts = [drift for drift in found if drift is not None]
        if drifts:
            self._brake.passes(now)
            self._begin([_mend(drift) for drift in drifts], desire, repairs=drifts)

    def _begin(
        self, changes: Sequence[Change], target: Desire, added: int = 0, removed: int = 0, repairs: Sequence[Drift] = ()
    ) -> None:
        kind = Batch if repairs else Bundle
        bundle = kind(1, self._take_xids(len(changes) + 4), changes)
        self._transaction = _Transaction(bundle, target, added, removed, repairs)
        connection = self._connection
        if connection is not None:
            for piece in bundle.opening():
                connection.send(piece)

    def _take_xids(self, count: int) -> int:
        if self._xid + count > _LAST_XID:
            self._xid = 1
        first, self._xid = self._xid, self._xid + count
        return first

    def _finish(self, transaction: _Transaction) -> None:
        self._transaction = None
        refusal = transaction.bundle.refusal
        if transaction.repairs:
            self._finish_repairs(transaction.repairs, refusal)
        elif refusal is not None:
            # what was in force stays so; a list that a switch has taken before is tried again
            if self._wanted is transaction.target:
                self._wanted = self._in_force or self._accepted
            if self._accepted is transaction.target:
                self._retry_at = time.monotonic() + RETRY_S
            self._refuse(transaction.target.generation, refusal)
        else:
            self._in_force = self._accepted = transaction.target
            self._reports.say(
                "in-force",
                name=self.name,
                generation=transaction.target.generation,
                added=transaction.added,
                removed=transaction.removed,
                seconds=round(time.monotonic() - max(transaction.target.asked_at, self._since), 6),
            )

    def _finish_repairs(self, repairs: Sequence[Drift], refusal: RuleRefused | None) -> None:
        if refusal is None:
            self._tally.add(repairs)
            return
        # the rules that were touched are not known any more; the whole list is put in again
        self._since = time.monotonic()
        self._retry_at = self._since + RETRY_S
        self._in_force = None
        for drift in repairs:
            self._reports.say(
                "drift", name=self.name, what=drift.what, line=drift.line, repaired=False, error=str(refusal)
            )


def _mend(drift: Drift) -> Change:
    return adding(drift.ours) if drift.ours else Change(drift.line, delete(drift.key))


def _more(count: int) -> dict[str, int]:
    return {"more": count} if count else {}
