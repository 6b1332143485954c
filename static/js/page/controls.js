// Buttons, forms and keys of a screen → commands and the clock. Knows the page's markup; draws nothing.

import { one, set } from "../dom/svg.js";
import { RefusedError } from "../log/stream.js";
import { Zoom } from "../stage/zoom.js";
import { wireOf } from "../views/wire.js";
import { words } from "../words/commandline.js";
import { bindKeys } from "./keys.js";
import { black, fullScreen, ladderOnProjector, projection, toProjector } from "./projector.js";
import { nextTheme } from "./site.js";

/** @typedef {import("../log/commands.js").Commands} Commands */
/** @typedef {import("./screen.js").Screen} Screen */
/** @typedef {"live" | "slow" | "step"} Pace */

/** @param {Screen} screen */
export function bindControls(screen) {
  const { root } = screen;
  const zoom = new Zoom(one(root, "#stage"), one(root, "[data-stage]"));
  root.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target.closest("button") : null;
    if (!target || target.disabled) return;
    const { action, ask, value, evidenceKey, quick, tab } = target.dataset;
    if (action) screen.act(action) || actions(screen, zoom)[action]?.();
    else if (ask) perform(screen, ask, Number(value));
    else if (evidenceKey) screen.choose(evidenceKey);
    else if (quick) quickStart(screen, quick, target.dataset.host ?? "");
    else if (tab) screen.open(tab);
  });
  root.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method === "dialog") return;
    event.preventDefault();
    submit(screen, form);
  });
  root.addEventListener("change", ({ target }) => {
    if (!(target instanceof Element)) return;
    const wire = target.closest("form[data-wire]");
    if (wire instanceof HTMLFormElement) submit(screen, wire);
    if (target.matches("[data-command='sysctl.set'] [name='name']")) {
      const { value } = /** @type {HTMLSelectElement} */ (target);
      for (const line of target.closest("form")?.querySelectorAll("[data-for]") ?? [])
        set(line, { hidden: line.getAttribute("data-for") !== value });
    }
  });
  for (const radio of root.querySelectorAll("[data-pace] input")) {
    radio.addEventListener("change", () => setPace(screen, /** @type {any} */ (radio).value));
  }
  for (const fold of root.querySelectorAll("details.fold")) {
    fold.addEventListener("toggle", () => setTimeout(() => fold.scrollIntoView({ block: "nearest" }), 150));
  }
  bindKeys(root, bindings(screen, zoom), one(root, "[data-keys]"), one(root, "[data-single-keys]"));
}

/** @param {Screen} screen @param {Zoom} zoom @returns {Record<string, () => void>} */
function actions(screen, zoom) {
  const { clock } = screen;
  return {
    next: () => next(screen),
    back: () => back(screen),
    now: () => clock.now(),
    play: () => clock.toggle(),
    slower: () => clock.hurry(-1),
    faster: () => clock.hurry(1),
    gait: () => clock.walkBy(clock.gait === "beats" ? "scenes" : "beats"),
    "always-now": () => {
      screen.alwaysNow = !screen.alwaysNow;
    },
    "go-back": () => clock.goBack(),
    keys: () => /** @type {HTMLDialogElement} */ (one(screen.root, "dialog#keys")).showModal(),
    projector: () => toProjector(screen),
    presenter: () => screen.page.presenting?.open(),
    "close-evidence": () => screen.choose(""),
    nearer: () => zoom.step(1),
    farther: () => zoom.step(-1),
    "full-screen": fullScreen,
  };
}

/** Behind the end one beat on; at the end, let the longest waiting moment go. Never both. @param {Screen} screen */
function next(screen) {
  if (screen.presenting?.next()) screen.clock.touch();
  else if (screen.clock.mode !== "now") screen.clock.step(1);
  else if (Object.keys(screen.log.head.state.moments).length > 0) attempt(screen, (commands) => commands.release());
}

/** One beat back; on the projector, to the slide before. @param {Screen} screen */
function back(screen) {
  if (screen.presenting?.back()) screen.clock.touch();
  else screen.clock.step(-1);
}

