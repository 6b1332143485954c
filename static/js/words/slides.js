// What of a lab's lesson stands on the projector in place of the stage: a function of what the lesson shows. Before a run
// that is what is asked; after it, what the kernel said and why. Everything else is on the stage. Pure.

/** @typedef {import("./lesson.js").LessonShown} LessonShown */
/** @typedef {import("./lesson.js").StepShown} StepShown */
/**
 * @typedef {object} Slide
 * @property {"title" | "guess" | "task" | "answer" | "why" | "end"} kind
 * @property {string} target id of the part of the lesson
 * @property {string} next what the presenter's Next does there
 */
/**
 * @typedef {object} Slides
 * @property {string} key another one where other slides begin
 * @property {boolean} first whether they come before the stage; else behind it
 * @property {Slide[]} list
 */

/** @type {Slides} the stage alone */
export const NONE = { key: "", first: true, list: [] };

/**
 * @param {LessonShown} lesson
 * @param {boolean} playing whether what the kernel did is still being played
 * @returns {Slides}
 */
export function slides(lesson, playing) {
  const step = lesson.steps[lesson.at - 1];
  if (lesson.mood === "building") return NONE;
  if (lesson.mood !== "live")
    return { key: lesson.mood, first: true, list: [{ kind: "title", target: "lab-head", next: lesson.start }] };
  if (!step || playing) return NONE;
  return step.settled ? answers(step) : questions(step);
}

/** @param {StepShown} step @returns {Slides} */
function questions({ number, predicts, run, task }) {
  const guess = predicts.findIndex(({ open, choice }) => open && choice === null);
  if (guess >= 0) {
    const target = `predict-${number}-${guess}`;
    return { key: target, first: true, list: [{ kind: "guess", target, next: "Go on" }] };
  }
  if (!task || run.can === "stop") return NONE;
  const target = `task-${number}`;
  return { key: target, first: true, list: [{ kind: "task", target, next: "To the stage" }] };
}

/** @param {StepShown} step @returns {Slides} */
function answers({ number, predicts, explains, last }) {
  const told = predicts.flatMap(({ told }, index) => (told ? [`predict-${number}-${index}`] : []));
  /** @type {Slide[]} */
  const list = told.map((target) => ({ kind: "answer", target, next: "Go on" }));
  explains.forEach(({ told }, index) => {
    list.push({ kind: "why", target: `explain-${number}-${index}`, next: told ? "Go on" : "Show why" });
  });
  if (last) list.push({ kind: "end", target: "summary", next: "" });
  return { key: `answers-${number}`, first: false, list };
}
