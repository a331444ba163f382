"""One table in every way to write it: the same rows and texts, wherever it is read."""

import codecs
import csv
import io
import itertools
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import sklearn_irx.cli.training
import sklearn_irx.study
from sklearn_irx import bulk, load
from sklearn_irx._tables import Columns, check_dialect, rows_of
from sklearn_irx._tables.dialect import LONGEST
from sklearn_irx.bulk._input import Input
from sklearn_irx.cli.errors import CommandError
from sklearn_irx.cli.files import labels_of, read_table, texts_of

SEPARATORS = [",", ";", "\t", "|"]
LINE_ENDS = ["\n", "\r\n", "\r"]
BOMS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
ENCODINGS = [*BOMS, "cp1252", "latin-1", "gb18030", "shift_jis", "cp1251", "ascii", "utf-7"]
NASTY = [
    "", " ", "\n", "\r", "\r\n", '"', '""', ",", ";", "\t", "a,b;c", 'x"y', "NA", "007", "sep=;",
    "täglich", "日本", "ਊ", "Ċ", "\x85", "\u2028", "{}", "\\", "'", "\N{GRINNING FACE}",
]  # fmt: skip


def encodable(encoding, exclude="\0"):
    """Texts that an encoding has, and has back."""

    def comes_back(text):
        try:
            return text.encode(encoding).decode(encoding) == text
        except UnicodeError:
            return False

    characters = st.characters(exclude_categories=["Cs"], exclude_characters=exclude)
    return (st.sampled_from(NASTY) | st.text(characters, max_size=8)).filter(comes_back)


@st.composite
def tables(draw):
    """A table, the bytes of it, and what must be said of how it is written."""
    encoding = draw(st.sampled_from(ENCODINGS))
    bom = encoding in BOMS and draw(st.booleans())
    names = draw(st.lists(encodable(encoding, "\0\ufeff").filter(bool), max_size=3, unique=True))
    assume(not {"text", "label"} & set(names))
    names = draw(st.permutations([*names, "text", "label"]))
    row = st.lists(encodable(encoding), min_size=len(names), max_size=len(names))
    rows = draw(st.lists(row, min_size=1, max_size=4))
    sep, end = draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from(LINE_ENDS))
    quote_all = draw(st.booleans())

    def cell(value):
        if quote_all or not value or set(value) & {sep, '"', "\r", "\n"}:
            return '"' + value.replace('"', '""') + '"'
        return value

    lines = [sep.join(map(cell, cells)) for cells in (names, *rows)]
    last = end if draw(st.booleans()) else ""
    content = (BOMS[encoding] if bom else b"") + (end.join(lines) + last).encode(encoding)
    options = {"sep": draw(st.sampled_from([None, sep]))}
    if not bom and (encoding != "utf-8" or draw(st.booleans())):
        options["encoding"] = encoding
    return pd.DataFrame(rows, columns=names), content, options


def of_bulk(path, columns, n_done=0, offset=0):
    """Rows as bulk scoring reads them, each with the place in the file after it."""
    sep, encoding = check_dialect(path.suffix, columns.sep, columns.encoding)
    (source,) = Input([path]).sources
    columns = columns._replace(sep=sep, encoding=encoding)
    return list(rows_of(source, path.suffix, columns, n_done, offset))


@settings(max_examples=300)
@given(tables())
def test_a_table_is_read_alike_however_it_is_written(tmp_path_factory, written):
    table, content, options = written
    path = tmp_path_factory.getbasetemp() / "dialect.csv"
    path.write_bytes(content)
    columns = Columns("text", ["label"], **options)
    found = read_table(path, columns)
    assert list(found.columns) == list(table.columns)
    assert found.to_numpy().tolist() == table.to_numpy().tolist()
    assert texts_of(found, "text", path) == table["text"].tolist()
    streamed = of_bulk(path, columns)
    assert [row.error for row, _ in streamed] == [None] * len(table)
    assert [row.text for row, _ in streamed] == table["text"].tolist()
    assert [row.kept for row, _ in streamed] == [(label,) for label in table["label"]]
    for done, (_, offset) in enumerate(streamed, start=1):  # cut off, and gone on
        assert of_bulk(path, columns, done, offset) == streamed[done:]
    assert streamed[-1][1] == len(content)


