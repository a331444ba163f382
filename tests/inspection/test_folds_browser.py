"""What is folded of long documents, in a real browser."""

import pytest

from sklearn_irx.inspection import rationale_report, to_html
from tests.inspection.conftest import HOSTILE
from tests.inspection.test_report_browser import all_of, assert_clean, n_found, texts_of

FOLDED_TEXT = """
return [...document.querySelectorAll(arguments[0] + " .fold")].map((fold) => {
  const seen = fold.innerText.includes(fold.lastChild.data.slice(0, 20));
  return [fold.open, seen, Number(fold.firstChild.textContent.split(" ")[1])];
});
"""


@pytest.mark.parametrize("kind", ["report", "page", "notebook"])
def test_what_is_folded_is_hidden_until_it_is_opened_by_keyboard(open_page, passages, kind):
    from selenium.webdriver.common.keys import Keys

    pair, texts, _ = passages
    rationales = pair.explain(texts[:20])
    html, where = {
        "report": lambda: (rationale_report(pair, texts[:20]).html, "#list"),
        "page": lambda: (to_html(rationales), "main"),
        "notebook": lambda: (f"<!DOCTYPE html><body>{rationales._repr_html_()}", "body"),
    }[kind]()
    browser = open_page(html)
    folds = browser.execute_script(FOLDED_TEXT, where)
    assert len(folds) > 3
    assert {(is_open, seen) for is_open, seen, _ in folds} == {(False, False)}
    if kind != "report":
        assert [n for *_, n in folds] == [n for one in rationales for *_, n in one.folds]
    first = all_of(browser, f"{where} .fold > summary")[0]
    first.send_keys(Keys.ENTER)
    (is_open, seen, _), *others = browser.execute_script(FOLDED_TEXT, where)
    assert (is_open, seen) == (True, True)
    assert {seen for _, seen, _ in others} == {False}
    first.send_keys(Keys.SPACE)
    assert browser.execute_script(FOLDED_TEXT, where)[0][:2] == [False, False]


def test_a_document_of_a_report_is_shown_whole_at_once_and_folded_again(open_page, passages):
    browser = open_page(rationale_report(*passages).html)
    telling = "[aria-labelledby=telling] article:has(.fold)"
    for article in (telling, "#list article:has(.side .fold)"):
        one = browser.find_element("css selector", article)
        folds = one.find_elements("css selector", ".fold")
        (button,) = one.find_elements("css selector", "button.whole")
        assert button.text == "Show the whole text"
        button.click()
        assert all(fold.get_attribute("open") for fold in folds)
        browser.execute_async_script("setTimeout(arguments[0], 50)")
        assert button.text == "Fold the text"
        folds[0].find_element("css selector", "summary").click()
        browser.execute_async_script("setTimeout(arguments[0], 50)")
        assert button.text == "Show the whole text"
        button.click()
        button.click()
        assert not any(fold.get_attribute("open") for fold in folds)
    assert all_of(browser, "article:not(:has(.fold)) button.whole") == []
    assert_clean(browser)


def test_a_search_opens_what_it_finds(open_page, passages):
    browser = open_page(rationale_report(*passages).html)
    browser.find_element("id", "search").send_keys(word := "friday")
    assert n_found(browser) > 0
    found = browser.execute_script(
        "return [...document.querySelectorAll('#list .fold')].map((fold) =>"
        "[fold.open, fold.lastChild.textContent])"
    )
    assert {is_open for is_open, _ in found} == {False, True}
    assert all(is_open == (word in text.lower()) for is_open, text in found)


def test_attacks_stay_text_where_they_are_folded(open_page, passages):
    pair, long, y = passages
    texts = [f"{attack} {text} {attack}" for text, attack in zip(long, HOSTILE * 5, strict=False)]
    for html in (rationale_report(pair, texts, y[:20]).html, to_html(pair.exchange(texts))):
        browser = open_page(html)
        assert len(all_of(browser, ".fold")) > 3
        browser.execute_script(
            "for (const e of document.querySelectorAll('details')) e.open = true"
        )
        assert browser.execute_script("return window.hacked") is None
        inside = "return document.querySelectorAll('.text :not(mark, details, summary, i)').length"
        assert browser.execute_script(inside) == 0
        shown = texts_of(browser, "article > .text, article > .pair .text")
        assert any("</summary></details>" in text for text in shown)
        assert_clean(browser)
