// The logs that the tests of the front end read: the golden recordings, each a run on a real kernel. A file named in
// SOCKETLAB_LOG, one event a line, is one more of them: so test_live.py asks the same of what this kernel does now.

import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Log } from "../../static/js/log/log.js";
import { parse } from "../../static/js/log/replay.js";
import { narrate } from "../../static/js/words/narration.js";

const ROOT = new URL("../../", import.meta.url);

/** @type {Map<string, import("../../static/js/log/protocol.js").Event[]>} events by the name of the run */
export const LOGS = new Map();
for (const folder of ["tests/recordings/", "static/recordings/"]) {
  for (const file of readdirSync(new URL(folder, ROOT)).filter((name) => name.endsWith(".jsonl.gz"))) {
    const text = gunzipSync(readFileSync(new URL(folder + file, ROOT))).toString("utf8");
    LOGS.set(file.replace(".jsonl.gz", ""), parse(text, file).events);
  }
}
if (process.env.SOCKETLAB_LOG) LOGS.set("live", parse(readFileSync(process.env.SOCKETLAB_LOG, "utf8"), "live").events);

/** The events of one run. @param {string} name */
export function eventsOf(name) {
  const events = LOGS.get(name);
  if (!events) throw new Error(`there is no recording ${name}; there are ${[...LOGS.keys()].join(", ")}`);
  return events;
}

/** A log that has been told a run. @param {import("../../static/js/log/protocol.js").Event[]} events */
export function logOf(events) {
  const log = new Log(narrate);
  log.append(events);
  return log;
}