@settings(max_examples=100)
@given(st.data(), st.sampled_from(ENCODINGS), st.sampled_from(LINE_ENDS), st.booleans())
def test_json_lines_are_read_alike_however_they_are_written(
    tmp_path_factory, data, encoding, end, bom
):
    texts = data.draw(st.lists(encodable(encoding), min_size=1, max_size=5))
    lines = [json.dumps({"text": text, "n": n}, ensure_ascii=False) for n, text in enumerate(texts)]
    mark = BOMS.get(encoding, b"") if bom else b""
    path = tmp_path_factory.getbasetemp() / "dialect.jsonl"
    path.write_bytes(
        mark + (end.join(lines) + data.draw(st.sampled_from(["", end]))).encode(encoding)
    )
    columns = Columns("text", ["n"], encoding=None if mark else encoding)
    assert texts_of(read_table(path, columns), "text", path) == texts
    streamed = of_bulk(path, columns)
    assert [row.text for row, _ in streamed] == texts
    assert [row.kept for row, _ in streamed] == [(n,) for n in range(len(texts))]
    for done, (_, offset) in enumerate(streamed, start=1):
        assert of_bulk(path, columns, done, offset) == streamed[done:]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("end", LINE_ENDS)
def test_a_table_longer_than_what_is_read_at_once_is_read_alike(encoding, end, tmp_path):
    texts = ["ਊĊ " * n + "end" for n in (1, 7, 90_000, 0, 3)] * 3
    path = tmp_path / "t.csv"
    path.write_bytes(
        BOMS[encoding] + end.join(["id;text", *(f"1;{t}" for t in texts)]).encode(encoding)
    )
    assert texts_of(read_table(path), "text", path) == texts
    assert [row.text for row, _ in of_bulk(path, Columns("text"))] == texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("end", LINE_ENDS)
def test_a_line_without_an_end_is_an_error_and_the_next_is_read(encoding, end, tmp_path):
    path = tmp_path / "t.csv"
    lines = ["id;text", "1;ants", "2;" + "x" * LONGEST, "3;drains"]
    path.write_bytes(BOMS[encoding] + end.join(lines).encode(encoding))
    rows = [row for row, _ in of_bulk(path, Columns("text"))]
    assert [row.text for row in rows] == ["ants", None, "drains"]
    assert "more than 16,777,216 bytes" in rows[1].error


