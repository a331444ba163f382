// The page: what is asked, what was answered, and what of it is shown. All texts are set as text.
"use strict";

const $ = (selector, within = document) => within.querySelector(selector);
const bench = $("#bench");
const about = JSON.parse(bench.dataset.about);
const MOST_BARS = 6;
const MS_AFTER_TYPING = 250;
const MS_BEFORE_SAYING = 900;

let state = empty();
let answer = null;
let pieces = null;
let cards = [];

bench.hidden = false;

// ---- Asking the server

class Refused extends Error {}

async function request(path, content) {
  const sent = content && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
  };
  const response = await fetch(path, sent);
  if (response.ok) return response;
  let said = "This link opens nothing any more: take the one that the server announced.";
  try {
    said = (await response.json()).error;
  } catch {}
  throw new Refused(said);
}

let asking = false;
let again = false;

// One question at a time: while it is under way, only the last change counts.
async function ask() {
  remember();
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  do {
    again = false;
    if (!state.text.trim()) {
      answer = null;
      say("");
      show();
      continue;
    }
    const question = questionOf(state);
    $("#results").setAttribute("aria-busy", "true");
    try {
      const found = await (await request("answer", question)).json();
      reachable(true);
      if (again) continue;
      say("");
      answer = found;
      show();
    } catch (error) {
      if (again && error instanceof Refused) continue;
      if (error instanceof Refused) say(error.message);
      else reachable(false);
      break;
    }
  } while (again);
  asking = false;
  $("#results").setAttribute("aria-busy", "false");
}

let timer;
function askSoon() {
  clearTimeout(timer);
  timer = setTimeout(ask, MS_AFTER_TYPING);
}

function say(problem) {
  $("#problem").textContent = problem;
  $("#problem").hidden = !problem;
  $("#results").classList.toggle("old", Boolean(problem));
}

function reachable(yes) {
  if ($("#lost").hidden === yes) return;
  $("#lost p").textContent = yes
    ? ""
    : "The server does not answer. All that you typed and marked is kept here: try again when it is back.";
  $("#lost").hidden = yes;
  $("#results").classList.toggle("old", !yes);
}

// ---- The address says all

let remembering;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(keepInAddress, 200);
}

function keepInAddress() {
  clearTimeout(remembering);
  const fragment = toFragment(state);
  if (location.hash.slice(1) === fragment) return;
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname);
}

function restore() {
  state = fromFragment(location.hash, about);
  $("#text").value = state.text;
  if ($("#target")) $("#target").value = state.target ?? "";
  person.restore();
  fit();
  ask();
}

// ---- Showing an answer

const percent = (probability) => probability.toFixed(2);
const best = (probabilities) => probabilities.indexOf(Math.max(...probabilities));
const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

function showVerdict(place, probabilities) {
  const label = best(probabilities);
  $(".label", place).textContent = about.classes[label];
  $(".number", place).textContent = percent(probabilities[label]);
}

// A row for each class; of many classes, for the likeliest.
function showBars(table, probabilities) {
  let numbers = probabilities.map((_, number) => number);
  if (numbers.length > MOST_BARS) {
    numbers.sort((a, b) => probabilities[b] - probabilities[a]);
    numbers = numbers.slice(0, MOST_BARS);
  }
  const body = $("tbody", table);
  while (body.rows.length < numbers.length) {
    const meter = element("td", { className: "track", ariaHidden: "true" }, element("i"));
    body.append(element("tr", {}, element("th", { scope: "row" }), meter, element("td")));
  }
  numbers.forEach((number, place) => {
    const [name, track, value] = body.rows[place].cells;
    name.textContent = about.classes[number];
    track.firstChild.style.width = `${100 * probabilities[number]}%`;
    value.textContent = percent(probabilities[number]);
    body.rows[place].classList.toggle("best", number === best(probabilities));
  });
}

// What all but the owner predict from its words.
function showReaders(list, readBy, owner) {
  const label = best(readBy[owner]);
  const lines = [];
  readBy.forEach((probabilities, reader) => {
    if (reader === owner) return;
    const said = best(probabilities);
    const { name, person: isPerson } = answer.participants[reader];
    const convinced = said === label;
    const verdict = isPerson
      ? convinced ? "agree" : "do not agree"
      : convinced ? "convinced" : "not convinced";
    lines.push(
      element(
        "li", {},
        element("span", { className: "reader", textContent: `${name}: ` }),
        element("b", { textContent: about.classes[said] }),
        ` ${percent(probabilities[said])} `,
        element("span", { className: `badge ${convinced ? "good" : "bad"}`, textContent: verdict }),
      ),
    );
  });
  list.replaceChildren(...lines);
}

class MemberCard {
  constructor(number) {
    this.number = number;
    this.node = $("#card").content.cloneNode(true).firstElementChild;
    const name = about.members[number];
    $("h3", this.node).textContent = name;
    this.words = new Words(this.node, `Words of ${name}`, (words) => this.edit(words));
    $("[data-reset]", this.node).addEventListener("click", () => this.edit(this.own));
    $("[data-use]", this.node).addEventListener("click", () => this.use());
  }

