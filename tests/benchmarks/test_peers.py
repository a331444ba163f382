"""Both packages on the same texts: what they are given, and tables of what they do."""

import math

import numpy as np
import pytest

from benchmarks.common import BEGIN, END, read_rows
from benchmarks.peers import report, run
from benchmarks.peers.prepare import numbered
from benchmarks.peers.shared import KEY, METHODS, OURS, THEIRS, UNKNOWN_WORD, Clock, Prepared
from sklearn_irx.text import WordVectors

# gensim leaves closing the files it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

TEXTS = {
    "train": [["soft", "bed"], ["loud", "lift", "bed"]],
    "valid": [["soft", "pillow"]],
    "test": [["pillow", "and", "bed"], ["lift"]],
}
VECTORS = WordVectors(["bed", "pillow", "soft"], np.arange(6).reshape(3, 2))


def row(method, library, seed, **found):
    """A line of the file of results."""
    setting = {
        "corpus": "generated", "documents": 300, "asked": 0.1, "epochs": 4, "batch_size": 32,
        "learning_rate": 0.001, "dropout": 0.2, "penalties": "",
    }  # fmt: skip
    figures = {
        "accuracy": 0.8, "share": 0.1, "token_f1": 0.5, "empty": 0.0, "documents_per_second": 100.0,
        "documents_per_processor_second": 120.0,
        "step_seconds": 1.0, "fit_seconds": 10.0, "memory_before": 300.0, "memory": 500.0,
    }  # fmt: skip
    return setting | figures | {"method": method, "library": library, "seed": seed} | found


def cells(table):
    """Read a Markdown table."""
    headings, _, *lines = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return [dict(zip(headings, line, strict=True)) for line in lines]


@pytest.fixture
def prepared():
    known = np.array([[True, False, False], [True, False, False]])
    y = {"train": np.array([0, 1]), "valid": np.array([0]), "test": np.array([0, 1])}
    return numbered(TEXTS, y, {"test": known}, VECTORS)


def test_words_have_the_ids_and_vectors_of_both_packages(prepared):
    assert prepared.words == ["bed", "soft", "loud", "lift", "pillow"]
    assert prepared.vectors.tolist() == [[0, 0], [0, 0], [0, 1], [4, 5], [0, 0], [0, 0], [2, 3]]
    assert prepared.documents("train") == TEXTS["train"]
    assert prepared.documents("test") == [["pillow", UNKNOWN_WORD, "bed"], ["lift"]]
    assert (prepared.n_classes, prepared.max_words) == (2, 3)


def test_known_rationales_end_with_their_texts(prepared):
    test = prepared.parts["test"]
    assert test.padded(test.known).tolist() == [[True, False, False], [True, False, False]]
    assert not len(prepared.parts["train"].known)


def test_a_word_that_stands_for_others_is_refused():
    texts = {**TEXTS, "train": [[UNKNOWN_WORD], ["bed"]]}
    y = {name: np.zeros(len(documents), int) for name, documents in texts.items()}
    with pytest.raises(ValueError, match=r"'<unknown>' is a word of the texts"):
        numbered(texts, y, {}, VECTORS)


def test_prepared_texts_come_back_from_their_file(prepared, tmp_path):
    prepared.save(tmp_path / "texts.npz")
    found = Prepared.load(tmp_path / "texts.npz")
    assert (found.words, found.n_classes) == (prepared.words, 2)
    np.testing.assert_array_equal(found.vectors, prepared.vectors)
    for name, part in prepared.parts.items():
        for one, other in zip(found.parts[name], part, strict=True):
            np.testing.assert_array_equal(one, other)


def test_an_epoch_is_its_steps_and_what_is_between_them(monkeypatch):
    now = {"perf_counter": 0.0, "process_time": 0.0}
    for name in now:
        monkeypatch.setattr(f"benchmarks.peers.shared.time.{name}", lambda name=name: now[name])

    def wait(seconds):
        now["perf_counter"] += 2 * seconds  # another program has the processor as often
        now["process_time"] += seconds

    clock = Clock()
    wait(10.0)
    clock.begin_epoch()
    for _ in range(2):
        wait(1.0)
        clock.begin_step()
        wait(3.0)
        clock.end_step()
    wait(0.5)
    clock.mark()
    wait(20.0)
    clock.end_epoch()
    assert (clock.epochs, clock.processor, clock.steps) == ([17.0], [8.5], [6.0])


