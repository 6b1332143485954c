// What belongs to what: an event to the shapes it is about, a shape to the shapes that are tied to it. Pure.
// Keys are the stage's own: host:NAME process:PID fd:PID:N socket:COOKIE door:HOST:… packet:ID call:ID.

import { doorsOf } from "../log/addresses.js";

/** @typedef {import("../log/protocol.js").Event} Event */
/** @typedef {import("../log/state.js").Socket} Socket */
/** @typedef {import("../log/log.js").Log} Log */
/** @typedef {import("../log/log.js").Scene} Scene */

/**
 * What an event is about; the first is its evidence.
 * @param {Event} event
 * @param {Log} log
 * @returns {string[]}
 */
export function subjects(event, log) {
  switch (event.type) {
    case "syscall.entered":
    case "syscall.blocked":
    case "syscall.returned": {
      const call = event.type === "syscall.entered" ? event : log.calls.get(event.call);
      const keys = [`call:${event.call}`, `process:${event.pid}`];
      if (typeof call?.args.fd === "number") keys.push(`fd:${event.pid}:${call.args.fd}`);
      if (event.type === "syscall.returned" && typeof event.new_fd === "number")
        keys.push(`fd:${event.pid}:${event.new_fd}`);
      return keys;
    }
    case "fd.opened":
    case "fd.closed":
      return [
        `fd:${event.pid}:${event.fd}`,
        `process:${event.pid}`,
        ...(event.socket ? [`socket:${event.socket}`] : []),
      ];
    case "socket.appeared":
    case "socket.changed":
    case "socket.vanished":
      return [`socket:${event.socket}`, ...event.owners.flatMap((owner) => [`fd:${owner.pid}:${owner.fd}`])];
    case "packet.sent":
    case "packet.held":
    case "packet.delivered":
    case "packet.dropped":
      return [`packet:${event.packet}`];
    case "process.started":
    case "process.executed":
    case "process.exited":
    case "process.output":
      return [`process:${event.pid}`];
    case "host.added":
    case "sysctl.changed":
    case "observation.lost":
      return [`host:${event.host}`];
    case "moment.pending":
    case "moment.released":
      if (event.call !== undefined && event.call !== null) return [`call:${event.call}`];
      return event.packet !== undefined && event.packet !== null ? [`packet:${event.packet}`] : [];
    default:
      return [];
  }
}

/**
 * The shapes that are tied to one: fd and socket and door and the other end.
 * @param {string} key
 * @param {Scene} scene
 * @param {Log} log
 * @returns {Set<string>}
 */
function related(key, scene, log) {
  /** @type {Set<string>} */
  const found = new Set();
  const [kind, ...rest] = key.split(":");
  const { state } = scene;
  if (kind === "socket") addSocket(found, state.sockets[rest[0]], scene);
  else if (kind === "fd") addSocket(found, state.sockets[state.processes[rest[0]]?.fds[rest[1]]?.socket ?? ""], scene);
  else if (kind === "process") {
    const fds = state.processes[rest[0]]?.fds ?? {};
    for (const fd in fds) if (fds[fd].socket) addSocket(found, state.sockets[fds[fd].socket ?? ""], scene);
  } else if (kind === "door") addDoor(found, rest[0], rest.slice(1).join(":"), scene);
  else if (kind === "packet") addPacket(found, Number(rest[0]), scene, log);
  else if (kind === "call") {
    const call = log.calls.get(Number(rest[0]));
    if (call) {
      found.add(`process:${call.pid}`);
      found.add(`fd:${call.pid}:${call.args.fd}`);
      addSocket(found, state.sockets[state.processes[call.pid]?.fds[call.args.fd]?.socket ?? ""], scene);
    }
  }
  found.delete(key);
  return found;
}

/** How far back the opening of a descriptor is looked for; before that its number may have been another's. */
const FAR = 20_000;

/** What lights up, in every view, while one thing is pointed at or chosen. */
export class Light {
  /** @type {Set<string>} the thing and the shapes that are tied to it */
  shapes = new Set();
  /** @type {Set<string>} what an event must be about to light up */
  #own = new Set();
  /** @type {Set<string>} the ends of its connections, as packets name them */
  #ends = new Set();
  /** @type {Map<string, number>} the seq since which a descriptor's number is this one's */
  #since = new Map();
  #log;

  /**
   * @param {string} key of the thing; empty: nothing is lit
   * @param {Scene} scene
   * @param {Log} log
   */
  constructor(key, scene, log) {
    this.key = key;
    this.#log = log;
    if (key === "") return;
    this.shapes = related(key, scene, log).add(key);
    this.#own.add(key);
    for (const socket of ownSockets(key, scene)) {
      this.#ends.add(`${socket.protocol} ${socket.local} ${socket.remote}`);
      if (key.startsWith("process:")) continue;
      this.#own.add(`socket:${socket.socket}`);
      for (const owner of socket.owners) this.#own.add(`fd:${owner.pid}:${owner.fd}`);
    }
    this.#date(scene.state.seq);
  }

