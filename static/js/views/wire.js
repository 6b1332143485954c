// What the wire does, as sliders: they stand as the log says, and what a person moves is sent.

import { text } from "../dom/svg.js";

/** @typedef {{delay_ms: number, jitter_ms: number, loss: number, neighbours: boolean}} Values */

/** @type {import("./panels.js").Panel} */
export const wire = {
  name: "wire",
  place: "[data-wire]",
  mount: (home, desk) => {
    const form = /** @type {HTMLFormElement} */ (home);
    form.addEventListener("input", () => say(form));
    return { draw: () => draw(form, desk.log.head.state.wire) };
  },
};

/** What the sliders say: ms, ms, a share. @param {HTMLFormElement} form @returns {Values} */
export function wireOf(form) {
  const value = (/** @type {string} */ name) => Number(field(form, name).value);
  return {
    delay_ms: value("delay_ms"),
    jitter_ms: value("jitter_ms"),
    loss: value("loss") / 100,
    neighbours: field(form, "neighbours").checked,
  };
}

/** @param {HTMLFormElement} form @param {import("../log/state.js").Wire} wire */
function draw(form, { delay_ms, jitter_ms, loss, neighbours }) {
  const values = { delay_ms, jitter_ms, loss: Math.round(100 * loss) };
  for (const [name, value] of Object.entries(values)) {
    const input = field(form, name);
    if (document.activeElement === input) continue; // a person is about to move it
    input.max = String(Math.max(Number(input.max), value));
    input.value = String(value);
  }
  field(form, "neighbours").checked = neighbours;
  say(form);
}

/** @param {HTMLFormElement} form */
function say(form) {
  for (const output of form.querySelectorAll("output")) {
    const name = output.dataset.of ?? "";
    text(output, `${field(form, name).value} ${name === "loss" ? "%" : "ms"}`);
  }
}

/** @param {HTMLFormElement} form @param {string} name @returns {HTMLInputElement} */
function field(form, name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}
