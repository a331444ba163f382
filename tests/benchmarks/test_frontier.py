"""Accuracy against length on invented corpora, and what is measured for it."""

import json
import os
import pickle
import subprocess
import sys
import tomllib
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline

from benchmarks.common import BEGIN, END, read_rows
from benchmarks.frontier.__main__ import main
from benchmarks.frontier.linear import heaviness, keep_heaviest, keep_heaviest_for_class
from benchmarks.frontier.measures import Heard, measure_ensemble
from benchmarks.frontier.plan import CONFIGURATION, SELECTIONS, Job, Plan
from benchmarks.frontier.teacher import NaiveBayesLogistic, taught
from benchmarks.frontier.tokenizers import StemTokenizer, vectors_of_stems
from benchmarks.frontier.workshop import Workshop, are_late
from sklearn_irx import InteractiveCommittee
from sklearn_irx.text import WordTokenizer, WordVectors
from tests.transformers_made import make_transformer

ROOT = Path(__file__).parents[2]
TOLD = tomllib.loads(CONFIGURATION.read_text())
MEMBERS = {selection: list(TOLD[selection]["members"]) for selection in SELECTIONS}
PAIR = TOLD["class_conditional"]["ensembles"]["pair"]["members"]

# gensim leaves closing the files it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture(scope="module")
def run(data_folder, tmp_path_factory):
    """Run the program quickly on IMDB in a folder, and give its results."""

    transformer = make_transformer(tmp_path_factory.mktemp("transformer"))

    def run_in(work, *options, selections=("class_conditional",)):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("SKLEARN_IRX_DATA", str(data_folder))
            monkeypatch.setenv("SKLEARN_IRX_TRANSFORMER", transformer)
            vectors = data_folder / "vectors.txt.gz"
            words = ["--quick", "--vectors", vectors, "--work", work, *options]
            words += ["--selections", *selections]
            main([str(word) for word in words])
        return {
            kind: read_rows(work / "quick" / f"frontier-{kind}.csv")
            for kind in ("members", "ensembles", "linear")
        }

    return run_in


@pytest.fixture(scope="module")
def finished(run, tmp_path_factory):
    """The work folder of a run that is done. Not to be changed."""
    work = tmp_path_factory.mktemp("work")
    run(work, "--corpora", "imdb", selections=SELECTIONS)
    return work


def models_in(work):
    return {path: path.stat().st_mtime_ns for path in work.rglob("imdb/5*.joblib")}


def test_a_quick_run_gives_a_row_for_each_model(finished):
    members, ensembles, linear = (
        read_rows(finished / "quick" / f"frontier-{kind}.csv")
        for kind in ("members", "ensembles", "linear")
    )
    names = [name for of in MEMBERS.values() for name in of]
    assert names[-2:] == ["context", "lexical"]
    assert [row["member"] for row in members] == names[:-1]  # the lexical one is that of before
    assert [row["ensemble"] for row in ensembles] == [
        "pair", "pair", "committee", "pair", "learned", "pair", "learned",
    ]  # fmt: skip
    assert len({(row["member"], row["settings"]) for row in members}) == len(members)
    assert {row["validation_texts"] for row in members} == {8}
    for row in members:  # unlabelled texts, too, but for the transformer
        assert (row["training_texts"] > 72) == (row["member"] != "context")
    assert {row["words"] <= 7.5 for row in members} == {True}
    assert len({(row["model"], row["fitted_on"], row["asked"]) for row in linear}) == 14
    told = json.loads((finished / "quick" / "frontier-members.json").read_text())
    assert {"command", "machine", "versions", "plan"} <= told.keys()
    assert str(finished) not in json.dumps(told)


def test_what_is_finished_is_not_done_again(finished, run):
    files = [path for path in finished.rglob("*") if path.is_file()]
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
    run(finished, "--corpora", "imdb", selections=SELECTIONS)
    assert [path for path in finished.rglob("*") if path.is_file()] == files
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_run_goes_on_where_it_was(run, tmp_path):
    found = run(tmp_path, "--corpora", "imdb", "--members", *PAIR)
    assert [row["ensemble"] for row in found["ensembles"]] == ["pair"]  # no member of it is missing
    two = models_in(tmp_path)
    assert len(two) == 2
    (
        tmp_path / "quick" / "frontier-members.csv"
    ).unlink()  # the models are there: their rows return
    again = run(tmp_path, "--corpora", "imdb")
    assert models_in(tmp_path).items() > two.items()
    assert again["members"][:2] == found["members"]
    assert [row["member"] for row in again["members"]] == MEMBERS["class_conditional"]
    assert [row["ensemble"] for row in again["ensembles"]] == ["pair", "committee"]
    assert again["linear"] == found["linear"]


