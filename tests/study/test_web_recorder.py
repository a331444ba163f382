"""Answers that arrive together: written together, each with its own outcome."""

import asyncio

import pytest

from sklearn_irx.study import Answer
from sklearn_irx.study.web._recorder import Recorder


class Slow:
    """Stands for a study on a slow disk; remembers what it was asked to write together."""

    def __init__(self, bad=()):
        self.batches, self.bad = [], bad

    def record(self, answers):
        self.batches.append([answer.form for answer in answers])
        if any(answer.form in self.bad for answer in answers):
            raise ValueError("bad")
        return [True] * len(answers)


def answer(form, position=1):
    return Answer(1, position, 0, 0, 1.0, form)


def test_what_comes_during_a_write_is_the_next_write():
    study = Slow()

    async def run():
        recorder = Recorder(study)
        return await asyncio.gather(*(recorder.record(answer(str(i))) for i in range(50)))

    assert asyncio.run(run()) == [True] * 50
    assert len(study.batches) <= 2
    assert [form for batch in study.batches for form in batch] == [str(i) for i in range(50)]


def test_a_bad_answer_spoils_no_other(new_study, tmp_path):
    with new_study(tmp_path / "study.db") as study:

        async def run():
            recorder = Recorder(study)
            answers = [answer("a"), answer("b", position=999), answer("c", position=2), answer("a")]
            return await asyncio.gather(*map(recorder.record, answers), return_exceptions=True)

        first, bad, other, again = asyncio.run(run())
        assert (first, other, again) == (True, True, False)
        assert isinstance(bad, ValueError)
        assert [page.answered for page in study.pages(1)][:3] == [True, True, False]


def test_an_answer_is_stored_when_its_sender_has_gone(new_study, tmp_path):
    with new_study(tmp_path / "study.db") as study:

        async def run():
            recorder = Recorder(study)
            gone = asyncio.create_task(recorder.record(answer("a")))
            await asyncio.sleep(0)
            gone.cancel()
            stays = asyncio.create_task(recorder.record(answer("b", position=2)))
            await asyncio.sleep(0)
            await recorder.flush()
            return await stays

        assert asyncio.run(run())
        assert [page.answered for page in study.pages(1)][:2] == [True, True]


def test_it_goes_on_after_an_error():
    study = Slow(bad=["b"])

    async def run():
        recorder = Recorder(study)
        with pytest.raises(ValueError, match="bad"):
            await recorder.record(answer("b"))
        await recorder.flush()
        return await recorder.record(answer("c"))

    assert asyncio.run(run())