@given(st.lists(st.text("ab ,;|\t'", min_size=1).filter(str.strip), min_size=1))
@example(["dirty, grimy room", "lovely; clean", "a\tb", "x|y"])
def test_texts_of_a_table_of_one_column_are_never_split(tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "one.csv"
    path.write_text("text\n" + "\n".join(texts), encoding="utf-8", newline="")
    assert texts_of(read_table(path), "text", path) == texts
    assert [row.text for row, _ in of_bulk(path, Columns("text"))] == texts


def test_the_columns_asked_for_tell_what_separates_cells(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c;text;label\n1,2,3;dirty, grimy;bad\n")
    assert read_table(path, Columns("text", ["label"])).to_numpy().tolist() == [
        ["1,2,3", "dirty, grimy", "bad"]
    ]
    path.write_text('a;b,c\n"1,2",3\n')  # a name that holds a separator
    assert read_table(path, Columns("a;b")).to_numpy().tolist() == [["1,2", "3"]]
    path.write_text("a,b\nx,y\n")
    assert read_table(path, Columns("a,b")).to_numpy().tolist() == [["x,y"]]
    path.write_text("id;body, long\n1;dirty, grimy\n")
    with pytest.raises(CommandError, match="no column 'text'; its columns are "):
        read_table(path)


@pytest.mark.parametrize("sep", ["\\t", "tab", "\t", "^", " "])
def test_any_separator_can_be_given(sep, tmp_path):
    path = tmp_path / "t.csv"
    written = {"\\t": "\t", "tab": "\t"}.get(sep, sep)
    path.write_text(f"id{written}text\n1{written}dirty,grimy\n")
    columns = Columns("text", sep=sep)
    assert texts_of(read_table(path, columns), "text", path) == ["dirty,grimy"]
    assert [row.text for row, _ in of_bulk(path, columns)] == ["dirty,grimy"]


def test_the_line_in_which_excel_names_the_separator_is_no_header(tmp_path):
    for encoding, end in itertools.product(["utf-8", "utf-16-le"], LINE_ENDS):
        path = tmp_path / "t.csv"
        content = end.join(["sep=^", "text^label", "ants^bad"])
        path.write_bytes(BOMS[encoding] + content.encode(encoding))
        assert read_table(path).to_numpy().tolist() == [["ants", "bad"]]
        assert [row.text for row, _ in of_bulk(path, Columns("text"))] == ["ants"]


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "cp1251", "gb18030", "shift_jis"])
def test_text_that_is_not_utf_8_is_refused_by_its_row_and_never_shown_wrong(
    codec, fitted_on_little, tmp_path
):
    texts = {"cp1251": ["грязь", "шум"], "gb18030": ["脏", "吵"], "shift_jis": ["汚い", "音"]}
    words = ["plain", *texts.get(codec, ["Müll", "Gerücht"])]
    path = tmp_path / "t.csv"
    path.write_bytes("\n".join(["text,label", *(f"{w},{w}" for w in words)]).encode(codec))
    with pytest.raises(CommandError, match=r"row 2: the text is not UTF-8; --encoding \w+ may be"):
        read_table(path)
    out = tmp_path / "out"
    done = bulk.score(fitted_on_little, path, out, keep=["label"])
    assert done.errors == 2
    rows = list(csv.DictReader(io.StringIO((out / "part-00000.csv").read_text("utf-8"))))
    assert ["not UTF-8: give its encoding" in row["error"] for row in rows] == [False, True, True]
    assert read_table(path, Columns("text", encoding=codec))["text"].tolist() == words
    done = bulk.score(fitted_on_little, path, tmp_path / "right", keep=["label"], encoding=codec)
    assert done.errors == 0


def test_a_header_in_another_encoding_is_refused_before_any_work(fitted_on_little, tmp_path):
    path = tmp_path / "t.csv"
    for content, likely in (
        ("straße,text\na,b\n".encode("cp1252"), "cp1252"),
        ("id,text\na,b\n".encode("utf-16-le"), "utf-16-le"),
        ("id,text\na,b\n".encode("utf-16-be"), "utf-16-be"),
    ):
        path.write_bytes(content)
        with pytest.raises(CommandError, match=f"--encoding {likely}"):
            read_table(path)
        with pytest.raises(ValueError, match=f"t.csv: it.*encoding, '{likely}' for example"):
            bulk.score(fitted_on_little, path, tmp_path / "out")
        assert len(read_table(path, Columns("text", encoding=likely))) == 1


DOUBLED = {
    "csv": b"text,label,text\na,x,b\n",
    "jsonl": b'{"text": "a", "label": "x", "text": "b"}\n',
    "parquet": None,
}


@pytest.fixture(params=list(DOUBLED))
def doubled(request, tmp_path):
    """A table with two columns of the same name."""
    path = tmp_path / f"twice.{request.param}"
    if request.param == "parquet":
        columns = [pa.array(["a"]), pa.array(["x"]), pa.array(["b"])]
        pq.write_table(pa.table(columns, names=["text", "label", "text"]), path)
    else:
        path.write_bytes(DOUBLED[request.param])
    return path


