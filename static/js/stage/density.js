// The field of cells, painted: one canvas for each host with thousands of sockets. It paints the cells that
// changed and no others, moves a cursor by the arrow keys, and has the same facts as a table for who listens.

import { html, join, set, text } from "../dom/svg.js";

/** @typedef {import("./cells.js").Density} Shape */

/** How a state looks besides its colour: five rows of five points. Every second row and column still tells them apart. */
const TEXTURES = /** @type {Record<string, string[]>} */ ({
  LISTEN: ["..#..", "..#..", "#####", "..#..", "..#.."],
  "SYN-SENT": ["#...#", "#...#", "#...#", "#...#", "#####"],
  "SYN-RECEIVED": ["#####", "#...#", "#...#", "#...#", "#####"],
  ESTABLISHED: ["#####", "#####", "#####", "#####", "#####"],
  UNCONNECTED: ["#####", ".....", ".....", ".....", "#####"],
  "FIN-WAIT-1": ["..#..", "..#..", "..#..", "..#..", "..#.."],
  "FIN-WAIT-2": ["#...#", "#...#", "#...#", "#...#", "#...#"],
  CLOSING: ["#...#", ".#.#.", "..#..", ".#.#.", "#...#"],
  "TIME-WAIT": ["....#", "...#.", "..#..", ".#...", "#...."],
  "CLOSE-WAIT": ["#....", ".#...", "..#..", "...#.", "....#"],
  "LAST-ACK": [".....", ".....", "#####", ".....", "....."],
  CLOSED: [".....", ".....", "..#..", ".....", "....."],
});
/** The same where a cell is two by two pixels. */
const TINY = /** @type {Record<string, string[]>} */ ({
  LISTEN: ["##", ".#"],
  "SYN-SENT": ["#.", "##"],
  "SYN-RECEIVED": ["##", "#."],
  ESTABLISHED: ["##", "##"],
  UNCONNECTED: ["##", ".."],
  "FIN-WAIT-1": ["#.", "#."],
  "FIN-WAIT-2": [".#", ".#"],
  CLOSING: [".#", "##"],
  "TIME-WAIT": [".#", "#."],
  "CLOSE-WAIT": ["#.", ".#"],
  "LAST-ACK": ["..", "##"],
  CLOSED: ["#.", ".."],
});
/** From this many device pixels on, cells have a gap between them. */
const GAP_FROM = 4;
const MOST_RINGS = 8;
const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
});

/**
 * @typedef {object} Answers
 * @property {(key: string) => void} select a cell was opened
 * @property {(key: string) => void} point the cursor is on a cell; empty: on none
 * @property {(key: string) => void} leave the keyboard goes back to the shape
 * @property {(state: string) => string | undefined} role the colour role of a state
 */

export class Density {
  /** @param {Answers} answers */
  constructor(answers) {
    this.answers = answers;
    /** @type {Shape | null} */
    this.shape = null;
    /** @type {string[]} the states that are painted, by cell */
    this.painted = [];
    this.geometry = "";
    this.swatches = "";
    /** How many cells the last draw painted. */
    this.dirty = 0;
    this.cursor = -1;
    /** @type {Map<string, HTMLCanvasElement>} */
    this.sprites = new Map();
    this.canvas = html("canvas", { tabindex: 0, role: "application" });
    this.words = html("output", { class: "cell-words" });
    this.body = html("tbody");
    this.caption = html("caption");
    const head = html("tr", {}, html("th", { scope: "col" }, "State"), html("th", { scope: "col" }, "Sockets"));
    const table = html("table", { class: "hush" }, this.caption, html("thead", {}, head), this.body);
    this.rings = html("div", { class: "rings", "aria-hidden": "true" });
    this.probe = html("span", { class: "probe", "aria-hidden": "true" });
    this.element = html("div", { class: "density" }, this.canvas, this.rings, this.words, table, this.probe);
    /** @type {string[]} keys of the cells with rings, the chosen one first */
    this.lit = [];
    this.#listen();
  }