/** @param {Screen} screen @param {string} ask @param {number} value */
function perform(screen, ask, value) {
  if (ask === "seek") screen.clock.seek(value);
  else if (ask === "release") attempt(screen, (commands) => commands.release(value));
  else if (ask === "input-end") attempt(screen, (commands) => commands.endInput(value));
  else if (ask.startsWith("signal-"))
    attempt(screen, (commands) => commands.signal(value, /** @type {any} */ (ask.slice(7))));
  else if (ask.startsWith("packet-")) packet(screen, /** @type {any} */ (ask.slice(7)), value);
}

/** @param {Screen} screen @param {"hold" | "deliver" | "drop" | "duplicate"} what @param {number} id */
function packet(screen, what, id) {
  attempt(screen, (commands) => commands.packet(what, id));
}

/** To hold the kernel is to look at what it is about to do: that begins now. @param {Screen} screen @param {Pace} pace */
async function setPace(screen, pace) {
  if (await attempt(screen, (commands) => commands.pace(pace))) screen.clock.now();
}

/** @param {Screen} screen @param {string} quick @param {string} host */
function quickStart(screen, quick, host) {
  const { places } = screen.log.head;
  const [server] = places.order;
  if (quick === "server") attempt(screen, (commands) => commands.start(server, "echo_server", ["7"], "admin"));
  else attempt(screen, (commands) => commands.start(host, "echo_client", [places.hosts[server].addresses[0], "7"]));
}

/** @param {Screen} screen @param {HTMLFormElement} form */
function submit(screen, form) {
  const data = new FormData(form);
  const read = (/** @type {string} */ name) => String(data.get(name) ?? "").trim();
  if (form.dataset.input !== undefined) {
    const line = String(data.get("text") ?? "");
    const pid = Number(form.dataset.input);
    attempt(screen, (commands) => commands.input(pid, `${line}\n`)).then((done) => done && form.reset());
  } else if (form.dataset.command === "process.start") {
    const credentials = data.get("credentials") === "admin" ? "admin" : "user";
    const program = read("program");
    if (program) attempt(screen, (commands) => commands.start(read("host"), program, words(read("args")), credentials));
    else attempt(screen, (commands) => commands.run(read("host"), words(read("argv")), credentials));
  } else if (form.dataset.command === "wire.set") {
    attempt(screen, (commands) => commands.wire(wireOf(form)));
  } else if (form.dataset.command === "sysctl.set") {
    attempt(screen, (commands) => commands.sysctl(read("host"), read("name"), read("value")));
  } else if (form.dataset.command === "host.add") {
    attempt(screen, (commands) => commands.addHost(read("name"), words(read("addresses"))));
  }
}

/**
 * Does something that may be refused, and tells it where the person looks. What comes of it is played from there.
 * @param {Screen} screen
 * @param {(commands: Commands) => Promise<unknown>} act
 * @returns {Promise<boolean>} whether it was done
 */
export async function attempt(screen, act) {
  const { commands } = screen;
  if (!commands) return false;
  const from = screen.log.end;
  const refusal = one(screen.root, "[data-refusal]");
  try {
    await act(commands);
    refusal.hidden = true;
    screen.direct(from);
    return true;
  } catch (error) {
    const problem = error instanceof RefusedError ? error.problem : { detail: String(error), hint: "" };
    refusal.textContent = `${problem.detail} ${problem.hint ?? ""}`.trim();
    refusal.hidden = false;
    return false;
  }
}

