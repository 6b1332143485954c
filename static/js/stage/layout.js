// State → positions. Pure, deterministic, stable by key: what stays keeps its place, whatever comes and goes.
//
// Hosts stand side by side with their doors on the lower edge; below them one street, on which the packets
// are. The ladder hangs under the street with the same x. On a narrow screen one client faces the server:
// the client above, the street, the server upside down, so that their doors face each other.

import { taken } from "../log/places.js";
import { chipKind } from "../words/headers.js";
import { cutaway, leastHeight } from "./cutaway.js";
import { doorOf } from "./doors.js";

/** @typedef {import("../log/log.js").Scene} Scene */
/** @typedef {import("../log/state.js").Packet} Packet */
/** @typedef {import("./shapes.js").Box} Box */
/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {import("./shapes.js").Face} Face */
/** @typedef {{x: number, y: number}} Point */
/**
 * @typedef {object} View
 * @property {number} width
 * @property {number} height
 * @property {number[]} sizes font sizes to try, largest first
 * @property {boolean} facing
 * @property {string} peer the client that is shown where not all fit; empty: the first
 * @property {(text: string, face: Face) => number} measure width of a text at a font size of 1
 * @property {(packet: number) => string} words what stands on a packet's chip
 * @property {number} [t] what the log's clock shows (ns); without it, the time of what happened last
 * @property {(packet: number) => boolean} repeats whether a packet is a retransmission
 */
/** @typedef {Shape & {chip: import("../words/headers.js").ChipKind, from: Point, to: Point, due: number | null, sent: number, packet: string}} Chip */
/**
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {number} size the font size
 * @property {boolean} facing
 * @property {Shape[]} hosts
 * @property {Shape[]} processes
 * @property {Shape[]} fds
 * @property {Shape[]} sockets
 * @property {Shape[]} doors
 * @property {Box} street
 * @property {Chip[]} packets
 * @property {string[]} hidden hosts that found no room
 * @property {boolean} overflow something is shown as a group
 * @property {(host: string | null, protocol: string, address: string) => Point | null} door where a packet's end stands
 */

const ROOMY = 2;
const NAMED = 1;
const BARE = 0;
/** More cards than this fit no screen: then there is nothing to try. */
const MOST_CARDS = 120;

/**
 * The largest text at which everything is shown by itself; if none is large enough, the smallest, with groups.
 * @param {Scene} scene
 * @param {View} view
 * @returns {Layout}
 */
export function layout(scene, view) {
  /** @type {Layout | null} */
  let made = null;
  const last = view.sizes[view.sizes.length - 1];
  if (Object.values(scene.places.hosts).some((host) => taken(host.sockets) > MOST_CARDS))
    return arrange(scene, view, last, BARE);
  for (const size of view.sizes) {
    for (const density of view.facing ? [BARE] : [ROOMY, NAMED]) {
      made = arrange(scene, view, size, density);
      if (!made.overflow) return made;
    }
  }
  return view.facing ? /** @type {Layout} */ (made) : arrange(scene, view, last, BARE);
}

/**
 * @param {Scene} scene
 * @param {View} view
 * @param {number} f
 * @param {number} density
 * @returns {Layout}
 */
function arrange(scene, view, f, density) {
  const { state, places } = scene;
  const metrics = {
    f,
    t: view.t ?? state.t,
    roomy: density === ROOMY,
    names: density !== BARE,
    wide: (/** @type {string} */ text, /** @type {Face} */ face) => view.measure(text, face) * f,
  };
  const chipH = Math.max(24, 1.75 * f);
  const lanes = view.facing || view.height < 33 * f ? 1 : 2;
  const streetH = lanes * (chipH + 0.35 * f) + 0.5 * f;
  const { shown, hidden } = chooseHosts(places.order, view, f);
  const boxes = view.facing ? facingBoxes(shown.length, view, streetH, f) : rowBoxes(shown.length, view, streetH, f);
  const streetY = view.facing ? boxes.streetY : view.height - streetH;
  /** @type {Layout} */
  const made = {
    width: view.width,
    height: view.height,
    size: f,
    facing: view.facing,
    hosts: [],
    processes: [],
    fds: [],
    sockets: [],
    doors: [],
    street: { x: 0, y: streetY, w: view.width, h: streetH },
    packets: [],
    hidden,
    overflow: hidden.length > 0 && !view.facing,
    door: () => null,
  };
  shown.forEach((name, index) => {
    const flipped = view.facing && index === 1;
    const part = cutaway(state, places.hosts[name], name, boxes.list[index], flipped, metrics);
    made.hosts.push(part.host);
    made.processes.push(...part.processes);
    made.fds.push(...part.fds);
    made.sockets.push(...part.sockets);
    made.doors.push(...part.doors);
    made.overflow ||= part.overflow;
  });
  made.door = doorFinder(scene, made);
  placePackets(state, view, made, lanes, chipH, metrics);
  return made;
}

