// One shape as SVG: its edge, its rooms and places, its plug, bars and words. Which colour role it has is said
// here; the stylesheet gives the colour, dashes and edges.

import { el, text } from "../dom/svg.js";

/** @typedef {import("./layout.js").Chip} Chip */
/** @typedef {import("./shapes.js").Shape} Shape */

const CLOSING = new Set(["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "LAST-ACK", "TIME-WAIT", "CLOSE-WAIT", "CLOSED"]);

/** Which colour role a socket's state has. */
export const ROLES = /** @type {Record<string, string>} */ ({
  LISTEN: "listening",
  "SYN-SENT": "half-open",
  "SYN-RECEIVED": "half-open",
  ESTABLISHED: "established",
  UNCONNECTED: "data",
});

/** @param {string | undefined} state */
export function roleOf(state) {
  if (state === undefined) return undefined;
  return ROLES[state] ?? (CLOSING.has(state) ? "closing" : undefined);
}

/** @param {Chip} chip */
export function pointsLeft(chip) {
  return chip.to.x < chip.from.x;
}

/**
 * The edge of a shape.
 * @param {Shape} shape
 * @returns {Element[]}
 */
export function outline(shape) {
  const { w, h, kind } = shape;
  if (kind === "packet") return chipOutline(/** @type {Chip} */ (shape));
  if (kind === "door") {
    const made = [];
    if (shape.stub)
      made.push(
        el("line", { class: "stub", x1: shape.stub.x, x2: shape.stub.x, y1: shape.stub.y1, y2: shape.stub.y2 }),
      );
    return [...made, el("rect", { class: "edge", width: w, height: h, rx: 4 })];
  }
  if (kind === "socket" && CLOSING.has(shape.state ?? "")) {
    const cut = Math.min(w, h) * 0.28;
    return [
      el("path", {
        class: "edge",
        d: `M4 0H${w - cut}L${w} ${cut}V${h - 4}Q${w} ${h} ${w - 4} ${h}H4Q0 ${h} 0 ${h - 4}V4Q0 0 4 0Z`,
      }),
    ];
  }
  const edge = el("rect", { class: "edge", width: w, height: h, rx: kind === "fd" ? 4 : 5 });
  if (kind !== "host" || !shape.zones) return [edge];
  const zones = Object.entries(shape.zones).map(([name, box]) =>
    el("rect", { class: `zone ${name}`, x: box.x - shape.x, y: box.y - shape.y, width: box.w, height: box.h, rx: 4 }),
  );
  return [edge, ...zones];
}

/**
 * What is inside a shape: rooms, places, plug, bars, texts.
 * @param {Shape} shape
 * @returns {Element[]}
 */
export function parts(shape) {
  /** @type {Element[]} */
  const made = [];
  for (const room of shape.rooms ?? [])
    made.push(el("rect", { class: "room", x: room.x, y: room.y, width: room.w, height: room.h, rx: 3 }));
  for (const place of shape.places ?? []) {
    made.push(
      el("rect", {
        class: place.fill ? "place taken" : "place",
        x: place.x,
        y: place.y,
        width: place.w,
        height: place.h,
        rx: 1.5,
      }),
    );
  }
  if (shape.plug) {
    const { w, h, text: words } = shape.plug;
    made.push(el("rect", { class: "plug", width: w, height: h, rx: 5 }));
    made.push(textLine(w / 2, h / 2, words, "strong on-plug", "middle"));
  }
  for (const bar of shape.bars ?? [])
    made.push(el("rect", { class: `bar-${bar.kind}`, x: bar.x, y: bar.y, width: bar.w, height: bar.h, rx: 1 }));
  if (shape.held) made.push(...pauseBars(shape.h));
  for (const line of shape.texts) {
    made.push(textLine(line.x, line.y, line.text, `${line.face}${line.muted ? " muted" : ""}`, line.anchor));
  }
  return made;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {string} face
 * @param {"middle" | "end"} [anchor]
 */
function textLine(x, y, words, face, anchor) {
  const element = el("text", { class: face, x: round(x), y: round(y), "text-anchor": anchor });
  text(element, words);
  return element;
}

/** @param {number} h */
function pauseBars(h) {
  const top = h * 0.28;
  return [0, 1].map((index) =>
    el("rect", { class: "pause", x: h * 0.28 + index * h * 0.2, y: top, width: h * 0.11, height: h - 2 * top }),
  );
}

/**
 * Shape before colour: SYN a pennant, SYN ACK a double one, ACK a pill, data an envelope, FIN a cut edge,
 * RST an octagon, UDP round, ICMP a diamond. Pennants point where the packet goes.
 * @param {Chip} chip
 * @returns {Element[]}
 */
function chipOutline(chip) {
  const { w, h } = chip;
  const left = pointsLeft(chip);
  const k = h * 0.36;
  /** @param {[number, number][]} points */
  const path = (points) => `M${points.map(([x, y]) => `${round(left ? w - x : x)} ${round(y)}`).join("L")}Z`;
  switch (chip.chip) {
    case "syn":
      return [
        el("path", {
          class: "edge",
          d: path([
            [0, 0],
            [w - k, 0],
            [w, h / 2],
            [w - k, h],
            [0, h],
          ]),
        }),
      ];
    case "synack": {
      const inner = path([
        [w - k - 5, 0],
        [w - 5, h / 2],
        [w - k - 5, h],
        [w - 5, h / 2],
      ]);
      return [
        el("path", {
          class: "edge",
          d: path([
            [0, 0],
            [w - k, 0],
            [w, h / 2],
            [w - k, h],
            [0, h],
            [k * 0.6, h / 2],
          ]),
        }),
        el("path", { class: "fold", d: inner }),
      ];
    }
    case "fin":
      return [
        el("path", {
          class: "edge",
          d: path([
            [0, 0],
            [w, 0],
            [w - k, h],
            [0, h],
          ]),
        }),
      ];
    case "rst":
      return [
        el("path", {
          class: "edge",
          d: path([
            [k, 0],
            [w - k, 0],
            [w, k],
            [w, h - k],
            [w - k, h],
            [k, h],
            [0, h - k],
            [0, k],
          ]),
        }),
      ];
    case "icmp":
      return [
        el("path", {
          class: "edge",
          d: path([
            [0, h / 2],
            [k, 0],
            [w - k, 0],
            [w, h / 2],
            [w - k, h],
            [k, h],
          ]),
        }),
      ];
    case "data":
      return [
        el("rect", { class: "edge", width: w, height: h, rx: 2 }),
        el("path", { class: "fold", d: `M1 1L${w / 2} ${h * 0.22}L${w - 1} 1` }),
      ];
    case "ack":
    case "udp":
      return [el("rect", { class: "edge", width: w, height: h, rx: h / 2 })];
    default:
      return [el("rect", { class: "edge", width: w, height: h, rx: 4 })];
  }
}

/** @param {number} value */
export function round(value) {
  return Math.round(value * 10) / 10;
}
