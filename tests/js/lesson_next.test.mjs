// words/next.js: the one thing to do next in a lesson.

import assert from "node:assert/strict";
import test from "node:test";
import { lesson } from "../../static/js/words/lesson.js";
import { next } from "../../static/js/words/next.js";
import { answer, asked, building, check, ended, live, OUTLINE, run, settled } from "./lessons.mjs";

/** @param {any} state @param {import("../../static/js/words/next.js").Going} [story] */
const what = (state, story = "") => {
  const { does, target } = next(lesson(OUTLINE, state, story === "decided"), story);
  return `${does} ${target}`.trim();
};

test("there is one thing to do next, from the start to the end", () => {
  const answers = [answer("predict", 0, "one"), answer("predict", 1, "one"), answer("predict", 2, "")];
  const two = [...live(2), ...answers];
  assert.equal(what(run()), "start lab-start");
  assert.equal(what(run(building(1))), "", "hosts are made");
  assert.equal(what(run(...live(1))), "run run-1");
  assert.equal(what(run(...live(1), asked(1, 0, 1))), "", "it runs");
  assert.equal(what(run(...live(1), settled(1))), "next next-1");
  assert.equal(what(run(...live(2))), "guess predict-2-0");
  assert.equal(what(run(...live(2), answers[0])), "guess predict-2-1");
  assert.equal(what(run(...two)), "run run-2");
  assert.equal(what(run(...two, settled(2))), "why explain-2-0");
  assert.equal(what(run(...two, settled(2), answer("explain", 0, "two"))), "next next-2");
  assert.equal(what(run(...live(4))), "task step-4");
  const end = lesson(OUTLINE, run(...live(4), settled(4)));
  assert.equal(next(end, "").label, "What to remember");
  assert.equal(what(run(...live(2), { type: "lab.sandbox.lost", why: "gone" })), "start lab-start");
});

test("while the story is played, the next thing is to skip it", () => {
  const done = run(...live(1), asked(1, 0, 1), ended(1, 0), ended(1, 1));
  assert.equal(what(done, "playing"), "skip");
  assert.equal(next(lesson(OUTLINE, done, true), "decided").label, "Skip to the answer");
  assert.equal(lesson(OUTLINE, done, true).steps[0].run.can, "", "what the kernel has done is not run again meanwhile");
  const passed = run(...live(1), asked(1, 0, 1), ended(1, 0), ended(1, 1), check(1, 0, "true"));
  assert.equal(what(done, "fresh"), "", "the kernel may still be at it: it is not run twice");
  assert.equal(what(done), "run run-1", "a check does not pass: it can be run again");
  assert.equal(what(run(...live(1)), "fresh"), "run run-1", "nothing was run yet");
  assert.equal(what(passed), "", "it is about to settle");
});
