// A lab's page: the lesson at the left, which the server writes and htmx puts in its place, and the screen at the
// right, which follows the sandbox. They talk by DOM events: "lab:grown" when the log has grown, "lab:sandbox" when
// there is a new sandbox, "lab:go" when it goes on to another step. Nothing here knows what a step says.

import { connect, log, offerHosts, openScreen } from "./screen.js";
import { html, one } from "./svg.js";

const main = one("main");
const name = main.dataset.lab ?? "lab";
/** So soon after an event the checks are asked for; and no more often than this. */
const SOON_MS = 120;
/** After so long without a change of the step, its hints are offered aloud. */
const STUCK_MS = 45000;

/** @type {Set<string>} ids of the steps that have been seen to come true */
const settled = new Set(sections().flatMap((section) => ("settled" in section.dataset ? [section.id] : [])));
const narrow = window.matchMedia("(width < 900px)");
let connected = "";
let growing = 0;
let stuck = 0;
/** The step that the learner is at, as far as this page knows. */
let at = Number(main.dataset.at);
let whole = main.dataset.reading === "whole";

/** @type {import("./screen.js").Page} */
const page = {
  recorded: false,
  opening: () => "Nothing runs. Press Run in the lesson.",
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
    button.addEventListener("click", () => one("#lab-start").click());
    return [button];
  },
  name: () => name,
  onLink: (state) => {
    if (state === "ended" || state === "refused") grown();
  },
  onEvents: (known) => {
    const { order } = log.head.places;
    if (order.length !== known) offerHosts(order);
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
  one("#intro").hidden = !whole && shown !== "step-1";
  for (const link of document.querySelectorAll("#lab-steps a")) {
    const current = link.getAttribute("href") === `#${shown}` && !whole;
    if (current) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
  one("#read-whole").setAttribute("aria-pressed", String(whole));
}

/** To the top of what is shown, with the focus, as after a link. */
function arrive() {
  arrange();
  const section = document.getElementById(wanted());
  if (!section) return;
  one("#lesson").scrollTo({ top: whole ? section.offsetTop - one("#lesson").offsetTop : 0 });
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
  whole = false;
  if (connected === id) {
    go(step);
  } else if (connected) {
    // Another log: everything on the screen begins anew.
    history.replaceState(null, "", `${location.pathname}#step-${step}`);
    location.reload();
  } else {
    connected = id;
    at = step;
    connect(id);
    go(step);
  }
}

/** The parts have been put in their places. */
function changed() {
  const pulse = one("#pulse");
  const before = at;
  at = Number(pulse.dataset.at);
  if (at !== before) stuckLater();
  const said = pulse.dataset.said ?? "";
  const status = one("[data-lab-status]");
  if (said && status.textContent !== said) {
    status.textContent = said;
    stuckLater();
  }
  arrange();
  if (!narrow.matches) return;
  // On a phone the lesson stands below the stage: who is told something must be able to see it.
  const refusal = one("#lab-refusal");
  if (!refusal.hidden) refusal.scrollIntoView({ block: "nearest" });
}

/** A step that has come true shows what the kernel said, wherever the learner has scrolled to. @param {Event} event */
function swapped(event) {
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
  const refusal = one("#lab-refusal");
  refusal.textContent = "The server does not answer. Nothing was done. Is it running? Then try again.";
  refusal.hidden = false;
}

/** The lesson is a tab where it has no column of its own; then it, and not the ladder, is what is shown first. */
function markTab() {
  const tab = main.dataset.tab === "lesson" && !narrow.matches ? "ladder" : main.dataset.tab;
  for (const button of document.querySelectorAll("button[data-tab]"))
    button.setAttribute("aria-pressed", String(button.getAttribute("data-tab") === tab));
}

function begin() {
  openScreen(page);
  markTab();
  narrow.addEventListener("change", markTab);
  document.body.addEventListener("lab:sandbox", sandboxCame);
  document.body.addEventListener("lab:go", (event) => go(/** @type {CustomEvent} */ (event).detail.step));
  document.body.addEventListener("htmx:afterRequest", changed);
  document.body.addEventListener("htmx:sendError", unanswered);
  document.body.addEventListener("htmx:oobAfterSwap", swapped);
  window.addEventListener("hashchange", arrive);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-read]")) return;
    whole = !whole;
    arrive();
  });
  const sandbox = main.dataset.sandbox ?? "";
  if (sandbox) {
    connected = sandbox;
    connect(sandbox);
  }
  if (location.hash && document.getElementById(location.hash.slice(1))?.matches(".step")) arrive();
  else arrange();
  stuckLater();
}

begin();