def test_results_are_means_over_seeds_ours_first():
    rows = [
        row("fr", THEIRS, 0), row("fr", OURS, 0), row("plain", OURS, 0, accuracy=0.7),
        row("plain", OURS, 1, accuracy=0.9, token_f1=math.nan),
        row("fr", THEIRS, 0, penalties="11/12"),
    ]  # fmt: skip
    found = cells(report.results_table(rows))
    assert [(line["method"], line["package"], line["seeds"]) for line in found] == [
        ("plain", OURS, "2"), ("fr", OURS, "1"), ("fr", THEIRS, "1"),
        ("fr", f"{THEIRS}, 11/12", "1"),
    ]  # fmt: skip
    assert found[0]["accuracy"] == "0.800 (0.700 to 0.900)"
    assert found[0]["token F1"] == "0.500"


def test_models_are_compared_seed_by_seed():
    rows = [
        row("fr", OURS, 0, accuracy=0.9, documents_per_second=300.0, memory=400.0),
        row("fr", OURS, 1, documents_per_second=80.0, step_seconds=2.0),
        row("fr", THEIRS, 1, documents_per_second=40.0), row("fr", THEIRS, 0),
        row("fr", THEIRS, 2), row("a2r", OURS, 0),
    ]  # fmt: skip
    (line,) = cells(report.ratios_table(rows))
    assert line["accuracy"] == "+0.050 (+0.000 to +0.100)"
    assert line["documents a second"] == "2.50 (2.00 to 3.00)"
    assert line["of the same, in steps alone"] == "0.75 (0.50 to 1.00)"
    assert line["memory of training"] == "0.75 (0.50 to 1.00)"
    assert report.ratios_table([row("a2r", OURS, 0)]) == ""


def test_each_setting_has_tables_of_its_own(tmp_path):
    document = tmp_path / "peers.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    rows = [row("fr", OURS, 0), row("fr", OURS, 0, epochs=8), row("fr", THEIRS, 0, epochs=8)]
    report.write_report(rows, document)
    text = document.read_text()
    assert "old" not in text
    assert text.count("### generated, 300 texts\n") == 2
    assert text.count("### generated, 300 texts: ours beside theirs") == 1
    assert "8 epochs, batches of 32, a learning rate of 0.001, dropout of 0.2" in text


def test_the_committed_document_has_the_marks():
    text = report.DOCUMENT.read_text()
    assert text.index(BEGIN) < text.index(END)


def test_methods_of_one_package_run_there_alone():
    assert run.libraries_of("plain") == [OURS, THEIRS]
    assert THEIRS not in run.libraries_of("real_x")
    ours = [name for name, method in METHODS.items() if method.theirs is None]
    assert ours == ["a2r", "real_x", "car"]


def test_a_run_that_was_stopped_goes_on(tmp_path, capsys):
    options = [
        "--corpora", "generated", "--documents", "40", "--epochs", "1", "--seeds", "1",
        "--libraries", OURS, "--work", str(tmp_path), "--results", str(tmp_path), "--methods",
    ]  # fmt: skip
    run.main([*options, "plain"])
    (found,) = read_rows(tmp_path / "peers.csv")
    assert {name: found[name] for name in KEY} == {
        "corpus": "generated", "documents": 40, "asked": 0.07, "epochs": 1, "batch_size": 32,
        "learning_rate": 0.001, "dropout": 0.2, "method": "plain", "library": OURS, "penalties": "",
        "seed": 0,
    }  # fmt: skip
    assert 0 < found["step_seconds"] <= found["processor_seconds"]
    assert found["epoch_seconds"] < found["fit_seconds"]
    assert found["memory_before"] < found["memory_trained"] <= found["memory"]
    assert found["documents_per_second"] == pytest.approx(36 / found["epoch_seconds"], rel=1e-3)
    assert 0 <= found["share"] <= 1
    capsys.readouterr()
    run.main([*options, "plain"])
    assert capsys.readouterr().out == ""
    assert read_rows(tmp_path / "peers.csv") == [found]


def test_without_an_environment_the_peer_is_not_run(tmp_path):
    with pytest.raises(SystemExit, match="run this with --setup first"):
        run.main(["--corpora", "generated", "--work", str(tmp_path)])
