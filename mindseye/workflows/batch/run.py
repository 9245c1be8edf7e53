"""The work itself: packs are worked on, what becomes of them is written down, and what was lost is tried again."""

from collections.abc import Callable, Sequence
from contextlib import closing

from mindseye.workflows.batch.executor import Ended, Event, Executor, Lost, Opener, events_of
from mindseye.workflows.batch.ledger import Ledger
from mindseye.workflows.batch.plan import Pack


def run_packs(
    ledger: Ledger,
    packs: Sequence[Pack],
    executor: Executor,
    opener: Opener,
    retries: int,
    on_event: Callable[[Event], None],
) -> None:
    """Work on the unfinished items of some packs, and record each in the ledger as it ends.

    retries: how often an item is tried again whose worker died, or which failed for a reason that may pass. They come last,
    so that one bad item does not keep the others waiting. on_event: told of everything, after it is written down.
    """
    waiting = _left(packs, [name for pack in packs for name in pack.todo if not ledger.is_finished(name)])
    for _ in range(1 + retries):
        if not waiting:
            return
        again: list[str] = []
        with closing(events_of(executor, opener, waiting)) as events:
            for event in events:
                for ended in _endings(event):
                    ledger.record(ended)
                    if ended.may_retry:
                        again.append(ended.name)
                on_event(event)
        waiting = _left(packs, again)


def _endings(event: Event) -> list[Ended]:
    if isinstance(event, Ended):
        return [event]
    if isinstance(event, Lost):
        return [Ended(name, "failed", event.reason, may_retry=True) for name in event.pack.todo]
    return []


def _left(packs: Sequence[Pack], names: Sequence[str]) -> list[Pack]:
    asked = set(names)
    return [left for left in (pack.only(asked) for pack in packs) if left.todo]
