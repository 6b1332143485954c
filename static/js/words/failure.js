// Why a program has failed, and what to do: read from the last call of it that failed. Pure.

import { ERRORS, plainName } from "./calls.js";

/** @typedef {import("../log/log.js").Log} Log */

/** Nobody looks further back than so many events. */
const MOST = 20000;
/** Answers to a question, not failures. */
const HARMLESS = new Set(["EAGAIN", "EINPROGRESS", "EINTR", "ENOENT", "ENOTTY"]);
const CURES = /** @type {Record<string, string>} */ ({
  EADDRINUSE: "Stop the program that has it, or give another port.",
  EACCES: "Give a port from 1024 on, or tick “may bind ports below 1024”.",
  EADDRNOTAVAIL: "Give an address of this host, or wait until connections in TIME-WAIT have run out.",
  ECONNREFUSED: "Start a server at that address and port first.",
  ETIMEDOUT: "Look whether its packets arrive, and whether the wire loses them.",
  EHOSTUNREACH: "Give the address of a host that is there.",
  ENETUNREACH: "Give the address of a host that is there.",
});

/**
 * What is said of a program that has ended with an error; empty if none of its calls tells why.
 * @param {Log} log
 * @param {number} pid
 * @param {number} seq up to where to look
 */
export function failure(log, pid, seq) {
  for (let at = seq; at > Math.max(0, seq - MOST); at -= 1) {
    const event = log.event(at);
    if (event?.type === "process.started" && event.pid === pid) return "";
    if (event?.type !== "syscall.returned" || !event.error || HARMLESS.has(event.error)) continue;
    const call = log.calls.get(event.call);
    if (call?.pid !== pid || call.name.startsWith("get")) continue; // a question may be answered by no
    const why = ERRORS[event.error];
    if (why)
      return [`${plainName(call.name)}() failed: ${event.error}.`, why, CURES[event.error] ?? ""].join(" ").trim();
  }
  return "";
}
