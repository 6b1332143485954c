// Thousands of sockets of one host → a field of cells, one for each socket in the order of arrival. Pure; part of
// layout.js. A cell keeps its place while its socket lives; the field grows by quarters, so that it seldom moves.

import { needed, taken } from "../log/places.js";
import { fit } from "./shapes.js";

/** @typedef {import("../log/state.js").State} State */
/** @typedef {import("../log/places.js").HostPlaces} HostPlaces */
/** @typedef {import("./shapes.js").Box} Box */
/** @typedef {import("./shapes.js").Text} Text */
/** @typedef {import("./shapes.js").Metrics} Metrics */
/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {{x: number, y: number, size: number, state: string}} Swatch */
/**
 * @typedef {object} Field
 * @property {number} x of the first cell, from the shape's corner
 * @property {number} y
 * @property {number} cols
 * @property {number} rows
 * @property {number} pitch from one cell to the next, in px
 * @property {number} foot where the line stands that says what the cursor is on
 * @property {Swatch[]} swatches
 * @property {[string, number][]} tally state and count, the order of the legend
 */
/** @typedef {{keys: string[], shades: string[], rows: State["sockets"]}} Contents cookies and states by cell; the log's own, to be read at once */
/** @typedef {Shape & {field: Field, contents: Contents}} Density */

/** The order of the legend: as a connection lives. */
const ORDER = [
  "LISTEN",
  "SYN-SENT",
  "SYN-RECEIVED",
  "ESTABLISHED",
  "UNCONNECTED",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "CLOSING",
  "TIME-WAIT",
  "CLOSE-WAIT",
  "LAST-ACK",
  "CLOSED",
];
const LEAST_PITCH = 2;
const MOST_PITCH = 16;

/**
 * @param {State} state
 * @param {HostPlaces} places
 * @param {string} host
 * @param {Box} box
 * @param {Metrics} metrics
 * @returns {Density}
 */
export function densityShape(state, places, host, box, metrics) {
  const { f } = metrics;
  const pad = 0.5 * f;
  const line = 1.45 * f;
  const total = taken(places.cells);
  const tally = Object.entries(places.tally).filter(([, count]) => count > 0);
  tally.sort(([a], [b]) => rank(a) - rank(b));
  /** @type {Text[]} */
  const texts = [
    {
      x: pad,
      y: 0.95 * f,
      text: "",
      face: "strong",
    },
  ];
  const swatches = legend(tally, total, box, metrics, texts);
  const top = (texts[texts.length - 1]?.y ?? 0) + 0.85 * f;
  const foot = box.h - line;
  const w = box.w - 2 * pad;
  const h = Math.max(LEAST_PITCH, foot - top - 0.2 * f);
  const pitch = pitchOf(capacity(needed(places.cells)), w, h);
  const cols = Math.max(1, Math.floor(w / pitch));
  const rows = Math.max(1, Math.floor(h / pitch));
  const all = needed(places.cells) <= cols * rows;
  const heading = `${total} sockets, ${all ? "one cell each" : `the first ${cols * rows} as cells`}`;
  texts[0].text = fit(heading, w, "strong", metrics);
  const words = tally.map(([name, count]) => `${count} ${name}`);
  return {
    key: `density:${host}`,
    kind: "density",
    host,
    ...box,
    label: [`${total} sockets`, ...words].join(", "),
    texts,
    field: { x: pad, y: top, cols, rows, pitch, foot, swatches, tally },
    contents: { keys: places.cells.at, shades: places.shades, rows: state.sockets },
  };
}

/** @param {string} name */
function rank(name) {
  const index = ORDER.indexOf(name);
  return index < 0 ? ORDER.length : index;
}

/**
 * Entries in rows, each as wide as it may become while it counts, so that counting moves nothing.
 * @param {[string, number][]} tally
 * @param {number} total
 * @param {Box} box
 * @param {Metrics} metrics
 * @param {Text[]} texts where the words go
 * @returns {Swatch[]}
 */
function legend(tally, total, box, metrics, texts) {
  const { f, wide } = metrics;
  const pad = 0.5 * f;
  const size = 0.95 * f;
  const line = 1.4 * f;
  const digits = "0".repeat(String(total).length);
  const rows = Math.max(1, Math.floor((0.4 * box.h - line) / line));
  /** @type {Swatch[]} */
  const swatches = [];
  let x = pad;
  let row = 1;
  for (const [state, count] of tally) {
    const width = size + 0.4 * f + wide(`${digits} ${state}`, "plain");
    if (x > pad && x + width > box.w - pad) {
      x = pad;
      row += 1;
    }
    if (row > rows) break;
    const y = 0.95 * f + row * line;
    const left = x + size + 0.4 * f;
    swatches.push({ x, y: y - size / 2, size, state });
    texts.push({ x: left, y, text: fit(`${count} ${state}`, box.w - pad - left, "plain", metrics), face: "plain" });
    x += width + 0.9 * f;
  }
  return swatches;
}

/** Cells that there is room for: quarter steps between powers of two. @param {number} count */
function capacity(count) {
  const step = 2 ** Math.max(6, Math.floor(Math.log2(Math.max(1, count))) - 2);
  return Math.ceil(count / step) * step;
}

/**
 * The largest pitch at which so many cells fit; whole pixels, halves only where cells are tiny.
 * @param {number} count
 * @param {number} w
 * @param {number} h
 */
function pitchOf(count, w, h) {
  for (let pitch = MOST_PITCH; pitch > LEAST_PITCH; pitch -= pitch > 4 ? 1 : 0.5)
    if (Math.floor(w / pitch) * Math.floor(h / pitch) >= count) return pitch;
  // Smaller cells could not be told from each other: the field shows as many as there is room for.
  return LEAST_PITCH;
}
