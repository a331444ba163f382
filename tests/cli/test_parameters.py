import os
import tomllib

import joblib
import pandas as pd
import pytest

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.cli.parameters import parse
from tests.cli.sentences import sentence


@pytest.fixture
def parameters(cli):
    """Returns the parameters that a command would train with, without training."""

    def read(*arguments):
        result = cli("fit", "--show-params", *arguments)
        assert result.exit_code == 0, result.output
        return tomllib.loads(result.stdout)

    return read


@pytest.fixture
def refused(cli, tmp_path, monkeypatch):
    """Returns what a command says that may neither read a table nor train."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no_table.csv").touch()  # reading it would fail

    def call(*arguments):
        result = cli("fit", "no_table.csv", "-o", "model", *arguments)
        assert result.exit_code == 2, result.output
        assert set(os.listdir()) <= {"fit.toml", "no_table.csv"}
        return sentence(result)

    return call


def test_without_options_nothing_differs_from_the_defaults_of_python(parameters):
    found = parameters()
    expected = SelectiveRationaleClassifier(random_state=0, verbose=1).get_params()
    tables = {name for name, value in found.items() if isinstance(value, dict)}
    assert tables == {
        "style",
        "sampler",
        "encoder",
        "initialization",
        "predictor",
        "objective",
        "training",
    }
    flat = {name: value for name, value in found.items() if name not in tables}
    for part in tables:
        flat |= {f"{part}__{name}": value for name, value in found[part].items()}
        flat[part] = flat.pop(f"{part}__name")
    assert flat.keys() == expected.keys()
    for name, value in flat.items():
        default = expected[name]
        if name in tables and not isinstance(default, str | None):
            continue  # an object, whose parameters are compared
        assert value == {None: "None"}.get(default, default) or value == list(default), name


def test_parameters_of_all_parts_can_be_set(cli, quick, table, tmp_path):
    given = {
        "initialization": ("combined", "combined"),
        "initialization__class_focus": ("0.5", 0.5),
        "encoder": ("rnn", "rnn"),
        "encoder__hidden_size": ("3", 3),
        "sampler": ("straight_through", "straight_through"),
        "sampler__temperature": ("0.5", 0.5),
        "objective": ("encoding_penalty", "encoding_penalty"),
        "objective__weight": ("3", 3),
        "predictor__share_embeddings": ("true", True),
        "training__batch_size": ("16", 16),
        "tokenizer": ("WhitespaceTokenizer", None),
        "min_df": ("2", 2),
        "embeddings": ("None", None),
    }
    labels = pd.read_csv(table)["label"].unique()
    weights = dict.fromkeys(labels.tolist(), 1.5)
    given["class_weight"] = (repr(weights), weights)
    options = [part for name, (text, _) in given.items() for part in ("--set", f"{name}={text}")]
    result = cli("fit", table, "-o", tmp_path / "m.joblib", "--test-size", 0, *options, *quick)
    assert result.exit_code == 0, result.output
    found = joblib.load(tmp_path / "m.joblib").get_params()
    for name, (_, value) in given.items():
        if name not in ("tokenizer", "encoder", "initialization", "objective", "sampler"):
            assert found[name] == value, name
    assert type(found["tokenizer"]).__name__ == "WhitespaceTokenizer"
    assert found["encoder__cell"] == "gru"  # there is no cell in the default encoder
    assert found["initialization__model"] == "combined"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("0.5", 0.5), ("1e-3", 0.001), (".5", 0.5), ("true", True), ("True", True),
        ("None", None), ("rnn", "rnn"), ('"7"', "7"), ("'a b'", "a b"), ("[3, 4]", [3, 4]),
        ("(3, 4)", (3, 4)), ("{'a': 2}", {"a": 2}), ("2024-01-02", "2024-01-02"), ("", ""),
        ("a = b", "a = b"), ("1\nother = 2", "1\nother = 2"), ("glove.txt", "glove.txt"),
        ("['x', None]", ["x", None]), ("[" * 500, "[" * 500),
    ],
)  # fmt: skip
def test_values_are_read_as_they_are_written(text, value):
    found = parse(text)
    assert found == value
    assert type(found) is type(value)


def test_a_file_gives_parameters_and_the_command_line_goes_before(parameters, tmp_path):
    path = tmp_path / "fit.toml"
    path.write_text(
        """
