// replay.js: a recording may come from anywhere; it is whole, or it is refused with the line that is wrong.

import assert from "node:assert/strict";
import test from "node:test";
import { parse, Replay } from "../../static/js/log/replay.js";
import { eventsOf } from "./logs.mjs";

const lines = eventsOf("refused").map((event) => JSON.stringify(event));
const HEADER = '{"recording": 1, "title": "A refusal", "made": "2026-01-02T03:04:05Z"}';

/** @param {string[]} given @param {RegExp} detail */
function refuses(given, detail) {
  assert.throws(
    () => parse(given.join("\n"), "run"),
    (error) => detail.test(error.problem.detail),
  );
}

test("a recording with and without a heading", () => {
  assert.equal(parse([HEADER, ...lines].join("\n"), "run").header.title, "A refusal");
  assert.equal(parse([...lines, ""].join("\n"), "run").events.length, lines.length);
});

test("what is not whole is refused, and the message says where", () => {
  refuses([], /no event/);
  refuses(["hello"], /no recording/);
  refuses(['{"recording": 99}', ...lines], /format 99/);
  refuses([HEADER, ...lines.slice(1)], /line 2 has seq 2, but 1 is due/);
  refuses([...lines.slice(0, 2), lines[2].slice(0, -5)], /line 3 is no event: it cannot be read/);
  refuses([lines[0].replace(/"type":"[^"]*"/, '"type":"constructor"')], /its type is constructor/);
  refuses([lines[0].replace('"t":', '"t":"x","was":')], /its t is "x"/);
});

test("a recording refuses every command, and says why", async () => {
  const replay = new Replay({ after: () => 0, onEvents: () => {}, onLink: () => {} });
  await assert.rejects(replay.request(), (error) => error.problem.status === 409);
});

test("a replay tells the events in their order, and then that it is one", async () => {
  const told = [];
  const states = [];
  const replay = new Replay({
    after: () => told.length,
    onEvents: (events) => told.push(...events),
    onLink: (state) => states.push(state),
  });
  await replay.unpack(btoa([HEADER, ...lines].join("\n")));
  assert.deepEqual(
    told.map(({ seq }) => seq),
    lines.map((_, index) => index + 1),
  );
  assert.deepEqual(states, ["recording"]);
  assert.equal(replay.badge, "Recording, 2 Jan 2026");
});
