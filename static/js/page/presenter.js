// The presenter's window: what the room sees, what comes next, the notes and a clock; its buttons press those of the window
// that shows the lab.

import { one, set, text } from "../dom/svg.js";
import { PresenterEnd } from "./presenting.js";
import { start as startSite } from "./site.js";

/** @typedef {import("./presenting.js").Press} Press */
/** @typedef {import("./presenting.js").RoomView} RoomView */

/** Who does not answer for so long is gone. */
const ALONE_MS = 5000;
/** @type {Record<string, Press>} as in the window that shows the lab */
const KEYS = {
  ArrowRight: "next",
  PageDown: "next",
  n: "next",
  ArrowLeft: "back",
  PageUp: "back",
  p: "back",
  b: "black",
  ".": "black",
  m: "timer",
};

export function start() {
  startSite();
  const main = one(document, "main");
  const began = Date.now();
  let heard = 0;

  /** @param {RoomView} view */
  function shows(view) {
    heard = Date.now();
    one(main, "[data-alone]").hidden = true;
    text(one(main, "[data-where]"), view.where);
    text(one(main, "[data-sentence]"), view.sentence);
    text(one(main, "[data-label]"), view.label);
    text(one(main, "[data-ahead]"), view.ahead);
    text(one(main, "[data-time]"), view.time);
    set(one(main, "[data-do='black']"), { "aria-pressed": String(view.black) });
    set(one(main, "[data-do='timer']"), { "aria-pressed": String(view.time !== "") });
    for (const article of main.querySelectorAll("[data-step]"))
      set(article, { hidden: Number(article.getAttribute("data-step")) !== view.step });
  }

  const end = new PresenterEnd(main.dataset.window ?? "", shows);
  main.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("[data-do]") : null;
    if (button) end.press(/** @type {Press} */ (button.getAttribute("data-do")));
  });
  document.addEventListener("keydown", (event) => {
    const press = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    if (!press) return;
    event.preventDefault();
    end.press(press);
  });
  window.setInterval(() => {
    text(one(document, "[data-clock]"), new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    text(one(document, "[data-since]"), sinceWords(Date.now() - began));
    end.hello();
    if (Date.now() - Math.max(began, heard) > ALONE_MS) one(main, "[data-alone]").hidden = false;
  }, 1000);
}

/** @param {number} ms */
function sinceWords(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
