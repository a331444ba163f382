import re
import shutil
import subprocess
import sys
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest

from sklearn_irx import SelectiveRationaleClassifier, load
from sklearn_irx.classifier.by_class import BY_CLASS, NO_PROMISE
from sklearn_irx.cli.errors import CommandError
from sklearn_irx.cli.parameters import OPTIONS, default_values
from sklearn_irx.cli.training import split
from sklearn_irx.ensemble.result import exchange_of
from tests.cli.sentences import sentence
from tests.exchanges import exchange_of_labels

QUICK = {"max_length": 40, "training__max_epochs": 2, "n_threads": 1}


def stopped(*args, **kwargs):
    raise KeyboardInterrupt


def test_fit_reports_what_a_pair_does_on_held_out_documents(cli, quick, table, tmp_path):
    result = cli("fit", table, "-o", tmp_path / "m.joblib", "--pair", "--test-size", "0.25", *quick)
    assert result.exit_code == 0
    assert "On 30 documents held out" in result.stdout
    for text in ("model 1", "model 2", "both, interacting", "accuracy", "convinced_2"):
        assert text in result.stdout


def test_fit_trains_one_model_and_can_test_it_on_another_table(cli, quick, table, tmp_path):
    path = tmp_path / "m.joblib"
    result = cli("fit", table, "-o", path, "--test", table, *quick)
    assert result.exit_code == 0
    assert "On 120 documents held out" in result.stdout
    assert "convinced_2" not in result.stdout
    assert not hasattr(joblib.load(path), "interact")


def test_options_reach_both_models(cli, quick, table, tmp_path):
    path = tmp_path / "m.joblib"
    options = ["--lambda1", "0.25", "--lambda2", "0.125", "--seed", "5"]
    options += ["--rationale-length", "0.5", "--pair"]
    assert cli("fit", table, "-o", path, "--test-size", 0, *options, *quick).exit_code == 0
    first, second = (member.get_params() for member in joblib.load(path).estimators_)
    for parameters in (first, second):
        assert parameters["lambda1"] == 0.25
        assert parameters["rationale_length"] == 0.5
        assert parameters["lambda2"] == 0.125
        assert parameters["max_length"] == 40
        assert parameters["verbose"] == 0
    assert first["random_state"] == 5
    assert first != second


def test_what_is_not_as_asked_is_noted_plainly(cli, quick, table, tmp_path):
    options = ["--test-size", 0, "--rationale-length", 5, *quick]
    result = cli("fit", table, "-o", tmp_path / "one", *options)
    assert result.exit_code == 0
    assert "Note: " not in result.output
    result = cli("fit", table, "-o", tmp_path / "two", *options, "--lambda1", "0.5")
    assert result.exit_code == 0
    assert "Note: lambda1=0.5 has no effect with rationale_length=5" in result.stdout
    assert "Warning" not in result.output
    result = cli("report", tmp_path / "two", empty_of_words(tmp_path), "-o", tmp_path / "r.html")
    assert "Note: no word is selected in 3 of 3 texts" in result.stdout


def empty_of_words(folder):
    """Write a table of texts without a word that any model knows."""
    path = folder / "strange.csv"
    path.write_text("text\n" + "zyxw vutsr\n" * 3)
    return path


def test_a_choice_by_class_is_noted_when_trained_and_wherever_it_is_shown(
    cli, quick, table, tmp_path
):
    model, focus = tmp_path / "m", "initialization__class_focus=1"
    result = cli("fit", table, "-o", model, "--test-size", 0, "--set", focus, *quick)
    assert result.exit_code == 0, result.output
    assert f"Note: words are {BY_CLASS}" in result.stdout
    assert NO_PROMISE in result.stdout
    assert f"words are {BY_CLASS}" in (model / "README.md").read_text(encoding="utf-8")
    shown = cli("explain", model, table, "-n", 3, "-o", tmp_path / "page.html").stdout
    assert shown.count(BY_CLASS) == 3
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count(BY_CLASS) == 3


