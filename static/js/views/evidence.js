// The evidence of any thing: the call with its arguments, the socket's row as the kernel gave it, the packet's
// headers field by field beside its bytes. Draws what it is given; its buttons tell what is wanted by DOM events.

import { html, text } from "../dom/svg.js";
import { ERRORS, plainName, valueWords } from "../words/calls.js";
import { bytesOf, chipWords, fields, packetName, preview } from "../words/headers.js";
import { differences } from "../words/parameters.js";
import { programName } from "../words/programs.js";
import { peerOf, subjects } from "../words/relations.js";
import { windowWords } from "../words/windows.js";

/** @typedef {import("../log/protocol.js").Event} Event */
/** @typedef {import("../log/log.js").Log} Log */
/** @typedef {import("../log/log.js").Scene} Scene */
/** @typedef {{title: string, parts: Node[]}} Page */

/**
 * @param {string} key of a shape or an event
 * @param {Scene} scene the moment on the screen
 * @param {Log} log
 * @param {boolean} acts whether acting is possible: on what is there now, wherever one looks
 * @returns {Page}
 */
export function evidence(key, scene, log, acts) {
  const [kind, first, second] = key.split(":");
  switch (kind) {
    case "event":
      return eventPage(Number(first), scene, log, acts);
    case "call":
      return callPage(Number(first), scene, log, acts);
    case "socket":
      return socketPage(first, scene, log);
    case "packet":
      return packetPage(Number(first), scene, log, acts);
    case "process":
      return processPage(Number(first), scene, log);
    case "fd":
      return fdPage(first, second, scene, log);
    case "door":
      return doorPage(first, key.split(":").slice(2).join(":"), scene);
    case "host":
      return hostPage(first, scene);
    default:
      return {
        title: "Evidence",
        parts: [html("p", {}, "Several things stand here together. Open the table of sockets to see each of them.")],
      };
  }
}

/** @param {number} seq @param {Scene} scene @param {Log} log @param {boolean} acts @returns {Page} */
function eventPage(seq, scene, log, acts) {
  const event = log.event(seq);
  if (!event) return { title: "Event", parts: [] };
  const subject = subjects(event, log)[0];
  const note = log.notes[seq - 1];
  const head = [
    html("p", { class: "at" }, `event ${seq}, ${time(event.t)}`, " ", action("seek", seq, "Show this moment")),
  ];
  if (note) head.push(html("p", { class: "said" }, note.text));
  const page = subject
    ? evidence(subject, subject.startsWith("socket:") ? log.at(seq) : scene, log, acts)
    : { title: event.type, parts: [] };
  return { title: page.title, parts: [...head, ...page.parts, raw(event)] };
}

/** @param {number} id @param {Scene} scene @param {Log} log @param {boolean} acts @returns {Page} */
function callPage(id, scene, log, acts) {
  const call = log.calls.get(id);
  if (!call) return { title: "System call", parts: [gone()] };
  const back = log.returns.get(id);
  const name = plainName(call.name);
  const started = log.processes.get(call.pid);
  /** @type {[string, string | Node][]} */
  const rows = [
    [
      "Process",
      link(`process:${call.pid}`, `${started ? programName(started) : ""} pid ${call.pid}, thread ${call.tid}`),
    ],
    ["Host", call.host],
  ];
  if (call.file) rows.push(["Statement", `${call.file.split("/").slice(-1)[0]} line ${call.line}`]);
  rows.push(["Entered", `event ${call.seq}, ${time(call.t)}`]);
  if (back) rows.push(["Returned", `event ${back.seq}, after ${duration(back.t - call.t)}`]);
  /** @type {Node[]} */
  const parts = [
    table(rows),
    html("h3", {}, "Arguments"),
    table(Object.entries(call.args).map(([field, value]) => [field, argument(call.pid, field, value)])),
  ];
  parts.push(html("h3", {}, "Result"));
  const moment = Object.values(scene.state.moments).find((waiting) => waiting.call === id);
  if (moment && acts && moment.moment in log.head.state.moments)
    parts.unshift(html("p", { class: "actions" }, action("release", moment.moment, "Let it enter the kernel")));
  if (moment) parts.push(html("p", {}, "It has not begun: the program is held before it."));
  else if (!back) parts.push(html("p", {}, "It has not returned: the program waits in it."));
  else if (back.error)
    parts.push(html("p", { class: "failed" }, html("strong", {}, back.error), ` ${ERRORS[back.error] ?? ""}`));
  else parts.push(table(results(back)));
  const page = html(
    "a",
    { href: `https://man7.org/linux/man-pages/man2/${name}.2.html`, rel: "noreferrer" },
    `man 2 ${name}`,
  );
  parts.push(html("p", {}, "Read on: ", page, call.name === name ? "" : ` (the kernel's name of it is ${call.name})`));
  parts.push(raw(call), ...(back ? [raw(back)] : []));
  return { title: `${name}(2)`, parts };
}

