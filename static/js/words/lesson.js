// What the lesson of a lab shows, from the lab's outline and the state of a run: a function of values. The drawing is in
// views/lesson.js. Where nothing runs the lab is read whole; a step shows what stands behind its run once it has one.

import { answerKey } from "../log/run_fold.js";
import { optionOrder } from "./options.js";

/** @typedef {import("../log/lab_protocol.js").Outline} Outline */
/** @typedef {import("../log/lab_protocol.js").StepOutline} StepOutline */
/** @typedef {import("../log/lab_protocol.js").QuestionOutline} QuestionOutline */
/** @typedef {import("../log/lab_protocol.js").RunState} RunState */
/** @typedef {import("../log/lab_protocol.js").EnteredStep} EnteredStep */
/** @typedef {import("../log/lab_protocol.js").CheckState} CheckState */
/** @typedef {"read" | "ahead" | "now" | "behind"} Place */
/**
 * @typedef {object} QuestionShown
 * @property {number[]} order the options, as indexes into those of the lab, as they are shown
 * @property {string | null} choice what was answered; null: nothing yet; empty: "I don't know", or skipped
 * @property {boolean} open whether it can still be answered, or answered differently
 * @property {boolean} told whether the answer is shown
 * @property {string} measured what the kernel said; empty if it has not, or does not answer this question
 * @property {boolean} asksRun whether a run answers it
 * @property {boolean | null} fits whether the choice is what the kernel or the lab says
 * @property {number} said the option that the kernel confirms; -1: none
 * @property {number} chosen the option that was chosen; -1: none
 * @property {number} right the lab's own answer; -1: none
 * @property {string} kept what is said of an answer that is not told yet
 * @property {string} button what the button to answer says
 */
/**
 * @typedef {object} ActionsShown
 * @property {"" | "start" | "run" | "stop" | "again"} can what the main button does
 * @property {string} label
 * @property {string} waits why it cannot be pressed yet, or what goes on
 * @property {boolean} blocked
 * @property {boolean} single whether each can be run alone
 * @property {boolean} editable whether the learner can write something else
 * @property {{mood: string, text: string}[]} actions
 */
/**
 * @typedef {object} CheckShown
 * @property {string} mood
 * @property {string} sign the mood in words
 * @property {string} words how far it is; empty: not looked at yet
 * @property {number} seq where to look; 0: nowhere
 * @property {{key: string, seq: number, words: string}[]} rows
 * @property {number} more
 * @property {number[]} hints
 */
/**
 * @typedef {object} StepShown
 * @property {number} number
 * @property {Place} place
 * @property {string} phase
 * @property {boolean} settled
 * @property {boolean} last whether the lab has no step after it
 * @property {boolean} task whether the learner is to find a way
 * @property {boolean} reveal whether what stands behind the actions is shown
 * @property {string} done how the step was done; empty if it was not
 * @property {QuestionShown[]} predicts
 * @property {QuestionShown[]} explains
 * @property {ActionsShown} run
 * @property {string} trouble
 * @property {CheckShown[]} checks
 * @property {boolean} live whether tools can be run
 * @property {boolean} startable whether the lab can be started at this step
 * @property {{pid: number, detail: string}[]} tools by index; a tool that is not there was not run
 * @property {number} hints how many are shown
 * @property {boolean} helps whether hints are offered
 * @property {string} hintLabel empty: there are no more
 * @property {boolean} show whether the lab can do the step
 * @property {"next" | "read" | ""} foot
 * @property {string} waits why one cannot go on yet
 * @property {string} again what starting again from here is called; empty: it is not offered
 */
/**
 * @typedef {object} LessonShown
 * @property {RunState["mood"]} mood
 * @property {string} words what is said of the run
 * @property {number} at the step that the learner is at
 * @property {number} resume the step to go on at
 * @property {string} start what the main button says; empty: there is none
 * @property {boolean} over whether starting from the beginning is offered
 * @property {boolean} reset whether beginning again is offered
 * @property {boolean} finished
 * @property {string} said what a screen reader is told of the checks
 * @property {StepShown[]} steps
 */

const SIGNS = { waiting: "not yet", partly: "partly", true: "true", lost: "was true" };

/**
 * @param {Outline} outline
 * @param {RunState} state
 * @param {boolean} [behind] whether the step at which the run is was decided, and is still being played
 * @returns {LessonShown}
 */
export function lesson(outline, state, behind = false) {
  const resume = resumed(state);
  const known = state.settled.length > 0 || state.step > 1 || Object.keys(state.answers).length > 0;
  const begun = state.mood === "ended" || (known && resume > 1);
  const steps = outline.steps.map((step, index) =>
    stepShown(step, index + 1, state, behind && index + 1 === state.step),
  );
  return {
    mood: state.mood,
    words: statusWords(state, known),
    at: state.mood === "none" || state.mood === "ended" ? resume : state.step,
    resume,
    start: state.mood === "none" || state.mood === "ended" ? (begun ? `Go on at step ${resume}` : "Start the lab") : "",
    over: begun && resume > 1 && (state.mood === "none" || state.mood === "ended"),
    reset: state.mood === "live" || state.mood === "ended",
    finished: state.finished,
    said: said(outline, state, steps),
    steps,
  };
}

