"""What answers say: the tables are those that pencil and paper would give."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from sklearn_irx.study import Answer, analyse_study


def answer_all(study, annotator, say, skip=()):
    """Answer every page; `say` gives label and confidence for a row of `Study.answers`."""
    rows = study.answers()
    name = study.annotators[annotator - 1].name
    for row in rows[rows["annotator"] == name].itertuples():
        if row.position in skip:
            continue
        label, sure = say(row)
        number = None if label is None else study.classes.index(label)
        study.record(
            [Answer(annotator, row.position, number, sure, 2.0, f"{annotator}/{row.position}")]
        )


def another(study, label):
    return next(name for name in study.classes if name != label)


@pytest.fixture
def answered(make_study):
    """Ada knows all selected rationales, Bo knows nothing, both guess at random words."""
    study = make_study(annotators=["Ada", "Bo", "Nobody"], n_attention_checks=2)

    def ada(row):
        if row.kind == "random":
            return None, None
        right = row.kind in ("selected", "attention") or row.phase == "practice"
        return (row.truth if right else another(study, row.truth)), 3

    def bo(row):
        return another(study, row.truth), 1

    answer_all(study, 1, ada)
    answer_all(study, 2, bo, skip={5, 6})
    return study


def test_table_4(answered):
    found = analyse_study(answered, n_resamples=200)
    table = found.table.set_index(["case", "kind"])
    rows = answered.answers()
    main = rows[(rows["phase"] == "main") & (rows["kind"] != "attention")]
    for case, kind in table.index:
        here = main[(main["kind"] == kind) & ((main["case"] == case) | (case == "all"))]
        given = here[here["answered"]]
        line = table.loc[case, kind]
        assert line["n_documents"] == here["document"].nunique()
        assert line["n_answers"] == len(given)
        assert line["n_missing"] == len(here) - len(given)
        assert line["n_unreadable"] == given["label"].isna().sum()
        assert line["accuracy"] == pytest.approx((given["label"] == given["truth"]).mean())
        assert line["confidence"] == pytest.approx(given["confidence"].fillna(0).mean())
        assert line["accuracy_low"] <= line["accuracy"] <= line["accuracy_high"]
        assert line["words"] == pytest.approx(here["n_words"].mean())
        assert line["seconds"] == 2
    assert table.loc[("all", "selected"), "accuracy"] > 0.4
    assert table.loc[("all", "not_selected"), "accuracy"] == 0
    assert table.loc[("all", "random"), "n_unreadable"] == 12


def test_table_4_by_annotator(answered):
    found = analyse_study(answered, n_resamples=50).by_annotator
    line = found.set_index(["annotator", "case", "kind"]).loc
    assert line["Ada", "all", "selected"]["accuracy"] == 1
    assert line["Ada", "all", "selected"]["confidence"] == 3
    assert line["Ada", "all", "random"]["confidence"] == 0  # nothing readable
    assert line["Bo", "all", "selected"]["accuracy"] == 0
    assert line["Bo", "all", "not_selected"]["confidence"] == 1
    assert np.isnan(line["Nobody", "all", "selected"]["accuracy"])


def test_comparisons_are_of_the_same_people_and_documents(answered):
    found = analyse_study(answered, n_resamples=200).comparisons
    line = found[
        (found["case"] == "all") & (found["kind"] == "selected")
        & (found["other"] == "not_selected") & (found["measure"] == "accuracy")
    ].iloc[0]  # fmt: skip
    rows = answered.answers()
    main = rows[rows["phase"] == "main"]
    right = main.assign(right=main["right"].astype("Float64")).pivot_table(
        index=["annotator", "document"], columns="kind", values="right"
    )
    apart = (right["selected"] - right["not_selected"]).dropna()
    assert line["n_pairs"] == len(apart)
    assert line["difference"] == pytest.approx(apart.mean())
    assert line["p_swap"] < 0.01
    # Ada always sees the difference and Bo never does: nothing is left to judge it by.
    assert line["mixed_difference"] == pytest.approx(0.5, abs=0.05)
    assert np.isnan(line["p_mixed"])
    per_case = found[found["case"] != "all"]
    assert per_case["p_mixed"].isna().all()


def test_a_difference_that_all_see_is_found_by_both_tests(make_study):
    study = make_study(annotators=2)

    def say(row):
        lapse = row.position % 5 == 0
        return (row.truth if (row.kind == "selected") != lapse else another(study, row.truth)), 2

    answer_all(study, 1, say)
    answer_all(study, 2, say)
    found = analyse_study(study, n_resamples=200).comparisons
    line = found[(found["case"] == "all") & (found["other"] == "not_selected")].iloc[0]
    assert (line["kind"], line["measure"]) == ("selected", "accuracy")
    assert line["p_mixed"] < 0.05
    assert line["p_swap"] < 0.05
    assert line["difference_low"] > 0


def test_annotators_are_told_apart(answered):
    found = analyse_study(answered, n_resamples=50)
    people = found.annotators.set_index("annotator")
    n_pages = people.loc["Ada", "n_pages"]
    assert list(people["n_missing"]) == [0, 2, n_pages]
    assert list(people["attention_right"]) == [2, 0, 0]
    assert list(people["practice_right"]) == [4, 0, 0]
    assert list(people["n_unreadable"]) == [12, 0, 0]
    assert found.n_missing == n_pages + 2


def test_people_are_compared_with_the_models(answered):
    found = analyse_study(answered, n_resamples=50).models.set_index("kind")
    rows = answered.answers()
    given = rows[(rows["phase"] == "main") & (rows["kind"] == "selected") & rows["answered"]]
    line = found.loc["selected"]
    assert line["model_accuracy"] == pytest.approx((given["model_label"] == given["truth"]).mean())
    assert line["same_label"] == pytest.approx((given["model_label"] == given["label"]).mean())


def test_changed_answers_are_counted_and_the_last_one_is_right(answered):
    page = next(page for page in answered.pages(2) if page.phase == "main" and page.answered)
    answered.record([Answer(2, page.position, page.truth, 3, 9.0, "again")])
    people = analyse_study(answered, n_resamples=50).annotators.set_index("annotator")
    assert list(people["n_changed"]) == [0, 1, 0]


def test_the_same_seed_gives_the_same_tables(answered):
    one, two = (analyse_study(answered, n_resamples=100, random_state=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.comparisons, two.comparisons)


def test_a_study_of_one_model_and_one_person(make_study, fitted):
    study = make_study(fitted, per_case=4, controls=(), annotators=1)
    answer_all(study, 1, lambda row: (row.truth, 3))
    found = analyse_study(study, n_resamples=50)
    assert list(found.table["case"]) == ["all", "single"]
    assert (found.table["accuracy"] == 1).all()
    assert not len(found.comparisons)
    assert found.agreement["alpha"].isna().all()
    assert "–" in found.to_html()


def test_without_answers_there_is_nothing_to_analyse(make_study):
    study = make_study(annotators=1)
    with pytest.raises(ValueError, match="holds no answers of the main part yet"):
        analyse_study(study)
    study.record([Answer(1, 1, 0, 1, 1.0, "practice")])
    with pytest.raises(ValueError, match="holds no answers of the main part yet"):
        analyse_study(study)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"n_resamples": 0}, "n_resamples=0"), ({"level": 95}, "level=95: give a number between")],
)
def test_wrong_parameters_are_refused(answered, wrong, message):
    with pytest.raises(ValueError, match=message):
        analyse_study(answered, **wrong)


class _Texts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.texts, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_shows_names_as_text_and_loads_nothing(make_study):
    evil = "<script>alert(1)</script>"
    study = make_study(annotators=[evil], title=f"Films {evil}")
    answer_all(study, 1, lambda row: (row.truth, 2))
    page = analyse_study(study, n_resamples=50).to_html()
    seen = _Texts()
    seen.feed(page)
    assert "script" not in seen.tags
    assert seen.texts.count(evil) >= 1
    assert not re.search(r"(?:src|href)=", page)
    assert "Table 4" in page


def test_everything_is_written_as_csv_and_page(answered, tmp_path):
    found = analyse_study(answered, n_resamples=50)
    folder = tmp_path / "results"
    for _ in range(2):  # a second time, what is there is replaced
        paths = found.write(folder)
    assert sorted(path.name for path in paths) == sorted(path.name for path in folder.iterdir())
    for name in ("table", "by_annotator", "comparisons", "agreement", "models", "annotators"):
        kept = pd.read_csv(folder / f"{name}.csv")
        assert list(kept.columns) == list(getattr(found, name).columns)
        assert len(kept) == len(getattr(found, name))
    answers = pd.read_csv(folder / "answers.csv")
    assert answers["answered"].sum() == answered.answers()["answered"].sum()
    assert (folder / "analysis.html").read_text() == found.to_html()
