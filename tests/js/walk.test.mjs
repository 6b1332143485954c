// walk.js: every recording can be walked by beats and by scenes, forwards and back, and nothing is left out.

import assert from "node:assert/strict";
import test from "node:test";
import { Log } from "../../static/js/log/log.js";
import { Walk } from "../../static/js/story/walk.js";
import { narrate } from "../../static/js/words/narration.js";
import { eventsOf, LOGS } from "./logs.mjs";

/** @param {readonly any[]} events */
function walked(events) {
  const log = new Log(narrate);
  log.append([...events]);
  return { log, walk: new Walk(log) };
}

for (const [name, events] of LOGS) {
  test(`${name}: by beats, each is stopped at once`, () => {
    const { log, walk } = walked(events);
    const stops = [walk.stop(-1)];
    while (/** @type {number} */ (stops.at(-1)) < log.end)
      stops.push(walk.onward(/** @type {number} */ (stops.at(-1))));
    assert.equal(stops.length, walk.beats.length + 1);
    for (const [index, seq] of stops.entries()) assert.equal(walk.at(seq), index - 1);
    assert.equal(walk.onward(log.end), log.end);
  });

  test(`${name}: back is where one was, and only what is summed up is passed`, () => {
    const { log, walk } = walked(events);
    let seq = walk.stop(-1);
    while (seq < log.end) {
      const next = walk.next(seq);
      assert.ok(next > seq);
      assert.equal(walk.back(next), seq);
      assert.equal(walk.summedUp(next) !== "", walk.at(next) > walk.at(seq) + 1);
      seq = next;
    }
    assert.equal(walk.next(log.end), log.end);
  });

  test(`${name}: by scenes, each ends where the next begins`, () => {
    const { log, walk } = walked(events);
    const ends = new Set(walk.scenes.map((_, index) => walk.sceneStop(index)));
    let seq = walk.sceneStop(-1);
    while (seq < log.end) {
      const next = walk.nextScene(seq);
      assert.ok(next > seq);
      assert.ok(ends.has(next));
      assert.equal(walk.backScene(next), seq);
      seq = next;
    }
  });

  test(`${name}: from anywhere, next and back lead to a stop`, () => {
    const { log, walk } = walked(events);
    const stops = new Set([0, walk.stop(-1), ...walk.beats.map((_, index) => walk.stop(index))]);
    for (let seq = 0; seq <= log.end; seq += 1) {
      assert.ok(stops.has(walk.next(seq)) && walk.next(seq) >= seq, `next of ${seq}`);
      assert.ok(stops.has(walk.back(seq)) && walk.back(seq) <= seq, `back of ${seq}`);
      assert.equal(walk.ahead(seq).beats === 0, walk.at(seq) === walk.beats.length - 1);
    }
  });

  test(`${name}: at the end of a beat all of it has been said`, () => {
    const { walk } = walked(events);
    for (const [index, beat] of walk.beats.entries()) {
      assert.equal(walk.words(index, walk.stop(index)), walk.words(index));
      assert.notEqual(walk.words(index, beat.seqs[0]), "");
      assert.ok(walk.dwell(index) >= Math.max(1500, 60 * walk.words(index).length));
    }
  });
}

test("a walk goes on while its log grows, and says how far behind somebody is", () => {
  const events = eventsOf("refused");
  const log = new Log(narrate);
  const walk = new Walk(log);
  assert.equal(walk.next(0), 0);
  assert.deepEqual(walk.ahead(0), { beats: 0, ns: 0 });
  log.append(events.slice(0, 20));
  const first = walk.next(walk.stop(-1));
  const before = walk.ahead(first);
  log.append(events.slice(20));
  assert.ok(walk.ahead(first).beats > before.beats);
  assert.ok(walk.ahead(first).ns > before.ns);
  assert.ok(walk.takesLonger(0, log.end, 1500));
  assert.ok(!walk.takesLonger(0, log.end, 1e9));
});

for (const [name, stops, longest] of /** @type {[string, number, number][]} */ ([
  ["sixty", 57, 456],
  ["ten-ports", 85, 62],
])) {
  test(`${name}: many equal connections are one step`, () => {
    const { log, walk } = walked(eventsOf(name));
    let [seq, steps, most] = [walk.stop(-1), 0, 0];
    for (; seq < log.end; steps += 1) {
      const next = walk.next(seq);
      most = Math.max(most, walk.at(next) - walk.at(seq));
      seq = next;
    }
    assert.equal(steps, stops);
    assert.equal(most, longest);
  });
}
