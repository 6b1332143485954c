// A lab of four steps, and the events of a run through it: what the tests of a lesson begin with.

import { foldRun, initialRun } from "../../static/js/log/run_fold.js";
import { lesson } from "../../static/js/words/lesson.js";

const question = { measured: false, number: false, last_stays: false, labels: ["one", "two"], right: "two" };
const step = { predicts: [], explains: [], texts: [], checks: 0, hints: 0, task: false, actions: [] };
const actions = ["run", "wait"];
/** Listen; connect, with questions; read; a task. */
export const OUTLINE = {
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

export const begun = { type: "lab.begun", lab: "01-x", edition: "e", steps: 4, step: 1, began: 5 };

/** The state after these events. @param {...any} events */
export function run(...events) {
  return [begun, ...events].reduce(
    (state, event, index) => foldRun(state, { seq: index + 1, t: index, ...event }),
    initialRun(),
  );
}

export const building = (number, rest = {}) => ({ type: "lab.rebuild.begun", step: number, why: "start", ...rest });
export const rebuilt = (number) => ({ type: "lab.rebuilt", step: number });
export const entered = (number, at = 0) => ({ type: "lab.step.entered", step: number, sandbox: "s1", at });
export const live = (number) => [
  building(number),
  { type: "lab.sandbox.opened", sandbox: "s1" },
  rebuilt(number),
  entered(number),
];
export const asked = (number, ...indexes) => ({
  type: "lab.actions.requested",
  step: number,
  actions: indexes.map((action) => ({ action })),
});
export const ended = (number, action, outcome = "done", detail = "") => ({
  type: "lab.action.ended",
  step: number,
  action,
  outcome,
  detail,
});
export const answer = (kind, index, choice, fits) => ({
  type: "lab.question.answered",
  step: 2,
  kind,
  question: index,
  choice,
  fits,
});
export const check = (number, index, mood, rest = {}) => ({
  type: "lab.check.changed",
  step: number,
  check: index,
  mood,
  ...rest,
});
export const settled = (number, rest = {}) => ({ type: "lab.step.settled", step: number, decided: 9, ...rest });
export const shown = (state, number) => lesson(OUTLINE, state).steps[number - 1];
