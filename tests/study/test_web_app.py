"""The pages as they are asked for: what is stored, what is refused, and what is never shown."""

import asyncio
import re
import sqlite3
from html import unescape

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_irx.study import Answer, Item
from sklearn_irx.study.web._app import make_app
from sklearn_irx.study.web._pages import page

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def study(new_study, tmp_path):
    with new_study(tmp_path / "study.db") as made:
        yield made


@pytest.fixture
def ask(study):
    """Ask the application of `study`."""
    app = make_app(study)

    def asked(method, path, **options):
        async def run():
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return await client.request(method, path, **options)

        return asyncio.run(run())

    return asked


def home(study, number=1):
    return f"/a/{study.annotators[number - 1].token}"


def form_of(response):
    return re.search(r'name="form" value="([^"]+)"', response.text)[1]


def answer(ask, path, **chosen):
    """Open a page and answer it."""
    data = {"form": form_of(ask("GET", path)), **chosen}
    return ask("POST", path, data=data)


def all_answers(study):
    connection = sqlite3.connect(study.path)
    found = connection.execute(
        "SELECT annotator, position, label, confidence FROM answers ORDER BY id"
    ).fetchall()
    connection.close()
    return found


def test_a_link_leads_to_the_instructions_and_later_to_where_one_was(ask, study):
    assert ask("GET", home(study)).headers["location"] == f"{home(study)}/instructions"
    text = ask("GET", f"{home(study)}/instructions").text
    for shown in ("Whatever is loud", "I am guessing", "greasy porridge", "Nothing readable"):
        assert shown in text
    assert f'href="{home(study)}/1"' in text
    answer(ask, f"{home(study)}/1", label=0, confidence=3)
    assert ask("GET", home(study)).headers["location"] == f"{home(study)}/2"
    assert ask("GET", f"{home(study)}/").headers["location"] == f"{home(study)}/2"
    assert ask("GET", home(study, 2)).headers["location"] == f"{home(study, 2)}/instructions"


def test_practice_says_the_truth_and_the_rest_does_not(ask, study):
    stored = answer(ask, f"{home(study)}/1", label=2, confidence=1)
    assert stored.status_code == 303
    said = ask("GET", stored.headers["location"]).text
    assert 'The whole text belongs to <b class="truth" dir="auto">noise</b>' in said
    assert "food, confidence 1 (I lean towards it)" in said
    answer(ask, f"{home(study)}/2", label=0, confidence=1)
    assert ask("GET", f"{home(study)}/3/feedback").status_code == 404
    stored = answer(ask, f"{home(study)}/3", label=0, confidence=1)
    assert stored.headers["location"] == f"{home(study)}/4?after=3&was=new"
    assert "belongs to" not in ask("GET", stored.headers["location"]).text


def test_feedback_comes_after_the_answer_only(ask, study):
    assert ask("GET", f"{home(study)}/1/feedback").headers["location"] == f"{home(study)}/1"


def test_nothing_else_than_the_words_is_shown(ask, study):
    """Neither who made the words, nor how, nor names, nor the truth."""
    secret = {"selected", "random", "attention", "Ada", "Bo", "Cleo", "case", "member"}
    names = secret | {f"document {row}" for row in range(4)}
    for position in range(1, len(study.pages(1)) + 1):
        text = ask("GET", f"{home(study)}/{position}").text
        shown = re.sub(r'<section class="rationale".*?</section>', "", text, flags=re.DOTALL)
        assert not [name for name in names if name in shown]
        answer(ask, f"{home(study)}/{position}", label=0, confidence=0)
    assert not [
        name for name in ("Ada", "random") if name in ask("GET", f"{home(study)}/done").text
    ]


def test_pages_cannot_be_skipped(ask, study):
    assert ask("GET", f"{home(study)}/3").headers["location"] == f"{home(study)}/1"
    mark = form_of(ask("GET", f"{home(study)}/1"))
    assert "are not answered yet" in ask("GET", f"{home(study)}/done").text
    # A true mark of page 1 opens no other.
    data = {"form": mark, "label": 0, "confidence": 0}
    assert ask("POST", f"{home(study)}/3", data=data).status_code == 400
    assert all_answers(study) == []


