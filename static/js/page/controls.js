// Buttons, forms and keys → commands and the clock. Knows the page's markup; draws nothing of the stage.

import { one } from "../dom/svg.js";
import { RefusedError } from "../log/stream.js";
import { Zoom } from "../stage/zoom.js";
import { bindKeys } from "./keys.js";
import { nextTheme } from "./site.js";

/** @typedef {import("../log/clock.js").Clock} Clock */
/** @typedef {import("../log/commands.js").Commands} Commands */
/** @typedef {import("../log/log.js").Log} Log */
/**
 * @typedef {object} Desk what the controls work on
 * @property {Log} log
 * @property {Clock} clock
 * @property {import("../views/ladder.js").Ladder} ladder
 * @property {() => Commands | null} commands null while there is no sandbox
 * @property {() => string} chosen key of the thing that is chosen
 * @property {(key: string) => void} choose
 * @property {() => void} redraw
 */

/** @param {Desk} desk */
export function bindControls(desk) {
  const main = one("main");
  const zoom = new Zoom(one("#stage"), one("[data-stage]"));
  document.addEventListener("click", (event) => {
    if (black()) {
      black(false);
      event.preventDefault();
      return;
    }
    const target = event.target instanceof Element ? event.target.closest("button") : null;
    if (!target || target.disabled) return;
    const { action, ask, value, evidenceKey, quick, tab } = target.dataset;
    if (action) actions(desk, zoom)[action]?.();
    else if (ask) perform(desk, ask, Number(value));
    else if (evidenceKey) desk.choose(evidenceKey);
    else if (quick) quickStart(desk, quick, target.dataset.host ?? "");
    else if (tab) showTab(main, tab, desk);
  });
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method === "dialog") return;
    event.preventDefault();
    submit(desk, form);
  });
  for (const radio of document.querySelectorAll('input[name="pace"]')) {
    radio.addEventListener("change", () =>
      attempt(desk, (commands) => commands.pace(/** @type {any} */ (radio).value)),
    );
  }
  const scrub = one("[data-scrub]");
  scrub.addEventListener("input", () => desk.clock.seek(Number(/** @type {HTMLInputElement} */ (scrub).value)));
  document.addEventListener("stage:select", (event) => desk.choose(/** @type {CustomEvent} */ (event).detail.key));
  for (const fold of document.querySelectorAll("details.fold")) {
    fold.addEventListener("toggle", () => setTimeout(() => fold.scrollIntoView({ block: "nearest" }), 150));
  }
  document.addEventListener("stage:seek", (event) => desk.clock.seek(/** @type {CustomEvent} */ (event).detail.seq));
  bindKeys(bindings(desk, zoom), one("[data-keys]"), one("[data-single-keys]"));
}

/** @param {Desk} desk @param {Zoom} zoom @returns {Record<string, () => void>} */
function actions(desk, zoom) {
  const { clock } = desk;
  return {
    next: () => next(desk),
    back: () => clock.step(-1),
    now: () => clock.now(),
    play: () => clock.toggle(),
    keys: () => /** @type {HTMLDialogElement} */ (one("dialog#keys")).showModal(),
    projector: () => projector(desk),
    "close-evidence": () => desk.choose(""),
    nearer: () => zoom.step(1),
    farther: () => zoom.step(-1),
    "full-screen": fullScreen,
    "real-time": () => realTime(desk),
    "time-finer": () => desk.ladder.zoomTime(1),
    "time-coarser": () => desk.ladder.zoomTime(-1),
  };
}

/**
 * The black screen, so that the audience looks at the presenter; the next key or click brings the picture back.
 * @param {boolean} [wanted]
 * @returns {boolean} whether it is black
 */
function black(wanted) {
  const root = document.documentElement;
  if (wanted !== undefined) root.toggleAttribute("data-black", wanted);
  return root.hasAttribute("data-black");
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}

/** The rows of the ladder in equal steps, or as far apart as their moments are. @param {Desk} desk */
function realTime(desk) {
  const real = desk.ladder.toggleTime();
  one('[data-action="real-time"]').setAttribute("aria-pressed", String(real));
  for (const action of ["time-finer", "time-coarser"]) one(`[data-action="${action}"]`).hidden = !real;
}

/** Forward in the past; at the present, let the longest waiting moment go. @param {Desk} desk */
function next(desk) {
  if (desk.clock.mode !== "now") desk.clock.step(1);
  else if (Object.keys(desk.log.head.state.moments).length > 0) attempt(desk, (commands) => commands.release());
}

