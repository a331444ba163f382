"""The page in a real browser, by mouse, by keys and on a phone."""

import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import quote

import pandas as pd
import pytest

from sklearn_irx import save
from sklearn_irx.workbench._bench import Workbench
from sklearn_irx.workbench._questions import Person, Question
from tests.workbench.conftest import HOSTILE

FIRST = "#cards article:first-child"
PERSON = "#cards .person"


@contextmanager
def served(model, *options):
    """Serve by the command, in a process of its own; give the process and its link."""
    program = "from sklearn_irx.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", str(model), *map(str, options)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            lines = []
            while not lines or "Ctrl-C" not in lines[-1]:
                line = process.stdout.readline()
                assert line, "".join(lines)
                lines.append(line)
            link = re.search(r"^Open (\S+)$", "".join(lines), re.MULTILINE)[1]
            port = int(re.search(r":(\d+)/", link)[1])
            yield SimpleNamespace(process=process, link=link, port=port, text="".join(lines))
        finally:
            process.terminate()
            process.stdout.read()


@pytest.fixture(scope="module")
def texts(reviews):
    return list(reviews[0][300:330])


@pytest.fixture(scope="module")
def folder(pair, texts, tmp_path_factory):
    """The folder of a model and a table of texts."""
    path = tmp_path_factory.mktemp("served")
    save(pair, path / "pair")
    pd.DataFrame({"review": texts}).to_csv(path / "texts.csv", index=False)
    return path


@pytest.fixture(scope="module")
def server(folder):
    options = ["--port", 0, "--texts", folder / "texts.csv", "--text", "review"]
    with served(folder / "pair", *options, "--title", "Hotels") as running:
        yield running


@pytest.fixture(scope="module")
def disputed(pair, texts):
    """A text on which the models disagree."""
    exchange = pair.exchange(texts)
    return texts[exchange.disputed[0]]


@pytest.fixture
def browser(chromium):
    size_of(chromium, 1280, 900)
    for log in ("browser", "performance"):
        chromium.get_log(log)
    chromium.get("about:blank")
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    size_of(chromium, 1280, 900)


def size_of(browser, width, height, mobile=False):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def find(browser, selector):
    return browser.find_element("css selector", selector)


def all_of(browser, selector):
    return browser.find_elements("css selector", selector)


def said(browser, selector):
    return find(browser, selector).text


def wait_until(browser, condition):
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, 30, ignored_exceptions=[WebDriverException]).until(lambda _: condition())


def settled(browser):
    """Wait until the page has the answer to all that was asked of it."""
    script = (
        "return !asking && !document.querySelector('#results').hidden"
        " && document.querySelector('#results').getAttribute('aria-busy') === 'false'"
        # What screen readers hear comes a moment later.
        " && document.querySelector('.spoken').hasChildNodes()"
    )
    wait_until(browser, lambda: browser.execute_script(script))


def type_in(browser, *keys):
    from selenium.webdriver import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def reach(browser, selector):
    """Press Tab until an element has the focus."""
    from selenium.webdriver.common.keys import Keys

    for _ in range(60):
        if browser.execute_script("return document.activeElement.matches(arguments[0])", selector):
            return
        type_in(browser, Keys.TAB)
    raise AssertionError(selector)


def choose(browser, selector, value):
    from selenium.webdriver.support.select import Select

    Select(find(browser, selector)).select_by_value(value)


def open_with(browser, link, text):
    browser.get(f"{link}#text={quote(text)}")
    settled(browser)


def marked(browser, card):
    return [one.text for one in all_of(browser, f"{card} .word[data-in]")]


def click_words(browser, card, *numbers):
    words = all_of(browser, f"{card} .word")
    for number in numbers:
        words[number].click()


def readings(browser, card):
    return [one.text for one in all_of(browser, f"{card} .readers li")]


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


def severe(browser):
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


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
    script = """
    const channel = (c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    const light = (color) => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number);
        return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b); };
    const behind = (e) => { for (; e; e = e.parentElement) {
        const color = getComputedStyle(e).backgroundColor;
        if (!/, 0\\)$/.test(color)) return color; } };
    const found = [];
    for (const e of document.querySelectorAll("body *")) {
        if (!e.offsetParent || e.matches("script, option") || !e.innerText?.trim()) continue;
        if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
        const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
        found.push([e.outerHTML.slice(0, 90), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]);
    }
    return found;
    """
    for target in ("", "1"):
        choose(browser, "#target", target)
        settled(browser)
        low = [one for one in browser.execute_script(script) if one[1] < 4.5]
        assert low == []


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
