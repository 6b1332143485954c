// words/lesson.js: what the lesson of a lab shows, from its outline and the state of a run.

import assert from "node:assert/strict";
import test from "node:test";
import { foldRun, initialRun } from "../../static/js/log/run_fold.js";
import { RunSeen } from "../../static/js/log/run_seen.js";
import { lesson, placeOf, resumed } from "../../static/js/words/lesson.js";
import { next } from "../../static/js/words/next.js";

const question = { measured: false, number: false, last_stays: false, labels: ["one", "two"], right: "two" };
const step = { predicts: [], explains: [], texts: [], checks: 0, hints: 0, task: false, actions: [] };
const actions = ["run", "wait"];
/** Listen; connect, with questions; read; a task. */
const OUTLINE = {
  steps: [
    { ...step, actions, texts: ["serve", ""], checks: 1 },
    {
      ...step,
      actions,
      texts: ["call", ""],
      checks: 2,
      hints: 2,
      predicts: [
        { ...question, measured: true },
        question,
        { ...question, measured: true, number: true, labels: [], right: null },
      ],
      explains: [question],
    },
    { ...step, predicts: [question] },
    { ...step, actions: ["run"], texts: ["serve"], checks: 1, hints: 1, task: true },
  ],
};

const begun = { type: "lab.begun", lab: "01-x", edition: "e", steps: 4, step: 1, began: 5 };

/** The state after these events. @param {...any} events */
function run(...events) {
  return [begun, ...events].reduce(
    (state, event, index) => foldRun(state, { seq: index + 1, t: index, ...event }),
    initialRun(),
  );
}

const building = (number, rest = {}) => ({ type: "lab.rebuild.begun", step: number, why: "start", ...rest });
const rebuilt = (number) => ({ type: "lab.rebuilt", step: number });
const entered = (number, at = 0) => ({ type: "lab.step.entered", step: number, sandbox: "s1", at });
const live = (number) => [
  building(number),
  { type: "lab.sandbox.opened", sandbox: "s1" },
  rebuilt(number),
  entered(number),
];
const asked = (number, ...indexes) => ({
  type: "lab.actions.requested",
  step: number,
  actions: indexes.map((action) => ({ action })),
});
const ended = (number, action, outcome = "done", detail = "") => ({
  type: "lab.action.ended",
  step: number,
  action,
  outcome,
  detail,
});
const answer = (kind, index, choice, fits) => ({
  type: "lab.question.answered",
  step: 2,
  kind,
  question: index,
  choice,
  fits,
});
const check = (number, index, mood, rest = {}) => ({
  type: "lab.check.changed",
  step: number,
  check: index,
  mood,
  ...rest,
});
const settled = (number, rest = {}) => ({ type: "lab.step.settled", step: number, decided: 9, ...rest });
const shown = (state, number) => lesson(OUTLINE, state).steps[number - 1];

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

// ---- the one next action

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

// ---- a run as far as it was seen

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

test("the lab goes on once it is said why, or skipped; what was skipped can still be answered", () => {
  const done = [...live(1), settled(1), entered(2), settled(2)];
  const waits = (...events) => shown(run(...done, ...events), 2).waits;
  assert.equal(waits(), "Say why first, or skip the question.");
  assert.deepEqual([waits(answer("explain", 0, "one", false)), waits(answer("explain", 0, ""))], ["", ""]);
  const { open, told, kept } = shown(run(...done, answer("explain", 0, "")), 2).explains[0];
  assert.deepEqual([open, told, kept], [true, false, "Skipped. You can still answer."]);
  assert.equal(shown(run(...live(1), settled(1)), 1).waits, "");
});
