"""What a study asks: documents by case, what is shown of them, and controls."""

import json
import re
import sqlite3
import stat
import warnings
from collections import Counter

import numpy as np
import pytest

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, Rationale
from sklearn_irx.exchange import CASES
from sklearn_irx.study import create_study
from sklearn_irx.study._showing import as_text, pieces_shown, readable_text
from tests.study.conftest import PER_CASE

WORD = re.compile(r"\w+")


def main_items(study):
    """Items of the main part, from the database itself."""
    connection = sqlite3.connect(study.path)
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT * FROM items WHERE phase = 'main'").fetchall()
    connection.close()
    return [{**row, "shown": json.loads(row["shown"])} for row in rows]


@pytest.mark.parametrize("show", ["in_place", "words"])
def test_annotators_see_what_the_models_selected_and_nothing_else(make_study, pair, unseen, show):
    texts, y = unseen
    study = make_study(show=show)
    happened = pair.interact(texts)
    explained = [member.explain(texts) for member in pair.estimators_]
    counts = Counter()
    for item in main_items(study):
        if item["kind"] == "random":
            continue
        row = item["document"]
        counts[item["case"], item["kind"]] += 1
        assert item["case"] == happened["case"][row]
        member = happened["chosen"][row] - 1
        if item["kind"] == "not_selected":
            member = 1 - member
        rationale = explained[member][row]
        assert item["member"] == f"Model {member + 1}"
        assert item["shown"] == pieces_shown(rationale, show)
        assert item["n_words"] == rationale.mask.sum()
        assert study.classes[item["model_label"]] == str(rationale.label)
        assert study.classes[item["truth"]] == str(y[row])
        assert item["model_confidence"] == pytest.approx(rationale.confidence, abs=1e-6)
    kinds = ("selected", "not_selected")
    assert counts == {(case, kind): PER_CASE for case in CASES[1:] for kind in kinds}


def test_random_words_are_as_many_and_of_the_same_document(make_study, unseen):
    texts, _ = unseen
    items = main_items(make_study(show="words"))
    selected = {item["document"]: item for item in items if item["kind"] == "selected"}
    random = [item for item in items if item["kind"] == "random"]
    assert len(random) == 4 * PER_CASE
    differ = 0
    for item in random:
        shown = item["shown"]
        assert item["n_words"] == selected[item["document"]]["n_words"] == len(shown)
        assert set(shown) <= set(WORD.findall(texts[item["document"]].lower()))
        assert item["model_label"] is None
        differ += item["shown"] != selected[item["document"]]["shown"]
    assert differ > len(random) / 2


def test_controls_and_checks_are_as_asked_for(make_study, unseen):
    texts, _ = unseen
    study = make_study(controls=["full_text"], n_attention_checks=4)
    kinds = Counter(item["kind"] for item in main_items(study))
    n_documents = 4 * PER_CASE
    assert kinds == {
        "selected": n_documents, "not_selected": n_documents, "full_text": n_documents,
        "attention": 4,
    }  # fmt: skip
    for item in main_items(study):
        if item["kind"] == "full_text":
            assert item["shown"] == [texts[item["document"]]]
        if item["kind"] == "attention":
            assert f"“{study.classes[item['truth']]}” with confidence 3" in item["shown"][0]


def test_examples_and_practice_are_of_other_documents(make_study):
    study = make_study(n_practice=3, annotators=1)
    one, two = study.examples()
    assert (one.kind, two.kind) == ("selected", "random")
    pages = study.pages(1)
    assert [page.phase for page in pages[:4]] == ["practice"] * 3 + ["main"]
    answers = study.answers()
    practised = set(answers.loc[answers["phase"] == "practice", "document"])
    asked = set(answers.loc[answers["phase"] == "main", "document"])
    assert len(practised) == 3
    assert not practised & asked


def test_the_same_seed_draws_the_same_study_and_another_seed_another(make_study):
    def drawn(**parameters):
        study = make_study(n_attention_checks=1, **parameters)
        return [tuple(item) for item in main_items(study)], [
            [page.shown for page in study.pages(annotator.id)] for annotator in study.annotators
        ]

    same = drawn(random_state=1)
    assert drawn(random_state=1) == same
    assert drawn(random_state=2) != same
    one, two, _ = same[1]
    assert one != two  # every annotator has an order of their own