/**
 * The first host stands in the middle, those after it left and right of it. Who finds no room is hidden,
 * but never the one that the person chose.
 * @param {string[]} order
 * @param {View} view
 * @param {number} f
 */
function chooseHosts(order, view, f) {
  const [first, ...others] = order;
  if (first === undefined) return { shown: [], hidden: [] };
  const most = view.facing ? 1 : Math.max(1, Math.floor(view.width / (15 * f)) - 1);
  let kept = others.slice(0, most);
  if (view.peer && others.includes(view.peer) && !kept.includes(view.peer))
    kept = [...kept.slice(0, most - 1), view.peer];
  const hidden = others.filter((name) => !kept.includes(name));
  if (view.facing) return { shown: [...kept, first], hidden };
  const left = Math.ceil(kept.length / 2);
  return { shown: [...kept.slice(0, left), first, ...kept.slice(left)], hidden };
}

/**
 * @param {number} count
 * @param {View} view
 * @param {number} streetH
 * @param {number} f
 */
function rowBoxes(count, view, streetH, f) {
  const gap = 0.9 * f;
  const middle = Math.ceil((count - 1) / 2);
  // The host in the middle is twice as wide as the others; when these get narrow, it takes what they leave.
  const room = view.width - gap * (count - 1);
  const side = count > 3 ? Math.min(room / (count + 1), 13.4 * f) : room / (count + 1);
  let x = 0;
  const list = Array.from({ length: count }, (_, index) => {
    const w = count === 1 ? room : index === middle ? room - side * (count - 1) : side;
    const box = { x: x + 1, y: 1, w: w - 2, h: view.height - streetH - 1 };
    x += w + gap;
    return box;
  });
  return { list, streetY: view.height - streetH };
}

/**
 * @param {number} count
 * @param {View} view
 * @param {number} streetH
 * @param {number} f
 */
function facingBoxes(count, view, streetH, f) {
  const rest = view.height - streetH - 2;
  const upper = count > 1 ? Math.min(rest * 0.5, Math.max(rest * 0.42, leastHeight(f))) : 0;
  const list = [{ x: 1, y: 1, w: view.width - 2, h: upper }];
  const lower = { x: 1, y: 1 + upper + streetH, w: view.width - 2, h: rest - upper };
  return { list: count > 1 ? [...list, lower] : [lower], streetY: 1 + upper };
}

/**
 * @param {Scene} scene
 * @param {Layout} made
 * @returns {Layout["door"]}
 */
function doorFinder(scene, made) {
  const doors = new Map(made.doors.map((door) => [`${door.host} ${door.door}`, door]));
  const hosts = new Map(made.hosts.map((host) => [host.host, host]));
  return (name, protocol, address) => {
    const host = name === null ? undefined : hosts.get(name);
    if (!host || name === null) return null;
    const own = doorOf(scene.places.hosts[name], protocol, address);
    const door = doors.get(`${name} ${own}`) ?? (own && doors.get(`${name} rest`));
    const y = host.flipped ? host.y : host.y + host.h;
    return { x: door ? door.x + door.w / 2 : host.x + host.w / 2, y };
  };
}

/**
 * Each packet stands in the middle of its way; where another stands already, a little before or after it.
 * @param {import("../log/state.js").State} state
 * @param {View} view
 * @param {Layout} made
 * @param {number} lanes
 * @param {number} chipH
 * @param {import("./shapes.js").Metrics} metrics
 */
function placePackets(state, view, made, lanes, chipH, metrics) {
  const { f } = metrics;
  const pending = new Map(Object.values(state.moments).map((moment) => [moment.packet, moment]));
  /** @type {Box[]} */
  const taken = [];
  let rest = 0;
  for (const id in state.packets) {
    const packet = state.packets[id];
    const from = made.door(packet.source_host, packet.protocol, packet.source);
    const to = made.door(packet.target_host, packet.protocol, packet.destination);
    if (packet.loopback || !from || !to) continue;
    const moment = pending.get(packet.packet);
    const waits = packet.status === "held" || (moment !== undefined && moment.due_t === undefined);
    const text = `${view.words(packet.packet)}${packet.copies > 0 ? ` ↻${packet.copies}` : ""}`;
    const w = Math.max(24, metrics.wide(text, "strong") + (waits ? 2.7 : 1.8) * f);
    const spot = freeSpot(made.street, from, to, w, chipH, lanes, f, taken, view.width);
    if (!spot) {
      rest += 1;
      continue;
    }
    taken.push(spot);
    const due = moment?.due_t ?? null;
    made.packets.push(chipShape(id, packet, spot, text, waits, from, to, due, f));
  }
  if (rest > 0) made.packets.push(crowdChip(rest, made, chipH, metrics));
}

