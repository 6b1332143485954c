// words/lesson.js: what the lesson of a lab shows, from its outline and the state of a run.

import assert from "node:assert/strict";
import test from "node:test";
import { initialRun } from "../../static/js/log/run_fold.js";
import { lesson, placeOf, resumed } from "../../static/js/words/lesson.js";
import {
  answer,
  asked,
  begun,
  building,
  check,
  ended,
  entered,
  live,
  OUTLINE,
  rebuilt,
  run,
  settled,
  shown,
} from "./lessons.mjs";

test("before anything: all of it can be read, and started", () => {
  const { mood, start, over, reset, words, at, steps } = lesson(OUTLINE, run());
  assert.deepEqual([mood, start, over, reset, at], ["none", "Start the lab", false, false, 1]);
  assert.match(words, /^Read it first/);
  assert.deepEqual(
    steps.map(({ place, reveal, again }) => [place, reveal, again]),
    Array(4).fill(["read", true, ""]),
  );
  assert.deepEqual(
    steps.map(({ run: { can, label } }) => [can, label]),
    [
      ["run", "Run"],
      ["start", "Start the lab at this step"],
      ["start", "Start the lab at this step"],
      ["start", "Start the lab at this step"],
    ],
  );
});

test("who was here before goes on where they were", () => {
  const known = { ...begun, step: 2, settled: [1] };
  const { start, words, over, at, steps } = lesson(OUTLINE, run(known));
  assert.deepEqual([start, over, at], ["Go on at step 2", true, 2]);
  assert.match(words, /^You were at step 2 of 4/);
  assert.deepEqual([steps[0].settled, steps[0].done, steps[1].settled], [true, " · done", false]);
});

test("the step to go on at is the one after a step that is done, and the first once all is done", () => {
  assert.equal(resumed(run({ ...begun, step: 2, settled: [2] })), 3);
  assert.equal(resumed(run({ ...begun, step: 4, settled: [4] })), 4);
  assert.equal(resumed(run({ ...begun, step: 4, settled: [4], finished: true })), 1);
  assert.equal(resumed(run(...live(2))), 2);
  assert.equal(resumed(run(...live(2), settled(2))), 3);
  assert.equal(resumed(run(...live(2), settled(2), { type: "lab.sandbox.lost", why: "idle" })), 3);
  assert.equal(resumed(initialRun()), 1);
});

test("while the hosts are made nothing can be done, and what is played is said", () => {
  const making = lesson(OUTLINE, run(building(3)));
  assert.deepEqual(
    [making.mood, making.words, making.start, making.reset],
    ["building", "Making the hosts …", "", false],
  );
  const playing = run(
    building(3),
    { type: "lab.step.replayed", step: 1 },
    entered(1),
    check(1, 0, "true", { since: 4 }),
  );
  assert.equal(lesson(OUTLINE, playing).words, "Playing step 1 again at full speed …");
  // What is being played is not shown half done.
  assert.deepEqual(
    [shown(playing, 1).checks[0].words, shown(playing, 1).phase, shown(playing, 1).live],
    ["", "", false],
  );
});

test("a lost sandbox: why, and going on; what was done stays to be seen", () => {
  const lost = run(...live(1), settled(1), entered(2), {
    type: "lab.sandbox.lost",
    why: "The sandbox has ended: idle.",
  });
  const { mood, words, start, reset, steps } = lesson(OUTLINE, lost);
  assert.deepEqual([mood, words, start, reset], ["ended", "The sandbox has ended: idle.", "Go on at step 2", true]);
  assert.deepEqual([steps[0].reveal, steps[1].reveal, steps[1].phase, steps[1].helps], [true, false, "", false]);
});

test("a step's place: behind, now or ahead while the run is alive", () => {
  const state = run(...live(2));
  assert.deepEqual(
    [1, 2, 3].map((number) => placeOf(number, state)),
    ["behind", "now", "ahead"],
  );
  assert.deepEqual(
    [1, 2, 3].map((number) => shown(state, number).again),
    ["Start again from this step", "", "Go to this step: play the ones before it"],
  );
  assert.deepEqual(
    [1, 2, 3, 4].map((number) => shown(state, number).foot),
    ["read", "", "read", ""],
  );
  assert.equal(shown(run(...live(2), settled(2)), 2).foot, "next");
});

test("the main button: run, stop, run what is left, run all again, nothing", () => {
  const at = (...events) => {
    const { can, label, actions: all } = shown(run(...live(1), ...events), 1).run;
    return [can, label, all.map(({ mood }) => mood).join(" ")];
  };
  assert.deepEqual(at(), ["run", "Run", "waiting waiting"]);
  const begins = { type: "lab.action.begun", step: 1, action: 0 };
  assert.deepEqual(at(asked(1, 0, 1), begins), ["stop", "Stop waiting", "doing waiting"]);
  assert.deepEqual(at(asked(1, 0, 1), ended(1, 0), ended(1, 1, "stopped")), [
    "run",
    "Run what is left",
    "done waiting",
  ]);
  assert.deepEqual(at(asked(1, 0, 1), ended(1, 0, "refused", "No.")), ["run", "Run what is left", "failed waiting"]);
  assert.deepEqual(at(asked(1, 0, 1), ended(1, 0), ended(1, 1)), ["again", "Run all of it again", "done done"]);
  assert.deepEqual(at(asked(1, 0, 1), ended(1, 0), ended(1, 1), settled(1)).slice(0, 1), [""]);
  assert.equal(
    shown(run(...live(1), asked(1, 0), ended(1, 0, "refused", "No such program.")), 1).trouble,
    "No such program.",
  );
  assert.equal(shown(run(...live(1), settled(1), entered(2)), 1).run.can, "");
});

