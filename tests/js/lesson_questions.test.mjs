// words/lesson.js: the questions of a step. When they are open, when the answer is told, and what waits for them.

import assert from "node:assert/strict";
import test from "node:test";
import { answer, asked, begun, entered, live, run, settled, shown } from "./lessons.mjs";

test("predict before run: the button waits for all answers, also for who says that they do not know", () => {
  const none = shown(run(...live(2)), 2);
  assert.deepEqual([none.run.can, none.run.blocked, none.run.single], ["run", true, false]);
  assert.match(none.run.waits, /^Predict first/);
  const some = run(...live(2), answer("predict", 0, "one"), answer("predict", 1, ""));
  assert.equal(shown(some, 2).run.blocked, true);
  assert.deepEqual(
    shown(some, 2).predicts.map(({ choice, open, told, chosen, kept, button }) => [
      choice,
      open,
      told,
      chosen,
      kept,
      button,
    ]),
    [
      ["one", true, false, 0, "Noted.", "Change it"],
      ["", true, false, -1, "Noted: you do not know. The run will tell.", "Change it"],
      [null, true, false, -1, "", "That is my guess"],
    ],
  );
  const all = run(...live(2), answer("predict", 0, "one"), answer("predict", 1, ""), answer("predict", 2, "7"));
  assert.deepEqual([shown(all, 2).run.blocked, shown(all, 2).run.waits, shown(all, 2).run.single], [false, "", true]);
  assert.equal(shown(run(...live(2), answer("predict", 0, "one"), asked(2, 0)), 2).predicts[0].open, false);
});

test("the run answers a prediction: what was measured, whether it fits, and nothing before that", () => {
  const given = [answer("predict", 0, "one"), answer("predict", 1, "two"), answer("predict", 2, "7")];
  const measured = [{ value: "2", label: "two", fits: false }, { fits: true }, { value: "7", fits: true }];
  const before = shown(run(...live(2), ...given, asked(2, 0, 1)), 2);
  assert.deepEqual(
    before.predicts.map(({ told, measured: said }) => [told, said]),
    [
      [false, ""],
      [false, ""],
      [false, ""],
    ],
  );
  const { predicts } = shown(run(...live(2), ...given, settled(2, { measured })), 2);
  assert.deepEqual(
    predicts.map(({ told, measured: said, fits, said: option, right }) => [told, said, fits, option, right]),
    [
      [true, "two", false, 1, 1],
      [true, "", true, -1, 1], // the run does not answer this one: the lab does
      [true, "7", true, -1, -1], // a number has no options
    ],
  );
});

test("a prediction that nobody gave is not told", () => {
  const { predicts } = shown(run(...live(2), settled(2, { measured: [{ value: "2", label: "two" }, {}, {}] })), 2);
  assert.deepEqual(
    predicts.map(({ told, choice, open }) => [told, choice, open]),
    Array(3).fill([false, null, false]),
  );
});

test("an answer from before stays told where nothing runs, and is asked again where the step is", () => {
  const known = {
    ...begun,
    step: 2,
    settled: [2],
    answers: [{ step: 2, kind: "predict", question: 0, choice: "one", measured: "two", fits: false }],
  };
  const [first] = shown(run(known), 2).predicts;
  assert.deepEqual([first.told, first.open, first.said, first.chosen, first.measured], [true, false, 1, 0, "two"]);
  const [again] = shown(run(known, ...live(2)), 2).predicts;
  assert.deepEqual([again.told, again.open], [false, true]);
});

test("a question in a step without actions is told at once", () => {
  const told = (choice) => {
    const given = { type: "lab.question.answered", step: 3, kind: "predict", question: 0, choice };
    const [one] = shown(run(...live(3), settled(3), given), 3).predicts;
    return [one.told, one.fits, one.right];
  };
  assert.deepEqual(
    [told("two"), told("one"), told("")],
    [
      [true, true, 1],
      [true, false, 1],
      [true, null, 1],
    ],
  );
  assert.equal(shown(run(...live(3), settled(3)), 3).reveal, true);
});

test("an explanation is told as soon as it is given", () => {
  assert.deepEqual(
    [shown(run(...live(2)), 2), shown(run(...live(2), answer("explain", 0, "one", false)), 2)].map(
      ({ explains: [one] }) => [one.open, one.told, one.fits, one.chosen, one.right, one.asksRun],
    ),
    [
      [true, false, null, -1, 1, false],
      [false, true, false, 0, 1, false],
    ],
  );
});

test("the lab goes on once it is said why, or skipped; what was skipped can still be answered", () => {
  const done = [...live(1), settled(1), entered(2), settled(2)];
  const waits = (...events) => shown(run(...done, ...events), 2).waits;
  assert.equal(waits(), "Say why first, or skip the question.");
  assert.deepEqual([waits(answer("explain", 0, "one", false)), waits(answer("explain", 0, ""))], ["", ""]);
  const { open, told, kept } = shown(run(...done, answer("explain", 0, "")), 2).explains[0];
  assert.deepEqual([open, told, kept], [true, false, "Skipped. You can still answer."]);
  assert.equal(shown(run(...live(1), settled(1)), 1).waits, "");
});