/**
 * @param {Box} street
 * @param {Point} from
 * @param {Point} to
 * @param {number} w
 * @param {number} h
 * @param {number} lanes
 * @param {number} f
 * @param {Box[]} taken
 * @param {number} width
 * @returns {Box | null}
 */
function freeSpot(street, from, to, w, h, lanes, f, taken, width) {
  for (const part of [0.5, 0.35, 0.65, 0.2, 0.8, 0.05, 0.95]) {
    for (let lane = 0; lane < lanes; lane += 1) {
      const middle = from.x + (to.x - from.x) * part;
      const x = Math.max(4, Math.min(width - w - 4, middle - w / 2));
      const box = { x, y: street.y + 0.45 * f + lane * (h + 0.35 * f), w, h };
      const clash = taken.some(
        (other) => other.y === box.y && other.x < box.x + w + 0.4 * f && box.x < other.x + other.w + 0.4 * f,
      );
      if (!clash) return box;
    }
  }
  return null;
}

/**
 * @param {string} id
 * @param {Packet} packet
 * @param {Box} box
 * @param {string} text
 * @param {boolean} held
 * @param {Point} from
 * @param {Point} to
 * @param {number | null} due
 * @param {number} f
 * @returns {Chip}
 */
function chipShape(id, packet, box, text, held, from, to, due, f) {
  const chip = chipKind(packet);
  const flags = packet.flags.join(" ");
  const label = `packet ${packet.protocol} ${flags || chip}, from ${packet.source_host} ${packet.source} to ${packet.target_host ?? "nobody"} ${packet.destination}${held ? ", held" : ""}`;
  const x = box.w / 2 + (held ? 0.5 * f : 0);
  return {
    key: `packet:${id}`,
    kind: "packet",
    host: packet.source_host,
    ...box,
    label,
    texts: [{ x, y: box.h / 2, text, face: "strong", anchor: "middle" }],
    chip,
    held,
    from,
    to,
    due,
    sent: packet.t,
    packet: id,
  };
}

/**
 * The chip of a packet that is on no street any more, or not yet: for the way that it went.
 * @param {import("../log/protocol.js").PacketSent} packet
 * @param {Layout} made
 * @param {View} view
 * @returns {Chip | null} null if one of its hosts is not shown
 */
export function looseChip(packet, made, view) {
  const from = made.door(packet.source_host, packet.protocol, packet.source);
  const to = made.door(packet.target_host, packet.protocol, packet.destination);
  if (!from || !to) return null;
  const f = made.size;
  const text = view.words(packet.packet);
  const w = Math.max(24, view.measure(text, "strong") * f + 1.8 * f);
  const h = Math.max(24, 1.75 * f);
  const x = Math.max(4, Math.min(made.width - w - 4, (from.x + to.x - w) / 2));
  const box = { x, y: made.street.y + (made.street.h - h) / 2, w, h };
  const { seq: _seq, type: _type, raw: _raw, repeats: _repeats, ...fields } = packet;
  return chipShape(
    String(packet.packet),
    { ...fields, status: "in-flight", copies: 0 },
    box,
    text,
    false,
    from,
    to,
    null,
    f,
  );
}

/**
 * @param {number} count
 * @param {Layout} made
 * @param {number} h
 * @param {import("./shapes.js").Metrics} metrics
 * @returns {Chip}
 */
function crowdChip(count, made, h, metrics) {
  const text = `+${count}`;
  const w = metrics.wide(text, "strong") + 1.6 * metrics.f;
  const at = { x: made.width - w - 4, y: made.street.y + made.street.h - h, w, h };
  const point = { x: at.x + w / 2, y: at.y };
  return {
    key: "packet:rest",
    kind: "packet",
    host: "",
    ...at,
    label: `${count} more packets under way`,
    texts: [{ x: w / 2, y: h / 2, text, face: "strong", anchor: "middle" }],
    chip: "other",
    held: false,
    from: point,
    to: point,
    due: null,
    sent: 0,
    packet: "",
  };
}
