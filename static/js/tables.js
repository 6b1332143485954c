// The sockets as a table, in the columns and words of `ss -tanpe`.

import { roleOf } from "./stage.js";
import { html, join, set, text } from "./svg.js";

/** @typedef {import("./fold.js").Socket} Socket */
/** @typedef {import("./log.js").Scene} Scene */

const COLUMNS = [
  "Host",
  "Netid",
  "State",
  "Recv-Q",
  "Send-Q",
  "Local Address:Port",
  "Peer Address:Port",
  "Process",
  "ino",
  "sk",
];
const MOST = 500;

/**
 * @param {HTMLElement} home
 * @param {Scene} scene
 * @param {string} chosen
 */
export function drawTable(home, scene, chosen) {
  let body = home.querySelector("tbody");
  if (!body) {
    body = html("tbody");
    const head = html("thead", {}, html("tr", {}, ...COLUMNS.map((name) => html("th", { scope: "col" }, name))));
    const about = html(
      "p",
      { class: "about" },
      "The kernel's socket table of every host. On your own machine: ",
      html("code", {}, "ss -tuanpe"),
      " (Linux), ",
      html("code", {}, "lsof -i -n -P"),
      " (macOS), ",
      html("code", {}, "netstat -ano"),
      " (Windows).",
    );
    home.replaceChildren(about, html("table", { class: "sockets" }, head, body), html("p", { class: "more" }));
  }
  const order = new Map(scene.places.order.map((name, index) => [name, index]));
  const all = Object.values(scene.state.sockets).sort(
    (a, b) =>
      (order.get(a.host) ?? 0) - (order.get(b.host) ?? 0) ||
      Number(b.state === "LISTEN") - Number(a.state === "LISTEN"),
  );
  join(
    body,
    all.slice(0, MOST),
    (socket) => socket.socket,
    () => html("tr", {}, ...COLUMNS.map(() => html("td"))),
    (row, socket) => update(row, socket, scene, chosen),
  );
  text(
    /** @type {Element} */ (home.querySelector(".more")),
    all.length > MOST ? `${all.length - MOST} more` : all.length === 0 ? "No socket yet." : "",
  );
}

/**
 * @param {HTMLTableRowElement} row
 * @param {Socket} socket
 * @param {Scene} scene
 * @param {string} chosen
 */
function update(row, socket, scene, chosen) {
  const users = socket.owners.map(
    (owner) => `("${scene.state.processes[owner.pid]?.program ?? "?"}",pid=${owner.pid},fd=${owner.fd})`,
  );
  const netid = socket.protocol === "unix" ? "u_str" : socket.protocol;
  const words = [
    socket.host,
    netid,
    socket.state,
    String(socket.recv_queue),
    String(socket.send_queue),
    socket.local,
    socket.remote,
    users.length > 0 ? `users:(${users.join(",")})` : "–",
    String(socket.inode),
    socket.socket,
  ];
  words.forEach((word, index) => {
    const cell = row.cells[index];
    if (index !== 5) {
      text(cell, word);
      return;
    }
    if (!cell.firstElementChild)
      cell.append(html("button", { type: "button", class: "link", "data-evidence-key": `socket:${socket.socket}` }));
    text(/** @type {Element} */ (cell.firstElementChild), word);
  });
  set(row, { "data-role": roleOf(socket.state), "data-lit": chosen === `socket:${socket.socket}` });
}
