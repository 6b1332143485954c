// Draws what a run says into the lesson that the server has written: every text is there from the start, and what the
// run decides is which of it is shown. Elements stay where they are, so that focus, selection and what somebody has
// typed survive every change. What it finds its way by are ids and data- attributes of templates/panels/_lab_*.html.

import { html, icon, join, one, set, text } from "../dom/svg.js";

/** @typedef {import("../words/lesson.js").LessonShown} LessonShown */
/** @typedef {import("../words/lesson.js").StepShown} StepShown */
/** @typedef {import("../words/lesson.js").QuestionShown} QuestionShown */
/** @typedef {import("../words/lesson.js").ActionsShown} ActionsShown */
/** @typedef {import("../words/lesson.js").CheckShown} CheckShown */
/** @typedef {import("../log/lab_protocol.js").RunState} RunState */
/** @typedef {(pid: number) => string} Printed what a process of the sandbox has printed so far */

const RUN_ICONS = { start: "play", run: "play", stop: "circle-stop", again: "rotate-ccw", "": "play" };

/**
 * @param {HTMLElement} root of the lesson
 * @param {LessonShown} lesson
 * @param {RunState} state
 * @param {Printed} printed
 */
export function drawLesson(root, lesson, state, printed) {
  drawStatus(root, lesson);
  for (const step of lesson.steps) {
    const section = one(root, `#step-${step.number}`);
    drawStep(section, step, lesson.mood);
    step.tools.forEach((tool, index) => {
      drawTool(one(section, `[data-tool="${index}"]`), tool, printed);
    });
    drawLink(one(root, `#to-step-${step.number}`), step);
  }
  drawSummary(root, lesson, state);
}

/** @param {HTMLElement} root @param {LessonShown} lesson */
function drawStatus(root, lesson) {
  const home = one(root, "#lab-status");
  set(home, { "data-mood": lesson.mood });
  show(one(home, "[data-fault]"), lesson.mood === "ended");
  show(one(home, "[data-status-words]"), lesson.mood === "none");
  show(one(home, "[data-building]"), lesson.mood === "building");
  const words = {
    ended: "[data-fault-words]",
    none: "[data-status-words]",
    building: "[data-building-words]",
    live: "",
  };
  if (words[lesson.mood]) text(one(home, words[lesson.mood]), lesson.words);
  const start = home.querySelector("#lab-start");
  if (start instanceof HTMLElement) {
    show(/** @type {HTMLElement} */ (start.parentElement), lesson.start !== "");
    text(one(start, "[data-start-words]"), lesson.start);
    start.dataset.step = String(lesson.resume);
    set(start, { "data-again": lesson.mood === "ended" });
    const over = one(home, "#lab-start-over");
    show(over, lesson.over);
    set(over, { "data-again": lesson.mood === "ended" });
  }
  const reset = root.querySelector("#lab-reset");
  if (reset instanceof HTMLElement) show(reset, lesson.reset);
  set(one(root, "#to-summary"), { "data-settled": lesson.finished });
}

/** @param {HTMLElement} link @param {StepShown} step */
function drawLink(link, step) {
  set(link, { "data-place": step.place, "data-settled": step.settled });
  show(one(link, "[data-number-words]"), !step.settled);
  show(one(link, "[data-tick]"), step.settled);
  text(one(link, "[data-done]"), step.settled ? ", done" : "");
}

// ---- a step

/** @param {HTMLElement} section @param {StepShown} step @param {RunState["mood"]} mood */
function drawStep(section, step, mood) {
  set(section, { "data-place": step.place, "data-phase": step.phase, "data-settled": step.settled });
  // What is waited for and checked would answer what is asked first.
  set(section, {
    "data-asks": step.place === "now" && step.predicts.some(({ open, choice }) => open && choice === null),
  });
  text(one(section, ".kicker [data-done]"), step.done);
  for (const part of section.querySelectorAll("[data-after]")) show(/** @type {HTMLElement} */ (part), step.reveal);
  const reading = step.place === "read" && mood === "none";
  step.predicts.forEach((one_, index) => {
    drawQuestion(section, `#predict-${step.number}-${index}`, one_, reading);
  });
  step.explains.forEach((one_, index) => {
    drawQuestion(section, `#explain-${step.number}-${index}`, one_, reading);
  });
  const form = section.querySelector("form.do");
  if (form instanceof HTMLFormElement) drawActions(form, step.run, step.trouble);
  const task = section.querySelector(".task");
  if (task instanceof HTMLElement) drawTask(task, step);
  step.checks.forEach((check, index) => {
    drawCheck(one(section, `[data-check="${index}"]`), check);
  });
  for (const tool of section.querySelectorAll("[data-tool] > .actions"))
    show(/** @type {HTMLElement} */ (tool), step.live);
  drawHelp(section, step);
  show(one(section, ".later"), !step.reveal);
  drawFoot(section, step);
}

