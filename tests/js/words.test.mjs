// The small modules of words/: command lines, calls, numbers, rows of events, listings, and what belongs to what.

import assert from "node:assert/strict";
import test from "node:test";
import { doorsOf, endpoint } from "../../static/js/log/addresses.js";
import { argumentWords, plainName, valueWords } from "../../static/js/words/calls.js";
import { words } from "../../static/js/words/commandline.js";
import { protocols, TOOLS } from "../../static/js/words/listings.js";
import { count, seconds } from "../../static/js/words/numbers.js";
import { Light, peerOf, subjects } from "../../static/js/words/relations.js";
import { summary } from "../../static/js/words/summary.js";
import { eventsOf, LOGS, logOf } from "./logs.mjs";

test("a command line's words: quotes keep spaces together, as in a shell", () => {
  assert.deepEqual(words("curl -s  http://10.0.0.4/"), ["curl", "-s", "http://10.0.0.4/"]);
  assert.deepEqual(words("sh -c 'echo \"a b\"'"), ["sh", "-c", 'echo "a b"']);
  assert.deepEqual(words('nc "10.0.0.4" 7'), ["nc", "10.0.0.4", "7"]);
  assert.deepEqual(words(""), []);
});

test("a call has the name and the arguments that its author knows", () => {
  assert.equal(plainName("accept4"), "accept");
  assert.equal(plainName("bind"), "bind");
  const args = { fd: 3, address: "10.0.0.4:7", addrlen: 16, flags: [], how: ["A", "B"] };
  assert.equal(argumentWords(args), "3, 10.0.0.4:7, A|B");
  assert.equal(valueWords({ length: 5, data: "aGVsbG8=" }), "5 bytes");
  assert.equal(valueWords({ on: 1, none: null }), "{on: 1, none: NULL}");
});

test("numbers: seconds as tcpdump writes them, and one byte is no bytes", () => {
  assert.equal(seconds(1_234_567_890), "1.234568");
  assert.deepEqual([count(1, "byte"), count(0, "byte"), count(2, "byte")], ["1 byte", "0 bytes", "2 bytes"]);
});

test("an address is split at its last colon, without brackets and without the IPv4 prefix", () => {
  assert.deepEqual(endpoint("10.0.0.4:80"), { address: "10.0.0.4", port: "80" });
  assert.deepEqual(endpoint("[fd00::4]:80"), { address: "fd00::4", port: "80" });
  assert.deepEqual(endpoint("[::ffff:10.0.0.4]:80"), { address: "10.0.0.4", port: "80" });
  assert.deepEqual(endpoint("*:80"), { address: "*", port: "80" });
});

test("a socket stands at a door for each address that it is bound to", () => {
  const [one, two] = [{ addresses: ["10.0.0.4"] }, { addresses: ["10.0.0.4", "fd00::4"] }];
  assert.deepEqual(doorsOf(one, { protocol: "tcp", local: "*:7" }), ["tcp/7"]);
  assert.deepEqual(doorsOf(two, { protocol: "tcp", local: "*:7" }), ["tcp/7@10.0.0.4", "tcp/7@fd00::4"]);
  assert.deepEqual(doorsOf(two, { protocol: "udp", local: "10.0.0.4:9" }), ["udp/9@10.0.0.4"]);
  assert.deepEqual(doorsOf(one, { protocol: "tcp", local: "127.0.0.1:7" }), ["lo/tcp/7"]);
  for (const local of ["*:0", "*:*"]) assert.deepEqual(doorsOf(one, { protocol: "tcp", local }), []);
  assert.deepEqual(doorsOf(one, { protocol: "unix", local: "/tmp/door" }), []);
});

for (const [name, events] of LOGS) {
  const log = logOf(events);

  test(`${name}: each event has a row that says something`, () => {
    for (const event of events) {
      const { who, what } = summary(event, log);
      assert.doesNotMatch(`${who} ${what}`, /\bundefined\b|\bNaN\b|\[object/, `seq ${event.seq}`);
      assert.ok(what.trim(), `seq ${event.seq}`);
    }
  });

  test(`${name}: what an event is about is tied to what it names`, () => {
    for (const event of events) {
      const [first] = subjects(event, log);
      if (!first) continue;
      assert.ok(new Light(first, log.head, log).shapes.has(first), `seq ${event.seq}`);
    }
  });

  test(`${name}: every tool lists a socket in as many words as it has columns, or not at all`, () => {
    const letters = protocols(log.head);
    for (const event of events.filter(({ type }) => type === "socket.changed")) {
      for (const tool of TOOLS)
        for (const row of tool.rows(event, log.at(event.seq), letters))
          assert.equal(row.length, tool.columns(letters).length, `${tool.name}, seq ${event.seq}`);
    }
  });
}

test("the other end of a connection is found from both ends", () => {
  const log = logOf(eventsOf("three-clients-one-port"));
  const pairs = log.events.flatMap(({ seq }) => {
    const scene = log.at(seq);
    const sockets = Object.values(scene.state.sockets);
    return sockets.flatMap((socket) => {
      const peer = peerOf(socket, scene);
      return peer ? [[socket, peerOf(peer, scene)]] : [];
    });
  });
  assert.ok(pairs.length > 0);
  for (const [socket, back] of pairs) assert.equal(back, socket);
});

test("nothing is lit while nothing is pointed at", () => {
  const log = logOf(eventsOf("refused"));
  const light = new Light("", log.head, log);
  assert.deepEqual(
    log.events.filter((event) => light.has(event)),
    [],
  );
});
