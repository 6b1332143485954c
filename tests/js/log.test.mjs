// log.js: the scene at a seq is the same, whichever way one came there; and the log takes no event twice.

import assert from "node:assert/strict";
import test from "node:test";
import { fold, initial } from "../../static/js/log/fold.js";
import { GapError, Log } from "../../static/js/log/log.js";
import { foldPlaces, initialPlaces } from "../../static/js/log/places.js";
import { eventsOf, LOGS } from "./logs.mjs";

/** Of a longer run so many moments are looked at in each direction. */
const MOST_MOMENTS = 250;

for (const [name, events] of LOGS) {
  test(`${name}: a look back is the state of that time`, () => {
    const log = new Log(() => null);
    for (let from = 0; from < events.length; from += 7) log.append(events.slice(from, from + 7));
    const state = initial();
    const straight = [JSON.stringify(state), ...events.map((event) => JSON.stringify(fold(state, event)))];
    // Backwards, forwards and across: 7 shares no factor with a checkpoint's distance.
    const step = Math.ceil(straight.length / MOST_MOMENTS);
    const some = straight.flatMap((_, seq) => (seq % step === 0 ? [seq] : []));
    const order = [...some.toReversed(), ...some, ...some.map((seq) => (seq * 7) % straight.length)];
    const different = order.filter((seq) => JSON.stringify(log.at(seq).state) !== straight[seq]);
    assert.deepEqual(different, []);
  });

  test(`${name}: a socket keeps its slot for life, and has it alone`, () => {
    const places = initialPlaces();
    const held = new Map();
    for (const event of events) {
      foldPlaces(places, event);
      for (const [host, { sockets }] of Object.entries(places.hosts)) {
        assert.equal(new Set(sockets.of.values()).size, sockets.of.size, `seq ${event.seq}`);
        for (const [cookie, slot] of sockets.of) {
          const key = `${host} ${cookie}`;
          if (!held.has(key)) held.set(key, slot);
          assert.equal(held.get(key), slot, `seq ${event.seq}`);
        }
      }
      if (event.type === "socket.vanished" || event.state === "LISTEN") held.delete(`${event.host} ${event.socket}`);
    }
  });
}

test("known events are passed over, and a gap is an error that says what was due", () => {
  const events = eventsOf("refused");
  const log = new Log(() => null);
  log.append(events.slice(0, 3));
  log.append(events.slice(1, 4));
  assert.equal(log.end, 4);
  assert.throws(
    () => log.append(events.slice(5)),
    (error) => error instanceof GapError && error.expected === 5,
  );
  assert.equal(log.end, 4);
});

test("the runs have something of nearly every kind of event", () => {
  const types = new Set([...LOGS.values()].flatMap((events) => events.map((event) => event.type)));
  assert.ok(types.size > 18, [...types].sort().join(", "));
});
