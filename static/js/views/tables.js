// The sockets as a table: what the tools of one's own machine would write, with the command to type there.
// Sockets that a tool does not list are counted below it: that, too, is worth seeing.

import { keep, kept } from "../dom/kept.js";
import { html, join, set, text } from "../dom/svg.js";
import { roleOf } from "../stage/pieces.js";
import { protocols, TOOLS } from "../words/listings.js";

/** @typedef {import("../log/state.js").Socket} Socket */
/** @typedef {import("../log/log.js").Scene} Scene */
/** @typedef {{key: string, socket: Socket, words: string[]}} Row */

const MOST = 500;
const STORE = "listing";

let tool = TOOLS.find(({ id }) => id === kept(STORE)) ?? TOOLS[0];

/**
 * @param {HTMLElement} home
 * @param {Scene} scene
 */
export function drawTable(home, scene) {
  if (!home.querySelector("table")) home.replaceChildren(...frame());
  const letters = protocols(scene);
  const columns = ["Host", ...tool.columns(letters)];
  text(part(home, "[data-command-line]"), tool.command(letters));
  join(
    part(home, "thead tr"),
    columns,
    (name) => name,
    (name) => html("th", { scope: "col" }, name),
    () => {},
  );
  const order = new Map(scene.places.order.map((name, index) => [name, index]));
  const all = Object.values(scene.state.sockets).sort(
    (a, b) =>
      (order.get(a.host) ?? 0) - (order.get(b.host) ?? 0) ||
      Number(b.state === "LISTEN") - Number(a.state === "LISTEN"),
  );
  /** @type {Row[]} */
  const rows = [];
  let unlisted = 0;
  for (const socket of all) {
    if (rows.length >= MOST) break;
    const lines = tool.rows(socket, scene, letters);
    if (lines.length === 0) unlisted += 1;
    for (const [index, words] of lines.entries())
      rows.push({ key: `${socket.socket} ${index}`, socket, words: [socket.host, ...words] });
  }
  join(
    part(home, "tbody"),
    rows,
    (row) => row.key,
    () => html("tr"),
    (element, row) => update(element, row, columns),
  );
  const more = all.length > MOST ? `${all.length} sockets; the first of them are shown. ` : "";
  const left = unlisted > 0 ? `Not listed: ${unlisted}. ${tool.blind}` : "";
  text(part(home, ".more"), all.length === 0 ? "No socket yet." : more + left);
}

/** The choice of the tool, its command, and a table to fill. */
function frame() {
  const choice = html(
    "select",
    { "aria-label": "Write the table as" },
    ...TOOLS.map(({ id, name }) => html("option", { value: id, selected: id === tool.id }, name)),
  );
  choice.addEventListener("change", () => {
    tool = TOOLS.find(({ id }) => id === choice.value) ?? TOOLS[0];
    keep(STORE, tool.id);
    choice.dispatchEvent(new CustomEvent("table:tool", { bubbles: true }));
  });
  const table = html("table", { class: "sockets" }, html("thead", {}, html("tr")), html("tbody"));
  table.addEventListener("pointerover", (event) => point(table, event.target));
  table.addEventListener("pointerleave", () => point(table, null));
  return [
    html(
      "p",
      { class: "about" },
      choice,
      " At home, type ",
      html("code", { "data-command-line": "" }),
      ". Below: each host's answer at the moment on the screen.",
    ),
    table,
    html("p", { class: "more" }),
  ];
}

/**
 * @param {HTMLTableRowElement} element
 * @param {Row} row
 * @param {string[]} columns
 */
function update(element, { socket, words }, columns) {
  const key = `socket:${socket.socket}`;
  const linked = columns.findIndex((name) => /^(Local Address|NAME)/.test(name));
  join(
    element,
    words.map((word, index) => ({ word, name: columns[index] })),
    ({ name }) => name,
    ({ name }) =>
      name === columns[linked]
        ? html("td", {}, html("button", { type: "button", class: "link", "data-evidence-key": key }))
        : html("td"),
    (cell, { word }) => text(cell.firstElementChild ?? cell, word),
  );
  set(element, { "data-role": roleOf(socket.state), "data-socket": key });
}

/** @param {Element} table @param {EventTarget | null} target */
function point(table, target) {
  const row = target instanceof Element ? target.closest("[data-socket]") : null;
  const key = row?.getAttribute("data-socket") ?? "";
  table.dispatchEvent(new CustomEvent("stage:point", { bubbles: true, detail: { key } }));
}

/** @param {HTMLElement} home @param {Set<string>} shapes that are lit */
export function lightTable(home, shapes) {
  for (const row of home.querySelectorAll("[data-socket]"))
    set(row, { "data-lit": shapes.has(row.getAttribute("data-socket") ?? "") });
}

/** @param {Element} home @param {string} selector @returns {HTMLElement} */
function part(home, selector) {
  return /** @type {HTMLElement} */ (home.querySelector(selector));
}
