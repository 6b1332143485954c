// The receive window that a segment announces, in bytes (RFC 9293, 3.1). Its field has 16 bits; the window scale option
// (RFC 7323, 2) shifts it to the left. Pure: it reads the packets of a log.
//
// The scale is a fact of a connection, not of a segment: each SYN names the shift for the later windows of its sender, and
// it holds only if both SYNs carry the option. The window of a SYN itself is never scaled. A segment whose two SYNs are not
// both in the log has a window that cannot be told, and it is said so.

import { count } from "./numbers.js";

/** @typedef {import("../log/protocol.js").PacketSent} PacketSent */
/** @typedef {{raw: number, shift: number | null, bytes: number | null}} Window bytes and shift: null if not known */

/** A larger shift counts as this one (RFC 7323, 2.3). */
const MOST = 14;

/**
 * What a segment announces.
 * @param {PacketSent} packet
 * @param {Iterable<PacketSent>} packets of the same log, in their order
 * @returns {Window | null} null: it is no segment of TCP
 */
export function windowOf(packet, packets) {
  const raw = packet.window;
  if (packet.protocol !== "tcp" || raw === null) return null;
  const shift = packet.flags.includes("SYN") ? 0 : shiftOf(packet, packets);
  if (shift === null) return { raw, shift, bytes: raw === 0 ? 0 : null };
  return { raw, shift, bytes: raw * 2 ** shift };
}

/**
 * The same in words: the value of the header, the shift, and what comes of them.
 * @param {PacketSent} packet
 * @param {Iterable<PacketSent>} packets of the same log, in their order
 */
export function windowWords(packet, packets) {
  const window = windowOf(packet, packets);
  if (!window) return "";
  const { raw, shift, bytes } = window;
  if (packet.flags.includes("SYN")) return `${count(raw, "byte")} (a SYN's window is not scaled)`;
  if (shift === null) return `${raw}, to be scaled by what is not known: not both SYNs of this connection were seen`;
  if (shift === 0) return `${count(raw, "byte")} (shift 0: not scaled)`;
  return `${raw} × ${2 ** shift} = ${count(bytes ?? 0, "byte")} (shift ${shift})`;
}

/**
 * The shift that the two SYNs of a packet's connection have agreed on for its sender.
 * @param {PacketSent} packet
 * @param {Iterable<PacketSent>} packets
 */
function shiftOf(packet, packets) {
  /** @type {PacketSent | undefined} */
  let own;
  /** @type {PacketSent | undefined} */
  let other;
  for (const earlier of packets) {
    if (earlier.seq >= packet.seq) break;
    if (earlier.protocol !== "tcp" || !earlier.flags.includes("SYN")) continue;
    if (earlier.source === packet.source && earlier.destination === packet.destination) own = earlier;
    if (earlier.source === packet.destination && earlier.destination === packet.source) other = earlier;
  }
  if (own && scaleOf(own) === null) return 0;
  if (other && scaleOf(other) === null) return 0;
  if (!own || !other || !(answers(own, other) || answers(other, own) || !(hasAck(own) || hasAck(other)))) return null;
  return Math.min(scaleOf(own) ?? 0, MOST);
}

/** The option of a SYN. @param {PacketSent} syn @returns {number | null} */
function scaleOf(syn) {
  return /** @type {any} */ (syn.info)?.options?.window_scale ?? null;
}

/** @param {PacketSent} packet */
function hasAck(packet) {
  return packet.flags.includes("ACK");
}

/**
 * Whether a SYN-ACK acknowledges a SYN: the same five-tuple may have had a connection before.
 * @param {PacketSent} answer
 * @param {PacketSent} syn
 */
function answers(answer, syn) {
  return hasAck(answer) && answer.acknowledgment === ((syn.sequence ?? 0) + 1) % 2 ** 32;
}