lambda1 = 0.02
rationale_length = 7
embeddings = ["None", "None"]
training__batch_size = 16

[encoder]
name = "rnn"
hidden_size = 20

[training]
max_epochs = 3

[est2]
initialization = "logistic"
lambda1 = 0.5

[class_weight]
noise = 2.0
""",
        encoding="utf-8",
    )
    options = ["--set", "encoder__hidden_size=30", "--max-epochs", 4, "--seed", 5, "--pair"]
    found = parameters("--config", path, *options)
    for number, name in enumerate(("est1", "est2")):
        model = found[name]
        assert (model["rationale_length"], model["random_state"]) == (7, 5 + number)
        assert model["embeddings"] == ["None", "None"]
        assert model["class_weight"] == {"noise": 2.0}
        assert (model["encoder"]["name"], model["encoder"]["hidden_size"]) == ("rnn", 30)
        assert (model["training"]["batch_size"], model["training"]["max_epochs"]) == (16, 4)
    assert [found[name]["lambda1"] for name in ("est1", "est2")] == [0.02, 0.5]
    assert found["est2"]["initialization"]["name"] == "logistic"
    assert found["est1"]["initialization"]["name"] != "logistic"
    found = parameters("--config", path, "--pair", "--lambda1", 0.125)
    assert [found[name]["lambda1"] for name in ("est1", "est2")] == [0.125, 0.125]


@pytest.mark.parametrize("shape", ["--encoder {}", "--set encoder={}", "[encoder]", "hub"])
def test_a_transformer_is_given_by_its_place(parameters, transformer, tmp_path, shape):
    place = "somebody/some-model" if shape == "hub" else transformer
    options = [*shape.format(transformer).split()]
    if shape == "hub":
        options = ["--encoder", place]
    elif shape == "[encoder]":
        (tmp_path / "fit.toml").write_text(f"[encoder]\nname = '{place}'\nlayers = 1\n")
        options = ["--config", tmp_path / "fit.toml"]
    found = parameters(*options, "--set", "encoder__overlap=7")["encoder"]
    assert (found["name"], found["model"], found["overlap"]) == ("transformer", place, 7)


def test_a_folder_here_is_a_transformer_and_one_model_of_a_pair_may_be(
    parameters, transformer, monkeypatch
):
    monkeypatch.chdir(os.path.dirname(transformer))
    name = os.path.basename(transformer)
    found = parameters("--pair", "--set", f"est2__encoder={name}")
    assert found["est1"]["encoder"]["name"] == "None"
    assert (found["est2"]["encoder"]["name"], found["est2"]["encoder"]["model"]) == (
        "transformer",
        name,
    )
    found = parameters("--pair", "--encoder", name, "--set", "est1__encoder=cnn")
    assert [found[member]["encoder"]["name"] for member in ("est1", "est2")] == [
        "cnn",
        "transformer",
    ]


@pytest.mark.parametrize("options", [
    [],
    ["--set", "encoder=rnn", "--set", "embeddings=['a b', None]", "--set", "class_weight={'x': 1}"],
    [
        "--pair", "--set", "est2__initialization=None", "--set", "encoder=cnn",
        "--set", "tokenizer=WhitespaceTokenizer",
    ],
])  # fmt: skip
def test_what_is_shown_is_a_file_that_gives_the_same(cli, options, tmp_path):
    shown = cli("fit", "--show-params", *options)
    assert shown.exit_code == 0, shown.output
    (tmp_path / "fit.toml").write_text(shown.stdout, encoding="utf-8")
    more = ["--pair"] if "--pair" in options else []
    again = cli("fit", "--show-params", "--config", tmp_path / "fit.toml", *more)
    assert again.stdout == shown.stdout


def test_a_file_may_hold_options_of_the_command(cli, quick, reviews, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reviews.set_axis(["review", "topic"], axis=1).to_csv("t.csv", index=False)
    settings = """[fit]
