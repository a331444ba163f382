"""A served page, and a browser that a test leads through it."""

import re
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import quote

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


def severe(browser):
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
