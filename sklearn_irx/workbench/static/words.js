// A text whose words can be put into a rationale and taken out: by mouse, by touch, by keys.
"use strict";

class Words {
  // `place` holds the elements .spoken, .words and .unread; `changed` is called with all numbers of
  // the words that are in, whenever somebody changes them.
  constructor(place, name, changed) {
    this.spoken = place.querySelector(".spoken");
    this.box = place.querySelector(".words");
    this.unread = place.querySelector(".unread");
    this.box.setAttribute("aria-label", name);
    this.changed = changed;
    this.pieces = null;
    this.anchor = null;
    this.box.addEventListener("click", (event) => this.clicked(event));
    this.box.addEventListener("keydown", (event) => this.pressed(event));
  }

  // Show the words that are in; `own` are those that the model chose, `fixed` allows no change.
  show(pieces, chosen, { own = chosen, fixed = false, unread = "" } = {}) {
    if (this.pieces !== pieces) this.build(pieces);
    this.chosen = new Set(chosen);
    this.fixed = fixed;
    this.own = new Set(own);
    this.unread.textContent = unread && `… ${unread}`;
    this.box.setAttribute("aria-readonly", fixed);
    this.paint();
  }

  build(pieces) {
    this.pieces = pieces;
    this.gaps = [];
    this.words = [];
    const all = pieces.map((piece, place) => {
      const span = document.createElement("span");
      span.textContent = piece;
      if (place % 2) {
        span.className = "word";
        span.role = "option";
        span.tabIndex = this.words.length ? -1 : 0;
        this.words.push(span);
      } else {
        span.setAttribute("aria-hidden", "true");
        this.gaps.push(span);
      }
      return span;
    });
    this.anchor = null;
    this.box.replaceChildren(...all);
    this.spoken.replaceChildren();
  }

  // What is as it was is left alone: it costs more than the answer of a small model.
  paint() {
    let last = false;
    let changed = false;
    const set = (element, name, on) => {
      if (element.hasAttribute(name) === on) return;
      element.toggleAttribute(name, on);
      changed = true;
    };
    this.words.forEach((word, i) => {
      const now = this.chosen.has(i);
      set(word, "data-in", now);
      set(word, "data-changed", now !== this.own.has(i));
      // Neighbours are one piece, with what stands between them.
      set(this.gaps[i], "data-in", now && last);
      if (word.ariaSelected !== String(now)) word.ariaSelected = String(now);
      last = now;
    });
    if (!changed && this.spoken.hasChildNodes()) return;
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => this.speak(), 200);
  }

  // The text as running text, for screen readers: CSS says in words where marks begin and end.
  speak() {
    const parts = [];
    let marked = null;
    this.pieces.forEach((piece, place) => {
      const within = place % 2 ? this.words[(place - 1) / 2] : this.gaps[place / 2];
      if (within.hasAttribute("data-in")) {
        if (!marked) parts.push((marked = document.createElement("mark")));
        marked.append(piece);
      } else {
        marked = null;
        parts.push(piece);
      }
    });
    this.spoken.replaceChildren(...parts);
  }

  clicked(event) {
    const number = this.words.indexOf(event.target);
    if (number >= 0) this.change(number, event.shiftKey);
  }

  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const number = this.words.indexOf(document.activeElement);
    if (number < 0) return;
    const goals = {
      ArrowRight: () => number + 1,
      ArrowLeft: () => number - 1,
      ArrowDown: () => this.inLine(number, 1),
      ArrowUp: () => this.inLine(number, -1),
      Home: () => 0,
      End: () => this.words.length - 1,
    };
    if (event.key === " " || event.key === "Enter") {
      this.change(number, event.shiftKey);
    } else if (event.key in goals) {
      this.goTo(Math.min(Math.max(goals[event.key](), 0), this.words.length - 1));
    } else {
      return;
    }
    event.preventDefault();
  }

  // The word below or above, nearest in the next line.
  inLine(number, step) {
    const from = this.words[number];
    const far = (i) => Math.abs(this.words[i].offsetLeft - from.offsetLeft);
    let line = null;
    let best = number;
    for (let i = number + step; i >= 0 && i < this.words.length; i += step) {
      const top = this.words[i].offsetTop;
      if (Math.abs(top - from.offsetTop) < 4) continue;
      line ??= top;
      if (Math.abs(top - line) >= 4) break;
      if (best === number || far(i) < far(best)) best = i;
    }
    return best;
  }

  goTo(number) {
    for (const word of this.words) word.tabIndex = -1;
    this.words[number].tabIndex = 0;
    this.words[number].focus();
  }

  // Put a word in or take it out; with Shift, do the same to all words from the last one on.
  change(number, upTo) {
    this.goTo(number);
    if (this.fixed) return;
    const from = upTo && this.anchor !== null ? this.anchor : number;
    const into = from === number ? !this.chosen.has(number) : this.chosen.has(from);
    for (let i = Math.min(from, number); i <= Math.max(from, number); i++) {
      if (into) this.chosen.add(i);
      else this.chosen.delete(i);
    }
    this.anchor = number;
    this.paint();
    this.changed([...this.chosen].sort((a, b) => a - b));
  }
}