def test_too_few_documents_of_a_case_are_said(make_study):
    with pytest.warns(UserWarning, match="of the 50 documents asked for were found of the case"):
        study = make_study(per_case=50)
    cases, shortfalls = study.settings["cases"], study.settings["shortfalls"]
    assert set(shortfalls) == set(CASES[1:])
    assert cases == shortfalls
    assert all(0 < number < 50 for number in cases.values())


def test_single_models_and_committees_can_be_studied(make_study, pair, fitted):
    single = make_study(fitted, per_case=5)
    assert Counter(item["kind"] for item in main_items(single)) == {"selected": 5, "random": 5}
    one, two = pair.estimators_
    committee = InteractiveCommittee([("a", one), ("b", two), ("c", fitted)], rule="mean")
    committee.fit(["A dull film."])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few documents of some case
        study = make_study(committee)
    by_document = {}
    for item in main_items(study):
        by_document.setdefault(item["document"], {})[item["kind"]] = item
    assert by_document
    for kinds in by_document.values():
        kept, other = kinds["selected"], kinds["not_selected"]
        assert kept["member"] != other["member"]
        assert kept["model_label"] != other["model_label"]


def test_the_file_is_for_its_owner_alone(make_study):
    mode = stat.S_IMODE(make_study().path.stat().st_mode)
    assert mode == 0o600


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"per_case": 0}, "per_case=0: give a whole number of at least 1"),
        ({"n_practice": -1}, "n_practice=-1"),
        ({"n_attention_checks": 1.5}, "n_attention_checks=1.5"),
        ({"controls": "random"}, "controls='random': give a list"),
        ({"controls": ["shuffled"]}, "controls="),
        ({"show": "all"}, "show='all'"),
        ({"annotators": -2}, "annotators=-2"),
        ({"annotators": "Ada"}, "annotators='Ada'"),
        ({"annotators": ["Ada", "Ada"]}, "'Ada' is taken"),
        ({"annotators": [" "]}, "has 0 characters"),
        ({"class_descriptions": {"spam": "unwanted"}}, "class_descriptions has 'spam'"),
    ],
)
def test_wrong_parameters_are_refused_and_leave_no_file(make_study, tmp_path, wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make_study(**wrong)
    assert not list(tmp_path.iterdir())


def test_wrong_documents_are_refused(pair, tmp_path, unseen):
    texts, y = unseen
    path = tmp_path / "study.db"
    with pytest.raises(ValueError, match="y has 'spam', which the estimator does not know"):
        create_study(path, pair, texts[:2], ["spam", y[0]])
    with pytest.raises(ValueError, match="0 documents were found"):
        create_study(path, pair, ["Nothing."], y[:1])
    with pytest.raises(ValueError, match="there is no folder"):
        create_study(tmp_path / "none" / "study.db", pair, texts, y)
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="exists"):
        create_study(path, pair, texts, y)
    assert path.read_text() == "mine"


def test_an_unfitted_ensemble_is_refused(pair, tmp_path, unseen):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        create_study(tmp_path / "study.db", InteractiveEnsemble(*pair.estimators_), *unseen)


def _rationale(text, tokens, spans, mask):
    return Rationale(text, tokens, spans, np.array(mask, dtype=bool), "good", 0.9)


def test_gaps_stand_where_words_are_left_out():
    text, tokens = "One two, three. Four", ["one", "two", "three", "four"]
    spans = [(0, 3), (4, 7), (9, 14), (16, 20)]

    def shown(mask):
        return as_text(pieces_shown(_rationale(text, tokens, spans, mask), "in_place"))

    assert shown([1, 0, 0, 1]) == "One … Four"
    assert shown([0, 1, 1, 0]) == "… two, three …"
    assert shown([1, 1, 1, 1]) == "One two, three. Four"
    assert shown([0, 0, 0, 0]) == ""


def test_what_a_model_cannot_read_is_a_gap():
    long = _rationale("One two. Three four", ["one", "two"], [(0, 3), (4, 7)], [1, 1])
    assert pieces_shown(long, "in_place") == ["One two", None]
    assert readable_text(long) == ["One two", None]
    whole = _rationale("One two!", ["one", "two"], [(0, 3), (4, 7)], [1, 1])
    assert pieces_shown(whole, "in_place") == ["One two"]
    assert readable_text(whole) == ["One two!"]
    assert readable_text(_rationale("...", [], [], [])) == []


def test_texts_are_shown_without_what_a_browser_acts_upon():
    text = "\u202eevil\x1b[31m word"
    rationale = _rationale(text, ["evil", "word"], [(0, 10), (11, 15)], [1, 1])
    assert pieces_shown(rationale, "in_place") == ["evil[31m word"]
