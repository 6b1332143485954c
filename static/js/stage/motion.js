// Layout A, layout B → element.animate(). Motion means something or is not there: what moved moves, packets
// travel from door to door, accept() happens in three beats. Nothing queues: who is late sees the end at once.
// Under prefers-reduced-motion nothing here runs; the rings of stage.js say the same.

import { looseChip } from "./layout.js";

/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./layout.js").View} View */
/** @typedef {import("./layout.js").Chip} Chip */
/** @typedef {import("./layout.js").Point} Point */
/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("../log/log.js").Log} Log */
/** @typedef {import("../log/protocol.js").Event} Event */

const EASE = "cubic-bezier(0.2, 0, 0, 1)";
const MOVE_MS = 250;
const CHANGE_MS = 200;
const HOP_MS = 600;
const BEAT_MS = 200;
const MOST = 30;
/** More new events than this at once: the eye could not follow, so the picture jumps. */
const TOO_MANY = 150;

/**
 * Plays the way from one picture to the next. The picture itself is drawn already.
 * @param {Stage} stage
 * @param {Layout | null} before
 * @param {Layout} after
 * @param {Event[]} events what happened between the two; empty after a jump
 * @param {View} view
 * @param {number} now the log's clock (ns)
 */
export function play(stage, before, after, events, view, now) {
  if (!before || events.length === 0 || events.length > TOO_MANY || document.hidden) return;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const old = new Map(all(before).map((shape) => [shape.key, shape]));
  let left = MOST;
  for (const shape of all(after)) {
    if (left <= 0) return;
    const body = stage.shapes.get(shape.key)?.firstElementChild;
    if (!body) continue;
    const was = old.get(shape.key);
    if (shape.kind === "packet") left -= chipMoves(body, was, /** @type {Chip} */ (shape), now);
    else if (was) left -= moves(body, was, shape);
    else left -= comes(body, shape, events);
  }
  left -= passes(stage, before, after, events, view, left);
  leaves(stage, old, left);
}

/** @param {Layout} layout @returns {Shape[]} */
function all(layout) {
  return [...layout.processes, ...layout.sockets, ...layout.fds, ...layout.doors, ...layout.packets];
}

/**
 * @param {Element} body
 * @param {Shape} was
 * @param {Shape} is
 */
function moves(body, was, is) {
  const dx = was.x - is.x;
  const dy = was.y - is.y;
  const accepted = Boolean(was.room) && !is.room;
  if (accepted) plugFills(body);
  if (Math.abs(dx) + Math.abs(dy) < 1) return accepted ? 1 : 0;
  body.animate([{ transform: `translate(${dx}px, ${dy}px)` }, { transform: "none" }], {
    duration: MOVE_MS,
    easing: EASE,
  });
  return 1;
}

/**
 * The third beat of accept(): the card has left the room, the number has appeared in the process, now the plug.
 * @param {Element} body
 */
function plugFills(body) {
  const plug = body.querySelectorAll(".plug, .on-plug");
  for (const part of plug) {
    part.animate([{ opacity: 0 }, { opacity: 1 }], {
      duration: BEAT_MS,
      delay: 2 * BEAT_MS,
      easing: EASE,
      fill: "backwards",
    });
  }
}

/**
 * @param {Element} body
 * @param {Shape} shape
 * @param {Event[]} events
 */
function comes(body, shape, events) {
  const accepted =
    shape.kind === "fd" &&
    events.some(
      (event) =>
        event.type === "syscall.returned" &&
        event.address !== undefined &&
        shape.key === `fd:${event.pid}:${event.new_fd}`,
    );
  body.animate([{ opacity: 0 }, { opacity: 1 }], {
    duration: CHANGE_MS,
    delay: accepted ? BEAT_MS : 0,
    easing: EASE,
    fill: "backwards",
  });
  return 1;
}

/**
 * A new chip comes out of its door; one that has a time to go travels on until then.
 * @param {Element} body
 * @param {Shape | undefined} was
 * @param {Chip} chip
 * @param {number} now
 */