@pytest.mark.parametrize(
    ("chosen", "missing", "kept"),
    [
        ({}, ["a class", "how sure you are"], []),
        ({"label": 1}, ["how sure you are"], ['id="class-1" value="1" data-keys="b" checked']),
        ({"confidence": 2}, ["a class"], ['id="confidence-2" value="2" data-keys="2" checked']),
    ],
)
def test_what_is_missing_is_said_and_what_was_chosen_is_kept(ask, study, chosen, missing, kept):
    before = form_of(ask("GET", f"{home(study)}/1"))
    again = ask("POST", f"{home(study)}/1", data={"form": before, **chosen})
    assert again.status_code == 422
    error = re.search(r'<div [^>]*id="error" role="alert".*?</div>', again.text, re.DOTALL)[0]
    assert "autofocus" in error
    assert re.findall(r"<a [^>]*>(.*?)</a>", error) == missing
    for text in kept:
        assert text in again.text
    assert again.text.count(" checked") == len(kept)
    assert form_of(again) == before  # so that time counts from when the page was first seen
    assert all_answers(study) == []


def test_nothing_readable_needs_no_confidence(ask, study):
    assert answer(ask, f"{home(study)}/1", label="unreadable").status_code == 303
    assert answer(ask, f"{home(study)}/2", label="unreadable", confidence=3).status_code == 303
    assert all_answers(study) == [(1, 1, None, None), (1, 2, None, None)]
    assert "nothing readable" in ask("GET", f"{home(study)}/2/feedback").text


def test_an_answer_can_be_corrected_and_one_comes_back_to_where_one_was(ask, study):
    for position in (1, 2, 3, 4, 5):
        answer(ask, f"{home(study)}/{position}", label=1, confidence=1)
    before = ask("GET", f"{home(study)}/3").text
    assert "Stored for this page: hygiene, confidence 1" in before
    assert before.count(" checked") == 2
    assert f'href="{home(study)}/2"' in before
    assert f'href="{home(study)}/4"' in before
    stored = answer(ask, f"{home(study)}/3", label=2, confidence=0)
    assert stored.headers["location"] == f"{home(study)}/6?after=3&was=replaced"
    after = ask("GET", stored.headers["location"]).text
    assert "<b>food, confidence 0 (I am guessing)</b>. It replaces your earlier answer." in after
    assert study.page(1, 3).label == 2


