// One host's cut-away: its box and what is in it → shapes with positions. Pure and deterministic; part of layout.js.
//
//   host
//   ├─ name, addresses
//   ├─ user space: process cards, each with its fd squares
//   ├─ kernel: listening sockets (with the sockets that wait in their rooms), then the grid of the others
//   └─ doors on the edge
//
// All sizes are multiples of the font size, so that one number scales the whole picture.

import { firstSlots, needed, taken } from "../log/places.js";
import { plainName } from "../words/calls.js";
import { count } from "../words/numbers.js";
import { programName } from "../words/programs.js";
import { doorRow } from "./doors.js";
import { kernelGrid } from "./kernel.js";
import { fit, fitStart } from "./shapes.js";

/** @typedef {import("../log/state.js").State} State */
/** @typedef {import("../log/state.js").Process} Process */
/** @typedef {import("../log/places.js").HostPlaces} HostPlaces */
/** @typedef {import("./shapes.js").Box} Box */
/** @typedef {import("./shapes.js").Text} Text */
/** @typedef {import("./shapes.js").Face} Face */
/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {import("./shapes.js").Metrics} Metrics */
/** @typedef {{host: Shape, processes: Shape[], fds: Shape[], sockets: Shape[], doors: Shape[], overflow: boolean}} Cutaway */

/** What the doors take of a host: they may stand on the kernel's edge, and on no card in it. @param {number} f */
const stripHeight = (f) => Math.max(1.55 * f, 24 - 0.2 * f);

/** What a host needs to show one program and one socket, without the names of its zones. @param {number} f */
export function leastHeight(f) {
  const program = 1.6 * f + Math.max(24, 1.8 * f) + 0.55 * f;
  const socket = 3.1 * f;
  // The head, the strip of doors, and what stands around the two zones and in them.
  return 1.9 * f + stripHeight(f) + program + socket + 2.4 * 0.55 * f;
}

/**
 * @param {State} state
 * @param {HostPlaces} places
 * @param {string} name
 * @param {Box} box
 * @param {boolean} flipped doors on top, for the lower of two facing hosts
 * @param {Metrics} metrics
 * @returns {Cutaway}
 */
export function cutaway(state, places, name, box, flipped, metrics) {
  const { f, names } = metrics;
  const pad = 0.55 * f;
  const head = 1.9 * f;
  const strip = stripHeight(f);
  const zone = names ? 1.35 * f : 0;
  const inner = { x: box.x + pad, w: box.w - 2 * pad };
  const processes = processGrid(state, places, inner.w - pad, metrics, box.h);
  const userH = zone + processes.height + 1.2 * pad;
  /** @param {number} y @param {number} h */
  const area = (y, h) => ({ ...inner, y: flipped ? box.y + box.h - y - h : box.y + y, h });
  const user = area(head, userH);
  const kernel = area(head + userH + 0.6 * pad, box.h - head - userH - 0.6 * pad - strip);
  const headArea = area(0, head);

  /** @type {Cutaway} */
  const made = {
    host: hostShape(places, name, box, headArea, { user, kernel }, zone, metrics),
    processes: [],
    fds: [],
    sockets: [],
    doors: [],
    overflow: processes.overflow,
  };
  made.host.flipped = flipped;
  processes.place(
    { x: user.x + pad / 2, y: user.y + zone + 0.6 * pad, w: user.w - pad, h: processes.height },
    name,
    made,
  );
  const grid = { x: kernel.x + pad / 2, y: kernel.y + zone + 0.5 * pad, w: kernel.w - pad, h: kernel.h - zone - pad };
  kernelGrid(state, places, name, grid, metrics, made);
  doorRow(places, name, box, kernel, flipped, metrics, made);
  return made;
}

/**
 * @param {HostPlaces} places
 * @param {string} name
 * @param {Box} box
 * @param {Box} head
 * @param {{user: Box, kernel: Box}} zones
 * @param {number} zone height of a zone's name; 0: none
 * @param {Metrics} metrics
 * @returns {Shape}
 */
function hostShape(places, name, box, head, zones, zone, metrics) {
  const { f, wide } = metrics;
  const pad = 0.55 * f;
  const middle = head.y - box.y + head.h / 2 + (head.y > box.y ? 0 : 0.1 * f);
  const space = box.w - 2 * pad - wide(name, "strong") - f;
  /** @type {Text[]} */
  const texts = [{ x: pad * 1.6, y: middle, text: name, face: "strong" }];
  const address =
    places.addresses.length > 1
      ? `${places.addresses[0]} +${places.addresses.length - 1}`
      : (places.addresses[0] ?? "");
  texts.push({
    x: box.w - pad * 1.6,
    y: middle,
    text: fitStart(address, space, "mono", metrics),
    face: "mono",
    muted: true,
    anchor: "end",
  });
  if (zone > 0) {
    texts.push({
      x: zones.user.x - box.x + 0.6 * pad,
      y: zones.user.y - box.y + zone / 2 + 0.3 * pad,
      text: "user space",
      face: "plain",
      muted: true,
    });
    texts.push({
      x: zones.kernel.x - box.x + 0.6 * pad,
      y: zones.kernel.y - box.y + zone / 2 + 0.2 * pad,
      text: "kernel",
      face: "plain",
      muted: true,
    });
  }
  return {
    key: `host:${name}`,
    kind: "host",
    host: name,
    ...box,
    label: `host, ${name}, ${places.addresses.join(", ")}`,
    texts,
    zones,
  };
}

