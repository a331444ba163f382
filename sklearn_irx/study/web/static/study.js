// Keyboard shortcuts; all pages work without this file.
"use strict";

const button = document.getElementById("keys");
const form = document.getElementById("answer");

// A browser may deny storage: then keys are on, and switching them off lasts for one page.
function remembered() {
  try {
    return localStorage.getItem("keys") !== "off";
  } catch {
    return true;
  }
}

function switchKeys(on) {
  keysAreOn = on;
  document.documentElement.classList.toggle("with-keys", on);
  if (button) {
    button.hidden = false;
    button.setAttribute("aria-pressed", on);
    button.querySelector("span").textContent = on ? "on" : "off";
  }
}

let keysAreOn;
switchKeys(remembered());

if (button) {
  button.addEventListener("click", () => {
    switchKeys(!keysAreOn);
    try {
      localStorage.setItem("keys", keysAreOn ? "on" : "off");
    } catch {}
  });
}

function choose(input) {
  input.checked = true;
  // If this group has the focus, move it along, so that arrow keys start here.
  if (document.activeElement.name === input.name) input.focus();
  document.getElementById("chosen").textContent = input.labels[0].querySelector("span").textContent;
}

document.addEventListener("keydown", (event) => {
  if (!keysAreOn || event.repeat || event.isComposing) return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.getModifierState("AltGraph")) return;
  // Some keyboards have digits only with Shift.
  if (event.shiftKey && !/^[0-9]$/.test(event.key)) return;
  const on = document.activeElement;
  if (event.key === "Enter") {
    if (on.closest("a, button, summary")) return;
    if (form) form.requestSubmit();
    else document.querySelector('[data-keys="Enter"]')?.click();
  } else {
    if (event.key.startsWith("Arrow") && on.type === "radio") return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = document.querySelector(`[data-keys~="${CSS.escape(key)}"]`);
    if (!target) return;
    if (target.type === "radio") choose(target);
    else target.click();
  }
  event.preventDefault();
});

// A page from the browser's cache may be older than the stored answers.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