def test_the_same_form_twice_is_one_answer(ask, study):
    data = {"form": form_of(ask("GET", f"{home(study)}/1")), "label": 0, "confidence": 1}
    first, second = (ask("POST", f"{home(study)}/1", data=data) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert all_answers(study) == [(1, 1, 0, 1)]


def test_another_answer_on_the_same_form_is_another_answer(ask, study):
    """As from a page that the browser kept as it was, and on which one thought again."""
    data = {"form": form_of(ask("GET", f"{home(study)}/1")), "label": 0, "confidence": 1}
    ask("POST", f"{home(study)}/1", data=data)
    stored = ask("POST", f"{home(study)}/1", data={**data, "label": 3})
    assert stored.headers["location"].endswith("was=replaced")
    # The first, sent once more, does not silently take its place again.
    old = ask("POST", f"{home(study)}/1", data=data)
    assert old.headers["location"] == f"{home(study)}/1?after=1&was=old"
    assert "<b>staff, confidence 1" in ask("GET", old.headers["location"]).text
    assert all_answers(study) == [(1, 1, 0, 1), (1, 1, 3, 1)]


def test_two_tabs_are_two_answers_and_the_later_counts(ask, study):
    one, other = (form_of(ask("GET", f"{home(study)}/1")) for _ in range(2))
    ask("POST", f"{home(study)}/1", data={"form": one, "label": 0, "confidence": 1})
    second = ask("POST", f"{home(study)}/1", data={"form": other, "label": 1, "confidence": 2})
    said = ask("GET", second.headers["location"]).text
    assert "This replaces your earlier answer." in said
    assert all_answers(study) == [(1, 1, 0, 1), (1, 1, 1, 2)]


def test_time_counts_from_when_the_page_was_made(ask, study, monkeypatch):
    mark = form_of(ask("GET", f"{home(study)}/1"))
    made = int(mark.partition(".")[0]) / 1000
    monkeypatch.setattr("sklearn_irx.study.web._forms.time.time", lambda: made + 86400)
    assert ask("POST", f"{home(study)}/1", data={"form": mark, "label": 0, "confidence": 0})
    mark = form_of(ask("GET", f"{home(study)}/2"))
    monkeypatch.setattr("sklearn_irx.study.web._forms.time.time", lambda: made - 60)
    ask("POST", f"{home(study)}/2", data={"form": mark, "label": 0, "confidence": 0})
    seconds = study.answers().sort_values(["annotator", "position"])["seconds"]
    assert seconds.iloc[0] == 86400  # a page left open over night can still be answered
    assert study.page(1, 2).answered
    assert seconds.isna().iloc[1]


def test_the_last_page_says_that_all_is_stored(ask, study):
    n_pages = len(study.pages(1))
    for position in range(1, n_pages + 1):
        stored = answer(ask, f"{home(study)}/{position}", label=0, confidence=0)
    assert stored.headers["location"] == f"{home(study)}/done?after={n_pages}&was=new"
    text = ask("GET", stored.headers["location"]).text
    assert f"all {n_pages - 2} answers are stored" in text
    assert ask("GET", home(study)).headers["location"] == f"{home(study)}/done"
    assert set(re.findall(rf'href="{home(study)}/([0-9]+)"', text)) == {
        str(position) for position in range(3, n_pages + 1)
    }


@pytest.mark.parametrize(
    "path",
    [
        "/", "/a", "/a/", "/a/x", "/o/x", "/a/%00", "/a/%ff%fe", "/o/%e9", "/o/é", "/a/x/1",
        "/a/x/done", "/a/x/instructions", "/a/x/1/feedback", "/admin", "/static/", "/static/x",
        "/static/..%2f_pages.py", "/a/' OR 1=1 --", "/a/' OR ''='/1", "/a/x%27%20OR%201=1/1",
        "/favicon.ico", "/robots.txt",
    ],
)  # fmt: skip
def test_what_is_no_link_gets_one_page(ask, path):
    response = ask("GET", path)
    assert response.status_code == 404
    assert response.text == ask("GET", "/a/nobody").text


def test_tokens_open_nothing_else(ask, study):
    organiser, ada = study.settings["organiser_token"], study.annotators[0].token
    assert ask("GET", f"/o/{organiser}").status_code == 200
    for path in (
        f"/a/{organiser}",
        f"/o/{ada}",
        f"/a/{ada.swapcase()}",
        f"/a/{ada}x",
        f"/a/{ada} ",
    ):
        assert ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    "position", ["0", "-1", "999", "9" * 30, "9" * 6000, "1.0", "1e1", "x", "٣", "01x", "%00"]
)
def test_pages_that_are_not_there(ask, study, position):
    assert ask("GET", f"{home(study)}/{position}").status_code == 404
    content = b"label=0&confidence=0"
    response = ask("POST", f"{home(study)}/{position}", content=content, headers=FORM)
    assert response.status_code == 404


def changed(mark, place, to):
    parts = mark.split(".")
    parts[place] = to
    return ".".join(parts)


@pytest.mark.parametrize(
    "forge",
    [
        lambda mark, other: "",
        lambda mark, other: "x",
        lambda mark, other: "1.2.3",
        lambda mark, other: "é.ü.ß",
        lambda mark, other: other,
        lambda mark, other: mark[:-1],
        lambda mark, other: mark.upper(),
        lambda mark, other: changed(mark, 0, "1"),
        lambda mark, other: changed(mark, 0, "x"),
        lambda mark, other: changed(mark, 1, "0" * 24),
        lambda mark, other: changed(mark, 2, "0" * 64),
        lambda mark, other: changed(mark, 2, ""),
    ],
)
def test_forged_and_foreign_forms(ask, study, forge):
    mark, other = (form_of(ask("GET", f"{home(study, number)}/1")) for number in (1, 2))
    data = {"form": forge(mark, other), "label": 0, "confidence": 0}
    response = ask("POST", f"{home(study)}/1", data=data)
    assert response.status_code == 400
    assert "Nothing of it was stored" in response.text
    assert f'href="{home(study)}/1"' in response.text
    assert all_answers(study) == []


