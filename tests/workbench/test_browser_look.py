"""The page in a real browser: phones, attacks, screen readers, colours, and who is let in."""

import time

import pandas as pd
import pytest

from sklearn_irx import save
from sklearn_irx.workbench._bench import Workbench
from sklearn_irx.workbench._questions import Question
from tests.browsers import assert_contrast
from tests.workbench.browsing import (
    FIRST,
    PERSON,
    all_of,
    choose,
    click_words,
    find,
    marked,
    open_with,
    said,
    served,
    settled,
    severe,
    size_of,
    wait_until,
)
from tests.workbench.conftest import HOSTILE


def test_a_phone_scrolls_down_alone(browser, server, disputed):
    size_of(browser, 360, 740, mobile=True)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    width = "return document.documentElement.scrollWidth"
    browser.get(server.link)
    assert browser.execute_script(width) <= 360
    open_with(browser, server.link, f"{disputed} {'Donaudampfschifffahrt' * 8}")
    find(browser, "[data-join]").click()
    click_words(browser, PERSON, 0)
    choose(browser, "#label", "0")
    choose(browser, "#target", "1")
    settled(browser)
    find(browser, "summary").click()
    wait_until(browser, lambda: all_of(browser, "#found li"))
    assert browser.execute_script(width) <= 360
    small = (
        "return [...document.querySelectorAll('button, select, summary, input')]"
        ".filter((e) => e.offsetParent && e.type !== 'range' && e.offsetHeight < 44)"
        ".map((e) => e.outerHTML)"
    )
    assert browser.execute_script(small) == []


def test_attacks_stay_text(browser, hostile, tmp_path):
    save(hostile, tmp_path / "model")
    pd.DataFrame({"text": HOSTILE}).to_csv(tmp_path / "texts.csv", index=False)
    options = ["--port", 0, "--texts", tmp_path / "texts.csv", "--title", HOSTILE[0]]
    with served(tmp_path / "model", *options) as running:
        for attack in HOSTILE:
            open_with(browser, running.link, attack)
            browser.refresh()
            settled(browser)
            shown = find(browser, f"{FIRST} .words").get_attribute("textContent")
            assert shown == attack
            find(browser, "summary").click()
            wait_until(browser, lambda: len(all_of(browser, "#found button")) == 3)
            find(browser, "[data-join]").click()
            choose(browser, "#label", "0")
            choose(browser, "#target", "2")
            settled(browser)
            names = [one.get_attribute("textContent") for one in all_of(browser, ".decided th")]
            assert sorted(names) == sorted(" ".join(one.split()) for one in hostile.classes_)
            assert browser.execute_script("return window.hacked") is None
            foreign = "main img, main svg, main script, main style, body > script"
            assert all_of(browser, foreign) == []
            assert HOSTILE[0] in browser.title
    assert severe(browser) == []


def test_without_scripts_the_page_says_so(browser, server):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(server.link)
    assert "scripts switched off" not in browser.title
    assert "your browser has them switched off" in said(browser, "main")


def test_screen_readers_hear_words_groups_and_what_changed(browser, server, pair, disputed):
    open_with(browser, server.link, disputed)
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    browser.execute_cdp_cmd("Accessibility.disable", {})
    heard = [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip())
        for node in nodes
        if not node["ignored"]
    ]
    assert ("textbox", "Text") in heard
    assert ("listbox", "Words of Model 1") in heard
    assert ("combobox", "Show") in heard
    assert ("list", "What others predict from these words") in heard
    assert ("heading", "Decision") in heard
    assert ("button", "Copy a link to all this") in heard
    assert any("[selected:" in name for _, name in heard)
    options = [node for node in nodes if node["role"]["value"] == "option"]
    assert any(
        prop["name"] == "selected" and prop["value"]["value"]
        for node in options
        for prop in node["properties"]
    )
    # The outcome is said once, when it has settled.
    decision = Workbench(pair).ask(Question(disputed)).decision
    wait_until(
        browser, lambda: decision.sentence in find(browser, "#told").get_attribute("textContent")
    )


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_have_contrast(browser, server, disputed, dark):
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    open_with(browser, server.link, disputed)
    click_words(browser, FIRST, 0, 1)
    find(browser, "[data-join]").click()
    click_words(browser, PERSON, 0)
    choose(browser, "#label", "0")
    settled(browser)
    time.sleep(0.6)  # a change of opacity
    for target in ("", "1"):
        choose(browser, "#target", target)
        settled(browser)
        assert_contrast(browser)


def test_states_of_words_differ_in_more_than_colour(browser, server, disputed):
    """By the style and the kind of lines."""
    open_with(browser, server.link, disputed)
    click_words(browser, FIRST, *range(12))
    find(browser, "[data-join]").click()
    click_words(browser, PERSON, 0)
    settled(browser)
    line = (
        "const s = getComputedStyle(document.querySelector(arguments[0]));"
        "return s.textDecorationLine + ' ' + s.textDecorationStyle"
    )
    kinds = [
        f"{FIRST} .word:not([data-in], [data-changed])",
        f"{FIRST} .word[data-in]:not([data-changed])",
        f"{FIRST} .word[data-in][data-changed]", f"{FIRST} .word[data-changed]:not([data-in])",
        f"{PERSON} .word[data-in]",
    ]  # fmt: skip
    found = [browser.execute_script(line, kind) for kind in kinds if all_of(browser, kind)]
    assert len(set(found)) == len(found) >= 4


def test_others_need_the_token(browser, folder, disputed):
    with served(folder / "pair", "--host", "127.0.0.2", "--port", 0, "--token", "12345678") as on:
        assert on.link.endswith("/12345678/")
        open_with(browser, on.link, disputed)
        assert marked(browser, FIRST)
        browser.get(on.link.replace("12345678", "12345679"))
        assert "This link opens nothing" in said(browser, "main")
