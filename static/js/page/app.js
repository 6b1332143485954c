// The playground: a sandbox of one's own, or a recording, on the screen.

import { keep, kept } from "../dom/kept.js";
import { html, one } from "../dom/svg.js";
import { createSandbox, endSandbox } from "../log/commands.js";
import { Replay } from "../log/replay.js";
import { RefusedError } from "../log/stream.js";
import { attempt } from "./controls.js";
import { fileName, introduce, openRecording } from "./recorded.js";
import { connect, desk, face, linkChanged, log, offerHosts, openScreen, overlay, show } from "./screen.js";

const main = one("main");
/** Where the recording is that the page shows; without one, it shows a sandbox. */
const recorded = main.dataset.recording ?? "";
let start = main.dataset.start ?? "";
/** A sandbox that was just made begins in slow pace. */
let fresh = false;
/** @type {Replay | null} */
let replay = null;

/** @type {import("./screen.js").Page} */
const page = {
  recorded: recorded !== "",
  opening,
  link: (state) =>
    ({
      connecting: "Building three hosts…",
      open: "Connected",
      lost: "Connection lost",
      ended: "The sandbox has ended",
      refused: "Not available",
      recording: replay?.badge ?? "",
    })[state],
  instead,
  name: () => (recorded ? fileName(one("[data-title]").textContent ?? "") : "socketlab"),
  onLink,
  onEvents,
};

function opening() {
  if (!recorded) return "Nothing runs. Press Start server.";
  return log.end > 0 ? "The recording begins." : (one("[data-narration]").textContent ?? "");
}

function instead() {
  if (recorded === "page") return [];
  if (recorded) return [html("a", { class: "button primary", href: "/replay" }, "Open another recording")];
  return [
    html("a", { class: "button primary", href: "/play" }, "Open a new playground"),
    html("a", { class: "button", href: "/replay" }, "Look at a recording"),
  ];
}

/** @param {import("../log/stream.js").LinkState} state */
function onLink(state) {
  if (state === "open" && fresh) {
    fresh = false;
    attempt(desk, (sender) => sender.pace("slow"));
  }
  if (state === "recording" && replay) introduce(replay, log, main.dataset.downloads ?? "");
}

/** @param {number} known */
function onEvents(known) {
  const { order } = log.head.places;
  if (order.length !== known && !recorded) hostsKnown();
  if (start && order.length > 0) {
    start = "";
    attempt(desk, (sender) => sender.start(order[0], "echo_server", ["7"], "admin"));
  }
}

/** The sandbox's own hosts take the place of those that the page was served with. */
function hostsKnown() {
  const { order } = log.head.places;
  const buttons = document.querySelectorAll('[data-quick="client"]');
  buttons.forEach((button, index) => {
    const name = order[index + 1];
    const element = /** @type {HTMLElement} */ (button);
    element.hidden = name === undefined;
    if (name === undefined) return;
    element.dataset.host = name;
    const words = element.lastChild;
    if (words && words.textContent !== `Connect from ${name}`) words.textContent = `Connect from ${name}`;
  });
  offerHosts(order);
}

async function begin() {
  openScreen(page);
  if (recorded) {
    replay = openRecording(recorded, face);
    show(replay);
    return;
  }
  const existing = main.dataset.sandbox;
  if (existing) connect(existing);
  else await create();
}

async function create() {
  try {
    const made = await createSandbox("live");
    fresh = true;
    remember([...remembered(), made.id]);
    history.replaceState(null, "", `/s/${made.id}`);
    connect(made.id);
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
    linkChanged("refused", problem);
    if (problem.status === 429 && remembered().length > 0) offerRoom();
  }
}

/** A visitor who has as many sandboxes as may be can end the oldest of their own. */
function offerRoom() {
  const button = html("button", { type: "button", class: "button primary" }, "End my oldest playground and go on");
  button.addEventListener("click", async () => {
    const [oldest, ...others] = remembered();
    remember(others);
    await endSandbox(oldest);
    overlay("");
    await create();
  });
  one("[data-overlay]").querySelector("a")?.replaceWith(button);
}

/** @returns {string[]} ids of the sandboxes that this browser made, oldest first */
function remembered() {
  const list = JSON.parse(kept("sandboxes") ?? "[]");
  return Array.isArray(list) ? list.map(String) : [];
}

/** @param {string[]} ids */
function remember(ids) {
  keep("sandboxes", JSON.stringify(ids.slice(-32)));
}

begin();
