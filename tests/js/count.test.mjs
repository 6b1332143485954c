// count.js: what stands at a server's port, in one sentence.

import assert from "node:assert/strict";
import test from "node:test";
import { Log } from "../../static/js/log/log.js";
import { countAtPort } from "../../static/js/words/count.js";
import { narrate } from "../../static/js/words/narration.js";
import { eventsOf } from "./logs.mjs";

test("three clients of one port: the count grows by one with each connection, and requests are not counted", () => {
  const log = new Log(narrate);
  log.append([...eventsOf("three-clients-one-port")]);
  /** @type {string[]} */
  const said = [];
  for (let seq = 0; seq <= log.end; seq += 1) {
    const words = countAtPort(log.at(seq).state, false);
    if (words !== said.at(-1)) said.push(words);
  }
  assert.deepEqual(said.slice(0, 5), [
    "",
    "At port 7 of server: 1 socket. It listens.",
    "At port 7 of server: 2 sockets. 1 listens, 1 is connected.",
    "At port 7 of server: 3 sockets. 1 listens, 2 are connected.",
    "At port 7 of server: 4 sockets. 1 listens, 3 are connected.",
  ]);
});
