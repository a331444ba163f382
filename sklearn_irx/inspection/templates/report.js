"use strict";
// Every text reaches the page as a text node or an attribute value, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 20;
  const byId = (id) => document.getElementById(id);
  const documents = data.documents.map((row, order) => {
    const [name, text, unread, truth, label, confidence, case_, explanation, chosen, rationales] = row;
    return { order, name, text, unread, truth, label, confidence, case_, explanation, chosen, rationales };
  });
  const caseNames = data.cases;
  const agrees = caseNames.indexOf("agree");
  const disputed = (doc) => doc.case_ >= 0 && doc.case_ !== agrees && doc.rationales.length > 1;
  const judged = (doc) => doc.truth >= 0;
  const wrong = (doc) => judged(doc) && doc.truth !== doc.label;
  const nSelected = (doc) => doc.rationales[doc.chosen][3];

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  function percent(scaled) {
    return scaled < 10000 && Math.round(scaled / 100) >= 100 ? "> 99 %" : `${Math.round(scaled / 100)} %`;
  }

  function size([, , nWords, nMarked, spans]) {
    if (nMarked === 0) return `no word selected of ${nWords}`;
    const nSpans = spans.length / 2;
    return `${nMarked} of ${nWords} words · ${nSpans} span${nSpans === 1 ? "" : "s"}`;
  }

  // Places are counted in code points; a string of JavaScript counts some of them twice.
  function cut(text) {
    if (!/[\ud800-\udfff]/.test(text)) return (start, end) => text.slice(start, end);
    const points = Array.from(text);
    return (start, end) => points.slice(start, end).join("");
  }

  // A word between quotation marks is searched as a whole word.
  const LETTER = "(?![\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}])[\\p{L}\\p{N}\\p{M}_]";
  const [endsInLetter, beginsWithLetter] = [new RegExp(`${LETTER}$`, "u"), new RegExp(`^${LETTER}`, "u")];

  function termsOf(query) {
    return (query.toLowerCase().match(/"[^"]+"|\S+/g) ?? []).map((term) =>
      /^"[^"]+"$/.test(term) ? { text: term.slice(1, -1), whole: true } : { text: term, whole: false },
    );
  }

  // Whether a word that has a letter at its edge goes on there.
  const goesOn = (before, after) => endsInLetter.test(before) && beginsWithLetter.test(after);

  function holds(text, { text: term, whole }) {
    for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
      const end = at + term.length;
      const [before, after] = [text.slice(Math.max(0, at - 2), at), text.slice(end, end + 2)];
      if (!whole || (!goesOn(before, term) && !goesOn(term, after))) return true;
    }
    return false;
  }

  function foldOf(text, nWords) {
    const summary = element("summary", "", `… ${nWords.toLocaleString("en")} words …`);
    const fold = element("details", "fold", summary, text);
    const lower = text.toLowerCase();
    fold.open = terms.some((term) => holds(lower, term)); // what was searched is seen
    return fold;
  }

  function textOf(doc, rationale) {
    const shown = element("div", "text");
    shown.dir = "auto";
    const piece = cut(doc.text);
    const [, , , , spans, , folds] = rationale;
    const parts = [];
    for (let i = 0; i < spans.length; i += 2) parts.push([spans[i], spans[i + 1], 0]);
    for (let i = 0; i < folds.length; i += 3) parts.push(folds.slice(i, i + 3));
    let position = 0;
    for (const [start, end, nWords] of parts.sort((a, b) => a[0] - b[0])) {
      if (start > position) shown.append(piece(position, start));
      const text = piece(start, end);
      shown.append(nWords ? foldOf(text, nWords) : element("mark", "", text));
      position = end;
    }
    shown.append(piece(position));
    if (!doc.text && !doc.unread) shown.append(element("i", "unread", "(an empty document)"));
    if (doc.unread) {
      const more = ` … ${doc.unread.toLocaleString("en")} more characters, not read`;
      shown.append(element("i", "unread", more));
    }
    return shown;
  }

  // Opens all folds of a document at once.
  function withToggle(article) {
    const folds = () => [...article.querySelectorAll(".fold")];
    if (!folds().length) return article;
    const button = element("button", "whole", "");
    button.type = "button";
    const allOpen = () => folds().every((fold) => fold.open);
    const name = () => (button.textContent = allOpen() ? "Fold the text" : "Show the whole text");
    button.addEventListener("click", () => {
      const open = !allOpen();
      for (const fold of folds()) fold.open = open;
    });
    article.addEventListener("toggle", name, true); // it does not bubble
    article.querySelector(".head").append(button);
    name();
    return article;
  }

  function verdict(isWrong) {
    return element("span", `badge ${isWrong ? "bad" : "good"}`, isWrong ? "✗ wrong" : "✓ right");
  }

  function sideOf(doc, owner) {
    const rationale = doc.rationales[owner];
    const [label, confidence, , , , cross] = rationale;
    const title = element("h4", "", element("span", "name", data.members[owner]), data.labels[label]);
    const head = element("div", "head", title);
    if (owner === doc.chosen) head.append(element("span", "badge kept", "kept"));
    if (judged(doc)) head.append(verdict(doc.truth !== label));
    head.append(element("span", "facts", `${percent(confidence)} sure · ${size(rationale)}`));
    const side = element("div", owner === doc.chosen ? "side chosen" : "side", head);
    for (let i = 0; i < cross.length; i += 3) {
      const [reader, found, sure] = cross.slice(i, i + 3);
      const line = element("p", "cross", `${data.members[reader]}, reading these words: `);
      line.append(element("b", "", data.labels[found]), `, ${percent(sure)} sure`);
      line.append(found === label ? " — convinced" : " — not convinced");
      side.append(line);
    }
    side.append(textOf(doc, rationale));
    return side;
  }

  function articleOf(doc) {
    const title = element("h3", "", element("span", "name", doc.name), data.labels[doc.label]);
    title.id = `document-${doc.order}`;
    const head = element("div", "head", title);
    if (judged(doc)) head.append(verdict(wrong(doc)));
    const facts = element("span", "facts", `${percent(doc.confidence)} sure`);
    if (!disputed(doc)) facts.append(` · ${size(doc.rationales[doc.chosen])}`);
    if (wrong(doc)) facts.append(" · true label ", element("b", "", data.labels[doc.truth]));
    head.append(facts);
    const article = element("article", wrong(doc) ? "wrong" : "", head);
    article.setAttribute("aria-labelledby", title.id);
    const explanation = data.explanations[doc.explanation];
    if (explanation) {
      article.append(element("p", "explanation", element("code", "", caseNames[doc.case_]), ` · ${explanation}`));
    }
    const sides = () => {
      const pair = element("div", "pair");
      doc.rationales.forEach((_, owner) => pair.append(sideOf(doc, owner)));
      return pair;
    };
    if (disputed(doc)) {
      article.append(sides());
      return withToggle(article);
    }
    article.append(textOf(doc, doc.rationales[doc.chosen]));
    if (doc.rationales.length > 1) {
      const others = element("details", "others", element("summary", "", "What each model selected"));
      others.addEventListener("toggle", () => others.append(sides()), { once: true });
      article.append(others);
    }
    return withToggle(article);
  }

  // Made when they are first searched: many documents are never.
  function searchable(doc, markedOnly) {
    if (!markedOnly) return (doc.lower ??= `${doc.name}\n${doc.text}`.toLowerCase());
    if (doc.lowerMarked === undefined) {
      const piece = cut(doc.text);
      const spans = doc.rationales[doc.chosen][4];
      const marked = [];
      for (let i = 0; i < spans.length; i += 2) marked.push(piece(spans[i], spans[i + 1]));
      doc.lowerMarked = marked.join("\n").toLowerCase();
    }
    return doc.lowerMarked;
  }

  const ORDERS = {
    surest: (a, b) => b.confidence - a.confidence,
    unsurest: (a, b) => a.confidence - b.confidence,
    longest: (a, b) => nSelected(b) - nSelected(a),
    shortest: (a, b) => nSelected(a) - nSelected(b),
  };

  const form = document.querySelector(".controls");
  const status = byId("status");
  const value = (id) => byId(id)?.value ?? "";
  let found = documents;
  let page = 0;
  let terms = [];

  function filter() {
    terms = termsOf(value("search"));
    const markedOnly = byId("in-rationale").checked;
    const chosen = (id, names) => (value(id).startsWith("is-") ? names.indexOf(value(id).slice(3)) : null);
    const [predicted, truth] = [chosen("predicted", data.labels), chosen("true", data.labels)];
    const [correct, words, case_] = [value("correct"), value("words"), chosen("case", caseNames)];
    found = documents.filter(
      (doc) =>
        (predicted === null || doc.label === predicted) &&
        (truth === null || doc.truth === truth) &&
        (!correct || wrong(doc) === (correct === "wrong")) &&
        (!words || nSelected(doc) > 0 === (words === "some")) &&
        (value("case") !== "disagree" || doc.case_ !== agrees) &&
        (case_ === null || doc.case_ === case_) &&
        terms.every((term) => holds(searchable(doc, markedOnly), term)),
    );
    const order = ORDERS[value("sort")];
    if (order) found.sort(order);
    show(0);
  }

  function show(wanted) {
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    page = Math.min(Math.max(wanted, 0), last);
    const start = page * PAGE;
    const some = found.slice(start, start + PAGE);
    const number = (n) => n.toLocaleString("en");
    status.textContent = some.length
      ? `Documents ${number(start + 1)} to ${number(start + some.length)} of ${number(found.length)}`
      : "No documents";
    if (found.length < documents.length) status.append(` (${number(documents.length)} in all)`);
    const nothing = element("p", "none", "No document is like this.");
    byId("list").replaceChildren(...(some.length ? some.map(articleOf) : [nothing]));
    for (const button of document.querySelectorAll("[data-go]")) {
      const back = button.dataset.go === "first" || button.dataset.go === "previous";
      button.disabled = back ? page === 0 : page === last;
    }
  }

  function toList() {
    // From there, Tab leads into the new page; the button pressed may be off now.
    byId("browser").scrollIntoView();
    status.focus({ preventScroll: true });
  }

  const GO = { first: () => 0, previous: () => page - 1, next: () => page + 1, last: () => Infinity };
  for (const button of document.querySelectorAll("[data-go]")) {
    button.addEventListener("click", () => {
      show(GO[button.dataset.go]());
      toList();
    });
  }

  for (const table of document.querySelectorAll("table.words")) {
    for (const row of table.tBodies[0].rows) {
      const word = row.cells[0].textContent;
      const button = element("button", "word", word);
      button.type = "button";
      button.title = "List the documents in which it is shown";
      row.cells[0].replaceChildren(button);
      button.addEventListener("click", () => {
        byId("reset").click();
        byId("search").value = word.includes('"') ? word : `"${word}"`;
        byId("in-rationale").checked = true;
        byId("predicted").value = `is-${table.dataset.label}`;
        filter();
        toList();
      });
    }
  }
  for (const hint of document.querySelectorAll(".clickable")) hint.hidden = false;

  let waiting;
  byId("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120); // not for every letter
  });
  form.addEventListener("change", (event) => {
    if (event.target.id !== "search") filter();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|select|textarea)$/i.test(event.target.tagName ?? "");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId("search").focus();
  });

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = element("button", "", ...cell.childNodes);
      button.type = "button";
      cell.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = cell.ariaSort === (column ? "descending" : "ascending") ? !column : !!column;
        for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
        cell.ariaSort = down ? "descending" : "ascending";
        const key = (row) => row.cells[column].textContent;
        const amount = (row) => (key(row) === "–" ? -1 : Number(key(row).replaceAll(",", "")));
        const compare = column
          ? (a, b) => amount(a) - amount(b)
          : (a, b) => key(a).localeCompare(key(b), "en");
        const rows = [...body.rows].sort((a, b) => (down ? compare(b, a) : compare(a, b)));
        body.replaceChildren(...rows);
      });
    });
  }

  document.querySelectorAll("article").forEach(withToggle);
  byId("browser").hidden = false;
  show(0);
})();
