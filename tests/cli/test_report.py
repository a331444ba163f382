import json
import re

import joblib
import pytest


def documents_of(path):
    html = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1])["documents"]


def test_a_report_of_a_pair_is_one_page(cli, unlike, table, tmp_path):
    page = tmp_path / "report.html"
    result = cli("report", unlike, table, "-o", page)
    assert result.exit_code == 0, result.output
    assert "both, interacting" in result.stdout
    assert str(page) in result.stdout
    html = page.read_text(encoding="utf-8")
    for text in ("<h1>Rationales for reviews.csv</h1>", "120 texts", "Accuracy", "exchange did"):
        assert text in html
    assert [row[0] for row in documents_of(page)[:2]] == ["row 1", "row 2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html"]


def test_labels_in_csv_are_compared_with_the_numbers_a_model_knows(cli, single, reviews, tmp_path):
    numbers = (reviews["label"] == "noise").astype(int)
    reviews.assign(label=numbers).to_csv(tmp_path / "t.csv", index=False)
    result = cli("report", single, tmp_path / "t.csv", "-o", tmp_path / "r.html")
    assert result.exit_code == 0, result.output
    right = joblib.load(single).score(list(reviews["text"]), numbers)
    assert f"{100 * right:.1f} %" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_columns_are_chosen_and_labels_are_not_needed(cli, pair, reviews, tmp_path):
    reviews.rename(columns={"text": "body", "label": "topic"}).to_csv(tmp_path / "t.csv")
    options = ["-o", tmp_path / "r.html", "--text", "body", "--title", "My <model>"]
    assert cli("report", pair, tmp_path / "t.csv", *options).exit_code == 0
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<h1>My &lt;model&gt;</h1>" in html
    assert "Accuracy" not in html
    result = cli("report", pair, tmp_path / "t.csv", *options, "--label", "topic",
                 "--max-documents", 5)  # fmt: skip
    assert result.exit_code == 0
    assert "Accuracy" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert len(documents_of(tmp_path / "r.html")) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.csv", "-o", "r.html"], "there is no file missing.csv"),
        (["{table}", "-o", "missing/r.html"], "there is no folder missing"),
        (["{table}", "-o", "r.html", "--label", "topic"], "has no column 'topic'"),
        (["{table}", "-o", "{table}"], "is to be read; write to another file"),
    ],
)
def test_wrong_calls_are_explained(cli, pair, table, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = cli("report", pair, *(argument.format(table=table) for argument in arguments))
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_committee_has_its_members_side_by_side(cli, committee, table, tmp_path):
    page = tmp_path / "report.html"
    result = cli("report", committee, table, "-o", page)
    assert result.exit_code == 0, result.output
    assert "all, interacting" in result.stdout
    html = page.read_text(encoding="utf-8")
    for name in ("bayes", "&lt;b&gt;", "short"):
        assert f"{name} alone" in html
    assert "by consensus" in html
    assert all(len(row[9]) == 3 for row in documents_of(page))


def test_suspects_are_words_or_named_expressions(cli, single, table, reviews, tmp_path):
    page = tmp_path / "r.html"
    options = [
        "--suspect",
        "hotel",
        "--suspect",
        r"any number=\b\d+|(?=t)t\w+e",
        "--suspect",
        "(?=r)room",
    ]
    result = cli("report", single, table, "-o", page, *options)
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    own = re.search(r"<caption>Suspicions</caption>.*?</table>", html, re.DOTALL)[0]
    rows = re.findall(r'<th scope="row">(.*?)</th><td>(\d+)</td>', own)
    assert [name for name, _ in rows] == ["hotel", "any number", "(?=r)room"]
    texts = reviews["text"].str.lower()
    assert int(rows[0][1]) == texts.str.contains("hotel").sum()


@pytest.mark.parametrize(
    ("suspects", "message"),
    [
        (["open=("], "suspects['open']='(' is no regular expression"),
        (["a*"], "matches where there is no character"),
        (["x=a", "x=b"], "there are two of the name 'x'"),
    ],
)
def test_bad_suspects_are_explained(cli, single, table, tmp_path, suspects, message):
    options = [part for suspect in suspects for part in ("--suspect", suspect)]
    result = cli("report", single, table, "-o", tmp_path / "r.html", *options)
    assert result.exit_code != 0
    assert message in " ".join(result.stderr.split())
    assert list(tmp_path.glob("*.html")) == []
