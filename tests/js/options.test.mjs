// words/options.js: in which order the options of a question stand.

import assert from "node:assert/strict";
import test from "node:test";
import { newOrder, optionOrder } from "../../static/js/words/options.js";

const question = (count, last_stays = false) => ({
  labels: Array.from({ length: count }, (_, index) => `option ${index}`),
  last_stays,
  right: "option 1",
  number: false,
  measured: false,
});
const RUNS = 12_000;

/** How often each option of a question stands in each place, over many runs. */
function counts(asked, key) {
  const places = asked.labels.map(() => asked.labels.map(() => 0));
  for (let run = 1; run <= RUNS; run += 1)
    optionOrder(asked, run, key).forEach((option, place) => {
      places[option][place] += 1;
    });
  return places;
}

test("over many runs, each option stands in each place equally often", () => {
  for (const count of [2, 3, 4, 6])
    for (const key of ["1 predict 0", "2 explain 1"])
      for (const places of counts(question(count), key))
        for (const found of places) assert.ok(Math.abs(found * count - RUNS) < RUNS / 10, `${found} of ${RUNS}`);
});

test("in one run, the right options of many questions stand in all places", () => {
  for (const run of [1, 2, 0x8f2a4c1e, 0xffffffff]) {
    const places = [0, 0, 0];
    for (let step = 1; step <= 300; step += 1)
      places[optionOrder(question(3), run, `${step} predict 0`).indexOf(1)] += 1;
    for (const found of places) assert.ok(found > 60 && found < 140, `${places}`);
  }
});

test("a run has one order for a question, and all options are in it", () => {
  const order = optionOrder(question(5), 77, "3 predict 0");
  assert.deepEqual(optionOrder(question(5), 77, "3 predict 0"), order);
  assert.deepEqual(order.toSorted(), [0, 1, 2, 3, 4]);
});

test("a run from before orders were drawn shows them as the lab has them, and so does a number's question", () => {
  assert.deepEqual(optionOrder(question(4), 0, "3 predict 0"), [0, 1, 2, 3]);
  assert.deepEqual(optionOrder({ ...question(3), number: true }, 5, "3 predict 0"), [0, 1, 2]);
});

test("an option that speaks of the others stays the last one, and the others change places", () => {
  const places = counts(question(3, true), "1 predict 0");
  assert.deepEqual(places[2], [0, 0, RUNS]);
  assert.ok(Math.abs(places[0][0] * 2 - RUNS) < RUNS / 10);
});

test("a page without a run draws from a number that a run can keep", () => {
  for (let count = 0; count < 100; count += 1) {
    const order = newOrder();
    assert.ok(Number.isInteger(order) && order >= 1 && order <= 0xffffffff);
  }
});
