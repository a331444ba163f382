"""The reader of BeerAdvocate and HotelReview, on invented tables in the format of R2A."""

import hashlib
import random
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.datasets import _r2a, read_r2a
from sklearn_irx.metrics import token_f1_score
from sklearn_irx.text import WhitespaceTokenizer

HEADER = "task\tlabel\ttext"
MARKED = f"{HEADER}\trationale\tpred_att"
ORACLE = [
    HEADER,
    "beer0\t1\tgolden , with a lasting lace",
    "beer0\t0.0\tno head , and it is brown",
    'beer0\t1\tclear "as a bell" , said the label',
    "beer0\t1\tCloudy  , with\u2009a bright head",
    "beer0\t0\t",
]
TARGET = [
    MARKED,
    "beer0\t1\tcloudy , with a bright head\t1 0 0 0 1 1\t0 0 0 0 0 0",
    'beer0\t0\t"brown" . it smells fine\t1 0 0 0 0\t0 0 0 0 0',
]
DEV = [HEADER, "beer0\t0\tNO HEAD , and it is brown", "beer0\t1\ta tower of foam"]
TEST = [HEADER, "beer0\t1\ta tower of foam", "beer0\t0\tlike dishwater"]
LOOK = {
    "oracle/beer0.train": ORACLE,
    "oracle/beer0.dev": DEV,
    "target/beer0.test": TEST,
    "target/beer0.train": TARGET,
}
WORDS = ["fine", '"fine"', "'", '"', "pils\u00adner", "1", "0.4", ",", "café", "🍺", "NA", "\\t"]


def lay(folder, files, end="\n", encoding="utf-8"):
    """Write tables in a folder, and return it."""
    for name, lines in files.items():
        table = folder / name
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_bytes("".join(line + end for line in lines).encode(encoding))
    return folder


def zipped(path, files, before="data/"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/data/oracle/beer0.train", b"\x00\x05")
        for name, lines in files.items():
            archive.writestr(before + name, "\n".join(lines))
    return path


def annotated(tmp_path, *rows, header=MARKED):
    lay(tmp_path, {"target/hotel_Service.train": [header, *rows]})
    return read_r2a(tmp_path, "service", "annotated")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=["data", "above data", "archive", "archive of data", "CRLF", "BOM"])
def published(request, tmp_path):
    match request.param:
        case "above data":
            lay(tmp_path / "data", LOOK)
        case "archive":
            return zipped(tmp_path / "data.zip", LOOK)
        case "archive of data":
            return zipped(tmp_path / "data.zip", LOOK, before="")
        case "CRLF":
            lay(tmp_path, LOOK, end="\r\n")
        case "BOM":
            lay(tmp_path, LOOK, encoding="utf-8-sig")
        case _:
            lay(tmp_path, LOOK)
    return tmp_path


def test_every_part_is_read(published):
    marked = read_r2a(published, "look", "annotated")
    assert marked.texts == ["cloudy , with a bright head", '"brown" . it smells fine']
    assert marked.target.tolist() == ["positive", "negative"]
    assert marked.target_names == ["negative", "positive"]
    assert marked.masks.dtype == bool
    assert [row.nonzero()[0].tolist() for row in marked.masks] == [[0, 4, 5], [0]]
    assert marked.masks.shape == (2, 6)
    assert marked.lines.tolist() == [2, 3]
    test = read_r2a(published, "look", "test")
    assert test.texts == ["a tower of foam", "like dishwater"]
    assert test.masks is None
    with pytest.warns(UserWarning, match="'train' holds texts of other parts"):
        train = read_r2a(published, "look")
    assert train.texts == [
        "golden , with a lasting lace",
        "no head , and it is brown",
        'clear "as a bell" , said the label',
        "Cloudy , with a bright head",
        "",
    ]
    assert train.target.tolist() == ["positive", "negative", "positive", "positive", "negative"]
    assert train.masks is None
    assert train.n_left_out == 0


def test_words_are_those_of_the_whitespace_tokenizer(tmp_path):
    odd = "\u00a0fine\u00a0 staff \u2028 and\x1fso\x85on"
    corpus = annotated(tmp_path, f"hotel_Service\t1\t{odd}\t1 0 0 1 1")
    words = WhitespaceTokenizer(normalize=False).words(corpus.texts[0])
    assert words == odd.split()
    assert corpus.masks.tolist() == [[True, False, False, True, True]]


