// A socket as the tools of one's own machine print it: ss, lsof and netstat, on Linux, macOS and Windows. Pure.
// Names of states, wildcards and what is left out are those of each tool; so is what it cannot see.

import { endpoint } from "../log/addresses.js";

/** @typedef {import("../log/state.js").Socket} Socket */
/** @typedef {import("../log/log.js").Scene} Scene */
/**
 * @typedef {object} Tool
 * @property {string} id
 * @property {string} name what the choice says
 * @property {(letters: string) => string} command to type at home
 * @property {(letters: string) => string[]} columns
 * @property {(socket: Socket, scene: Scene, letters: string) => string[][]} rows one for each line that the tool writes
 * @property {string} blind what it does not list
 */

const SS = /** @type {Record<string, string>} */ ({
  ESTABLISHED: "ESTAB",
  "SYN-RECEIVED": "SYN-RECV",
  UNCONNECTED: "UNCONN",
  CLOSED: "UNCONN",
});
const NETSTAT = /** @type {Record<string, string>} */ ({
  "SYN-RECEIVED": "SYN_RECV",
  "FIN-WAIT-1": "FIN_WAIT1",
  "FIN-WAIT-2": "FIN_WAIT2",
  CLOSED: "CLOSE",
  UNCONNECTED: "",
});
const BSD = /** @type {Record<string, string>} */ ({ "SYN-RECEIVED": "SYN_RCVD", UNCONNECTED: "" });
const WINDOWS = /** @type {Record<string, string>} */ ({
  LISTEN: "LISTENING",
  "SYN-RECEIVED": "SYN_RECEIVED",
  UNCONNECTED: "",
});
const NO_TABLE = "Sockets that are neither bound nor connected stand in no table of the kernel.";

