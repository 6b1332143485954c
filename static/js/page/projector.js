// What the whole window shows, however many screens it has: the projector view, full screen, and black.

/** @typedef {import("./screen.js").Screen} Screen */

/** How the window shows its screens: on a projector, and there with or without the ladder. */
export function projection() {
  const { view, wall } = document.documentElement.dataset;
  return { on: view === "projector", ladder: wall === "ladder" };
}

/** To the projector view and back. @param {Screen} screen */
export function toProjector(screen) {
  const root = document.documentElement;
  const on = !projection().on;
  if (on) {
    root.dataset.before = root.dataset.theme ?? "auto";
    root.dataset.view = "projector";
    root.dataset.theme = "projector";
  } else {
    delete root.dataset.view;
    root.dataset.theme = root.dataset.before;
  }
  for (const button of document.querySelectorAll('[data-action="projector"]'))
    button.setAttribute("aria-pressed", String(on));
  screen.clock.touch();
}

/** On a projector: with the ladder below the stage, or without. @param {Screen} screen */
export function ladderOnProjector(screen) {
  const root = document.documentElement;
  if (projection().ladder) delete root.dataset.wall;
  else root.dataset.wall = "ladder";
  screen.clock.touch();
}

/**
 * The black screen, so that the audience looks at the presenter; the next key or click brings the picture back.
 * @param {boolean} [wanted]
 * @returns {boolean} whether it is black
 */
export function black(wanted) {
  const root = document.documentElement;
  if (wanted !== undefined) {
    root.toggleAttribute("data-black", wanted);
    if (wanted) document.addEventListener("click", bringBack, true);
    else document.removeEventListener("click", bringBack, true);
  }
  return root.hasAttribute("data-black");
}

/** Nobody acts on what nobody sees: the click does nothing else. @param {Event} event */
function bringBack(event) {
  black(false);
  event.preventDefault();
  event.stopPropagation();
}

export function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}
