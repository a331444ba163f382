"""Answers that arrive together are written together: one write to the disk for all of them."""

from __future__ import annotations

import asyncio

from sklearn_irx.study._records import Answer
from sklearn_irx.study._store import Study


class Recorder:
    """Writes answers in the order in which they come, and says of each when it is on the disk.

    Waiting for the disk takes milliseconds, whatever is written. So all that comes while one write
    goes on is the next.

    Parameters
    ----------
    study : Study
        Where to write.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._pending: list[tuple[Answer, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def record(self, answer: Answer) -> bool:
        """Return when an answer is on the disk: whether it was new.

        Raises
        ------
        Exception
            What :meth:`Study.record` raised of it. It is not stored then.
        """
        written = asyncio.get_running_loop().create_future()
        self._pending.append((answer, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        return await written

    async def flush(self) -> None:
        """Return when all that has come is written."""
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, []
            answers = [answer for answer, _ in batch]
            outcomes = await asyncio.to_thread(self._write, answers)
            for (_, written), outcome in zip(batch, outcomes, strict=True):
                if written.cancelled():  # whoever sent it has gone; it is stored all the same
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
            # One bad answer spoils a batch. By itself, it spoils nobody else's.
            if len(answers) == 1:
                return [error]
            return [outcome for answer in answers for outcome in self._write([answer])]
