// Event and state → one plain sentence; and which moments are telling. Made by rules from the log. Pure.
// The sentence says what happened and, where it teaches something, what that means. Null: nothing worth a sentence.

import { endpoint, wildcard } from "../log/addresses.js";
import { ERRORS, plainName } from "./calls.js";
import { chipKind, packetName } from "./headers.js";
import { count } from "./numbers.js";
import { programName } from "./programs.js";
import { HANDS_OUT, TAKES_IN, WAITS } from "./syscalls.js";

/** @typedef {import("../log/protocol.js").Event} Event */
/** @typedef {import("../log/protocol.js").SyscallEntered} SyscallEntered */
/** @typedef {import("../log/protocol.js").SyscallReturned} SyscallReturned */
/** @typedef {import("../log/protocol.js").PacketSent} PacketSent */
/** @typedef {import("../log/protocol.js").SocketAppeared | import("../log/protocol.js").SocketChanged | import("../log/protocol.js").SocketVanished} SocketEvent */
/** @typedef {import("../log/log.js").Log} Log */
/** @typedef {import("../log/log.js").Scene} Scene */
/** @typedef {import("../log/log.js").Note} Note */

const LOW_PORT = "Ports below 1024 are for programs with the right to bind them.";
const FEW = 64;

/** What no system call that was observed says for certain beforehand. */

/** What is no failure but an answer: the call would have had to wait. */
const NOT_YET = new Set(["EAGAIN", "EINPROGRESS", "EALREADY", "EINTR"]);

/** @typedef {(call: SyscallEntered, who: string, scene: Scene) => string | null} Sentence */

/** By the name that a program's author knows. @type {Record<string, Sentence>} */
const ENTERED = {
  socket: (call, who) => `${who} asks the kernel for a ${socketWords(call.args)} socket.`,
  bind: (call, who) => `${who} asks for ${addressWords(call.args.address)}: bind(${call.args.fd}).`,
  listen: (call, who) =>
    `${who} asks the kernel to listen: listen(${call.args.fd}), with a backlog of ${call.args.backlog} waiting connections.`,
  accept: acceptEntered,
  connect: (call, who) =>
    `${who} asks to be connected to ${addressWords(call.args.address)}: connect(${call.args.fd}).`,
  setsockopt: (call, who) => `${who} sets ${call.args.option} on fd ${call.args.fd}.`,
  shutdown: (call, who) => `${who} ends one direction: shutdown(${call.args.fd}, ${call.args.how}).`,
  close: (call, who) => `${who} closes fd ${call.args.fd}: close(${call.args.fd}).`,
};

/**
 * @param {Event} event
 * @param {Scene} scene after the event
 * @param {Log} log
 * @returns {Note | null}
 */
export function narrate(event, scene, log) {
  switch (event.type) {
    case "process.started":
      if (event.parent)
        return say(`${programOf(log, event.parent)} makes a child: process ${event.pid} on ${event.host}.`);
      return say(`${programName(event)} starts on ${event.host} as process ${event.pid}.`);
    case "process.exited":
      return say(`${programOf(log, event.pid)} (pid ${event.pid}) has ended${endWords(event)}.`);
    case "process.output":
      return event.text.trim()
        ? say(`${programOf(log, event.pid)} prints: ${event.text.trim().split("\n").slice(-1)[0].slice(0, 120)}`)
        : null;
    case "syscall.entered": {
      const words = sentenceOf(event.name)?.(event, `${programOf(log, event.pid)} on ${event.host}`, scene);
      return words ? say(words) : null;
    }
    case "syscall.blocked": {
      const call = log.calls.get(event.call);
      return call ? say(`${programOf(log, event.pid)} on ${call.host} sleeps in ${plainName(call.name)}().`) : null;
    }
    case "syscall.returned":
      return returned(event, scene, log);
    case "socket.appeared":
    case "socket.changed":
      return socketMoved(event, scene, log);
    case "socket.vanished":
      if (event.state !== "LISTEN") return null;
      return say(`The socket of ${event.host} that listened ${placeOf(event)} is gone.`);
    case "packet.sent":
      return swallowed(event, scene) ? null : sent(event);
    case "packet.held": {
      const packet = log.packets.get(event.packet);
      return packet ? say(`The ${packetName(packet)} is held on the wire until you deliver or drop it.`, "held") : null;
    }
    case "packet.delivered": {
      const packet = log.packets.get(event.packet);
      return packet && !packet.loopback ? say(`The ${packetName(packet)} arrives at ${packet.target_host}.`) : null;
    }
    case "packet.dropped": {
      const packet = log.packets.get(event.packet);
      if (!packet) return null;
      if (packet.repeats && swallowed(packet, scene)) {
        return say(
          `The kernel of ${packet.source_host} sends it again, for no answer has come; the wire counts it on the packet that still waits.`,
        );
      }
      return say(`The ${packetName(packet)} from ${packet.source_host} is lost: ${event.why}.`, "dropped");
    }
    case "pace.changed":
      return { text: paceWords(event.pace, event.pause_ms), aside: true };
    case "wire.changed":
      return say(
        `The wire now delays each packet by ${event.delay_ms} ms and loses ${Math.round(event.loss * 100)} % of them.`,
      );
    case "sysctl.changed":
      // What nobody asked for comes with a hold or its end, and those are told; the host's card lists it.
      return (event.why ?? null) === null ? say(`${event.host} now has ${event.name} = ${event.value}.`) : null;
    case "command.refused":
      return say(`Refused: ${event.detail}`, "refused");
    case "observation.lost":
      return say(`Not observed on ${event.host}: ${event.why}.`);
    case "sandbox.closed":
      return say(`The sandbox has ended: ${event.why}.`, "ended");
    default:
      return null;
  }
}