/** @param {HTMLElement} section @param {StepShown} step */
function drawHelp(section, step) {
  const home = one(section, "[data-hints]");
  show(home, step.helps);
  for (const hint of home.querySelectorAll("[data-step-hint]"))
    show(/** @type {HTMLElement} */ (hint), Number(hint.getAttribute("data-step-hint")) < step.hints);
  show(one(home, "[data-act='lab.hint']"), step.hintLabel !== "");
  if (step.hintLabel) text(one(home, "[data-hint-words]"), step.hintLabel);
  show(one(section, "[data-act='lab.show']"), step.show);
}

/** @param {HTMLElement} section @param {StepShown} step */
function drawFoot(section, step) {
  const next = section.querySelector(`#next-${step.number}`);
  if (next instanceof HTMLElement) show(next, step.foot === "next");
  if (next instanceof HTMLButtonElement) {
    const waits = one(section, `#next-wait-${step.number}`);
    next.disabled = step.waits !== "";
    show(waits, step.foot === "next" && step.waits !== "");
    text(waits, step.waits);
  }
  const read = section.querySelector(`#read-next-${step.number}`);
  if (read instanceof HTMLElement) show(read, step.foot === "read");
  const again = one(section, "[id^='again-']");
  show(again, step.again !== "");
  if (step.again) text(one(again, "[data-again-words]"), step.again);
}

// ---- questions

/** @param {HTMLElement} section @param {string} id @param {QuestionShown} shown @param {boolean} reading */
function drawQuestion(section, id, shown, reading) {
  const form = one(section, id);
  set(form, { "data-told": shown.told });
  const options = shown.order
    .map((_, index) => form.querySelector(`[data-option="${index}"]`))
    .filter((each) => !!each);
  arrange(
    one(form, "fieldset"),
    shown.order.map((index) => options[index]),
  );
  options.forEach((option, index) => {
    const input = option.querySelector("input");
    if (!input) return; // a number that something is said to
    set(option, {
      "data-chosen": shown.told && index === shown.chosen,
      "data-said": shown.told && (index === shown.said || (index === shown.right && !shown.measured)),
    });
    answered(form, input, shown, index === shown.chosen);
    input.disabled = !shown.open;
  });
  const number = form.querySelector(".number input");
  if (number instanceof HTMLInputElement) {
    if (shown.choice !== null && form.dataset.drawn !== shown.choice) number.value = shown.choice;
    number.disabled = !shown.open;
  }
  form.dataset.drawn = shown.choice ?? "";
  show(one(form, "fieldset ~ .actions"), shown.open);
  text(one(form, "[id$='-send']"), shown.button);
  show(one(form, ".kept"), shown.kept !== "");
  text(one(form, "[data-kept-words]"), shown.kept);
  drawAnswer(form, shown, options);
  const fold = form.querySelector(".answers");
  if (fold instanceof HTMLElement) show(fold, reading && !shown.told);
}

/** The options stand as the run has drawn them. @param {HTMLElement} home @param {Element[]} options */
function arrange(home, options) {
  const there = home.querySelectorAll("[data-option]");
  if (options.some((option, index) => option !== there[index])) home.append(...options);
}

/** What was answered is chosen, once; what somebody chooses afterwards stays theirs. @param {HTMLElement} form
 * @param {HTMLInputElement} input @param {QuestionShown} shown @param {boolean} chosen */
function answered(form, input, shown, chosen) {
  const changed = (form.dataset.drawn ?? "") !== (shown.choice ?? "");
  if (changed && shown.choice !== null) input.checked = chosen;
}

