"""A study as a file: answers are kept, all of them, and the last one counts."""

import multiprocessing
import sqlite3
import threading

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_irx.study import Answer, Study


def answer(position, label=0, confidence=2, *, annotator=1, form=None, seconds=1.5):
    form = form or f"{annotator}-{position}-{label}-{confidence}"
    return Answer(annotator, position, label, confidence, seconds, form)


def test_the_last_answer_counts_and_all_are_kept(make_study):
    study = make_study(annotators=2)
    assert study.record([answer(1, 0, 1), answer(1, 2, 3), answer(2, None, None)]) == [True] * 3
    first, second, third, *_ = study.pages(1)
    assert (first.answered, first.label, first.confidence) == (True, 2, 3)
    assert (second.answered, second.label, second.confidence) == (True, None, None)
    assert not third.answered
    assert study.first_unanswered(1) == 3
    assert study.first_unanswered(2) == 1
    answers = study.answers()
    mine = answers[answers["annotator"] == "annotator 1"].reset_index(drop=True)
    assert mine.loc[0, "n_answers"] == 2
    assert mine.loc[0, "label"] == study.classes[2]
    assert mine.loc[0, "right"] == (study.classes[2] == mine.loc[0, "truth"])
    assert mine.loc[1, "unreadable"]
    assert not mine.loc[1, "right"]
    assert mine.loc[2, "right"] is pd.NA
    assert answers["answered"].sum() == 2
    assert len(answers) == 2 * len(study.pages(1))


def test_a_form_sent_twice_is_one_answer(make_study):
    study = make_study()
    assert study.record([answer(1, form="a"), answer(1, 1, form="a")]) == [True, False]
    assert study.record([answer(1, 2, form="a")]) == [False]
    assert study.page(1, 1).label == 0


def test_answers_that_are_none_are_refused_and_nothing_of_their_batch_is_kept(make_study):
    study = make_study(annotators=1)
    n_pages = len(study.pages(1))
    for wrong, message in [
        (answer(1, 7), "label=7: give a number from 0 to 2"),
        (answer(1, -1), "label=-1"),
        (answer(1, 1, 4), "confidence=4"),
        (answer(1, 1, None), "give both"),
        (answer(1, None, 2), "give both"),
        (answer(n_pages + 1), "has no page"),
        (answer(0), "has no page"),
        (answer(1, annotator=2), "annotator=2 has no page 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            study.record([answer(2), wrong])
    assert not study.answers()["answered"].any()


@settings(max_examples=25)
@given(
    given_answers=st.lists(
        st.tuples(
            st.integers(1, 5), st.one_of(st.none(), st.tuples(st.integers(0, 2), st.integers(0, 3)))
        ),
        max_size=30,
    )
)
def test_what_is_read_back_is_what_was_answered(tmp_path_factory, pair, unseen, given_answers):
    from sklearn_irx.study import create_study

    path = tmp_path_factory.mktemp("study") / "study.db"
    with create_study(path, pair, *unseen, per_case=2, random_state=0) as study:
        expected = {}
        for number, (position, said) in enumerate(given_answers):
            label, sure = said or (None, None)
            study.record([answer(position, label, sure, form=str(number))])
            expected[position] = (label, sure)
        found = {
            page.position: (page.label, page.confidence)
            for page in Study(path).pages(1)
            if page.answered
        }
        assert found == expected


def test_threads_answer_at_the_same_time(make_study):
    study = make_study(annotators=8)
    n_pages = len(study.pages(1))
    barrier = threading.Barrier(8)

    def work(annotator):
        barrier.wait()
        for position in range(1, n_pages + 1):
            study.record([answer(position, annotator % 3, annotator=annotator)])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = study.answers()
    assert answers["answered"].all()
    for number, name in enumerate(answers["annotator"].unique(), start=1):
        assert set(answers.loc[answers["annotator"] == name, "label"]) == {
            study.classes[number % 3]
        }


def _answer_in_a_process(path, annotator):
    with Study(path) as study:
        for page in study.pages(annotator):
            study.record([answer(page.position, annotator=annotator)])


def test_processes_answer_at_the_same_time(make_study):
    study = make_study(annotators=3)
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_answer_in_a_process, args=(study.path, number))
        for number in (1, 2, 3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    assert study.answers()["answered"].all()


def test_links_cannot_be_guessed_and_open_one_study_alone(make_study):
    study, other = make_study(annotators=20), make_study()
    tokens = {annotator.token for annotator in study.annotators}
    tokens.add(study.settings["organiser_token"])
    assert len(tokens) == 21
    assert min(map(len, tokens)) >= 32
    assert study.find_annotator(study.annotators[4].token) == study.annotators[4]
    for token in ("", "x", "%", study.settings["organiser_token"], other.annotators[0].token):
        assert study.find_annotator(token) is None


def test_annotators_can_be_added_later(make_study):
    study = make_study(annotators=["Ada"])
    study.record([answer(1)])
    added = study.add_annotator("  Bo\nB. ")
    assert added.name == "Bo B."
    assert [annotator.name for annotator in study.annotators] == ["Ada", "Bo B."]
    assert len(study.pages(added.id)) == len(study.pages(1))
    assert not any(page.answered for page in study.pages(added.id))
    with pytest.raises(ValueError, match="'Ada' is taken"):
        study.add_annotator("Ada")


def test_other_files_are_no_studies(tmp_path):
    with pytest.raises(FileNotFoundError, match="create_study makes one"):
        Study(tmp_path / "none.db")
    text = tmp_path / "text.db"
    text.write_text("Not a database, however long it is. " * 100)
    with pytest.raises(ValueError, match="is no study"):
        Study(text)
    alien = tmp_path / "alien.db"
    connection = sqlite3.connect(alien)
    connection.execute("CREATE TABLE answers (id)")
    connection.close()
    with pytest.raises(ValueError, match="is no study: create_study makes one"):
        Study(alien)


def test_a_study_of_a_later_version_is_refused(make_study):
    study = make_study()
    study.close()
    connection = sqlite3.connect(study.path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(ValueError, match="is a study of version 2; this program knows 1"):
        Study(study.path)


def test_texts_of_documents_are_data_and_not_sql(make_study, pair):
    evil = "'); DROP TABLE answers; --"
    study = make_study(annotators=[evil], title=evil, question=evil)
    assert study.settings["title"] == study.settings["question"] == evil
    assert [annotator.name for annotator in study.annotators] == [evil]
    assert study.find_annotator("' OR '1'='1") is None
    study.record([answer(1)])
    assert study.answers()["answered"].sum() == 1
