// The ladder: history below the picture of now, with the same x. One row for each call, return, packet and
// arrival, oldest on top; packets slant from door to door, calls stand at their host's outer edge, and the
// moment of each row at the server's. Rows stand in equal steps or in real time. A click on a row shows that moment.

import { el, html, icon, join, one, set, text } from "../dom/svg.js";
import { measure } from "../stage/view.js";
import { chipKind } from "../words/headers.js";
import { seconds } from "../words/numbers.js";
import { subjects } from "../words/relations.js";
import { Axis } from "./axis.js";
import { Rungs } from "./rungs.js";
import { ends, isRight, rungWords } from "./rungwords.js";

/** @typedef {import("../stage/layout.js").Layout} Layout */
/** @typedef {import("../stage/shapes.js").Metrics} Metrics */
/** @typedef {import("../stage/shapes.js").Shape} Shape */
/** @typedef {import("./panels.js").Desk} Desk */
/** @typedef {import("./rungs.js").Rung} Rung */
/** @typedef {import("./rungwords.js").Room} Room */
/** @typedef {import("./rungwords.js").Words} Words */

const OVERSCAN = 40;
/** In real time thousands of rows may have the same height; no more than these are looked at. */
const MOST_ROWS = 600;
/** A host that is narrower than so many letters has no room for the moments. */
const MOMENT_ROOM = 26;

/** @type {import("./panels.js").Panel} */
export const ladder = {
  name: "ladder",
  tab: { icon: () => icon("waypoints"), words: "Ladder", label: "Ladder: calls and packets in order" },
  always: true,
  rows: true,
  mount: (home, desk) => new Ladder(home, desk),
};

class Ladder {
  /**
   * @param {HTMLElement} frame
   * @param {Desk} desk
   */
  constructor(frame, desk) {
    const home = html("div", {
      class: "canvas",
      "data-ladder": true,
      tabindex: 0,
      role: "group",
      "aria-label": "Calls and packets, oldest first",
    });
    frame.replaceChildren(home);
    this.home = home;
    this.desk = desk;
    this.rungs = new Rungs(desk.log);
    this.axis = new Axis(this.rungs);
    this.seq = 0;
    /** @type {Layout | null} */
    this.layout = null;
    this.size = 13;
    this.sight = "";
    /** @type {import("../words/relations.js").Light | null} */
    this.lit = null;
    /** @type {Room | null} where the moments stand */
    this.moments = null;
    this.svg = el("svg", { class: "ladder" });
    this.lines = el("g", { class: "lines" });
    this.spans = el("g", { class: "spans" });
    this.rows = el("g", { class: "rungs" });
    this.nowLine = el("line", { class: "now" });
    // The picture is as large as what is in sight; the sheet behind it is as long as the log.
    this.moved = el("g", {}, this.lines, this.spans, this.rows, this.nowLine);
    this.svg.append(this.moved);
    this.sheet = html("div", { class: "sheet" }, this.svg);
    home.replaceChildren(this.sheet);
    this.top = 0;
    this.height = 0;
    home.addEventListener(
      "scroll",
      () => {
        this.top = home.scrollTop;
        this.#draw();
      },
      { passive: true },
    );
    new ResizeObserver(() => {
      this.height = home.clientHeight;
      this.#reveal();
      this.#draw();
    }).observe(home);
    this.svg.addEventListener("pointerover", (event) => this.#point(rungOf(event.target)));
    this.svg.addEventListener("pointerleave", () => this.#point(null));
    this.svg.addEventListener("click", (event) => {
      const row = rungOf(event.target);
      if (row) desk.clock.seek(Number(row.getAttribute("data-seq")));
    });
    this.actions = {
      "real-time": () => this.#toggleTime(),
      "time-finer": () => this.#zoomTime(1),
      "time-coarser": () => this.#zoomTime(-1),
    };
  }

  get log() {
    return this.desk.log;
  }

  get rowH() {
    return this.axis.rowH;
  }

  /** The rows in equal steps, or as far apart as their moments are. */
  #toggleTime() {
    this.axis.toggle(this.rungs.indexOf(this.seq), this.height);
    this.#again();
    const { root } = this.desk;
    one(root, '[data-action="real-time"]').setAttribute("aria-pressed", String(this.axis.real));
    for (const action of ["time-finer", "time-coarser"])
      one(root, `[data-action="${action}"]`).hidden = !this.axis.real;
  }

  /** @param {1 | -1} direction finer or coarser */
  #zoomTime(direction) {
    this.axis.zoom(direction);
    this.#again();
  }

