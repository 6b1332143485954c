// The programs' own source: which statement each of them is executing or waiting in, at the moment on the screen.
// Statements come from the log; the text of a file comes from the server, for a log does not hold it.

import { html, icon, join, one, set, text } from "../dom/svg.js";
import { plainName } from "../words/calls.js";

/** @typedef {import("../log/log.js").Log} Log */
/** @typedef {import("../log/log.js").Scene} Scene */
/**
 * @typedef {object} Statement where a process is
 * @property {number} call
 * @property {number} pid
 * @property {number | null} fd that the call is about
 * @property {string} host
 * @property {string} file
 * @property {number} line
 * @property {"held" | "waits" | "ran"} how
 * @property {string} name of the call
 */

/** How far back the last statement of a program that computes is looked for. */
const FAR = 5000;
const MOST_FILES = 4;
const MOST_AT_LINE = 8;
const NOT_HELD = "The source is not in the recording; only the statements are.";
const WORDS = { held: "is held before", waits: "is in", ran: "came out of" };

/**
 * Where each running program is, as far as its statements are known.
 * @param {Scene} scene
 * @param {Log} log
 * @returns {Statement[]}
 */
export function statements(scene, log) {
  const { state } = scene;
  const held = new Set(Object.values(state.moments).map((moment) => moment.call));
  /** @type {Statement[]} */
  const found = [];
  const computing = new Set();
  for (const pid in state.processes) {
    const process = state.processes[pid];
    if (process.status === "exited") continue;
    const calls = Object.values(process.calls);
    if (calls.length === 0) computing.add(Number(pid));
    for (const call of calls) add(found, log, call.call, held.has(call.call) ? "held" : "waits");
  }
  const first = Math.max(0, state.seq - FAR);
  for (let seq = Math.min(state.seq, log.end); seq > first && computing.size > 0; seq -= 1) {
    const event = log.event(seq);
    if (event?.type === "syscall.entered" && computing.delete(event.pid)) add(found, log, event.call, "ran");
  }
  const order = new Map(scene.places.order.map((name, index) => [name, index]));
  return found.sort((a, b) => (order.get(a.host) ?? 0) - (order.get(b.host) ?? 0) || a.pid - b.pid);
}

/**
 * @param {Statement[]} found
 * @param {Log} log
 * @param {number} id
 * @param {Statement["how"]} how
 */
function add(found, log, id, how) {
  const call = log.calls.get(id);
  if (!call?.file || !call.line) return;
  const { pid, host, file, line } = call;
  const fd = typeof call.args.fd === "number" ? call.args.fd : null;
  found.push({ call: id, pid, fd, host, file, line, how, name: plainName(call.name) });
}

/** @type {import("./panels.js").Panel} */
export const source = {
  name: "source",
  tab: { icon: () => icon("file-code"), words: "Source", label: "Source of the programs" },
  mount: (home, desk) => new Source(home, desk),
};

