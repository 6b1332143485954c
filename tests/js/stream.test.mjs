// log/stream.js: one connection for any number of logs. The outside world (the socket, the clock, the page's address) is
// played here; what a real server says on it is tested in tests/web/ and tests/browser/.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Streams } from "../../static/js/log/stream.js";

/** @type {Socket[]} the connections that were made, the last one last */
let sockets = [];
/** @type {{work: () => void, ms: number}[]} what waits for time to pass */
let timers = [];

class Socket extends EventTarget {
  static OPEN = 1;
  /** @param {string} url */
  constructor(url) {
    super();
    Object.assign(this, { url: new URL(url), readyState: 0, sent: [] });
    sockets.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.drop(code);
  }

  open() {
    this.readyState = Socket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  say(message) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(message) }));
  }

  drop(code = 1006) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

/** A face that remembers what it was told. */
function face(from = 0) {
  const events = [];
  const links = [];
  return {
    events,
    links,
    after: () => from + events.length,
    onEvents: (more) => events.push(...more),
    onLink: (state, problem) => links.push(problem ? `${state} ${problem.status}` : state),
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const last = () => sockets.at(-1);
const asked = ({ url }) => [url.searchParams.getAll("log"), url.searchParams.getAll("after")];

/** Time passes until the next connection. */
function reconnect() {
  timers.pop().work();
  return last();
}

beforeEach(() => {
  [sockets, timers] = [[], []];
  const setTimeout = (work, ms) => timers.push({ work, ms });
  Object.assign(globalThis, {
    WebSocket: Socket,
    location: { protocol: "http:", host: "localhost" },
    window: { setTimeout, clearTimeout: () => {} },
    fetch: async () => ({ ok: true, status: 200 }),
  });
});

test("one connection asks for every log after what its face has; each gets its own events", async () => {
  const streams = new Streams("key");
  const run = face(3);
  streams.follow("run-1", run);
  last().open();
  assert.deepEqual([sockets.length, ...asked(last())], [1, ["run-1"], ["3"]]);
  assert.equal(last().url.searchParams.get("key"), "key");
  const box = face();
  streams.follow("s1", box);
  assert.deepEqual(last().sent, [{ ref: 1, command: "stream.follow", log: "s1", after: 0 }]);
  last().say({ ref: 1, ok: true, result: {} });
  await settle();
  last().say({ log: "s1", events: [{ seq: 1 }] });
  last().say({ log: "run-1", events: [{ seq: 4 }, { seq: 5 }] });
  last().say({ log: "unknown", events: [{ seq: 1 }] });
  assert.deepEqual([run.events.length, box.events.length], [2, 1]);
  assert.deepEqual([run.links, box.links], [["open"], ["open"]]);
});

test("after a break each log goes on where its face is, and one that has ended is left out", async () => {
  const streams = new Streams();
  const [run, box] = [face(), face()];
  streams.follow("run-1", run);
  last().open();
  streams.follow("s1", box);
  last().say({ ref: 1, ok: true });
  await settle();
  last().say({ log: "run-1", events: [{ seq: 1 }, { seq: 2 }] });
  last().say({ log: "s1", ended: true });
  last().drop();
  await settle();
  assert.deepEqual(
    [run.links, box.links],
    [
      ["open", "lost"],
      ["open", "ended"],
    ],
  );
  const second = reconnect();
  second.open();
  assert.deepEqual(asked(second), [["run-1"], ["2"]]);
  assert.deepEqual(run.links, ["open", "lost", "open"]);
});

test("a command is answered by its number, refused with its problem, and never queued", async () => {
  const streams = new Streams();
  const channel = streams.follow("run-1", face());
  await assert.rejects(channel.request({ command: "lab.stop" }), ({ problem }) => problem.status === 503);
  last().open();
  const [first, second, third] = ["a", "b", "c"].map((act) => channel.request({ command: "lab.stop", act }));
  assert.deepEqual(
    last().sent.map(({ ref, log, act }) => [ref, log, act]),
    [
      [1, "run-1", "a"],
      [2, "run-1", "b"],
      [3, "run-1", "c"],
    ],
  );
  last().say({ ref: 2, ok: false, problem: { title: "No", status: 409, detail: "It runs." } });
  last().say({ ref: 1, ok: true, result: { pid: 7 } });
  assert.deepEqual(await first, { pid: 7 });
  await assert.rejects(second, ({ problem }) => problem.status === 409);
  last().drop();
  await assert.rejects(third, ({ problem }) => problem.status === 503);
});

test("what is not answered in time is told", async () => {
  const streams = new Streams();
  const channel = streams.follow("run-1", face());
  last().open();
  const request = channel.request({ command: "lab.stop" });
  timers.pop().work();
  await assert.rejects(request, ({ problem }) => problem.status === 504);
});

test("the pauses between attempts grow up to a limit, and a full server is asked at once", async () => {
  const streams = new Streams();
  streams.follow("run-1", face());
  const pauses = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    last().drop();
    await settle();
    pauses.push(timers.at(-1).ms);
    reconnect();
  }
  for (const [index, ms] of pauses.entries()) {
    const base = Math.min(8000, 500 * 2 ** index);
    assert.ok(ms >= base * 0.75 && ms <= base * 1.25, `${index}: ${ms}`);
  }
  last().open();
  last().drop(1013);
  await settle();
  assert.equal(timers.at(-1).ms, 0);
});

test("a log that is refused at the handshake is told, and nothing is asked for again", async () => {
  globalThis.fetch = async () => ({ ok: false, status: 404, json: async () => ({ title: "No", status: 404 }) });
  const streams = new Streams();
  const run = face();
  streams.follow("run-1", run);
  last().drop();
  await settle();
  assert.deepEqual([run.links, timers.length], [["refused 404"], 0]);
});

test("a face that finds a gap lets the connection begin again", async (context) => {
  context.mock.method(console, "error", () => {});
  const streams = new Streams();
  const run = face();
  run.onEvents = () => {
    throw new Error("a gap");
  };
  streams.follow("run-1", run);
  last().open();
  last().say({ log: "run-1", events: [{ seq: 9 }] });
  await settle();
  assert.deepEqual(run.links, ["open", "lost"]);
  assert.deepEqual(asked(reconnect()), [["run-1"], ["0"]]);
});

test("a server that ends as it should ends all logs", async () => {
  const streams = new Streams();
  const run = face();
  streams.follow("run-1", run);
  last().open();
  last().drop(1000);
  await settle();
  assert.deepEqual([run.links, timers.length], [["open", "ended"], 0]);
});

test("a log that is left gets nothing more", () => {
  const streams = new Streams();
  const run = face();
  const channel = streams.follow("run-1", run);
  last().open();
  channel.close();
  last().say({ log: "run-1", events: [{ seq: 1 }] });
  assert.deepEqual(run.events, []);
});
