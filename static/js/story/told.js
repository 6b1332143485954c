// What a story knows of its log so far: the state, and what more the rules ask. As in server/story/told.py. Pure.

import { fold, initial } from "../log/fold.js";
import { plainName } from "../words/calls.js";
import { chipKind } from "../words/headers.js";
import { programName } from "../words/programs.js";
import { NOT_YET } from "./table.js";

/** @typedef {import("../log/protocol.js").Event} Event */
/** @typedef {import("../log/protocol.js").SyscallEntered | import("../log/protocol.js").SyscallBlocked | import("../log/protocol.js").SyscallReturned} CallEvent */
/** @typedef {import("../log/protocol.js").SocketAppeared | import("../log/protocol.js").SocketChanged | import("../log/protocol.js").SocketVanished} RowEvent */
/** @typedef {import("../log/protocol.js").PacketSent} PacketSent */
/** @typedef {PacketSent | import("../log/protocol.js").PacketHeld | import("../log/protocol.js").PacketDelivered | import("../log/protocol.js").PacketDropped} PacketEvent */
/** @typedef {PacketSent | import("../log/state.js").Packet} Segment */
/** @typedef {{asker: string, stage: string}} Opening the end that began a handshake, and which segment was sent last */

const MAPPED = /^\[::ffff:(\d+\.\d+\.\d+\.\d+)\]/;
const NOBODY = { asker: "", stage: "" };

export class Told {
  constructor() {
    /** The state before the event that is asked about. */
    this.state = initial();
    /** @type {Set<number>} packets whose leaving was told */
    this.told = new Set();
    /** @type {Set<number>} packets that repeat one that was still on the wire */
    this.copies = new Set();
    /** @type {Map<string, Opening>} connection → its handshake, while it is under way */
    this.openings = new Map();
    /** @type {Set<string>} waits that were told */
    this.waits = new Set();
    /** @type {Set<string>} sockets that accept() has given to a program */
    this.handed = new Set();
    /** @type {Set<string>} Unix sockets that are one end of a connection */
    this.joined = new Set();
  }

  /** @param {number} pid */
  program(pid) {
    const process = this.state.processes[pid];
    return process ? programName(process) : `process ${pid}`;
  }

  /** What a process runs, and where: programs of one name print on several hosts. @param {number} pid */
  speaker(pid) {
    const process = this.state.processes[pid];
    return process ? `${this.program(pid)} on ${process.host}` : this.program(pid);
  }

  /**
   * The name and the arguments of a call; empty if its beginning is not known.
   * @param {CallEvent} event
   * @returns {{name: string, args: Record<string, any>}}
   */
  call(event) {
    if (event.type === "syscall.entered") return event;
    const call = this.state.processes[event.pid]?.calls[event.tid];
    return call?.call === event.call ? call : { name: "", args: {} };
  }

  /** The socket that a descriptor names, or "". @param {number} pid @param {unknown} fd */
  cookie(pid, fd) {
    return this.state.processes[pid]?.fds[String(fd)]?.socket ?? "";
  }

  /** @param {CallEvent} event */
  cookieOf(event) {
    return this.cookie(event.pid, this.call(event).args.fd);
  }

  /** @param {CallEvent} event @returns {import("../log/state.js").Socket | undefined} */
  socketOf(event) {
    return this.state.sockets[this.cookieOf(event)];
  }

  /** A socket's row as it was. @param {RowEvent} event @returns {import("../log/state.js").Socket | undefined} */
  before(event) {
    return this.state.sockets[event.socket];
  }

  /** The packet that an event is about, if it was under way. @param {PacketEvent} event @returns {Segment | undefined} */
  segment(event) {
    return event.type === "packet.sent" ? event : this.state.packets[event.packet];
  }

  /** The handshake that a packet is part of. @param {PacketSent} event */
  opening(event) {
    return this.openings.get(connection(event.source, event.destination)) ?? NOBODY;
  }

  /** Whether a packet repeats one that is still on the wire. @param {PacketSent} event */
  isCopy(event) {
    return event.repeats !== undefined && event.repeats !== null && event.repeats in this.state.packets;
  }

  /** One name for all waits of a process for the same. @param {CallEvent} event */
  waitOf(event) {
    return `${event.pid} ${plainName(this.call(event).name)} ${this.cookieOf(event)}`;
  }

  /**
   * Keep what later rules ask, and fold the event.
   * @param {Event} event
   * @param {string} message what was told of it, or ""
   */
  remember(event, message) {
    switch (event.type) {
      case "syscall.blocked":
        if (message) this.waits.add(this.waitOf(event));
        break;
      case "syscall.returned":
        this.#returned(event);
        break;
      case "socket.vanished":
        this.openings.delete(connection(event.local, event.remote));
        break;
      case "socket.appeared":
      case "socket.changed":
        if (message === "row.owned") this.handed.add(event.socket);
        break;
      case "packet.sent":
        this.#sent(event, message);
        break;
      case "packet.delivered":
        this.#delivered(event);
        break;
    }
    fold(this.state, event);
  }

  /** @param {import("../log/protocol.js").SyscallReturned} event */
  #returned(event) {
    const { name } = this.call(event);
    const cookie = this.cookieOf(event);
    const row = this.socketOf(event);
    const given = this.cookie(event.pid, event.new_fd);
    if (plainName(name) === "accept" && given) {
      this.handed.add(given);
      this.joined.add(given);
    }
    if (!row || name !== "connect" || NOT_YET.includes(event.error ?? "")) return;
    if (event.error) this.openings.delete(connection(row.local, row.remote));
    else this.joined.add(cookie);
  }

  /** @param {PacketSent} event @param {string} message */
  #sent(event, message) {
    if (this.isCopy(event)) {
      this.copies.add(event.packet);
      return;
    }
    if (message) this.told.add(event.packet);
    const between = connection(event.source, event.destination);
    const sender = plain(event.source);
    const kind = chipKind(event);
    const opening = this.openings.get(between);
    if (kind === "syn") this.openings.set(between, { asker: sender, stage: "syn" });
    else if (!opening) return;
    else if (kind === "synack") this.openings.set(between, { asker: opening.asker, stage: "synack" });
    else if (kind === "rst") this.openings.delete(between);
    else if (opening.asker === sender && opening.stage === "synack")
      this.openings.set(between, { asker: sender, stage: "ack" });
  }

  /** @param {import("../log/protocol.js").PacketDelivered} event */
  #delivered(event) {
    const segment = this.segment(event);
    if (!segment) return;
    const between = connection(segment.source, segment.destination);
    const opening = this.openings.get(between);
    if (opening?.asker === plain(segment.source) && opening.stage === "ack") this.openings.delete(between);
  }
}

/** An endpoint; an IPv4 address inside IPv6 as IPv4, as packets have it. @param {string} endpoint */
export function plain(endpoint) {
  return endpoint.replace(MAPPED, "$1");
}

/** What follows the last colon. @param {string} endpoint */
export function portOf(endpoint) {
  return endpoint.slice(endpoint.lastIndexOf(":") + 1);
}

/** One name for both ends of a connection; empty without two ends. @param {string} one @param {string} other */
export function connection(one, other) {
  if (portOf(one) === "*" || portOf(other) === "*") return "";
  return [plain(one), plain(other)].sort().join(" ");
}
