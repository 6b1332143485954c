// An event in one row: who, and what happened. Pure.

import { argumentWords, plainName } from "./calls.js";
import { chipWords } from "./headers.js";
import { programName } from "./programs.js";

/** @typedef {import("../log/protocol.js").Event} Event */
/** @typedef {import("../log/log.js").Log} Log */

/**
 * One row's words: who, and what happened.
 * @param {Event} event
 * @param {Log} log
 * @returns {{who: string, what: string}}
 */
export function summary(event, log) {
  switch (event.type) {
    case "syscall.entered":
      return { who: event.host, what: `${plainName(event.name)}(${argumentWords(event.args)}) …` };
    case "syscall.blocked": {
      const call = log.calls.get(event.call);
      return { who: call?.host ?? "", what: `${plainName(call?.name ?? "?")} sleeps` };
    }
    case "syscall.returned": {
      const call = log.calls.get(event.call);
      return {
        who: call?.host ?? "",
        what: `${plainName(call?.name ?? "?")} = ${event.error ?? event.result ?? ""}${event.address ? `  ${event.address}` : ""}`,
      };
    }
    case "fd.opened":
    case "fd.closed":
      return {
        who: `pid ${event.pid}`,
        what: `fd ${event.fd} ${event.type === "fd.opened" ? "opened" : "closed"}: ${event.kind}`,
      };
    case "socket.appeared":
    case "socket.changed":
    case "socket.vanished": {
      const queues = event.recv_queue + event.send_queue > 0 ? `  ${event.recv_queue}/${event.send_queue}` : "";
      const what = event.type === "socket.vanished" ? "gone: " : event.type === "socket.appeared" ? "new: " : "";
      return { who: event.host, what: `${what}${event.state} ${event.local} → ${event.remote}${queues}` };
    }
    case "packet.sent":
      return {
        who: event.source_host,
        what: `${chipWords(event)} → ${event.target_host ?? "nobody"}${event.repeats ? " (again)" : ""}`,
      };
    case "packet.held":
    case "packet.delivered":
    case "packet.dropped": {
      const packet = log.packets.get(event.packet);
      return {
        who: packet?.target_host ?? "",
        what: `${packet ? chipWords(packet) : event.packet} ${event.type.slice(7)}${event.why && event.type !== "packet.delivered" ? `: ${event.why}` : ""}`,
      };
    }
    case "process.started":
      return { who: event.host, what: `${programName(event)} started, pid ${event.pid}` };
    case "process.executed":
      return { who: `pid ${event.pid}`, what: `runs ${programName(event)} now` };
    case "process.output":
      return { who: `pid ${event.pid}`, what: `prints ${event.text.trim()}` };
    case "process.exited":
      return { who: `pid ${event.pid}`, what: `ended, ${event.signal ?? `code ${event.code}`}` };
    case "moment.pending":
    case "moment.released":
      return { who: event.kind, what: `moment ${event.moment} ${event.type.slice(7)}` };
    case "host.added":
      return { who: event.host, what: `up at ${event.addresses.join(", ")}` };
    case "pace.changed":
      return { who: "pace", what: event.pace };
    case "wire.changed":
      return { who: "wire", what: `delay ${event.delay_ms} ms, jitter ${event.jitter_ms} ms, loss ${event.loss}` };
    case "sysctl.changed":
      return { who: event.host, what: `${event.name} = ${event.value}${event.why ? `: ${event.why}` : ""}` };
    case "command.accepted":
      return { who: "you", what: event.command };
    case "command.refused":
      return { who: "you", what: `${event.command} refused: ${event.detail}` };
    case "observation.lost":
      return { who: event.host, what: `not observed: ${event.why}` };
    case "sandbox.closed":
      return { who: "sandbox", what: `closed: ${event.why}` };
  }
}