  #again() {
    this.#reveal();
    this.#draw();
  }

  /** Another log begins: its rows, on the same axis. */
  forget() {
    this.rungs = new Rungs(this.log);
    this.axis.rows = this.rungs;
    this.layout = null;
    this.seq = 0;
    this.top = 0;
    for (const group of [this.lines, this.spans, this.rows]) group.replaceChildren();
  }

  /** On the stage's own x. @param {import("./panels.js").Shown} shown */
  draw({ layout, seq }) {
    if (!layout) return;
    const size = layout.size > 20 ? 24 : 13;
    this.size = size;
    this.axis.rowH = Math.max(22, size * 1.65);
    this.layout = layout;
    this.rungs.take();
    const sight = `${layout.width} ${size}`;
    const moved = seq !== this.seq || sight !== this.sight;
    this.seq = seq;
    this.sight = sight;
    if (this.height === 0) return;
    if (moved) this.#reveal();
    this.#draw();
  }

  /** @param {import("../words/relations.js").Light} lit */
  light(lit) {
    if (lit.key === "" && this.lit?.key === "") return;
    this.lit = lit;
    for (const row of this.rows.children) set(row, { "data-lit": this.#isLit(Number(row.getAttribute("data-seq"))) });
  }

  /** @param {number} seq */
  #isLit(seq) {
    const event = this.log.event(seq);
    return event ? (this.lit?.has(event) ?? false) : false;
  }

  /** @param {Element | null} row */
  #point(row) {
    const event = this.log.event(Number(row?.getAttribute("data-seq") ?? 0));
    const key = event ? (subjects(event, this.log)[0] ?? "") : "";
    this.desk.point(key);
  }

  /** The row of the moment on the screen stays in sight. */
  #reveal() {
    const length = Math.max(this.height, this.axis.height);
    this.sheet.style.height = `${length}px`;
    const y = this.axis.y(this.rungs.indexOf(this.seq)) + this.rowH / 2;
    if (y <= this.top + this.height - this.rowH && y >= this.top + this.rowH) return;
    this.top = Math.max(0, Math.min(length - this.height, y - this.height + 1.6 * this.rowH));
    this.home.scrollTop = this.top;
  }

  #draw() {
    const { layout, rowH, top, height } = this;
    if (!layout || height === 0) return;
    set(this.svg, { width: layout.width, height, viewBox: `0 0 ${layout.width} ${height}` });
    this.svg.style.fontSize = `${this.size}px`;
    set(this.moved, { transform: `translate(0 ${-top})` });
    const first = Math.max(0, this.axis.indexAt(top - rowH) - 1);
    const last = Math.min(this.rungs.count - 1, first + MOST_ROWS, this.axis.indexAt(top + height + rowH));
    const now = this.rungs.indexOf(this.seq);
    this.#lifelines(layout, top, height);
    const y = this.axis.y(now) + rowH / 2 + 2;
    set(this.nowLine, { x1: 0, x2: layout.width, y1: y, y2: y });
    const shown = this.#apart(first, last, now);
    const metrics = {
      f: this.size,
      t: 0,
      names: false,
      roomy: false,
      wide: (/** @type {string} */ words, /** @type {import("../stage/shapes.js").Face} */ face) =>
        measure(words, face) * this.size,
    };
    this.moments = this.#room(layout, metrics);
    join(
      this.rows,
      shown,
      ({ rung }) => String(rung.seq),
      () => el("g", { class: "rung" }),
      (group, { rung, index }) => this.#rung(group, rung, this.axis.y(index), index > now, layout, metrics),
    );
    this.#spans(first, last, now, layout);
  }

  /**
   * Where the moments stand: in the widest host, at the edge that its calls leave free.
   * @param {Layout} layout
   * @param {Metrics} metrics
   * @returns {Room | null}
   */
  #room(layout, metrics) {
    const [host] = [...layout.hosts].sort((a, b) => b.w - a.w);
    if (!host || host.w < MOMENT_ROOM * metrics.f) return null;
    const width = metrics.wide(seconds(this.log.event(this.log.end)?.t ?? 0), "mono") + 1.2 * metrics.f;
    if (isRight(host, layout))
      return { from: host.x, to: host.x + width, x: host.x + 0.6 * metrics.f, anchor: undefined };
    const right = host.x + host.w;
    return { from: right - width, to: right, x: right - 0.6 * metrics.f, anchor: "end" };
  }

  /**
   * The rows whose words find room: in real time one may stand where another does already.
   * @param {number} first
   * @param {number} last
   * @param {number} now its row is always there
   */
  #apart(first, last, now) {
    /** @type {{rung: Rung, index: number}[]} */
    const kept = [];
    let free = -Infinity;
    const reserved = this.axis.y(now);
    for (let index = first; index <= last; index += 1) {
      const y = this.axis.y(index);
      const room = y >= free && (index >= now || y <= reserved - this.rowH);
      if (index !== now && !room) continue;
      kept.push({ rung: this.rungs.list[index], index });
      free = y + this.rowH - 0.5;
    }
    return kept;
  }

  /** @param {Layout} layout @param {number} top @param {number} height */
  #lifelines(layout, top, height) {
    join(
      this.lines,
      this.#doors(layout),
      (door) => door.key,
      () => el("line", { class: "lifeline" }),
      (line, door) => {
        const x = door.x + door.w / 2;
        set(line, { x1: x, x2: x, y1: Math.max(0, top - OVERSCAN), y2: top + height + OVERSCAN });
      },
    );
  }

  /** @param {Layout} layout @returns {Shape[]} */
  #doors(layout) {
    const withDoor = new Set(layout.doors.map((door) => door.host));
    return [...layout.doors, ...layout.hosts.filter((host) => !withDoor.has(host.host))];
  }

  /**
   * @param {SVGGElement} group
   * @param {Rung} rung
   * @param {number} y
   * @param {boolean} later
   * @param {Layout} layout
   * @param {Metrics} metrics
   */
  #rung(group, rung, y, later, layout, metrics) {
    const lit = this.#isLit(rung.seq);
    set(group, { "data-seq": rung.seq, "data-later": later, "data-lit": lit, transform: `translate(0 ${y})` });
    const words = rungWords(rung, this.log, layout, metrics, this.moments);
    if (group.childElementCount === 0)
      group.append(el("rect", { class: "hit" }), el("text", { class: "mono muted moment" }), el("text"));
    this.#moment(/** @type {SVGTextElement} */ (group.children[1]), rung, words, metrics);
    set(/** @type {Element} */ (group.firstElementChild), {
      x: 0,
      y: -this.rowH / 2,
      width: layout.width,
      height: this.rowH,
    });
    const label = /** @type {SVGTextElement} */ (group.lastElementChild);
    set(label, { x: words.x, y: 0, "text-anchor": words.anchor, class: words.face, "data-failed": words.failed });
    text(label, words.text);
  }

  /**
   * When it was, unless the words of the row begin where the moments stand.
   * @param {SVGTextElement} place
   * @param {Rung} rung
   * @param {Words} words
   * @param {Metrics} metrics
   */
  #moment(place, rung, words, metrics) {
    const { moments } = this;
    const width = metrics.wide(words.text, words.face.includes("mono") ? "mono" : "code");
    const from = words.anchor === "end" ? words.x - width : words.x - (words.anchor === "middle" ? width / 2 : 0);
    const free = moments !== null && (words.text === "" || from >= moments.to || from + width <= moments.from);
    set(place, { x: moments?.x, y: 0, "text-anchor": moments?.anchor });
    text(place, free ? seconds(this.log.events[rung.seq - 1].t) : "");
  }

  /**
   * Arrows of packets and bars of calls whose rows are in sight.
   * @param {number} first
   * @param {number} last
   * @param {number} now
   * @param {Layout} layout
   */
  #spans(first, last, now, layout) {
    const { rowH } = this;
    /** @type {{key: string, rung: Rung, from: number, to: number, open: boolean}[]} */
    const spans = [];
    const begun = new Set();
    for (let index = Math.max(0, first - OVERSCAN); index <= last; index += 1) {
      const rung = this.rungs.list[index];
      const start = rung.kind === "call" || rung.kind === "sent" ? index : (rung.other ?? index);
      if (begun.has(start) || start > now) continue;
      begun.add(start);
      const begin = this.rungs.list[start];
      const end = begin.other !== undefined && begin.other <= now ? begin.other : undefined;
      spans.push({
        key: `${begin.kind}:${begin.id}`,
        rung: begin,
        from: start,
        to: end ?? Math.max(start, now),
        open: end === undefined,
      });
    }
    join(
      this.spans,
      spans,
      (span) => span.key,
      () => el("path"),
      (path, span) => {
        const y1 = this.axis.y(span.from);
        const y2 = this.axis.y(span.to);
        if (span.rung.kind === "call") set(path, this.#bar(span, y1, y2, layout));
        else if (this.axis.real) set(path, this.#arrow(span, y1, y2, layout));
        else set(path, this.#arrow(span, y1 + rowH * 0.36, Math.max(y1 + rowH * 0.62, y2), layout));
      },
    );
  }

  /**
   * @param {{rung: Rung, open: boolean}} span
   * @param {number} y1
   * @param {number} y2
   * @param {Layout} layout
   */
  #bar(span, y1, y2, layout) {
    const call = this.log.calls.get(span.rung.id);
    const host = layout.hosts.find((shape) => shape.host === call?.host);
    if (!call || !host) return { d: "" };
    const right = isRight(host, layout);
    const x = right ? host.x + host.w - 4 : host.x + 4;
    return { class: "bar", d: `M${x} ${y1 - 6}V${Math.max(y1 + 6, y2 + 4)}`, "data-open": span.open };
  }

  /**
   * @param {{rung: Rung, open: boolean}} span
   * @param {number} y1
   * @param {number} y2
   * @param {Layout} layout
   */
  #arrow(span, y1, y2, layout) {
    const way = ends(span.rung.id, this.log, layout);
    const packet = this.log.packets.get(span.rung.id);
    if (!way || !packet) return { d: "" };
    const lost = !span.open && this.log.fates.get(span.rung.id)?.type === "packet.dropped";
    if (lost && packet.repeats) return { d: "" };
    const part = span.open || lost ? 0.5 : 1;
    const x1 = way.from.x;
    const x2 = x1 + (way.to.x - x1) * part;
    const y = y1 + (y2 - y1) * part;
    const back = Math.sign(x1 - x2) * 7;
    const head = part === 1 ? `M${x2 + back} ${y - 4}L${x2} ${y}L${x2 + back} ${y + 4}` : "";
    return {
      class: "arrow",
      d: `M${x1} ${y1}L${x2} ${y}${head}`,
      "data-chip": chipKind(packet),
      "data-open": span.open,
      "data-lost": lost,
    };
  }
}

/** @param {EventTarget | null} target */
function rungOf(target) {
  return target instanceof Element ? target.closest("[data-key]") : null;
}
