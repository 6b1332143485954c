// The playground: a sandbox of one's own, or a recording, on the screen.

import { html, one } from "../dom/svg.js";
import { createSandbox } from "../log/commands.js";
import { RefusedError } from "../log/stream.js";
import { Address } from "./address.js";
import { attempt } from "./controls.js";
import { fileName, introduce, openRecording } from "./recorded.js";
import { connect, offerHosts } from "./sandbox.js";
import { Screen } from "./screen.js";
import { start as startSite } from "./site.js";

/** @typedef {import("../log/stream.js").LinkState} LinkState */

/** Makes the page work. */
export function start() {
  startSite();
  const { recording, sandbox } = one(document, "main").dataset;
  if (recording) showRecording(recording);
  else showSandbox(sandbox ?? "");
}

// ---- a recording

/** @param {string} source as in `openRecording` */
function showRecording(source) {
  const root = document.body;
  /** @type {import("../log/replay.js").Replay | null} */
  let replay = null;
  const screen = new Screen(root, {
    recorded: true,
    opening: () => (screen.log.end > 0 ? "The recording begins." : (one(root, "[data-narration]").textContent ?? "")),
    link: (state) => linkWords(state, replay?.badge ?? ""),
    instead: () =>
      source === "page" ? [] : [html("a", { class: "button primary", href: "/replay" }, "Open another recording")],
    name: () => fileName(one(root, "[data-title]").textContent ?? ""),
    address: new Address(),
    onLink: (state) => {
      if (state === "recording" && replay) introduce(screen, replay, screen.main.dataset.downloads ?? "");
    },
  });
  replay = openRecording(screen, source);
}

/** @param {LinkState} state @param {string} [badge] of a recording */
function linkWords(state, badge = "") {
  return {
    connecting: "Building three hosts…",
    open: "Connected",
    lost: "Connection lost",
    ended: "The sandbox has ended",
    refused: "Not available",
    recording: badge,
  }[state];
}

// ---- a sandbox

/** @param {string} existing its id; empty: one is made */
function showSandbox(existing) {
  const root = document.body;
  const { key = "", keptFor = "" } = one(root, "main").dataset;
  /** A program to start as soon as there are hosts. */
  let wanted = one(root, "main").dataset.start ?? "";
  const screen = new Screen(root, {
    recorded: false,
    watching: key !== "",
    opening: () => (key ? "Nothing runs yet." : "Nothing runs. Press Start server."),
    link: (state) => (key && state === "open" ? "You watch" : linkWords(state)),
    instead: () => [
      ...(screen.commands?.stream.state === "ended"
        ? [html("p", {}, `This address opens its recording for ${keptFor}.`)]
        : []),
      html("a", { class: "button primary", href: "/play" }, "Open a new playground"),
      html("a", { class: "button", href: "/replay" }, "Look at a recording"),
    ],
    name: () => "socketlab",
    address: new Address(),
    onEvents: (known) => {
      const { order } = screen.log.head.places;
      if (order.length !== known) hostsKnown(screen);
      if (!wanted || order.length === 0) return;
      wanted = "";
      attempt(screen, (sender) => sender.start(order[0], "echo_server", ["7"], "admin"));
    },
  });
  if (existing) connect(screen, existing, key);
  else create(screen);
}

/** The sandbox's own hosts take the place of those that the page was served with. @param {Screen} screen */
function hostsKnown(screen) {
  const { order } = screen.log.head.places;
  for (const group of screen.root.querySelectorAll("div[data-quick]"))
    group.querySelectorAll('[data-quick="client"]').forEach((button, index) => {
      const name = order[index + 1];
      const element = /** @type {HTMLElement} */ (button);
      element.hidden = name === undefined;
      if (name === undefined) return;
      element.dataset.host = name;
      const words = element.lastChild;
      if (words && words.textContent !== `Connect from ${name}`) words.textContent = `Connect from ${name}`;
    });
  offerHosts(screen.root, order);
}

/** @param {Screen} screen */
async function create(screen) {
  try {
    const { id } = await createSandbox("live");
    history.replaceState(null, "", `/s/${id}`);
    connect(screen, id);
  } catch (error) {
    const problem =
      error instanceof RefusedError
        ? error.problem
        : {
            title: "No sandbox",
            status: 0,
            detail: "The server does not answer.",
            hint: "Is it running? Then reload this page.",
          };
    screen.linkChanged("refused", problem);
    if (problem.status === 429) offerRoom(screen);
  }
}

/** A visitor who has as many sandboxes as may be sees them, and goes on once one has ended. @param {Screen} screen */
function offerRoom(screen) {
  const list = html("div", { "hx-get": "/panels/yours", "hx-trigger": "load", "data-fragment": true });
  one(screen.root, "[data-overlay]").querySelector("a")?.replaceWith(list);
  /** @type {any} */ (window).htmx?.process(list);
  const goOn = () => {
    screen.overlay("");
    void create(screen);
  };
  document.addEventListener("sandbox-ended", goOn, { once: true });
}