def test_other_settings_are_other_models(run, tmp_path):
    options = "--corpora", "imdb", "--members", *PAIR
    before = run(tmp_path, *options)
    text = CONFIGURATION.read_text()
    changed = tmp_path / "changed.toml"
    changed.write_text(
        text.replace(
            f"[class_conditional.members.{PAIR[1]}]",
            f"[class_conditional.members.{PAIR[1]}]\ninitialization = 'logistic'",
        )
    )
    after = run(tmp_path, *options, "--config", changed)
    assert [row["member"] for row in after["members"]] == [*PAIR, PAIR[1]]
    assert len(after["ensembles"]) == 2
    assert run(tmp_path, *options) == after != before


def test_a_committee_is_measured_as_it_answers(finished, data_folder, monkeypatch):
    monkeypatch.setenv("SKLEARN_IRX_DATA", str(data_folder))
    plan = Plan.load(CONFIGURATION, "class_conditional", quick=True)
    shop = Workshop(plan, data_folder / "vectors.txt.gz", finished, 1)
    job = Job("imdb", 5, 0, "committee")
    parts = shop.parts(job)
    committee = InteractiveCommittee(
        [(one.name, joblib.load(shop.path(one)).classifier) for one in plan.members_of(job)],
        rule="auto",
    ).fit(parts.validation.texts, validation_data=parts.validation)
    key = plan.ensemble_key(job)
    (row,) = (
        row
        for row in read_rows(finished / "quick" / "frontier-ensembles.csv")
        if row["settings"] == key[-1]
    )
    assert row["rule"] == committee.rule_
    assert committee.rule_scores_ == {
        rule: row[f"valid_accuracy_{rule}"] for rule in committee.rule_scores_
    }
    assert row["accuracy"] == pytest.approx(committee.score(*parts.test), abs=1e-5)
    words = committee.transform(parts.test.texts).sum(axis=1).mean()
    assert row["words"] == pytest.approx(words, abs=1e-5)


def test_the_program_runs_as_a_module(data_folder, tmp_path):
    done = subprocess.run(
        [
            sys.executable, "-m", "benchmarks.frontier", "--quick", "--corpora", "20newsgroups",
            "--selections", "class_blind", "--members", *PAIR, "--work", tmp_path,
            "--vectors", data_folder / "vectors.txt.gz",
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "SKLEARN_IRX_DATA": str(data_folder)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "quick" / "frontier-ensembles.json").read_text())
    assert told["command"].startswith("python -m benchmarks.frontier --quick")
    (row,) = read_rows(tmp_path / "quick" / "frontier-ensembles.csv")
    assert row["rule"] == "mean"
    assert np.isnan(row["valid_accuracy_mean"])  # there every member holds out texts of its own
    members = read_rows(tmp_path / "quick" / "frontier-members.csv")
    assert {(row["training_texts"], row["validation_texts"]) for row in members} == {(80, 8)}


def test_no_rule_is_chosen_where_no_texts_are_set_apart(tmp_path):
    path = tmp_path / "changed.toml"
    path.write_text(CONFIGURATION.read_text().replace('rule = "mean"', 'rule = "auto"'))
    with pytest.raises(SystemExit, match="rule = 'auto' needs texts that no member has seen"):
        Plan.load(path, "class_blind")


