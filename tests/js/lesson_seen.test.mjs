// log/run_seen.js: a run as far as it was seen. What the kernel said is told when the cursor has come there.

import assert from "node:assert/strict";
import test from "node:test";
import { RunSeen } from "../../static/js/log/run_seen.js";
import { asked, begun, check, ended, entered, live, run, settled } from "./lessons.mjs";

/** @param {any[]} events @param {(seen: RunSeen) => void} [looked] */
function seen(events, looked = () => {}) {
  const all = new RunSeen();
  for (const [index, event] of [begun, ...events].entries()) all.add({ seq: index + 1, t: index, ...event });
  looked(all);
  return all;
}

test("what the kernel said is seen when the cursor reaches the event that decided it", () => {
  const told = [
    ...live(1),
    asked(1, 0),
    ended(1, 0),
    check(1, 0, "true", { sandbox: "s1", at: 9, since: 5 }),
    settled(1, { sandbox: "s1", at: 12, decided: 5 }),
  ];
  const all = seen(told);
  assert.equal(all.deciding, 5);
  assert.equal(all.state.entered[1].moods[0], "done", "what the learner did is told at once");
  assert.equal(all.at("s1", 4), false);
  assert.notEqual(all.state.entered[1].phase, "settled");
  assert.equal(all.at("s1", 5), true);
  assert.deepEqual([all.state.entered[1].phase, all.deciding], ["settled", 0]);
  assert.deepEqual(all.state, run(...told.map((event) => ({ ...event }))), "nothing was left out");
});

test("a later check that came before the decision does not hold it back", () => {
  const partly = check(1, 0, "partly", { sandbox: "s1", at: 8, count: 1, wanted: 2 });
  const all = seen([...live(1), partly, settled(1, { sandbox: "s1", at: 12, decided: 5 })]);
  assert.equal(all.at("s1", 5), true);
  assert.equal(all.state.entered[1].phase, "settled");
});

test("what is over is not held back, and neither is what stands on another sandbox", () => {
  const done = settled(1, { sandbox: "s1", at: 12, decided: 5 });
  const over = seen([...live(1), done, entered(2, 12)]).state;
  assert.deepEqual([over.step, over.entered[1].phase], [2, "settled"]);
  assert.equal(seen([...live(1), done], (all) => all.at("s2", 0)).deciding, 0);
  assert.equal(seen([...live(1), done], (all) => all.all()).state.entered[1].phase, "settled");
});
