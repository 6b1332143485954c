// A lab's page: the lesson at the left, which the server writes and htmx puts in its place, and the screen at the
// right, which follows the sandbox. They talk by DOM events: "lab:grown" when the log has grown, "lab:sandbox" when
// there is a new sandbox, "lab:go" when it goes on to another step. Nothing here knows what a step says.

import { html, one } from "../dom/svg.js";
import { Address } from "./address.js";
import { connect, offerHosts } from "./sandbox.js";
import { Screen } from "./screen.js";
import { start as startSite } from "./site.js";

/** @type {HTMLElement} */
let main;
/** @type {Screen} */
let screen;
/** So soon after an event the checks are asked for; and no more often than this. */
const SOON_MS = 120;
/** After so long without a change of the step, its hints are offered aloud. */
const STUCK_MS = 45000;

/** @type {Set<string>} ids of the steps that have been seen to come true */
let settled = new Set();
/** @type {MediaQueryList} */
let narrow;
let connected = "";
let growing = 0;
let stuck = 0;
/** The step that the learner is at, as far as this page knows. */
let at = 0;
let whole = false;

/** @type {import("./screen.js").Page} */
const page = {
  recorded: false,
  opening: () =>
    connected
      ? "Nothing runs. Press Run in the lesson."
      : "Nothing runs yet. Start the lab, and its hosts come to life.",
  link: (state) =>
    ({
      connecting: "Connecting …",
      open: "Connected",
      lost: "Connection lost",
      ended: "The sandbox has ended",
      refused: "Not available",
      recording: "",
    })[state],
  instead: () => {
    const button = html("button", { type: "button", class: "button primary" }, "Go on with new hosts");
    button.addEventListener("click", () => one(document, "#lab-start").click());
    return [button];
  },
  name: () => main.dataset.lab ?? "lab",
  address: new Address(),
  onLink: (state) => {
    if (state === "ended" || state === "refused") grown();
  },
  onEvents: (known) => {
    const { order } = screen.log.head.places;
    if (order.length !== known) offerHosts(screen.root, order);
    grow();
  },
};

// ---- the log has grown

function grow() {
  if (!growing)
    growing = window.setTimeout(() => {
      growing = 0;
      grown();
    }, SOON_MS);
}

function grown() {
  document.body.dispatchEvent(new CustomEvent("lab:grown"));
}

// ---- which step is shown

/** @returns {HTMLElement[]} */
function sections() {
  return [...document.querySelectorAll(".lesson .step")].map((section) => /** @type {HTMLElement} */ (section));
}

/** The section that the address names, or else the step that the learner is at. */
function wanted() {
  const named = location.hash.slice(1);
  return sections().find((section) => section.id === named)?.id ?? `step-${at}`;
}

