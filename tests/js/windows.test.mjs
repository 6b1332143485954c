// windows.js: what a segment announces, scaled by both SYNs of its connection (RFC 7323).

import assert from "node:assert/strict";
import test from "node:test";
import { windowOf, windowWords } from "../../static/js/words/windows.js";
import { LOGS } from "./logs.mjs";

const HERE = { source: "10.0.0.5:50000", destination: "10.0.0.4:7" };
const THERE = { source: "10.0.0.4:7", destination: "10.0.0.5:50000" };

/** Segments of one log, each with its seq. @param {any[]} segments */
const logOf = (...segments) =>
  segments.map((segment, index) => ({
    protocol: "tcp",
    flags: ["ACK"],
    window: 100,
    info: null,
    ...segment,
    seq: index + 1,
  }));
/** @param {number | null} scale */
const scaled = (scale) => ({ options: scale === null ? { mss: 1460 } : { window_scale: scale } });
/** @param {number | null} scale @param {number} [sequence] */
const syn = (scale, sequence = 10) => ({ ...HERE, flags: ["SYN"], sequence, info: scaled(scale) });
/** @param {number | null} scale @param {number} [acknowledgment] */
const synack = (scale, acknowledgment = 11) => ({
  ...THERE,
  flags: ["SYN", "ACK"],
  sequence: 20,
  acknowledgment,
  info: scaled(scale),
});
/** The words for the last of some segments. @param {any[]} segments */
const wordsOf = (...segments) => {
  const log = logOf(...segments);
  return windowWords(/** @type {any} */ (log.at(-1)), log);
};

test("each end has its own shift, that of its own SYN", () => {
  assert.equal(wordsOf(syn(7), synack(2), HERE), "100 × 128 = 12800 bytes (shift 7)");
  assert.equal(wordsOf(syn(7), synack(2), THERE), "100 × 4 = 400 bytes (shift 2)");
});

test("the window of a SYN is never scaled", () => {
  assert.equal(wordsOf(syn(7)), "100 bytes (a SYN's window is not scaled)");
  assert.equal(wordsOf(syn(7), synack(7)), "100 bytes (a SYN's window is not scaled)");
  const log = logOf(syn(7), synack(7));
  for (const packet of log)
    assert.deepEqual(windowOf(/** @type {any} */ (packet), log), { raw: 100, shift: 0, bytes: 100 });
});

test("one SYN without the option: nothing is scaled", () => {
  for (const pair of [
    [syn(null), synack(7)],
    [syn(7), synack(null)],
  ])
    assert.equal(wordsOf(...pair, HERE), "100 bytes (shift 0: not scaled)");
});

test("a window whose scale is not known says so", () => {
  for (const segments of [[HERE], [syn(7), HERE], [synack(7), THERE]]) {
    const log = logOf(...segments);
    assert.deepEqual(windowOf(/** @type {any} */ (log.at(-1)), log), { raw: 100, shift: null, bytes: null });
    assert.match(wordsOf(...segments), /^100, to be scaled by what is not known/);
  }
  assert.equal(windowOf(/** @type {any} */ (logOf({ ...HERE, window: 0 })[0]), [])?.bytes, 0);
});

test("the SYN-ACK of an earlier connection with the same five-tuple does not count", () => {
  assert.match(wordsOf(syn(7), synack(2), syn(3, 99), HERE), /not known/);
  assert.equal(wordsOf(syn(7), synack(2), syn(3, 99), synack(4, 100), HERE), "100 × 8 = 800 bytes (shift 3)");
});

test("a shift above 14 is 14, the sequence number wraps, and two SYNs may cross", () => {
  assert.match(wordsOf(syn(15, 2 ** 32 - 1), synack(1, 0), HERE), /shift 14/);
  assert.match(wordsOf(syn(5), { ...syn(6), ...THERE }, HERE), /shift 5/);
});

test("what is no segment has no window", () => {
  const [datagram] = logOf({ ...HERE, protocol: "udp", window: null });
  assert.equal(windowOf(/** @type {any} */ (datagram), []), null);
  assert.equal(windowWords(/** @type {any} */ (datagram), []), "");
});

test("in recordings each segment after a handshake has its window in bytes", () => {
  let scaled = 0;
  for (const events of LOGS.values()) {
    const packets = events.filter((event) => event.type === "packet.sent");
    for (const packet of packets.slice(0, 400)) {
      const window = windowOf(packet, packets);
      assert.equal(window === null, packet.protocol !== "tcp");
      if (!window?.shift || window.bytes === null) continue;
      assert.equal(window.bytes, packet.window * 2 ** window.shift);
      scaled += 1;
    }
  }
  assert.ok(scaled > 100);
});
