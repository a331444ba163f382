"""The answer for one document."""

import copy
import html
import itertools
import json
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import Rationale, Rationales
from sklearn_irx.text import WordTokenizer, harmless, normalize_word


def rationale_of(text, mask=None, label="bad", **others):
    tokens = WordTokenizer()(text)
    mask = np.ones(len(tokens), bool) if mask is None else np.array(mask, dtype=bool)
    return Rationale(
        text=text,
        tokens=[token.text for token in tokens],
        spans=[(token.start, token.end) for token in tokens],
        mask=mask,
        label=label,
        confidence=0.876,
        **others,
    )


@st.composite
def rationales(draw):
    text = draw(st.text(max_size=40) | st.text(alphabet="aİ <>&'\".\n", max_size=30))
    n_words = len(WordTokenizer()(text))
    return rationale_of(text, draw(st.lists(st.booleans(), min_size=n_words, max_size=n_words)))


@given(rationales())
def test_segments_join_to_the_text_and_alternate(rationale):
    segments = list(rationale.segments())
    assert "".join(piece for piece, _ in segments) == rationale.text
    assert all(piece for piece, _ in segments)
    for (_, one), (_, two) in itertools.pairwise(segments):
        assert one != two


@given(rationales())
def test_an_excerpt_has_the_selected_words_as_the_text_has_them(rationale):
    # A gap of white space alone, at the beginning or the end, is none.
    pieces = (
        piece if chosen or not piece.strip() else " … " for piece, chosen in rationale.segments()
    )
    expected = " ".join(harmless("".join(pieces)).split())
    if not rationale.mask.any():
        expected = "(no word selected)"
    assert rationale.excerpt() == expected


def test_an_excerpt_keeps_spelling_and_is_one_line():
    text = "\tThe BED was\nToo Soft, and  NOISY\x1b[31m\n"
    rationale = rationale_of(text, [1, 1, 0, 1, 1, 0, 1, 1])
    assert rationale.excerpt() == "The BED … Too Soft … NOISY[31m"
    assert rationale_of("All of\nit\n").excerpt() == "All of it"


@given(rationales())
def test_every_selected_word_and_no_other_is_in_a_selected_segment(rationale):
    selected, position = set(), 0
    for piece, chosen in rationale.segments():
        if chosen:
            selected |= set(range(position, position + len(piece)))
        position += len(piece)
    for (start, end), chosen in zip(rationale.spans, rationale.mask, strict=True):
        assert (set(range(start, end)) <= selected) == chosen
        assert chosen or not set(range(start, end)) & selected
    read = [normalize_word(rationale.text[start:end]) for start, end in rationale.spans]
    assert rationale.words == [w for w, m in zip(read, rationale.mask, strict=True) if m]


@given(rationales())
def test_html_is_the_text_with_marks_and_nothing_else(rationale):
    shown = rationale.to_html()
    marked = re.findall("<mark>(.*?)</mark>", shown, flags=re.DOTALL)
    assert [html.unescape(m) for m in marked] == [
        html.unescape(html.escape(harmless(piece)))
        for piece, chosen in rationale.segments()
        if chosen
    ]
    bare = shown.replace("<mark>", "").replace("</mark>", "")
    assert not set(bare) & set("<>\"'")
    assert bare == html.escape(harmless(rationale.text))


@pytest.mark.parametrize("mask", [[True] * 6, [False] * 6, [True, False] * 3])
def test_documents_and_labels_are_escaped(mask):
    text = "<script>alert('x')</script> <img src=\"e\">"
    label = "<script>bad</script>"
    rationale = rationale_of(text, mask, label)
    for shown in (rationale.to_html(), rationale._repr_html_()):
        assert "<script" not in shown
        assert "<img" not in shown
        assert "'" not in shown.replace(' style="white-space', "")
    assert "&lt;script&gt;bad" in rationale._repr_html_()


@pytest.mark.parametrize(
    ("text", "mask", "shown"),
    [
        ("A dull, dull film.", [0, 1, 1, 0], "bad (0.88): … dull, dull …"),
        ("A dull, dull film.", [1, 0, 0, 1], "bad (0.88): A … film …"),
        ("A dull, dull film.", [0, 0, 0, 0], "bad (0.88): (no word selected)"),
        ("dull\n\n  film", [1, 1], "bad (0.88): dull film"),
        ("", [], "bad (0.88): (no word selected)"),
    ],
)
def test_str(text, mask, shown):
    assert str(rationale_of(text, mask)) == shown