/**
 * What waits, and for what: one sentence for the moments that are held.
 * @param {import("../log/state.js").State} state
 * @param {Log} log
 */
export function waitingWords(state, log) {
  const moments = Object.values(state.moments);
  if (moments.length === 0) return "";
  const [first, ...more] = moments.map((moment) => momentName(moment, log));
  return more.length > 0 ? `${first} and ${more.length} more` : first;
}

/**
 * @param {import("../log/state.js").Moment} moment
 * @param {Log} log
 */
export function momentName(moment, log) {
  const call = moment.call === undefined || moment.call === null ? undefined : log.calls.get(moment.call);
  if (call) return `${plainName(call.name)}() of ${programOf(log, call.pid)}`;
  const packet = moment.packet === undefined || moment.packet === null ? undefined : log.packets.get(moment.packet);
  return packet ? `${packetName(packet)} to ${packet.target_host}` : "a moment";
}

// ---- calls

/** @param {string} name @returns {Sentence | undefined} */
function sentenceOf(name) {
  if (HANDS_OUT.has(name)) return sendEntered;
  if (TAKES_IN.has(name)) return receiveEntered;
  return WAITS.has(name) ? waitEntered : ENTERED[plainName(name)];
}

/** @param {SyscallEntered} call @param {string} who @param {Scene} scene */
function acceptEntered(call, who, scene) {
  const waiting = socketAt(scene, call)?.recv_queue ?? 0;
  const then = waiting > 0 ? "One waits already." : "None waits.";
  return `${who} asks for the next connection: accept(${call.args.fd}). ${then}`;
}

/** @param {SyscallEntered} call @param {string} who @param {Scene} scene */
function sendEntered(call, who, scene) {
  const socket = socketAt(scene, call);
  if (!socket) return null;
  const length = call.args.buffer?.length ?? call.args.length ?? call.args.bytes;
  return `${who} hands ${length === undefined ? "its bytes" : count(length, "byte")} to the kernel for fd ${call.args.fd}: ${plainName(call.name)}().`;
}

/** @param {SyscallEntered} call @param {string} who @param {Scene} scene */
function receiveEntered(call, who, scene) {
  const socket = socketAt(scene, call);
  if (!socket) return null;
  const there =
    socket.recv_queue > 0 ? `${count(socket.recv_queue, "byte")} wait there.` : "The receive buffer is empty.";
  return `${who} asks for bytes from fd ${call.args.fd}: ${plainName(call.name)}(). ${there}`;
}

/** @param {SyscallEntered} call @param {string} who */
function waitEntered(call, who) {
  if (call.args.timeout_ms === 0)
    return `${who} looks which of its file descriptors are ready: ${plainName(call.name)}().`;
  return `${who} waits until one of its file descriptors is ready: ${plainName(call.name)}().`;
}

/**
 * @param {SyscallReturned} event
 * @param {Scene} scene
 * @param {Log} log
 * @returns {Note | null}
 */
function returned(event, scene, log) {
  const call = log.calls.get(event.call);
  if (!call) return null;
  const who = `${programOf(log, event.pid)} on ${call.host}`;
  const name = plainName(call.name);
  if (event.error) {
    if (NOT_YET.has(event.error)) return null;
    const low = event.error === "EACCES" && name === "bind" && !/^[/@]/.test(String(call.args.address));
    const meaning = low ? LOW_PORT : ERRORS[event.error];
    return say(`${name}() fails for ${who} with ${event.error}.${meaning ? ` ${meaning}` : ""}`, event.error);
  }
  if (name === "accept") {
    return say(
      `accept() returns: the waiting socket now has a file descriptor, fd ${event.new_fd} of pid ${event.pid}. Nothing crossed the wire for that.`,
      "accepted",
    );
  }
  if (name === "socket") {
    const nothing = call.args.family === "AF_UNIX" ? "It has no name yet." : "It has no port yet.";
    return say(`The kernel makes a socket for ${who}; fd ${event.new_fd} names it. ${nothing}`);
  }
  if (name === "connect") return connected(event, call, scene, who);
  if (TAKES_IN.has(call.name) && socketAt(scene, call)) {
    if (event.result === 0 && socketAt(scene, call)?.protocol === "udp")
      return say(`${who} gets an empty datagram from fd ${call.args.fd}.`);
    if (event.result === 0) return say(`${name}() returns 0 to ${who}: the other side sends no more.`);
    return say(`${who} gets ${count(event.bytes ?? event.result ?? 0, "byte")} from fd ${call.args.fd}.`);
  }
  return null;
}

