"""The organiser's page: the progress of a study."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from math import isnan
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sklearn_irx.study._agreement import agreement
from sklearn_irx.study._store import Study
from sklearn_irx.study._tables import ATTENTION, main_answers, passed_checks
from sklearn_irx.study.web._pages import page

if TYPE_CHECKING:
    import pandas as pd


class OrganiserPage:
    """Answer requests that carry the organiser's token."""

    def __init__(self, study: Study) -> None:
        self._study = study

    async def progress(self, request: Request) -> Response:
        """Show the progress of the study."""
        token = self._study.settings["organiser_token"]
        if not hmac.compare_digest(request.path_params["token"].encode(), token.encode()):
            raise HTTPException(404)
        # It reads all answers: in a thread, annotators do not wait for it.
        figures = await run_in_threadpool(summarise, self._study)
        return page("organiser.html", title=self._study.settings["title"], **figures)


def summarise(study: Study) -> dict[str, Any]:
    """Count the answers by annotator and by class, and compute the agreement."""
    answers = study.answers()
    main = answers[answers["phase"] == "main"]
    asked = main_answers(answers)
    given = asked[asked["answered"]]
    counts = given["label"].value_counts()
    by_class = [(name, int(counts.get(name, 0))) for name in study.classes]
    by_class.append(("nothing readable", int(given["unreadable"].sum())))
    found = agreement(asked)
    return {
        "annotators": [
            _progress(person.name, answers[answers["annotator"] == person.name])
            for person in study.annotators
        ],
        "has_checks": bool((main["kind"] == ATTENTION).any()),
        "has_practice": bool((answers["phase"] == "practice").any()),
        "n_answered": int(main["answered"].sum()),
        "n_asked": len(main),
        "by_class": [(name, count, count / max(len(given), 1)) for name, count in by_class],
        "alpha": _figure(found.alpha),
        "kappa": _figure(found.kappa),
        "n_items": found.n_items,
        "now": _minute(datetime.now(UTC).isoformat()),
    }


def _progress(name: str, answers: pd.DataFrame) -> dict[str, Any]:
    practice = answers[answers["phase"] == "practice"]
    main = answers[answers["phase"] == "main"]
    checks = main[(main["kind"] == ATTENTION) & main["answered"]]
    times = answers.loc[answers["answered"], "time"]
    return {
        "name": name,
        "practice": f"{practice['answered'].sum()} of {len(practice)}",
        "n_answered": int(main["answered"].sum()),
        "n_asked": len(main),
        "n_unreadable": int(main["unreadable"].sum()),
        "checks": f"{passed_checks(checks).sum()} of {len(checks)}" if len(checks) else "–",
        "last": _minute(times.max()) if len(times) else "–",
    }


def _figure(value: float) -> str:
    return "not defined yet" if isnan(value) else f"{value:.2f}"


def _minute(time: str) -> str:
    """Return an ISO time, cut to the minute."""
    return time[:16].replace("T", " ")
