"""What is asked of all pages in a real browser."""

_CONTRASTS = """
const channel = (c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
const light = (color) => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number);
    return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b); };
const behind = (e) => { for (; e; e = e.parentElement) {
    const color = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(color)) return color; } };
const found = [];
for (const e of document.querySelectorAll("body *")) {
    if (!e.offsetParent || e.matches("script, progress, kbd, option")) continue;
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    found.push([e.outerHTML.slice(0, 90), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]);
}
return found;
"""


def assert_contrast(browser):
    """All text that is seen stands out from what is behind it, as the WCAG ask (AA)."""
    found = browser.execute_script(_CONTRASTS)
    assert found
    assert [one for one in found if one[1] < 4.5] == []
