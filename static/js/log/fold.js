// What is there after an event: the twin of server/state.py. For the same log both give equal states;
// a test runs recorded logs through the two. Pure, and imports nothing that runs.

/** @typedef {import("./protocol.js").Event} Event */
/** @typedef {import("./protocol.js").SocketAppeared} SocketAppeared */
/** @typedef {import("./protocol.js").PacketSent} PacketSent */
/** @typedef {import("./protocol.js").MomentPending} MomentPending */

/** @typedef {Omit<SocketAppeared, "seq" | "t" | "type">} Socket */
/** @typedef {Omit<PacketSent, "seq" | "type" | "raw" | "repeats"> & {status: "in-flight" | "held", copies: number, why?: string}} Packet */
/** @typedef {Omit<MomentPending, "seq" | "type">} Moment */
/** @typedef {{kind: string, socket: string | null, path: string | null}} Fd */
/** @typedef {{call: number, name: string, args: Record<string, any>, t: number, file: string | null, line: number | null}} Call */
/**
 * @typedef {object} Process
 * @property {string} host
 * @property {string} program
 * @property {string[]} argv
 * @property {number | null} parent
 * @property {"user" | "admin"} credentials
 * @property {string} status
 * @property {Record<string, Fd>} fds
 * @property {Record<string, Call>} calls
 * @property {number | null} [code]
 * @property {string | null} [signal]
 */
/** @typedef {{addresses: string[], sysctls: Record<string, string>}} Host */
/**
 * @typedef {object} State
 * @property {number} seq
 * @property {number} t
 * @property {"live" | "slow" | "step"} pace
 * @property {number} pause_ms
 * @property {{delay_ms: number, jitter_ms: number, loss: number, neighbours: boolean}} wire
 * @property {Record<string, Host>} hosts
 * @property {Record<string, Process>} processes
 * @property {Record<string, Socket>} sockets
 * @property {Record<string, Packet>} packets
 * @property {Record<string, Moment>} moments
 * @property {string | null} closed
 */

/**
 * The state before the first event.
 * @returns {State}
 */
export function initial() {
  return {
    seq: 0,
    t: 0,
    pace: "live",
    pause_ms: 0,
    wire: { delay_ms: 0, jitter_ms: 0, loss: 0, neighbours: false },
    hosts: {},
    processes: {},
    sockets: {},
    packets: {},
    moments: {},
    closed: null,
  };
}

/**
 * The state after one more event. Changes the state that it is given; who needs the old one copies it first.
 * @param {State} state
 * @param {Event} event
 * @returns {State}
 */
export function fold(state, event) {
  state.seq = event.seq;
  state.t = event.t;
  switch (event.type) {
    case "syscall.entered":
      enter(state, event);
      break;
    case "syscall.returned":
      leave(state, event);
      break;
    case "socket.appeared":
    case "socket.changed":
      state.sockets[event.socket] = row(event);
      break;
    case "socket.vanished":
      delete state.sockets[event.socket];
      break;
    case "packet.sent":
      send(state, event);
      break;
    case "packet.held":
      if (state.packets[event.packet]) Object.assign(state.packets[event.packet], { status: "held", why: event.why });
      break;
    case "packet.delivered":
    case "packet.dropped":
      delete state.packets[event.packet];
      break;
    case "moment.pending": {
      const { seq: _seq, type: _type, ...moment } = event;
      state.moments[event.moment] = moment;
      break;
    }
    case "moment.released":
      delete state.moments[event.moment];
      if (event.packet !== undefined && event.packet !== null && state.packets[event.packet])
        state.packets[event.packet].status = "in-flight";
      break;
    case "fd.opened": {
      const process = state.processes[event.pid];
      const fd = { kind: event.kind, socket: event.socket ?? null, path: event.path ?? null };
      if (process) process.fds[event.fd] = fd;
      break;
    }
    case "fd.closed":
      delete state.processes[event.pid]?.fds[event.fd];
      break;
    case "host.added":
      state.hosts[event.host] = { addresses: event.addresses, sysctls: {} };
      break;
    case "process.started":
      state.processes[event.pid] = started(event);
      break;
    case "process.executed": {
      const process = state.processes[event.pid];
      if (process) Object.assign(process, { program: event.program, argv: event.argv });
      break;
    }
    case "process.exited": {
      const process = state.processes[event.pid];
      const end = { status: "exited", code: event.code ?? null, signal: event.signal ?? null, fds: {}, calls: {} };
      if (process) Object.assign(process, end);
      break;
    }
    case "pace.changed":
      state.pace = event.pace;
      state.pause_ms = event.pause_ms;
      break;
    case "wire.changed": {
      const { delay_ms, jitter_ms, loss, neighbours } = event;
      state.wire = { delay_ms, jitter_ms, loss, neighbours };
      break;
    }
    case "sysctl.changed":
      state.hosts[event.host].sysctls[event.name] = event.value;
      break;
    case "sandbox.closed":
      state.closed = event.why;
      break;
    case "process.output":
    case "command.accepted":
    case "command.refused":
    case "observation.lost":
      break;
    default:
      everyTypeIsFolded(event);
  }
  return state;
}