/** @param {HTMLElement} form @param {QuestionShown} shown @param {Element[]} options */
function drawAnswer(form, shown, options) {
  const home = one(form, ".answer");
  show(home, shown.told);
  const key = JSON.stringify([shown.told, shown.measured, shown.said, shown.chosen, shown.fits, shown.choice]);
  if (home.dataset.drawn === key) return;
  home.dataset.drawn = key;
  one(home, "[data-answer]").replaceChildren(...(shown.told ? answer(shown, options) : []));
}

/** @param {QuestionShown} shown @param {Element[]} options @returns {HTMLElement[]} */
function answer(shown, options) {
  const label = (/** @type {number} */ index) => copies(options[index]?.querySelector("[data-label]"));
  const why = (/** @type {number} */ index) => templated(options[index]?.querySelector("[data-why]"));
  const parts = [];
  if (shown.measured) {
    const says = html("strong", {}, "The kernel says ", ...(shown.said >= 0 ? label(shown.said) : [shown.measured]));
    const chosen = shown.chosen >= 0 ? label(shown.chosen) : [shown.choice ?? ""];
    const yours = shown.choice ? [" ", html("span", { class: "yours" }, "You said ", ...chosen, ".")] : [];
    parts.push(html("p", { class: "says" }, icon("server"), says, ...yours));
    if (options.length > 0 && shown.said < 0)
      parts.push(html("p", {}, "That is none of the answers: something else ran than the lab meant."));
  } else if (shown.asksRun) {
    parts.push(html("p", { class: "says" }, "This run does not say. Something else ran than the lab meant."));
  }
  if (shown.chosen >= 0 && shown.fits === false)
    parts.push(html("p", {}, html("span", { class: "yours" }, ...label(shown.chosen), ":"), " ", ...why(shown.chosen)));
  const so = shown.said >= 0 ? shown.said : shown.right;
  const reason = so >= 0 ? why(so) : [];
  if (reason.length > 0) {
    const named = shown.said < 0 || shown.fits === false ? [html("strong", {}, ...label(so), "."), " "] : [];
    parts.push(html("p", { class: "so" }, ...named, ...reason));
  }
  return parts;
}

/** @param {Element | null | undefined} element */
function copies(element) {
  return element ? [...element.cloneNode(true).childNodes] : [];
}

/** @param {Element | null | undefined} element */
function templated(element) {
  return element instanceof HTMLTemplateElement ? [...element.content.cloneNode(true).childNodes] : [];
}

// ---- actions

/** @param {HTMLFormElement} form @param {ActionsShown} shown @param {string} trouble */
function drawActions(form, shown, trouble) {
  for (const item of form.querySelectorAll("[data-action]")) {
    const { mood, text: words } = shown.actions[Number(item.getAttribute("data-action"))];
    set(item, { "data-mood": mood });
    set(one(item, ".mood"), { "aria-label": mood });
    const input = item.querySelector("input");
    if (input) {
      // What the server has not changed is as its reader left it.
      if (input.dataset.drawn !== words) input.value = words;
      input.dataset.drawn = words;
      input.readOnly = !shown.editable;
    }
    const only = item.querySelector("[data-only]");
    if (only instanceof HTMLElement) show(only, shown.single);
  }
  drawTrouble(form, trouble);
  const button = /** @type {HTMLButtonElement} */ (one(form, "[data-run]"));
  const row = /** @type {HTMLElement} */ (button.parentElement);
  show(row, shown.can !== "");
  button.dataset.run = shown.can;
  button.disabled = shown.blocked;
  text(one(button, "[data-run-words]"), shown.label);
  picture(button, RUN_ICONS[shown.can]);
  const waits = one(row, ".waits-for");
  show(waits, shown.waits !== "");
  text(waits, shown.waits);
  set(button, { "aria-describedby": shown.waits && shown.blocked ? waits.id : null });
}

/** @param {HTMLElement} task @param {StepShown} step */
function drawTask(task, step) {
  show(one(task, "[data-open]"), step.place === "now");
  show(one(task, "[data-closed]"), step.startable);
  drawTrouble(task, step.trouble);
}

/** @param {HTMLElement} home @param {string} trouble */
function drawTrouble(home, trouble) {
  const line = one(home, "[data-trouble]");
  show(line, trouble !== "");
  text(line, trouble);
}

