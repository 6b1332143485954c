// layout.js: stable, complete and deterministic; nothing covers anything else, and nothing stands outside.

import assert from "node:assert/strict";
import test from "node:test";
import { layout } from "../../static/js/stage/layout.js";
import { LOGS, logOf } from "./logs.mjs";

const SCREENS = [
  { width: 1064, height: 546, facing: false },
  { width: 1480, height: 700, facing: false },
  { width: 374, height: 557, facing: true },
];
/** Of a longer run so many moments are looked at, apart by a step that meets all kinds of them. */
const MOST_MOMENTS = 120;

/** @param {typeof SCREENS[number]} screen */
const viewOf = (screen) => ({
  ...screen,
  sizes: screen.facing ? [13, 12] : [16, 15, 14, 13],
  peer: "",
  measure: (text) => text.length * 0.6,
  words: () => "SYN",
  repeats: () => false,
});

/** @param {import("../../static/js/stage/shapes.js").Box} one @param {import("../../static/js/stage/shapes.js").Box} other */
const apart = (one, other) =>
  one.x + one.w <= other.x + 0.1 ||
  other.x + other.w <= one.x + 0.1 ||
  one.y + one.h <= other.y + 0.1 ||
  other.y + other.h <= one.y + 0.1;

for (const [name, events] of LOGS) {
  for (const screen of SCREENS) {
    const view = viewOf(screen);
    test(`${name} on ${screen.width} × ${screen.height}`, () => {
      const log = logOf(events);
      const step = Math.max(1, Math.ceil(log.end / MOST_MOMENTS));
      for (let seq = 0; seq <= log.end; seq += step) {
        const scene = log.at(seq);
        const made = layout(scene, view);
        const at = `seq ${seq}`;
        assert.deepEqual(JSON.stringify(layout(scene, view)), JSON.stringify(made), at);
        for (const { key, x, y, w, h } of [...made.sockets, ...made.processes, ...made.doors, ...made.packets])
          assert.ok(
            x >= -1 && y >= -1 && x + w <= view.width + 1 && y + h <= view.height + 1,
            `${at}: ${key} is outside`,
          );
        const cards = made.sockets.filter((shape) => !shape.room);
        for (const [index, card] of cards.entries())
          for (const other of cards.slice(index + 1)) assert.ok(apart(card, other), `${at}: ${card.key} ${other.key}`);
        for (const card of cards)
          for (const door of made.doors) assert.ok(apart(card, door), `${at}: ${card.key} ${door.key}`);
        assert.equal(new Set(made.processes.map(({ key }) => key)).size, made.processes.length, at);
        if (screen.facing || made.overflow) continue;
        const { sockets, packets } = scene.state;
        const cookies = Object.keys(sockets).filter((cookie) => sockets[cookie].protocol !== "unix");
        const shown = made.sockets.flatMap(({ cookie }) => (cookie && cookies.includes(cookie) ? [cookie] : []));
        assert.deepEqual(shown.sort(), cookies.sort(), at);
        const street = Object.keys(packets).filter((id) => !packets[id].loopback);
        assert.deepEqual(made.packets.map(({ packet }) => packet).sort(), street.sort(), at);
      }
    });
  }
}

test("a Unix socket that listens has no SYN queue: there is no handshake", () => {
  const log = logOf(new Map(LOGS).get("unix-sockets"));
  for (const screen of SCREENS) {
    const listeners = Array.from({ length: log.end }, (_, seq) => layout(log.at(seq + 1), viewOf(screen)).sockets)
      .flat()
      .filter(({ label }) => label.startsWith("listening socket, /tmp/door"));
    assert.ok(listeners.length > 0);
    for (const { label, texts } of listeners) assert.doesNotMatch(label + texts.map(({ text }) => text).join(), /SYN/);
  }
});
