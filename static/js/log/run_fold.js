// What a lab run is after an event: the twin of server/courses/state.py. For the same log both give equal states; a
// test runs recorded runs through the two. Pure, and imports nothing that runs.

/** @typedef {import("./lab_protocol.js").LabEvent} LabEvent */
/** @typedef {import("./lab_protocol.js").RunState} RunState */
/** @typedef {import("./lab_protocol.js").EnteredStep} EnteredStep */
/** @typedef {import("./lab_protocol.js").AskedAction} AskedAction */

const KEPT_ACTS = 256;

/** The state before the first event. @returns {RunState} */
export function initialRun() {
  return {
    seq: 0,
    t: 0,
    lab: "",
    edition: "",
    steps: 0,
    order: 0,
    sandbox: "",
    at: 0,
    mood: "none",
    goal: 1,
    replaying: 0,
    why: "",
    step: 1,
    finished: false,
    refusal: "",
    refused: 0,
    acts: {},
    answers: {},
    settled: [],
    entered: {},
    tools: {},
    redo: [],
    redo_shown: false,
    redo_hints: 0,
    closed: null,
  };
}

/** The key of a question in `answers`. @param {number} step @param {"predict" | "explain"} kind @param {number} question */
export function answerKey(step, kind, question) {
  return `${step} ${kind} ${question}`;
}

/**
 * The state after one more event. Changes the state that it is given; who needs the old one copies it first.
 * @param {RunState} state
 * @param {LabEvent} event
 * @returns {RunState}
 */
export function foldRun(state, event) {
  state.seq = event.seq;
  state.t = event.t;
  state.at = event.at ?? 0;
  switch (event.type) {
    case "lab.begun":
      begin(state, event);
      break;
    case "lab.act.accepted":
      remember(state, event.act, null);
      state.refusal = "";
      break;
    case "lab.act.refused": {
      const { title, detail, hint = "", status = 409 } = event;
      remember(state, event.act, { title, detail, hint, status });
      state.refusal = sentence(detail, hint);
      state.refused = event.seq;
      break;
    }
    case "lab.rebuild.begun":
      rebuild(state, event);
      break;
    case "lab.sandbox.opened":
      state.sandbox = event.sandbox ?? "";
      break;
    case "lab.sandbox.refused":
      state.mood = Object.keys(state.entered).length > 0 ? "ended" : "none";
      state.replaying = 0;
      state.why = event.detail;
      state.refusal = sentence(event.detail, event.hint ?? "");
      state.refused = event.seq;
      break;
    case "lab.step.replayed":
      state.replaying = event.step;
      break;
    case "lab.rebuilt":
      state.mood = "live";
      state.replaying = 0;
      state.redo = [];
      break;
    case "lab.sandbox.lost":
      lose(state, event.why);
      break;
    case "lab.step.entered":
      enter(state, event);
      break;
    case "lab.question.answered":
      state.answers[answerKey(event.step, event.kind, event.question)] = {
        choice: event.choice,
        measured: null,
        fits: event.fits ?? null,
      };
      break;
    case "lab.edited":
      state.edition = event.edition;
      state.steps = event.steps;
      if (!event.same) lose(state, "This lab was edited, and what it does is not the same any more.");
      break;
    case "lab.tool.used":
      state.tools[`${event.step} ${event.tool}`] = { pid: event.pid ?? 0, detail: event.detail ?? "" };
      break;
    case "lab.finished":
      state.finished = true;
      break;
    case "lab.given_up":
      state.closed = event.why;
      break;
    default:
      inStep(state, event);
  }
  return state;
}

/** A copy that later folds do not touch. @param {RunState} state @returns {RunState} */
export function copyRun(state) {
  return structuredClone(state);
}

/**
 * What happens within a step; one that is not entered has nothing to change.
 * @param {RunState} state
 * @param {import("./lab_protocol.js").LabActionsRequested | import("./lab_protocol.js").LabActionBegun
 *   | import("./lab_protocol.js").LabActionEnded | import("./lab_protocol.js").LabCheckChanged
 *   | import("./lab_protocol.js").LabHintOffered | import("./lab_protocol.js").LabStepSettled} event
 */
function inStep(state, event) {
  const step = state.entered[event.step];
  if (!step) return;
  switch (event.type) {
    case "lab.actions.requested":
      request(step, event);
      break;
    case "lab.action.begun":
      if (event.action >= 0) step.moods[event.action] = "doing";
      break;
    case "lab.action.ended":
      endAction(step, event);
      break;
    case "lab.check.changed":
      step.checks[event.check] = {
        mood: event.mood,
        since: event.since ?? 0,
        lost: event.lost ?? 0,
        count: event.count ?? null,
        wanted: event.wanted ?? null,
        rows: event.rows ?? [],
        more: event.more ?? 0,
        hints: event.hints ?? [],
      };
      break;
    case "lab.hint.offered":
      step.hints = event.hint + 1;
      break;
    case "lab.step.settled":
      settle(state, step, event);
      break;
    default:
      everyTypeIsFolded(event);
  }
}

