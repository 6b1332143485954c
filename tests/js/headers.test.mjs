// headers.js: the header fields of real packets are what the server decoded from the same bytes.

import assert from "node:assert/strict";
import test from "node:test";
import { bytesOf, chipKind, chipWords, fields, payload, preview } from "../../static/js/words/headers.js";
import { LOGS } from "./logs.mjs";

/** @param {string} address */
const portOf = (address) => address.slice(address.lastIndexOf(":") + 1);

const sent = [...LOGS.values()].flat().filter((event) => event.type === "packet.sent");

test("fields say what the server decoded", () => {
  for (const packet of sent) {
    const bytes = bytesOf(packet.raw);
    const found = fields(bytes);
    const values = Object.fromEntries(found.map(({ name, value }) => [name, value]));
    for (const { start, end } of found)
      assert.ok(start >= 0 && start < end && end <= bytes.length, `seq ${packet.seq}`);
    if (packet.protocol === "tcp" || packet.protocol === "udp") {
      assert.equal(values["Source port"], portOf(packet.source));
      assert.equal(payload(packet).length, packet.length);
    }
    if (packet.protocol === "tcp") {
      assert.equal(values["Sequence number"], String(packet.sequence));
      assert.equal(values.Window, String(packet.window));
      assert.deepEqual(new Set(values.Flags.split(", ")), new Set(packet.flags));
    }
  }
  const kinds = new Set(sent.map(chipKind));
  for (const kind of ["syn", "synack", "ack", "data", "fin", "rst", "udp"]) assert.ok(kinds.has(kind), kind);
});

test("a datagram's chip begins with what it carries", () => {
  const datagram = sent.find((packet) => packet.protocol === "udp" && packet.length > 8);
  const text = new TextDecoder().decode(payload(datagram));
  assert.equal(chipWords(datagram), `UDP "${text.slice(0, 8)}…" ${datagram.length} B`);
});

test("garbage is no error", () => {
  const header = [0x45, ...Array(8).fill(0), 6, ...Array(40).fill(255)];
  const cut = [[], [0x45], Array(19).fill(0x45), Array(39).fill(0x60)];
  for (const bytes of cut) assert.equal(fields(new Uint8Array(bytes)).length, 0);
  for (const bytes of [[0x4f, ...Array(30).fill(6)], header, Array(60).fill(0)]) fields(new Uint8Array(bytes));
  assert.ok(preview(new Uint8Array(60), 8).startsWith("00 00"));
});
