// narration.js: each telling moment has its sentence, in order, and no sentence says what is not so.

import assert from "node:assert/strict";
import test from "node:test";
import { eventsOf, LOGS, logOf } from "./logs.mjs";

/** @param {string} name */
const sentencesOf = (name) => logOf(eventsOf(name)).notes.flatMap((note) => (note ? [note.text] : []));

for (const [name, events] of LOGS) {
  test(`${name}: sentences are whole`, () => {
    const { notes } = logOf(events);
    for (const { text } of notes.filter(Boolean)) {
      assert.ok(/[.:]$/.test(text) || text.includes("prints") || text.includes("ended"), text);
      assert.doesNotMatch(text, /\bundefined\b|\bNaN\b|\[object/);
    }
  });
}

for (const name of ["handshake-by-steps", ...(LOGS.has("live") ? ["live"] : [])]) {
  const log = logOf(eventsOf(name));
  const marks = log.marks.map(({ mark }) => mark);

  test(`${name}: the story of the handshake is told in order`, () => {
    const first = ["LISTEN", "SYN-RECEIVED", "established", "accepted"].map((mark) => marks.indexOf(mark));
    assert.ok(first[0] >= 0);
    assert.deepEqual(
      first,
      first.toSorted((a, b) => a - b),
    );
    const words = log.notes.map((note) => note?.text).join(" ");
    assert.match(words, /no file descriptor names it yet/);
    assert.match(words, /has not accepted it yet/);
  });

  test(`${name}: a program that is held before a call is not said to sleep in it`, () => {
    const { seq } = log.marks.find(({ mark }) => mark === "SYN-RECEIVED");
    assert.doesNotMatch(log.notes[seq - 1].text, /asleep/);
  });

  if (name === "live") test("live: a refused command is a telling moment", () => assert.ok(marks.includes("refused")));
}

test("all that goes wrong is a telling moment", () => {
  const marks = new Set([...LOGS.values()].flatMap((events) => logOf(events).marks.map(({ mark }) => mark)));
  for (const mark of ["dropped", "ECONNREFUSED", "RST", "FIN", "TIME-WAIT"]) assert.ok(marks.has(mark), mark);
});

test("a refusal and a reset say what they are", () => {
  /** @param {string} name */
  const resets = (name) => {
    const { notes } = logOf(eventsOf(name));
    return eventsOf(name).flatMap((event, index) =>
      event.type === "packet.sent" && event.flags.includes("RST") && notes[index] ? [notes[index].text] : [],
    );
  };
  assert.match(resets("refused")[0], /answers RST: nobody listens there\.$/);
  assert.match(resets("reset")[0], /for it, this connection no longer exists\.$/);
  assert.ok(sentencesOf("refused").some((text) => text.includes("Nobody listens there: it is refused.")));
});

test("a Unix socket has a path and no port", () => {
  const words = sentencesOf("unix-sockets");
  assert.ok(words.some((text) => text.includes("listens at the path /tmp/door")));
  assert.deepEqual(
    words.filter((text) => text.includes("port")),
    [],
  );
});

test("a listener is named by its whole local end, and one that goes is no word about the others", () => {
  for (const [name, events] of LOGS) {
    const { notes } = logOf(events);
    for (const [index, event] of events.entries()) {
      const text = notes[index]?.text ?? "";
      if (event.type.startsWith("socket.") && / listen(s|ed) /.test(text))
        assert.ok(text.includes(event.local), `${name}: ${text}`);
      if (event.type === "socket.vanished") assert.doesNotMatch(text, /[Nn]obody listens/);
    }
  }
  assert.ok(sentencesOf("refused").length > 0);
  assert.ok(sentencesOf("time-wait").some((text) => / listens on \*:\d+ \(\* is the wildcard address\)\. /.test(text)));
});

test("a FIN is said to end one direction, and nobody is said to have closed", () => {
  const words = [...LOGS.keys()].flatMap(sentencesOf);
  assert.ok(words.some((text) => text.startsWith("A FIN has come: the other side sends no more.")));
  assert.deepEqual(
    words.filter((text) => /side has closed|closed first/.test(text)),
    [],
  );
});