/** The step to go on at: where the learner was, or the one after it if that is done. @param {RunState} state */
export function resumed(state) {
  if (state.mood === "none" && state.finished) return 1;
  const entered = state.entered[state.step];
  const done = entered ? entered.phase === "settled" : state.mood === "none" && state.settled.includes(state.step);
  return Math.max(1, Math.min(state.step + (done ? 1 : 0), state.steps || 1));
}

/** @param {RunState} state @param {boolean} known */
function statusWords(state, known) {
  switch (state.mood) {
    case "building":
      return state.replaying > 0 ? `Playing step ${state.replaying} again at full speed …` : "Making the hosts …";
    case "ended":
      return state.why;
    case "live":
      return "";
    case "none":
      return known && !state.finished
        ? `You were at step ${resumed(state)} of ${state.steps}. What you have done is kept.`
        : "Read it first, or start at once: real programs, on hosts of your own.";
  }
}

/** @param {Outline} outline @param {RunState} state @param {StepShown[]} steps */
function said(outline, state, steps) {
  const entered = state.mood === "live" ? state.entered[state.step] : undefined;
  const step = outline.steps[state.step - 1];
  const checks = step?.checks ?? 0;
  if (!entered || checks === 0) return "";
  if (entered.phase === "settled") {
    const answers = steps[state.step - 1].predicts.map(({ told, said, measured }, index) =>
      told ? (step.predicts[index].labels[said] ?? measured) : "",
    );
    const measured = answers.filter(Boolean).map((answer) => ` The kernel says ${answer}.`);
    return `Step ${state.step} is done.${measured.join("")}`;
  }
  const passed = Object.values(entered.checks).filter(({ mood }) => mood === "true" || mood === "lost").length;
  return passed > 0 ? `${passed} of ${checks} checks pass.` : "";
}

/** @param {StepOutline} step @param {number} number @param {RunState} state @param {boolean} behind @returns {StepShown} */
function stepShown(step, number, state, behind) {
  const live = state.mood === "live";
  const entered = state.entered[number] ?? null;
  // What is being made, or gone, cannot be acted on: a step is shown as it was when it was done.
  const known = live || entered?.phase === "settled" ? entered : null;
  const place = placeOf(number, state);
  const settled = known ? known.phase === "settled" : state.settled.includes(number);
  const more = step.hints - (live ? (entered?.hints ?? 0) : 0);
  const open = live && place === "now" && !settled;
  const last = number === state.steps;
  return {
    number,
    place,
    phase: known?.phase ?? "",
    settled,
    last,
    task: step.task,
    reveal: state.mood === "none" || settled || step.actions.length === 0,
    done: settled ? (known?.shown ? " · done (shown)" : " · done") : "",
    predicts: step.predicts.map((question, index) => predictShown(step, question, number, index, known, state)),
    explains: step.explains.map((question, index) => explainShown(question, number, index, state)),
    run: actionsShown(step, number, place, known, state, behind),
    trouble: known?.trouble ?? "",
    checks: Array.from({ length: step.checks }, (_, index) => checkShown(known, index)),
    live,
    startable: place === "read" && state.mood !== "building",
    tools: Object.entries(state.tools).reduce(
      (all, [key, tool]) => {
        const [home, index] = key.split(" ").map(Number);
        if (home === number) all[index] = tool;
        return all;
      },
      /** @type {{pid: number, detail: string}[]} */ ([]),
    ),
    hints: live ? (entered?.hints ?? 0) : 0,
    helps: open && (step.hints > 0 || step.task),
    hintLabel: more > 0 ? (more < step.hints ? "Another hint" : "A hint") : "",
    show: open && (!step.task || more <= 0),
    foot: place === "now" && settled ? "next" : place === "now" || last ? "" : "read",
    waits: step.explains.every((_, index) => answerKey(number, "explain", index) in state.answers)
      ? ""
      : "Say why first, or skip the question.",
    again:
      place === "behind"
        ? "Start again from this step"
        : place === "ahead"
          ? "Go to this step: play the ones before it"
          : "",
  };
}

/** Where a step is in a run. @param {number} number @param {RunState} state @returns {Place} */
export function placeOf(number, state) {
  if (state.mood !== "live") return "read";
  return number === state.step ? "now" : number < state.step ? "behind" : "ahead";
}

/**
 * A question before the run. It is open until the run begins, and told once the run has answered it.
 * @param {StepOutline} step
 * @param {QuestionOutline} question
 * @param {number} number
 * @param {number} index
 * @param {EnteredStep | null} known
 * @param {RunState} state
 * @returns {QuestionShown}
 */
