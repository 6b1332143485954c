// A sandbox on a screen: its stream, the files of its run, and its hosts in the form that starts any program.

import { one } from "../dom/svg.js";
import { Streams } from "../log/stream.js";
import { offerDownloads } from "./exports.js";
import { offerShare } from "./share.js";

/**
 * Follows a sandbox.
 * @param {import("./screen.js").Screen} screen
 * @param {string} id
 * @param {string} [key] what opens it to somebody who only watches
 */
export function connect(screen, id, key = "") {
  screen.follow((face) => new Streams(key).follow(id, face));
  const query = key ? `?key=${encodeURIComponent(key)}` : "";
  offerDownloads(screen.root, `/api/sandboxes/${id}${query}`, `socketlab-${id}`);
  if (!key) offerShare(screen.root, `/api/sandboxes/${id}`);
}

/** The forms for programs and hosts, where there are any, offer the hosts that there are. @param {HTMLElement} root @param {string[]} names */
export function offerHosts(root, names) {
  for (const select of /** @type {NodeListOf<HTMLSelectElement>} */ (
    root.querySelectorAll("form select[name='host']")
  )) {
    const known = [...select.options].map((option) => option.value);
    for (const name of names) if (!known.includes(name)) select.add(new Option(name));
  }
  const query = names.map((name) => `hosts=${encodeURIComponent(name)}`).join("&");
  for (const name of ["catalogue", "hosts"]) {
    const place = root.querySelector(`[data-${name}]`);
    if (!place) continue;
    place.setAttribute("hx-get", `/panels/${name}?${query}`);
    /** @type {any} */ (window).htmx?.process(place);
  }
}

/**
 * Offers the files of a lab run: its own recording, and what else its sandbox's log can be taken along as.
 * @param {HTMLElement} root of the screen
 * @param {string} run
 * @param {string} sandbox
 * @param {string} name what the files are called
 */
export function offerRun(root, run, sandbox, name) {
  offerDownloads(root, `/api/sandboxes/${sandbox}`, name);
  const recording = /** @type {HTMLAnchorElement} */ (one(root, '[data-download="recording.jsonl.gz"]'));
  recording.href = `/api/runs/${run}/recording.jsonl.gz`;
}