/** @param {import("../log/protocol.js").SyscallReturned} back @returns {[string, string][]} */
function results(back) {
  /** @type {[string, string][]} */
  const rows = [["returned", String(back.result)]];
  if (back.new_fd !== undefined) rows.push(["new fd", String(back.new_fd)]);
  if (back.address) rows.push(["address", back.address]);
  if (typeof back.bytes === "number") rows.push(["bytes", String(back.bytes)]);
  if (back.data) rows.push(["first bytes", preview(bytesOf(back.data), 64)]);
  for (const [name, value] of Object.entries(back.values ?? {})) rows.push([name, valueWords(value)]);
  return rows;
}

/** @param {number} pid @param {string} field @param {any} value */
function argument(pid, field, value) {
  if (field === "fd" && typeof value === "number") return link(`fd:${pid}:${value}`, String(value));
  if (value && typeof value === "object" && typeof value.data === "string")
    return `${valueWords(value)}: ${preview(bytesOf(value.data), 64)}`;
  return valueWords(value);
}

/** @param {string} cookie @param {Scene} scene @param {Log} log @returns {Page} */
function socketPage(cookie, scene, log) {
  const seqs = log.rows.get(cookie) ?? [];
  const socket = scene.state.sockets[cookie] ?? last(seqs, log);
  if (!socket) return { title: "Socket", parts: [gone()] };
  const there = cookie in scene.state.sockets;
  const listening = socket.state === "LISTEN";
  const peer = there ? peerOf(socket, scene) : undefined;
  const owners = html(
    "span",
    {},
    ...socket.owners.flatMap((owner, index) => [
      index > 0 ? ", " : "",
      link(`fd:${owner.pid}:${owner.fd}`, `fd ${owner.fd} of pid ${owner.pid}`),
    ]),
  );
  /** @type {[string, string | Node][]} */
  const rows = [
    ["Protocol", `${socket.protocol} (${socket.family})`],
    ["State", socket.state],
    ["Local", socket.local],
    ["Remote", socket.remote],
    [
      listening ? "Waits for accept" : "Receive queue",
      listening ? `${socket.recv_queue} connections` : `${socket.recv_queue} bytes`,
    ],
    [
      listening ? "Backlog" : "Send queue",
      listening ? `${socket.send_queue} connections` : `${socket.send_queue} bytes`,
    ],
    ["Inode", socket.inode === 0 ? "0: no file descriptor names it" : String(socket.inode)],
    ["Owners", socket.owners.length > 0 ? owners : "none"],
  ];
  if (socket.timer)
    rows.push([
      "Timer",
      `${socket.timer.name}, ends at ${time(socket.timer.expires_t)}, ${socket.timer.retransmits} retransmissions`,
    ]);
  if (peer) rows.push(["Other end", link(`socket:${peer.socket}`, `${peer.host} ${peer.state}`)]);
  rows.push(
    ["Cookie", cookie],
    ["Seen by", socket.source === "getsockopt" ? "getsockopt(2); no table of the kernel lists it yet" : "sock_diag(7)"],
  );
  const history = html("ol", { class: "history" }, ...seqs.slice(-60).map((seq) => historyRow(seq, log)));
  const parts = [table(rows)];
  if (!there)
    parts.unshift(
      html("p", { class: "at" }, "The kernel has it no longer at the moment on the screen; this is its last row."),
    );
  return {
    title: `${socket.protocol} socket on ${socket.host}`,
    parts: [...parts, html("h3", {}, "Its rows"), history],
  };
}

