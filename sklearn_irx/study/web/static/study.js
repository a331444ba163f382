// Keys beside what the pages do by themselves: all of them work without this file.
"use strict";

const button = document.getElementById("keys");
const form = document.getElementById("answer");

// The storage of a browser may be closed to pages: then keys are on, and the choice lasts a page.
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
  // Where a choice of this group has the focus, it goes along, so that arrow keys begin here.
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

// A page that the browser kept and shows again may be older than what is stored.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
