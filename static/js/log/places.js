// Which slot a thing holds on its host, as a fold of the log: a socket keeps its cell for life, a door its
// place on the edge, a process its card. So the picture at a seq is the same whichever way one came there.
// Pure. A freed slot goes to the next newcomer, lowest first.

import { doorsOf, endpoint, wildcard } from "./addresses.js";

/** @typedef {import("./protocol.js").Event} Event */
/** @typedef {import("./state.js").Socket} Socket */
/** @typedef {{of: Map<string, number>, at: string[], free: number[], next: number}} Slots `at`: the keys by slot; empty where it is free */
/**
 * @typedef {object} HostPlaces
 * @property {string[]} addresses without the prefix length
 * @property {Slots} sockets cards in the kernel's grid
 * @property {Slots} cells every socket of the host in the order of arrival, for the view of thousands
 * @property {string[]} shades the state of the socket in each of these cells; empty where it is free
 * @property {Record<string, number>} tally how many sockets of the host have a state
 * @property {Slots} listeners cards with waiting rooms
 * @property {Slots} doors
 * @property {Slots} processes
 * @property {Record<string, string>} listening local addresses of the listening sockets, by cookie
 * @property {Record<string, string>} waiting the listening socket in whose room a socket waits, by cookie
 * @property {Record<string, string>} states the states of the sockets in the grid, by cookie
 * @property {Record<string, number>} counts how many sockets in the grid have a state
 * @property {Record<string, string[]>} uses the doors that a socket uses, by cookie
 * @property {Map<string, number>} crowd how many sockets use a door
 * @property {string[]} ended pids of exited processes whose cards may be taken, oldest first
 */
/** @typedef {{hosts: Record<string, HostPlaces>, order: string[], hostOf: Record<string, string>}} Places */

/** @returns {Places} */
export function initialPlaces() {
  return { hosts: {}, order: [], hostOf: {} };
}

/**
 * The places after one more event; changes what it is given.
 * @param {Places} places
 * @param {Event} event
 * @returns {Places}
 */
export function foldPlaces(places, event) {
  switch (event.type) {
    case "host.added":
      places.order.push(event.host);
      places.hosts[event.host] = {
        addresses: event.addresses.map((address) => address.split("/")[0]),
        sockets: slots(),
        cells: slots(),
        shades: [],
        tally: {},
        listeners: slots(),
        doors: slots(),
        processes: slots(),
        listening: {},
        waiting: {},
        states: {},
        counts: {},
        uses: {},
        crowd: new Map(),
        ended: [],
      };
      break;
    case "process.started": {
      const host = places.hosts[event.host];
      places.hostOf[event.pid] = event.host;
      const ended = host?.ended.shift();
      if (ended !== undefined) release(host.processes, ended);
      if (host) take(host.processes, String(event.pid));
      break;
    }
    case "process.exited":
      places.hosts[places.hostOf[event.pid]]?.ended.push(String(event.pid));
      break;
    case "socket.appeared":
    case "socket.changed": {
      const host = places.hosts[event.host];
      if (host) settle(host, event);
      break;
    }
    case "socket.vanished": {
      const host = places.hosts[event.host];
      if (host) forget(host, event.socket);
      break;
    }
  }
  return places;
}

/**
 * The listening socket in whose room a socket waits: no fd names it yet and it never had one.
 * @param {HostPlaces} host
 * @param {Socket} socket
 * @returns {string | undefined} the listening socket's cookie
 */
export function waitsAt(host, socket) {
  if (socket.inode !== 0 || socket.owners.length > 0 || socket.protocol !== "tcp") return undefined;
  if (!["SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT"].includes(socket.state)) return undefined;
  if (host.sockets.of.has(socket.socket)) return undefined;
  const { address, port } = endpoint(socket.local);
  /** @type {string | undefined} */
  let any;
  for (const cookie in host.listening) {
    const at = endpoint(host.listening[cookie]);
    if (at.port !== port) continue;
    if (at.address === address) return cookie;
    if (wildcard(at.address)) any = cookie;
  }
  return any;
}

/**
 * A copy that later folds do not touch.
 * @param {Places} places
 * @returns {Places}
 */
export function copyPlaces(places) {
  /** @type {Places["hosts"]} */
  const hosts = {};
  for (const name in places.hosts) {
    const host = places.hosts[name];
    hosts[name] = {
      addresses: host.addresses,
      sockets: copySlots(host.sockets),
      cells: copySlots(host.cells),
      shades: host.shades.slice(),
      tally: { ...host.tally },
      listeners: copySlots(host.listeners),
      doors: copySlots(host.doors),
      processes: copySlots(host.processes),
      listening: { ...host.listening },
      waiting: { ...host.waiting },
      states: { ...host.states },
      counts: { ...host.counts },
      uses: { ...host.uses },
      crowd: new Map(host.crowd),
      ended: [...host.ended],
    };
  }
  return { hosts, order: [...places.order], hostOf: { ...places.hostOf } };
}

/**
 * @param {HostPlaces} host
 * @param {Socket} row
 */
