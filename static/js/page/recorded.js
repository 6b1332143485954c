// The page where it shows a recording: where the recording comes from, what the page says about it, and the files that it is saved as.

import { html, icon, one, text } from "../dom/svg.js";
import { REASON, Replay } from "../log/replay.js";
import { offerDownloads, offerRecording } from "./exports.js";

/** @typedef {import("./screen.js").Screen} Screen */

/**
 * @param {Screen} screen
 * @param {string} source an address, "file" (the visitor's own) or "page" (it is in the page)
 * @returns {Replay}
 */
export function openRecording(screen, source) {
  const { root } = screen;
  const replay = screen.follow((face) => new Replay(face));
  root.dataset.recorded = "";
  // The link's state must not change before the caller has the replay.
  queueMicrotask(() => {
    if (source === "file") askForFile(replay, root);
    else if (source === "page") replay.unpack(one(root, "[data-held]").textContent.trim());
    else replay.fetch(source);
  });
  return replay;
}

/**
 * A button that opens a file; a file may also be dropped anywhere on the screen.
 * @param {Replay} replay
 * @param {HTMLElement} root
 */
function askForFile(replay, root) {
  const home = one(root, "[data-overlay]");
  const input = html("input", { type: "file", accept: ".jsonl,.gz", class: "hush", "data-open": true });
  const open = (/** @type {File | undefined} */ file) => {
    if (!file || replay.state === "recording") return;
    entitle(root, file.name);
    replay.open(file);
  };
  input.addEventListener("change", () => open(input.files?.[0]));
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    open(event.dataTransfer?.files[0]);
  });
  home.hidden = false;
  home.dataset.asks = "";
  home.replaceChildren(
    html("p", {}, "Drop a recording here, or"),
    html("label", { class: "button primary file" }, icon("folder-open"), "choose a file", input),
  );
}

/**
 * Says what is shown, and offers it as files.
 * @param {Screen} screen
 * @param {Replay} replay
 * @param {string} downloads what the addresses of the server's files begin with; empty: there are none
 */
export function introduce({ root, log }, replay, downloads) {
  const { title } = replay.header;
  if (title) entitle(root, title);
  const seconds = ((log.event(log.end)?.t ?? 0) / 1e9).toFixed(1);
  const date = replay.date ? `, recorded ${replay.date}` : "";
  text(one(root, "[data-about]"), `${log.end} events in ${seconds} s${date}.`);
  text(one(root, "[data-reason]"), REASON);
  const name = fileName(one(root, "[data-title]").textContent ?? "");
  if (downloads) offerDownloads(root, downloads, name);
  else if (replay.bytes) offerRecording(root, replay.bytes, name);
}

/** @param {HTMLElement} root @param {string} title */
function entitle(root, title) {
  for (const heading of root.querySelectorAll("[data-title]")) text(heading, title);
  document.title = `${title} · Socketlab`;
}

/** A title as the name of a file. @param {string} title */
export function fileName(title) {
  const name = title
    .toLowerCase()
    .replace(/\.jsonl(\.gz)?$/, "")
    .replace(/[^a-z0-9]+/g, "-");
  return name.replace(/^-|-$/g, "").slice(0, 60) || "recording";
}
