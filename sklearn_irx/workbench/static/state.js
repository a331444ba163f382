// What is asked, and the part of the address after #, which says all of it and is never sent.
"use strict";

const empty = () => ({ text: "", edits: {}, person: null, target: null });

// [0, 1, 2, 5] is "0-2.5".
function packed(numbers) {
  const runs = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(".");
}

function unpacked(text) {
  const numbers = new Set();
  for (const run of text.split(".").filter(Boolean)) {
    const [from, to = from] = run.split("-").map(Number);
    // Nothing but whole numbers, and no more of them than a text can have words.
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to - from < 1e5)) continue;
    for (let number = from; number <= to; number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

function toFragment(state) {
  const fields = new URLSearchParams();
  if (state.text) fields.set("text", state.text);
  for (const [member, words] of Object.entries(state.edits)) {
    fields.append("edit", `${member}:${packed(words)}`);
  }
  if (state.target !== null) fields.set("class", state.target);
  if (state.person) {
    const { label, sure, words } = state.person;
    fields.set("you", `${label ?? ""}:${sure}:${packed(words)}`);
  }
  return fields.toString();
}

// Whatever is wrong in it is left out: the server checks the rest.
function fromFragment(fragment, { members, classes }) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const state = empty();
  const numberOf = (text, n) => (/^\d{1,6}$/.test(text ?? "") && text < n ? Number(text) : null);
  state.text = fields.get("text") ?? "";
  for (const edit of fields.getAll("edit")) {
    const [member, words = ""] = edit.split(":");
    const number = numberOf(member, members.length);
    if (number !== null) state.edits[number] = unpacked(words);
  }
  state.target = numberOf(fields.get("class"), classes.length);
  if (fields.has("you")) {
    const [label, sure, words = ""] = fields.get("you").split(":");
    const least = leastSure(classes);
    state.person = {
      label: numberOf(label, classes.length),
      sure: Math.min(Math.max(numberOf(sure, 101) ?? 80, least), 100),
      words: unpacked(words),
    };
  }
  return state;
}

// In percent: the class that somebody gives is likelier than an even chance.
const leastSure = (classes) => Math.floor(100 / classes.length) + 1;

function questionOf(state) {
  const { text, edits, target, person } = state;
  return {
    text,
    edits,
    target,
    person:
      person && person.label !== null
        ? { words: person.words, label: person.label, probability: person.sure / 100 }
        : null,
  };
}