class Source {
  /**
   * @param {HTMLElement} frame
   * @param {import("./panels.js").Desk} desk
   */
  constructor(frame, desk) {
    const home = html("div", { "data-source": true, class: "listings" });
    frame.replaceChildren(home);
    this.home = home;
    this.desk = desk;
    /** @type {Map<string, string[] | string>} lines by file, or why there are none */
    this.texts = new Map();
    /** @type {Statement[]} */
    this.statements = [];
    this.seq = -1;
    /** @type {import("../words/relations.js").Light | null} */
    this.lit = null;
    home.addEventListener("pointerover", (event) => this.desk.point(this.#callAt(event.target)));
    home.addEventListener("pointerleave", () => this.desk.point(""));
    home.addEventListener("focusin", (event) => this.desk.point(this.#callAt(event.target)));
    home.addEventListener("focusout", () => this.desk.point(""));
  }

  get log() {
    return this.desk.log;
  }

  /** Another log begins; a file stays what it is. */
  forget() {
    this.statements = [];
    this.seq = -1;
    this.home.replaceChildren();
  }

  /** @param {import("./panels.js").Shown} shown */
  draw({ scene }) {
    this.statements = statements(scene, this.log);
    this.seq = scene.state.seq;
    this.#show();
  }

  /** @param {import("../words/relations.js").Light} lit */
  light(lit) {
    this.lit = lit;
    const pointed = lit.key.startsWith("call:") ? this.log.calls.get(Number(lit.key.slice(5))) : undefined;
    for (const line of this.home.querySelectorAll("[data-line]")) {
      const file = fileOf(line);
      const number = Number(line.getAttribute("data-line"));
      const is = pointed
        ? pointed.file === file && pointed.line === number
        : this.statements.some((one) => one.file === file && one.line === number && tied(one, lit));
      set(line, { "data-lit": is });
    }
  }

  #show() {
    const files = [...new Set(this.statements.map((one) => one.file))];
    const shown = files.slice(0, MOST_FILES);
    for (const file of shown) if (!this.texts.has(file)) this.#load(file);
    join(
      this.home,
      shown.length > 0 ? shown : [""],
      (file) => file,
      (file) => listing(file),
      (article, file) => this.#fill(article, file, files.length),
    );
    if (this.lit) this.light(this.lit);
  }

  /** @param {string} file */
  async #load(file) {
    if (this.desk.recorded) {
      this.texts.set(file, NOT_HELD);
      return;
    }
    this.texts.set(file, "Reading the source…");
    const answer = await fetch(`/panels/source?file=${encodeURIComponent(file)}`).catch(() => null);
    if (answer?.ok) this.texts.set(file, (await answer.text()).replace(/\n$/, "").split("\n"));
    else this.texts.set(file, answer ? "Only programs of the labs can be shown." : "The server does not answer.");
    if (!answer) window.setTimeout(() => this.texts.delete(file), 3000);
    this.#show();
    const under = this.home.querySelector("[data-line]:hover"); // the text has moved under a pointer that rests
    if (under) this.desk.point(this.#callAt(under));
  }

  /**
   * @param {HTMLElement} article
   * @param {string} file
   * @param {number} files
   */
  #fill(article, file, files) {
    if (file === "") return;
    const own = this.statements.filter((one) => one.file === file);
    const who = [...new Set(own.map((one) => `${one.host} ${one.pid}`))];
    const more = files > MOST_FILES ? ` · ${files - MOST_FILES} more files` : "";
    const several = who.length > 3 ? `${who.length} processes` : own.length > 0 ? processes(own) : "";
    text(one(article, ".whose"), `${several}${more}`);
    const known = this.texts.get(file) ?? "";
    const lines = typeof known === "string" ? [...new Set(own.map((one) => one.line))].sort((a, b) => a - b) : known;
    text(one(article, ".why"), typeof known === "string" ? known : "");
    const list = one(article, "ol");
    join(
      list,
      [...lines.keys()],
      (index) => String(index),
      () => html("li", {}, html("code", {}), html("span", { class: "here" })),
      (item, index) => {
        const number = typeof known === "string" ? Number(lines[index]) : index + 1;
        const here = own.filter((one) => one.line === number);
        set(item, { "data-line": number, "data-how": here[0]?.how ?? null });
        text(/** @type {Element} */ (item.firstElementChild), typeof known === "string" ? "…" : known[index]);
        this.#mark(/** @type {Element} */ (item.lastElementChild), here);
      },
    );
    this.#reveal(list, own);
  }

  /** @param {Element} place @param {Statement[]} here */
  #mark(place, here) {
    join(
      place,
      here.slice(0, MOST_AT_LINE),
      (one) => String(one.call),
      (one) => html("button", { type: "button", class: "chip", "data-evidence-key": `call:${one.call}` }),
      (button, one) => text(button, `pid ${one.pid} ${WORDS[one.how]} ${one.name}()`),
    );
  }

  /** The first statement stays in sight when it has moved. @param {HTMLElement} list @param {Statement[]} own */
  #reveal(list, own) {
    const line = String(own[0]?.line ?? "");
    const at = `${line} of ${list.childElementCount}`;
    if (list.dataset.at === at) return;
    list.dataset.at = at;
    const item = /** @type {HTMLElement | null} */ (list.querySelector(`[data-line="${line}"]`));
    if (item) list.scrollTop = item.offsetTop - list.offsetTop - (list.clientHeight - item.offsetHeight) / 2;
  }

  /** The call of the line that is pointed at: one that waits there, or the last one from there. @param {EventTarget | null} target */
  #callAt(target) {
    const line = target instanceof Element ? target.closest("[data-line]") : null;
    const file = line ? fileOf(line) : "";
    const number = Number(line?.getAttribute("data-line"));
    if (!file) return "";
    const now = this.statements.find((one) => one.file === file && one.line === number);
    if (now) return `call:${now.call}`;
    const first = Math.max(0, this.seq - FAR);
    for (let seq = Math.min(this.seq, this.log.end); seq > first; seq -= 1) {
      const event = this.log.event(seq);
      if (event?.type === "syscall.entered" && event.file === file && event.line === number)
        return `call:${event.call}`;
    }
    return "";
  }
}

/** @param {Statement} one @param {import("../words/relations.js").Light} lit */
function tied(one, lit) {
  return lit.key === `process:${one.pid}` || (one.fd !== null && lit.shapes.has(`fd:${one.pid}:${one.fd}`));
}

/** @param {Element} line of a listing */
function fileOf(line) {
  return line.closest(".listing")?.getAttribute("data-key") ?? "";
}

/** @param {Statement[]} own */
function processes(own) {
  const names = [...new Map(own.map((one) => [one.pid, `${one.host} pid ${one.pid}`])).values()];
  return names.join(", ");
}

/** @param {string} file */
function listing(file) {
  if (file === "") return html("p", { class: "about" }, "No program is at a statement that is known.");
  const name = file.split("/").slice(-1)[0];
  return html(
    "article",
    { class: "listing" },
    html("h3", { title: file }, html("code", {}, name), " ", html("small", { class: "whose" })),
    html("p", { class: "about why" }),
    html("ol", { tabindex: 0, role: "group", "aria-label": `Source of ${name}` }),
  );
}