/** @param {Desk} desk */
export function projector(desk) {
  const root = document.documentElement;
  const on = root.dataset.view !== "projector";
  if (on) {
    root.dataset.before = root.dataset.theme ?? "auto";
    root.dataset.view = "projector";
    root.dataset.theme = "projector";
  } else {
    delete root.dataset.view;
    root.dataset.theme = root.dataset.before;
  }
  one('[data-action="projector"]').setAttribute("aria-pressed", String(on));
  desk.redraw();
}

/** @param {Desk} desk @param {string} ask @param {number} value */
function perform(desk, ask, value) {
  if (ask === "seek") desk.clock.seek(value);
  else if (ask === "release") attempt(desk, (commands) => commands.release(value));
  else if (ask === "input-end") attempt(desk, (commands) => commands.endInput(value));
  else if (ask.startsWith("signal-"))
    attempt(desk, (commands) => commands.signal(value, /** @type {any} */ (ask.slice(7))));
  else if (ask.startsWith("packet-")) packet(desk, /** @type {any} */ (ask.slice(7)), value);
}

/** @param {Desk} desk @param {"hold" | "deliver" | "drop" | "duplicate"} what @param {number} id */
function packet(desk, what, id) {
  attempt(desk, (commands) => commands.packet(what, id));
}

/** @param {Desk} desk @param {string} quick @param {string} host */
function quickStart(desk, quick, host) {
  const { places } = desk.log.head;
  const [server] = places.order;
  if (quick === "server") attempt(desk, (commands) => commands.start(server, "echo_server", ["7"], "admin"));
  else attempt(desk, (commands) => commands.start(host, "echo_client", [places.hosts[server].addresses[0], "7"]));
}

/** @param {Desk} desk @param {HTMLFormElement} form */
function submit(desk, form) {
  const data = new FormData(form);
  const read = (/** @type {string} */ name) => String(data.get(name) ?? "").trim();
  if (form.dataset.input !== undefined) {
    const line = String(data.get("text") ?? "");
    const pid = Number(form.dataset.input);
    attempt(desk, (commands) => commands.input(pid, `${line}\n`)).then((done) => done && form.reset());
  } else if (form.dataset.command === "process.start") {
    const credentials = data.get("credentials") === "admin" ? "admin" : "user";
    const program = read("program");
    if (program) attempt(desk, (commands) => commands.start(read("host"), program, words(read("args")), credentials));
    else attempt(desk, (commands) => commands.run(read("host"), words(read("argv")), credentials));
  } else if (form.dataset.command === "wire.set") {
    const values = {
      delay_ms: Number(read("delay_ms")),
      jitter_ms: Number(read("jitter_ms")),
      loss: Number(read("loss")),
      neighbours: data.get("neighbours") === "on",
    };
    attempt(desk, (commands) => commands.wire(values));
  }
}

/**
 * A command line's words; quotes keep spaces together, as in a shell.
 * @param {string} line
 */
export function words(line) {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]);
}

/**
 * Does something that may be refused, and tells it where the person looks. Acting in the past means now.
 * @param {Desk} desk
 * @param {(commands: Commands) => Promise<unknown>} act
 * @returns {Promise<boolean>} whether it was done
 */
export async function attempt(desk, act) {
  const commands = desk.commands();
  if (!commands) return false;
  if (desk.clock.mode !== "now" && commands.stream.state === "open") desk.clock.now();
  const refusal = one("[data-refusal]");
  try {
    await act(commands);
    refusal.hidden = true;
    return true;
  } catch (error) {
    const problem = error instanceof RefusedError ? error.problem : { detail: String(error), hint: "" };
    refusal.textContent = `${problem.detail} ${problem.hint ?? ""}`.trim();
    refusal.hidden = false;
    return false;
  }
}

/** @param {HTMLElement} main @param {string} tab @param {Desk} desk */
export function showTab(main, tab, desk) {
  main.dataset.tab = tab;
  for (const button of document.querySelectorAll("button[data-tab]"))
    button.setAttribute("aria-pressed", String(button.getAttribute("data-tab") === tab));
  desk.redraw();
}

