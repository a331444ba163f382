"""Annotators in a real browser, and what is in the file when they are done."""

import sqlite3

import numpy as np
import pytest

from sklearn_irx.study import Item, Study, links_of
from tests.browsers import assert_contrast

KEYS = "abcd"


@pytest.fixture(scope="module")
def server(new_study, served, tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "study.db"
    people = ("mouse", "keyboard", "phone", "plain", "focus", "look")
    with new_study(path, people=people), served(path) as running:
        running.path = path
        yield running


@pytest.fixture
def browser(chromium):
    """A browser of the size of a desk, with JavaScript, in light colours."""
    size_of(chromium, 1280, 900)
    chromium.get_log("browser")
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    size_of(chromium, 1280, 900)


def size_of(browser, width, height, mobile=False):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def find(browser, selector):
    return browser.find_element("css selector", selector)


def shown(browser, selector="main"):
    return find(browser, selector).text


def wait_until(browser, condition):
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, 60).until(lambda _: condition())


def leave(browser, press):
    """Do what makes the browser leave this page; return when the next has come."""
    browser.execute_script("window.before = true")
    press()
    arrived = "return document.readyState === 'complete' && !window.before"
    wait_until(browser, lambda: browser.execute_script(arrived))


def type_in(browser, *keys):
    """Press keys, wherever the focus is."""
    from selenium.webdriver import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def click(browser, selector):
    """Click or tap."""
    find(browser, selector).click()


def position_of(browser):
    return int(browser.current_url.partition("?")[0].rstrip("/").split("/")[5])


def numbered(path, name):
    with Study(path) as study:
        return next(one.id for one in study.annotators if one.name == name)