/**
 * @param {SyscallReturned} event
 * @param {SyscallEntered} call
 * @param {Scene} scene
 * @param {string} who
 */
function connected(event, call, scene, who) {
  const own = scene.state.processes[event.pid]?.fds[call.args.fd]?.socket;
  const socket = own ? scene.state.sockets[own] : undefined;
  if (socket?.protocol === "udp")
    return say(`connect() on a UDP socket sends nothing: the kernel of ${who} has noted the peer.`);
  const then = socket && waitsForAccept(scene, socket) ? " The server's program has not accepted it yet." : "";
  return say(`connect() returns to ${who}: for the client, the connection is established.${then}`);
}

/**
 * Whether the other end of a connection has no file descriptor yet. Said while there are few sockets only:
 * it looks at each of them.
 * @param {Scene} scene
 * @param {import("../log/state.js").Socket} socket
 */
function waitsForAccept(scene, socket) {
  const { port } = endpoint(socket.remote);
  const few = Object.values(scene.places.hosts).every((host) => (host.crowd.get(`tcp/${port}`) ?? 0) <= FEW);
  if (!few) return false;
  return Object.values(scene.state.sockets).some(
    (other) => other.inode === 0 && other.local === socket.remote && other.remote === socket.local,
  );
}

// ---- sockets

/**
 * @param {SocketEvent} event
 * @param {Scene} scene
 * @param {Log} log
 * @returns {Note | null}
 */
function socketMoved(event, scene, log) {
  const seqs = log.rows.get(event.socket) ?? [];
  const before = seqs.length > 1 ? /** @type {SocketEvent} */ (log.event(seqs[seqs.length - 2])) : undefined;
  if (before?.state !== event.state) {
    switch (event.state) {
      case "LISTEN":
        return say(
          `${event.host} listens ${placeOf(event)}. From now on its kernel answers calls there by itself.`,
          "LISTEN",
        );
      case "SYN-RECEIVED":
        if (event.inode !== 0)
          return say(`Both sides have sent a SYN: the socket ${event.local} of ${event.host} is in SYN-RECEIVED.`);
        return say(
          `The kernel of ${event.host} answers by itself: the request of ${event.remote} is in the SYN queue, until its ACK comes.${sleeper(event, scene)}`,
          "SYN-RECEIVED",
        );
      case "ESTABLISHED":
        if (event.protocol !== "tcp") return null;
        if (event.inode === 0) {
          return say(
            `The handshake is complete: the kernel of ${event.host} has made the connected socket. It waits in the accept queue, and no file descriptor names it yet.`,
            "established",
          );
        }
        return say(`The socket ${event.local} of ${event.host} is ESTABLISHED.`);
      case "CLOSE-WAIT":
        return say(
          `A FIN has come: the other side sends no more. The socket ${event.local} of ${event.host} is in CLOSE-WAIT until its program closes.`,
          "CLOSE-WAIT",
        );
      case "TIME-WAIT":
        return say(
          `The connection is over. The kernel of ${event.host} keeps ${event.local} in TIME-WAIT, to acknowledge a FIN that comes again and to keep late segments out of a new connection.`,
          "TIME-WAIT",
        );
      case "CLOSED":
        if (before === undefined) return null;
        return say(`The socket ${event.local} of ${event.host} is CLOSED.`);
    }
  }
  const [owner] = event.owners;
  if (before?.inode === 0 && event.inode !== 0 && owner && event.state !== "LISTEN") {
    return say(
      `accept() hands the waiting socket to ${programOf(log, owner.pid)}: fd ${owner.fd} of pid ${owner.pid} names it now. Nothing crossed the wire for that.`,
    );
  }
  if (event.protocol !== "unix" && event.state !== "LISTEN" && event.recv_queue > (before?.recv_queue ?? 0)) {
    const noFd = event.inode === 0 ? " No program has accepted it yet; the kernel keeps them." : "";
    return say(`${count(event.recv_queue, "byte")} wait in the receive buffer of ${event.local}.${noFd}`);
  }
  return null;
}