def test_the_report_is_put_in_its_place(finished, run, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    document = tmp_path / "frontier.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    run(finished, "--report", "--document", document, selections=SELECTIONS)
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    blind, conditional, in_context = text.split("## IMDB, 200 words read, class-")[1:]
    assert in_context.startswith("conditional selection in context")
    assert blind.startswith("blind selection")
    assert "### Linear models that read all words" in blind
    assert conditional.startswith("conditional selection")
    assert "naive Bayes, words for its class" in conditional
    assert "words for its class" not in blind
    assert "The paper's interaction has 0.83 with 15.8 and 0.84 with 28.3, mean words" in text
    assert "| asked | single | pair | naive Bayes |" in blind
    assert "| asked | single | pair | committee | naive Bayes, words for its class |" in conditional
    assert "20 Newsgroups" not in text
    assert "### Rules" in capsys.readouterr().out
    picture = (finished / "quick" / "frontier.svg").read_bytes()
    run(finished, "--report", "--document", document, selections=SELECTIONS)
    assert document.read_text() == text
    assert (finished / "quick" / "frontier.svg").read_bytes() == picture


def test_a_report_of_nothing_says_so(run, tmp_path):
    with pytest.raises(SystemExit, match="no results by these settings"):
        run(tmp_path, "--report")


@pytest.mark.parametrize(
    "option", [("--corpora", "reuters"), ("--lengths", "7"), ("--members", "x")]
)
def test_an_unknown_choice_is_refused(option, run, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(tmp_path, *option)
    assert f"{option[0]} may be " in capsys.readouterr().err


def test_a_member_is_trained_by_its_settings_and_the_length_asked_for():
    plan = Plan.load(CONFIGURATION, "class_conditional")
    found = plan.parameters(Job("imdb", 10, 2, "both"))
    assert (found["rationale_length"], found["max_rationale_length"]) == (10, 11)
    assert (found["max_length"], found["tokenizer"]) == (200, "words")
    assert found["embeddings"] == "glove+unlabelled"  # of the corpus, in place of all members
    assert found["random_state"] == 202
    assert "length_factor" not in found


def test_class_conditional_selection_alone_has_a_class_focus():
    focus = {
        selection: {
            plan.parameters(Job(corpus, 10, 0, name))["initialization__class_focus"]
            for corpus in plan.corpora
            for name in plan.member_names
        }
        for selection in SELECTIONS
        for plan in [Plan.load(CONFIGURATION, selection)]
    }
    # The lexical member beside the contextual one is class-blind in both plans.
    assert focus == {
        "class_blind": {0.0}, "class_conditional": {1.0}, "contextual": {0.0},
        "contextual_conditional": {0.0, 1.0},
    }  # fmt: skip


def test_there_are_more_runs_at_the_main_lengths_only():
    plan = Plan.load(CONFIGURATION, "class_blind")
    jobs = plan.jobs("20newsgroups", [5, 11], ["plain"])
    assert [(job.asked, job.seed) for job in jobs] == [(5, 0), (11, 0), (11, 1), (11, 2)]


def test_the_heaviest_words_of_a_document_are_kept_in_order():
    weights = {"engine": 3.0, "car": 2.0, "the": 0.1}
    documents = [["the", "car", "car", "xyzzy", "engine"], ["xyzzy"], []]
    assert keep_heaviest(documents, weights, 2) == [["car", "engine"], [], []]
    assert keep_heaviest(documents[:1], weights, 9) == [["the", "car", "car", "engine"]]


def test_a_word_is_as_heavy_as_what_it_says_most_for_any_class():
    tfidf = TfidfVectorizer(analyzer=list).fit([["a", "b"], ["a"]])  # idf 1 and 1 + log(3 / 2)
    bayes = ComplementNB()
    bayes.feature_log_prob_ = np.array([[1.0, 2.0], [3.0, 0.0], [2.0, 1.0]])  # means 2 and 1
    assert heaviness(make_pipeline(tfidf, bayes)) == pytest.approx(
        {"a": 1.0, "b": 1 + np.log(3 / 2)}
    )


def test_words_for_a_class_are_those_for_the_class_predicted_from_all():
    documents = [["engine", "engine", "rain"], ["rain", "umbrella", "engine"]]
    model = make_pipeline(TfidfVectorizer(analyzer=list), ComplementNB()).fit(
        [["engine", "wheel"], ["rain", "umbrella"]], ["cars", "weather"]
    )
    assert model.predict(documents).tolist() == ["cars", "weather"]
    kept = keep_heaviest_for_class(documents, model, 2)
    assert kept == [["engine", "engine"], ["rain", "umbrella"]]


def test_stems_stand_where_their_words_do():
    text = "The DRAINS, leaking; naïve visitors' İstanbul"
    stems, words = list(StemTokenizer()(text)), WordTokenizer()(text)
    assert [stem[1:] for stem in stems] == [word[1:] for word in words]
    assert [stem.text for stem in stems[:3]] == ["the", "drain", "leak"]


def test_stem_tokenizers_are_equal_wherever_they_come_from():
    assert pickle.loads(pickle.dumps(StemTokenizer())) == StemTokenizer() != WordTokenizer()


def test_a_stem_has_the_vector_of_its_first_word():
    vectors = vectors_of_stems(WordVectors(["leaks", "leak", "leaking", "ant"], np.eye(4)))
    np.testing.assert_array_equal(vectors.rows(["leak", "ant"]), np.eye(4)[[0, 3]])


def test_measures_of_an_exchange_on_three_documents():
    own = np.array([[[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], [[0.8, 0.2], [0.1, 0.9], [0.7, 0.3]]])
    readings = np.stack([[own[0], [[1.0, 0], [0.1, 0.9], [0.2, 0.8]]], [own[0], own[1]]])
    masks = np.array([[[1, 1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 1, 1], [0, 1, 0]]]) == 1
    heard = Heard(np.array([0, 1, 1]), readings, masks, np.full(3, 3))
    found = measure_ensemble("auto", heard, heard)
    # On the second document each convinces the other, and the surer one is right.
    assert found["accuracy_convinced"] == found["valid_accuracy_convinced"] == 1
    assert found["rule"] == "convinced"
    assert found["words"] == found["words_convinced"] == pytest.approx(4 / 3, abs=1e-5)
    assert found["empty"] == pytest.approx(1 / 3, abs=1e-5)
    assert found["agreement"] == pytest.approx(1 / 3, abs=1e-5)
    assert found["best_member"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["soft_voting"] == 1
    assert found["soft_voting_words"] == pytest.approx(7 / 3, abs=1e-5)
    assert found["second_reader"] == pytest.approx(5 / 6, abs=1e-5)
    assert found["oracle"] == 1
    # Of so few documents nothing is learned.
    assert measure_ensemble("learned", heard, heard) == found


def test_a_referee_that_learned_who_is_right_decides():
    """The first model convinces the other, and is wrong wherever they disagree."""
    rng = np.random.RandomState(0)
    own = np.empty((2, 200, 2))
    own[:, :, 0] = 0.7 + 0.2 * rng.rand(2, 200)
    own[1, ::2, 0] = 0.1 + 0.2 * rng.rand(100)
    own[:, :, 1] = 1 - own[:, :, 0]
    y = own[1].argmax(axis=1)
    readings = np.stack([[own[0], own[0]], [own[0], own[1]]])
    heard = Heard(y, readings, np.ones((2, 200, 3), dtype=bool), np.full(200, 3))
    found = measure_ensemble("learned", heard, heard)
    assert found["rule"] == "learned"
    assert found["accuracy"] == 1
    assert found["accuracy_convinced"] == 0.5


def test_a_teacher_labels_what_it_is_sure_of(reviews):
    texts, y, _ = reviews
    everything = NaiveBayesLogistic().fit(texts[:300], y[:300])
    said = everything.predict_proba(texts[300:])
    np.testing.assert_allclose(said.sum(axis=1), 1)
    more, labels = taught(texts[:300], y[:300], texts[300:], 0.6)
    sure = np.flatnonzero(said.max(axis=1) >= 0.6)
    assert more == [texts[300 + row] for row in sure]
    assert np.mean(labels == y[300:][sure]) > 0.9
    two = np.flatnonzero(np.isin(y, ["food", "noise"]))
    teacher = NaiveBayesLogistic().fit([texts[row] for row in two[:150]], y[two[:150]])
    said = teacher.predict_proba([texts[row] for row in two[150:]])
    assert np.mean(teacher.classes_[said.argmax(axis=1)] == y[two[150:]]) > 0.9


def test_late_texts_are_those_of_the_highest_numbers_in_each_class():
    numbers = sorted(map(str, range(120)))
    labels = np.repeat(["neg", "pos"], [120, 30])
    late = are_late(labels, 0.1)
    assert sorted(int(numbers[row]) for row in np.flatnonzero(late[:120])) == list(range(108, 120))
    numbers = sorted(map(str, range(30)))
    assert sorted(int(numbers[row]) for row in np.flatnonzero(late[120:])) == [27, 28, 29]