def test_what_is_shown_can_be_written_and_does_nothing_to_a_terminal():
    text = "dull\ud800 \x1b[31mfilm\a \u202efilm"
    rationale = rationale_of(text, label="\udfff\x1b[2J")
    for shown in (str(rationale), rationale.to_html(), rationale._repr_html_()):
        assert shown.encode().decode() == shown
        assert not set(shown) & set("\x1b\a\u202e")
        assert "dull\N{REPLACEMENT CHARACTER}" in shown


def test_any_label_is_shown():
    assert str(rationale_of("film", label=np.int64(3))) == "3 (0.88): film"
    assert "<b>True</b>" in rationale_of("film", label=True)._repr_html_()


def test_a_rationale_cannot_be_changed():
    with pytest.raises(AttributeError):
        rationale_of("film").label = "good"


def read_to(text, n_words, mask, max_length):
    """A rationale of a text of which only the first words were read."""
    whole = rationale_of(text)
    return Rationale(
        text, whole.tokens[:n_words], whole.spans[:n_words], np.array(mask, dtype=bool), "bad", 0.9,
        max_length=max_length,
    )  # fmt: skip


def test_what_was_not_read_is_counted_and_not_shown_as_left_out():
    text = "A dull, dull film. <Boring> to the end!"
    rationale = read_to(text, 3, [0, 1, 1], 3)
    assert rationale.unread == len(" film. <Boring> to the end!") == 27
    assert str(rationale) == "bad (0.90): … dull, dull … (27 more characters, not read)"
    for shown in (rationale.to_html(), rationale._repr_html_()):
        assert 'dull, dull</mark><i class="unread"> … 27 more characters, not read</i>' in shown
        assert "Boring" not in shown
    assert "".join(piece for piece, _ in rationale.segments()) == text
    assert "".join(piece for piece, _ in rationale.segments(unread=False)) == "A dull, dull"
    nothing = read_to(text, 3, [0, 0, 0], 3)
    assert str(nothing) == "bad (0.90): (no word selected) … (27 more characters, not read)"
    gap = read_to(text, 3, [1, 0, 0], 3)
    assert str(gap) == "bad (0.90): A … (27 more characters, not read)"


@pytest.mark.parametrize(
    ("text", "n_words", "max_length", "unread"),
    [
        ("one two three", 2, 2, 6),
        ("one two three", 2, None, 6),  # as far as one can tell
        ("one two three", 2, 300, 0),  # the tokenizer has left "three" out
        ("one two!!", 2, 2, 0),
        ("one two", 2, 2, 0),
        ("", 0, 2, 0),
        ("left out", 0, 2, 0),
    ],
)
def test_read_to_the_end_unless_words_are_left_and_the_limit_is_reached(
    text, n_words, max_length, unread
):
    assert read_to(text, n_words, [True] * n_words, max_length).unread == unread


def test_models_tell_how_far_they_read(fitted, reviews):
    text = " ".join(["room", "ants"] * 30) + " and an end."
    (long,), (short,) = fitted.explain([text]), fitted.explain(["room with ants, and an end."])
    assert long.unread == len(" and an end.")
    assert short.unread == 0
    assert "not read" in long._repr_html_()
    assert "not read" not in short._repr_html_() + str(short)


LABELS = [np.int64(3), np.str_("bad"), np.bool_(True), "bad", 3, False, np.float64(0.5), None]


@pytest.mark.parametrize("label", LABELS)
def test_as_plain_values_and_back(label):
    rationale = rationale_of(
        "A dull film.", [0, 1, 0], label, case="agree", scores=np.array([0.1, 0.9, np.nan]),
        max_length=np.int64(300),
    )  # fmt: skip
    values = json.loads(json.dumps(rationale.to_dict(), allow_nan=False))
    assert values == rationale.to_dict()
    assert values["label"] == label
    assert type(values["label"]) in (int, str, bool, float, type(None))
    assert (values["words"], values["selected_spans"]) == (["dull"], [[2, 6]])
    assert values["scores"] == [0.1, 0.9, None]
    assert (values["unread"], values["case"], values["max_length"]) == (0, "agree", 300)
    again = Rationale.from_dict(values)
    assert again.to_dict() == values
    assert again.selected_spans == rationale.selected_spans
    assert str(again) == str(rationale)
    np.testing.assert_array_equal(again.scores, rationale.scores)


