// The event list: every event of the log in one row, filtered by kind and text. Only the rows in sight are drawn.

import { html, join, one, set, text } from "../dom/svg.js";
import { subjects } from "../words/relations.js";
import { summary } from "../words/summary.js";

/** @typedef {import("../log/protocol.js").Event} Event */
/** @typedef {import("./panels.js").Desk} Desk */

const ROW = 28;

/** The kinds that the list can show, with the event types of each. */
const KINDS = /** @type {Record<string, {types: RegExp, on: boolean}>} */ ({
  calls: { types: /^syscall\./, on: true },
  sockets: { types: /^socket\./, on: true },
  packets: { types: /^packet\./, on: true },
  fds: { types: /^fd\./, on: false },
  programs: { types: /^process\./, on: true },
  control: { types: /^(moment|pace|wire|sysctl|command|host|observation|sandbox|lab)\./, on: false },
});

/** @type {import("./panels.js").Panel} */
export const events = {
  name: "events",
  place: "#events",
  rows: true,
  mount: (home, desk) => new EventList(home, desk),
};

class EventList {
  /**
   * @param {HTMLElement} home
   * @param {Desk} desk
   */
  constructor(home, desk) {
    const rows = one(home, "[data-rows]");
    const kinds = one(home, "[data-kinds]");
    /** @type {HTMLInputElement} */
    const filter = one(home, "[data-filter]");
    this.desk = desk;
    this.rows = rows;
    this.filter = filter;
    this.on = new Set(Object.keys(KINDS).filter((kind) => KINDS[kind].on));
    /** @type {number[]} seqs that pass the filter */
    this.passed = [];
    this.read = 0;
    this.seq = 0;
    this.chosen = "";
    /** @type {import("../words/relations.js").Light | null} */
    this.lit = null;
    this.sheet = html("div", { class: "sheet", role: "presentation" });
    rows.replaceChildren(this.sheet);
    kinds.replaceChildren(...Object.keys(KINDS).map((kind) => this.#chip(kind)));
    filter.addEventListener("input", () => this.#again());
    this.top = 0;
    this.height = 0;
    /** Until a person scrolls away, the list goes with the moment on the screen. */
    this.follows = true;
    rows.addEventListener(
      "scroll",
      () => {
        if (Math.abs(rows.scrollTop - this.top) > 2) {
          this.follows = rows.scrollTop + this.height >= (this.passed.length - 1.5) * ROW;
        }
        this.top = rows.scrollTop;
        this.#draw();
      },
      { passive: true },
    );
    rows.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest("[data-key]") : null;
      if (row) this.#choose(Number(row.getAttribute("data-key")));
    });
    rows.addEventListener("pointerover", (event) => this.#point(event.target));
    rows.addEventListener("pointerleave", () => this.#point(null));
    rows.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => {
      this.height = rows.clientHeight;
      this.#reveal(this.seq);
      this.#draw();
    }).observe(rows);
  }

  get log() {
    return this.desk.log;
  }

  /** Another log begins. */
  forget() {
    this.passed = [];
    this.read = 0;
    this.seq = 0;
    this.top = 0;
    this.follows = true;
    this.sheet.replaceChildren();
  }

  /** @param {{seq: number}} shown */
  draw({ seq }) {
    const moved = seq !== this.seq;
    this.seq = seq;
    this.chosen = this.desk.chosen;
    for (; this.read < this.log.end; this.read += 1) {
      if (this.#passes(this.log.events[this.read])) this.passed.push(this.read + 1);
    }
    if (this.height === 0) return;
    this.sheet.style.height = `${this.passed.length * ROW}px`;
    this.sheet.style.setProperty("--number", `${Math.max(3, String(this.log.end).length)}.5ch`);
    if (moved && (this.follows || seq < this.log.end)) this.#reveal(seq);
    this.#draw();
  }

  #again() {
    this.passed = [];
    this.read = 0;
    this.draw(this);
    this.#reveal(this.seq);
    this.#draw();
  }

  /** @param {number} seq */
  #reveal(seq) {
    const index = this.#indexOf(seq);
    const top = index * ROW;
    if (top >= this.top && top <= this.top + this.height - 2 * ROW) return;
    this.sheet.style.height = `${this.passed.length * ROW}px`;
    const last = Math.max(0, this.passed.length * ROW - this.height);
    this.top = Math.max(0, Math.min(last, top - this.height + 2.5 * ROW));
    this.rows.scrollTop = this.top;
  }

  /** Index of the last row at or before a seq. @param {number} seq */
  #indexOf(seq) {
    let low = 0;
    let high = this.passed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.passed[middle] <= seq) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.top / ROW) - 4);
    const count = Math.ceil(this.height / ROW) + 8;
    const seqs = this.passed.slice(first, first + count);
    join(
      this.sheet,
      seqs,
      (seq) => String(seq),
      (seq) => this.#row(seq),
      (row, seq) => this.#place(row, seq, first + seqs.indexOf(seq)),
    );
  }

  /** @param {number} seq */
  #row(seq) {
    const event = /** @type {Event} */ (this.log.event(seq));
    const { who, what } = summary(event, this.log);
    return html(
      "div",
      { class: "event", role: "option", id: `event-${seq}`, "data-type": event.type.split(".")[0], title: `${what}` },
      html("span", { class: "number" }, String(seq)),
      html("span", { class: "who" }, who),
      html("span", { class: "what" }, what),
    );
  }

  /** @param {HTMLElement} row @param {number} seq @param {number} index */
  #place(row, seq, index) {
    row.style.top = `${index * ROW}px`;
    const event = /** @type {Event} */ (this.log.event(seq));
    set(row, {
      "data-later": seq > this.seq,
      "data-lit": this.lit?.has(event) ?? false,
      "data-now": seq === this.seq,
      "aria-selected": this.chosen === `event:${seq}` ? "true" : "false",
    });
  }

  /** @param {import("../words/relations.js").Light} lit */
  light(lit) {
    if (this.chosen !== this.desk.chosen) this.draw(this);
    if (lit.key === "" && this.lit?.key === "") return;
    this.lit = lit;
    for (const row of this.sheet.children) {
      const event = this.log.event(Number(row.getAttribute("data-key")));
      set(row, { "data-lit": event !== undefined && lit.has(event) });
    }
  }

  /** @param {EventTarget | null} target */
  #point(target) {
    const row = target instanceof Element ? target.closest("[data-key]") : null;
    const event = this.log.event(Number(row?.getAttribute("data-key") ?? 0));
    this.desk.point(event ? (subjects(event, this.log)[0] ?? "") : "");
  }

  /** @param {number} seq */
  #choose(seq) {
    set(this.rows, { "aria-activedescendant": `event-${seq}` });
    this.desk.choose(`event:${seq}`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || this.passed.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const current = this.chosen.startsWith("event:")
      ? this.#indexOf(Number(this.chosen.slice(6))) + step
      : this.#indexOf(this.seq);
    const seq = this.passed[Math.max(0, Math.min(this.passed.length - 1, current))];
    this.#choose(seq);
    this.#reveal(seq);
    this.#draw();
  }

  /** @param {Event} event */
  #passes(event) {
    const kind = Object.keys(KINDS).find((name) => KINDS[name].types.test(event.type));
    if (kind !== undefined && !this.on.has(kind)) return false;
    const wanted = this.filter.value.trim().toLowerCase();
    if (!wanted) return true;
    const { who, what } = summary(event, this.log);
    return `${event.type} ${who} ${what}`.toLowerCase().includes(wanted);
  }

  /** @param {string} kind */
  #chip(kind) {
    const button = html("button", {
      type: "button",
      class: "chip",
      "aria-pressed": this.on.has(kind) ? "true" : "false",
      "data-kind": kind,
    });
    text(button, kind);
    button.addEventListener("click", () => {
      if (!this.on.delete(kind)) this.on.add(kind);
      set(button, { "aria-pressed": this.on.has(kind) ? "true" : "false" });
      this.#again();
    });
    return button;
  }
}