def test_two_columns_of_one_name_are_refused_by_every_command(
    doubled, cli, pair, fitted_on_little, tmp_path
):
    out = tmp_path / "out"
    for command in (
        ["fit", doubled, "-o", out],
        ["predict", pair, doubled],
        ["explain", pair, doubled],
        ["report", pair, doubled, "-o", out],
        ["study", "create", pair, doubled, "-o", out],
        ["demo", "--data", doubled, "-o", out],
    ):
        result = cli(*command)
        assert result.exit_code == 1
        assert "it has 2 columns named 'text': rename one" in result.stderr
        assert not out.exists()
    if doubled.suffix == ".jsonl":  # a row among others
        assert bulk.score(fitted_on_little, doubled, out).errors == 1
        assert "2 columns named 'text'" in (out / "part-00000.jsonl").read_text()
    else:
        result = cli("score", pair, doubled, "-o", out)
        assert (result.exit_code, "2 columns named 'text'" in result.stderr) == (1, True)
        assert not out.exists()


def test_columns_without_a_name_are_no_columns_of_one_name(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text,label,,\na,x,,\n")
    assert texts_of(read_table(path), "text", path) == ["a"]
    assert [row.error for row, _ in of_bulk(path, Columns("text"))] == [None]


@pytest.mark.parametrize("value", [["a", "b"], {"a": 1}, True, [], ["a"]], ids=str)
def test_a_column_of_lists_is_refused_with_its_row(value, cli, pair, tmp_path):
    jsonl, parquet = tmp_path / "t.jsonl", tmp_path / "t.parquet"
    jsonl.write_text('{"text": "a"}\n' + json.dumps({"text": value}))
    pd.DataFrame({"text": [value, value]}).to_parquet(parquet)
    for path, row in ((jsonl, "row 2"), (parquet, "rows 1, 2")):
        for command in ("predict", "explain"):
            result = cli(command, pair, path)
            assert result.exit_code == 1
            assert "in column 'text' instead of a text" in result.stderr
            assert f"in {row}: give one text in each row" in result.stderr
        assert all(
            "in column 'text' instead of a text" in found.error
            for found, _ in of_bulk(path, Columns("text"))[-1:]
        )


def test_texts_of_parquet_in_bytes_are_read_alike(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"text": ["täglich".encode(), b"ants"]}).to_parquet(path)
    assert texts_of(read_table(path), "text", path) == ["täglich", "ants"]
    assert [row.text for row, _ in of_bulk(path, Columns("text"))] == ["täglich", "ants"]


@pytest.mark.parametrize(
    ("suffix", "options", "said"),
    [
        ("csv", ["--sep", ";;"], "sep=';;': give one character"),
        ("csv", ["--sep", '"'], "give one character"),
        ("jsonl", ["--sep", ";"], "is for .csv"),
        ("csv", ["--encoding", "klingon"], "encoding='klingon' is unknown"),
        ("csv", ["--encoding", "base64"], "encoding='base64' is unknown"),
        ("parquet", ["--encoding", "utf-8"], "leave it out"),
    ],
)
def test_options_that_mean_nothing_are_refused(suffix, options, said, cli, pair, tmp_path):
    path = tmp_path / f"t.{suffix}"
    pd.DataFrame({"text": ["a"]}).to_parquet(path)
    for command in (["predict", pair, path], ["score", pair, path, "-o", tmp_path / "out"]):
        result = cli(*command, *options)
        assert result.exit_code in (1, 2)
        assert said in " ".join(result.stderr.split())
        assert result.stderr.startswith("Error: ")


