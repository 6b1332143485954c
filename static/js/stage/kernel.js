// The kernel's part of a cut-away: listening sockets with their two waiting rooms, and the grid of the others.
// A socket keeps its cell for life (places.js); those that no fd names yet sit in the room of the one that listens.

import { firstSlots, needed, taken } from "../log/places.js";
import { densityShape } from "./cells.js";
import { fit, fitStart } from "./shapes.js";
import { ownerWords, plugOf, socketCard } from "./socket_card.js";

/** @typedef {import("../log/state.js").State} State */
/** @typedef {import("../log/state.js").Socket} Socket */
/** @typedef {import("../log/places.js").HostPlaces} HostPlaces */
/** @typedef {import("./shapes.js").Box} Box */
/** @typedef {import("./shapes.js").Text} Text */
/** @typedef {import("./shapes.js").Place} Place */
/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {import("./shapes.js").Metrics} Metrics */
/** @typedef {import("./cutaway.js").Cutaway} Cutaway */

const MOST_PLACES = 8;
/** Font sizes that a listening socket with its two waiting rooms is high. */
const FULL_LISTENER = 8.1;
/** With more sockets than this on a host, each is a cell of the density view. */
const MOST_GROUPED = 300;

/**
 * @param {State} state
 * @param {HostPlaces} places
 * @param {string} host
 * @param {Box} box
 * @param {Metrics} metrics
 * @param {Cutaway} made
 */
export function kernelGrid(state, places, host, box, metrics, made) {
  const { f } = metrics;
  const gap = 0.55 * f;
  const several =
    Object.values(state.processes).filter((process) => process.host === host && process.status !== "exited").length > 1;
  const cardH = cardHeight(metrics);
  const least = 11.7 * f + (several ? 1.2 * f : 0);
  const cols = Math.max(1, Math.floor((box.w + gap) / (least + gap)));
  const w = Math.min((box.w - gap * (cols - 1)) / cols, least * 1.4);
  const listeners = firstSlots(places.listeners, places.listeners.next).map(([cookie]) => cookie);
  const area = { ...box };
  const dense = taken(places.cells) > MOST_GROUPED;
  let gridCols = cols;
  if (listeners.length > 0) {
    const beside = cols > 1;
    const used = listenColumn(
      state,
      places,
      host,
      listeners,
      { ...box, w: beside ? w : box.w },
      several,
      !dense,
      metrics,
      made,
    );
    if (beside) {
      area.x += w + gap;
      area.w -= w + gap;
      gridCols -= 1;
    } else {
      area.y += used + gap;
      area.h -= used + gap;
    }
  }
  if (dense) {
    made.overflow = true;
    made.sockets.push(densityShape(state, places, host, area, metrics));
    return;
  }
  const rows = Math.max(0, Math.floor((area.h + gap) / (cardH + gap)));
  const capacity = rows * gridCols;
  const crowded = needed(places.sockets) > capacity;
  if (crowded) made.overflow = true;
  const shown = crowded ? Math.max(0, capacity - 1) : capacity;
  /** @param {number} slot */
  const cell = (slot) => ({
    x: area.x + (slot % gridCols) * (w + gap),
    y: area.y + Math.floor(slot / gridCols) * (cardH + gap),
    w,
    h: cardH,
  });
  const rest = new Map(Object.entries(places.counts));
  for (const [cookie, slot] of firstSlots(places.sockets, shown)) {
    const socket = state.sockets[cookie];
    if (!socket) continue;
    rest.set(socket.state, (rest.get(socket.state) ?? 0) - 1);
    made.sockets.push(socketCard(socket, cell(slot), several, metrics, ""));
  }
  for (const [name, count] of rest) if (count <= 0) rest.delete(name);
  if (rest.size > 0 && capacity > 0) made.sockets.push(groupCard(host, rest, cell(capacity - 1), metrics));
}

/** @param {Metrics} metrics */
function cardHeight({ f, roomy }) {
  return roomy ? 5.75 * f : 3.1 * f;
}

/**
 * The listening sockets, one under the other, each with its two waiting rooms.
 * @param {State} state
 * @param {HostPlaces} places
 * @param {string} host
 * @param {string[]} cookies
 * @param {Box} box
 * @param {boolean} several
 * @param {boolean} filled whether the sockets that wait are drawn in the rooms
 * @param {Metrics} metrics
 * @param {Cutaway} made
 * @returns {number} the height that was used
 */