def test_a_training_that_was_cut_off_goes_on(cli, quick, table, tmp_path):
    options = [*quick, "--seed", "3", "--test-size", 0, "--pair"]
    options += ["--checkpoints", tmp_path / "states"]
    assert cli("fit", table, "-o", tmp_path / "one.joblib", *options).exit_code == 0
    states = list((tmp_path / "states").iterdir())
    assert len(states) == 2  # of two models
    before = [path.stat().st_mtime_ns for path in states]
    assert cli("fit", table, "-o", tmp_path / "two.joblib", *options).exit_code == 0
    assert [path.stat().st_mtime_ns for path in states] == before  # nothing was left to train
    one, two = (joblib.load(tmp_path / f"{name}.joblib") for name in ("one", "two"))
    texts = ["Sirens all night.", "Ants in the bed."]
    assert (one.predict_proba(texts) == two.predict_proba(texts)).all()
    assert one.est1.training.checkpoint_dir is None


def test_fit_replaces_a_model_only_if_told_to(cli, quick, table, tmp_path, monkeypatch):
    path = tmp_path / "m.joblib"
    path.write_text("precious")
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_irx.cli.training.train", pytest.fail)  # refused before training
        result = cli("fit", table, "-o", path)
    assert result.exit_code == 2
    assert sentence(result).endswith("m.joblib exists; --force replaces it.")
    assert path.read_text() == "precious"
    assert cli("fit", table, "-o", path, "--force", *quick).exit_code == 0
    assert joblib.load(path).predict(["Sirens."]).shape == (1,)


def test_fit_writes_a_folder_whose_card_tells_the_accuracy(cli, quick, table, tmp_path):
    path = tmp_path / "model"
    result = cli("fit", table, "-o", path, *quick)
    assert result.exit_code == 0
    assert f"Saved {path}" in result.stdout
    accuracy = float(
        next(line for line in result.stdout.splitlines() if "model" in line[:9])[9:].split()[0]
    )
    card = (path / "README.md").read_text(encoding="utf-8")
    told = float(card.split("On test texts")[1].split("| accuracy |")[1].split("|")[0])
    assert told == pytest.approx(accuracy, abs=5e-4)


def test_fit_replaces_a_folder_only_if_it_holds_a_model(
    cli, quick, pair, table, tmp_path, monkeypatch
):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("precious")
    shutil.copytree(pair, tmp_path / "model")
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_irx.cli.training.train", pytest.fail)  # refused before training
        for name, force, said in (
            ("mine", ["--force"], "is not empty and holds no model"),
            ("mine/a.txt", ["--force"], "is a file, and a model is a folder"),
            ("model", [], "holds a model: --force replaces it"),
        ):
            result = cli("fit", table, "-o", tmp_path / name, *force)
            assert (result.exit_code, said in sentence(result)) == (2, True)
    arguments = ["-o", tmp_path / "model", "--force", "--test-size", 0, *quick]
    assert cli("fit", table, *arguments).exit_code == 0
    assert not hasattr(load(tmp_path / "model"), "interact")


def test_fit_checks_the_folder_before_training(cli, table, tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_irx.cli.training.train", pytest.fail)
    result = cli("fit", table, "-o", tmp_path / "missing" / "m.joblib")
    assert result.exit_code == 2
    assert "there is no folder" in sentence(result)


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("sklearn_irx.cli.training.train", "m"),
        ("joblib.dump", "m.joblib"),
        ("sklearn_irx.io._files.os.rename", "m"),
    ],
)
def test_an_interrupted_fit_leaves_no_file(cli, quick, table, tmp_path, monkeypatch, where, name):
    monkeypatch.setattr(where, stopped)
    result = cli("fit", table, "-o", tmp_path / name, *quick)
    assert result.exit_code == 130
    # Before it stands the progress bar, if training had begun.
    assert result.stderr.strip().splitlines()[-1] == "Error: interrupted."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,\nb,x\n", "no label in column 'label' in row 1"),
        ("text,label\n", "holds no rows"),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_explained(cli, tmp_path, content, message):
    (tmp_path / "t.csv").write_text(content)
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "m.joblib")
    assert result.exit_code == 1
    assert message in sentence(result)