/**
 * Where a socket listens: its whole local end, for several may have one port. A Unix socket has a name, and no port.
 * @param {SocketEvent} event
 */
function placeOf(event) {
  if (event.protocol === "unix")
    return `at the ${event.local.startsWith("@") ? "abstract name" : "path"} ${event.local}`;
  const { address } = endpoint(event.local);
  return wildcard(address) ? `on ${event.local} (${address} is the wildcard address)` : `on ${event.local}`;
}

/**
 * The process that listens there, if it sleeps in accept().
 * @param {SocketEvent} event
 * @param {Scene} scene
 */
function sleeper(event, scene) {
  const { port } = endpoint(event.local);
  const held = new Set(Object.values(scene.state.moments).map((moment) => moment.call));
  for (const pid in scene.state.processes) {
    const process = scene.state.processes[pid];
    if (process.host !== event.host) continue;
    for (const tid in process.calls) {
      const call = process.calls[tid];
      if (plainName(call.name) !== "accept" || held.has(call.call)) continue;
      const cookie = process.fds[call.args.fd]?.socket;
      const socket = cookie ? scene.state.sockets[cookie] : undefined;
      if (socket && endpoint(socket.local).port === port) return ` ${programName(process)} still waits in accept().`;
    }
  }
  return "";
}

// ---- packets

/**
 * @param {PacketSent} event
 * @returns {Note | null}
 */
function sent(event) {
  const from = `The kernel of ${event.source_host}`;
  const to = `${event.target_host ?? "nobody"} port ${endpoint(event.destination).port}`;
  if (event.repeats) return say(`${from} sends its ${packetName(event)} again: no answer has come.`, "again");

  switch (chipKind(event)) {
    case "syn":
      return say(`${from} asks for a connection: SYN to ${to}.`);
    case "synack":
      return say(`${from} answers SYN ACK. No program had to do anything for that.`);
    case "ack":
      return say(`${from} acknowledges: ACK.`);
    case "data":
      return say(`${from} sends ${count(event.length, "byte")} to ${to}.`);
    case "fin":
      return say(`${from} says that no more bytes will come: FIN to ${to}.`, "FIN");
    case "rst":
      // Only an answer to a segment without an ACK, such as a SYN, has this number (RFC 9293, 3.5.2).
      if (event.sequence === 0) return say(`${from} answers RST: nobody listens there.`, "RST");
      return say(`${from} sends RST: for it, this connection no longer exists.`, "RST");
    case "udp":
      return say(`${from} sends a datagram of ${count(event.length, "byte")} to ${to}.`);
    case "icmp":
      return say(`${from} sends an ICMP message to ${event.target_host ?? "nobody"}.`, "ICMP");
    default:
      return null;
  }
}

/**
 * Whether it repeats a packet that is still on the wire, which takes no second one in.
 * @param {PacketSent} packet
 * @param {Scene} scene
 */
function swallowed(packet, scene) {
  return Boolean(packet.repeats && scene.state.packets[packet.repeats]);
}

// ---- words

/**
 * @param {string} text
 * @param {string} [mark]
 * @returns {Note}
 */
function say(text, mark) {
  return mark ? { text, mark } : { text };
}

/** @param {Log} log @param {number} pid */
function programOf(log, pid) {
  const process = log.head.state.processes[pid] ?? log.processes.get(pid);
  return process ? programName(process) : `process ${pid}`;
}

/** @param {Scene} scene @param {SyscallEntered} call */
function socketAt(scene, call) {
  const fd = scene.state.processes[call.pid]?.fds[call.args.fd];
  return fd?.socket ? scene.state.sockets[fd.socket] : undefined;
}

/** @param {Record<string, any>} args */
function socketWords(args) {
  if (args.family === "AF_UNIX") return "Unix";
  return { SOCK_STREAM: "TCP", SOCK_DGRAM: "UDP" }[String(args.type)] ?? String(args.type);
}

/** @param {any} address */
function addressWords(address) {
  if (typeof address !== "string" || !address.includes(":")) return String(address);
  const { address: host, port } = endpoint(address);
  const where = host === "0.0.0.0" || host === "::" ? "every address of this host" : host;
  return port === "0" ? `${where}, any free port` : `${where}, port ${port}`;
}

/** @param {import("../log/protocol.js").ProcessExited} event */
function endWords(event) {
  if (event.signal) return `: ${event.signal}`;
  return event.code ? ` with exit code ${event.code}` : "";
}

/** @param {string} pace @param {number} pause */
function paceWords(pace, pause) {
  if (pace === "step") return "The kernel is held: each system call and each packet now waits for you.";
  if (pace === "slow") return `The kernel is slowed: each system call and each packet waits ${pause} ms.`;
  return "The kernel runs: nothing is held.";
}