@given(rationales())
def test_any_rationale_is_plain_values(rationale):
    values = json.loads(json.dumps(rationale.to_dict(), allow_nan=False))
    assert Rationale.from_dict(values).to_dict() == values == rationale.to_dict()


def test_what_was_written_before_there_were_targets_is_read():
    values = rationale_of("A dull film.", [0, 1, 0]).to_dict()
    for name in ("target", "target_confidence", "class_conditional"):
        del values[name]
    again = Rationale.from_dict(values)
    assert (again.target, again.convinced, again.how_chosen()) == (None, None, "")


def test_nothing_selected_and_nothing_read_are_there_as_such():
    values = rationale_of("A dull film.", [0, 0, 0]).to_dict()
    assert (values["words"], values["selected_spans"], values["scores"]) == ([], [], None)
    assert read_to("one two three", 1, [0], 1).to_dict()["unread"] == 10
    assert rationale_of("", []).to_dict()["tokens"] == []


@pytest.mark.parametrize(("text", "n_words"), [("A dull film.", 3), ("", 0)])
def test_an_empty_rationale_says_so_wherever_it_is_shown(text, n_words):
    empty = rationale_of(text, np.zeros(n_words))
    assert empty.size() == f"no word selected of {n_words}"
    assert f"no word selected of {n_words}" in empty._repr_html_()
    assert str(empty) == "bad (0.88): (no word selected)"
    assert rationale_of("A film").size() == "2 of 2 words · 1 span"


def test_a_list_of_rationales_is_a_list_in_all_else():
    plain = [rationale_of(f"film {number}", label=number) for number in range(5)]
    shown = Rationales(plain)
    assert isinstance(shown, list)
    assert shown == plain
    assert plain == shown
    assert shown[1] is plain[1]
    assert shown[-1] is plain[-1]
    for same, expected in [
        (shown[:3], plain[:3]),
        (shown[::-2], plain[::-2]),
        (shown[1:3] + shown[:1], plain[1:3] + plain[:1]),
        (shown.copy(), plain),
        (copy.copy(shown), plain),
    ]:
        assert type(same) is Rationales
        assert same == expected
    assert type(shown + plain) is list
    assert [*plain[:1], *shown] == plain[:1] + shown
    again = pickle.loads(pickle.dumps(shown))
    assert type(again) is Rationales
    assert [one.to_dict() for one in again] == [one.to_dict() for one in plain]
    assert json.dumps([one.to_dict() for one in shown])
    with pytest.raises(IndexError):
        shown[5]


def test_a_list_shows_the_first_documents_and_counts_the_others():
    texts = [f"<b>film {number}</b>" for number in range(25)]
    shown = Rationales(rationale_of(text, label="<i>bad</i>", case="<u>") for text in texts)
    page = shown._repr_html_()
    assert page.count("<style>") == 1
    assert page.count('<div dir="auto">') == 20
    assert re.findall(r"film (\d+)", page) == [str(number) for number in range(20)]
    assert not re.search("<(b>film|i>|u>)", page)
    assert "25 documents" in page
    assert "5 more" in page
    assert "[20:25]" in page
    lines = repr(shown).splitlines()
    assert lines[0] == "Rationales of 25 documents"
    assert lines[1] == "[0] <i>bad</i> (0.88): … b>film 0</b …"
    assert len(lines) == 22
    assert "5 more" in lines[-1]
    few = shown[:2]
    assert "more" not in repr(few) + few._repr_html_()
    assert len(repr(few).splitlines()) == 3
    assert "0 documents" in shown[:0]._repr_html_()
    assert repr(shown[:0]) == "Rationales of 0 documents"


def test_in_a_terminal_a_rationale_is_a_line():
    rationale = rationale_of("A dull,\ndull film. " * 300, label="bad\nlabel")
    for shown in (repr(rationale), repr(Rationales([rationale])).splitlines()[1]):
        assert len(shown) < 330
        assert "\n" not in shown
        assert "dull, dull film" in shown
