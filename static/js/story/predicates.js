// What the rules ask of an event, by name, as in server/story/predicates.py. Each predicate gets what is known before
// the event, and the event; which event a rule asks of, the table says. Pure.

import { plainName } from "../words/calls.js";
import { chipKind } from "../words/headers.js";
import { HANDS_OUT, TAKES_IN, WAITS } from "../words/syscalls.js";
import { lastLine, shown } from "./slots.js";
import { DISCOVERY, LIBRARY, NOT_YET, STATES, TOOLS, WEIGHTY } from "./table.js";
import { connection, plain } from "./told.js";

/** An indented last line, such as a traceback's: what it comes to is still to be printed. */
const INDENTED = /(^|\n)[ \t][^\n]*\n?$/;

/** @typedef {import("./told.js").Told} Told */
/** @typedef {(told: Told, event: any) => boolean} Predicate */

/** @param {string} name @returns {Predicate} */
const saidAs = (name) => (told, event) => plainName(told.call(event).name) === name;

/** @param {Set<string>} names @returns {Predicate} */
const oneOf = (names) => (told, event) => names.has(told.call(event).name);

/** @param {string} state @returns {Predicate} */
const inState = (state) => (_told, event) => event.state === state;

/** @param {string} kind @returns {Predicate} */
const ofKind = (kind) => (told, event) => {
  const segment = told.segment(event);
  return segment !== undefined && chipKind(segment) === kind;
};

/** @type {Predicate} */
function stream(told, event) {
  const row = told.socketOf(event);
  if (row?.protocol === "unix") return !shown(told.call(event).args.address).includes(LIBRARY);
  return row?.protocol === "tcp";
}

/** @type {Predicate} */
function connected(told, event) {
  const row = told.socketOf(event);
  if (row?.protocol === "unix") return told.joined.has(told.cookieOf(event));
  return row?.protocol === "tcp" && connection(row.local, row.remote) !== "";
}

/** @type {Predicate} */
function serves(told, event) {
  const fds = Object.values(told.state.processes[event.pid]?.fds ?? {});
  return fds.some((fd) => fd.socket && told.state.sockets[fd.socket]?.state === "LISTEN");
}

/** @type {Predicate} */
function tcpMade(told, event) {
  const { type, family } = told.call(event).args;
  return type === "SOCK_STREAM" && (family === "AF_INET" || family === "AF_INET6");
}

/** @type {Predicate} */
function weighty(told, event) {
  const { name } = told.call(event);
  const moves = TAKES_IN.has(name) || HANDS_OUT.has(name);
  return WEIGHTY.includes(plainName(name)) || (moves && told.cookieOf(event) !== "");
}

/** @type {Predicate} */
function newlyBound(told, event) {
  const before = told.before(event);
  if (!before || before.local === event.local || event.protocol === "unix") return false;
  const processes = event.owners.map((/** @type {{pid: number}} */ owner) => told.state.processes[owner.pid]);
  return processes.some((/** @type {import("../log/state.js").Process | undefined} */ process) =>
    Object.values(process?.calls ?? {}).some((call) => call.name === "bind"),
  );
}

/** @type {Predicate} */
function taken(told, event) {
  const before = told.before(event);
  const alive = event.protocol === "tcp" && (event.state === "ESTABLISHED" || event.state === "CLOSE-WAIT");
  return before !== undefined && alive && before.owners.length === 0 && event.owners.length > 0;
}

/** @type {Predicate} */
function shared(told, event) {
  const owners = told.before(event)?.owners.length ?? 0;
  return owners > 0 && owners < event.owners.length;
}

/** @type {Predicate} */
function filled(told, event) {
  const before = told.before(event);
  return before !== undefined && before.recv_queue <= before.send_queue && before.send_queue < event.recv_queue;
}

/** @type {Predicate} */
function moreBytes(told, event) {
  const before = told.before(event);
  const holds = event.protocol === "udp" || (event.protocol === "tcp" && event.state === "ESTABLISHED");
  return before !== undefined && holds && event.recv_queue > before.recv_queue;
}

/** @type {Predicate} */
function turned(told, event) {
  const before = told.before(event);
  return before !== undefined && before.state !== event.state;
}

/** @type {Record<string, Predicate>} */
export const PREDICATES = {
  // Hosts and programs
  running: (told) => Object.keys(told.state.processes).length > 0,
  unasked: (_told, event) => (event.why ?? null) !== null,
  tool: (told, event) => TOOLS.includes(told.program(event.pid)),
  forked: (_told, event) => (event.parent ?? null) !== null,
  wordy: (_told, event) => lastLine(event.text) !== "" && !(event.stream === "stderr" && INDENTED.test(event.text)),
  by_signal: (_told, event) => (event.signal ?? null) !== null,
  nonzero: (_told, event) => Boolean(event.code),

  // Calls
  accepting: saidAs("accept"),
  closing: saidAs("close"),
  connecting: saidAs("connect"),
  making: saidAs("socket"),
  shutting: saidAs("shutdown"),
  handing: oneOf(HANDS_OUT),
  taking: oneOf(TAKES_IN),
  polling: oneOf(WAITS),
  serves,
  first_wait: (told, event) => !told.waits.has(told.waitOf(event)),
  on_socket: (told, event) => told.cookieOf(event) !== "",
  stream,
  datagram: (told, event) => told.socketOf(event)?.protocol === "udp",
  connected,
  tcp_made: tcpMade,
  weighty,

  // Returns
  nothing: (_told, event) => event.result === 0,
  failed: (_told, event) => (event.error ?? null) !== null,
  refused: (_told, event) => event.error === "ECONNREFUSED",
  in_progress: (_told, event) => event.error === "EINPROGRESS",
  not_yet: (_told, event) => NOT_YET.includes(event.error ?? ""),
  unnamed: (_told, event) => (event.address ?? "(unnamed)") === "(unnamed)",
  ungiven: (told, event) => !told.handed.has(told.cookie(event.pid, event.new_fd)),

  // Rows of the socket table
  ...Object.fromEntries(STATES.map((state) => [`in_${state.toLowerCase().replaceAll("-", "_")}`, inState(state)])),
  turned,
  tcp: (_told, event) => event.protocol === "tcp",
  made: (_told, event) => event.inode !== 0,
  unowned: (_told, event) => event.owners.length === 0,
  from_request: (told, event) => told.before(event)?.owners.length === 0,
  newly_bound: newlyBound,
  taken,
  untold: (told, event) => !told.handed.has(event.socket),
  shared,
  filled,
  more_bytes: moreBytes,

  // Packets
  ...Object.fromEntries(
    ["syn", "synack", "ack", "data", "fin", "rst", "udp", "icmp"].map((kind) => [kind, ofKind(kind)]),
  ),
  known: (told, event) => told.segment(event) !== undefined,
  across: (told, event) => told.segment(event) !== undefined && !told.segment(event)?.loopback,
  told: (told, event) => told.told.has(event.packet),
  copied: (told, event) => told.copies.has(event.packet),
  copy: (told, event) => told.isCopy(event),
  repeat: (_told, event) => (event.repeats ?? null) !== null,
  third: (told, event) => isOpening(told, event, plain(event.source), "synack"),
  refusal: (told, event) => isOpening(told, event, plain(event.destination), "syn"),
  discovery: (_told, event) => DISCOVERY.includes(event.info?.type),
};

/**
 * @param {Told} told
 * @param {import("./told.js").PacketSent} event
 * @param {string} asker
 * @param {string} stage
 */
function isOpening(told, event, asker, stage) {
  const opening = told.opening(event);
  return opening.asker === asker && opening.stage === stage;
}