@pytest.mark.parametrize(
    ("labels", "said", "n_tested"),
    [
        (["x", "y"] * 20 + ["typo"], "1 label has a single document ('typo'): it is trained", 8),
        (["x", "y"] * 20 + [*"abcdefg"], "('a', 'b', 'c', 'd', 'e' and 2 more): they are", 8),
        (["a", "b", "c"], "no label has two documents, so none is held out", 0),
        (["a", "b", "c", "d", "e", "f"] * 2, "too few documents to test every label", 1),
        (["x", "x", "y"], "1 label has a single document ('y')", 1),
    ],
)  # fmt: skip
def test_rare_labels_are_trained_on_and_the_user_is_told(
    labels, said, n_tested, cli, tmp_path, monkeypatch
):
    rows = {f"text number {number}": label for number, label in enumerate(labels)}
    pd.Series(rows, name="label").rename_axis("text").to_csv(tmp_path / "t.csv")
    seen = {}

    def train(texts, y, members, console):
        seen.update(zip(texts, y.tolist(), strict=True))
        raise CommandError("enough")

    monkeypatch.setattr("sklearn_irx.cli.training.train", train)
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "m.joblib")
    note, *_, error = result.stderr.strip().splitlines()
    assert error == "Error: enough"
    assert note.startswith("Note: ")
    assert said in result.stderr
    assert set(seen.values()) == set(labels)
    assert len(seen) == len(labels) - n_tested
    assert seen.items() <= rows.items()


def test_a_table_with_a_rare_label_is_learned_to_the_end(cli, quick, reviews, tmp_path):
    reviews.assign(label=[*reviews["label"][:-1], "typo"]).to_csv(tmp_path / "t.csv")
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "model", *quick)
    assert result.exit_code == 0, result.output
    assert "typo" in load(tmp_path / "model").classes_
    assert "On 24 documents held out" in result.stdout


def test_what_the_estimator_refuses_is_said_in_a_sentence(cli, quick, tmp_path):
    (tmp_path / "t.csv").write_text("text,label\n" + "same,x\n" * 20)
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "m.joblib", *quick)
    assert result.exit_code == 1
    assert "class" in sentence(result)


def test_missing_word_vectors_are_noticed_before_training(cli, table, tmp_path):
    result = cli("fit", table, "-o", tmp_path / "m.joblib", "--vectors", tmp_path / "v.txt.gz")
    assert result.exit_code == 2
    assert "of word vectors" in sentence(result)


def test_the_model_is_that_of_python_with_the_same_parameters(cli, quick, table, reviews, tmp_path):
    texts, y = list(reviews["text"]), reviews["label"].to_numpy()
    expected = SelectiveRationaleClassifier().set_params(**QUICK, random_state=3)
    expected.fit(texts, y)
    options = ["--seed", 3, *quick]
    result = cli("fit", table, "-o", tmp_path / "one", "--test-size", 0, *options)
    assert result.exit_code == 0, result.output
    found = load(tmp_path / "one")
    assert (found.predict_proba(texts) == expected.predict_proba(texts)).all()
    assert (found.transform(texts) == expected.transform(texts)).all()
    for name, value in expected.get_params().items():
        if "__" in name:
            assert found.get_params()[name] == value, name
    # Some are held out by default; the rest is what Python is to be given.
    assert cli("fit", table, "-o", tmp_path / "two", *options).exit_code == 0
    training, _, y_training, _ = split(texts, y, 0.2, seed=0)
    expected.fit(training, y_training)
    found = load(tmp_path / "two")
    assert (found.predict_proba(texts) == expected.predict_proba(texts)).all()