/** @param {number[]} seqs @param {Log} log */
function last(seqs, log) {
  const event = log.event(seqs[seqs.length - 1] ?? 0);
  return event?.type.startsWith("socket.")
    ? /** @type {import("../log/protocol.js").SocketVanished} */ (event)
    : undefined;
}

/** @param {number} seq @param {Log} log */
function historyRow(seq, log) {
  const event = /** @type {import("../log/protocol.js").SocketChanged} */ (log.event(seq));
  const what = { "socket.appeared": "appeared", "socket.changed": "", "socket.vanished": "vanished" }[
    /** @type {string} */ (event.type)
  ];
  const words = `${what ? `${what}, ` : ""}${event.state}, queues ${event.recv_queue}/${event.send_queue}, inode ${event.inode}`;
  return html("li", {}, action("seek", seq, String(seq)), ` ${words}`);
}

/** @param {number} id @param {Scene} scene @param {Log} log @param {boolean} acts @returns {Page} */
function packetPage(id, scene, log, acts) {
  const packet = log.packets.get(id);
  if (!packet) return { title: "Packet", parts: [gone()] };
  const now = scene.state.packets[id];
  const fate = log.fates.get(id);
  const bytes = bytesOf(packet.raw);
  /** @type {[string, string | Node][]} */
  const rows = [
    ["From", `${packet.source_host} ${packet.source}`],
    ["To", `${packet.target_host ?? "nobody"} ${packet.destination}`],
    ["Sent", `event ${packet.seq}, ${time(packet.t)}`],
  ];
  if (now) rows.push(["Now", now.status === "held" ? `held: ${now.why ?? ""}` : "under way"]);
  if (now?.copies) rows.push(["Sent again", `${now.copies} times while it was held`]);
  if (fate)
    rows.push([
      fate.type === "packet.dropped" ? "Dropped" : "Delivered",
      `event ${fate.seq}, after ${duration(fate.t - packet.t)}${fate.type === "packet.dropped" ? `: ${fate.why}` : ""}`,
    ]);
  if (packet.repeats) rows.push(["Repeats", link(`packet:${packet.repeats}`, `packet ${packet.repeats}`)]);
  if (packet.loopback) rows.push(["Loopback", "it never leaves its host; it can be seen but not held"]);
  const parts = [];
  const waits = now && !fate;
  if (waits && acts && !packet.loopback) {
    const verbs = /** @type {[string, string][]} */ (
      log.head.state.packets[id]?.status === "held" || isPending(log.head, id)
        ? [
            ["deliver", "Deliver"],
            ["drop", "Drop"],
            ["duplicate", "Duplicate"],
          ]
        : [
            ["hold", "Hold"],
            ["drop", "Drop"],
            ["duplicate", "Duplicate"],
          ]
    );
    parts.push(html("p", { class: "actions" }, ...verbs.map(([verb, words]) => action(`packet-${verb}`, id, words))));
  }
  parts.push(table(rows), ...bytesView(bytes, windowWords(packet, log.packets.values())));
  const name = packetName(packet);
  return {
    title: `Packet ${id}: ${name === "packet" ? chipWords(packet) : name}`,
    parts: [...parts, raw(packet, "raw")],
  };
}

/** @param {Scene} scene @param {number} packet */
function isPending(scene, packet) {
  return Object.values(scene.state.moments).some((moment) => moment.packet === packet);
}

/**
 * Header fields and bytes side by side; pointing at one lights the other.
 * @param {Uint8Array} bytes
 * @param {string} window what the window of a segment comes to: its scale stands in other packets
 */