/**
 * A copy that later folds do not touch. Rows, moments and fds are replaced as wholes, so they are shared;
 * processes and packets change in place, so they are copied.
 * @param {State} state
 * @returns {State}
 */
export function copy(state) {
  /** @type {State["processes"]} */
  const processes = {};
  for (const pid in state.processes) {
    const process = state.processes[pid];
    processes[pid] = { ...process, fds: { ...process.fds }, calls: { ...process.calls } };
  }
  /** @type {State["packets"]} */
  const packets = {};
  for (const id in state.packets) packets[id] = { ...state.packets[id] };
  /** @type {State["hosts"]} */
  const hosts = {};
  for (const name in state.hosts) hosts[name] = { ...state.hosts[name], sysctls: { ...state.hosts[name].sysctls } };
  return { ...state, hosts, processes, packets, sockets: { ...state.sockets }, moments: { ...state.moments } };
}

/**
 * @param {SocketAppeared | import("./protocol.js").SocketChanged} event
 * @returns {Socket}
 */
function row(event) {
  const { seq: _seq, t: _t, type: _type, ...fields } = event;
  return fields;
}

/**
 * @param {import("./protocol.js").ProcessStarted} event
 * @returns {Process}
 */
function started(event) {
  return {
    host: event.host,
    program: event.program,
    argv: event.argv,
    parent: event.parent ?? null,
    credentials: event.credentials ?? "user",
    status: "running",
    fds: {},
    calls: {},
  };
}

/**
 * @param {State} state
 * @param {import("./protocol.js").SyscallEntered} event
 */
function enter(state, event) {
  const process = state.processes[event.pid];
  if (!process) return;
  const { call, name, args, t } = event;
  process.calls[event.tid] = { call, name, args, t, file: event.file ?? null, line: event.line ?? null };
}

/**
 * @param {State} state
 * @param {import("./protocol.js").SyscallReturned} event
 */
function leave(state, event) {
  const calls = state.processes[event.pid]?.calls;
  if (calls?.[event.tid]?.call === event.call) delete calls[event.tid];
}

/**
 * @param {State} state
 * @param {PacketSent} event
 */
function send(state, event) {
  const { seq: _seq, type: _type, raw: _raw, repeats, ...fields } = event;
  if (repeats !== undefined && repeats !== null && state.packets[repeats]) state.packets[repeats].copies += 1;
  state.packets[event.packet] = { ...fields, status: "in-flight", copies: 0 };
}

/**
 * The checker proves that no type is forgotten; a page older than its server meets new types and lets them pass.
 * @param {never} _event
 */
function everyTypeIsFolded(_event) {}
