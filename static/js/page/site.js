// What every page has: the theme. It is kept in a cookie, so that the server's first paint is right already.

import { keepForServer } from "../dom/kept.js";
import { text } from "../dom/svg.js";

const THEMES = ["auto", "light", "dark", "projector"];

/** @param {string} theme */
export function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  keepForServer("theme", theme);
  for (const name of document.querySelectorAll("[data-theme-name]")) text(name, theme);
}

export function nextTheme() {
  const current = THEMES.indexOf(document.documentElement.dataset.theme ?? "auto");
  setTheme(THEMES[(current + 1) % THEMES.length]);
}

/** Makes the theme's button work; all that a page without a stage needs. */
export function start() {
  document.querySelector('[data-action="theme"]')?.addEventListener("click", nextTheme);
}