def test_a_separator_that_was_not_found_is_asked_for(cli, pair, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text^label\na^b\n")
    result = cli("predict", pair, path)
    assert "no column 'text'; its columns are 'text^label'" in result.stderr
    assert "--sep says what stands between them" in result.stderr
    result = cli("score", pair, path, "-o", tmp_path / "out")
    assert "give sep, what stands between them" in result.stderr
    assert cli("predict", pair, path, "--sep", "^").exit_code == 0


@pytest.fixture(scope="module")
def fitted_on_little(learned):
    return learned(12, seed=12)


WRITTEN = {
    "excel": (";", "\r\n", "utf-8-sig", []),
    "old mac": ("\t", "\r", "utf-16", []),
    "west": (";", "\n", "cp1252", ["--encoding", "cp1252"]),
    "asked": ("^", "\n", "utf-8", ["--sep", "^"]),
}


@pytest.fixture(scope="module", params=list(WRITTEN))
def both_ways(request, reviews, tmp_path_factory):
    """A table in the plain way and in another, under one name, and options for the other."""
    sep, end, encoding, options = WRITTEN[request.param]
    table = reviews[:8].assign(note='Müll, "naïf";\nnext\tline')
    paths = [tmp_path_factory.mktemp(name) / "table.csv" for name in ("plain", "other")]
    table.to_csv(paths[0], index=False)
    text = table.to_csv(index=False, sep=sep, lineterminator=end, quoting=csv.QUOTE_ALL)
    paths[1].write_bytes(text.encode(encoding))
    return paths, options


def both_results(cli, both_ways, *command, after=()):
    (plain, other), options = both_ways
    results = [
        cli(*command, plain, *after),
        cli(*command, other, *after, *options),
    ]
    assert [result.exit_code for result in results] == [0, 0], results[1].output
    return results


def test_predict_and_explain_say_the_same(cli, pair, both_ways):
    one, two = both_results(cli, both_ways, "predict", pair)
    assert one.stdout_bytes == two.stdout_bytes
    assert "Müll" in two.stdout
    one, two = both_results(cli, both_ways, "explain", pair, after=["--label", "label"])
    assert one.stdout_bytes == two.stdout_bytes


def test_report_writes_the_same(cli, pair, both_ways, tmp_path):
    pages = []
    (plain, other), options = both_ways
    for path, more in ((plain, []), (other, options)):
        assert cli("report", pair, path, "-o", tmp_path / "r.html", *more).exit_code == 0
        pages.append((tmp_path / "r.html").read_text("utf-8"))
    assert pages[0] == pages[1]
    assert "accuracy" in pages[0]  # the labels were found, too


def test_score_answers_the_same(cli, pair, both_ways, tmp_path):
    (plain, other), options = both_ways
    for name, path, more in (("one", plain, []), ("two", other, options)):
        out = tmp_path / name
        call = ["score", pair, path, "-o", out, "--keep", "note", "--jobs", 1, "--part-rows", 3]
        assert cli(*call, *more).exit_code == 0
    for number in range(3):
        one, two = (tmp_path / name / f"part-0000{number}.csv" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    assert "Müll" in one.read_text("utf-8")


def test_fit_study_and_demo_see_the_same(cli, pair, both_ways, tmp_path, monkeypatch):
    seen = []

    def train(texts, y, *others):
        seen.append((list(texts), y.tolist()))
        raise CommandError("enough")

    def create_study(path, model, texts, y, **others):
        seen.append((list(texts), np.asarray(y).tolist()))
        raise ValueError("enough")

    monkeypatch.setattr(sklearn_irx.cli.training, "train", train)
    monkeypatch.setattr(sklearn_irx.study, "create_study", create_study)
    (plain, other), options = both_ways
    for command in (
        lambda path: ["fit", path, "-o", tmp_path / "m"],
        lambda path: ["fit", path, "--test", path, "-o", tmp_path / "m"],
        lambda path: ["study", "create", pair, path, "-o", tmp_path / "s"],
        lambda path: ["demo", "--data", path, "-o", tmp_path / "d.html"],
    ):
        results = [cli(*command(plain)), cli(*command(other), *options)]
        assert ["enough" in result.stderr for result in results] == [True, True], results[1].stderr
        assert seen[-1] == seen[-2]
        assert len(seen[-1][0]) in (6, 8)


def test_a_saved_model_answers_labels_of_any_dialect(cli, pair, both_ways, reviews):
    (_, other), options = both_ways
    found = read_table(other, Columns("text", ["label"], *_of(options)))
    labels = labels_of(found, "label", other)
    assert load(pair).score(texts_of(found, "text", other), labels) == load(pair).score(
        list(reviews["text"][:8]), reviews["label"][:8]
    )


def _of(options):
    given = dict(zip(options[::2], options[1::2], strict=True))
    return given.get("--sep"), given.get("--encoding")
