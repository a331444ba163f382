"""The page in a real browser, by mouse and by keys: what it answers, keeps and gives away."""

import json
import time

import pytest

from sklearn_irx.workbench._bench import Workbench
from sklearn_irx.workbench._questions import Person, Question
from tests.workbench.browsing import (
    FIRST,
    PERSON,
    all_of,
    choose,
    click_words,
    find,
    marked,
    open_with,
    reach,
    readings,
    said,
    served,
    settled,
    severe,
    type_in,
    wait_until,
)


def test_text_words_person_and_decision_by_mouse(browser, server, pair, disputed):
    bench = Workbench(pair)
    browser.get(server.link)
    assert browser.title == "Hotels"
    assert not find(browser, "#results").is_displayed()
    find(browser, "#text").send_keys(disputed)
    settled(browser)
    answer = bench.ask(Question(disputed))
    own = answer.participants[0].rationale
    assert [one.lower() for one in marked(browser, FIRST)] == own.words
    assert said(browser, f"{FIRST} .verdict").split("\n") == [own.label, f"{own.confidence:.2f}"]
    assert said(browser, "#decision .sentence") == answer.decision.sentence
    assert len(readings(browser, FIRST)) == 1
    assert "given no class" in said(browser, f"{FIRST} .how")

    out = next(iter(answer.participants[0].own_words))
    click_words(browser, FIRST, out)
    settled(browser)
    edit = tuple(answer.participants[0].own_words[1:])
    edited = bench.ask(Question(disputed, edits={0: edit}))
    wait_until(browser, lambda: find(browser, f"{FIRST} [data-edited]").is_displayed())
    first = edited.participants[0].rationale
    assert said(browser, f"{FIRST} .verdict").split("\n") == [
        first.label,
        f"{first.confidence:.2f}",
    ]
    assert said(browser, "#decision .sentence") == edited.decision.sentence
    assert "Changed by hand" in said(browser, f"{FIRST} .how")
    find(browser, f"{FIRST} [data-reset]").click()
    settled(browser)
    wait_until(browser, lambda: not find(browser, f"{FIRST} [data-edited]").is_displayed())
    assert [one.lower() for one in marked(browser, FIRST)] == own.words

    find(browser, "[data-join]").click()
    assert "Choose a class" in said(browser, f"{PERSON} .size")
    click_words(browser, PERSON, 2, 3)
    choose(browser, "#label", "1")
    settled(browser)
    joined = bench.ask(Question(disputed, person=Person((2, 3), 1, 0.8)))
    wait_until(browser, lambda: len(readings(browser, FIRST)) == 2)
    assert said(browser, "#decision .sentence") == joined.decision.sentence
    assert "convinced" in said(browser, "#decision .rule")
    label = pair.classes_[1]
    assert readings(browser, FIRST)[1].startswith(f"You: {label} 0.80")
    for reader, line in enumerate(readings(browser, PERSON)):
        read = joined.probabilities[reader, 2]
        assert line.startswith(
            f"Model {reader + 1}: {pair.classes_[read.argmax()]} {read.max():.2f}"
        )
    find(browser, f"{PERSON} [data-leave]").click()
    settled(browser)
    wait_until(browser, lambda: len(readings(browser, FIRST)) == 1)
    assert said(browser, "#decision .sentence") == answer.decision.sentence
    assert severe(browser) == []