  /** @param {Shape} shape @param {number} size the picture's font size */
  draw(shape, size) {
    this.shape = shape;
    const { x, y, w, h, field, host } = shape;
    const ratio = window.devicePixelRatio || 1;
    const geometry = JSON.stringify([x, y, w, h, size, ratio, field.x, field.y, field.cols, field.rows, field.pitch]);
    const swatches = JSON.stringify(field.swatches);
    if (geometry !== this.geometry) {
      this.geometry = geometry;
      this.#place(shape, size, ratio);
    }
    if (swatches !== this.swatches) this.#legend(shape, ratio);
    this.swatches = swatches;
    this.#cells(shape, ratio);
    set(this.canvas, {
      "aria-label": `${shape.label} on ${host}, one cell each. Arrow keys move between cells, Enter opens one, Escape leaves.`,
    });
    this.#table(shape);
    if (this.cursor >= 0) this.#say();
    this.#rings();
  }

  /** Paints everything again: the colours have changed. */
  repaint() {
    this.geometry = "";
    this.swatches = "";
    if (this.shape) this.draw(this.shape, Number.parseFloat(this.element.style.fontSize));
  }

  /** @param {string} chosen @param {Set<string>} related */
  light(chosen, related) {
    this.lit = [chosen, ...related].filter((key) => key.startsWith("socket:"));
    this.#rings();
  }

  /** The keyboard comes in. */
  focus() {
    this.canvas.focus();
  }

  // ---- painting

  /** @param {Shape} shape @param {number} size @param {number} ratio */
  #place({ x, y, w, h, field }, size, ratio) {
    Object.assign(this.element.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
    this.element.style.fontSize = `${size}px`;
    this.words.style.top = `${field.foot}px`;
    this.canvas.width = Math.round(w * ratio);
    this.canvas.height = Math.round(h * ratio);
    this.sprites.clear();
    this.painted = [];
    this.swatches = "";
  }

  /** @param {Shape} shape @param {number} ratio */
  #legend({ field }, ratio) {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, this.canvas.width, Math.round(field.y * ratio) - 1);
    for (const { x, y, size, state } of field.swatches)
      context.drawImage(this.#sprite(state, Math.round(size * ratio)), Math.round(x * ratio), Math.round(y * ratio));
  }

  /** @param {Shape} shape @param {number} ratio */
  #cells({ field, contents }, ratio) {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const { keys, shades } = contents;
    const { painted } = this;
    const { cols } = field;
    const pitch = field.pitch * ratio;
    const size = Math.max(1, Math.floor(pitch) - (pitch >= GAP_FROM ? 1 : 0));
    const left = Math.round(field.x * ratio);
    const top = Math.round(field.y * ratio);
    const end = Math.min(Math.max(keys.length, painted.length), cols * field.rows);
    this.dirty = 0;
    for (let cell = 0; cell < end; cell += 1) {
      const state = shades[cell] ?? "";
      if (painted[cell] === state || (state === "" && !painted[cell])) continue;
      const x = left + Math.floor((cell % cols) * pitch);
      const y = top + Math.floor(Math.floor(cell / cols) * pitch);
      if (painted[cell]) context.clearRect(x, y, size, size);
      if (state) context.drawImage(this.#sprite(state, size), x, y);
      painted[cell] = state;
      this.dirty += 1;
    }
  }

