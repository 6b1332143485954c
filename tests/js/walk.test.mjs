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
  test(`${name}: by beats, each is stopped at once, and back is where one was`, () => {
    const { log, walk } = walked(events);
    const stops = [walk.stop(-1)];
    while (/** @type {number} */ (stops.at(-1)) < log.end) stops.push(walk.next(/** @type {number} */ (stops.at(-1))));
    assert.equal(stops.length, walk.beats.length + 1);
    for (const [index, seq] of stops.entries()) {
      assert.equal(walk.at(seq), index - 1);
      if (index > 0) assert.equal(walk.back(seq), stops[index - 1]);
    }
    assert.equal(walk.next(log.end), log.end);
  });

  test(`${name}: by scenes, each ends where the next begins`, () => {
    const { log, walk } = walked(events);
    let [seq, scenes] = [walk.sceneStop(-1), 0];
    for (; seq < log.end; scenes += 1) {
      const next = walk.nextScene(seq);
      assert.ok(next > seq);
      assert.equal(walk.backScene(next), seq);
      seq = next;
    }
    assert.equal(scenes, walk.scenes.length);
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