def test_all_of_it_by_keys_alone(browser, server, pair, disputed):
    from selenium.webdriver.common.keys import Keys

    browser.get(server.link)
    reach(browser, "#text")
    type_in(browser, disputed)
    settled(browser)
    before = marked(browser, FIRST)
    reach(browser, f"{FIRST} .word")
    type_in(browser, Keys.END, Keys.SPACE)
    type_in(browser, Keys.HOME, Keys.ARROW_RIGHT, Keys.ENTER)
    words = [one.text for one in all_of(browser, f"{FIRST} .word")]
    settled(browser)
    changed = [one.text for one in all_of(browser, f"{FIRST} .word[data-changed]")]
    assert changed == [words[1], words[-1]]
    assert len(marked(browser, FIRST)) - len(before) in (-2, 0, 2)
    type_in(browser, Keys.ARROW_DOWN)
    focused = "return document.activeElement.offsetTop > arguments[0].offsetTop"
    assert browser.execute_script(focused, all_of(browser, f"{FIRST} .word")[1])
    type_in(browser, Keys.ARROW_UP, Keys.ARROW_UP)
    at = "return [...document.querySelectorAll(arguments[0])].indexOf(document.activeElement)"
    assert browser.execute_script(at, f"{FIRST} .word") in (0, 1, 2)
    reach(browser, f"{FIRST} [data-reset]")
    type_in(browser, Keys.ENTER)
    settled(browser)
    wait_until(browser, lambda: marked(browser, FIRST) == before)
    reach(browser, "[data-join]")
    type_in(browser, Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "label"
    type_in(browser, str(pair.classes_[2])[:3])
    reach(browser, "#sure")
    type_in(browser, Keys.END)
    assert said(browser, "#sure-said") == "100 %"
    reach(browser, f"{PERSON} .word")
    type_in(browser, Keys.SPACE, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    from selenium.webdriver import ActionChains

    chain = ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.SPACE).key_up(Keys.SHIFT)
    chain.perform()
    settled(browser)
    assert marked(browser, PERSON) == words[:3]
    expected = Workbench(pair).ask(Question(disputed, person=Person((0, 1, 2), 2, 1.0)))
    wait_until(browser, lambda: said(browser, "#decision .sentence") == expected.decision.sentence)
    reach(browser, f"{PERSON} [data-leave]")
    type_in(browser, Keys.ENTER)
    settled(browser)
    assert browser.execute_script("return document.activeElement.hasAttribute('data-join')")


def test_the_case_for_a_class(browser, server, pair, disputed):
    open_with(browser, server.link, disputed)
    for target, label in enumerate(pair.classes_):
        choose(browser, "#target", str(target))
        settled(browser)
        case = Workbench(pair).ask(Question(disputed, target=target)).participants[0].case
        wait_until(
            browser,
            lambda label=label: f"The case for {label}:" in said(browser, f"{FIRST} .outcome"),
        )
        assert [one.lower() for one in marked(browser, FIRST)] == case.words
        assert case.outcome() in said(browser, f"{FIRST} .outcome")
        assert "the model's own rationale was not" in said(browser, f"{FIRST} .how")
    click_words(browser, FIRST, 0)  # these are the model's, and cannot be changed
    assert [one.lower() for one in marked(browser, FIRST)] == case.words
    find(browser, f"{FIRST} [data-use]").click()
    settled(browser)
    wait_until(browser, lambda: not find(browser, f"{FIRST} .outcome").is_displayed())
    assert [one.lower() for one in marked(browser, FIRST)] == case.words


def test_a_text_is_searched_and_chosen(browser, server, texts):
    browser.get(server.link)
    find(browser, "summary").click()
    wait_until(browser, lambda: len(all_of(browser, "#found li")) == 8)
    assert said(browser, "#place") == f"1 to 8 of {len(texts)}"
    find(browser, "#next").click()
    wait_until(browser, lambda: said(browser, "#place").startswith("9 to 16"))
    word = texts[11].split()[-1]
    find(browser, "#search").send_keys(word.upper())
    wait_until(browser, lambda: said(browser, "#place").startswith("1 to"))
    lines = [one.text for one in all_of(browser, "#found button")]
    place = next(i for i, line in enumerate(lines) if line[:60] == texts[11][:60])
    all_of(browser, "#found button")[place].click()
    settled(browser)
    assert find(browser, "#text").get_attribute("value") == texts[11]


def test_a_link_reproduces_everything(browser, server, disputed):
    open_with(browser, server.link, disputed + " “quoted” & 100 % #")
    click_words(browser, FIRST, 0, 2)
    find(browser, "[data-join]").click()
    click_words(browser, PERSON, 1, 5)
    choose(browser, "#label", "2")
    settled(browser)
    time.sleep(0.4)  # the address follows a moment later

    def state():
        settled(browser)
        return browser.execute_script(
            "return [JSON.stringify(state), document.querySelector('#cards').innerText,"
            "document.querySelector('#decision').innerText]"
        )

    wait_until(browser, lambda: "you=" in browser.current_url)
    before, link = state(), browser.current_url
    browser.get("about:blank")
    browser.get(link)
    wait_until(browser, lambda: state() == before)
    # Nothing of it is sent as a part of an address.
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [
        one["params"]["request"]["url"]
        for one in sent
        if one["method"] == "Network.requestWillBeSent"
    ]
    assert addresses
    assert not [address for address in addresses if "quoted" in address]
    # Another link in the same tab.
    browser.execute_script("location.hash = 'text=Ants.&you=9:999:0-99999999&edit=7:1&class=x'")
    wait_until(browser, lambda: find(browser, "#text").get_attribute("value") == "Ants.")
    settled(browser)
    assert len(all_of(browser, f"{FIRST} .word")) == 1


def test_copying_gives_the_link(browser, server, disputed):
    open_with(browser, server.link, disputed)
    find(browser, "#copy").click()
    wait_until(browser, lambda: said(browser, "#copied") != "")
    if "Copy it from here" in said(browser, "#copied"):
        assert find(browser, "#link").get_attribute("value") == browser.current_url
    else:
        assert said(browser, "#copied") == "Copied."


@pytest.mark.parametrize(
    ("kind", "name"),
    [("json", "answer.json"), ("label_studio", "tasks.json"), ("doccano", "documents.jsonl")],
)
def test_files_are_saved(browser, server, disputed, tmp_path, kind, name):
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    open_with(browser, server.link, disputed)
    choose(browser, "#format", kind)
    if kind != "json":
        choose(browser, "#of", "1")
    find(browser, "#save").click()
    wait_until(browser, lambda: said(browser, "#copied") == f"Saved as {name}.")
    wait_until(browser, lambda: (tmp_path / name).is_file())
    content = json.loads((tmp_path / name).read_text(encoding="utf-8"))
    assert disputed in json.dumps(content, ensure_ascii=False)


def test_two_tabs_do_not_disturb_each_other(browser, server, texts):
    open_with(browser, server.link, texts[0])
    first = browser.current_window_handle
    before = said(browser, f"{FIRST} .words"), said(browser, "#decision")
    browser.switch_to.new_window("tab")
    open_with(browser, server.link, texts[1])
    click_words(browser, FIRST, 0, 1, 2)
    settled(browser)
    browser.close()
    browser.switch_to.window(first)
    assert (said(browser, f"{FIRST} .words"), said(browser, "#decision")) == before
    click_words(browser, FIRST, 0)
    settled(browser)
    assert find(browser, "#text").get_attribute("value") == texts[0]


def test_a_server_that_is_gone_and_comes_back(browser, folder, disputed):
    with served(folder / "pair", "--port", 0) as running:
        port = running.port
        open_with(browser, running.link, disputed)
    click_words(browser, FIRST, 0)
    wait_until(browser, lambda: "does not answer" in said(browser, "#lost"))
    assert "kept here" in said(browser, "#lost")
    find(browser, "#text").send_keys(" And more ants.")
    find(browser, "#lost button").click()
    wait_until(browser, lambda: find(browser, "#lost").is_displayed())
    assert find(browser, "#text").get_attribute("value") == disputed + " And more ants."
    with served(folder / "pair", "--port", port):
        find(browser, "#lost button").click()
        wait_until(browser, lambda: not find(browser, "#lost").is_displayed())
        settled(browser)
        assert said(browser, f"{FIRST} .words").endswith("And more ants.")


def test_what_is_too_long_is_said_and_kept(browser, server):
    browser.get(server.link)
    browser.execute_script(
        "const field = document.querySelector('#text'); field.value = 'ants '.repeat(20001);"
        "field.dispatchEvent(new Event('input'))"
    )
    wait_until(browser, lambda: "shorten it" in said(browser, "#problem"))
    assert len(find(browser, "#text").get_attribute("value")) == 100_005
