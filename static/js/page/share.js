// Share: the link by which others may watch a sandbox or a lab run, and the way to take it back.

import { one } from "../dom/svg.js";
import { copied } from "./exports.js";

const NO_ANSWER = "The server does not answer. Try again in a moment.";
const TAKEN_BACK =
  "Taken back: the link opens nothing any more, and whoever watched by it is told so. Copy makes a new one.";

/** Where the screen's sandbox or run is shared. @type {WeakMap<HTMLElement, string>} */
const homes = new WeakMap();

/**
 * Offers to share what a screen shows.
 * @param {HTMLElement} root of the screen
 * @param {string} address of the sandbox or the run
 */
export function offerShare(root, address) {
  const button = /** @type {HTMLElement | null} */ (root.querySelector("[data-share]"));
  if (!button) return;
  const bound = homes.has(root);
  homes.set(root, `${address}/share`);
  button.hidden = false;
  if (bound) return;
  for (const act of root.querySelectorAll("[data-share-act]"))
    act.addEventListener("click", async () => {
      const words = await (act.getAttribute("data-share-act") === "copy" ? copy(root) : takeBack(root));
      one(root, "[data-shared]").textContent = words;
    });
}

/** @param {HTMLElement} root */
async function copy(root) {
  const answer = await ask(root, "POST");
  if (!answer?.ok) return refusal(answer);
  const { watch } = await answer.json();
  return copied(new URL(watch, location.href).href);
}

/** @param {HTMLElement} root */
async function takeBack(root) {
  const answer = await ask(root, "DELETE");
  return answer?.ok ? TAKEN_BACK : refusal(answer);
}

/** @param {HTMLElement} root @param {"POST" | "DELETE"} method */
function ask(root, method) {
  return fetch(homes.get(root) ?? "", { method }).catch(() => null);
}

/** @param {Response | null} answer */
async function refusal(answer) {
  const problem = await answer?.json().catch(() => null);
  return problem ? `${problem.detail} ${problem.hint ?? ""}`.trim() : NO_ANSWER;
}
