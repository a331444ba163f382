"""What is folded of a long document, so that the sentences around selected words remain."""

import re
from html import unescape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import Rationale
from sklearn_irx.text import HTMLTokenizer, WhitespaceTokenizer, WordTokenizer, harmless


def rationale_of(text, chosen, tokenize=None, **others):
    """A rationale of the words at some positions, or of these words."""
    tokens = list((tokenize or WordTokenizer())(text))
    mask = np.array([i in chosen or word in chosen for i, (word, _, _) in enumerate(tokens)], bool)
    words, spans = [word for word, _, _ in tokens], [(start, end) for _, start, end in tokens]
    return Rationale(text, words, spans, mask, "bad", 0.9, **others)


def shown(rationale):
    """The document with its rationale in brackets, and numbers in place of what is folded."""
    return "".join(
        f"<{piece.n_folded}>"
        if piece.n_folded
        else f"[{piece.text}]"
        if piece.selected
        else piece.text
        for piece in rationale.pieces()
    )


def filler(n_sentences):
    return " ".join(["Then more of it came."] * n_sentences)


def test_the_sentence_around_a_passage_is_shown_and_the_rest_folded():
    text = f"{filler(8)} Well, it was a dull, dull film. Really. {filler(6)}"
    assert shown(rationale_of(text, {"dull"})) == "<40> Well, it was a [dull, dull] film. <31>"


def test_a_passage_over_several_sentences_is_one_piece_with_all_between():
    text = f'{filler(8)} It was "dull.\n\nTruly - dull" to me. {filler(9)}'
    assert (
        shown(rationale_of(text, range(42, 45)))
        == '<40> It was "[dull.\n\nTruly - dull]" to me. <45>'
    )


@pytest.mark.parametrize(("n_sentences", "folded"), [(12, False), (13, True)])
def test_a_short_document_is_whole(n_sentences, folded):
    pieces = list(rationale_of(filler(n_sentences), {0}).pieces())
    assert any(piece.n_folded for piece in pieces) == folded


def test_contexts_that_meet_are_one_and_a_few_words_between_are_not_folded():
    text = f"{filler(4)} A dull film. So there. As I said, it was dull. {filler(16)}"
    expected = "<20> A [dull] film. So there. As I said, it was [dull]. <80>"
    assert shown(rationale_of(text, {"dull"})) == expected


def test_where_nearly_all_would_be_shown_all_is():
    text = " ".join(["It was a dull film."] * 20 + [filler(3)])
    assert shown(rationale_of(text, {"dull"})).endswith(filler(3))
    assert "<15>" not in shown(rationale_of(text, {"dull"}))


def test_of_a_sentence_without_end_twenty_words_on_either_side_are_shown():
    words = [f"w{i}" for i in range(200)]
    parts = ["<80>", *words[80:100], "[w100]", *words[101:121], "<79>"]
    assert shown(rationale_of(" ".join(words), {"w100"})) == " ".join(parts)


def test_without_a_selected_word_the_first_sentence_is_shown():
    assert shown(rationale_of(f"It was dull. {filler(20)}", set())) == "It was dull. <100>"


def test_signs_stay_with_their_words_and_line_ends_around_a_fold_stay():
    text = f"It was dull!”\n\n“{filler(20)}”\r\n\r\n(A dull end.)"
    assert shown(rationale_of(text, {"dull"})) == "It was [dull]!”\n\n<100>\n\n(A [dull] end.)"


def test_what_was_not_read_is_no_part_of_a_fold():
    text = f"It was dull. {filler(30)}"
    whole = rationale_of(text, {"dull"})
    read = Rationale(
        text, whole.tokens[:100], whole.spans[:100], whole.mask[:100], "bad", 0.9, max_length=100
    )
    assert shown(read) == "It was [dull]. <97>"
    n = len(text) - whole.spans[99][1]
    assert read.to_html().endswith(
        f'</details><i class="unread"> … {n} more characters, not read</i>'
    )


def test_folds_are_found_in_html_and_in_texts_that_are_tokenized():
    rows = "<li>Then more of it came</li>" * 20
    source = f"<p>It was <b>dull</b></p><ul>{rows}</ul>"
    assert shown(rationale_of(source, {"dull"}, HTMLTokenizer())).startswith("<p>It was <b>[dull]<")
    assert "<100>" in shown(rationale_of(source, {"dull"}, HTMLTokenizer()))
    spaced = "it was dull . " + "then more of it came . " * 20
    assert shown(rationale_of(spaced, {"dull"}, WhitespaceTokenizer())) == "it was [dull] . <120>"


SENTENCES = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from([". ", "! ", "\n\n", "。", "? “"])), max_size=8
)


@given(SENTENCES, st.data())
def test_the_sentences_of_selected_words_are_shown_and_no_word_is_lost(sentences, data):
    sentence_of = [i for i, (n, _) in enumerate(sentences) for _ in range(n)]
    n_words = len(sentence_of)
    chosen = data.draw(st.sets(st.integers(0, max(0, n_words - 1)), max_size=4)) if n_words else {}
    numbers = iter(range(n_words))
    text = "".join(" ".join(f"W{next(numbers)}" for _ in range(n)) + end for n, end in sentences)
    rationale = rationale_of(text, chosen)
    pieces = list(rationale.pieces())
    assert "".join(piece.text for piece in pieces) == text
    assert [p.text for p in pieces if p.selected] == [p for p, yes in rationale.segments() if yes]
    whole = list(rationale.pieces(whole=True))
    assert [(p.text, p.selected) for p in whole] == list(rationale.segments())
    folded = set()
    for piece in pieces:
        words = (
            {int(number) for number in re.findall(r"W(\d+)", piece.text)} if piece.n_folded else {}
        )
        assert len(words) == piece.n_folded
        assert not piece.n_folded or piece.n_folded >= 10
        folded |= set(words)
    assert not folded or (n_words > 60 and len(folded) >= n_words / 5)
    near = {
        word
        for word in range(n_words)
        for one in chosen
        if sentence_of[word] == sentence_of[one] and abs(word - one) <= 20
    }
    assert not folded & near
    if chosen and folded:  # what is left is near, or too little to fold
        left = sorted(set(range(n_words)) - folded - near)
        runs = np.split(left, np.flatnonzero(np.diff(left) > 1) + 1)
        assert all(len(run) < 10 for run in runs)


HOSTILE = [
    "</details><script>alert(1)</script>",
    "<summary onclick='x'>",
    "\x1b[2J\u202e",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_is_folded_is_escaped_as_all_else(evil):
    rationale = rationale_of(f"{evil} It was dull. " + f"{evil} and more. " * 40, {"dull"})
    html = rationale.to_html()
    folds = re.findall(
        r'<details class="fold"><summary>… (\d+) words …</summary>([^<>]*)</details>', html
    )
    assert [int(n) for n, _ in folds] == [n for _, _, n in rationale.folds]
    assert html.count("<details") == html.count("</details>") == len(folds) > 0
    assert not set("\x1b\u202e") & set(html)
    bare = re.sub(r"<summary>.*?</summary>|<[^>]*>", "", html)
    assert unescape(bare) == harmless(rationale.text)
    assert "details" not in re.sub("&lt;.*?&gt;", "", rationale.to_html(whole=True))
