"""Remedies for a degenerate selection: the grid, names of runs, going on, and the report."""

import math
import subprocess
from itertools import product

import numpy as np
import pandas as pd
import pytest

from benchmarks.common import BEGIN, END, read_records, read_rows
from benchmarks.frontier.plan import digest
from benchmarks.remedies.__main__ import main
from benchmarks.remedies.plan import Job, Plan
from benchmarks.remedies.runs import COLUMNS, commit
from benchmarks.remedies.workshop import (
    Workshop,
    digest_of_texts,
    drawn,
    load_texts,
    refusal,
)
from sklearn_irx.components import OBJECTIVES

# gensim leaves closing the files it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

SMALL = """
seeds = [0, 1]

[common]
initialization = "none"
rationale_length = 4
embeddings = "trained"
tokenizer = "words"
device = "cpu"
n_threads = 1
predictor__hidden_size = 4
training__max_epochs = 2
training__warmup_epochs = 1
training__ramp_epochs = 0
training__batch_size = 16

[corpora.generated]
words_read = 60
samplers = ["straight_through"]
seeds = [0]

[corpora.generated.texts]
train = 48
test = 24
n_words = 40
random_state = 0

[corpora.imdb]
words_read = 30

[corpora.imdb.common]
rationale_length = 5

[encoders.cnn]
encoder = "cnn"
encoder__n_filters = 2
encoder__filter_sizes = [3]

[samplers.straight_through]
sampler = "straight_through"

[samplers.gumbel]
sampler = "gumbel"

[methods.plain]
objective = "none"

[methods.fr]
objective = "fr"

[methods.real_x]
objective = "real_x"
"""
ONE = "--corpora", "generated"


def shop_of(text, folder, vectors="none"):
    """A workshop by a configuration file of this content."""
    path = folder / "remedies.toml"
    path.write_text(text)
    return Workshop(Plan.load(path), folder / vectors, folder)


def run(folder, *options, text=SMALL):
    """Run the program in a folder, and give its results."""
    path = folder / "remedies.toml"
    path.write_text(text)
    words = ["--config", path, "--work", folder / "work", "--results", folder, *options]
    main([str(word) for word in words])
    return read_rows(folder / "remedies.csv")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run that is done. Not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    run(folder, *ONE)
    return folder


