// parameters.js: what of a host is not as its kernel began, and why.

import assert from "node:assert/strict";
import test from "node:test";
import { differences } from "../../static/js/words/parameters.js";

/** @param {import("../../static/js/log/state.js").Host["differs"]} differs */
const of = (differs) => differences({ addresses: [], sysctls: {}, differs });

test("each difference has its value, the default and the reason, by name", () => {
  const held = { value: "20", default: "6", why: "something is held" };
  const asked = { value: "1", default: "15", why: null };
  assert.deepEqual(of({ "net.ipv4.tcp_syn_retries": held, "net.ipv4.tcp_retries2": asked }), [
    ["net.ipv4.tcp_retries2", "1, by default 15. Somebody has set it."],
    ["net.ipv4.tcp_syn_retries", "20, by default 6. Something is held."],
  ]);
});

test("a log that does not say is not taken for a host without differences", () => {
  assert.equal(of(null), null);
  assert.deepEqual(of({}), []);
});