def test_a_token_that_holds_whitespace_stays_one_word(tmp_path):
    rows = ["s\t1\ta long\u00a0wait , sir\t0 1 0 1", "s\t1\ta \u2009 wait\t0 0 1"]
    corpus = annotated(tmp_path, *rows)
    assert corpus.texts == ["a long_wait , sir", "a _ wait"]
    assert corpus.masks.tolist() == [[False, True, False, True], [False, False, True, False]]


def test_ratings_between_the_classes_are_left_out(tmp_path):
    rated = [
        f"beer2\t{rating}\ta beer of {rating}\t1 0"
        for rating in ["1.0", ".6", ".59", ".41", ".4", "0"]
    ]
    lay(tmp_path, {"source/beer2.train": [f"{HEADER}\trationale", *rated]})
    corpus = read_r2a(tmp_path, "palate", collection="source")
    assert corpus.target.tolist() == ["positive", "positive", "negative", "negative"]
    assert corpus.ratings.tolist() == [1, 0.6, 0.4, 0]
    assert corpus.lines.tolist() == [2, 3, 6, 7]
    assert corpus.masks is None  # a machine made those of the sources


def test_texts_and_masks_end_after_max_words(tmp_path):
    short = read_r2a(lay(tmp_path, LOOK), "look", "annotated", max_words=5)
    assert short.texts == ["cloudy , with a bright", '"brown" . it smells fine']
    assert short.masks.tolist() == [[True] + [False] * 3 + [True], [True] + [False] * 4]
    with pytest.raises(ValueError, match="max_words=0 is not a limit"):
        read_r2a(tmp_path, "look", "annotated", max_words=0)


def test_columns_are_known_by_their_names(tmp_path):
    header = "rationale\ttext\tmore\tlabel"
    corpus = annotated(tmp_path, "0 1\tno towels\t.5 .5\t0", header=header)
    assert corpus.texts == ["no towels"]
    assert corpus.masks.tolist() == [[False, True]]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    lay(tmp_path, {"target/beer1.test": ["label\ttext", "1\thops"]}, encoding="utf-8-sig")
    assert read_r2a(tmp_path, "aroma", "test").texts == ["hops"]


def test_empty_texts_and_lines_and_missing_last_columns_do_no_harm(tmp_path):
    corpus = annotated(
        tmp_path,
        "hotel_Service\t1\t\t",
        "",
        "hotel_Service\t0\tno  towels \t0 1 ",
        "\t",
        "hotel_Service\t0\tnobody came\t1 0\t.1 .2\t\t",
    )
    assert corpus.texts == ["", "no towels", "nobody came"]
    assert corpus.masks.tolist() == [[False, False], [False, True], [True, False]]
    assert corpus.lines.tolist() == [2, 4, 6]


def test_a_last_mark_of_nothing_is_dropped(tmp_path):
    corpus = annotated(tmp_path, "hotel_Service\t0\tno towels\t0 1 0")
    assert corpus.masks.tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("s\t0\tno towels\t0 1 1", "3 marks for 2 words on line 2 of target/hotel_Service.train"),
        ("s\t0\tno towels\t0 1 0 0", "4 marks for 2 words"),
        ("s\t0\tno towels\t1", "1 marks for 2 words"),
        ("s\t0\tno towels\t", "0 marks for 2 words"),
        ("s\t0\tno towels\t0 2", "the mark '2' on line 2"),
        ("s\t0\tno towels\t0 True", "the mark 'True' on line 2"),
        ("s\t0\tno towels", "3 columns on line 2 of target/hotel_Service.train, and 5"),
        ("s\t0\tno\ttowels\t0 1\t0 0\t0", "7 columns on line 2"),
        ("s\tgood\tno towels\t0 1", "the label 'good' on line 2 of .*, and not 0 or 1"),
        ("s\t0.7\tno towels\t0 1", "the label '0.7' on line 2"),
        ("s\t\tno towels\t0 1", "the label '' on line 2"),
    ],
)
def test_a_damaged_line_says_which(tmp_path, row, said):
    with pytest.raises(ValueError, match=rf"path='.*' has {said}"):
        annotated(tmp_path, row)