// ---- user space

/**
 * @param {State} state
 * @param {HostPlaces} places
 * @param {number} width
 * @param {Metrics} metrics
 * @param {number} hostH
 */
function processGrid(state, places, width, metrics, hostH) {
  const { f } = metrics;
  const gap = 0.4 * f;
  const square = Math.max(24, 1.8 * f);
  const cardH = 1.6 * f + square + 0.55 * f;
  const most = Math.max(1, Math.floor((width + gap) / (9.2 * f + gap)));
  const cards = needed(places.processes);
  const cols = Math.max(1, Math.min(most, cards));
  const mostRows = Math.max(1, Math.floor((hostH * 0.45) / (cardH + gap)));
  const rows = Math.max(1, Math.min(mostRows, Math.ceil(cards / cols)));
  const capacity = rows * cols;
  const height = rows * (cardH + gap) - gap;
  const overflow = cards > capacity;

  /** @param {Box} box @param {string} host @param {Cutaway} made */
  function place(box, host, made) {
    const w = (box.w - gap * (cols - 1)) / cols;
    const shown = overflow ? capacity - 1 : capacity;
    for (const [pid, slot] of firstSlots(places.processes, shown)) {
      const at = {
        x: box.x + (slot % cols) * (w + gap),
        y: box.y + Math.floor(slot / cols) * (cardH + gap),
        w,
        h: cardH,
      };
      processCard(state, pid, at, host, square, metrics, made);
    }
    if (!overflow) return;
    const rest = taken(places.processes) - firstSlots(places.processes, shown).length;
    const at = { x: box.x + ((capacity - 1) % cols) * (w + gap), y: box.y + (rows - 1) * (cardH + gap), w, h: cardH };
    const texts = [
      {
        x: 0.5 * f,
        y: cardH / 2,
        text: fit(`${rest} more`, w - f, "strong", metrics),
        face: /** @type {Face} */ ("strong"),
      },
    ];
    made.processes.push({
      key: `processes:${host}`,
      kind: "process",
      host,
      ...at,
      label: `${rest} more processes`,
      texts,
    });
  }
  return { height, overflow, place };
}

/**
 * @param {State} state
 * @param {string} pid
 * @param {Box} box
 * @param {string} host
 * @param {number} square
 * @param {Metrics} metrics
 * @param {Cutaway} made
 */
function processCard(state, pid, box, host, square, metrics, made) {
  const { f, wide } = metrics;
  const process = state.processes[pid];
  if (!process) return;
  const pad = 0.45 * f;
  const pidText = `pid ${pid}`;
  const pidW = wide(pidText, "plain");
  const nameW = box.w - 2 * pad - pidW - 0.6 * f;
  const y1 = 0.95 * f;
  const y2 = 1.6 * f + square / 2;
  /** @type {Text[]} */
  const texts = [{ x: pad, y: y1, text: fit(programName(process), nameW, "strong", metrics), face: "strong" }];
  texts.push({ x: box.w - pad, y: y1, text: pidText, face: "plain", muted: true, anchor: "end" });
  const waits = whatItDoes(state, process);
  const beside = (/** @type {string} */ words) => ({
    words,
    squares: fdSquares(process, square, box.w - 2 * pad, wide(words, "plain") + 0.6 * f, metrics),
  });
  const wordings = [waits.text, waits.short, waits.least].map(beside);
  const { words, squares } = wordings.find((one) => one.squares.besides) ?? wordings[2];
  if (squares.besides && words)
    texts.push({ x: box.w - pad, y: y2, text: words, face: "plain", muted: true, anchor: "end" });
  const label = `process, ${programName(process)}, pid ${pid}${waits.text ? `, ${waits.text}` : ""}`;
  made.processes.push({
    key: `process:${pid}`,
    kind: "process",
    host,
    state: process.status,
    ...box,
    label,
    texts,
    busy: waits.held ? "held" : "",
  });
  for (const fd of squares.list) {
    const at = { x: box.x + pad + fd.x, y: box.y + 1.6 * f, w: fd.w, h: square };
    made.fds.push({
      key: `fd:${pid}:${fd.name}`,
      kind: "fd",
      host,
      ...at,
      label: `file descriptor of pid ${pid}, ${fd.name}, ${fd.kind}`,
      texts: [
        {
          x: fd.w / 2,
          y: square / 2,
          text: fd.name,
          face: fd.cookie ? "strong" : "plain",
          muted: !fd.cookie,
          anchor: "middle",
        },
      ],
      cookie: fd.cookie ?? undefined,
      state: fd.cookie ? stateOf(state, fd.cookie) : "plain",
      busy: waits.fds.get(fd.name) ?? "",
    });
  }
}