@pytest.mark.parametrize(
    "fields",
    [
        "label=4&confidence=0", "label=-1&confidence=0", "label=0&confidence=4", "label=x",
        "label=0&confidence=%C2%B2", "label=9999999999999999999999&confidence=0",
        "label=0;DROP TABLE answers&confidence=0", "label=0'--&confidence=0", "label=&confidence=0",
        "label=0&label=1&confidence=0", "label=%ff&confidence=0", "label=\u00e9&confidence=0",
        "label=0&confidence=0&" + "&".join(f"x{i}=" for i in range(20)),
        "label=%D9%A3&confidence=0", "confidence=0&label=%00",
    ],
)  # fmt: skip
def test_fields_that_no_page_sends(ask, study, fields):
    mark = form_of(ask("GET", f"{home(study)}/1"))
    content = f"form={mark}&{fields}".encode()
    response = ask("POST", f"{home(study)}/1", content=content, headers=FORM)
    assert response.status_code == 400
    assert all_answers(study) == []


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "", "text/plain"]
)
def test_bodies_of_other_kinds(ask, study, kind):
    mark = form_of(ask("GET", f"{home(study)}/1"))
    content = f"form={mark}&label=0&confidence=0".encode()
    response = ask("POST", f"{home(study)}/1", content=content, headers={"content-type": kind})
    assert response.status_code == 415
    assert all_answers(study) == []


def test_bodies_are_counted_as_they_come(ask, study):
    """Without a length in the header, reading stops when it is too much."""
    sent = []

    async def endless():
        for _ in range(1000):
            sent.append(1)
            yield b"x" * 500

    response = ask("POST", f"{home(study)}/1", content=endless(), headers=FORM)
    assert response.status_code == 413
    assert "content-length" not in response.request.headers
    lying = {**FORM, "content-length": "10"}
    response = ask("POST", f"{home(study)}/1", content=b"x" * 5000, headers=lying)
    assert response.status_code == 413


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(ask, study, method):
    organiser = f"/o/{study.settings['organiser_token']}"
    for path in (home(study), f"{home(study)}/1/feedback", organiser, "/static/study.css"):
        assert ask(method, path, headers=FORM).status_code == 405
    if method != "POST":
        assert ask(method, f"{home(study)}/1").status_code == 405


def test_headers_are_on_every_response(ask, study, monkeypatch):
    mark = form_of(ask("GET", f"{home(study)}/1"))
    data = {"form": mark, "label": 0, "confidence": 0}
    responses = [
        ask("GET", home(study)), ask("GET", f"{home(study)}/1"), ask("GET", "/a/nobody"),
        ask("GET", f"/o/{study.settings['organiser_token']}"), ask("PUT", home(study)),
        ask("POST", f"{home(study)}/1", data={"x": ""}), ask("POST", f"{home(study)}/1", data=data),
        ask("POST", f"{home(study)}/2", content=b"x" * 5000, headers=FORM),
        ask("POST", f"{home(study)}/2", content=b"x"), ask("GET", "/static/study.js"),
    ]  # fmt: skip
    monkeypatch.setattr(study, "find_annotator", lambda token: 1 / 0)
    responses.append(ask("GET", f"{home(study)}/2"))
    codes = [response.status_code for response in responses]
    assert codes == [303, 200, 404, 200, 405, 400, 303, 413, 415, 200, 500]
    for response in responses:
        headers = response.headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert "set-cookie" not in headers
        static = "/static/" in str(response.url)
        assert headers["cache-control"] == (
            "public, max-age=31536000, immutable" if static else "no-store"
        )
    assert "ZeroDivisionError" not in responses[-1].text
    assert "Your last answer may not be stored" in responses[-1].text