@pytest.mark.parametrize("rating", ["1.01", "-0.2", "nan", "inf"])
def test_a_rating_out_of_range_says_so(tmp_path, rating):
    lay(tmp_path, {"target/beer1.test": [HEADER, f"beer1\t{rating}\thops"]})
    with pytest.raises(ValueError, match=f"label '{rating}' on line 2 .* between 0 and 1"):
        read_r2a(tmp_path, "aroma", "test")


@pytest.mark.parametrize(
    ("header", "column"),
    [(HEADER, "rationale"), ("0\ttext\trationale", "label"), ("", "label"), ("label", "text")],
)
def test_a_missing_column_is_named(tmp_path, header, column):
    with pytest.raises(ValueError, match=f"no column '{column}' in the first line"):
        annotated(tmp_path, header=header)


def test_files_that_are_none_say_so(tmp_path):
    lay(tmp_path, {"target/beer1.test": [HEADER, "beer1\t1\tcafé"]}, encoding="latin-1")
    with pytest.raises(ValueError, match=r"target/beer1\.test, which is not UTF-8 text"):
        read_r2a(tmp_path, "aroma", "test")
    lay(tmp_path, {"target/beer1.test": [HEADER, "beer1\t.5\tso so"]})
    with pytest.raises(ValueError, match=r"no document in target/beer1\.test: correct"):
        read_r2a(tmp_path, "aroma", "test")
    with pytest.raises(FileNotFoundError, match=r"no oracle/beer1\.train: give data\.zip"):
        read_r2a(tmp_path, "aroma")
    with pytest.raises(FileNotFoundError, match=r"no oracle/beer1\.train: give data\.zip"):
        read_r2a(tmp_path / "nowhere", "aroma")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"aspect": "taste"}, "aspect='taste' does not exist"),
        ({"aspect": ["look"]}, r"aspect=\['look'\] does not exist"),
        ({"subset": "dev"}, "subset='dev' does not exist"),
        ({"collection": "target"}, "collection='target' does not exist"),
        ({"aspect": "service", "collection": "source"}, "no aspect='service', which is of hotels"),
        ({"repair": True}, "repair=True is unknown"),
    ],
)
def test_unknown_parts_say_so(tmp_path, parameters, said):
    with pytest.raises(ValueError, match=said):
        read_r2a(tmp_path, **{"aspect": "look", **parameters})


def test_leaks_are_counted_and_warned_of(published):
    counted = (
        "'train' holds texts of other parts, 1 of the 2 of 'val' and 1 of the 2 of 'annotated': "
        'give repair="leaks"'
    )
    with pytest.warns(UserWarning, match=counted) as found:
        read_r2a(published, "look")
    assert found[0].filename == __file__
    with pytest.warns(UserWarning, match="'val' holds texts of other parts, 1 of the 2 of 'test':"):
        read_r2a(published, "look", "val")


def test_leaks_are_left_out_of_what_models_are_trained_on(published):
    train = read_r2a(published, "look", repair="leaks")
    assert train.texts == [ORACLE[1].split("\t")[2], ORACLE[3].split("\t")[2], ""]
    assert train.lines.tolist() == [2, 4, 6]
    assert train.target.tolist() == ["positive", "positive", "negative"]
    assert train.n_left_out == 2
    val = read_r2a(published, "look", "val", repair="leaks")
    assert (val.texts, val.n_left_out) == (["NO HEAD , and it is brown"], 1)
    for part in ("test", "annotated"):
        whole = read_r2a(published, "look", part, repair="leaks")
        assert (len(whole.texts), whole.n_left_out) == (2, 0)


def test_nothing_is_said_where_nothing_leaks(tmp_path):
    empty = {"oracle/beer0.train": [*ORACLE[:2], "beer0\t0\t"], "oracle/beer0.dev": DEV[:1]}
    lay(tmp_path, {**LOOK, **empty, "target/beer0.test": [HEADER, "beer0\t0\t "]})
    assert len(read_r2a(tmp_path, "look").texts) == 2  # two empty texts are no leak
    assert read_r2a(tmp_path, "look", repair="leaks").n_left_out == 0


def test_parts_that_are_not_there_are_not_compared(tmp_path):
    lay(tmp_path, {"oracle/beer0.train": ORACLE})
    assert len(read_r2a(tmp_path, "look").texts) == 5
    with pytest.raises(FileNotFoundError, match=r"no target/beer0\.train"):
        read_r2a(tmp_path, "look", repair="leaks")