function bytesView(bytes, window) {
  const found = fields(bytes).map((field) => (field.name === "Window" ? { ...field, value: window } : field));
  /** @type {HTMLElement[]} */
  const cells = Array.from(bytes.subarray(0, 512), (byte, index) =>
    html("span", { "data-byte": index }, byte.toString(16).padStart(2, "0")),
  );
  const dump = html("pre", { class: "hex", "aria-label": "the packet's bytes" });
  for (const [index, cell] of cells.entries()) {
    dump.append(cell, index % 16 === 15 ? "\n" : index % 8 === 7 ? "  " : " ");
  }
  if (bytes.length > 512) dump.append(`… ${bytes.length - 512} more`);
  const body = html("tbody");
  let layer = "";
  for (const field of found) {
    if (field.layer !== layer) {
      layer = field.layer;
      body.append(html("tr", { class: "layer" }, html("th", { colspan: 2, scope: "rowgroup" }, layer)));
    }
    const row = html("tr", { tabindex: 0 }, html("th", { scope: "row" }, field.name), html("td", {}, field.value));
    const light = (/** @type {boolean} */ on) => {
      for (let index = field.start; index < Math.min(field.end, cells.length); index += 1)
        cells[index].classList.toggle("lit", on);
    };
    for (const type of ["pointerenter", "focus"]) row.addEventListener(type, () => light(true));
    for (const type of ["pointerleave", "blur"]) row.addEventListener(type, () => light(false));
    body.append(row);
  }
  return [html("h3", {}, "Bytes"), dump, html("h3", {}, "Headers"), html("table", { class: "pairs" }, body)];
}

/** @param {number} pid @param {Scene} scene @param {Log} log @returns {Page} */
function processPage(pid, scene, log) {
  const process = scene.state.processes[pid];
  if (!process) return { title: `Process ${pid}`, parts: [gone()] };
  const status = process.status === "exited" ? `ended, ${process.signal ?? `code ${process.code}`}` : process.status;
  /** @type {Node[]} */
  const parts = [
    table([
      ["Command", process.argv.join(" ")],
      ["Host", process.host],
      ["Status", status],
      ["Credentials", process.credentials === "admin" ? "may bind ports below 1024" : "no capability"],
      ...(process.parent
        ? /** @type {[string, Node][]} */ ([["Parent", link(`process:${process.parent}`, `pid ${process.parent}`)]])
        : []),
    ]),
    html("h3", {}, "File descriptors"),
    table(
      Object.entries(process.fds).map(([fd, entry]) => [
        fd,
        entry.socket ? link(`socket:${entry.socket}`, socketWords(entry.socket, scene)) : (entry.path ?? entry.kind),
      ]),
    ),
    html("h3", {}, "Calls that it is in"),
    table(
      Object.entries(process.calls).map(([tid, call]) => [
        `thread ${tid}`,
        link(
          `call:${call.call}`,
          `${plainName(call.name)}()${call.file ? `, ${call.file.split("/").slice(-1)[0]} line ${call.line}` : ""}`,
        ),
      ]),
    ),
  ];
  const output = (log.outputs.get(pid) ?? [])
    .slice(-200)
    .map((seq) => /** @type {import("../log/protocol.js").ProcessOutput} */ (log.event(seq)).text);
  if (output.length > 0)
    parts.push(html("h3", {}, "Output"), html("pre", { class: "output", tabindex: 0 }, output.join("")));
  return { title: `${programName(process)}, pid ${pid}`, parts };
}

/** @param {string} pid @param {string} fd @param {Scene} scene @param {Log} log @returns {Page} */
function fdPage(pid, fd, scene, log) {
  const process = scene.state.processes[pid];
  const entry = process?.fds[fd];
  if (process && !entry) return processPage(Number(pid), scene, log);
  if (!entry) return { title: `fd ${fd} of pid ${pid}`, parts: [gone()] };
  const rows = /** @type {[string, string | Node][]} */ ([
    ["Process", link(`process:${pid}`, `${programName(process)} pid ${pid}`)],
    ["Kind", entry.kind],
  ]);
  if (entry.path) rows.push(["Path", entry.path]);
  /** @type {Node[]} */
  const parts = [table(rows)];
  if (entry.socket) {
    parts.push(html("p", {}, "The number is an index in the process's table; what it names is the kernel's socket:"));
    parts.push(...socketPage(entry.socket, scene, log).parts);
  }
  return { title: `fd ${fd} of ${programName(process)}`, parts };
}

