from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from sklearn_irx import Rationale
from sklearn_irx.inspection import SummaryTable, to_rich
from sklearn_irx.text import WordTokenizer


def rationale(text, words, *, label="bad", case=None, limit=None):
    tokens = WordTokenizer()(text)[:limit]
    mask = np.array([token.text in words for token in tokens], dtype=bool)
    spans = [(token.start, token.end) for token in tokens]
    return Rationale(text, [token.text for token in tokens], spans, mask, label, 0.876, case)


def printed(renderable, **options):
    console = Console(file=StringIO(), width=200, **options)
    console.print(renderable)
    return console.file.getvalue()


def test_the_first_line_says_what_was_predicted_and_from_how_much():
    head = str(to_rich(rationale("A dull film.", {"dull"}, case="convinced_2"))).splitlines()[0]
    assert head == "bad · 88 % · 1 of 3 words · 1 span · convinced_2"


@pytest.mark.parametrize(("y_true", "end"), [("bad", "right"), ("fine", "wrong, true label: fine")])
def test_a_true_label_is_compared(y_true, end):
    head = str(to_rich(rationale("A dull film.", {"dull"}), y_true=y_true)).splitlines()[0]
    assert head.endswith(f"· {end}")


def test_a_true_label_may_be_none():
    assert "true label: None" in str(to_rich(rationale("Dull.", {"dull"}), y_true=None))


def test_selected_words_stand_out_without_colours():
    output = printed(
        to_rich(rationale("A dull film.", {"dull"})), force_terminal=True, no_color=True
    )
    assert "\x1b[1;7mdull\x1b[0m" in output


def test_selected_words_can_be_put_in_brackets():
    text = to_rich(rationale("A dull, dull film.", {"dull"}), marks=("<", ">"))
    assert str(text).endswith("A <dull, dull> film.")


def test_markup_of_rich_in_documents_and_labels_is_printed_as_it_is():
    text = "[bold]Dull[/bold] [link=https://example.org]film[/link] :smile: [/]"
    output = printed(to_rich(rationale(text, {"dull"}, label="[red]bad[/red]"), y_true="[/]"))
    assert text in output
    assert "[red]bad[/red]" in output


@pytest.mark.parametrize(
    "evil", ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x08", "\x00", "\u202e", "\u2066"]
)
def test_control_characters_do_not_reach_the_terminal(evil):
    output = printed(
        to_rich(rationale(f"A {evil}dull film{evil}.", {"dull"}, label=f"b{evil}"), y_true=evil)
    )
    assert not set(evil[:1]) & set(output)
    assert "dull" in output


def test_line_ends_and_tabs_of_a_document_stay():
    assert str(to_rich(rationale("One\r\ntwo\rthree\n\tfour", set()))).endswith(
        "\nOne\ntwo\nthree\n\tfour"
    )


def test_a_label_stays_on_its_line():
    assert str(to_rich(rationale("Dull.", set(), label="a\nb"))).startswith("a b · ")


def test_half_a_character_can_be_printed():
    str(to_rich(rationale("dull \ud800 film", {"dull"}, label="\udfff"))).encode("utf-8")


def test_what_the_model_did_not_read_is_counted_and_not_shown():
    text = str(to_rich(rationale("one two three four", {"two"}, limit=2)))
    assert text.endswith("\none two … (11 more characters, not read)")


def test_of_a_long_document_the_sentences_around_the_rationale_are_shown():
    text = "Then more came. " * 20 + "So it was a dull,\ndull film. " + "Then more came. " * 30
    shown = str(to_rich(rationale(text, {"dull"}), marks=("[", "]"))).split("\n", 1)[1]
    assert shown == "(… 60 words …) So it was a [dull,\ndull] film. (… 90 words …)"
    whole = str(to_rich(rationale(text, {"dull"}), marks=("[", "]"), whole=True)).split("\n", 1)[1]
    assert whole == text.replace("dull,\ndull", "[dull,\ndull]")


def test_a_document_read_to_the_end_keeps_its_last_punctuation():
    assert str(to_rich(rationale("one two! ...", {"two"}))).endswith("\none two! ...")


@pytest.mark.parametrize("text", ["", "...", "\n"])
def test_a_document_without_words_is_shown(text):
    assert "no word selected of 0" in str(to_rich(rationale(text, set())))


def test_a_share_just_below_one_is_not_called_certain():
    sure = Rationale("a", ["a"], [(0, 1)], np.array([True]), "bad", 0.999)
    assert "> 99 %" in str(to_rich(sure))


def test_a_table_prints_its_cells_literally():
    table = SummaryTable("Models", ["", "accuracy"], [["[b]one[/b]", "0.5"]], note="[i]how[/i]")
    output = printed(table.to_rich())
    assert all(text in output for text in ("Models", "[b]one[/b]", "0.5", "[i]how[/i]"))


def test_a_table_with_a_missing_cell_is_refused():
    with pytest.raises(ValueError, match="row 1 of the table 'Models' has 1 cells; it has 2"):
        SummaryTable("Models", ["", "accuracy"], [["one", "0.5"], ["two"]])


def test_an_empty_rationale_says_so():
    head = str(to_rich(rationale("A dull film.", set()))).splitlines()[0]
    assert head == "bad · 88 % · no word selected of 3"