@pytest.mark.parametrize("output", ["model", "model.joblib"])
def test_a_model_on_a_transformer_is_trained_saved_and_used(
    cli, quick, table, reviews, transformer, tmp_path, output
):
    model, answers = tmp_path / output, tmp_path / "answers.csv"
    given = ["--encoder", "transformer", "--set", f"encoder__model={transformer}"]
    result = cli("fit", table, "-o", model, *given, "--max-epochs", 1, *quick[2:])
    assert result.exit_code == 0, result.output
    assert "On 24 documents held out" in result.stdout
    result = cli("predict", model, table, "-o", answers)
    assert result.exit_code == 0, result.output
    labels = pd.read_csv(answers)["label_pred"]
    assert (labels == reviews["label"]).mean() > 0.7


def test_libraries_that_a_transformer_lacks_are_named_before_the_table_is_read(
    cli, transformer, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "transformers", None)
    (tmp_path / "t.csv").touch()  # reading it would fail
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "model", "--encoder", transformer)
    assert result.exit_code == 2
    assert 'pip install "sklearn-irx[transformers]"' in sentence(result)


def test_the_help_says_what_holds_by_default(cli):
    help_ = " ".join(re.sub("[^ -~]", " ", cli("fit", "--help").stdout).split())
    defaults = SelectiveRationaleClassifier().get_params()
    for option, name in OPTIONS.items():
        # What stands from this option to the next.
        said = re.split(r" --[a-z]", help_.split(f"--{option.replace('_', '-')} ", 1)[1])[0]
        default = defaults[name]
        if isinstance(default, bool | int | float):
            assert f"By default {default}." in said, option
        else:
            assert re.search(r"By default (?!None|auto)\w", said), option
    assert default_values() == {option: defaults[name] for option, name in OPTIONS.items()}


def test_the_help_needs_no_torch(subprocess_environment):
    program = (
        "import sys; sys.argv = ['sklearn-irx', 'fit', '--help']\n"
        "from sklearn_irx.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], env=subprocess_environment, capture_output=True,
        text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    assert result.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        # The labels of model 1, of model 2 and of both.
        (["aaaa", "aabb", "abab"], ["2 (50.0%)", "model 2 alone in 4 (100.0%)"]),
        (["aabb", "aaaa", "aaab"], ["3 (75.0%)", "model 1 alone in 4 (100.0%)"]),
        (["aaaa", "aabb", "aabb"], []),
        (["aaaa", "abab", "abab"], []),
    ],
)
def test_a_pair_less_accurate_than_one_of_its_models_is_told_of(
    labels, said, cli, quick, tmp_path, monkeypatch
):
    first, second, both = map(list, labels)
    made = exchange_of_labels([first, second], ["convinced_1"] * 4, both)
    names = (
        "own_probabilities",
        "probabilities",
        "chosen",
        "case",
        "disputed",
        "cross_probabilities",
    )
    given = {name: getattr(made, name) for name in names}
    monkeypatch.setattr(
        "sklearn_irx.ensemble.result.exchange_of",
        lambda model, *texts, **options: replace(exchange_of(model, *texts, **options), **given),
    )
    texts = ["Ants in the bed.", "Ants again.", "Loud sirens.", "Sirens all night."]
    pd.DataFrame({"text": texts, "label": list("aabb")}).to_csv(tmp_path / "t.csv", index=False)
    arguments = ["fit", tmp_path / "t.csv", "--test", tmp_path / "t.csv", "-o", tmp_path / "m"]
    result = cli(*arguments, "--pair", *quick)
    assert result.exit_code == 0, result.output
    notes = re.findall("Note: of 4 documents held out, the pair is right in .*", result.stdout)
    assert len(notes) == bool(said)
    for part in [*said, "Without --pair, one model is trained."] if said else []:
        assert part in notes[0]
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8").split("On test texts")[1]
    names = ["Model 1", "Model 2", "both, interacting"]
    for name, found in zip(names, (first, second, both), strict=True):
        right = np.mean(np.array(found) == list("aabb"))
        assert f"| accuracy, {name} | {right:g} |" in card
