// The only sender. Every act of a person goes through here, as a command of server/commands.py.

import { RefusedError } from "./stream.js";

/**
 * @typedef {object} Source where events come from and commands go to: a stream, or a replay, which refuses all
 * @property {import("./stream.js").LinkState} state
 * @property {(command: Record<string, unknown>) => Promise<any>} request
 * @property {() => void} [close] nothing comes from it any more
 */
/** @typedef {{id: string, hosts: {name: string, addresses: string[]}[], stream: string}} NewSandbox */

/**
 * How long each moment waits in slow pace. Two of them are shorter than the second after which a kernel sends
 * a SYN or SYN ACK again, so that a slow handshake is still the plain one.
 */
const SLOW_MS = 450;

/**
 * Makes a sandbox with the three hosts.
 * @param {"live" | "slow" | "step"} pace
 * @returns {Promise<NewSandbox>}
 */
export async function createSandbox(pace) {
  const answer = await fetch("/api/sandboxes", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ pace }),
  });
  const body = await answer
    .json()
    .catch(() => ({ title: "No answer", status: answer.status, detail: "The server's answer cannot be read." }));
  if (!answer.ok) throw new RefusedError(body);
  return body;
}

export class Commands {
  /** @param {Source} stream */
  constructor(stream) {
    this.stream = stream;
  }

  /**
   * @param {string} host
   * @param {string} program a name of the catalogue
   * @param {string[]} args
   * @param {"user" | "admin"} credentials
   */
  start(host, program, args, credentials = "user") {
    return this.stream.request({ command: "process.start", host, program, args, credentials });
  }

  /**
   * @param {string} host
   * @param {string[]} argv
   * @param {"user" | "admin"} credentials
   */
  run(host, argv, credentials = "user") {
    return this.stream.request({ command: "process.start", host, argv, credentials });
  }

  /** @param {number} pid @param {string} text */
  input(pid, text) {
    return this.stream.request({ command: "process.input", pid, text });
  }

  /** Closes a program's standard input. @param {number} pid */
  endInput(pid) {
    return this.stream.request({ command: "process.input", pid, end: true });
  }

  /** @param {number} pid @param {"TERM" | "INT" | "KILL" | "STOP" | "CONT"} signal */
  signal(pid, signal) {
    return this.stream.request({ command: "process.signal", pid, signal });
  }

  /** @param {"live" | "slow" | "step"} pace */
  pace(pace) {
    return this.stream.request({ command: "pace.set", pace, ...(pace === "slow" ? { pause_ms: SLOW_MS } : {}) });
  }

  /** @param {number} [moment] without it: the one that has waited longest */
  release(moment) {
    return this.stream.request({ command: "moment.release", ...(moment ? { moment } : {}) });
  }

  /** @param {"hold" | "deliver" | "drop" | "duplicate"} what @param {number} packet */
  packet(what, packet) {
    return this.stream.request({ command: `packet.${what}`, packet });
  }

  /** @param {{delay_ms?: number, jitter_ms?: number, loss?: number, neighbours?: boolean}} values */
  wire(values) {
    return this.stream.request({ command: "wire.set", ...values });
  }

  /** @param {string} host @param {string} name of the kernel parameter @param {string} value */
  sysctl(host, name, value) {
    return this.stream.request({ command: "sysctl.set", host, name, value });
  }

  /** @param {string} name @param {string[]} addresses with their prefix lengths */
  addHost(name, addresses) {
    return this.stream.request({ command: "host.add", name, addresses });
  }
}