function predictShown(step, question, number, index, known, state) {
  const given = state.answers[answerKey(number, "predict", index)];
  const measured = known?.phase === "settled" ? (known.measured[index] ?? null) : null;
  let label = measured?.label ?? null;
  let value = label ?? measured?.value ?? "";
  if (!measured && given && given.measured !== null) {
    label = given.measured;
    value = given.measured;
  }
  const quiet = step.actions.length === 0;
  const answered =
    given !== undefined && (measured !== null || given.fits !== null || given.measured !== null || quiet);
  const fits = given && quiet && given.choice !== "" ? question.right === given.choice : (given?.fits ?? null);
  const told = answered && (known === null || known.phase === "settled");
  return {
    order: optionOrder(question, state.order, answerKey(number, "predict", index)),
    choice: given ? given.choice : null,
    open: known ? known.phase === "entered" : !answered,
    told,
    measured: question.measured ? value : "",
    asksRun: question.measured,
    fits,
    said: label === null ? -1 : question.labels.indexOf(label),
    chosen: given ? question.labels.indexOf(given.choice) : -1,
    right: question.right === null ? -1 : question.labels.indexOf(question.right),
    kept: given && !told ? (given.choice ? "Noted." : "Noted: you do not know. The run will tell.") : "",
    button: given ? "Change it" : "That is my guess",
  };
}

/**
 * A question after the run. It is told as soon as it is answered; what was skipped can still be answered.
 * @param {QuestionOutline} question
 * @param {number} number
 * @param {number} index
 * @param {RunState} state
 * @returns {QuestionShown}
 */
function explainShown(question, number, index, state) {
  const given = state.answers[answerKey(number, "explain", index)];
  return {
    order: optionOrder(question, state.order, answerKey(number, "explain", index)),
    choice: given ? given.choice : null,
    open: !given || given.choice === "",
    told: given !== undefined && given.choice !== "",
    measured: "",
    asksRun: false,
    fits: given?.fits ?? null,
    said: -1,
    chosen: given ? question.labels.indexOf(given.choice) : -1,
    right: question.right === null ? -1 : question.labels.indexOf(question.right),
    kept: given?.choice === "" ? "Skipped. You can still answer." : "",
    button: "That is why",
  };
}

/**
 * The actions of a step, with what the main button can do now.
 * @param {StepOutline} step
 * @param {number} number
 * @param {Place} place
 * @param {EnteredStep | null} known
 * @param {RunState} state
 * @param {boolean} behind
 * @returns {ActionsShown}
 */
function actionsShown(step, number, place, known, state, behind) {
  const moods = step.actions.map((_, index) => (known?.replayed ? "done" : (known?.moods[index] ?? "waiting")));
  const actions = moods.map((mood, index) => ({ mood, text: known?.texts[index] ?? step.texts[index] }));
  const unanswered = step.predicts.some((_, index) => !(answerKey(number, "predict", index) in state.answers));
  const shown = { actions, blocked: false, waits: "", editable: place === "now" };
  // No button says something else while hosts are made than a moment later: a click would mean what nobody has meant.
  if (state.mood === "building")
    return { ...shown, can: "run", label: "Run", waits: "The hosts are being made.", blocked: true, single: false };
  if (place === "now" && behind)
    return { ...shown, can: "", label: "", waits: "The kernel has done it. The stage shows how.", single: false };
  if (place === "now" && known && known.queue.length > 0)
    return {
      ...shown,
      can: "stop",
      label: "Stop waiting",
      waits: "It runs. You can hold, release and look at everything meanwhile.",
      single: false,
    };
  const left = moods.filter((mood) => mood !== "done").length;
  if (place === "now" && left === 0 && !(known?.phase === "settled"))
    return { ...shown, can: "again", label: "Run all of it again", single: true };
  const begun = left < moods.length || moods.includes("failed");
  const can = place === "behind" || (place === "now" && left === 0) ? "" : place === "now" ? "run" : "start";
  const first = can === "start" && number === 1;
  const waits = unanswered && (can === "run" || first) ? "Predict first, or say that you do not know." : "";
  return {
    ...shown,
    can: first ? "run" : can,
    label:
      can === "start" && !first ? "Start the lab at this step" : place === "now" && begun ? "Run what is left" : "Run",
    waits,
    blocked: waits !== "",
    single: place === "now" && !waits,
  };
}

/** @param {EnteredStep | null} known @param {number} index @returns {CheckShown} */
function checkShown(known, index) {
  const check = known?.checks[index];
  const mood = check?.mood ?? "waiting";
  const shows = mood === "true" || mood === "partly";
  return {
    mood,
    sign: SIGNS[mood],
    words: known ? checkWords(check) : "",
    seq: check && (mood === "true" || mood === "lost") ? check.since : 0,
    rows: shows && check ? check.rows : [],
    more: shows && check ? check.more : 0,
    hints: check?.hints ?? [],
  };
}

/** @param {CheckState | undefined} check */
function checkWords(check) {
  switch (check?.mood) {
    case "true":
      return "true since";
    case "lost":
      return `was true until seq ${check.lost}, since`;
    case "partly":
      return `${check.count} of ${check.wanted}`;
    default:
      return "not yet";
  }
}
