// rungs.js and axis.js: the rows of the ladder, in equal steps and in real time.

import assert from "node:assert/strict";
import test from "node:test";
import { Axis, SCALES } from "../../static/js/views/axis.js";
import { Rungs } from "../../static/js/views/rungs.js";
import { LOGS, logOf } from "./logs.mjs";

for (const [name, events] of LOGS) {
  test(`${name}: every call and packet begins in a row, and ends in a later one that names it`, () => {
    const rungs = new Rungs(logOf(events));
    rungs.take();
    const begun = events.filter(({ type }) => type === "syscall.entered" || type === "packet.sent");
    assert.equal(rungs.list.filter(({ kind }) => kind === "call" || kind === "sent").length, begun.length);
    for (const [index, rung] of rungs.list.entries()) {
      if (rung.other === undefined) continue;
      assert.equal(rungs.list[rung.other].other, index);
      assert.equal(rungs.list[rung.other].id, rung.id);
    }
  });

  test(`${name}: a seq finds its row, and a height too`, () => {
    const rungs = new Rungs(logOf(events));
    rungs.take();
    const axis = new Axis(rungs);
    for (const real of [false, true]) {
      if (real) axis.toggle(rungs.count - 1, 400);
      assert.equal(axis.real, real);
      for (const [index, { seq }] of rungs.list.entries()) {
        assert.equal(rungs.indexOf(seq), index);
        if (index > 0) assert.ok(axis.y(index) >= axis.y(index - 1));
        assert.ok(axis.indexAt(axis.y(index)) <= index);
      }
    }
  });
}

test("a finer scale draws the same moments farther apart, and the finest is the end of it", () => {
  const times = [0, 1e3, 5e3, 5e3];
  const axis = new Axis({ time: (index) => times[index], count: times.length });
  axis.toggle(3, 100);
  const before = axis.y(2);
  axis.zoom(1);
  assert.ok(axis.y(2) > before);
  for (const _ of SCALES) axis.zoom(1);
  assert.equal(axis.scale, SCALES[0]);
});

test("before the first row there is nothing to stand on", () => {
  const axis = new Axis({ time: () => Number.NaN, count: 0 });
  assert.equal(axis.height, axis.rowH);
  assert.equal(axis.indexAt(100), 0);
});