/** @param {RunState} state @param {import("./lab_protocol.js").LabBegun} event */
function begin(state, event) {
  state.lab = event.lab;
  state.edition = event.edition;
  state.steps = event.steps;
  state.order = event.order ?? 0;
  state.step = event.step;
  state.goal = event.step;
  state.settled = [...(event.settled ?? [])];
  state.finished = event.finished ?? false;
  for (const { step, kind, question, choice, measured = null, fits = null } of event.answers ?? [])
    state.answers[answerKey(step, kind, question)] = { choice, measured, fits };
}

/** @param {RunState} state @param {string} act @param {import("./lab_protocol.js").Refusal | null} refusal */
function remember(state, act, refusal) {
  state.acts[act] = refusal;
  const acts = Object.keys(state.acts);
  for (const old of acts.slice(0, Math.max(0, acts.length - KEPT_ACTS))) delete state.acts[old];
}

/** @param {string} detail @param {string} hint */
function sentence(detail, hint) {
  return hint ? `${detail} ${hint}` : detail;
}

/** @param {RunState} state @param {import("./lab_protocol.js").LabRebuildBegun} event */
function rebuild(state, event) {
  state.mood = "building";
  state.goal = event.step;
  state.step = event.step;
  state.replaying = 0;
  state.why = "";
  state.sandbox = "";
  state.tools = {};
  state.redo = (event.redo ?? []).map(asked);
  state.redo_shown = event.shown ?? false;
  state.redo_hints = event.hints ?? 0;
  const last = event.through ? event.step : event.step - 1;
  for (const number of Object.keys(state.entered)) if (Number(number) > last) delete state.entered[number];
}

/** @param {RunState} state @param {string} why */
function lose(state, why) {
  state.mood = "ended";
  state.why = why;
  state.replaying = 0;
}

/** @param {RunState} state @param {import("./lab_protocol.js").LabStepEntered} event */
function enter(state, event) {
  if (state.mood !== "building") state.step = event.step;
  const before = state.entered[event.step];
  state.entered[event.step] = {
    phase: "entered",
    sandbox: event.sandbox ?? "",
    after: event.at ?? 0,
    moods: {},
    texts: before?.texts ?? {},
    queue: [],
    did: [],
    trouble: "",
    checks: {},
    hints: event.step === state.goal ? state.redo_hints : 0,
    measured: before?.measured ?? [],
    decided: 0,
    shown: before?.shown ?? false,
    replayed: false,
  };
}

/** @param {EnteredStep} step @param {import("./lab_protocol.js").LabActionsRequested} event */
function request(step, event) {
  if (step.phase === "entered") step.phase = "running";
  step.trouble = "";
  step.shown = step.shown || (event.shown ?? false);
  step.queue = event.actions.map(asked);
  for (const { action, text } of step.queue) {
    if (action < 0) continue;
    delete step.moods[action];
    delete step.texts[action];
    if (text !== null) step.texts[action] = text;
  }
}

/** @param {import("./lab_protocol.js").Asked} one @returns {AskedAction} */
function asked({ action = -1, start = -1, host = "", text = null }) {
  return { action, start, host, text };
}

/** @param {EnteredStep} step @param {import("./lab_protocol.js").LabActionEnded} event */
function endAction(step, event) {
  const ended = step.queue.shift();
  delete step.moods[event.action];
  if (event.outcome === "done") {
    if (ended) step.did.push(ended);
    if (event.action >= 0) step.moods[event.action] = "done";
    return;
  }
  step.queue = [];
  if (event.outcome === "stopped") return;
  step.trouble = event.detail ?? "";
  if (event.action >= 0) step.moods[event.action] = "failed";
}

/** @param {RunState} state @param {EnteredStep} step @param {import("./lab_protocol.js").LabStepSettled} event */
function settle(state, step, event) {
  step.phase = "settled";
  step.decided = event.decided;
  step.shown = step.shown || (event.shown ?? false);
  const measured = (event.measured ?? []).map(({ value = null, label = null, fits = null }) => ({
    value,
    label,
    fits,
  }));
  if (!event.rebuilt || step.measured.length === 0) step.measured = measured;
  if (event.rebuilt) {
    step.replayed = true;
    return;
  }
  if (!state.settled.includes(event.step)) state.settled = [...state.settled, event.step].sort((a, b) => a - b);
  measured.forEach(({ value, fits }, index) => {
    const given = state.answers[answerKey(event.step, "predict", index)];
    if (given) Object.assign(given, { measured: value, fits });
  });
}

/**
 * The checker proves that no type is forgotten; a page older than its server meets new types and lets them pass.
 * @param {never} _event
 */
function everyTypeIsFolded(_event) {}