/** @param {Screen} screen @param {Zoom} zoom @returns {import("./keys.js").Binding[]} */
function bindings(screen, zoom) {
  const { root } = screen;
  /** @param {"hold" | "deliver" | "drop"} what */
  const onPacket = (what) => () => {
    const key = focusedPacket(root) ?? screen.chosen;
    if (key.startsWith("packet:")) packet(screen, what, Number(key.slice(7)));
  };
  const pace = (/** @type {Pace} */ name) => () => setPace(screen, name);
  const paging = () => projection().on || root.querySelector("#stage :focus, #stage:focus") !== null || !scrolls();
  const table = /** @type {import("./keys.js").Binding[]} */ ([
    {
      keys: ["ArrowRight", "N"],
      words: "next beat; at the end, let the longest waiting call or packet go",
      act: () => next(screen),
    },
    { keys: ["ArrowLeft", "P"], words: "one beat back", act: () => back(screen) },
    {
      keys: ["PageDown"],
      words: "next, unless a pane or the page scrolls (a clicker)",
      act: () => (paging() ? next(screen) : scrollBy(0, innerHeight * 0.8)),
    },
    {
      keys: ["PageUp"],
      words: "back, unless a pane or the page scrolls (a clicker)",
      act: () => (paging() ? back(screen) : scrollBy(0, -innerHeight * 0.8)),
    },
    { keys: ["Shift+ArrowRight"], words: "to the next scene", act: () => screen.clock.leap(1) },
    { keys: ["Shift+ArrowLeft"], words: "to the last scene", act: () => screen.clock.leap(-1) },
    { keys: [" ", "K"], words: "play and pause", act: () => screen.clock.toggle() },
    { keys: ["Home"], words: "to the beginning", act: () => screen.clock.seek(0) },
    { keys: ["End"], words: "back to now", act: () => screen.clock.now() },
    { keys: ["["], words: "play slower", act: () => screen.clock.hurry(-1) },
    { keys: ["]"], words: "play faster", act: () => screen.clock.hurry(1) },
    { keys: ["1"], words: "the kernel runs", act: pace("live") },
    { keys: ["2"], words: "slow the kernel", act: pace("slow") },
    { keys: ["3"], words: "hold the kernel", act: pace("step") },
    { keys: ["D"], words: "deliver the packet that is chosen", act: onPacket("deliver") },
    { keys: ["H"], words: "hold the packet that is chosen", act: onPacket("hold") },
    { keys: ["X"], words: "drop the packet that is chosen", act: onPacket("drop") },
    { keys: ["E"], words: "to the evidence that is open", act: () => one(root, "#evidence-title").focus() },
    {
      keys: ["/"],
      words: "filter the events",
      act: () => {
        screen.open(screen.tab === "ladder" ? "ladder" : "events");
        one(root, "[data-filter]").focus();
      },
    },
    {
      keys: ["L"],
      words: "ladder, table, source or transcript; in the projector view, with or without the ladder",
      act: () => ladderOrNot(screen),
    },
    { keys: ["R"], words: "ladder: real time or equal steps", act: () => screen.act("real-time") },
    { keys: ["V"], words: "projector view", act: () => toProjector(screen) },
    {
      keys: ["F"],
      words: "full screen",
      act: fullScreen,
    },
    { keys: ["S"], words: "the presenter's own window, in a lab", act: () => screen.page.presenting?.open() },
    { keys: ["M"], words: "a minute to think, counted down; again: no more", act: () => screen.timer.press() },
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
        screen.clock.touch();
      },
    },
    { keys: ["Escape"], words: "close the evidence; out of the stage", act: () => screen.choose("") },
    {
      keys: ["?"],
      words: "this list",
      act: () => /** @type {HTMLDialogElement} */ (one(root, "dialog#keys")).showModal(),
    },
  ]);
  // Nobody acts on what nobody sees: on a black screen, every key only brings the picture back.
  return table.map((binding) => ({
    ...binding,
    act: (event) => (black() ? black(false) : binding.act(event)),
  }));
}

/** @param {Screen} screen */
function ladderOrNot(screen) {
  const { tab, tabs } = screen;
  if (projection().on) ladderOnProjector(screen);
  else screen.open(tabs[(tabs.indexOf(tab) + 1) % tabs.length]);
}

/** @param {HTMLElement} root */
function focusedPacket(root) {
  const key = root.querySelector(".shape:focus")?.getAttribute("data-key");
  return key?.startsWith("packet:") ? key : null;
}

/** Whether a page key scrolls the page, or what has the focus. */
function scrolls() {
  return document.activeElement?.closest(".pane") || document.documentElement.scrollHeight > innerHeight + 1;
}