/** @type {Tool[]} */
export const TOOLS = [
  {
    id: "ss",
    name: "ss · Linux",
    command: (letters) => `ss -${letters}anpe`,
    columns: (letters) => [
      ...(letters.length > 1 ? ["Netid"] : []),
      "State",
      "Recv-Q",
      "Send-Q",
      "Local Address:Port",
      "Peer Address:Port",
      "Process",
    ],
    rows: (socket, scene, letters) => {
      if (untabled(socket)) return [];
      const users = socket.owners.map((owner) => `("${program(scene, owner.pid)}",pid=${owner.pid},fd=${owner.fd})`);
      const process = [
        ...(users.length > 0 ? [`users:(${users.join(",")})`] : []),
        ...(socket.uid && socket.protocol !== "unix" ? [`uid:${socket.uid}`] : []),
        ...(socket.protocol === "unix" ? [] : [`ino:${socket.inode}`, `sk:${Number(socket.socket).toString(16)}`]),
      ];
      return [
        [
          ...(letters.length > 1 ? [socket.protocol === "unix" ? "u_str" : socket.protocol] : []),
          SS[socket.state] ?? socket.state,
          String(socket.recv_queue),
          String(socket.send_queue),
          socket.family === "inet" ? joined(socket.local, "0.0.0.0", ":") : socket.local,
          socket.family === "inet" ? joined(socket.remote, "0.0.0.0", ":") : socket.remote,
          process.join(" "),
        ],
      ];
    },
    blind: NO_TABLE,
  },
  ...["Linux", "macOS"].map((system) => ({
    id: `lsof-${system.toLowerCase()}`,
    name: `lsof · ${system}`,
    command: () => "lsof -i -P -n",
    columns: () => ["COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME"],
    rows: (/** @type {Socket} */ socket, /** @type {Scene} */ scene) => {
      if (socket.protocol === "unix" || untabled(socket)) return [];
      const state =
        socket.protocol === "tcp"
          ? ` (${under(socket.state, BSD).replace("SYN_RCVD", system === "Linux" ? "SYN_RECV" : "SYN_RCVD")})`
          : "";
      const ends = named(socket.remote) ? `${starred(socket.local)}->${starred(socket.remote)}` : starred(socket.local);
      return socket.owners.map((owner) => [
        program(scene, owner.pid).slice(0, 9),
        String(owner.pid),
        "learner",
        `${owner.fd}u`,
        sixth(socket) ? "IPv6" : "IPv4",
        system === "Linux" ? String(socket.inode) : `0x${Number(socket.socket).toString(16)}`,
        "0t0",
        socket.protocol.toUpperCase(),
        ends + state,
      ]);
    },
    blind:
      "lsof lists file descriptors: a connection that no program has accepted, or that waits in TIME-WAIT, is not there.",
  })),
  {
    id: "netstat-linux",
    name: "netstat · Linux",
    command: () => "netstat -an",
    columns: () => ["Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State"],
    rows: (socket) => {
      if (socket.protocol === "unix" || untabled(socket)) return [];
      const any = sixth(socket) ? "::" : "0.0.0.0";
      return [
        [
          `${socket.protocol}${sixth(socket) ? "6" : ""}`,
          String(socket.recv_queue),
          socket.state === "LISTEN" ? "0" : String(socket.send_queue),
          joined(socket.local, any, ":"),
          joined(socket.remote, any, ":"),
          under(socket.state, NETSTAT),
        ],
      ];
    },
    blind: NO_TABLE,
  },
  {
    id: "netstat-macos",
    name: "netstat · macOS",
    command: () => "netstat -an",
    columns: () => ["Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "(state)"],
    rows: (socket) => {
      if (socket.protocol === "unix" || untabled(socket)) return [];
      const listens = socket.state === "LISTEN";
      return [
        [
          `${socket.protocol}${sixth(socket) ? "6" : "4"}`,
          listens ? "0" : String(socket.recv_queue),
          listens ? "0" : String(socket.send_queue),
          joined(socket.local, "*", "."),
          joined(socket.remote, "*", "."),
          under(socket.state, BSD),
        ],
      ];
    },
    blind: NO_TABLE,
  },
  {
    id: "netstat-windows",
    name: "netstat · Windows",
    command: () => "netstat -an",
    columns: () => ["Proto", "Local Address", "Foreign Address", "State"],
    rows: (socket) => {
      if (socket.protocol === "unix" || untabled(socket)) return [];
      const wide = (/** @type {string} */ address) =>
        joined(address, sixth(socket) ? "[::]" : "0.0.0.0", ":", true).replace(/:\*$/, ":0");
      const peer = socket.protocol === "udp" ? "*:*" : wide(socket.remote);
      return [
        [
          socket.protocol.toUpperCase(),
          wide(socket.local),
          peer,
          socket.protocol === "udp" ? "" : under(socket.state, WINDOWS),
        ],
      ];
    },
    blind: NO_TABLE,
  },
];

/** The letters of ss for what is there; TCP alone if nothing else is. @param {Scene} scene */
export function protocols(scene) {
  const there = new Set(Object.values(scene.state.sockets).map((socket) => socket.protocol));
  return `t${there.has("udp") ? "u" : ""}${there.has("unix") ? "x" : ""}`;
}

/** Whether no table of the kernel lists it. @param {Socket} socket */
function untabled(socket) {
  return socket.source === "getsockopt";
}

/** @param {Scene} scene @param {number} pid */
function program(scene, pid) {
  return scene.state.processes[pid]?.program ?? "?";
}

/** @param {string} state @param {Record<string, string>} names */
function under(state, names) {
  return names[state] ?? state.replaceAll("-", "_");
}

/** @param {Socket} socket */
function sixth(socket) {
  return socket.family === "inet6" || socket.local.startsWith("[");
}

/** Whether an address is that of somebody. @param {string} address */
function named(address) {
  const { port } = endpoint(address);
  return port !== "*" && port !== "0";
}

/** `*:7` for every address, as lsof has it. @param {string} address */
function starred(address) {
  const { address: host, port } = endpoint(address);
  return ["0.0.0.0", "::", "*"].includes(host) ? `*:${port}` : address;
}

/**
 * @param {string} address
 * @param {string} any what every address is called
 * @param {string} between
 * @param {boolean} [bracketed] whether IPv6 addresses stand in brackets
 */
function joined(address, any, between, bracketed = false) {
  const { address: host, port } = endpoint(address);
  const wild = ["0.0.0.0", "::", "*", ""].includes(host);
  const written = wild ? any : bracketed && host.includes(":") ? `[${host}]` : host;
  return `${written}${between}${port === "0" ? "*" : port}`;
}
