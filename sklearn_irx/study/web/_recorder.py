"""Batched writes: answers that arrive together share one write to the disk."""

from __future__ import annotations

import asyncio

from sklearn_irx.study._records import Answer
from sklearn_irx.study._store import Study


class Recorder:
    """Write answers in the order of arrival, and report each when it is on the disk.

    A write takes milliseconds, whatever its size. So all answers that arrive during one write form
    the next batch.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._pending: list[tuple[Answer, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def record(self, answer: Answer) -> bool:
        """Write an answer, wait until it is on the disk, and return whether it was new.

        An error of :meth:`Study.record` is raised here; the answer is not stored then.
        """
        written = asyncio.get_running_loop().create_future()
        self._pending.append((answer, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        return await written

    async def flush(self) -> None:
        """Wait until all answers received so far are written."""
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, []
            answers = [answer for answer, _ in batch]
            outcomes = await asyncio.to_thread(self._write, answers)
            for (_, written), outcome in zip(batch, outcomes, strict=True):
                if written.cancelled():  # the client has gone; the answer is stored
                    continue
                if isinstance(outcome, Exception):
                    written.set_exception(outcome)
                else:
                    written.set_result(outcome)
        self._writer = None

    def _write(self, answers: list[Answer]) -> list[bool | Exception]:
        try:
            return list(self._study.record(answers))
        except Exception as error:
            # One invalid answer fails its whole batch, so each is tried by itself.
            if len(answers) == 1:
                return [error]
            return [outcome for answer in answers for outcome in self._write([answer])]