file = "t.csv"
output = "of_file.joblib"
text = "review"
label = "topic"
test-size = 0.5
pair = true
"""
    (tmp_path / "fit.toml").write_text(settings, encoding="utf-8")
    result = cli("fit", "--config", "fit.toml", *quick, "-o", "here.joblib")
    assert result.exit_code == 0, result.output
    assert "On 60 documents held out" in result.stdout
    assert "Saved here.joblib" in result.stdout  # the command line goes before
    assert sorted(os.listdir()) == ["fit.toml", "here.joblib", "t.csv"]
    assert len(joblib.load("here.joblib").estimators_) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--set", "encoder=cnn", "--set", "encoder__n_filter=5"],
            ["n_filter where encoder='cnn'; the nearest are encoder__n_filters"],
        ),
        (["--set", "max_epochs=3"], ["no parameter max_epochs", "are training__max_"]),
        (["--set", "encoder=rnn", "--set", "encoder__n_filters=3"], ["where encoder='rnn'"]),
        (["--set", "lambda1=-1"], ["'lambda1' parameter", "Got -1"]),
        (["--set", "lambda1=low"], ["'lambda1' parameter", "Got 'low'"]),
        (["--set", "encoder=rn"], ["encoder='rn': give one of 'cnn', 'rnn'"]),
        (
            ["--set", "sampler=gumbel", "--set", "sampler__temperature=-1"],
            ["'temperature' parameter", "Got -1"],
        ),
        (["--set", "initialization=none"], ["initialization='none': give one of"]),
        (["--set", "lambda1"], ["'lambda1' is not of the form NAME=VALUE"]),
        (["--set", "=1"], ["is not of the form NAME=VALUE"]),
        (["--lambda1", "0.2", "--set", "lambda1=0.1"], ["--lambda1 0.2 and --set lambda1=0.1 are"]),
        (["--set", "min_df=1", "--set", "min_df=2"], ["are different values of min_df: give one"]),
        (["--seed", "3", "--set", "random_state=4"], ["are different values of random_state"]),
        (["--set", "est1__lambda1=1"], ["est1__lambda1=1 is for a model of a pair: give --pair"]),
        (["--pair", "--set", "est2__lambda1=-1"], ["'lambda1' parameter", "Got -1"]),
        (["--set", "tokenizer=Words"], ["tokenizer is one of WordTokenizer, WhitespaceTokenizer"]),
        (["--set", "embeddings=5"], ["embeddings=5: give the path"]),
        (["--set", "embeddings=['no/v.txt']"], ["no file no/v.txt of word vectors"]),
        (["--set", "vocabulary=[1]"], ["vocabulary[0] is 1"]),
        (["--set", "training__callbacks=[1]"], ["give callbacks in Python"]),
        (["--set", "max_length=9", "--set", "training__text_length=5"], ["text_length=5 is less"]),
        (["--encoder", "bert"], ["encoder='bert': give one of 'cnn', 'rnn', 'transformer', None"]),
        (
            ["--encoder", "a/b", "--set", "encoder__model=c/d"],
            ["encoder__model=c/d and --encoder a/b are different values of encoder__model"],
        ),
        (
            ["--encoder", "./no/model"],
            ["model='./no/model' of encoder cannot be read: give the path of a folder"],
        ),
        (["--encoder", "a/b", "--set", "encoder__layers=-1"], ["'layers' parameter", "Got -1"]),
        (["--set", "objective=distillation"], ["needs a transformer", "give encoder=Transformer"]),
        (["--config", "none.toml"], ["there is no file none.toml"]),
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused_before_anything_is_read(options, said, refused):
    found = refused(*options)
    for part in said:
        assert part in found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("lambda1 = = 1", "--config fit.toml is not readable TOML"),
        ("fit = 3", "fit.toml has fit = 3: make it a table, [fit]"),
        ("[fit]\nseed = 3", "seed in [fit]: it is the parameter random_state, give that above"),
        ("[fit]\nmax-epochs = 3", "the parameter max_epochs, give that in the table [training]"),
        ("[fit]\ntexts = 'a'", "has texts in [fit], which is no option: there are coverage, enc"),
        ("[fit]\nconfig = 'a'", "has config in [fit], which is no option"),
        ("training__max_epochs = 1\n[training]\nmax_epochs = 2", "are different values of"),
        ("[encoder]\nn_filter = 3", "encoder__n_filter = 3 in fit.toml: there is no parameter"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_parameters_is_explained(content, said, refused, tmp_path):
    (tmp_path / "fit.toml").write_text(content, encoding="utf-8")
    assert said in refused("--config", "fit.toml")
