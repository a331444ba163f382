"""Pages of an annotator: instructions, one rationale at a time, and the stored answers.

No page reveals which model selected the words, or how.
"""

from __future__ import annotations

import re
from functools import cache
from string import ascii_lowercase
from typing import Any

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sklearn_irx.study._records import CONFIDENCES, Annotator, Answer, Page
from sklearn_irx.study._showing import as_text
from sklearn_irx.study._store import Study
from sklearn_irx.study.web._forms import Choice, Forms, read_choice, read_fields
from sklearn_irx.study.web._pages import Problem, go_to, page, render
from sklearn_irx.study.web._recorder import Recorder

# The letters before x, the key of "nothing readable".
_CLASS_KEYS = ascii_lowercase[: ascii_lowercase.index("x")]


class AnnotatorPages:
    """Answer the requests of annotators, whose token is in the address.

    The study is read in the event loop: a read takes microseconds.
    """

    def __init__(self, study: Study, recorder: Recorder) -> None:
        self._study = study
        self._recorder = recorder
        self._forms = Forms(study.settings["form_key"])
        descriptions = study.settings["class_descriptions"]
        self._classes = [
            {
                "name": name,
                "key": _CLASS_KEYS[number] if number < len(_CLASS_KEYS) else None,
                "description": descriptions.get(name),
            }
            for number, name in enumerate(study.classes)
        ]
        self._sizes: tuple[int, int] | None = None
        # Most of a page depends on the choice alone, and there are few choices.
        self._choices = cache(self._render_choices)

    async def start(self, request: Request) -> Response:
        """Redirect to where the annotator left off."""
        person = self._find(request)
        first = self._study.first_unanswered(person.id)
        if first == 1:
            return go_to(f"/a/{person.token}/instructions")
        return go_to(self._address_of(person, first))

    async def instructions(self, request: Request) -> Response:
        """Show the instructions."""
        person = self._find(request)
        n_practice, n_pages = self._count(person)
        first = self._study.first_unanswered(person.id)
        return self._page(
            "instructions.html",
            person,
            n_practice=n_practice,
            n_main=n_pages - n_practice,
            examples=[
                {
                    "shown": example.shown,
                    "truth": self._study.classes[example.truth],
                    "telling": example.kind != "random",
                }
                for example in self._study.examples()
            ],
            confidences=CONFIDENCES,
            last_key=_CLASS_KEYS[: len(self._classes)][-1],
            begun=first != 1,
            go_on=self._address_of(person, first),
        )

    async def item(self, request: Request) -> Response:
        """Show the words of a page and the form to answer it."""
        person, asked = self._find_page(request)
        first = self._study.first_unanswered(person.id)
        if not asked.answered and asked.position != first:
            return go_to(self._address_of(person, first))
        choice = Choice(asked.label, asked.confidence, asked.answered and asked.label is None)
        mark = self._forms.mark(person.token, asked.position)
        return self._item(request, person, asked, choice=choice, mark=mark, first=first)

    async def answer(self, request: Request) -> Response:
        """Store an answer, then confirm it."""
        fields = await read_fields(request)
        person, asked = self._find_page(request)
        address = f"/a/{person.token}/{asked.position}"
        mark = fields.get("form", "")
        try:
            seconds = self._forms.seconds_since(mark, person.token, asked.position)
            choice = read_choice(fields, len(self._classes), len(CONFIDENCES))
        except ValueError as error:
            raise Problem(400, address) from error
        first = self._study.first_unanswered(person.id)
        if not asked.answered and asked.position != first:
            return go_to(self._address_of(person, first))
        if not choice.complete:
            return self._item(
                request, person, asked, choice=choice, mark=mark, first=first, status=422
            )
        # A form that is sent twice counts once, unless the choice on it has changed: a browser may
        # restore an old page.
        form = f"{mark.rpartition('.')[0]}.{choice.label}.{choice.confidence}"
        answer = Answer(
            annotator=person.id, position=asked.position, label=choice.label,
            confidence=choice.confidence, seconds=seconds, form=form,
        )  # fmt: skip
        new = await self._recorder.record(answer)
        stored = self._study.page(person.id, asked.position)
        assert stored is not None
        if (stored.label, stored.confidence) != (choice.label, choice.confidence):
            # Sent again, after a later answer had replaced it: the later one counts.
            return go_to(f"{address}?after={asked.position}&was=old")
        was = "replaced" if new and asked.answered else "new"
        if asked.phase == "practice":
            return go_to(f"{address}/feedback?after={asked.position}&was={was}")
        next_page = self._address_of(person, self._study.first_unanswered(person.id))
        return go_to(f"{next_page}?after={asked.position}&was={was}")

    async def feedback(self, request: Request) -> Response:
        """Show the true class of an answered practice item."""
        person, asked = self._find_page(request)
        if asked.phase != "practice":
            raise HTTPException(404)
        address = f"/a/{person.token}/{asked.position}"
        if not asked.answered:
            return go_to(address)
        n_practice, _ = self._count(person)
        first = self._study.first_unanswered(person.id)
        return self._page(
            "feedback.html",
            person,
            **self._progress(person, asked.position, first),
            shown=asked.shown,
            right=asked.label == asked.truth,
            answer=self._describe(asked),
            truth=self._study.classes[asked.truth],
            last=asked.position == n_practice,
            back=address,
            go_on=self._address_of(person, first),
            message=self._message(request, person),
        )

    async def done(self, request: Request) -> Response:
        """List the stored answers, each with a link to correct it."""
        person = self._find(request)
        n_practice, _ = self._count(person)
        pages = self._study.pages(person.id)
        main = [
            {
                "number": one.position - n_practice,
                "address": f"/a/{person.token}/{one.position}",
                "words": as_text(one.shown),
                "answer": self._describe(one),
            }
            for one in pages
            if one.phase == "main" and one.answered
        ]
        first = self._study.first_unanswered(person.id)
        return self._page(
            "done.html",
            person,
            answers=main,
            n_missing=sum(not one.answered for one in pages),
            go_on=None if first is None else self._address_of(person, first),
            message=self._message(request, person),
        )

    def _item(
        self,
        request: Request,
        person: Annotator,
        asked: Page,
        *,
        choice: Choice,
        mark: str,
        first: int | None,
        status: int = 200,
    ) -> Response:
        _, n_pages = self._count(person)
        position = asked.position
        return self._page(
            "item.html",
            person,
            status,
            position=position,
            **self._progress(person, position, first),
            shown=asked.shown,
            choices=self._choices(choice),
            choice=choice,
            missing=status != 200,
            stored=self._describe(asked) if asked.answered else None,
            form=mark,
            back=self._address_of(person, position - 1) if position > 1 else None,
            forward=(
                self._address_of(person, position + 1 if position < n_pages else None)
                if asked.answered
                else None
            ),
            message=None if status != 200 else self._message(request, person),
        )

    def _render_choices(self, choice: Choice) -> Markup:
        return render(
            "choices.html",
            question=self._study.settings["question"],
            classes=self._classes,
            confidences=CONFIDENCES,
            choice=choice,
        )

    def _page(self, template: str, person: Annotator, status: int = 200, **values: Any) -> Response:
        settings = self._study.settings
        return page(
            template,
            status,
            title=settings["title"],
            show=settings["show"],
            classes=self._classes,
            home=f"/a/{person.token}",
            **values,
        )

    def _message(self, request: Request, person: Annotator) -> dict[str, str] | None:
        """Describe the stored answer to the page that was answered before this one."""
        position = _whole_number(request.query_params.get("after", ""))
        stored = position and self._study.page(person.id, position)
        if not stored or not stored.answered:
            return None
        return {
            "heading": self._heading(person, stored.position),
            "answer": self._describe(stored),
            "was": request.query_params.get("was", ""),
        }

    def _progress(self, person: Annotator, position: int, first: int | None) -> dict[str, Any]:
        """Return the progress in the part of the study that a page belongs to."""
        n_practice, n_pages = self._count(person)
        begin, end = (0, n_practice) if position <= n_practice else (n_practice, n_pages)
        n_answered = n_pages if first is None else first - 1
        return {
            "heading": self._heading(person, position),
            "n_answered": max(0, min(n_answered, end) - begin),
            "n_asked": end - begin,
        }

    def _heading(self, person: Annotator, position: int) -> str:
        n_practice, n_pages = self._count(person)
        if position <= n_practice:
            return f"Practice {position} of {n_practice}"
        return f"{position - n_practice} of {n_pages - n_practice}"

    def _describe(self, answered: Page) -> str:
        if answered.label is None or answered.confidence is None:
            return "nothing readable"
        label, confidence = self._study.classes[answered.label], answered.confidence
        return f"{label}, confidence {confidence} ({CONFIDENCES[confidence]})"

    def _address_of(self, person: Annotator, position: int | None) -> str:
        return f"/a/{person.token}/{'done' if position is None else position}"

    def _find(self, request: Request) -> Annotator:
        person = self._study.find_annotator(request.path_params["token"])
        if person is None:
            raise HTTPException(404)
        return person

    def _find_page(self, request: Request) -> tuple[Annotator, Page]:
        person = self._find(request)
        position = _whole_number(request.path_params["position"])
        asked = position and self._study.page(person.id, position)
        if not asked:
            raise HTTPException(404)
        return person, asked

    def _count(self, person: Annotator) -> tuple[int, int]:
        """Return the numbers of practice pages and of all pages, equal for all annotators."""
        if self._sizes is None:
            phases = [one.phase for one in self._study.pages(person.id)]
            self._sizes = phases.count("practice"), len(phases)
        return self._sizes


def _whole_number(text: str) -> int | None:
    """Parse a position; return None for what is none, or too large for SQLite."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None