/** @param {Desk} desk @param {Zoom} zoom @returns {import("./keys.js").Binding[]} */
function bindings(desk, zoom) {
  const { clock } = desk;
  const main = one("main");
  /** @param {"hold" | "deliver" | "drop"} what */
  const onPacket = (what) => () => {
    const key = focusedPacket() ?? desk.chosen();
    if (key.startsWith("packet:")) packet(desk, what, Number(key.slice(7)));
  };
  const pace = (/** @type {"live" | "slow" | "step"} */ name) => () => attempt(desk, (commands) => commands.pace(name));
  const paging = () =>
    document.documentElement.dataset.view === "projector" || document.activeElement?.closest("#stage") !== null;
  const table = /** @type {import("./keys.js").Binding[]} */ ([
    {
      keys: ["ArrowRight", "N"],
      words: "next: let the longest waiting call or packet go; in the past, one step on",
      act: () => next(desk),
    },
    { keys: ["ArrowLeft", "P"], words: "one step back", act: () => clock.step(-1) },
    {
      keys: ["PageDown"],
      words: "next, in the projector view or on the stage (a clicker)",
      act: () => (paging() ? next(desk) : scrollBy(0, innerHeight * 0.8)),
    },
    {
      keys: ["PageUp"],
      words: "back, in the projector view or on the stage (a clicker)",
      act: () => (paging() ? clock.step(-1) : scrollBy(0, -innerHeight * 0.8)),
    },
    { keys: ["Shift+ArrowRight"], words: "to the next telling moment", act: () => clock.leap(1) },
    { keys: ["Shift+ArrowLeft"], words: "to the last telling moment", act: () => clock.leap(-1) },
    { keys: [" ", "K"], words: "play and pause", act: () => clock.toggle() },
    { keys: ["Home"], words: "to the beginning", act: () => clock.seek(0) },
    { keys: ["End"], words: "back to now", act: () => clock.now() },
    { keys: ["1"], words: "pace: live", act: pace("live") },
    { keys: ["2"], words: "pace: slow", act: pace("slow") },
    { keys: ["3"], words: "pace: step", act: pace("step") },
    { keys: ["D"], words: "deliver the packet that is chosen", act: onPacket("deliver") },
    { keys: ["H"], words: "hold the packet that is chosen", act: onPacket("hold") },
    { keys: ["X"], words: "drop the packet that is chosen", act: onPacket("drop") },
    { keys: ["E"], words: "to the evidence that is open", act: () => one("#evidence-title").focus() },
    {
      keys: ["/"],
      words: "filter the events",
      act: () => {
        showTab(main, main.dataset.tab === "ladder" ? "ladder" : "events", desk);
        one("[data-filter]").focus();
      },
    },
    {
      keys: ["L"],
      words: "ladder, table, source or transcript; in the projector view, with or without the ladder",
      act: () => ladderOrNot(desk),
    },
    { keys: ["R"], words: "ladder: real time or equal steps", act: () => realTime(desk) },
    { keys: ["V"], words: "projector view", act: () => projector(desk) },
    {
      keys: ["F"],
      words: "full screen",
      act: fullScreen,
    },
    { keys: ["B", "."], words: "black screen, and back", act: () => black(true) },
    { keys: ["+", "="], words: "nearer to the stage (or Ctrl and the wheel)", act: () => zoom.step(1) },
    { keys: ["-"], words: "farther from the stage", act: () => zoom.step(-1) },
    { keys: ["0"], words: "the whole stage", act: () => zoom.whole() },
    { keys: ["<"], words: "to the left of a stage that is near", act: () => zoom.pan(-1, 0) },
    { keys: [">"], words: "to the right", act: () => zoom.pan(1, 0) },
    { keys: ["Shift+ArrowUp"], words: "up", act: () => zoom.pan(0, -1) },
    { keys: ["Shift+ArrowDown"], words: "down", act: () => zoom.pan(0, 1) },
    {
      keys: ["T"],
      words: "next theme",
      act: () => {
        nextTheme();
        desk.redraw();
      },
    },
    { keys: ["Escape"], words: "close the evidence; out of the stage", act: () => desk.choose("") },
    { keys: ["?"], words: "this list", act: () => /** @type {HTMLDialogElement} */ (one("dialog#keys")).showModal() },
  ]);
  // Nobody acts on what nobody sees: on a black screen, every key only brings the picture back.
  return table.map((binding) => ({
    ...binding,
    act: (event) => (black() ? black(false) : binding.act(event)),
  }));
}

/** @param {Desk} desk */
function ladderOrNot(desk) {
  const root = document.documentElement;
  if (root.dataset.view === "projector") {
    if (root.dataset.wall === "ladder") delete root.dataset.wall;
    else root.dataset.wall = "ladder";
    desk.redraw();
  } else {
    const views = ["ladder", "tables", "source", "transcript"];
    showTab(one("main"), views[(views.indexOf(one("main").dataset.tab ?? "") + 1) % views.length], desk);
  }
}

function focusedPacket() {
  const key = document.activeElement?.closest(".shape")?.getAttribute("data-key");
  return key?.startsWith("packet:") ? key : null;
}
