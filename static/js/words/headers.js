// A packet's bytes → its header fields, each with the bytes that say so, and the few words of its chip.
// Pure: it reads `raw` of packet.sent, which begins with the network-layer header. Names are the RFCs' own.

import { count } from "./numbers.js";

/** @typedef {import("../log/protocol.js").PacketSent} PacketSent */
/** @typedef {{layer: string, name: string, value: string, start: number, end: number}} Field */
/** @typedef {"syn" | "synack" | "ack" | "data" | "fin" | "rst" | "udp" | "icmp" | "other"} ChipKind */

const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
/** @type {Record<number, string>} */
const TCP_OPTIONS = { 2: "MSS", 3: "window scale", 4: "SACK permitted", 5: "SACK", 8: "timestamps" };
/** @type {Record<number, string>} */
const PROTOCOLS = { 1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6" };

/**
 * @param {string} base64
 * @returns {Uint8Array}
 */
export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * What kind of packet it is, for its shape.
 * @param {{protocol: string, flags: string[], length: number}} packet
 * @returns {ChipKind}
 */
export function chipKind(packet) {
  const { protocol, flags, length } = packet;
  if (protocol === "udp") return "udp";
  if (protocol === "icmp" || protocol === "icmp6") return "icmp";
  if (protocol !== "tcp") return "other";
  if (flags.includes("RST")) return "rst";
  if (flags.includes("SYN")) return flags.includes("ACK") ? "synack" : "syn";
  if (flags.includes("FIN")) return "fin";
  return length > 0 ? "data" : "ack";
}

/**
 * The words on a packet's chip: its flags, and the first bytes of what it carries.
 * @param {PacketSent} packet
 */
export function chipWords(packet) {
  const data = packet.length > 0 ? `${preview(payload(packet), 8)} ${packet.length} B` : "";
  const kind = chipKind(packet);
  if (kind === "data") return data;
  if (kind === "udp") return `UDP ${data}`.trim();
  if (kind === "icmp") return String(packet.info?.type_name ?? packet.info?.type ?? "ICMP");
  if (kind === "other") return packet.protocol.toUpperCase();
  const flags = packet.flags.filter((flag) => flag !== "PSH").join(" ");
  return data ? `${flags} ${data}` : flags;
}

/** What a packet is called in a sentence. @param {{protocol: string, flags: string[], length: number}} packet */
export function packetName(packet) {
  const kind = chipKind(packet);
  const names = {
    syn: "SYN",
    synack: "SYN ACK",
    ack: "ACK",
    data: `packet with ${count(packet.length, "byte")}`,
    fin: "FIN",
    rst: "RST",
    udp: "datagram",
    icmp: "ICMP message",
    other: `${packet.protocol} packet`,
  };
  return names[kind];
}

/**
 * The bytes after all headers.
 * @param {PacketSent} packet
 */
export function payload(packet) {
  const bytes = bytesOf(packet.raw);
  const total = bytes[0] >> 4 === 4 ? word(bytes, 2) : 40 + word(bytes, 4);
  const end = total > 0 && total <= bytes.length ? total : bytes.length;
  return bytes.subarray(Math.max(0, end - packet.length), end);
}

/**
 * Bytes as a quoted string where they are text, else as hex.
 * @param {Uint8Array} bytes
 * @param {number} most how many to show
 */
export function preview(bytes, most) {
  const shown = bytes.subarray(0, most);
  const more = bytes.length > most ? "…" : "";
  const text = new TextDecoder().decode(shown).replace(/\r?\n$/, more ? "\n" : "");
  if (/^[\x20-\x7e\u00a0-\uffff\s]*$/.test(text) && !text.includes("\ufffd")) {
    return `"${text.replace(/\r/g, "\\r").replace(/\n/g, "\\n").replace(/\t/g, "\\t")}${more}"`;
  }
  return Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ") + more;
}

/**
 * Every header field of a packet, in the order of its bytes.
 * @param {Uint8Array} bytes
 * @returns {Field[]}
 */
export function fields(bytes) {
  /** @type {Field[]} */
  const found = [];
  const version = bytes[0] >> 4;
  const ip = version === 4 ? ipv4(bytes, found) : version === 6 ? ipv6(bytes, found) : null;
  if (!ip) return found;
  if (ip.protocol === 6 && bytes.length >= ip.start + 20) tcp(bytes, ip.start, found);
  else if (ip.protocol === 17 && bytes.length >= ip.start + 8) udp(bytes, ip.start, found);
  else if ((ip.protocol === 1 || ip.protocol === 58) && bytes.length >= ip.start + 8) icmp(bytes, ip, found);
  return found;
}

/**
 * @param {Uint8Array} bytes
 * @param {Field[]} found
 */
function ipv4(bytes, found) {
  if (bytes.length < 20) return null;
  const add = adder(found, "IPv4", 0);
  const header = (bytes[0] & 15) * 4;
  add("Version", "4", 0, 1);
  add("Header length", `${header} bytes`, 0, 1);
  add("Total length", `${word(bytes, 2)} bytes`, 2, 4);
  add("Identification", hex(word(bytes, 4)), 4, 6);
  const flags = [bytes[6] & 0x40 ? "don't fragment" : "", bytes[6] & 0x20 ? "more fragments" : ""].filter(Boolean);
  add("Flags", flags.join(", ") || "none", 6, 7);
  add("Time to live", String(bytes[8]), 8, 9);
  add("Protocol", `${bytes[9]} ${PROTOCOLS[bytes[9]] ?? ""}`.trim(), 9, 10);
  add("Header checksum", hex(word(bytes, 10)), 10, 12);
  add("Source address", bytes.subarray(12, 16).join("."), 12, 16);
  add("Destination address", bytes.subarray(16, 20).join("."), 16, 20);
  return { protocol: bytes[9], start: header };
}

/**
 * @param {Uint8Array} bytes
 * @param {Field[]} found
 */
function ipv6(bytes, found) {
  if (bytes.length < 40) return null;
  const add = adder(found, "IPv6", 0);
  add("Version", "6", 0, 1);
  add("Payload length", `${word(bytes, 4)} bytes`, 4, 6);
  add("Next header", `${bytes[6]} ${PROTOCOLS[bytes[6]] ?? ""}`.trim(), 6, 7);
  add("Hop limit", String(bytes[7]), 7, 8);
  add("Source address", ipv6Text(bytes, 8), 8, 24);
  add("Destination address", ipv6Text(bytes, 24), 24, 40);
  return { protocol: bytes[6], start: 40 };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {Field[]} found
 */
function tcp(bytes, at, found) {
  const add = adder(found, "TCP", at);
  const header = (bytes[at + 12] >> 4) * 4;
  add("Source port", String(word(bytes, at)), 0, 2);
  add("Destination port", String(word(bytes, at + 2)), 2, 4);
  add("Sequence number", String(long(bytes, at + 4)), 4, 8);
  add("Acknowledgment number", String(long(bytes, at + 8)), 8, 12);
  add("Data offset", `${header} bytes`, 12, 13);
  add("Flags", TCP_FLAGS.filter((_, bit) => bytes[at + 13] & (1 << bit)).join(", ") || "none", 13, 14);
  add("Window", String(word(bytes, at + 14)), 14, 16);
  add("Checksum", hex(word(bytes, at + 16)), 16, 18);
  add("Urgent pointer", String(word(bytes, at + 18)), 18, 20);
  tcpOptions(bytes, at, header, add);
  if (bytes.length > at + header) add("Data", `${bytes.length - at - header} bytes`, header, bytes.length - at);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} header
 * @param {ReturnType<typeof adder>} add
 */
function tcpOptions(bytes, at, header, add) {
  let next = 20;
  while (next < header && at + next + 1 < bytes.length) {
    const kind = bytes[at + next];
    if (kind === 0) return;
    if (kind === 1) {
      next += 1;
      continue;
    }
    const length = bytes[at + next + 1];
    if (length < 2 || next + length > header) return;
    const value = at + next + 2;
    let words = "";
    if (kind === 2) words = `${word(bytes, value)} bytes`;
    else if (kind === 3) words = `${bytes[value]} (× ${2 ** bytes[value]})`;
    else if (kind === 8) words = `${long(bytes, value)}, echo ${long(bytes, value + 4)}`;
    add(`Option ${TCP_OPTIONS[kind] ?? kind}`, words || "present", next, next + length);
    next += length;
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {Field[]} found
 */
function udp(bytes, at, found) {
  const add = adder(found, "UDP", at);
  add("Source port", String(word(bytes, at)), 0, 2);
  add("Destination port", String(word(bytes, at + 2)), 2, 4);
  add("Length", `${word(bytes, at + 4)} bytes`, 4, 6);
  add("Checksum", hex(word(bytes, at + 6)), 6, 8);
  if (bytes.length > at + 8) add("Data", `${bytes.length - at - 8} bytes`, 8, bytes.length - at);
}

/**
 * @param {Uint8Array} bytes
 * @param {{protocol: number, start: number}} ip
 * @param {Field[]} found
 */
function icmp(bytes, ip, found) {
  const add = adder(found, PROTOCOLS[ip.protocol], ip.start);
  add("Type", String(bytes[ip.start]), 0, 1);
  add("Code", String(bytes[ip.start + 1]), 1, 2);
  add("Checksum", hex(word(bytes, ip.start + 2)), 2, 4);
  add("Rest", `${bytes.length - ip.start - 4} bytes`, 4, bytes.length - ip.start);
}

/**
 * @param {Field[]} found
 * @param {string} layer
 * @param {number} base
 */
function adder(found, layer, base) {
  return (
    /** @type {string} */ name,
    /** @type {string} */ value,
    /** @type {number} */ from,
    /** @type {number} */ to,
  ) => {
    found.push({ layer, name, value, start: base + from, end: base + to });
  };
}

/** @param {Uint8Array} bytes @param {number} at */
function word(bytes, at) {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** @param {Uint8Array} bytes @param {number} at */
function long(bytes, at) {
  return word(bytes, at) * 65536 + word(bytes, at + 2);
}

/** @param {number} value */
function hex(value) {
  return `0x${value.toString(16).padStart(4, "0")}`;
}

/**
 * RFC 5952: lower case, no leading zeros, the longest run of zero groups as "::".
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function ipv6Text(bytes, at) {
  const groups = Array.from({ length: 8 }, (_, index) => word(bytes, at + index * 2).toString(16)).join(":");
  const runs = [...groups.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map((match) => match[0]);
  if (runs.length === 0) return groups;
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best));
  return groups
    .replace(longest, ":")
    .replace(/^:(?!:)/, "::")
    .replace(/(?<!:):$/, "::");
}
