// What the sentences about an event may name, in words, and what an event is about; as in server/story/slots.py. Pure.

import { endpoint, wildcard } from "../log/addresses.js";
import { plainName } from "../words/calls.js";
import { chipKind, packetName } from "../words/headers.js";
import { count } from "../words/numbers.js";
import { programName } from "../words/programs.js";
import { connection, plain, portOf } from "./told.js";

/** @typedef {import("./told.js").Told} Told */
/** @typedef {import("./told.js").Event} Event */
/** @typedef {Record<string, string>} Slots */

const LINE = 120;
const BLANKS = /^[ \t\r\n]+|[ \t\r\n]+$/g;

/**
 * The slots of every message about an event.
 * @param {Told} told what is known before it
 * @param {Event} event of a packet, one that is known
 * @returns {Slots}
 */
export function slotsOf(told, event) {
  switch (event.type) {
    case "syscall.entered":
    case "syscall.blocked":
    case "syscall.returned":
      return ofCall(told, event);
    case "socket.appeared":
    case "socket.changed":
    case "socket.vanished":
      return ofRow(told, event);
    case "packet.sent":
    case "packet.held":
    case "packet.delivered":
    case "packet.dropped":
      return ofPacket(told, event);
    case "process.started": {
      const who = (event.parent ?? null) === null ? "" : told.program(/** @type {number} */ (event.parent));
      return { program: programName(event), host: event.host, pid: String(event.pid), who };
    }
    case "process.executed":
      return { program: programName(event), pid: String(event.pid) };
    case "process.output":
      return { who: told.speaker(event.pid), text: lastLine(event.text) };
    case "process.exited": {
      const ends = { code: shown(event.code), signal: event.signal ?? "" };
      return { who: told.program(event.pid), pid: String(event.pid), ...ends };
    }
    case "host.added":
      return { host: event.host, addresses: event.addresses.join(", ") };
    case "wire.changed":
      return { delay: String(event.delay_ms), loss: String(Math.floor(event.loss * 100 + 0.5)) };
    case "sysctl.changed":
      return { host: event.host, name: event.name, value: event.value };
    case "command.refused":
      return { detail: event.detail };
    case "observation.lost":
      return { host: event.host, why: event.why };
    case "sandbox.closed":
      return { why: event.why };
    default:
      return {};
  }
}

/**
 * The packet, call, socket, connection, address and process that an event is about.
 * @param {Told} told
 * @param {Event} event
 * @returns {Set<string>}
 */
export function subjectsOf(told, event) {
  const found = new Set(subjects(told, event));
  for (const nobody of ["socket ", "connection ", "to "]) found.delete(nobody);
  return found;
}

/** @param {Told} told @param {Event} event @returns {string[]} */
function subjects(told, event) {
  switch (event.type) {
    case "syscall.entered":
    case "syscall.blocked":
    case "syscall.returned": {
      const found = [`call ${event.call}`, `socket ${told.cookieOf(event)}`];
      const row = told.socketOf(event);
      if (row && row.protocol !== "unix") {
        found.push(`connection ${connection(row.local, row.remote)}`);
        found.push(`to ${plain(shown(told.call(event).args.address))}`);
      }
      return found;
    }
    case "socket.appeared":
    case "socket.changed":
    case "socket.vanished": {
      const found = [`socket ${event.socket}`];
      if (event.protocol === "udp") found.push(`port ${event.host} udp ${portOf(event.local)}`);
      if (event.protocol === "tcp") {
        found.push(`connection ${connection(event.local, event.remote)}`);
        found.push(`port ${event.host} ${portOf(event.local)}`);
      }
      return found;
    }
    case "packet.sent":
    case "packet.held":
    case "packet.delivered":
    case "packet.dropped": {
      const found = [`packet ${event.packet}`];
      const segment = told.segment(event);
      if (segment && !["icmp", "other"].includes(chipKind(segment))) {
        found.push(`connection ${connection(segment.source, segment.destination)}`);
        found.push(`to ${plain(segment.destination)}`);
        found.push(`port ${segment.target_host} udp ${portOf(segment.destination)}`);
      }
      return found;
    }
    case "process.started":
    case "process.executed":
      return [`process ${event.pid}`];
    default:
      return [];
  }
}

