"""The experiments of the paper on invented corpora, and what is measured in them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

from benchmarks.common import append_row, read_rows
from benchmarks.paper import run
from benchmarks.paper.measures import CrossReading, Reading, measure_pair
from benchmarks.paper.models import Workshop, load_texts, noisy_masks
from benchmarks.paper.protocol import SETTINGS, Member, Protocol, load_setting
from benchmarks.progress import Progress
from sklearn_irx import InteractiveEnsemble
from sklearn_irx.metrics import interaction_table

ROOT = Path(__file__).parents[2]

# gensim leaves closing the files it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def start(arguments, work, data_folder):
    """Start the program in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.paper.run", *arguments, "--work", work],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "SKLEARN_IRX_DATA": str(data_folder)},
        stderr=subprocess.PIPE,
        text=True,
    )


def run_here(monkeypatch, arguments, work, data_folder):
    monkeypatch.setenv("SKLEARN_IRX_DATA", str(data_folder))
    run.main([str(word) for word in [*arguments, "--work", work]])
    return work / "quick"


@pytest.fixture(scope="module")
def finished(arguments, data_folder, tmp_path_factory):
    """The work folder of a run that is done. Not to be changed."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        work = tmp_path_factory.mktemp("work")
        run_here(monkeypatch, arguments, work, data_folder)
        return work


@pytest.fixture
def shop(finished, data_folder, monkeypatch):
    """What made the models of the run."""
    monkeypatch.setenv("SKLEARN_IRX_DATA", str(data_folder))
    return Workshop(Protocol.load(quick=True), data_folder / "vectors.txt.gz", finished, 1)


@pytest.mark.parametrize(
    ("name", "corpus", "words", "penalties"),
    [
        ("20newsgroups-short", "20newsgroups", 80, (0.005, 0.0)),
        ("20newsgroups-long", "20newsgroups", 80, (0.001, 0.001)),
        ("imdb-short", "imdb", 200, (0.001, 0.0)),
        ("imdb-long", "imdb", 200, (0.0002, 0.0002)),
    ],
)
def test_settings_are_those_of_the_paper(name, corpus, words, penalties):
    setting = load_setting(name)
    assert name in SETTINGS
    assert (setting.corpus, setting.max_length) == (corpus, words)
    assert (setting.lambda1, setting.lambda2) == penalties
    parameters = Protocol.load().parameters(Member(setting, "published", 2, 2022))
    assert parameters["predictor__hidden_size"] == 120
    assert parameters["training__warmup_epochs"] == parameters["training__ramp_epochs"] == 0
    assert parameters["initialization"] is None


def test_a_quick_run_gives_a_row_for_each_model_and_pair(finished):
    models, pairs = (read_rows(finished / "quick" / f"{name}.csv") for name in ("models", "pairs"))
    assert sorted((row["recipe"], row["model"]) for row in models) == [
        ("published", 1), ("published", 2), ("stable", 1), ("stable", 2),
    ]  # fmt: skip
    assert len({(row["recipe"], row["other_recipe"]) for row in pairs}) == len(pairs) == 4
    assert {row["vectors"] for row in models + pairs} == {"vectors.txt.gz"}
    assert {row["training_texts"] for row in models} == {80}
    told = json.loads((finished / "quick" / "pairs.json").read_text())
    assert {"command", "machine", "versions", "protocol"} <= told.keys()
    assert str(finished) not in json.dumps(told)


def test_what_is_finished_is_not_done_again(finished, arguments, data_folder, monkeypatch):
    files = [path for path in finished.rglob("*") if path.is_file()]
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
    run_here(monkeypatch, arguments, finished, data_folder)
    assert [path for path in finished.rglob("*") if path.is_file()] == files
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_pair_is_measured_as_the_ensemble_answers(finished, shop):
    setting = load_setting("20newsgroups-short")
    one, two = (
        joblib.load(shop.path(Member(setting, "stable", number, 2022))).classifier
        for number in (1, 2)
    )
    texts, y = load_texts("20newsgroups", "test", 0.1, 80)
    both = InteractiveEnsemble(one, two).fit(texts.texts)
    table = interaction_table(both, texts.texts, y)
    row = next(
        row
        for row in read_rows(finished / "quick" / "pairs.csv")
        if row["recipe"] == row["other_recipe"] == "stable"
    )
    assert row["accuracy"] == pytest.approx(both.score(texts.texts, y), abs=1e-5)
    assert row["words_kept"] == pytest.approx(both.transform(texts.texts).sum() / len(y), abs=1e-5)
    for case, count in zip(table["case"], table["count"], strict=True):
        assert row[f"count_in_{case}"] == count


def test_a_killed_run_goes_on_where_it_was(arguments, data_folder, tmp_path):
    results = tmp_path / "quick" / "models.csv"
    killed = start(arguments, tmp_path, data_folder)
    while not read_rows(results):
        assert killed.poll() is None, killed.stderr.read()
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    before = read_rows(results)
    left = 8 - len(before) - len(read_rows(tmp_path / "quick" / "pairs.csv"))
    with results.open("a") as file:
        file.write("20newsgroups-short,20newsgr")  # as if it had been cut off in a line
    going_on = start(arguments, tmp_path, data_folder)
    assert f"{left}/{left} " in going_on.communicate()[1]
    assert going_on.returncode == 0
    rows = read_rows(results)
    assert rows[: len(before)] == before
    assert len({(row["recipe"], row["model"]) for row in rows}) == len(rows) == 4
    assert len(read_rows(tmp_path / "quick" / "pairs.csv")) == 4


def test_a_lost_row_is_restored_and_a_lost_model_made_again(
    arguments, data_folder, tmp_path, monkeypatch
):
    arguments = [*arguments, "--recipes", "published"]
    results = run_here(monkeypatch, arguments, tmp_path, data_folder)
    rows = read_rows(results / "models.csv")
    kept, lost = sorted(tmp_path.rglob("*.joblib"))
    when = kept.stat().st_mtime_ns
    lost.unlink()
    for name in ("models", "pairs"):
        (results / f"{name}.csv").unlink()
    append_row(results / "models.csv", rows[1])  # that of the lost model
    run_here(monkeypatch, arguments, tmp_path, data_folder)
    again = read_rows(results / "models.csv")
    assert lost.exists()
    assert kept.stat().st_mtime_ns == when
    assert again == [rows[1], rows[0]]
    assert len(read_rows(results / "pairs.csv")) == 1


def test_other_penalties_are_tried_in_several_processes(
    arguments, data_folder, tmp_path, monkeypatch
):
    results = run_here(monkeypatch, [*arguments, "--sweep", "--jobs", "2"], tmp_path, data_folder)
    models, pairs = (read_rows(results / f"{name}.csv") for name in ("models", "pairs"))
    penalties = {row["lambda1"] for row in models}
    assert {0, 0.1} < penalties
    assert len(models) == 2 * len(penalties)
    assert len(pairs) == 2 * len(penalties) - 1


def test_trials_say_what_collapse_depends_on(arguments, data_folder, tmp_path, monkeypatch):
    results = run_here(monkeypatch, [*arguments, "--collapse"], tmp_path, data_folder)
    rows = read_rows(results / "collapse.csv")
    assert rows[0]["factor"] == "usual"
    assert {"vector_scale", "initial_selection", "min_df"} < {row["factor"] for row in rows}
    assert len({(row["factor"], row["value"]) for row in rows}) == len(rows)
    by_share = {row["value"]: row for row in rows if row["factor"] == "initial_selection"}
    assert by_share[0.2]["valid_words"] < by_share[0.95]["valid_words"]


def test_noise_changes_rationales_and_the_seed_decides_how(finished, shop):
    member = Member(load_setting("20newsgroups-short"), "published", 1, 2022)
    clf = joblib.load(shop.path(member)).classifier
    texts, _ = load_texts("20newsgroups", "test", 0.1, 80)
    noisy = noisy_masks(clf, texts, seed=1)
    np.testing.assert_array_equal(noisy, noisy_masks(clf, texts, seed=1))
    assert (noisy != noisy_masks(clf, texts, seed=2)).any()
    assert (noisy != clf.transform(texts)).any()
    assert not (noisy & (np.arange(80) >= texts.lengths[:, None])).any()


@pytest.mark.parametrize(
    ("found", "collapsed"),
    [
        ({"valid_accuracy": 0.6, "valid_empty": 0.1}, False),
        ({"valid_accuracy": 0.6, "valid_empty": 0.5}, True),
        ({"valid_accuracy": 0.1, "valid_empty": 0.0}, True),
    ],
)
def test_collapsed_is_mostly_empty_or_near_chance(found, collapsed):
    assert Protocol.load().collapsed({**found, "largest_class": 0.05}) is collapsed


def test_measures_of_a_pair_on_three_documents():
    one, two = (
        Reading(np.array(probabilities), np.array(masks, dtype=bool))
        for probabilities, masks in (
            ([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]),
            ([[0.8, 0.2], [0.1, 0.9], [0.7, 0.3]], [[0, 0, 0, 1], [0, 1, 0, 1], [0, 1, 1, 0]]),
        )
    )
    reads_2, reads_1 = np.array([[1.0, 0], [0.9, 0.1], [0.9, 0.1]]), two.probabilities
    found = measure_pair(
        np.array([0, 1, 0]), CrossReading(one, two, reads_2, reads_1), np.full(3, 4)
    )
    assert found["count_in_agree"] == 1
    assert found["count_in_confidence_2"] == 1  # the second document: nobody is convinced
    assert found["count_in_convinced_1"] == 1  # the third: model 1 is
    assert found["accuracy_1"] == pytest.approx(1 / 3, abs=1e-5)
    assert found["accuracy"] == found["accuracy_2"] == 1
    assert found["accuracy_1_given_2"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["soft_voting"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["words_kept"] == 2
    assert (found["words_disputed_kept"], found["words_disputed_left"]) == (2, 0.5)
    assert (found["borders_disputed_kept"], found["borders_disputed_left"]) == (2.5, 0.5)


def test_time_left_counts_each_kind_by_what_it_takes():
    with Progress(["long", "long", "short"], {}, jobs=2) as progress:
        assert progress.seconds_left() is None
        progress.add("long", 100)
        assert progress.seconds_left() == 100  # one like it, and one that is taken to be
        progress.add("short", 10)
        assert progress.seconds_left() == 50