test("what the learner wrote stands in place of the lab's text", () => {
  const wrote = { ...asked(1), actions: [{ action: 0, text: "serve 8" }] };
  const texts = (state) => shown(state, 1).run.actions.map(({ text }) => text);
  assert.deepEqual(texts(run(...live(1), wrote, ended(1, 0))), ["serve 8", ""]);
  assert.deepEqual(texts(run(...live(1))), ["serve", ""]);
});

test("every mood of a check has its sign, its words, and a place to look at if there is one", () => {
  const rows = [{ key: "socket:1", seq: 7, words: "LISTEN" }];
  const first = (...events) => {
    const { sign, words, seq, rows: proof, more, hints } = shown(run(...live(2), ...events), 2).checks[0];
    return [sign, words, seq, proof.length, more, hints];
  };
  assert.deepEqual(first(), ["not yet", "not yet", 0, 0, 0, []]);
  assert.deepEqual(first(check(2, 0, "waiting", { hints: [1] })), ["not yet", "not yet", 0, 0, 0, [1]]);
  assert.deepEqual(first(check(2, 0, "partly", { count: 1, wanted: 2, rows })), ["partly", "1 of 2", 0, 1, 0, []]);
  assert.deepEqual(first(check(2, 0, "true", { since: 7, rows, more: 3 })), ["true", "true since", 7, 1, 3, []]);
  assert.deepEqual(first(check(2, 0, "lost", { since: 7, lost: 9, rows })), [
    "was true",
    "was true until seq 9, since",
    7,
    0,
    0,
    [],
  ]);
});

test("a screen reader is told how many checks pass, and when the step is done", () => {
  const said = (...events) => lesson(OUTLINE, run(...live(2), ...events)).said;
  assert.equal(said(), "");
  assert.equal(said(check(2, 0, "true"), check(2, 1, "partly")), "1 of 2 checks pass.");
  assert.equal(said(check(2, 0, "true"), check(2, 1, "lost")), "2 of 2 checks pass.");
  assert.equal(said(settled(2)), "Step 2 is done.");
  const given = [answer("predict", 0, "one"), answer("predict", 2, "7")];
  const measured = [{ value: "2", label: "two", fits: false }, {}, { value: "7", fits: true }];
  assert.equal(
    said(...given, settled(2, { measured })),
    "Step 2 is done. The kernel says two. The kernel says 7.",
    "what the kernel has answered",
  );
  assert.equal(lesson(OUTLINE, run(...live(3))).said, "", "a step without checks");
});

test("hints come one by one; the lab does a task only when there are none left", () => {
  const hint = (number, index) => ({ type: "lab.hint.offered", step: number, hint: index });
  const help = (number, ...events) => {
    const { helps, hints, hintLabel, show } = shown(run(...live(number), ...events), number);
    return [helps, hints, hintLabel, show];
  };
  assert.deepEqual(help(2), [true, 0, "A hint", true]);
  assert.deepEqual(help(2, hint(2, 0)), [true, 1, "Another hint", true]);
  assert.deepEqual(help(2, hint(2, 0), hint(2, 1)), [true, 2, "", true]);
  assert.deepEqual(help(4), [true, 0, "A hint", false]);
  assert.deepEqual(help(4, hint(4, 0)), [true, 1, "", true]);
  assert.deepEqual(help(1), [false, 0, "", true]);
  assert.deepEqual(help(2, settled(2)).slice(0, 1), [false]);
});

test("tools show what they run as, each in its step", () => {
  const state = run(
    ...live(2),
    { type: "lab.tool.used", step: 2, tool: 1, pid: 9 },
    { type: "lab.tool.used", step: 3, tool: 0 },
  );
  assert.deepEqual([shown(state, 2).tools[1], shown(state, 2).tools[0]], [{ pid: 9, detail: "" }, undefined]);
  assert.deepEqual(shown(state, 1).tools, []);
});

test("who had the lab do a step, or played again by it, sees that", () => {
  assert.equal(shown(run(...live(2), settled(2, { shown: true })), 2).done, " · done (shown)");
  const replayed = run(
    building(2),
    { type: "lab.step.replayed", step: 1 },
    entered(1),
    settled(1, { rebuilt: true }),
    rebuilt(2),
    entered(2),
  );
  assert.deepEqual(
    shown(replayed, 1).run.actions.map(({ mood }) => mood),
    ["done", "done"],
  );
});

test("the end: it is finished, and can be done again from the start", () => {
  const end = run(...live(4), settled(4), { type: "lab.finished" });
  assert.deepEqual(
    [lesson(OUTLINE, end).finished, lesson(OUTLINE, end).reset, shown(end, 4).foot],
    [true, true, "next"],
  );
});

test("while hosts are made, Run waits: no button says something else than a moment later", () => {
  const state = { ...initialRun(), steps: 2, mood: "building", goal: 2, step: 2 };
  const one = { labels: ["1", "2"], right: "1", number: false, measured: true };
  const step = {
    title: "x",
    task: false,
    actions: ["run"],
    texts: ["ss"],
    predicts: [one],
    explains: [],
    checks: 1,
    hints: 0,
  };
  for (const shown of lesson({ steps: [step, { ...step, task: true }] }, state).steps) {
    assert.deepEqual([shown.run.can, shown.run.label, shown.run.blocked], ["run", "Run", true]);
    assert.equal(shown.run.waits, "The hosts are being made.");
    assert.equal(shown.startable, false);
  }
});