/** The last line of what a program printed, without what a terminal would obey. @param {string} text */
export function lastLine(text) {
  const whole = text.replace(BLANKS, "");
  const line = [...whole.slice(whole.lastIndexOf("\n") + 1)].slice(0, LINE).join("");
  return line.replace(/\p{Cc}/gu, " ").replace(BLANKS, "");
}

/** An argument as text; empty if the call has none of that name. @param {unknown} value */
export function shown(value) {
  return value === undefined || value === null ? "" : String(value);
}

/** An address as people say it; whatever has no port stays as it is. @param {unknown} address */
export function addressWords(address) {
  const found = plain(shown(address)).match(/^([^/]*):([0-9]+)$/);
  if (!found) return shown(address);
  const host = found[1].replace(/^\[/, "").replace(/\]$/, "");
  const where = wildcard(host) ? "every address of this host" : host;
  return found[2] === "0" ? `${where}, any free port` : `${where}, port ${found[2]}`;
}

/** @param {Told} told @param {import("./told.js").CallEvent} event @returns {Slots} */
function ofCall(told, event) {
  const { name, args } = told.call(event);
  /** @type {Slots} */
  const slots = {
    who: told.program(event.pid),
    host: told.state.processes[event.pid]?.host ?? "",
    call: plainName(name),
    fd: shown(args.fd),
    how: shown(args.how),
    address: addressWords(args.address),
  };
  const whole = told.socketOf(event)?.protocol === "udp"; // UDP keeps what was sent together
  slots.asked = whole ? "a datagram" : "bytes";
  if (event.type === "syscall.entered")
    return { ...slots, bytes: whole ? `a datagram of ${handed(args)}` : handed(args) };
  if (event.type === "syscall.blocked") return slots;
  if ((event.address ?? null) !== null) slots.address = addressWords(event.address);
  const moved = count(event.bytes ?? event.result ?? 0, "byte");
  return { ...slots, new_fd: shown(event.new_fd), error: event.error ?? "", bytes: moved };
}

/** How much a call hands over, as far as its arguments say. @param {Record<string, any>} args */
function handed(args) {
  const length = [args.buffer?.length, args.length, args.bytes].find((each) => typeof each === "number");
  return length === undefined ? "its bytes" : count(length, "byte");
}

/** @param {Told} told @param {import("./told.js").RowEvent} event @returns {Slots} */
function ofRow(told, event) {
  const known = told.before(event)?.owners ?? [];
  const isNew = (/** @type {{pid: number, fd: number}} */ { pid, fd }) =>
    !known.some((other) => other.pid === pid && other.fd === fd);
  const owner = event.owners.findLast(isNew) ?? event.owners.at(-1);
  return {
    host: event.host,
    protocol: event.protocol.toUpperCase(),
    local: plain(event.local),
    remote: plain(event.remote),
    place: placeOf(event),
    waiting: String(event.recv_queue),
    waiting_bytes: count(event.recv_queue, "byte"),
    owners: String(event.owners.length),
    owner_pid: owner ? String(owner.pid) : "",
    owner_fd: owner ? String(owner.fd) : "",
  };
}

/**
 * Where a socket listens: its whole local end, for several may have one port. A Unix socket has a name.
 * @param {import("./told.js").RowEvent} event
 */
function placeOf(event) {
  if (event.protocol === "unix")
    return `at the ${event.local.startsWith("@") ? "abstract name" : "path"} ${event.local}`;
  const { address } = endpoint(event.local);
  return wildcard(address)
    ? `on ${plain(event.local)} (${address} is the wildcard address)`
    : `on ${plain(event.local)}`;
}

/** @param {Told} told @param {import("./told.js").PacketEvent} event @returns {Slots} */
function ofPacket(told, event) {
  const segment = told.segment(event);
  if (!segment) return {};
  const target = segment.target_host ?? "nobody";
  return {
    source_host: segment.source_host,
    target_host: target,
    target: `${target} port ${portOf(segment.destination)}`,
    length: count(segment.length, "byte"),
    packet: packetName(segment),
    why: event.type === "packet.sent" ? "" : (event.why ?? "forwarded"),
  };
}
