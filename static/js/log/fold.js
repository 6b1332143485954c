// What is there after an event: as in server/state.py. For the same log both give equal states;
// a test runs recorded logs through the two. Pure, and imports nothing that runs.

/** @typedef {import("./protocol.js").Event} Event */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Socket} Socket */
/** @typedef {import("./state.js").Process} Process */
/** @typedef {import("./state.js").Packet} Packet */
/** @typedef {import("./state.js").Moment} Moment */
/** @typedef {import("./state.js").Descriptor} Descriptor */
/** @typedef {import("./state.js").Host} Host */

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
    case "syscall.blocked": {
      const call = callOf(state, event);
      if (call) call.blocked = true;
      break;
    }
    case "syscall.returned":
      if (callOf(state, event)) delete state.processes[event.pid].calls[event.tid];
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
      change(state.packets[event.packet], { status: "held", why: event.why });
      break;
    case "packet.delivered":
    case "packet.dropped":
      delete state.packets[event.packet];
      break;
    case "moment.pending":
      state.moments[event.moment] = waiting(event);
      break;
    case "moment.released":
      delete state.moments[event.moment];
      if (event.packet !== undefined && event.packet !== null)
        change(state.packets[event.packet], { status: "in-flight" });
      break;
    case "fd.opened": {
      const process = state.processes[event.pid];
      /** @type {Descriptor} */
      const fd = { kind: event.kind, socket: event.socket ?? null, path: event.path ?? null };
      if (process) process.fds[event.fd] = fd;
      break;
    }
    case "fd.closed":
      delete state.processes[event.pid]?.fds[event.fd];
      break;
    case "host.added":
      state.hosts[event.host] = added(event);
      break;
    case "process.started":
      state.processes[event.pid] = started(event);
      break;
    case "process.executed":
      // execve(2) ends the other threads in the middle of their calls.
      change(state.processes[event.pid], { program: event.program, argv: event.argv, calls: {} });
      break;
    case "process.exited": {
      const { code = null, signal = null } = event;
      change(state.processes[event.pid], { status: "exited", code, signal, fds: {}, calls: {} });
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
      setParameter(state.hosts[event.host], event);
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
  for (const name in state.hosts) {
    const { addresses, sysctls, differs } = state.hosts[name];
    hosts[name] = { addresses, sysctls: { ...sysctls }, differs: differs && { ...differs } };
  }
  return { ...state, hosts, processes, packets, sockets: { ...state.sockets }, moments: { ...state.moments } };
}

/**
 * Give some members of an entry new values; an entry that the state does not know stays unknown.
 * @template {Process | Packet} T
 * @param {T | undefined} entry
 * @param {Partial<T>} members
 */
function change(entry, members) {
  if (entry) Object.assign(entry, members);
}

/**
 * @param {import("./protocol.js").SocketAppeared | import("./protocol.js").SocketChanged} event
 * @returns {Socket}
 */
function row(event) {
  const { seq: _seq, t: _t, type: _type, ...fields } = event;
  return fields;
}

/**
 * @param {import("./protocol.js").MomentPending} event
 * @returns {Moment}
 */
function waiting(event) {
  const { seq: _seq, type: _type, ...moment } = event;
  return moment;
}

/**
 * @param {import("./protocol.js").HostAdded} event
 * @returns {Host}
 */
function added(event) {
  const differs = event.differs?.map(({ name, ...parameter }) => [name, parameter]);
  return { addresses: event.addresses, sysctls: {}, differs: differs ? Object.fromEntries(differs) : null };
}

/**
 * @param {Host} host
 * @param {import("./protocol.js").SysctlChanged} event
 */
function setParameter(host, { name, value, default: normal, why = null }) {
  host.sysctls[name] = value;
  if (!host.differs || typeof normal !== "string") return;
  if (value === normal) delete host.differs[name];
  else host.differs[name] = { value, default: normal, why };
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
  const [file, line] = [event.file ?? null, event.line ?? null];
  process.calls[event.tid] = { call, name, args, t, file, line, blocked: false };
}

/**
 * The call that an event is about, if its beginning is known.
 * @param {State} state
 * @param {import("./protocol.js").SyscallBlocked | import("./protocol.js").SyscallReturned} event
 */
function callOf(state, event) {
  const call = state.processes[event.pid]?.calls[event.tid];
  return call?.call === event.call ? call : undefined;
}

/**
 * @param {State} state
 * @param {import("./protocol.js").PacketSent} event
 */
function send(state, event) {
  const { seq: _seq, type: _type, raw: _raw, repeats, ...fields } = event;
  if (repeats !== undefined && repeats !== null && state.packets[repeats]) state.packets[repeats].copies += 1;
  /** @type {Packet} */
  const packet = { ...fields, status: "in-flight", copies: 0 };
  state.packets[event.packet] = packet;
}

/**
 * The checker proves that no type is forgotten; a page older than its server meets new types and lets them pass.
 * @param {never} _event
 */
function everyTypeIsFolded(_event) {}