def test_all_that_leaks_leaves_nothing(tmp_path):
    lay(tmp_path, {**LOOK, "oracle/beer0.train": [HEADER, ORACLE[4]]})
    with pytest.raises(ValueError, match=r"beer0\.train but the 1 that repair leaves out"):
        read_r2a(tmp_path, "look", repair="leaks")


def test_the_digest_is_that_of_the_file(tmp_path):
    table = lay(tmp_path, LOOK) / "target/beer0.test"
    for digest in (sha256(table), sha256(table).upper(), {"target/beer0.test": sha256(table)}):
        assert len(read_r2a(tmp_path, "look", "test", digest=digest).texts) == 2
    table.write_bytes(b"\xff")  # is not even read
    with pytest.raises(ValueError, match=rf"SHA-256 {sha256(table)}, and digest is 0{{64}}: .*not"):
        read_r2a(tmp_path, "look", "test", digest="0" * 64)


def test_the_digest_is_that_of_the_archive(tmp_path):
    path = zipped(tmp_path / "data.zip", LOOK)
    assert len(read_r2a(path, "look", "test", digest=sha256(path)).texts) == 2
    member = hashlib.sha256("\n".join(TEST).encode()).hexdigest()
    assert read_r2a(path, "look", "test", digest={"target/beer0.test": member}).texts
    path.write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"data\.zip' has the SHA-256 .* and digest is 1{64}"):
        read_r2a(path, "look", "test", digest="1" * 64)


def test_digests_of_other_files_are_compared_when_these_are_read(tmp_path):
    lay(tmp_path, LOOK)
    wrong = {"target/beer0.train": "0" * 64}
    with pytest.raises(ValueError, match=r"target/beer0\.train' has the SHA-256"):
        read_r2a(tmp_path, "look", repair="leaks", digest=wrong)
    of_another = {"oracle/hotel_Location.dev": "0" * 64}
    assert read_r2a(tmp_path, "look", "test", digest=of_another).texts


@pytest.mark.parametrize(
    ("digest", "error", "said"),
    [
        ("abc", ValueError, "'abc' for 'target/beer0.test': give its SHA-256, 64 hexadecimal"),
        ({"beer0.test": "0" * 64}, ValueError, "one for 'beer0.test', which is not read"),
        ({"target/beer0.test": b"0"}, ValueError, "b'0' for 'target/beer0.test'"),
        (12, TypeError, "digest is a int"),
    ],
)
def test_what_is_no_digest_says_so(tmp_path, digest, error, said):
    with pytest.raises(error, match=said):
        read_r2a(lay(tmp_path, LOOK), "look", "test", digest=digest)


def test_classes_are_balanced_after_repair(tmp_path):
    rows = [f"beer0\t{int(n % 4 > 0)}\tbeer number {n}" for n in range(40)]
    leaks = [f"beer0\t0\tBEER number {n}\t0 0 0" for n in (0, 8)]
    lay(tmp_path, {"oracle/beer0.train": [HEADER, *rows]})
    lay(tmp_path, {"target/beer0.train": [f"{HEADER}\trationale", *leaks]})
    parameters = {"repair": "leaks", "balance": True}
    drawn = read_r2a(tmp_path, "look", random_state=0, **parameters)
    assert np.unique(drawn.target, return_counts=True)[1].tolist() == [8, 8]
    assert drawn.lines.tolist() == sorted(set(drawn.lines))
    whole = read_r2a(tmp_path, "look", repair="leaks")
    assert set(drawn.texts) < set(whole.texts)
    assert set(whole.lines[whole.target == "negative"]) <= set(drawn.lines)
    assert read_r2a(tmp_path, "look", random_state=0, **parameters).texts == drawn.texts
    assert read_r2a(tmp_path, "look", random_state=1, **parameters).texts != drawn.texts


def test_one_class_cannot_be_balanced(tmp_path):
    lay(tmp_path, {"oracle/beer0.train": ORACLE[:2]})
    with pytest.raises(ValueError, match=r"balance=True, and .* one class alone"):
        read_r2a(tmp_path, "look", balance=True)


def test_what_is_no_archive_says_so(tmp_path):
    path = zipped(tmp_path / "data.zip", LOOK)
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("data/target/beer0.test")
    whole = path.read_bytes()
    start = member.header_offset + 30 + len(member.filename)
    path.write_bytes(whole[:start] + b"\xff\xff\xff" + whole[start + 3 :])
    with pytest.raises(ValueError, match="not a complete zip archive"):
        read_r2a(path, "look", "test")
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not a complete zip archive"):
        read_r2a(path, "look", "test")