function settle(host, row) {
  const cookie = row.socket;
  enterCell(host, cookie, row.state);
  delete host.waiting[cookie];
  if (row.state === "LISTEN") {
    leaveGrid(host, cookie);
    take(host.listeners, cookie);
    host.listening[cookie] = row.local;
  } else {
    release(host.listeners, cookie);
    delete host.listening[cookie];
    const listener = waitsAt(host, row);
    if (listener) host.waiting[cookie] = listener;
    else enterGrid(host, cookie, row.state);
  }
  const doors = doorsOf(host, row);
  const before = host.uses[cookie] ?? [];
  if (doors.join() === before.join()) return;
  leaveDoors(host, cookie);
  if (doors.length === 0) return;
  host.uses[cookie] = doors;
  for (const door of doors) {
    host.crowd.set(door, (host.crowd.get(door) ?? 0) + 1);
    take(host.doors, door);
  }
}

/**
 * @param {HostPlaces} host
 * @param {string} cookie
 */
function forget(host, cookie) {
  leaveCell(host, cookie);
  leaveGrid(host, cookie);
  delete host.waiting[cookie];
  release(host.listeners, cookie);
  delete host.listening[cookie];
  leaveDoors(host, cookie);
}

/**
 * @param {HostPlaces} host
 * @param {string} cookie
 * @param {string} state
 */
function enterCell(host, cookie, state) {
  const slot = take(host.cells, cookie);
  const before = host.shades[slot];
  if (before === state) return;
  if (before) host.tally[before] -= 1;
  host.shades[slot] = state;
  host.tally[state] = (host.tally[state] ?? 0) + 1;
}

/**
 * @param {HostPlaces} host
 * @param {string} cookie
 */
function leaveCell(host, cookie) {
  const slot = release(host.cells, cookie);
  if (slot === undefined) return;
  host.tally[host.shades[slot]] -= 1;
  host.shades[slot] = "";
}

/**
 * @param {HostPlaces} host
 * @param {string} cookie
 * @param {string} state
 */
function enterGrid(host, cookie, state) {
  take(host.sockets, cookie);
  const before = host.states[cookie];
  if (before === state) return;
  if (before !== undefined) host.counts[before] -= 1;
  host.states[cookie] = state;
  host.counts[state] = (host.counts[state] ?? 0) + 1;
}

/**
 * @param {HostPlaces} host
 * @param {string} cookie
 */
function leaveGrid(host, cookie) {
  release(host.sockets, cookie);
  const state = host.states[cookie];
  if (state === undefined) return;
  host.counts[state] -= 1;
  delete host.states[cookie];
}

/**
 * @param {HostPlaces} host
 * @param {string} cookie
 */
function leaveDoors(host, cookie) {
  for (const door of host.uses[cookie] ?? []) {
    const left = (host.crowd.get(door) ?? 1) - 1;
    host.crowd.set(door, left);
    if (left > 0) continue;
    host.crowd.delete(door);
    release(host.doors, door);
  }
  delete host.uses[cookie];
}

/**
 * The keys in the first `most` slots, by slot.
 * @param {Slots} all
 * @param {number} most
 * @returns {[string, number][]}
 */
export function firstSlots(all, most) {
  /** @type {[string, number][]} */
  const found = [];
  const end = Math.min(most, all.next);
  for (let slot = 0; slot < end; slot += 1) if (all.at[slot] !== "") found.push([all.at[slot], slot]);
  return found;
}

/** How many slots are taken. @param {Slots} all */
export function taken(all) {
  return all.next - all.free.length;
}

/**
 * How many slots a picture needs that leaves every key in its own: the highest that is taken, and one.
 * @param {Slots} all
 */
export function needed(all) {
  if (all.free.length === 0) return all.next;
  let slot = all.next - 1;
  for (let index = 0; index < all.free.length && all.free[index] === slot; index += 1) slot -= 1;
  return slot + 1;
}

/** @returns {Slots} */
function slots() {
  return { of: new Map(), at: [], free: [], next: 0 };
}

/** @param {Slots} from */
function copySlots(from) {
  return { of: new Map(from.of), at: from.at.slice(), free: from.free.slice(), next: from.next };
}

/**
 * @param {Slots} all
 * @param {string} key
 * @returns {number} its slot
 */
function take(all, key) {
  const held = all.of.get(key);
  if (held !== undefined) return held;
  const slot = all.free.length > 0 ? /** @type {number} */ (all.free.pop()) : all.next++;
  all.of.set(key, slot);
  all.at[slot] = key;
  return slot;
}

/**
 * Free slots are kept highest first, so that the lowest is popped.
 * @param {Slots} all
 * @param {string} key
 * @returns {number | undefined} the slot that it had
 */
function release(all, key) {
  const slot = all.of.get(key);
  if (slot === undefined) return undefined;
  all.of.delete(key);
  all.at[slot] = "";
  let low = 0;
  let high = all.free.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all.free[middle] > slot) low = middle + 1;
    else high = middle;
  }
  all.free.splice(low, 0, slot);
  return slot;
}