/** In one go or step by step: what is not shown is not there for anybody. */
function arrange() {
  const shown = wanted();
  for (const section of sections()) section.hidden = !whole && section.id !== shown;
  one(document, "#intro").hidden = !whole && shown !== "step-1";
  for (const link of document.querySelectorAll("#lab-steps a")) {
    const current = link.getAttribute("href") === `#${shown}` && !whole;
    if (current) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
  one(document, "#read-whole").setAttribute("aria-pressed", String(whole));
}

/** To the top of what is shown, with the focus, as after a link. */
function arrive() {
  arrange();
  const section = document.getElementById(wanted());
  if (!section) return;
  one(document, "#lesson").scrollTo({ top: whole ? section.offsetTop - one(document, "#lesson").offsetTop : 0 });
  section.focus({ preventScroll: true });
}

/** @param {number} number */
function go(number) {
  at = number;
  whole = false;
  if (location.hash === `#step-${number}`) arrive();
  else location.hash = `step-${number}`;
}

// ---- what the server says

/** @param {Event} event */
function sandboxCame(event) {
  const { id, step } = /** @type {CustomEvent} */ (event).detail;
  show(id, step);
}

/**
 * @param {string} id of a sandbox
 * @param {number} step
 */
function show(id, step) {
  whole = false;
  if (connected === id) {
    go(step);
  } else if (connected) {
    // Another log: the screen starts again.
    connected = id;
    history.replaceState(null, "", `${location.pathname}#step-${step}`);
    location.reload();
  } else {
    connected = id;
    document.querySelector("[data-preview]")?.remove();
    at = step;
    connect(screen, id);
    go(step);
  }
}

/** The parts have been put in their places. @param {Event} event */
function changed(event) {
  const pulse = one(document, "#pulse");
  if ("restless" in pulse.dataset && /** @type {CustomEvent} */ (event).detail.successful) grow();
  const before = at;
  at = Number(pulse.dataset.at);
  if (at !== before) stuckLater();
  const sandbox = pulse.dataset.sandbox ?? "";
  if (sandbox && sandbox !== connected) show(sandbox, at); // it was begun in another window
  const said = pulse.dataset.said ?? "";
  const status = one(document, "[data-lab-status]");
  if (said && status.textContent !== said) {
    status.textContent = said;
    stuckLater();
  }
  arrange();
  if (!narrow.matches) return;
  // On a phone the lesson stands below the stage: who is told something must be able to see it.
  const refusal = one(document, "#lab-refusal");
  if (!refusal.hidden) refusal.scrollIntoView({ block: "nearest" });
}

// ---- what somebody is about to do, while parts of the page change

/** @typedef {HTMLInputElement | HTMLSelectElement} Field */

/** @type {{id: string, was: string, now: string}[]} what was chosen or typed, and not sent yet */
let unsent = [];
let pressed = false;

/** A field as the server wrote it, and as it is. @param {Field} field */
function asWritten(field) {
  if (field instanceof HTMLSelectElement)
    return [...field.options].find((option) => option.defaultSelected)?.value ?? "";
  return isChoice(field) ? String(field.defaultChecked) : field.defaultValue;
}

/** @param {Field} field */
function asItIs(field) {
  if (field instanceof HTMLInputElement && isChoice(field)) return String(field.checked);
  return field.value;
}

/** @param {HTMLInputElement} field */
function isChoice(field) {
  return field.type === "radio" || field.type === "checkbox";
}

/** @param {Element} part */
function fields(part) {
  return [.../** @type {NodeListOf<Field>} */ (part.querySelectorAll("input[id], select[id]"))];
}

/** @param {Event} event */
function aboutToSwap(event) {
  const part = /** @type {Element} */ (event.target);
  for (const field of fields(part)) {
    const [was, now] = [asWritten(field), asItIs(field)];
    if (was !== now) unsent.push({ id: field.id, was, now });
  }
}

/** What the server has not changed is as its reader left it. */
function putBack() {
  for (const { id, was, now } of unsent) {
    const field = /** @type {Field | null} */ (document.getElementById(id));
    if (!field || field.disabled || asWritten(field) !== was) continue;
    if (field instanceof HTMLInputElement && isChoice(field)) field.checked = now === "true";
    else field.value = now;
  }
  unsent = [];
}

/** Nothing is put in the place of a button while it is being pressed: its click would be lost. @param {Event} event */
function beforeSwap(event) {
  const { detail } = /** @type {CustomEvent} */ (event);
  if (pressed && detail.elt.id === "pulse") detail.shouldSwap = false;
}

/** @param {Event} event */
function press(event) {
  pressed = event instanceof KeyboardEvent ? event.key === " " : /** @type {PointerEvent} */ (event).button === 0;
}

/** The click comes after this. */
function letGo() {
  window.setTimeout(() => {
    if (pressed) grow();
    pressed = false;
  });
}

/** A step that has come true shows what the kernel said, wherever the learner has scrolled to. @param {Event} event */
function swapped(event) {
  putBack();
  arrange();
  const section = /** @type {HTMLElement} */ (event.target);
  if (!section.matches?.(".step[data-settled][data-place=now]") || settled.has(section.id)) return;
  settled.add(section.id);
  const answer = section.querySelector('[data-kind="predict"] .says') ?? section.querySelector(".checks");
  if (!section.hidden) answer?.scrollIntoView({ block: "nearest" });
}

/** Who has not got on for a while is offered a hint; nothing is taken away by it. */
function stuckLater() {
  window.clearTimeout(stuck);
  delete main.dataset.stuck;
  stuck = window.setTimeout(() => {
    main.dataset.stuck = "";
  }, STUCK_MS);
}

function unanswered() {
  const refusal = one(document, "#lab-refusal");
  refusal.textContent = "The server does not answer. Nothing was done. Is it running? Then try again.";
  refusal.hidden = false;
}

/** The lesson is a tab where it has no column of its own; then it, and not the ladder, is what is shown first. */
function markTab() {
  const tab = main.dataset.tab === "lesson" && !narrow.matches ? "ladder" : main.dataset.tab;
  for (const button of document.querySelectorAll("button[data-tab]"))
    button.setAttribute("aria-pressed", String(button.getAttribute("data-tab") === tab));
}

/** Makes the page work. */
export function start() {
  startSite();
  main = one(document, "main");
  narrow = window.matchMedia("(width < 900px)");
  settled = new Set(sections().flatMap((section) => ("settled" in section.dataset ? [section.id] : [])));
  at = Number(main.dataset.at);
  whole = main.dataset.reading === "whole";
  screen = new Screen(document.body, page);
  markTab();
  narrow.addEventListener("change", markTab);
  document.body.addEventListener("lab:sandbox", sandboxCame);
  document.body.addEventListener("lab:go", (event) => go(/** @type {CustomEvent} */ (event).detail.step));
  document.body.addEventListener("htmx:afterRequest", changed);
  document.body.addEventListener("htmx:sendError", unanswered);
  document.body.addEventListener("htmx:oobBeforeSwap", aboutToSwap);
  document.body.addEventListener("htmx:oobAfterSwap", swapped);
  document.body.addEventListener("htmx:beforeSwap", beforeSwap);
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, press, true);
  for (const kind of ["pointerup", "pointercancel", "keyup"]) document.addEventListener(kind, letGo, true);
  window.addEventListener("blur", letGo);
  window.addEventListener("hashchange", arrive);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-read]")) return;
    whole = !whole;
    arrive();
  });
  const sandbox = main.dataset.sandbox ?? "";
  if (sandbox) {
    connected = sandbox;
    connect(screen, sandbox);
  }
  if (location.hash && document.getElementById(location.hash.slice(1))?.matches(".step")) arrive();
  else arrange();
  stuckLater();
}
