// The one thing to do next in a lab: a function of what the lesson shows. Every state of a run has exactly one.

/** @typedef {import("./lesson.js").LessonShown} LessonShown */
/** @typedef {import("./lesson.js").StepShown} StepShown */
/**
 * @typedef {object} Next
 * @property {"start" | "guess" | "run" | "task" | "skip" | "why" | "next" | ""} does empty: nothing now
 * @property {string} label
 * @property {string} target id of the button, the form or the part of the lesson that it stands for
 * @property {string} words what goes on meanwhile
 */

const NOTHING = { does: /** @type {Next["does"]} */ (""), label: "", target: "", words: "" };

/** @typedef {"" | "playing" | "decided" | "fresh"} Going what runs is still played, its step has even been decided, or more may come of it */

/**
 * @param {LessonShown} lesson
 * @param {Going} story
 * @returns {Next}
 */
export function next(lesson, story) {
  const step = lesson.steps[lesson.at - 1];
  switch (lesson.mood) {
    case "building":
      return { ...NOTHING, words: lesson.words };
    case "none":
    case "ended":
      return { ...NOTHING, does: "start", label: lesson.start, target: "lab-start" };
    case "live":
      return step ? inStep(step, story) : NOTHING;
  }
}

/** @param {StepShown} step @param {Going} story @returns {Next} */
function inStep(step, story) {
  const { number, run } = step;
  if (story === "playing" || story === "decided") {
    const label = story === "decided" ? "Skip to the answer" : "Skip to now";
    return { ...NOTHING, does: "skip", label, words: "What the kernel did, beat by beat." };
  }
  const open = (/** @type {import("./lesson.js").QuestionShown[]} */ list) =>
    list.findIndex((question) => question.open && question.choice === null);
  const [guess, why] = [open(step.predicts), open(step.explains)];
  if (!step.settled) {
    if (guess >= 0)
      return { ...NOTHING, does: "guess", label: "That is my guess", target: `predict-${number}-${guess}` };
    if (run.can === "stop") return { ...NOTHING, words: "It runs." };
    const passed = step.checks.every(({ mood }) => mood === "true" || mood === "lost");
    if (run.can === "again" && passed) return { ...NOTHING, words: "Waiting until nothing more happens." };
    // Running it again now would start every program twice.
    if (run.can === "again" && run.actions.length > 0 && story === "fresh")
      return { ...NOTHING, words: "Waiting for the checks to pass." };
    if (step.task) return { ...NOTHING, does: "task", label: "To the task", target: `step-${number}` };
    return { ...NOTHING, does: "run", label: run.label, target: `run-${number}` };
  }
  if (why >= 0) return { ...NOTHING, does: "why", label: "That is why", target: `explain-${number}-${why}` };
  return { ...NOTHING, does: "next", label: step.last ? "What to remember" : "Next step", target: `next-${number}` };
}
