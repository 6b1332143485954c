// The words of one row of the ladder, and where they stand. Pure.

import { fit } from "../stage/shapes.js";
import { argumentWords, plainName } from "../words/calls.js";
import { chipWords } from "../words/headers.js";

/** @typedef {import("../log/log.js").Log} Log */
/** @typedef {import("../stage/layout.js").Layout} Layout */
/** @typedef {import("../stage/layout.js").Point} Point */
/** @typedef {import("../stage/shapes.js").Metrics} Metrics */
/** @typedef {import("../stage/shapes.js").Shape} Shape */
/** @typedef {import("./rungs.js").Rung} Rung */
/** @typedef {{x: number, text: string, anchor: string | undefined, face: string, failed?: boolean}} Words */
/** @typedef {{from: number, to: number, x: number, anchor: "end" | undefined}} Room */

/**
 * @param {Rung} rung
 * @param {Log} log
 * @param {Layout} layout
 * @param {Metrics} metrics
 * @param {Room | null} moments where the moments of the rows stand: words end before them
 * @returns {Words}
 */
export function rungWords(rung, log, layout, metrics, moments) {
  const nothing = { x: 0, text: "", anchor: undefined, face: "plain" };
  if (rung.kind === "call" || rung.kind === "return") {
    const call = log.calls.get(rung.id);
    const host = layout.hosts.find((shape) => shape.host === call?.host);
    if (!call || !host) return nothing;
    const right = isRight(host, layout);
    const x = right ? host.x + host.w - 1.2 * metrics.f : host.x + 1.2 * metrics.f;
    const anchor = right ? "end" : undefined;
    const room = Math.min(host.w - 2 * metrics.f, free(moments, x, right ? -1 : 1));
    if (rung.kind === "call")
      return {
        x,
        anchor,
        face: "code",
        text: fit(`${plainName(call.name)}(${argumentWords(call.args)})`, room, "code", metrics),
      };
    const back = log.returns.get(rung.id);
    return {
      x,
      anchor,
      face: "mono muted",
      failed: Boolean(back?.error),
      text: fit(`${plainName(call.name)} = ${back?.error ?? back?.result ?? ""}`, room, "mono", metrics),
    };
  }
  const packet = log.packets.get(rung.id);
  const found = ends(rung.id, log, layout);
  if (!packet || !found) return nothing;
  if (rung.kind === "end") {
    const fate = log.fates.get(rung.id);
    if (fate?.type !== "packet.dropped" || packet.repeats) return nothing;
    return { x: (found.from.x + found.to.x) / 2, anchor: "middle", face: "strong", failed: true, text: "lost" };
  }
  const words = `${chipWords(packet)}${packet.repeats ? " again" : ""}`;
  const side = Math.sign(found.to.x - found.from.x);
  const x = found.from.x + side * 0.8 * metrics.f;
  const way = Math.abs(found.to.x - found.from.x) - 2 * metrics.f;
  const room = Math.min(way, free(moments, x, side));
  return { x, anchor: side < 0 ? "end" : undefined, face: "strong", text: fit(words, room, "strong", metrics) };
}

/** How far words may go from a place until they meet the moments. @param {Room | null} moments @param {number} x @param {number} side */
function free(moments, x, side) {
  if (!moments) return Infinity;
  const way = side < 0 ? x - moments.to : moments.from - x;
  return way > 0 ? way : Infinity;
}

/**
 * Where a packet's way begins and ends; null if it is not to be seen.
 * @param {number} id
 * @param {Log} log
 * @param {Layout} layout
 * @returns {{from: Point, to: Point} | null}
 */
export function ends(id, log, layout) {
  const packet = log.packets.get(id);
  if (!packet || packet.loopback) return null;
  const from = layout.door(packet.source_host, packet.protocol, packet.source);
  const to = layout.door(packet.target_host, packet.protocol, packet.destination);
  return from && to ? { from, to } : null;
}

/** Whether a host's calls stand at its right edge. @param {Shape} host @param {Layout} layout */
export function isRight(host, layout) {
  return host.x + host.w / 2 > layout.width * 0.66;
}