  edit(words) {
    if (packed(words) === packed(this.own)) delete state.edits[this.number];
    else state.edits[this.number] = words;
    ask();
  }

  use() {
    const { words } = this.shown.case;
    state.target = null;
    $("#target").value = "";
    this.edit(words);
    this.words.box.querySelector("[tabindex='0']")?.focus();
  }

  show(shown, kept) {
    this.shown = shown;
    this.own = shown.own_words;
    const found = shown.case ?? shown;
    const own = found.read_by[this.number];
    this.node.classList.toggle("of-case", Boolean(shown.case));
    this.node.classList.toggle("chosen", kept && !shown.case);
    $("[data-kept]", this.node).hidden = !kept || Boolean(shown.case);
    $("[data-edited]", this.node).hidden = !shown.edited || Boolean(shown.case);
    $("[data-reset]", this.node).hidden = !shown.edited || Boolean(shown.case);
    $("[data-use]", this.node).hidden = !shown.case;
    showVerdict($(".verdict", this.node), own);
    $(".size", this.node).textContent = found.size;
    this.words.show(pieces, found.words, {
      own: shown.case ? found.words : this.own,
      fixed: Boolean(shown.case),
      unread: answer.unread,
    });
    $(".outcome", this.node).textContent = shown.case
      ? `The case for ${about.classes[state.target]}: ${found.outcome}.`
      : "";
    $(".how", this.node).textContent = shown.case ? sentence(found.how_chosen) : shown.how_chosen;
    showBars($(".bars", this.node), own);
    showReaders($(".readers", this.node), found.read_by, this.number);
  }
}

const sentence = (text) => text && `${text[0].toUpperCase()}${text.slice(1)}.`;

class PersonCard {
  constructor() {
    this.node = $("#person-card").content.cloneNode(true).firstElementChild;
    $("h3", this.node).textContent = "You";
    this.words = new Words(this.node, "Your words", (words) => this.change({ words }));
    this.label = $("#label", this.node);
    this.sure = $("#sure", this.node);
    this.sure.min = leastSure(about.classes);
    this.sure.max = 100;
    this.label.addEventListener("change", () =>
      this.change({ label: this.label.value === "" ? null : Number(this.label.value) }),
    );
    this.sure.addEventListener("input", () => this.change({ sure: Number(this.sure.value) }));
    $("[data-join]", this.node).addEventListener("click", () => this.join());
    $("[data-leave]", this.node).addEventListener("click", () => this.leave());
    $("[data-none]", this.node).addEventListener("click", () => this.change({ words: [] }));
  }

  join() {
    state.person = { label: null, sure: Math.max(80, leastSure(about.classes)), words: [] };
    this.restore();
    this.show();
    remember();
    this.label.focus();
  }

  leave() {
    state.person = null;
    this.show();
    ask();
    $("[data-join]", this.node).focus();
  }

  change(part) {
    Object.assign(state.person, part);
    this.show();
    ask();
  }

  restore() {
    if (!state.person) return;
    this.label.value = state.person.label ?? "";
    this.sure.value = state.person.sure;
  }

  show() {
    const within = state.person !== null;
    $("[data-out]", this.node).hidden = within;
    $("[data-in-exchange]", this.node).hidden = !within;
    if (!within || !pieces) {
      $("[data-kept]", this.node).hidden = true;
      this.node.classList.remove("chosen");
      return;
    }
    const number = answer.participants.findIndex((one) => one.person);
    const shown = answer.participants[number];
    const kept = number >= 0 && answer.decision.chosen === number;
    this.node.classList.toggle("chosen", kept);
    $("[data-kept]", this.node).hidden = !kept;
    $("#sure-said", this.node).textContent = `${state.person.sure} %`;
    $(".size", this.node).textContent =
      state.person.label === null
        ? "Choose a class to take part in the decision."
        : `${state.person.words.length} of ${(pieces.length - 1) / 2} words marked`;
    this.words.show(pieces, state.person.words, { unread: answer.unread });
    if (shown) showReaders($(".readers", this.node), shown.read_by, number);
    else $(".readers", this.node).replaceChildren();
  }
}

function show() {
  $("#results").hidden = !answer;
  $("#nothing").hidden = Boolean(answer);
  if (!answer) return;
  if (JSON.stringify(answer.pieces) !== JSON.stringify(pieces)) pieces = answer.pieces;
  const { decision, participants } = answer;
  $("#cleaned").hidden = !answer.cleaned;
  $("#decision").hidden = !decision;
  const isCase = Boolean(participants[0].case);
  $("#other").hidden = !(isCase && decision);
  if (decision) {
    showVerdict($("#decision .verdict"), decision.probabilities);
    $("#decision .sentence").textContent = decision.sentence;
    $("#decision .rule").textContent = `Rule “${decision.rule}”. ${decision.rule_sentence}`;
    showBars($("#decision .bars"), decision.probabilities);
  }
  cards.forEach((card, number) => card.show(participants[number], decision?.chosen === number));
  person.show();
  showWhose();
  tell();
}