/** @param {Element} button @param {string} name of the icon */
function picture(button, name) {
  const use = button.querySelector("use");
  const href = use?.getAttribute("href") ?? "";
  const wanted = `${href.split("#")[0]}#${name}`;
  if (use && href !== wanted) use.setAttribute("href", wanted);
}

// ---- checks and tools

/** @param {HTMLElement} item @param {CheckShown} check */
function drawCheck(item, check) {
  set(item, { "data-mood": check.mood });
  set(one(item, ".sign"), { "aria-label": check.sign });
  const since = one(item, ".since");
  show(since, check.words !== "");
  text(one(since, "[data-words]"), check.words);
  const seek = one(since, "button");
  show(seek, check.seq > 0);
  text(seek, `seq ${check.seq}`);
  seek.dataset.value = String(check.seq);
  const proof = one(item, ".proof");
  show(proof, check.rows.length > 0);
  const more = check.more > 0 ? [{ key: "more", seq: 0, words: `and ${check.more} more` }] : [];
  join(
    proof,
    [...check.rows, ...more],
    (row) => `${row.seq} ${row.key}`,
    (row) =>
      row.key === "more"
        ? html("li", { class: "more" })
        : html("li", {}, html("button", { type: "button", class: "link", title: "The evidence" })),
    (line, row) => {
      const button = line.querySelector("button");
      set(button ?? line, { "data-evidence-key": button ? row.key : null });
      text(button ?? line, row.words);
    },
  );
  for (const hint of item.querySelectorAll("[data-hint]"))
    show(/** @type {HTMLElement} */ (hint), check.hints.includes(Number(hint.getAttribute("data-hint"))));
}

/** @param {HTMLElement} home @param {{pid: number, detail: string}} tool @param {Printed} printed */
function drawTool(home, tool, printed) {
  drawTrouble(home, tool.detail);
  const output = one(home, ".output");
  show(output, tool.pid > 0);
  if (tool.pid > 0) text(output, printed(tool.pid).trimEnd() || "…");
}

// ---- the summary

/** @param {HTMLElement} root @param {LessonShown} lesson @param {RunState} state */
function drawSummary(root, lesson, state) {
  const home = one(root, "#summary");
  text(one(home, "[data-finished-words]"), lesson.finished ? "You have done this lab" : "At the end");
  for (const line of home.querySelectorAll("[data-bet]")) {
    const key = line.getAttribute("data-bet") ?? "";
    const [step, , index] = key.split(" ").map(Number);
    const options = [...root.querySelectorAll(`#predict-${step}-${index} .option`)];
    drawBet(line, state.answers[key], options);
  }
}

/**
 * A prediction in the summary: what was said, and what is true.
 * @param {Element} line
 * @param {import("../log/lab_protocol.js").GivenAnswer | undefined} given
 * @param {Element[]} options
 */
function drawBet(line, given, options) {
  const drawn = JSON.stringify(given ?? null);
  if (line.getAttribute("data-drawn") === drawn) return;
  line.setAttribute("data-drawn", drawn);
  const named = (/** @type {string} */ choice) => {
    const option = options.find((each) => each.querySelector("input")?.value === choice);
    return option ? copies(option.querySelector("[data-label]")) : [choice];
  };
  const yours = !given ? ["–"] : given.choice === "" ? ["I don't know"] : named(given.choice);
  one(line, "[data-yours]").replaceChildren(...yours);
  const kernel = one(line, "[data-kernel]");
  set(kernel, { "data-fits": given?.fits === true });
  if (!given || (given.fits === null && given.measured === null)) kernel.replaceChildren("–");
  else if (given.measured !== null) kernel.replaceChildren(...named(given.measured));
  else kernel.replaceChildren(...named(rightOf(options) ?? "–"), " ", html("small", {}, "(not measured)"));
}

/** The lab's own answer, as "Read the answers" marks it. @param {Element[]} options */
function rightOf(options) {
  const right = options.find((option) => option.hasAttribute("data-right"));
  return right ? /** @type {HTMLInputElement} */ (one(right, "input")).value : null;
}

/** @param {HTMLElement} element @param {boolean} shown */
function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}