def test_an_archive_opens_no_other_path(tmp_path):
    lay(tmp_path, LOOK)
    path = zipped(tmp_path / "data.zip", {"oracle/beer0.train": ORACLE})
    with pytest.raises(FileNotFoundError, match=r"no target/beer0\.test"):
        read_r2a(path, "look", "test")


def test_files_beyond_all_measure_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_r2a, "_MOST_BYTES", 20)
    for path in (lay(tmp_path, LOOK), zipped(tmp_path / "data.zip", LOOK)):
        with pytest.raises(ValueError, match=r"bytes in target/beer0\.test, and at most 20"):
            read_r2a(path, "look", "test")


words = st.sampled_from(WORDS) | st.text(min_size=1, max_size=5).filter(lambda w: w.split() == [w])
documents = st.lists(
    st.tuples(st.booleans(), st.lists(st.tuples(words, st.booleans()), max_size=8)), min_size=1
)


@given(documents, st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_comes_back(tmp_path_factory, found, end):
    rows = [
        "\t".join(
            [
                "hotel_Location",
                str(int(label)),
                " ".join(word for word, _ in marked),
                " ".join(str(int(mark)) for _, mark in marked),
            ]
        )
        for label, marked in found
    ]
    folder = tmp_path_factory.mktemp("data")
    lay(folder, {"target/hotel_Location.train": [f"{HEADER}\trationale", *rows]}, end=end)
    corpus = read_r2a(folder, "location", "annotated")
    assert [text.split() for text in corpus.texts] == [[w for w, _ in own] for _, own in found]
    assert (corpus.target == "positive").tolist() == [label for label, _ in found]
    for mask, (_, own) in zip(corpus.masks, found, strict=True):
        assert mask[: len(own)].tolist() == [mark for _, mark in own]
        assert not mask[len(own) :].any()


texts = st.lists(st.sampled_from(["a b", "A  b", "a", "b", "c d", "C\u2009D", "ß", "SS", ""]))


@given(texts, texts, texts, texts)
def test_no_text_of_a_repaired_part_is_elsewhere(tmp_path_factory, train, val, test, marked):
    folder = tmp_path_factory.mktemp("data")
    parts = {"oracle/beer1.train": train, "oracle/beer1.dev": val, "target/beer1.test": test}
    lay(folder, {name: [HEADER, *(f"b\t1\t{t}" for t in own)] for name, own in parts.items()})
    rows = [f"b\t1\t{text}\t{' '.join('0' for _ in text.split())}" for text in marked]
    lay(folder, {"target/beer1.train": [f"{HEADER}\trationale", *rows]})

    def key(text):
        return tuple(word.casefold() for word in text.split())

    for part, own, others in (
        ("train", train, [*val, *test, *marked]),
        ("val", val, [*test, *marked]),
    ):
        seen = {key(text) for text in others}
        left = [text for text in own if not key(text) or key(text) not in seen]
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            if left:
                repaired = read_r2a(folder, "aroma", part, repair="leaks")
                assert repaired.texts == [" ".join(text.split()) for text in left]
                assert repaired.n_left_out == len(own) - len(left)
            assert not said
            if own:
                read_r2a(folder, "aroma", part)
            assert bool(said) == (len(left) < len(own))


def test_rationales_can_be_learnt_and_compared_with(tmp_path):
    rng = random.Random(0)
    rows = []
    for n in range(60):
        says = "sparkling" if n % 2 else "dull"
        filler = rng.choices(["the", "glass", ",", "of", "beer"], k=7)
        place = rng.randrange(7)
        filler[place] = says
        marks = " ".join(str(int(i == place)) for i in range(7))
        rows.append(f"beer0\t{n % 2}\t{' '.join(filler)}\t{marks}")
    lay(tmp_path, {"target/beer0.train": [f"{HEADER}\trationale", *rows]})
    corpus = read_r2a(tmp_path, "look", "annotated")
    clf = SelectiveRationaleClassifier(
        tokenizer=WhitespaceTokenizer(), rationale_length=1, random_state=0
    )
    clf.fit(corpus.texts, corpus.target, rationales=corpus.masks)
    assert clf.classes_.tolist() == ["negative", "positive"]
    assert token_f1_score(corpus.masks, clf.transform(corpus.texts)) > 0.9