function chipMoves(body, was, chip, now) {
  if (was) return moves(body, was, chip);
  const start = offset(chip, chip.from);
  const end = offset(chip, chip.to);
  if (chip.due === null) {
    body.animate(
      [
        { transform: start, opacity: 0.2 },
        { transform: "none", opacity: 1 },
      ],
      { duration: HOP_MS / 2, easing: EASE },
    );
    return 1;
  }
  const duration = Math.max(HOP_MS / 2, (chip.due - now) / 1e6);
  body.animate(
    [
      { transform: start, opacity: 0.2 },
      { transform: "none", opacity: 1, offset: 0.5 },
      { transform: end, opacity: 0.9 },
    ],
    { duration, easing: "linear", fill: "forwards" },
  );
  return 1;
}

/**
 * Packets that were sent and arrived between the two pictures, and those that left the street since.
 * @param {Stage} stage
 * @param {Layout} before
 * @param {Layout} after
 * @param {Event[]} events
 * @param {View} view
 * @param {number} most
 */
function passes(stage, before, after, events, view, most) {
  const there = new Map(before.packets.map((chip) => [chip.packet, chip]));
  /** @type {Map<number, import("../log/protocol.js").PacketSent>} */
  const sent = new Map();
  let made = 0;
  for (const event of events) {
    if (event.type === "packet.sent") sent.set(event.packet, event);
    if (event.type !== "packet.delivered" && event.type !== "packet.dropped") continue;
    if (made >= most) break;
    const lost = event.type === "packet.dropped";
    const fresh = sent.get(event.packet);
    if (fresh?.loopback || (lost && view.repeats(event.packet))) continue;
    const chip = there.get(String(event.packet)) ?? (fresh ? looseChip(fresh, after, view) : null);
    if (!chip) continue;
    const slowly = there.has(String(event.packet)) && chip.due !== null;
    if (slowly && !lost) continue;
    pass(stage, chip, !there.has(String(event.packet)), lost, made * 90);
    made += 1;
  }
  return made;
}

/**
 * @param {Stage} stage
 * @param {Chip} chip
 * @param {boolean} whole from door to door, not only the second half of the way
 * @param {boolean} lost
 * @param {number} delay
 */
function pass(stage, chip, whole, lost, delay) {
  const element = stage.pass({ ...chip, held: false });
  const body = /** @type {Element} */ (element.firstElementChild);
  const start = whole ? offset(chip, chip.from) : "none";
  const end = lost ? `translate(0, ${chip.h * 1.2}px) rotate(12deg)` : offset(chip, chip.to);
  if (lost) element.setAttribute("data-lost", "");
  const frames = lost
    ? [
        { transform: start, opacity: 1 },
        { transform: "none", opacity: 1, offset: 0.5 },
        { transform: end, opacity: 0 },
      ]
    : [
        { transform: start, opacity: 1 },
        { transform: end, opacity: 0.9 },
      ];
  const animation = body.animate(frames, {
    duration: whole ? HOP_MS : HOP_MS / 2,
    delay,
    easing: EASE,
    fill: "backwards",
  });
  animation.finished.finally(() => element.remove());
}

/**
 * @param {Stage} stage
 * @param {Map<string, Shape>} old
 * @param {number} most
 */
function leaves(stage, old, most) {
  for (const element of stage.left.slice(0, Math.max(0, most))) {
    const shape = old.get(element.getAttribute("data-key") ?? "");
    if (!shape || shape.kind === "packet" || shape.kind === "host") continue;
    for (const name of ["role", "tabindex", "aria-label", "data-key"]) element.removeAttribute(name);
    stage.passing.append(element);
    const body = /** @type {Element} */ (element.firstElementChild);
    body
      .animate([{ opacity: 1 }, { opacity: 0 }], { duration: CHANGE_MS, easing: EASE })
      .finished.finally(() => element.remove());
  }
}

/**
 * From a chip's place to one of its doors.
 * @param {Chip} chip
 * @param {Point} point
 */
function offset(chip, point) {
  return `translate(${point.x - chip.x - chip.w / 2}px, ${point.y - chip.y - chip.h / 2}px)`;
}
