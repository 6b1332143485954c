// The programs that run, with what a person can do to each: send a line, close its input, stop it, kill it.
// A card lives as long as its process, so that what is being typed stays.

import { html, icon, join, set, text } from "./svg.js";

/** @typedef {import("./fold.js").State} State */
/** @typedef {import("./fold.js").Process} Process */
/** @typedef {import("./log.js").Log} Log */

const MOST_ENDED = 3;
const MOST = 40;

/**
 * @param {HTMLElement} home
 * @param {State} state
 * @param {Log} log
 * @param {boolean} live
 */
export function drawPrograms(home, state, log, live) {
  const pids = Object.keys(state.processes);
  const running = pids.filter((pid) => state.processes[pid].status !== "exited");
  const ended = pids.filter((pid) => state.processes[pid].status === "exited").slice(-MOST_ENDED);
  const listeners = new Set(
    Object.values(state.sockets)
      .filter((socket) => socket.state === "LISTEN")
      .flatMap((socket) => socket.owners.map((owner) => String(owner.pid))),
  );
  join(
    home,
    [...running.slice(0, MOST), ...ended.reverse()],
    (pid) => pid,
    (pid) => create(pid, state.processes[pid]),
    (card, pid) => update(card, pid, state.processes[pid], listeners.has(pid), log, state.seq, live),
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
    "aria-label": `Text for ${process.program}, pid ${pid}`,
    placeholder: "a line of text",
  });
  const send = html("button", { class: "button small", type: "submit" }, icon("send"), "Send");
  return html(
    "article",
    { class: "program" },
    html("h2", {}, html("button", { type: "button", class: "link name", "data-evidence-key": `process:${pid}` })),
    html("pre", { class: "said", hidden: true }),
    html("form", { class: "line", "data-input": pid }, line, send),
    html(
      "p",
      { class: "actions" },
      act("input-end", pid, "Close", "Closes its standard input: a client then closes its connection"),
      act("signal-INT", pid, "Stop", "SIGINT, as Ctrl-C does"),
      act("signal-KILL", pid, "Kill", "SIGKILL: the kernel ends it at once"),
    ),
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
 * @param {boolean} live
 */
function update(card, pid, process, listens, log, seq, live) {
  const exited = process.status === "exited";
  set(card, { "data-status": process.status });
  const end = exited ? `, ${process.signal ?? `ended with code ${process.code ?? 0}`}` : "";
  text(/** @type {Element} */ (card.querySelector(".name")), `${process.program} · ${process.host} · pid ${pid}${end}`);
  const said = /** @type {HTMLElement} */ (card.querySelector(".said"));
  const lines = lastLines(log, Number(pid), seq);
  text(said, lines);
  said.hidden = lines === "";
  const server = listens || process.program.includes("server");
  /** @type {HTMLElement} */ (card.querySelector(".line")).hidden = exited || server;
  /** @type {HTMLElement} */ (card.querySelector(".actions")).hidden = exited;
  for (const button of card.querySelectorAll("button[data-ask], .line button")) {
    /** @type {HTMLButtonElement} */ (button).disabled = !live;
    if (button.getAttribute("data-ask") === "input-end") /** @type {HTMLElement} */ (button).hidden = server;
  }
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
    words = /** @type {import("./protocol.js").ProcessOutput} */ (log.event(seqs[index])).text + words;
  }
  return words.trimEnd().split("\n").slice(-3).join("\n");
}
