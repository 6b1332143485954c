// The event list: every event of the log in one row, filtered by kind and text. Only the rows in sight are drawn.

import { plainName } from "./cutaway.js";
import { chipWords } from "./headers.js";
import { subjects } from "./relations.js";
import { html, join, set, text } from "./svg.js";

/** @typedef {import("./protocol.js").Event} Event */
/** @typedef {import("./log.js").Log} Log */

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

export class EventList {
  /**
   * @param {HTMLElement} rows
   * @param {HTMLElement} kinds
   * @param {HTMLInputElement} filter
   * @param {Log} log
   */
  constructor(rows, kinds, filter, log) {
    this.rows = rows;
    this.log = log;
    this.filter = filter;
    this.on = new Set(Object.keys(KINDS).filter((kind) => KINDS[kind].on));
    /** @type {number[]} seqs that pass the filter */
    this.passed = [];
    this.read = 0;
    this.seq = 0;
    this.chosen = "";
    /** @type {import("./relations.js").Light | null} */
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

  /**
   * @param {number} seq what the screen shows
   * @param {string} chosen key of the thing whose evidence is open
   */
  update(seq, chosen) {
    const moved = seq !== this.seq;
    this.seq = seq;
    this.chosen = chosen;
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
    this.update(this.seq, this.chosen);
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

  /** @param {import("./relations.js").Light} lit */
  light(lit) {
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
    const key = event ? (subjects(event, this.log)[0] ?? "") : "";
    this.rows.dispatchEvent(new CustomEvent("stage:point", { bubbles: true, detail: { key } }));
  }

  /** @param {number} seq */
  #choose(seq) {
    set(this.rows, { "aria-activedescendant": `event-${seq}` });
    this.rows.dispatchEvent(new CustomEvent("stage:select", { bubbles: true, detail: { key: `event:${seq}` } }));
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

/**
 * One row's words: who, and what happened.
 * @param {Event} event
 * @param {Log} log
 * @returns {{who: string, what: string}}
 */
export function summary(event, log) {
  switch (event.type) {
    case "syscall.entered":
      return { who: event.host, what: `${plainName(event.name)}(${argumentWords(event.args)}) …` };
    case "syscall.returned": {
      const call = log.calls.get(event.call);
      return {
        who: call?.host ?? "",
        what: `${plainName(call?.name ?? "?")} = ${event.error ?? event.result ?? ""}${event.address ? `  ${event.address}` : ""}`,
      };
    }
    case "fd.opened":
    case "fd.closed":
      return {
        who: `pid ${event.pid}`,
        what: `fd ${event.fd} ${event.type === "fd.opened" ? "opened" : "closed"}: ${event.kind}`,
      };
    case "socket.appeared":
    case "socket.changed":
    case "socket.vanished": {
      const queues = event.recv_queue + event.send_queue > 0 ? `  ${event.recv_queue}/${event.send_queue}` : "";
      const what = event.type === "socket.vanished" ? "gone: " : event.type === "socket.appeared" ? "new: " : "";
      return { who: event.host, what: `${what}${event.state} ${event.local} → ${event.remote}${queues}` };
    }
    case "packet.sent":
      return {
        who: event.source_host,
        what: `${chipWords(event)} → ${event.target_host ?? "nobody"}${event.repeats ? " (again)" : ""}`,
      };
    case "packet.held":
    case "packet.delivered":
    case "packet.dropped": {
      const packet = log.packets.get(event.packet);
      return {
        who: packet?.target_host ?? "",
        what: `${packet ? chipWords(packet) : event.packet} ${event.type.slice(7)}${event.why && event.type !== "packet.delivered" ? `: ${event.why}` : ""}`,
      };
    }
    case "process.started":
      return { who: event.host, what: `${event.program} started, pid ${event.pid}` };
    case "process.executed":
      return { who: `pid ${event.pid}`, what: `runs ${event.program} now` };
    case "process.output":
      return { who: `pid ${event.pid}`, what: `prints ${event.text.trim()}` };
    case "process.exited":
      return { who: `pid ${event.pid}`, what: `ended, ${event.signal ?? `code ${event.code}`}` };
    case "moment.pending":
    case "moment.released":
      return { who: event.kind, what: `moment ${event.moment} ${event.type.slice(7)}` };
    case "host.added":
      return { who: event.host, what: `up at ${event.addresses.join(", ")}` };
    case "pace.changed":
      return { who: "pace", what: event.pace };
    case "wire.changed":
      return { who: "wire", what: `delay ${event.delay_ms} ms, jitter ${event.jitter_ms} ms, loss ${event.loss}` };
    case "sysctl.changed":
      return { who: event.host, what: `${event.name} = ${event.value}` };
    case "command.accepted":
      return { who: "you", what: event.command };
    case "command.refused":
      return { who: "you", what: `${event.command} refused: ${event.detail}` };
    case "observation.lost":
      return { who: event.host, what: `not observed: ${event.why}` };
    case "sandbox.closed":
      return { who: "sandbox", what: `closed: ${event.why}` };
  }
}

/**
 * A call's arguments as a program would write them, the flags and buffers short.
 * @param {Record<string, any>} args
 */
export function argumentWords(args) {
  return Object.entries(args)
    .filter(([name, value]) => name !== "addrlen" && !(Array.isArray(value) && value.length === 0))
    .map(([, value]) => valueWords(value))
    .join(", ");
}

/** @param {any} value @returns {string} */
export function valueWords(value) {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value))
    return value.every((item) => typeof item === "string") ? value.join("|") : `[${value.map(valueWords).join(", ")}]`;
  if (typeof value === "object") {
    if (typeof value.length === "number") return `${value.length} bytes`;
    return `{${Object.entries(value)
      .map(([name, inner]) => `${name}: ${valueWords(inner)}`)
      .join(", ")}}`;
  }
  return String(value);
}