  /** Whether an event is about the thing. @param {Event} event */
  has(event) {
    if (this.key === "") return false;
    const about = subjects(event, this.#log);
    if (this.key.startsWith("call:")) return about[0] === this.key;
    if (about.some((key) => this.#own.has(key) && event.seq >= (this.#since.get(key) ?? 0))) return true;
    if (this.#ends.size === 0 || !about[0]?.startsWith("packet:")) return false;
    const packet = this.#log.packets.get(Number(about[0].slice(7)));
    if (!packet) return false;
    const { protocol, source, destination } = packet;
    return (
      this.#ends.has(`${protocol} ${source} ${destination}`) || this.#ends.has(`${protocol} ${destination} ${source}`)
    );
  }

  /** @param {number} seq of the moment on the screen */
  #date(seq) {
    const wanted = new Set([...this.#own].filter((key) => key.startsWith("fd:")));
    const first = Math.max(0, seq - FAR);
    for (let at = Math.min(seq, this.#log.end); at > first && wanted.size > 0; at -= 1) {
      const event = this.#log.event(at);
      if (event?.type !== "fd.opened") continue;
      const key = `fd:${event.pid}:${event.fd}`;
      if (wanted.delete(key)) this.#since.set(key, at);
    }
  }
}

/**
 * @param {string} key
 * @param {Scene} scene
 * @returns {Socket[]} the sockets that a thing is or has
 */
function ownSockets(key, { state, places }) {
  const [kind, first, ...rest] = key.split(":");
  /** @type {(string | null | undefined)[]} */
  let cookies = [];
  if (kind === "socket") cookies = [first];
  else if (kind === "fd") cookies = [state.processes[first]?.fds[rest[0]]?.socket];
  else if (kind === "process") cookies = Object.values(state.processes[first]?.fds ?? {}).map((fd) => fd.socket);
  else if (kind === "door") {
    const uses = places.hosts[first]?.uses ?? {};
    cookies = Object.keys(uses).filter((cookie) => uses[cookie].includes(rest.join(":")));
  }
  return cookies.flatMap((cookie) => state.sockets[cookie ?? ""] ?? []);
}

/**
 * The socket at the other end of a connection.
 * @param {Socket} socket
 * @param {Scene} scene
 */
export function peerOf(socket, scene) {
  if (socket.protocol === "unix") return undefined;
  return Object.values(scene.state.sockets).find(
    (other) => other.protocol === socket.protocol && other.local === socket.remote && other.remote === socket.local,
  );
}

/**
 * @param {Set<string>} found
 * @param {Socket | undefined} socket
 * @param {Scene} scene
 */
function addSocket(found, socket, scene) {
  if (!socket) return;
  addEnd(found, socket, scene);
  const peer = peerOf(socket, scene);
  if (peer) addEnd(found, peer, scene);
}

/**
 * @param {Set<string>} found
 * @param {Socket} socket
 * @param {Scene} scene
 */
function addEnd(found, socket, scene) {
  found.add(`socket:${socket.socket}`);
  for (const owner of socket.owners) found.add(`fd:${owner.pid}:${owner.fd}`);
  const places = scene.places.hosts[socket.host];
  if (places) for (const door of doorsOf(places, socket)) found.add(`door:${socket.host}:${door}`);
}

/**
 * @param {Set<string>} found
 * @param {string} host
 * @param {string} door
 * @param {Scene} scene
 */
function addDoor(found, host, door, scene) {
  const uses = scene.places.hosts[host]?.uses ?? {};
  for (const cookie in uses) {
    if (!uses[cookie].includes(door)) continue;
    found.add(`socket:${cookie}`);
    for (const owner of scene.state.sockets[cookie]?.owners ?? []) found.add(`fd:${owner.pid}:${owner.fd}`);
  }
}

/**
 * @param {Set<string>} found
 * @param {number} id
 * @param {Scene} scene
 * @param {Log} log
 */
function addPacket(found, id, scene, log) {
  const packet = log.packets.get(id);
  if (!packet) return;
  for (const socket of Object.values(scene.state.sockets)) {
    const out =
      socket.host === packet.source_host && socket.local === packet.source && socket.remote === packet.destination;
    const into =
      socket.host === packet.target_host && socket.local === packet.destination && socket.remote === packet.source;
    if (out || into) addEnd(found, socket, scene);
  }
  const ends = /** @type {[string | null, string][]} */ ([
    [packet.source_host, packet.source],
    [packet.target_host, packet.destination],
  ]);
  for (const [host, address] of ends) {
    const places = host === null ? undefined : scene.places.hosts[host];
    if (places)
      for (const door of doorsOf(places, { protocol: packet.protocol, local: address }))
        found.add(`door:${host}:${door}`);
  }
}