// What is exported is what was decided, or the words of one participant.
function showWhose() {
  const { participants, decision } = answer;
  const names = participants.map(({ name }) => name);
  const list = $("#of");
  const chosen = list.value;
  const options = names.map((name, number) => element("option", { value: number, textContent: name }));
  if (decision) options.unshift(element("option", { value: "", textContent: "the decision" }));
  list.replaceChildren(...options);
  if ([...list.options].some(({ value }) => value === chosen)) list.value = chosen;
  $("#whose").hidden = $("#format").value === "json";
}

// Screen readers hear the outcome once it has settled, and only if it has changed.
let telling;
function tell() {
  clearTimeout(telling);
  telling = setTimeout(() => {
    if (!answer) return;
    const { decision, participants } = answer;
    const said = decision ? decision.probabilities : participants[0].read_by[0];
    const label = best(said);
    const heard = [`${about.classes[label]}, ${percent(said[label])}.`, decision?.sentence];
    const text = heard.filter(Boolean).join(" ");
    if ($("#told").textContent !== text) $("#told").textContent = text;
  }, MS_BEFORE_SAYING);
}

// ---- The text

const field = $("#text");

function fit() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight + 2, 0.45 * innerHeight)}px`;
}

// Words of another text have other numbers, so nothing that was changed by hand can stay.
function setText(text) {
  state.text = text;
  state.edits = {};
  if (state.person) state.person.words = [];
  fit();
}

field.addEventListener("input", () => {
  setText(field.value);
  remember();
  askSoon();
});
$("#clear").addEventListener("click", () => {
  field.value = "";
  setText("");
  field.focus();
  ask();
});
$("#lost button").addEventListener("click", ask);
$("#target")?.addEventListener("change", (event) => {
  state.target = event.target.value === "" ? null : Number(event.target.value);
  ask();
});

// ---- The texts to choose from

if ($("#chooser")) {
  let first = 0;
  let current = 0; // of the searches, the last one counts

  const list = async () => {
    const mine = ++current;
    const query = new URLSearchParams({ search: $("#search").value, first });
    let found;
    try {
      found = await (await request(`texts?${query}`)).json();
      reachable(true);
    } catch (error) {
      if (error instanceof Refused) say(error.message);
      else reachable(false);
      return;
    }
    if (mine !== current) return;
    const { total } = found;
    const lines = found.lines.map(([number, line]) => {
      const button = element("button", { type: "button", textContent: line || "(empty)" });
      button.addEventListener("click", () => choose(number));
      return element("li", {}, button);
    });
    $("#found").replaceChildren(...lines);
    const last = first + lines.length;
    $("#place").textContent = total ? `${first + 1} to ${last} of ${total}` : "None contains this.";
    $("#previous").disabled = first === 0;
    $("#next").disabled = last >= total;
  };

  const choose = async (number) => {
    try {
      const { text } = await (await request(`texts/${number}`)).json();
      reachable(true);
      field.value = text;
      setText(text);
      $("#chooser").open = false;
      ask();
      field.focus({ preventScroll: true });
    } catch (error) {
      if (error instanceof Refused) say(error.message);
      else reachable(false);
    }
  };

  let searching;
  $("#search").addEventListener("input", () => {
    first = 0;
    clearTimeout(searching);
    searching = setTimeout(list, MS_AFTER_TYPING);
  });
  const turn = (by) => {
    first = Math.max(0, first + by);
    list();
  };
  $("#previous").addEventListener("click", () => turn(-about.linesOfList));
  $("#next").addEventListener("click", () => turn(about.linesOfList));
  $("#chooser").addEventListener("toggle", (event) => event.target.open && list());
}

// ---- Links and files

$("#copy").addEventListener("click", async () => {
  keepInAddress();
  try {
    await navigator.clipboard.writeText(location.href);
    $("#copied").textContent = "Copied.";
    $("#link").hidden = true;
  } catch {
    // Browsers let pages copy only where the connection is safe.
    $("#copied").textContent = "Copy it from here:";
    $("#link").hidden = false;
    $("#link").value = location.href;
    $("#link").select();
  }
});
$("#format").addEventListener("change", showWhose);
$("#save").addEventListener("click", async () => {
  const of = $("#of").value;
  const wanted = { format: $("#format").value, of: of === "" ? null : Number(of) };
  try {
    const response = await request("export", { ...questionOf(state), ...wanted });
    reachable(true);
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"))[1];
    const address = URL.createObjectURL(await response.blob());
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    $("#copied").textContent = `Saved as ${name}.`;
  } catch (error) {
    if (error instanceof Refused) $("#copied").textContent = error.message;
    else reachable(false);
  }
});

const person = new PersonCard();
cards = about.members.map((_, number) => new MemberCard(number));
$("#cards").append(...cards.map((card) => card.node), person.node);
addEventListener("hashchange", restore);
restore();
