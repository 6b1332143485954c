// What a system call is called, what its arguments say, and what its error means to the program. Pure.

import { SAID_AS } from "./syscalls.js";

/** What an errno means to the program that gets it. */
export const ERRORS = /** @type {Record<string, string>} */ ({
  EADDRINUSE: "Another socket has that address and port already.",
  EACCES: "The program has no right to that.",
  EADDRNOTAVAIL: "This host has no such address, or no port is left for it.",
  ECONNREFUSED: "Nobody listens there: it is refused.",
  ECONNRESET: "The other side has torn the connection down.",
  ETIMEDOUT: "Nobody has answered for too long.",
  EHOSTUNREACH: "No way leads to that host.",
  ENETUNREACH: "No way leads to that network.",
  EPIPE: "This side has ended its sending already, or the connection is gone.",
  EMFILE: "The process has no file descriptor number left.",
  ENOTCONN: "The socket is not connected.",
  EISCONN: "The socket is connected already.",
  EBADF: "That number names no open file descriptor.",
  EPERM: "The sandbox does not allow that call.",
});

/**
 * The name that a program's author knows: accept4 and accept are one question, recvfrom is recv.
 * @param {string} name
 */
export function plainName(name) {
  return SAID_AS[name] ?? name;
}

/**
 * A call's arguments as a program would write them, the flags and buffers short.
 * @param {Record<string, any>} args
 */
export function argumentWords(args) {
  return Object.entries(args)
    .filter(([name, value]) => name !== "addrlen" && !(Array.isArray(value) && value.length === 0))
    .map(([, value]) => valueWords(value))
    .join(", ");
}

/** @param {any} value @returns {string} */
export function valueWords(value) {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value))
    return value.every((item) => typeof item === "string") ? value.join("|") : `[${value.map(valueWords).join(", ")}]`;
  if (typeof value === "object") {
    if (typeof value.length === "number") return `${value.length} bytes`;
    return `{${Object.entries(value)
      .map(([name, inner]) => `${name}: ${valueWords(inner)}`)
      .join(", ")}}`;
  }
  return String(value);
}
