// The sockets as a table: what the tools of one's own machine would write, with the command to type there.
// Sockets that a tool does not list are counted below it: that, too, is worth seeing.

import { keep, kept } from "../dom/kept.js";
import { html, icon, join, one, set, text } from "../dom/svg.js";
import { roleOf } from "../stage/pieces.js";
import { protocols, TOOLS } from "../words/listings.js";

/** @typedef {import("../log/state.js").Socket} Socket */
/** @typedef {import("../log/log.js").Scene} Scene */
/** @typedef {{key: string, socket: Socket, words: string[]}} Row */

const MOST = 500;
const STORE = "listing";

/** @type {import("./panels.js").Panel} */
export const tables = {
  name: "tables",
  tab: { icon: () => icon("table"), words: "Sockets as a table", label: "Socket table" },
  mount: (home, desk) => new Tables(home, desk),
};

class Tables {
  /**
   * @param {HTMLElement} frame
   * @param {import("./panels.js").Desk} desk
   */
  constructor(frame, desk) {
    this.home = html("div", { "data-tables": true });
    this.desk = desk;
    this.tool = TOOLS.find(({ id }) => id === kept(STORE)) ?? TOOLS[0];
    frame.tabIndex = 0; // It scrolls.
    frame.replaceChildren(this.home);
    this.home.replaceChildren(...this.#frame());
  }

  /** @param {import("./panels.js").Shown} shown */
  draw({ scene }) {
    const { home, tool } = this;
    const letters = protocols(scene);
    const columns = ["Host", ...tool.columns(letters)];
    text(one(home, "[data-command-line]"), tool.command(letters));
    join(
      one(home, "thead tr"),
      columns,
      (name) => name,
      (name) => html("th", { scope: "col" }, name),
      () => {},
    );
    const { rows, unlisted, sockets } = listed(scene, tool, letters);
    join(
      one(home, "tbody"),
      rows,
      (row) => row.key,
      () => html("tr"),
      (element, row) => update(element, row, columns),
    );
    const more = sockets > MOST ? `${sockets} sockets; the first of them are shown. ` : "";
    const left = unlisted > 0 ? `Not listed: ${unlisted}. ${tool.blind}` : "";
    text(one(home, ".more"), sockets === 0 ? "No socket yet." : more + left);
  }

  /** @param {import("../words/relations.js").Light} lit */
  light(lit) {
    for (const row of this.home.querySelectorAll("[data-socket]"))
      set(row, { "data-lit": lit.shapes.has(row.getAttribute("data-socket") ?? "") });
  }

  /** The choice of the tool, its command, and a table to fill. */
  #frame() {
    const choice = html(
      "select",
      { "aria-label": "Write the table as" },
      ...TOOLS.map(({ id, name }) => html("option", { value: id, selected: id === this.tool.id }, name)),
    );
    choice.addEventListener("change", () => {
      this.tool = TOOLS.find(({ id }) => id === choice.value) ?? TOOLS[0];
      keep(STORE, this.tool.id);
      this.desk.clock.touch();
    });
    const table = html("table", { class: "sockets" }, html("thead", {}, html("tr")), html("tbody"));
    table.addEventListener("pointerover", (event) => this.#point(event.target));
    table.addEventListener("pointerleave", () => this.#point(null));
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

  /** @param {EventTarget | null} target */
  #point(target) {
    const row = target instanceof Element ? target.closest("[data-socket]") : null;
    this.desk.point(row?.getAttribute("data-socket") ?? "");
  }
}

/**
 * What a tool lists, host by host, who listens first.
 * @param {Scene} scene
 * @param {typeof TOOLS[number]} tool
 * @param {string} letters
 */
function listed(scene, tool, letters) {
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
  return { rows, unlisted, sockets: all.length };
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
