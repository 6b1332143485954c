// What a learner means by a click or a form of the lesson: the act that goes up to the run.

/**
 * The act that a click or a form means; null: none.
 * @param {Event} event
 * @returns {Record<string, unknown> | null}
 */
export function actOf(event) {
  const target = event.target instanceof Element ? event.target.closest("[data-act]") : null;
  if (!(target instanceof HTMLElement)) return null;
  const form = target instanceof HTMLFormElement ? target : null;
  if (form ? event.type !== "submit" : event.type !== "click") return null;
  const step = Number(target.dataset.step ?? target.closest("[data-number]")?.getAttribute("data-number"));
  const command = target.dataset.act;
  if (form) return formed(form, /** @type {SubmitEvent} */ (event).submitter, step);
  if (command === "lab.start") return { command, step, again: "again" in target.dataset };
  if (command === "lab.tool")
    return { command, step, tool: Number(target.closest("[data-tool]")?.getAttribute("data-tool")) };
  return { command, step };
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 * @param {number} step
 */
function formed(form, submitter, step) {
  const fields = new FormData(form);
  switch (form.dataset.act) {
    case "lab.answer": {
      const choice = "unknown" in (submitter?.dataset ?? {}) ? null : String(fields.get("choice") ?? "");
      return { command: "lab.answer", step, kind: form.dataset.kind, question: Number(form.dataset.question), choice };
    }
    case "lab.try": {
      const text = String(fields.get("text") ?? "");
      if (form.dataset.start !== undefined)
        return { command: "lab.try", step, text, start: Number(form.dataset.start) };
      return { command: "lab.try", step, text, host: String(fields.get("host")) };
    }
    default:
      return performed(form, submitter, step);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 * @param {number} step
 */
function performed(form, submitter, step) {
  const does = submitter?.dataset.run;
  if (does === "start") return { command: "lab.start", step };
  if (does === "stop") return { command: "lab.stop", step };
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input[data-text]"));
  const texts = Object.fromEntries([...inputs].map((input) => [input.dataset.text, input.value]));
  const only = submitter?.dataset.only;
  return {
    command: "lab.perform",
    step,
    texts,
    again: does === "again",
    ...(only === undefined ? {} : { only: Number(only) }),
  };
}