  /** A cell of a state, painted once for each size. @param {string} state @param {number} size in device pixels */
  #sprite(state, size) {
    const key = `${state} ${size}`;
    const known = this.sprites.get(key);
    if (known) return known;
    const sprite = html("canvas");
    sprite.width = size;
    sprite.height = size;
    const context = sprite.getContext("2d");
    const textures = size > 2 ? TEXTURES : TINY;
    const texture = textures[state] ?? textures.CLOSED;
    if (context) {
      context.fillStyle = this.#colour(state);
      for (let y = 0; y < size; y += 1) {
        for (let x = 0; x < size; x += 1)
          if (texture[point(y, size, texture.length)][point(x, size, texture.length)] === "#")
            context.fillRect(x, y, 1, 1);
      }
    }
    this.sprites.set(key, sprite);
    return sprite;
  }

  /** @param {string} state */
  #colour(state) {
    this.probe.style.color = `var(--${this.answers.role(state) ?? "muted"})`;
    return getComputedStyle(this.probe).color;
  }

  // ---- words

  /** @param {Shape} shape */
  #table({ host, field }) {
    text(this.caption, `Sockets of ${host} by state`);
    join(
      this.body,
      field.tally,
      ([state]) => state,
      ([state]) => html("tr", {}, html("th", { scope: "row" }, state), html("td")),
      (row, [, count]) => text(/** @type {Element} */ (row.lastElementChild), String(count)),
    );
  }

  #say() {
    const { keys, rows, shades } = /** @type {Shape} */ (this.shape).contents;
    const cookie = keys[this.cursor];
    const row = cookie ? rows[cookie] : undefined;
    const owner = row?.owners[0];
    const words = row
      ? `${shades[this.cursor]} ${row.local} → ${row.remote}, ${owner ? `fd ${owner.fd} of pid ${owner.pid}` : "no fd"}`
      : "no socket here any more";
    text(this.words, `cell ${this.cursor + 1}: ${words}`);
  }

  /** Rings round the cursor's cell, the chosen one and those that belong to it. */
  #rings() {
    if (!this.shape) return;
    const { field, contents } = this.shape;
    /** @type {{name: string, cell: number}[]} */
    const rings = [];
    for (const key of this.lit.slice(0, MOST_RINGS)) {
      const cookie = key.slice("socket:".length);
      if (contents.rows[cookie]?.host !== this.shape.host) continue;
      const cell = contents.keys.indexOf(cookie);
      if (cell >= 0 && cell < field.cols * field.rows) rings.push({ name: key, cell });
    }
    if (this.cursor >= 0) rings.push({ name: "cursor", cell: this.cursor });
    join(
      this.rings,
      rings,
      ({ name }) => name,
      () => html("i"),
      (ring, { cell }) => {
        ring.style.left = `${field.x + (cell % field.cols) * field.pitch}px`;
        ring.style.top = `${field.y + Math.floor(cell / field.cols) * field.pitch}px`;
        ring.style.width = `${field.pitch}px`;
        ring.style.height = `${field.pitch}px`;
      },
    );
  }

  // ---- hands

  #listen() {
    const { canvas } = this;
    canvas.addEventListener("click", (event) => {
      const cell = this.#at(event);
      if (cell < 0) return;
      this.#go(cell);
      this.#open();
    });
    canvas.addEventListener("pointermove", (event) => {
      const cell = this.#at(event);
      if (cell >= 0 && cell !== this.cursor) this.#go(cell);
    });
    canvas.addEventListener("pointerleave", () => {
      if (document.activeElement !== canvas) this.#away();
    });
    canvas.addEventListener("focus", () => this.#go(this.cursor >= 0 ? this.cursor : this.#near(0, 1)));
    canvas.addEventListener("blur", () => this.#away());
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.shape) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = arrow[0] + arrow[1] * this.shape.field.cols;
      const next = this.#near(this.cursor + step, step);
      if (next >= 0) this.#go(next);
    } else if (event.key === "Enter") {
      this.#open();
    } else if (event.key === "Escape") {
      this.answers.leave(this.shape.key);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** The first cell with a socket from one on, in steps; -1: none. @param {number} from @param {number} step */
  #near(from, step) {
    const { contents, field } = /** @type {Shape} */ (this.shape);
    const { keys } = contents;
    const end = Math.min(keys.length, field.cols * field.rows);
    for (let cell = from; cell >= 0 && cell < end; cell += step) if (keys[cell]) return cell;
    return -1;
  }

  /** The cell under the pointer that has a socket; -1: none. @param {MouseEvent} event */
  #at(event) {
    if (!this.shape) return -1;
    const { field, contents, w } = this.shape;
    const box = this.canvas.getBoundingClientRect();
    const scale = box.width > 0 ? w / box.width : 1;
    const col = Math.floor(((event.clientX - box.x) * scale - field.x) / field.pitch);
    const row = Math.floor(((event.clientY - box.y) * scale - field.y) / field.pitch);
    if (col < 0 || col >= field.cols || row < 0 || row >= field.rows) return -1;
    const cell = row * field.cols + col;
    return contents.keys[cell] ? cell : -1;
  }

  /** @param {number} cell */
  #go(cell) {
    this.cursor = cell;
    if (cell < 0 || !this.shape) return;
    this.#say();
    this.#rings();
    this.answers.point(`socket:${this.shape.contents.keys[cell]}`);
  }

  #away() {
    this.cursor = -1;
    text(this.words, "");
    this.#rings();
    this.answers.point("");
  }

  #open() {
    const cookie = this.shape?.contents.keys[this.cursor];
    if (cookie) this.answers.select(`socket:${cookie}`);
  }
}

/** Which of a texture's points a pixel shows. @param {number} pixel @param {number} size @param {number} points */
function point(pixel, size, points) {
  return size < 2 ? 0 : Math.round((pixel * (points - 1)) / (size - 1));
}