function listenColumn(state, places, host, cookies, box, several, filled, metrics, made) {
  const { f } = metrics;
  const gap = 0.55 * f;
  const smallest = 8.2 * f;
  const fits = Math.max(1, Math.floor((box.h + gap) / (smallest + gap)));
  const shown = cookies.length > fits ? cookies.slice(0, fits - 1) : cookies;
  if (shown.length < cookies.length) made.overflow = true;
  const waiting = waitingBy(state, places);
  const each = (box.h - gap * (Math.max(shown.length, 1) - 1)) / Math.max(shown.length, 1);
  let y = box.y;
  for (const cookie of shown) {
    const socket = state.sockets[cookie];
    if (!socket) continue;
    const guests = waiting.get(cookie) ?? [];
    const at = { x: box.x, y, w: box.w, h: each };
    const h = listenCard(socket, guests, at, several, filled, metrics, made);
    y += h + gap;
  }
  if (shown.length < cookies.length) {
    const at = { x: box.x, y, w: box.w, h: 3.1 * f };
    made.sockets.push(groupCard(host, new Map([["LISTEN", cookies.length - shown.length]]), at, metrics));
    y += at.h + gap;
  }
  return y - box.y - gap;
}

/**
 * The sockets that wait, by the listening socket in whose room they are.
 * @param {State} state
 * @param {HostPlaces} places
 */
function waitingBy(state, places) {
  /** @type {Map<string, Socket[]>} */
  const found = new Map();
  for (const cookie in places.waiting) {
    const socket = state.sockets[cookie];
    const listener = places.waiting[cookie];
    if (!socket) continue;
    const guests = found.get(listener);
    if (guests) guests.push(socket);
    else found.set(listener, [socket]);
  }
  return found;
}

/**
 *   ┌─┬ LISTEN *:7
 *   │3│ SYN queue 1 of 5     ▮▯▯▯▯
 *   │ [half-open socket]
 *   │   accept queue 1 of 5  ▮▯▯▯▯
 *   │ [socket without an fd]
 *
 * @param {Socket} socket
 * @param {Socket[]} guests
 * @param {Box} box
 * @param {boolean} several
 * @param {boolean} filled
 * @param {Metrics} metrics
 * @param {Cutaway} made
 * @returns {number} its height
 */
function listenCard(socket, guests, box, several, filled, metrics, made) {
  const { f } = metrics;
  const pad = 0.5 * f;
  const line = 1.45 * f;
  const guestH = 3.1 * f;
  const plug = plugOf(socket, several, metrics, 2 * f);
  const limit = socket.send_queue;
  const halfOpen = guests.filter((guest) => guest.state === "SYN-RECEIVED");
  const whole = guests.filter((guest) => guest.state !== "SYN-RECEIVED");
  if (box.h < FULL_LISTENER * f) return lowListenCard(socket, halfOpen.length, box, several, metrics, made);
  const room = filled ? box.h - 2 * f - 2 * (2 * line) - pad : 0;
  const budget = Math.max(0, Math.floor(room / (guestH + 0.3 * f)));
  const leaves = whole.length > 0 ? Math.max(filled ? 1 : 0, budget - whole.length) : budget;
  const first = Math.min(halfOpen.length, leaves);
  const second = Math.min(whole.length, budget - first);
  if (first + second < guests.length) made.overflow = true;
  /** @type {Text[]} */
  const texts = listenTitle(socket, plug.w, box, metrics);
  /** @type {Place[]} */
  const all = [];
  /** @type {Box[]} */
  const rooms = [];
  let y = 2.1 * f;
  const groups = /** @type {[string, number, Socket[], number][]} */ ([
    ["SYN queue", halfOpen.length, halfOpen, first],
    ["accept queue", socket.recv_queue, whole, second],
  ]).slice(socket.protocol === "unix" ? 1 : 0); // without a handshake there is no SYN queue
  for (const [name, count, members, shown] of groups) {
    const top = y;
    texts.push({
      x: pad * 1.6,
      y: y + line / 2,
      text: fit(`${name} ${count} of ${limit}`, box.w - 3 * pad, "plain", metrics),
      face: "plain",
    });
    y += line;
    all.push(...placeRow(limit, count, pad * 1.6, y + 0.1 * f, box.w - 3 * pad, f));
    y += 1.05 * f;
    for (const guest of members.slice(0, shown)) {
      made.sockets.push(
        socketCard(
          guest,
          { x: box.x + pad, y: box.y + y, w: box.w - 2 * pad, h: guestH },
          several,
          { ...metrics, names: false, roomy: false },
          socket.socket,
        ),
      );
      y += guestH + 0.3 * f;
    }
    rooms.push({ x: 0.6 * pad, y: top, w: box.w - 1.2 * pad, h: y - top + 0.15 * f });
    y += 0.45 * f;
  }
  const h = y + 0.1 * f;
  const listener = listenShape(socket, halfOpen.length, { ...box, h });
  made.sockets.push({ ...listener, texts, plug: { ...plug, h: 2 * f }, places: all, rooms });
  return h;
}

