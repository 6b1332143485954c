// One socket as a card: the plug with the descriptor that names it, its state, its ends, its buffers, and how long a
// TIME-WAIT still lasts. Pure.

import { endpoint } from "../log/addresses.js";
import { fit, fitStart } from "./shapes.js";

/** @typedef {import("../log/state.js").Socket} Socket */
/** @typedef {import("./shapes.js").Box} Box */
/** @typedef {import("./shapes.js").Text} Text */
/** @typedef {import("./shapes.js").Bar} Bar */
/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {import("./shapes.js").Metrics} Metrics */

/** What is said of a socket without a name, and without a remote address. @param {Socket} socket */
function unnamedWords(socket) {
  if (socket.protocol === "unix")
    return { nameless: "without a name", alone: socket.peer ? "to another Unix socket" : "no peer" };
  return { nameless: "not bound yet", alone: socket.protocol === "udp" ? "one socket, many peers" : "no peer" };
}

/**
 * @param {Socket} socket
 * @param {Box} box
 * @param {boolean} several
 * @param {Metrics} metrics
 * @param {string} room the listening socket in whose room it waits; empty: none
 * @returns {Shape}
 */
export function socketCard(socket, box, several, metrics, room) {
  const { f, roomy } = metrics;
  const plug = plugOf(socket, several, metrics, 2 * f);
  const x = plug.w + 0.55 * f;
  const room2 = box.w - x - 0.45 * f;
  const udp = socket.protocol === "udp";
  const title = udp ? `UDP ${socket.state === "ESTABLISHED" ? "connected" : ""}`.trim() : socket.state;
  const remote = hasRemote(socket) ? socket.remote : "";
  const { nameless, alone } = unnamedWords(socket);
  /** @type {Text[]} */
  const texts = [];
  /** @type {Bar[]} */
  const bars = [];
  const amount = socket.recv_queue + socket.send_queue;
  const ends = runsOut(socket, metrics.t);
  const bytes = ends || (amount > 0 && !roomy ? `${amount} B` : "");
  const titleW = room2 - (bytes ? metrics.wide(bytes, "plain") + 0.5 * f : 0);
  texts.push({ x, y: (roomy ? 1.0 : 0.95) * f, text: fit(title, titleW, "strong", metrics), face: "strong" });
  if (bytes) texts.push({ x: box.w - 0.45 * f, y: 0.95 * f, text: bytes, face: "plain", muted: true, anchor: "end" });
  if (roomy) {
    const where = unnamed(socket.local) ? nameless : socket.local;
    texts.push({
      x,
      y: 2.25 * f,
      text: fitStart(where, room2, "mono", metrics),
      face: unnamed(socket.local) ? "plain" : "mono",
      muted: true,
    });
    texts.push({
      x,
      y: 3.45 * f,
      text: fitStart(remote || alone, room2, remote ? "mono" : "plain", metrics),
      face: remote ? "mono" : "plain",
      muted: !remote,
    });
  } else {
    const line = remote || (unnamed(socket.local) ? nameless : socket.local);
    const face = remote || !unnamed(socket.local) ? "mono" : "plain";
    texts.push({ x, y: 2.05 * f, text: fitStart(line, room2, face, metrics), face, muted: !remote });
  }
  buffers(socket, box, x, room2, metrics, texts, bars);
  const where = room ? ", waits for accept, no fd yet" : `, ${ownerWords(socket)}`;
  const queues = amount > 0 ? `, ${socket.recv_queue} bytes received, ${socket.send_queue} bytes to send` : "";
  const label = `${socket.protocol} socket, ${socket.state}, local ${socket.local}${remote ? `, remote ${remote}` : ""}${queues}${where}${ends && `, ${ends}`}`;
  return {
    key: `socket:${socket.socket}`,
    kind: "socket",
    host: socket.host,
    state: socket.state,
    ...box,
    label,
    texts,
    bars,
    plug: { ...plug, h: box.h },
    room: room || undefined,
    cookie: socket.socket,
  };
}

/** How long the kernel still keeps a socket in TIME-WAIT. @param {Socket} socket @param {number} t */
function runsOut({ state, timer }, t) {
  if (state !== "TIME-WAIT" || timer?.name !== "time-wait") return "";
  return `${Math.max(0, Math.ceil((timer.expires_t - t) / 1e9))} s left`;
}

/**
 * The two buffers: words where there is room, always a bar whose length is the logarithm of its bytes.
 * @param {Socket} socket
 * @param {Box} box
 * @param {number} x
 * @param {number} width
 * @param {Metrics} metrics
 * @param {Text[]} texts
 * @param {Bar[]} bars
 */
function buffers(socket, box, x, width, metrics, texts, bars) {
  const { f, roomy } = metrics;
  const half = width / 2;
  const y = box.h - 0.38 * f;
  const parts = /** @type {["recv" | "send", number][]} */ ([
    ["recv", socket.recv_queue],
    ["send", socket.send_queue],
  ]);
  parts.forEach(([kind, value], index) => {
    if (value <= 0) return;
    const left = x + index * half;
    const full = half - 0.4 * f;
    if (roomy)
      texts.push({ x: left, y: 4.65 * f, text: fit(`${kind} ${value} B`, full, "plain", metrics), face: "plain" });
    bars.push({
      x: left,
      y,
      w: Math.max(0.3 * f, (full * Math.min(20, Math.log2(1 + value))) / 20),
      h: 0.2 * f,
      kind,
      value,
    });
  });
}

/**
 * @param {Socket} socket
 * @param {boolean} several
 * @param {Metrics} metrics
 * @param {number} least
 */
export function plugOf(socket, several, metrics, least) {
  const [first, ...more] = socket.owners;
  let text = "–";
  if (first) text = several ? `${first.pid}·${first.fd}` : String(first.fd);
  if (more.length > 0) text = `${first.fd}×${more.length + 1}`;
  return { x: 0, y: 0, w: Math.max(least, metrics.wide(text, "strong") + 0.7 * metrics.f), h: 0, text, empty: !first };
}

/** @param {Socket} socket */
export function ownerWords(socket) {
  if (socket.owners.length === 0) return "no fd";
  return socket.owners.map((owner) => `fd ${owner.fd} of pid ${owner.pid}`).join(", ");
}

/** @param {Socket} socket */
function hasRemote(socket) {
  const { address, port } = endpoint(socket.remote);
  return socket.protocol === "unix" ? false : port !== "0" && port !== "*" && address !== "*";
}

/** @param {string} local */
function unnamed(local) {
  const { port } = endpoint(local);
  return port === "0" || port === "*" || port === "";
}
