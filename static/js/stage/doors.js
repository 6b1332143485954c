// The doors on a host's edge: the ports that its sockets stand at → shapes with positions. Pure; part of cutaway.js.

import { doorsOf } from "../log/addresses.js";
import { firstSlots, needed, taken } from "../log/places.js";

/** @typedef {import("../log/places.js").HostPlaces} HostPlaces */
/** @typedef {import("./shapes.js").Box} Box */
/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {import("./shapes.js").Metrics} Metrics */

/**
 * Doors take their places from the middle outwards; beyond what the edge holds, one more door counts the rest.
 * @param {HostPlaces} places
 * @param {string} host
 * @param {Box} box
 * @param {Box} kernel
 * @param {boolean} flipped
 * @param {Metrics} metrics
 * @param {{doors: Shape[], overflow: boolean}} made
 */
export function doorRow(places, host, box, kernel, flipped, metrics, made) {
  const { f, wide } = metrics;
  const h = Math.max(24, 1.75 * f);
  const first = firstSlots(places.doors, Math.ceil(box.w / (5 * f)));
  const labels = new Map(first.map(([door]) => [door, doorWords(door, places.crowd.get(door) ?? 1)]));
  const widest = Math.max(0, ...[...labels.values()].map((words) => wide(words, "code")));
  const pitch = Math.max(5 * f, widest + 1.6 * f);
  const fits = Math.max(1, Math.floor((box.w - f) / pitch));
  const doors = needed(places.doors);
  const count = fits % 2 === 0 && doors < fits ? fits - 1 : fits; // odd, so that the first door is in the middle
  const crowded = doors > count;
  if (crowded) made.overflow = true;
  const y = flipped ? box.y : box.y + box.h - h;
  /** @param {number} slot */
  const middle = (slot) => box.x + 0.5 * f + ((outwards(slot, count) + 0.5) * (box.w - f)) / count;
  let rest = taken(places.doors);
  for (const [door, slot] of first) {
    if (slot >= (crowded ? count - 1 : count)) continue;
    rest -= 1;
    const words = labels.get(door) ?? door;
    made.doors.push(
      doorShape(host, door, words, middle(slot), y, h, kernel, flipped, metrics, places.crowd.get(door) ?? 1),
    );
  }
  if (rest > 0)
    made.doors.push(doorShape(host, "rest", `+${rest}`, middle(count - 1), y, h, kernel, flipped, metrics, rest));
}

/**
 * @param {string} host
 * @param {string} door
 * @param {string} words
 * @param {number} cx
 * @param {number} y
 * @param {number} h
 * @param {Box} kernel
 * @param {boolean} flipped
 * @param {Metrics} metrics
 * @param {number} crowd
 * @returns {Shape}
 */
function doorShape(host, door, words, cx, y, h, kernel, flipped, metrics, crowd) {
  const w = Math.max(2.6 * metrics.f, 24, metrics.wide(words, "code") + metrics.f);
  const inside = door.startsWith("lo/");
  const edge = flipped ? kernel.y : kernel.y + kernel.h;
  const stub = flipped ? { x: w / 2, y1: h, y2: edge - y } : { x: w / 2, y1: edge - y, y2: 0 };
  return {
    key: `door:${host}:${door}`,
    kind: "door",
    host,
    door,
    inside,
    x: cx - w / 2,
    y,
    w,
    h,
    label: door === "rest" ? `${crowd} more ports` : `port, ${words}, ${crowd} ${crowd === 1 ? "socket" : "sockets"}`,
    texts: [{ x: w / 2, y: h / 2, text: words, face: "code", anchor: "middle" }],
    stub,
  };
}

/** @param {string} door @param {number} crowd */
function doorWords(door, crowd) {
  const inside = door.startsWith("lo/");
  const [protocol, port] = (inside ? door.slice(3) : door).split("/");
  const [number, address] = port.split("@");
  const where = address ? (address.includes(":") ? `[${address}]:${number}` : `${address}:${number}`) : number;
  return `${inside ? "lo " : ""}${where}${protocol === "udp" ? " udp" : ""}${crowd > 1 ? ` ×${crowd}` : ""}`;
}

/**
 * 0 → the middle, 1 → right of it, 2 → left of it, …
 * @param {number} slot
 * @param {number} count
 */
function outwards(slot, count) {
  const middle = (count - 1) >> 1;
  const right = count - 1 - middle;
  const pairs = Math.min(middle, right);
  if (slot <= 2 * pairs) return middle + (slot % 2 === 1 ? (slot + 1) / 2 : -slot / 2);
  return slot;
}

/**
 * The door at which a packet's end stands.
 * @param {HostPlaces} places
 * @param {string} protocol
 * @param {string} address such as "10.0.0.5:40112"
 */
export function doorOf(places, protocol, address) {
  return doorsOf(places, { protocol, local: address })[0];
}