/** @param {string} host @param {string} door @param {Scene} scene @returns {Page} */
function doorPage(host, door, scene) {
  const uses = scene.places.hosts[host]?.uses ?? {};
  const cookies = Object.keys(uses).filter((cookie) => uses[cookie].includes(door));
  const rows = cookies
    .slice(0, 200)
    .map(
      (cookie) =>
        /** @type {[string, Node]} */ ([
          scene.state.sockets[cookie]?.state ?? "",
          link(`socket:${cookie}`, scene.state.sockets[cookie]?.remote ?? cookie),
        ]),
    );
  const port = door.replace(/^lo\//, "").split("/")[1] ?? door;
  const words =
    cookies.length === 1
      ? "One socket uses this port."
      : `${cookies.length} sockets share this port. A packet finds its own by the remote address and port.`;
  return { title: `Port ${port} of ${host}`, parts: [html("p", {}, words), table(rows)] };
}

/** @param {string} name @param {Scene} scene @returns {Page} */
function hostPage(name, scene) {
  const host = scene.state.hosts[name];
  if (!host) return { title: name, parts: [gone()] };
  const count = Object.values(scene.state.sockets).filter((socket) => socket.host === name).length;
  const unlike = differences(host);
  return {
    title: `Host ${name}`,
    parts: [
      html("p", {}, "One network namespace with its own addresses, ports and socket table."),
      table([
        ["Addresses", host.addresses.join(", ")],
        ["Sockets", String(count)],
      ]),
      html("h3", {}, unlike ? "Not as its kernel has it by default" : "Kernel parameters that were set"),
      table(unlike ?? Object.entries(host.sysctls)),
    ],
  };
}

// ---- pieces

/** @param {string} cookie @param {Scene} scene */
function socketWords(cookie, scene) {
  const socket = scene.state.sockets[cookie];
  return socket ? `${socket.protocol} ${socket.state} ${socket.local}` : `socket ${cookie}`;
}

/** @param {[string, string | Node][]} rows */
function table(rows) {
  if (rows.length === 0) return html("p", { class: "none" }, "none");
  return html(
    "table",
    { class: "pairs" },
    html(
      "tbody",
      {},
      ...rows.map(([name, value]) => html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, value))),
    ),
  );
}

/** A button that opens another thing's evidence. @param {string} key @param {string} words */
function link(key, words) {
  return html("button", { type: "button", class: "link", "data-evidence-key": key }, words);
}

/** A button that asks for something. @param {string} what @param {number} value @param {string} words */
function action(what, value, words) {
  return html("button", { type: "button", class: "button small", "data-ask": what, "data-value": value }, words);
}

/** @param {Event} event @param {string} [without] */
function raw(event, without) {
  const shown = Object.fromEntries(Object.entries(event).filter(([name]) => name !== without));
  const code = html("pre", { class: "output", tabindex: 0 });
  text(code, JSON.stringify(shown, null, 1));
  return html("details", { class: "fold" }, html("summary", {}, `event ${event.seq} as it came`), code);
}

function gone() {
  return html("p", {}, "It is not there at the moment on the screen.");
}

/** @param {number} t nanoseconds since the sandbox began */
export function time(t) {
  return `${(t / 1e9).toFixed(6)} s`;
}

/** @param {number} ns */
function duration(ns) {
  if (ns < 1e6) return `${(ns / 1e3).toFixed(0)} µs`;
  return ns < 1e9 ? `${(ns / 1e6).toFixed(2)} ms` : `${(ns / 1e9).toFixed(2)} s`;
}