/**
 * A listening socket where there is no room for its two waiting rooms: their counts, in two lines or in one.
 *
 * @param {Socket} socket
 * @param {number} halfOpen
 * @param {Box} box
 * @param {boolean} several
 * @param {Metrics} metrics
 * @param {Cutaway} made
 * @returns {number} its height
 */
function lowListenCard(socket, halfOpen, box, several, metrics, made) {
  const { f } = metrics;
  const limit = socket.send_queue;
  const plug = plugOf(socket, several, metrics, 2 * f);
  const counts = waitingCounts(socket, halfOpen);
  const lines =
    box.h < 5 * f && counts.length > 1 ? [`SYN ${halfOpen}/${limit}, accept ${socket.recv_queue}/${limit}`] : counts;
  const h = 2 * f + 1.35 * f * lines.length;
  if (halfOpen + socket.recv_queue > 0) made.overflow = true;
  made.sockets.push({
    ...listenShape(socket, halfOpen, { ...box, h }),
    texts: [
      ...listenTitle(socket, plug.w, box, metrics),
      ...lines.map((words, index) => ({
        x: plug.w + 0.6 * f,
        y: 2 * f + (0.5 + 1.35 * index) * f,
        text: fit(words, box.w - plug.w - f, "plain", metrics),
        face: /** @type {const} */ ("plain"),
      })),
    ],
    plug: { ...plug, h },
  });
  return h;
}

/**
 * A listening socket without what is in it.
 * @param {Socket} socket
 * @param {number} halfOpen
 * @param {Box} box
 */
function listenShape(socket, halfOpen, box) {
  return {
    key: `socket:${socket.socket}`,
    kind: /** @type {const} */ ("socket"),
    host: socket.host,
    state: "LISTEN",
    ...box,
    label: `listening socket, ${socket.local}, ${waitingCounts(socket, halfOpen).join(", ")}, ${ownerWords(socket)}`,
    cookie: socket.socket,
  };
}

/** @param {Socket} socket @param {number} halfOpen */
function waitingCounts({ protocol, send_queue: limit, recv_queue: whole }, halfOpen) {
  const counts = [`SYN queue ${halfOpen} of ${limit}`, `accept queue ${whole} of ${limit}`];
  return protocol === "unix" ? counts.slice(1) : counts;
}

/** @param {Socket} socket @param {number} left @param {Box} box @param {Metrics} metrics @returns {Text[]} */
function listenTitle(socket, left, box, metrics) {
  const { f, wide } = metrics;
  const room = box.w - left - 1.8 * f - wide("LISTEN", "strong");
  const local = fitStart(socket.local, room, "mono", metrics);
  return [
    { x: left + 0.6 * f, y: f, text: "LISTEN", face: "strong" },
    { x: box.w - 0.6 * f, y: f, text: local, face: "mono", anchor: "end" },
  ];
}

/**
 * The places of a waiting room as squares; none if there are too many to draw.
 * @param {number} limit
 * @param {number} count
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} f
 * @returns {Place[]}
 */
function placeRow(limit, count, x, y, width, f) {
  const size = 0.7 * f;
  const step = size + 0.25 * f;
  const total = Math.max(limit, Math.min(count, limit + 1));
  if (total > MOST_PLACES || total * step > width) return [];
  return Array.from({ length: total }, (_, index) => ({
    x: x + index * step,
    y,
    w: size,
    h: size,
    fill: index < count,
  }));
}

/**
 * @param {string} host
 * @param {Map<string, number>} counts
 * @param {Box} box
 * @param {Metrics} metrics
 * @returns {Shape}
 */
function groupCard(host, counts, box, metrics) {
  const { f } = metrics;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const order = [...counts].sort(([, a], [, b]) => b - a);
  const words = order.map(([state, count]) => `${count} ${state}`);
  const width = box.w - f;
  /** @type {Text[]} */
  const texts = [
    { x: 0.5 * f, y: 0.95 * f, text: fit(`${total} more sockets`, width, "strong", metrics), face: "strong" },
    { x: 0.5 * f, y: 2.05 * f, text: fit(words.join(", "), width, "plain", metrics), face: "plain" },
  ];
  return {
    key: `group:${host}:${order[0][0] === "LISTEN" ? "listen" : "grid"}`,
    kind: "group",
    host,
    state: order[0][0],
    ...box,
    h: 3.1 * f,
    label: `${total} more sockets, ${words.join(", ")}`,
    texts,
  };
}