def in_the_file(path, name):
    """Give all answers of an annotator in the order in which they were stored."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT position, label, confidence FROM answers WHERE annotator = ? ORDER BY id",
        (numbered(path, name),),
    ).fetchall()
    connection.close()
    return rows


class Walk:
    """Goes through a study, and keeps what was answered."""

    def __init__(self, browser, link, press, seed):
        self.browser, self.link, self.press = browser, link, press
        self.rng = np.random.RandomState(seed)
        self.given = []

    def draw(self):
        label = None if self.rng.rand() < 0.2 else int(self.rng.randint(4))
        return label, None if label is None else int(self.rng.randint(4))

    def answer(self):
        """Answer the page that is shown, and go on to the next."""
        label, confidence = self.draw()
        position = position_of(self.browser)
        leave(self.browser, lambda: self.press(self.browser, label, confidence))
        self.given.append((position, label, confidence))

    def go_on(self):
        leave(self.browser, lambda: click(self.browser, ".button.main"))


def by_mouse(browser, label, confidence):
    click(browser, "#unreadable" if label is None else f"#class-{label}")
    if label is not None:
        click(browser, f"#confidence-{confidence}")
    click(browser, "button[type=submit]")


def by_keys(browser, label, confidence):
    from selenium.webdriver.common.keys import Keys

    type_in(browser, "x" if label is None else KEYS[label])
    if label is not None:
        type_in(browser, str(confidence))
    type_in(browser, Keys.ENTER)


def by_tab(browser, label, confidence):
    """As without single keys: with Tab, Space, arrows and Enter."""
    from selenium.webdriver.common.keys import Keys

    def reach(name):
        for _ in range(30):
            if browser.switch_to.active_element.get_attribute("name") == name:
                return
            type_in(browser, Keys.TAB)
        raise AssertionError(name)

    reach("label")
    type_in(browser, Keys.SPACE, *[Keys.ARROW_DOWN] * (4 if label is None else label))
    if label is not None:
        reach("confidence")
        type_in(browser, Keys.SPACE, *[Keys.ARROW_RIGHT] * confidence)
    type_in(browser, Keys.ENTER)


@pytest.mark.parametrize(
    ("name", "press", "seed"),
    [("mouse", by_mouse, 0), ("keyboard", by_keys, 1), ("phone", by_mouse, 2)],
)
def test_a_whole_study(browser, server, name, press, seed):
    from selenium.webdriver.common.keys import Keys

    if name == "phone":
        size_of(browser, 390, 844, mobile=True)
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    walk = Walk(browser, server.links[name], press, seed)

    def fits():
        return browser.execute_script("return document.documentElement.scrollWidth") <= (
            390 if name == "phone" else 1280
        )

    browser.get(walk.link)
    assert "What you are asked to do" in shown(browser)
    assert "Whatever is loud" in shown(browser)
    assert fits()
    if name == "keyboard":
        leave(browser, lambda: type_in(browser, Keys.ENTER))
    else:
        walk.go_on()
    for number in (1, 2):
        assert shown(browser, "h1") == f"Practice {number} of 2"
        walk.answer()
        assert "The whole text belongs to" in shown(browser)
        assert fits()
        if name == "keyboard":
            leave(browser, lambda: type_in(browser, Keys.ENTER))
        else:
            walk.go_on()
    for number in range(1, 10):
        assert shown(browser, "h1") == f"{number} of 9"
        assert fits()
        if number == 3:  # in the middle: nothing is lost or stored by it
            click(browser, "#class-1")
            leave(browser, browser.refresh)
            assert browser.find_elements("css selector", "input:checked") == []
        if number == 4:  # pause, and come back by the link
            browser.get("about:blank")
            browser.get(walk.link)
            assert shown(browser, "h1") == "4 of 9"
        if number == 5:  # the browser's own way back, to correct the one before
            leave(browser, browser.back)
            assert shown(browser, "h1") == "4 of 9"
            walk.answer()
            assert "It replaces your earlier answer" in shown(browser, ".message")
            assert shown(browser, "h1") == "5 of 9"
        if number == 6:  # the page's way back
            if name == "keyboard":
                leave(browser, lambda: type_in(browser, Keys.ARROW_LEFT))
            else:
                leave(browser, lambda: click(browser, "[data-keys~=ArrowLeft]"))
            assert shown(browser, "h1") == "5 of 9"
            assert "Stored for this page" in shown(browser)
            walk.answer()
        if number == 7:  # the same page in two tabs
            first = browser.current_window_handle
            here = browser.current_url
            browser.switch_to.new_window("tab")
            if name == "phone":
                size_of(browser, 390, 844, mobile=True)
            browser.get(here)
            walk.answer()
            browser.close()
            browser.switch_to.window(first)
            walk.answer()
            assert "It replaces your earlier answer" in shown(browser, ".message")
            continue
        walk.answer()
    assert "all 9 answers are stored" in shown(browser)
    assert fits()
    # Correct one from the list at the end.
    click(browser, ".answers li:nth-child(2) a")
    assert shown(browser, "h1") == "2 of 9"
    walk.answer()
    assert "all 9 answers are stored" in shown(browser)

    assert in_the_file(server.path, name) == walk.given
    last = {position: (label, confidence) for position, label, confidence in walk.given}
    with Study(server.path) as study:
        pages = study.pages(numbered(server.path, name))
    assert {page.position: (page.label, page.confidence) for page in pages} == last
    assert len(walk.given) == 11 + 4
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert browser.get_cookies() == []


def test_without_javascript(browser, server):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    walk = Walk(browser, server.links["plain"], by_mouse, 3)

    def answer():
        label, confidence = walk.draw()
        walk.given.append((position_of(browser), label, confidence))
        here = browser.current_url
        by_mouse(browser, label, confidence)
        wait_until(browser, lambda: browser.current_url != here)

    browser.get(walk.link)
    assert find(browser, ".button.main").text == "Start"
    click(browser, ".button.main")
    for _ in range(2):
        assert not find(browser, "#keys").is_displayed()
        assert not find(browser, ".choice kbd").is_displayed()
        answer()
        click(browser, ".button.main")
    here = browser.current_url
    click(browser, "button[type=submit]")
    wait_until(browser, lambda: find(browser, "#error"))
    assert browser.current_url == here.partition("?")[0]
    for _ in range(3):
        answer()
    assert in_the_file(server.path, "plain") == walk.given
    assert len(walk.given) == 5


def test_what_is_missing_has_the_focus_and_keys_can_be_switched_off(browser, server):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    browser.get(f"{server.links['focus']}/1")
    assert browser.switch_to.active_element.tag_name == "h1"
    type_in(browser, "c")
    assert find(browser, "#class-2").is_selected()
    assert find(browser, "#chosen").get_attribute("textContent") == "food"
    leave(browser, lambda: type_in(browser, Keys.ENTER))
    assert browser.switch_to.active_element.get_attribute("id") == "error"
    assert "how sure you are" in shown(browser, "#error")
    assert find(browser, "#class-2").is_selected()
    # With a modifier, a key is the browser's.
    ActionChains(browser).key_down(Keys.CONTROL).send_keys("b").key_up(Keys.CONTROL).perform()
    assert find(browser, "#class-2").is_selected()
    click(browser, "#keys")
    assert shown(browser, "#keys").split() == ["Keys:", "off"]
    assert not find(browser, ".choice kbd").is_displayed()
    type_in(browser, "a", "3")
    assert find(browser, "#class-2").is_selected()
    assert not find(browser, "#confidence-3").is_selected()
    leave(browser, lambda: browser.get(f"{server.links['focus']}/1"))
    assert shown(browser, "#keys").split() == ["Keys:", "off"]  # remembered
    walk = Walk(browser, server.links["focus"], by_tab, 4)
    for _ in range(2):
        walk.answer()
        leave(browser, lambda: type_in(browser, Keys.TAB, Keys.ENTER))
    for _ in range(3):
        walk.answer()
        assert browser.switch_to.active_element.tag_name == "h1"
    assert in_the_file(server.path, "focus") == walk.given
    click(browser, "#keys")
    type_in(browser, "A")  # Shift, or Caps Lock with it
    type_in(browser, "b")
    assert find(browser, "#class-1").is_selected()
    leave(browser, lambda: type_in(browser, Keys.BACKSPACE))
    assert shown(browser, "h1") == "3 of 9"
    (entry,) = browser.get_log("browser")
    assert "status of 422" in entry["message"]


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_have_contrast_and_large_targets(browser, server, dark):
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    for width in (390, 1600):
        size_of(browser, width, 900)
        for address in (
            f"{server.links['look']}/instructions", f"{server.links['look']}/1",
            server.organiser, f"{server.url}/a/x",
        ):  # fmt: skip
            browser.get(address)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
            assert_contrast(browser)
            small = (
                "return [...document.querySelectorAll('.button, .choice, summary')]"
                ".filter((e) => e.offsetParent && e.offsetHeight < 44).length"
            )
            assert browser.execute_script(small) == 0


def test_screen_readers_hear_names_groups_and_gaps(browser, server):
    browser.get(f"{server.links['look']}/1")
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    browser.execute_cdp_cmd("Accessibility.disable", {})
    heard = [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip())
        for node in nodes
        if not node["ignored"]
    ]
    assert ("heading", "Practice 1 of 2") in heard
    assert ("group", "What does the review complain of?") in heard
    assert ("group", "How sure are you?") in heard
    radios = [name for role, name in heard if role == "radio"]
    assert radios[:5] == ["noise", "hygiene", "food", "staff", "Nothing readable"]
    assert radios[5] == "0 I am guessing"
    assert ("progressbar", "Answered: 0 of 2") in heard
    assert ("button", "Store and go on") in heard
    assert any("[words left out]" in name for _, name in heard)
    assert not any(name == "…" for _, name in heard)
    assert find(browser, "html").get_attribute("lang") == "en"


ATTACKS = [
    "</script><script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    "<svg/onload=window.hacked=1> ' {{ 7 * 7 }} {% raw %} &lt;b&gt;",
    "'; DROP TABLE answers; -- <style>* { display: none }</style>",
]


def test_attacks_stay_text(browser, new_study, served, tmp_path):
    shows = [None, *ATTACKS, None]
    items = [
        Item("example", "selected", shows, 1, 0), Item("practice", "selected", shows, 1, 1),
        Item("main", "selected", shows, 1, 0, 0), Item("main", "selected", shows, 1, 1, 1),
    ]  # fmt: skip
    path = tmp_path / "study.db"
    with new_study(
        path, people=[ATTACKS[0], ATTACKS[3]], items=items, classes=ATTACKS, title=ATTACKS[0],
        question=ATTACKS[1], class_descriptions=dict.fromkeys(ATTACKS, ATTACKS[2]),
    ) as study, served(path) as running:  # fmt: skip
        link = links_of(study, running.url)[" ".join(ATTACKS[0].split())]
        browser.get(f"{link}/instructions")
        assert_harmless(browser)
        for _ in range(3):
            browser.get(link)
            if browser.current_url.endswith("instructions"):
                leave(browser, lambda: click(browser, ".button.main"))
            pieces = browser.find_elements("css selector", ".piece")
            assert [piece.get_attribute("textContent") for piece in pieces] == ATTACKS
            names = browser.find_elements("css selector", ".labels .choice label > span")
            assert [name.get_attribute("textContent") for name in names][:4] == ATTACKS
            assert find(browser, ".labels legend").get_attribute("textContent") == ATTACKS[1]
            assert ATTACKS[0] in browser.title
            assert_harmless(browser)
            leave(browser, lambda: by_mouse(browser, 3, 3))
            assert_harmless(browser)
        assert ATTACKS[3] in shown(browser, "main")
        browser.get(running.organiser)
        names = browser.find_elements("css selector", "tbody th")
        assert [name.get_attribute("textContent") for name in names][2:6] == ATTACKS
        assert_harmless(browser)
    assert in_the_file(path, ATTACKS[0]) == [(1, 3, 3), (2, 3, 3), (3, 3, 3)]


def assert_harmless(browser):
    assert browser.execute_script("return window.hacked") is None
    assert browser.get_log("browser") == []
    foreign = "main img, main svg, main script, main style, body > script"
    assert browser.find_elements("css selector", foreign) == []


def test_the_policy_stops_scripts_that_are_not_the_pages_own(browser, server):
    browser.get(f"{server.links['look']}/1")
    browser.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.hacked = 1';"
        "document.body.append(s); document.body.insertAdjacentHTML('beforeend',"
        '\'<img src="data:x" onerror="window.hacked = 1">\')'
    )
    browser.execute_async_script("setTimeout(arguments[0], 100)")
    assert browser.execute_script("return window.hacked") is None
    assert "Content Security Policy" in browser.get_log("browser")[0]["message"]
