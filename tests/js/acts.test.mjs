// log/acts.js: what a learner does is sent until it is answered, in the order of the clicks, and answered once.

import assert from "node:assert/strict";
import test from "node:test";
import { Acts } from "../../static/js/log/acts.js";
import { RefusedError } from "../../static/js/log/stream.js";

/** A channel that a test answers by hand: `sent` are the acts that came, `answers` settles them in turn. */
function channel() {
  const sent = [];
  const answers = [];
  const request = (act) => {
    sent.push(act);
    return new Promise((resolve, reject) => answers.push({ resolve, reject }));
  };
  return { sent, answers, request };
}

/** @param {number} status */
const refusal = (status) => new RefusedError({ title: "No", status, detail: "It was refused." });
/** What was begun goes on as far as it can. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("what is done before there is a channel waits for it", async () => {
  const acts = new Acts();
  const done = acts.do({ command: "lab.start", step: 1 });
  assert.equal(acts.open, 1);
  const first = channel();
  acts.opened(first);
  await settle();
  assert.deepEqual(
    first.sent.map(({ command, step }) => [command, step]),
    [["lab.start", 1]],
  );
  assert.match(first.sent[0].act, /^[A-Za-z0-9_-]{8,64}$/);
  first.answers[0].resolve();
  await done;
  assert.equal(acts.open, 0);
});

test("one after the other, in the order of the clicks, each with an id of its own", async () => {
  const acts = new Acts();
  const only = channel();
  acts.opened(only);
  const all = ["lab.start", "lab.hint", "lab.show"].map((command) => acts.do({ command, step: 1 }));
  await settle();
  assert.equal(only.sent.length, 1);
  for (const [index, done] of all.entries()) {
    only.answers[index].resolve();
    await done;
    await settle();
  }
  assert.deepEqual(
    only.sent.map(({ command }) => command),
    ["lab.start", "lab.hint", "lab.show"],
  );
  assert.equal(new Set(only.sent.map(({ act }) => act)).size, 3);
});

test("after a lost channel it is sent again, with the same id, and those behind it follow", async () => {
  const acts = new Acts();
  const [first, second] = [channel(), channel()];
  acts.opened(first);
  const all = [acts.do({ command: "lab.start", step: 1 }), acts.do({ command: "lab.hint", step: 1 })];
  await settle();
  acts.lost();
  first.answers[0].reject(refusal(503));
  await settle();
  assert.deepEqual([acts.open, first.sent.length], [2, 1]);
  acts.opened(second);
  await settle();
  second.answers[0].resolve();
  await settle();
  second.answers[1].resolve();
  await Promise.all(all);
  assert.deepEqual(
    second.sent.map(({ command }) => command),
    ["lab.start", "lab.hint"],
  );
  assert.equal(second.sent[0].act, first.sent[0].act);
});

test("a channel that is there before the old one has failed takes it over", async () => {
  const acts = new Acts();
  const [first, second] = [channel(), channel()];
  acts.opened(first);
  const done = acts.do({ command: "lab.start", step: 1 });
  await settle();
  acts.lost();
  acts.opened(second);
  first.answers[0].reject(refusal(503));
  await settle();
  assert.equal(second.sent[0]?.act, first.sent[0].act);
  second.answers[0].resolve();
  await done;
});

for (const status of [502, 503]) {
  test(`${status} says nothing about the act: it is not answered by it`, async () => {
    const acts = new Acts();
    const [first, second] = [channel(), channel()];
    acts.opened(first);
    let answered = false;
    const done = acts.do({ command: "lab.start", step: 1 }).finally(() => {
      answered = true;
    });
    await settle();
    first.answers[0].reject(refusal(status));
    await settle();
    assert.deepEqual([answered, acts.open], [false, 1]);
    acts.opened(second);
    await settle();
    second.answers[0].resolve();
    await done;
  });
}

test("what was not answered in time goes again at once, on the same channel, with the same id", async () => {
  const acts = new Acts();
  const only = channel();
  acts.opened(only);
  const done = acts.do({ command: "lab.start", step: 1 });
  await settle();
  only.answers[0].reject(refusal(504));
  await settle();
  assert.deepEqual(
    only.sent.map(({ act }) => act),
    Array(2).fill(only.sent[0].act),
  );
  only.answers[1].resolve();
  await done;
  assert.equal(acts.open, 0);
});

test("a refusal is the answer: it comes once, and the next act goes", async () => {
  const acts = new Acts();
  const only = channel();
  acts.opened(only);
  const [refused, next] = [acts.do({ command: "lab.enter", step: 2 }), acts.do({ command: "lab.hint", step: 1 })];
  await settle();
  only.answers[0].reject(refusal(409));
  await assert.rejects(refused, (error) => error instanceof RefusedError && error.problem.status === 409);
  await settle();
  only.answers[1].resolve();
  await next;
  assert.deepEqual(
    only.sent.map(({ command }) => command),
    ["lab.enter", "lab.hint"],
  );
  acts.lost();
  const later = channel();
  acts.opened(later);
  await settle();
  assert.deepEqual([later.sent.length, acts.open], [0, 0]);
});

test("an error that is no refusal is handed on, and holds up nothing", async () => {
  const acts = new Acts();
  const only = channel();
  acts.opened(only);
  const done = acts.do({ command: "lab.start", step: 1 });
  await settle();
  only.answers[0].reject(new TypeError("circular"));
  await assert.rejects(done, TypeError);
  assert.equal(acts.open, 0);
});