@pytest.fixture
def copied(finished, tmp_path):
    """A folder that may be changed, with what that run has written."""
    for path in finished.glob("remedies*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


# The grid.


def test_a_grid_is_all_names_on_all_axes_seed_by_seed(tmp_path):
    jobs = shop_of(SMALL, tmp_path).plan.jobs()
    of_imdb = [job for job in jobs if job.corpus == "imdb"]
    assert set(of_imdb) == {
        Job("imdb", *names)
        for names in product(
            ["plain", "fr", "real_x"], ["straight_through", "gumbel"], ["cnn"], [0, 1]
        )
    }
    assert len(of_imdb) == 12
    assert [job.seed for job in jobs] == sorted(job.seed for job in jobs)
    # The other corpus has one sampler and one seed only.
    assert [job for job in jobs if job.corpus == "generated"] == [
        Job("generated", method, "straight_through", "cnn", 0)
        for method in ("plain", "fr", "real_x")
    ]


def test_some_of_a_grid_may_be_chosen(tmp_path):
    plan = shop_of(SMALL, tmp_path).plan
    chosen = {"corpora": ["imdb"], "methods": ["fr"], "samplers": None, "seeds": [1]}
    assert plan.jobs(chosen) == [
        Job("imdb", "fr", "straight_through", "cnn", 1), Job("imdb", "fr", "gumbel", "cnn", 1)
    ]  # fmt: skip
    assert plan.names("samplers") == ["straight_through", "gumbel"]


def test_what_comes_later_in_the_file_wins(tmp_path):
    text = SMALL + "training__max_epochs = 7\n"  # of the last method
    plan = shop_of(text, tmp_path).plan
    found = plan.parameters(Job("imdb", "real_x", "gumbel", "cnn", 1))
    assert (found["objective"], found["sampler"]) == ("real_x", "gumbel")
    assert (found["training__max_epochs"], found["rationale_length"]) == (7, 5)
    assert (found["max_length"], found["random_state"]) == (30, 1)
    assert found["initialization"] is None
    found = plan.parameters(Job("generated", "plain", "gumbel", "cnn", 0))
    assert (found["training__max_epochs"], found["rationale_length"]) == (2, 4)
    assert found["objective"] is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("samplers = [", 'samplers = ["best", '), r"samplers of generated .* has \['best'\]"),
        (("[methods.plain]", "[methods.usual]"), "has no 'plain', which all others"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(changed, message, tmp_path):
    with pytest.raises(SystemExit, match=message):
        shop_of(SMALL.replace(*changed), tmp_path)


def test_the_configuration_has_every_objective_and_says_what_training_depends_on(tmp_path):
    plan = Plan.load()
    objectives = {table["objective"] for table in plan.content["methods"].values()}
    known = {name or "none" for name in OBJECTIVES.named}
    assert objectives == known - {"distillation"}  # which needs a transformer
    shop = Workshop(plan, tmp_path, tmp_path)
    found = [shop.configuration(job) for job in plan.jobs({"seeds": [0]})]
    for name in ("max_epochs", "warmup_epochs", "ramp_epochs", "learning_rate", "batch_size"):
        assert "auto" not in {one[f"training__{name}"] for one in found}
    assert {one["initialization"] for one in found} == {None}
    assert Plan.load(quick=True).content["common"]["training__max_epochs"] < 5


def test_only_samplers_that_an_objective_cannot_have_are_refused(tmp_path):
    plan = Plan.load()
    shop = Workshop(plan, tmp_path, tmp_path)
    jobs = plan.jobs({"corpora": ["generated"], "seeds": [0]})
    refused = {job for job in jobs if refusal(shop.classifier(job))}
    assert {(job.sampler, job.method) for job in refused} == {
        ("gumbel", "real_x"), ("gumbel", "encoding_penalty"), ("reinforce", "car"),
    }  # fmt: skip


# Names of runs.


def test_another_configuration_is_another_run(tmp_path):
    job = Job("generated", "fr", "straight_through", "cnn", 0)
    name = shop_of(SMALL, tmp_path).identity(job)
    assert shop_of(SMALL, tmp_path).identity(job) == name
    others = [
        shop_of(SMALL.replace(*change), tmp_path).identity(job)
        for change in (
            ("rationale_length = 4", "rationale_length = 3"),
            ("n_filters = 2", "n_filters = 3"),
            ('objective = "fr"', 'objective = "dr"'),
            ("words_read = 60", "words_read = 50"),
            ("train = 48", "train = 47"),
            ("random_state = 0", "random_state = 1"),
        )
    ]
    others.append(shop_of(SMALL, tmp_path).identity(job._replace(seed=1)))
    assert len({name, *others}) == 8
    # What concerns other runs does not matter, nor does the order of a file.
    more = SMALL + "[methods.dr]\nobjective = 'dr'\n"
    assert shop_of(more, tmp_path).identity(job) == name
    moved = SMALL.replace('device = "cpu"\n', "").replace("[common]", '[common]\ndevice = "cpu"')
    assert shop_of(moved, tmp_path).identity(job) == name


def test_other_vectors_are_another_run_where_they_are_read(tmp_path):
    job = Job("generated", "plain", "straight_through", "cnn", 0)
    for name, content in (("one", "a 0.5"), ("two", "a 0.6"), ("same", "a 0.5")):
        (tmp_path / name).write_text(content)
    text = SMALL.replace('embeddings = "trained"', 'embeddings = "glove"')
    one, two, same = (
        shop_of(text, tmp_path, name).identity(job) for name in ("one", "two", "same")
    )
    assert one == same != two
    trained = {shop_of(SMALL, tmp_path, name).identity(job) for name in ("one", "two")}
    assert len(trained) == 1


def test_a_digest_of_texts_tells_texts_labels_marks_and_their_order():
    def of(texts, labels, marks=None):
        return digest_of_texts(texts, np.array(labels), marks)

    found = [
        of(["a", "bc"], ["x", "y"]), of(["ab", "c"], ["x", "y"]), of(["a", "bc"], ["y", "x"]),
        of(["bc", "a"], ["y", "x"]), of(["a", "bc"], ["x", "y"], [[True], [False]]),
    ]  # fmt: skip
    assert len(set(found)) == 5
    assert {len(one) for one in found} == {64}
    assert of(["a", "bc"], ["x", "y"]) == found[0]


# Texts.


def test_texts_are_drawn_always_the_same_and_in_order():
    rows = drawn(50, 20)
    assert len(set(rows)) == 20
    assert rows.tolist() == sorted(rows) != list(range(20))
    assert drawn(50, 20).tolist() == rows.tolist()
    assert drawn(50, 0).tolist() == drawn(50, 70).tolist() == list(range(50))


def test_reviews_come_with_what_people_marked_in_the_words_read(tmp_path, monkeypatch):
    reviews = [("train", f"Porridge {n} was cold .", 0) for n in range(6)]
    reviews += [("val", f"I liked room {n} of this inn .", 1) for n in range(6)]
    pd.DataFrame(
        {
            "split": [split for split, *_ in reviews],
            "id": [f"review {n}" for n in range(len(reviews))],
            "label": ["POS" if n % 2 else "NEG" for n in range(len(reviews))],
            "text": [text for _, text, _ in reviews],
            "rationale_start": [[start] for *_, start in reviews],
            "rationale_end": [[start + 1] for *_, start in reviews],
        }
    ).to_parquet(tmp_path / "eraser_movies.parquet")
    monkeypatch.setenv("SKLEARN_IRX_DATA", str(tmp_path))
    texts = load_texts("movies", 4, train=4, test=3)
    assert (len(texts.training[0]), len(texts.training[1])) == (4, 4)
    assert texts.marks.tolist() == [[False, True, False, False]] * 3
    assert {text.split()[:2] == ["I", "liked"] for text in texts.test[0]} == {True}
    numbers = [int(text.split()[3]) for text in texts.test[0]]
    assert [("NEG", "POS")[n % 2] for n in numbers] == texts.test[1].tolist()


# What a run writes, and where it goes on.


def test_each_run_has_a_row_and_a_manifest(finished):
    rows, manifests = (
        read_rows(finished / "remedies.csv"),
        read_records(finished / "remedies-manifests.jsonl"),
    )
    assert [row["method"] for row in rows] == ["plain", "fr", "real_x"]
    assert list(rows[0]) == list(COLUMNS)
    assert [row["id"] for row in rows] == [one["id"] for one in manifests]
    for row, one in zip(rows, manifests, strict=True):
        assert row["status"] == "trained"
        assert 0 <= row["accuracy"] <= 1
        assert row["log_loss"] > 0
        assert row["seconds"] == one["seconds"]
        assert (row["epochs"], row["best_epoch"]) == (2, 2)
        assert row["collapsed"] == int(row["accuracy"] < (row["chance"] + row["full_text"]) / 2)
        assert not math.isnan(row["token_f1"])
        assert digest([one["parameters"], one["data"]]) == one["id"]
        assert one["parameters"]["encoder__n_filters"] == 2
        assert one["parameters"]["training__dropout"] == 0.5  # a default
        assert (one["data"]["training_texts"], one["data"]["test_texts"]) == (48, 24)
        assert {"torch", "scikit-learn", "skorch", "numpy", "sklearn-irx"} <= one["versions"].keys()
        assert {"python", "commit", "cpu", "machine", "command"} <= one.keys()
    everything = (finished / "remedies-manifests.jsonl").read_text()
    assert str(finished) not in everything


def test_what_is_finished_is_not_done_again(copied):
    before = {path: path.read_bytes() for path in copied.glob("remedies[.-]*")}
    run(copied, *ONE)
    assert {path: path.read_bytes() for path in copied.glob("remedies[.-]*")} == before


def without_time(rows):
    return [
        {name: value for name, value in row.items() if not name.startswith("seconds")}
        for row in rows
    ]


def test_a_run_that_was_cut_off_goes_on_and_comes_to_the_same(copied):
    path, manifests = copied / "remedies.csv", copied / "remedies-manifests.jsonl"
    before = read_rows(path)
    path.write_bytes(path.read_bytes()[:-20])  # in the middle of the last row
    after = run(copied, *ONE)
    assert without_time(after) == without_time(before)
    assert len(read_records(manifests)) == 4  # the row of one of them was lost


@pytest.mark.parametrize("spoilt", ["missing", "changed"])
def test_a_row_without_its_manifest_does_not_count(spoilt, copied):
    path = copied / "remedies-manifests.jsonl"
    first, *others = path.read_text().splitlines(keepends=True)
    changed = first.replace('"rationale_length": 4', '"rationale_length": 40')
    assert changed != first
    path.write_text("".join(others if spoilt == "missing" else [changed, *others]))
    before = read_rows(copied / "remedies.csv")
    after = run(copied, *ONE)
    assert [row["method"] for row in after] == ["plain", "fr", "real_x", "plain"]
    assert without_time([after[-1]]) == without_time([before[0]])
    assert run(copied, *ONE) == after


def test_after_a_change_only_what_it_concerns_is_done_again(copied):
    before = read_rows(copied / "remedies.csv")
    longer = SMALL.replace('objective = "fr"', 'objective = "fr"\ntraining__max_epochs = 3')
    after = run(copied, *ONE, text=longer)
    assert after[:3] == before
    assert [(row["method"], row["epochs"]) for row in after[3:]] == [("fr", 3)]


def test_two_names_of_the_same_are_two_runs(copied):
    text = SMALL + '[methods.folded]\nobjective = "fr"\n'
    rows = run(copied, *ONE, text=text)
    assert [row["method"] for row in rows] == ["plain", "fr", "real_x", "folded"]
    assert rows[3]["id"] == rows[1]["id"]
    assert rows[3]["accuracy"] == rows[1]["accuracy"]
    assert run(copied, *ONE, text=text) == rows


def test_what_an_objective_refuses_is_written_down_with_its_reason(tmp_path, capsys):
    text = SMALL.replace('samplers = ["straight_through"]', 'samplers = ["gumbel"]')
    (row,) = run(tmp_path, *ONE, "--methods", "real_x", text=text)
    assert row["status"] == "refused"
    assert row["reason"].startswith("objective=RealX() needs masks")
    assert math.isnan(row["accuracy"])
    (manifest,) = read_records(tmp_path / "remedies-manifests.jsonl")
    assert (manifest["id"], manifest["seconds"]) == (row["id"], None)
    rows = run(tmp_path, *ONE, "--methods", "real_x", "plain", text=text)
    assert [row["status"] for row in rows] == ["refused", "trained"]
    capsys.readouterr()
    run(tmp_path, *ONE, "--report", "--document", document_in(tmp_path), text=text)
    shown = capsys.readouterr().out
    assert "| real_x | refused |" in shown
    assert "| cnn | gumbel | real_x | refused | 1 | objective=RealX() needs" in shown


def test_a_loss_that_is_not_finite_is_a_failure(tmp_path):
    text = SMALL.replace('"fr"', '"fr"\ntraining__learning_rate = 1e30')
    (row,) = run(tmp_path, *ONE, "--methods", "fr", text=text)
    assert row["status"] == "failed"
    assert row["reason"].startswith("training failed in epoch")
    assert len(run(tmp_path, *ONE, "--methods", "fr", text=text)) == 1


def test_a_wrong_parameter_ends_the_program_before_anything_is_trained(tmp_path):
    wrong = SMALL.replace('"real_x"', '"a2r"\nobjective__weight = -1.0')
    with pytest.raises(ValueError, match="'weight' parameter of A2R"):
        run(tmp_path, *ONE, text=wrong)
    wrong = SMALL.replace('"real_x"', '"real_x"\nmax_rationale_length = 1')
    with pytest.raises(ValueError, match="max_rationale_length=1 is below"):
        run(tmp_path, *ONE, text=wrong)
    assert read_rows(tmp_path / "remedies.csv") == []


@pytest.mark.parametrize("option", [("corpora", "reuters"), ("methods", "x"), ("seeds", "7")])
def test_an_unknown_choice_is_refused(option, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(tmp_path, f"--{option[0]}", option[1])
    assert f"--{option[0]} may be " in capsys.readouterr().err


def test_the_commit_says_whether_code_was_changed(tmp_path):
    assert commit(tmp_path) is None

    def git(*words):
        who = "-c", "user.name=a", "-c", "user.email=a@example.org"
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "code.py").write_text("one = 1\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    clean = commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "results.csv").write_text("one\n")
    assert commit(tmp_path) == clean
    (tmp_path / "code.py").write_text("two = 2\n")
    assert commit(tmp_path) == clean + "+"


# The report.


def document_in(folder):
    document = folder / "remedies.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    return document


def test_the_report_is_put_in_its_place_and_needs_no_corpus(copied, monkeypatch, capsys):
    monkeypatch.delenv("SKLEARN_IRX_DATA", raising=False)
    document = document_in(copied)
    run(copied, "--report", "--document", document)
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "## Generated texts, 60 words read" in text
    assert "### Token F1 against plain, encoder cnn" in text
    assert "IMDB" not in text
    assert "| 3 | `" in text.partition("## What made these figures")[2]
    assert capsys.readouterr().out.strip() in text
    run(copied, "--report", "--document", document)
    assert document.read_text() == text


def test_the_report_shows_what_belongs_to_the_file_as_it_is(copied):
    document = document_in(copied)
    changed = SMALL.replace('objective = "fr"', 'objective = "fr"\ntraining__max_epochs = 3')
    run(copied, "--report", "--document", document, text=changed)
    assert "| plain |" in document.read_text()
    assert "| fr |" not in document.read_text()
    other = SMALL.replace("rationale_length = 4", "rationale_length = 3")
    with pytest.raises(SystemExit, match="no results by these settings"):
        run(copied, "--report", "--document", document, text=other)


def test_the_report_does_not_mix_texts(copied):
    """Of two sets of texts, those of the last run are shown."""
    text = SMALL.replace("train = 48", "train = 40")
    run(copied, *ONE, "--methods", "plain", text=text)
    document = document_in(copied)
    run(copied, "--report", "--document", document, text=SMALL)
    shown = document.read_text().partition("### All figures")[2]
    assert "| cnn | straight_through | plain | 1 |" in shown
    assert "| fr |" not in shown
