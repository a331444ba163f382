"""Tables made of the results, and the document they stand in."""

import csv
from statistics import stdev

import pytest

from benchmarks.common import BEGIN, END, append_row, read_rows, spread
from benchmarks.paper import report, run
from benchmarks.paper.protocol import SETTINGS, load_setting
from benchmarks.paper.tables import (
    claims_table,
    load_results,
    models_table,
    pairs_table,
    sweep_table,
)

# gensim leaves closing the files it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

WITHIN, APART = {"valid_accuracy": 0.8}, {"valid_accuracy": 0.84}
COLLAPSED = {"valid_accuracy": 0.4, "valid_empty": 0.9}


@pytest.fixture(scope="module")
def quick(data_folder, tmp_path_factory):
    """Results of a quick run of one setting."""
    work = tmp_path_factory.mktemp("work")
    vectors = data_folder / "vectors.txt.gz"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SKLEARN_IRX_DATA", str(data_folder))
        run.main(
            ["--quick", "--settings", "imdb-short", "--vectors", str(vectors), "--work", str(work)]
        )
    return work / "quick"


@pytest.fixture
def results(quick, tmp_path):
    """Results of three seeds: a pair that is kept, one that is apart, and one that collapsed."""
    for seed, second in enumerate((WITHIN, APART, COLLAPSED)):
        for row in read_rows(quick / "models.csv"):
            found = second if row["model"] == 2 else WITHIN
            row.update({"seed": seed, "valid_empty": 0.0, **found})
            append_row(tmp_path / "models.csv", row)
        for row in read_rows(quick / "pairs.csv"):
            row.update(
                seed=seed, valid_accuracy_1=0.8, valid_accuracy_2=second["valid_accuracy"],
                accuracy_1=0.7, accuracy_2=0.75, accuracy=0.76 + seed / 100,
            )  # fmt: skip
            append_row(tmp_path / "pairs.csv", row)
    return tmp_path


def cells(table):
    """Read a Markdown table."""
    lines = [line.strip("| ").split(" | ") for line in table.splitlines()]
    headings, _, *rows = lines
    return [dict(zip(headings, row, strict=True)) for row in rows]


def test_pairs_apart_and_collapsed_are_counted_and_left_out(results):
    (found,) = load_results(results)
    paper, published, stable = cells(pairs_table(found, report.ACCURACY))
    assert published["pairs"] == stable["pairs"] == "1 of 3 (1 collapsed, 1 apart)"
    assert published["interaction"] == "0.760"
    assert published["gain over the better"] == "+0.010"
    assert paper["recipe"] == "paper"
    assert paper["pairs"] == "5 of 6 (1 apart)"
    assert paper["interaction"] == "0.83 (0.82 to 0.84)"
    assert paper["gain over the better"] == "+0.02"
    assert paper["soft voting"] == "–"


def test_the_paper_stands_above_the_results_in_each_of_its_tables(results):
    (found,) = load_results(results)
    tables = [
        cells(pairs_table(found, columns))
        for columns in (report.LENGTHS, report.COUNTS, report.CASES, report.CHOICE)
    ]
    assert all(
        [row["recipe"] for row in rows] == ["paper", "published", "stable"] for rows in tables
    )
    lengths, counts, accuracies, choice = (rows[0] for rows in tables)
    assert (lengths["words 1"], lengths["transitions 2"]) == ("13.99", "26.45")
    assert lengths["words, interaction"] == "–"
    cases = ["1 is convinced", "2 is convinced", "1 is surer", "2 is surer"]
    assert [counts[case] for case in cases] == ["855.6", "946.0", "1187.4", "1250.0"]
    assert [accuracies[case] for case in cases] == ["0.66", "0.65", "0.59", "0.59"]
    assert (choice["words, selected"], choice["transitions, not selected"]) == ("14.90", "23.71")


def test_every_figure_of_the_paper_has_a_place(results):
    known = {"pairs", *read_rows(results / "pairs.csv")[0]}
    papers = [load_setting(name).paper for name in SETTINGS]
    assert {len(paper) for paper in papers} == {20}
    assert {name for paper in papers for name in paper} <= known


def test_the_claims_are_answered_by_the_pairs_that_are_kept(results):
    rows = read_rows(results / "pairs.csv")
    for seed, gain in ((5, 0.03), (6, -0.02)):
        row = {**rows[0], "seed": seed, "accuracy": 0.75 + gain}
        append_row(results / "pairs.csv", {**row, "words_disputed_kept": 9.0,
                                           "words_disputed_left": 7.0})  # fmt: skip
    (found,) = load_results(results)
    paper, line, *_ = cells(claims_table(found))
    assert paper["words, selected less not selected"] == "-0.22"
    assert paper["gain over the better"] == "+0.02"
    assert line["pairs in which it is ahead"] == "2 of 3"
    assert line["gain over the better"] == "+0.0067 (-0.0200 to +0.0300)"
    assert line["deviation, model 1"] == "0.0000"
    assert line["deviation, interaction"] == f"{stdev([0.76, 0.78, 0.73]):.4f}"


def test_collapsed_models_are_counted(results):
    (found,) = load_results(results)
    assert [row["collapsed"] for row in cells(models_table(found))] == ["1", "1"]


def test_results_of_other_vectors_are_told_apart(results):
    other = {**read_rows(results / "models.csv")[0], "vectors": "glove.6B.300d.txt"}
    append_row(results / "models.csv", {**other, "dimensions": 300})
    assert [(found.dimensions, len(found.models)) for found in load_results(results)] == [
        (8, 12),
        (300, 1),
    ]


def test_a_table_without_results_is_none(results):
    (found,) = load_results(results)
    assert sweep_table(found) == ""


def test_spread_gives_mean_least_and_most():
    rows = [{"a": 0.5}, {"a": 0.7}, {"a": float("nan")}]
    assert spread(rows, "a", ".2f") == "0.60 (0.50 to 0.70)"
    assert spread(rows[:1], "a", ".2f") == "0.50"
    assert spread(rows[2:], "a", ".2f") == "–"


def test_the_report_replaces_what_stands_between_the_marks(results, tmp_path):
    pytest.importorskip("matplotlib")
    document = tmp_path / "reproduction.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    report.main(["--results", str(results), "--document", str(document)])
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "`vectors.txt.gz`, 8 dimensions, 10% of the texts" in text
    assert "Table 3" in text
    assert "What collapse depends on" not in text
    assert (results / "gain-8d.svg").read_text().startswith("<?xml")
    report.main(["--results", str(results), "--document", str(document)])
    assert document.read_text() == text


def test_a_document_without_marks_is_left_alone(results, tmp_path):
    document = tmp_path / "notes.md"
    document.write_text("mine")
    pytest.importorskip("matplotlib")
    with pytest.raises(SystemExit, match=r"notes.md has no marks"):
        report.main(["--results", str(results), "--document", str(document)])
    assert document.read_text() == "mine"


def test_the_committed_document_has_the_marks():
    text = report.DOCUMENT.read_text()
    assert text.index(BEGIN) < text.index(END)


def test_rows_of_results_are_rectangular(quick):
    for name in ("models", "pairs"):
        with (quick / f"{name}.csv").open(newline="") as file:
            assert len({len(row) for row in csv.reader(file)}) == 1