def test_an_answer_that_cannot_be_written_is_not_said_to_be(ask, study, monkeypatch):
    def full(answers):
        raise sqlite3.OperationalError("database or disk is full")

    mark = form_of(ask("GET", f"{home(study)}/1"))
    monkeypatch.setattr(study, "record", full)
    data = {"form": mark, "label": 0, "confidence": 0}
    assert ask("POST", f"{home(study)}/1", data=data).status_code == 500
    monkeypatch.undo()
    assert ask("POST", f"{home(study)}/1", data=data).status_code == 303


def test_messages_say_what_is_stored_whatever_the_address_says(ask, study):
    for query in ("after=1&was=replaced", "after=1", "after=x", "after=9999999999", "was=<script>"):
        assert "<strong>" not in ask("GET", f"{home(study)}/1?{query}").text


def test_files_are_named_after_their_content(ask, study):
    text = ask("GET", f"{home(study)}/1").text
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert len(found) == 3
    for address in found:
        assert "?" in address
        assert ask("GET", address).status_code == 200


def test_more_classes_than_keys(new_study, tmp_path):
    names = [f"class {number}" for number in range(30)]
    items = [Item("main", "selected", ["ants"], 1, 0, row) for row in (0, 1)]
    with new_study(tmp_path / "s.db", items=items, classes=names) as study:
        app = make_app(study)

        async def get(path):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return (await client.get(path)).text

        text = asyncio.run(get(f"{home(study)}/1"))
        keys = re.findall(r'name="label"[^>]* data-keys="(.)"', text)
        assert keys == [*"abcdefghijklmnopqrstuvw", "x"]
        assert text.count('name="label"') == 31
        assert "1 of 2" in text  # no practice
        assert "<kbd>a</kbd> to <kbd>w</kbd>" in asyncio.run(get(f"{home(study)}/instructions"))


def test_the_organiser_sees_progress_and_no_links(ask, study):
    here = f"/o/{study.settings['organiser_token']}"
    assert "not defined yet" in ask("GET", here).text
    pages = {number: study.pages(number) for number in (1, 2)}
    study.record(
        Answer(number, page.position, page.truth, 3, 1.0, f"{number} {page.position}")
        for number, pages in pages.items()
        for page in pages[: len(pages) if number == 1 else 6]
    )
    text = re.sub(r"<[^>]+>", " ", ask("GET", here).text)
    words = " ".join(unescape(text).split())
    assert "13 of 27 answers" in words
    assert "14 are missing" in words
    assert re.search(r"Ada 2 of 2 9 of 9 0 0 1 of 1 20", words)
    assert re.search(r"Bo 2 of 2 4 of 9 5 0", words)
    assert "Cleo 0 of 2 0 of 9 9 0 – –" in words
    assert "alpha 1.00 Fleiss’ kappa 1.00" in words
    for person in study.annotators:
        assert person.token not in text


def test_a_study_of_nobody(new_study, tmp_path):
    from sklearn_irx.study.web._organiser import summarise

    with new_study(tmp_path / "s.db", people=()) as study:
        figures = summarise(study)
        text = page("organiser.html", title="T", **figures).body.decode()
    assert "Nobody is asked yet" in text


HOSTILE = st.text(
    st.one_of(
        st.sampled_from(list("<>&\"'`={}%/\\\n\t -")),
        st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]),
    ),
    max_size=40,
)


@given(pieces=st.lists(HOSTILE | st.none(), max_size=4), name=HOSTILE)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_rendered_is_what_is_shown(pieces, name):
    text = page(
        "feedback.html", title=name, show="in_place", home="/a/x", heading=name, n_answered=0,
        n_asked=1, shown=pieces, right=True, answer=name, truth=name, last=False, back="/a/x/1",
        go_on="/a/x/2", message=None,
    ).body.decode()  # fmt: skip
    section = re.search(r'<section class="rationale".*?</section>', text, re.DOTALL)[0]
    shown = re.findall(r'<span class="piece">(.*?)</span>', section, re.DOTALL)
    assert [unescape(piece) for piece in shown] == [piece for piece in pieces if piece is not None]
    assert section.count('<span class="gap">') == pieces.count(None)
    assert not set("<>\"'") & set("".join(shown))
    assert unescape(re.search(r'dir="auto">([^<]*)</b>', text)[1]) == name
