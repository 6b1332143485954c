// The keyboard: one table, shown on "?" and carried out here. Single letters can be switched off (WCAG 2.1.4).

import { keep, kept } from "../dom/kept.js";
import { html } from "../dom/svg.js";

/** @typedef {{keys: string[], words: string, act: (event: KeyboardEvent) => void, single?: boolean}} Binding */

const STORE = "single-letter-keys";

/** @type {HTMLElement[]} the screens of this page, the one that was used last first */
const screens = [];

/**
 * @param {HTMLElement} root of the screen
 * @param {Binding[]} bindings
 * @param {HTMLElement} list where the table goes
 * @param {HTMLInputElement} toggle the switch for single letters
 */
export function bindKeys(root, bindings, list, toggle) {
  screens.push(root);
  for (const type of ["pointerdown", "focusin"]) root.addEventListener(type, () => use(root));
  toggle.checked = kept(STORE) !== "off";
  toggle.addEventListener("change", () => keep(STORE, toggle.checked ? "on" : "off"));
  list.replaceChildren(
    ...bindings.map(({ keys, words }) =>
      html(
        "tr",
        {},
        html(
          "th",
          { scope: "row" },
          ...keys.flatMap((key, index) => [index > 0 ? " " : "", html("kbd", {}, name(key))]),
        ),
        html("td", {}, words),
      ),
    ),
  );
  document.addEventListener("keydown", (event) => {
    if (
      event.defaultPrevented ||
      screens[0] !== root ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      document.querySelector("dialog[open]")
    )
      return;
    const pressed = event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key;
    const letter = pressed.length === 1 && /[a-z]/i.test(pressed);
    const binding = bindings.find(({ keys }) =>
      keys.some((key) => (letter ? key.toLowerCase() === pressed.toLowerCase() : key === pressed)),
    );
    if (!binding || writes(event.target)) return;
    if (pressed.length === 1 && pressed !== " " && pressed !== "?" && !toggle.checked) return;
    if (pressed === " " && holds(event.target, "button, a, input, summary, [role=listbox], .rows")) return;
    if (/^(Shift\+)?Arrow/.test(pressed) && holds(event.target, "input, [role=listbox], .rows")) return;
    event.preventDefault();
    binding.act(event);
  });
}

/** Keys go to the screen that has the focus; if none has, to the one that was used last. @param {HTMLElement} root */
function use(root) {
  screens.splice(screens.indexOf(root), 1);
  screens.unshift(root);
}

/** Whether letters belong to what has the focus. @param {EventTarget | null} target */
function writes(target) {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type);
}

/** Whether a key belongs to what has the focus. @param {EventTarget | null} target @param {string} kinds that use it */
function holds(target, kinds) {
  return target instanceof Element && target.closest(kinds) !== null;
}

/** @param {string} key */
function name(key) {
  const names = /** @type {Record<string, string>} */ ({
    ArrowRight: "→",
    ArrowLeft: "←",
    "Shift+ArrowRight": "Shift →",
    "Shift+ArrowLeft": "Shift ←",
    "Shift+ArrowUp": "Shift ↑",
    "Shift+ArrowDown": "Shift ↓",
    " ": "Space",
    PageDown: "Page down",
    PageUp: "Page up",
    Escape: "Esc",
  });
  return names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
