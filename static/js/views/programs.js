// The programs that run, with what a person can do to each: send a line, close its input, stop it, kill it.
// A card lives as long as its process, so that what is being typed stays.

import { html, icon, join, one, set, text } from "../dom/svg.js";
import { failure } from "../words/failure.js";
import { programName } from "../words/programs.js";

/** @typedef {import("../log/state.js").Process} Process */
/** @typedef {import("../log/log.js").Log} Log */

const MOST_ENDED = 3;
const MOST = 40;

/** @type {import("./panels.js").Panel} */
export const programs = {
  name: "programs",
  place: "[data-programs]",
  mount: (home, desk) => ({
    draw: ({ scene }) => draw(home, scene, desk.log, desk.acts),
    forget: () => home.replaceChildren(),
  }),
};

/**
 * @param {HTMLElement} home
 * @param {import("../log/log.js").Scene} scene
 * @param {Log} log
 * @param {boolean} acts
 */
function draw(home, { state }, log, acts) {
  const pids = Object.keys(state.processes);
  const running = pids.filter((pid) => state.processes[pid].status !== "exited");
  const ended = pids.filter((pid) => state.processes[pid].status === "exited").slice(-MOST_ENDED);
  const listening = Object.values(log.head.places.hosts).flatMap((host) => Object.keys(host.listening));
  const listeners = new Set(
    listening.flatMap((cookie) => (state.sockets[cookie]?.owners ?? []).map((owner) => String(owner.pid))),
  );
  join(
    home,
    [...running.slice(0, MOST), ...ended.reverse()],
    (pid) => pid,
    (pid) => create(pid, state.processes[pid]),
    (card, pid) => update(card, pid, state.processes[pid], listeners.has(pid), log, state.seq, acts),
  );
}

/**
 * @param {string} pid
 * @param {Process} process
 */
function create(pid, process) {
  const line = html("input", {
    name: "text",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": `Text for ${programName(process)}, pid ${pid}`,
    placeholder: "a line of text",
  });
  const send = html("button", { class: "button small", type: "submit" }, icon("send"), "Send");
  const close = act("input-end", pid, "Close", "Closes its standard input: a client then closes its connection");
  const name = html("button", { type: "button", class: "link name", "data-evidence-key": `process:${pid}` });
  const ends = html(
    "span",
    { class: "ends" },
    act("signal-INT", pid, "Stop", "SIGINT, as Ctrl-C does"),
    act("signal-KILL", pid, "Kill", "SIGKILL: the kernel ends it at once"),
  );
  return html(
    "article",
    { class: "program" },
    html("header", { class: "pane-head" }, html("h2", {}, name), ends),
    html("pre", { class: "said", hidden: true }),
    html("p", { class: "failure", "data-failure": true, hidden: true }),
    html("form", { class: "line", "data-input": pid }, line, send, close),
  );
}

/**
 * @param {string} what
 * @param {string} pid
 * @param {string} words
 * @param {string} title
 */
function act(what, pid, words, title) {
  return html("button", { type: "button", class: "button small", "data-ask": what, "data-value": pid, title }, words);
}

/**
 * @param {HTMLElement} card
 * @param {string} pid
 * @param {Process} process
 * @param {boolean} listens
 * @param {Log} log
 * @param {number} seq
 * @param {boolean} acts
 */
function update(card, pid, process, listens, log, seq, acts) {
  const exited = process.status === "exited";
  set(card, { "data-life": process.status });
  // What is done to a program is done now, and not when one looks at it.
  const gone = log.head.state.processes[pid]?.status === "exited";
  const ended = acts && gone ? " · has ended, ahead of this moment" : "";
  const end = exited ? ` · ${process.signal ?? `code ${process.code ?? 0}`}` : ended;
  text(one(card, ".name"), `${programName(process)} · ${process.host} · pid ${pid}${end}`);
  const lines = exited ? "" : lastLines(log, Number(pid), seq);
  text(one(card, ".said"), lines);
  one(card, ".said").hidden = lines === "";
  tellFailure(card, exited && (process.code ?? 0) > 0 ? Number(pid) : 0, log, seq);
  one(card, ".line").hidden = exited || listens || programName(process).includes("server");
  one(card, ".ends").hidden = exited;
  for (const button of card.querySelectorAll("button[data-ask], .line button")) {
    /** @type {HTMLButtonElement} */ (button).disabled = !acts || gone;
  }
}

/** Why it has ended with an error: read once. @param {HTMLElement} card @param {number} pid 0: it has not @param {Log} log @param {number} seq */
function tellFailure(card, pid, log, seq) {
  const home = one(card, "[data-failure]");
  if (pid > 0 && home.dataset.failure === "") {
    text(home, failure(log, pid, seq));
    home.dataset.failure = "told";
  }
  home.hidden = pid === 0 || home.textContent === "";
}

/**
 * @param {Log} log
 * @param {number} pid
 * @param {number} seq
 */
function lastLines(log, pid, seq) {
  const seqs = log.outputs.get(pid) ?? [];
  let words = "";
  for (let index = seqs.length - 1; index >= 0 && words.split("\n").length < 5; index -= 1) {
    if (seqs[index] > seq) continue;
    words = /** @type {import("../log/protocol.js").ProcessOutput} */ (log.event(seqs[index])).text + words;
  }
  return words.trimEnd().split("\n").slice(-2).join("\n");
}