/** @param {State} state @param {string} cookie */
function stateOf(state, cookie) {
  const socket = state.sockets[cookie];
  return socket ? socket.state : "CLOSED";
}

/**
 * What its threads do right now, and on which fds: in full, in short, and the first one alone.
 * @param {State} state
 * @param {Process} process
 */
function whatItDoes(state, process) {
  /** @type {Map<string, "waits" | "held">} */
  const fds = new Map();
  if (process.status === "exited") {
    const end = process.signal ? process.signal : `exited ${process.code ?? ""}`.trim();
    return { text: end, short: end, least: end, held: false, fds };
  }
  const pending = new Set(Object.values(state.moments).map((moment) => moment.call));
  /** @type {Map<string, number>} */
  const names = new Map();
  let held = false;
  for (const tid in process.calls) {
    const call = process.calls[tid];
    const waiting = pending.has(call.call);
    held ||= waiting;
    if (typeof call.args.fd === "number") fds.set(String(call.args.fd), waiting ? "held" : "waits");
    const words = `${waiting ? "before" : "in"} ${plainName(call.name)}()`;
    names.set(words, (names.get(words) ?? 0) + 1);
  }
  const order = [...names].sort(([a], [b]) => Number(b.startsWith("before")) - Number(a.startsWith("before")));
  const [first, ...rest] = order;
  if (!first) return { text: "", short: "", least: "", held, fds };
  const [does, threads] = first;
  const more = rest.reduce((sum, [, number]) => sum + number, threads - 1);
  const others = rest.map(
    ([what, number], index) => `${index === 0 ? `${count(number, "thread")} more` : number} ${what}`,
  );
  const same = threads > 1 ? [count(threads, "thread")] : [];
  return {
    text: [does, ...same, ...others].join(", "),
    short: more > 0 ? `${does}, ${count(more, "thread")} more` : does,
    least: does,
    held,
    fds,
  };
}

/**
 * Which squares fit: all of them; or 0, 1 and 2 as one; or the sockets first and a count of the rest.
 * @param {Process} process
 * @param {number} square
 * @param {number} room
 * @param {number} words width that the words beside them would need
 * @param {Metrics} metrics
 */
function fdSquares(process, square, room, words, metrics) {
  const gap = 0.25 * metrics.f;
  const { all, total } = lowestFds(process, square, Math.ceil(room / square) + 1);
  /** @param {typeof all} list */
  const width = (list) => list.reduce((sum, fd) => sum + fd.w + gap, -gap);
  let list = all;
  const stdio = all.filter((fd) => Number(fd.name) <= 2 && !fd.cookie);
  if (width(list) + words > room && stdio.length === 3) {
    const one = { ...stdio[0], name: "0–2", kind: "standard input, output and error", w: square * 1.6 };
    list = [one, ...all.filter((fd) => !stdio.includes(fd))];
  }
  if (width(list) > room) {
    const widest = metrics.wide(`+${total}`, "plain") + 0.4 * metrics.f;
    const more = { name: "", kind: "more", cookie: null, x: 0, w: Math.max(square * 1.5, widest) };
    const kept = [];
    let space = room - more.w - gap;
    for (const fd of [...list.filter((one) => one.cookie), ...list.filter((one) => !one.cookie)]) {
      if (fd.w > space) break;
      space -= fd.w + gap;
      kept.push(fd);
    }
    more.name = `+${total - kept.length}`;
    list = [...kept.sort((a, b) => Number(a.name.split("–")[0]) - Number(b.name.split("–")[0])), more];
  }
  let x = 0;
  for (const fd of list) {
    fd.x = x;
    x += fd.w + gap;
  }
  return { list, besides: width(list) + words <= room };
}

/**
 * The lowest fds of each sort, in their order: of thousands only as many as might be shown.
 * @param {Process} process
 * @param {number} square
 * @param {number} most
 */
function lowestFds(process, square, most) {
  /** @type {{name: string, kind: string, cookie: string | null, x: number, w: number}[]} */
  const all = [];
  const room = { socket: most, other: most };
  let total = 0;
  for (const name in process.fds) {
    total += 1;
    const { kind, socket } = process.fds[name];
    const sort = socket ? "socket" : "other";
    if (room[sort] === 0) continue;
    room[sort] -= 1;
    all.push({ name, kind, cookie: socket, x: 0, w: square });
  }
  return { all: all.sort((a, b) => Number(a.name) - Number(b.name)), total };
}
