"""places.js, layout.js and narration.js: stable, complete, deterministic, and with words for what teaches."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from server.sessions import recording
from tests.recordings.make import path_of

LAYOUTS = """async ({ lines, width, height, facing }) => {
  const { Log } = await import('/static/js/log/log.js');
  const { layout } = await import('/static/js/stage/layout.js');
  const { narrate } = await import('/static/js/words/narration.js');
  const log = new Log(narrate);
  log.append(lines);
  const view = { width, height, sizes: facing ? [13, 12] : [16, 15, 14, 13], facing, peer: '',
                 measure: text => text.length * 0.6, words: () => 'SYN', repeats: () => false };
  const found = [];
  for (let seq = 0; seq <= log.end; seq += 1) {
    const scene = log.at(seq);
    const made = layout(scene, view);
    const again = JSON.stringify(layout(scene, view)) === JSON.stringify(made);
    const shapes = [...made.sockets, ...made.processes, ...made.doors, ...made.packets];
    found.push({
      seq, again, overflow: made.overflow,
      sockets: made.sockets.filter(one => one.cookie).map(one => one.cookie),
      processes: made.processes.map(one => one.key),
      packets: made.packets.map(one => one.packet),
      street: Object.keys(scene.state.packets).filter(id => !scene.state.packets[id].loopback),
      all: Object.keys(scene.state.sockets).filter(cookie => scene.state.sockets[cookie].protocol !== 'unix'),
      boxes: made.sockets.filter(one => !one.room).map(one => [one.key, one.x, one.y, one.w, one.h, made.size]),
      outside: shapes.filter(one => one.x < -1 || one.y < -1 || one.x + one.w > width + 1 || one.y + one.h > height + 1)
        .map(one => one.key),
    });
  }
  return found;
}"""

SLOTS = """async lines => {
  const { initialPlaces, foldPlaces } = await import('/static/js/log/places.js');
  const places = initialPlaces();
  return lines.map(line => {
    foldPlaces(places, line);
    const hosts = Object.entries(places.hosts);
    return Object.fromEntries(hosts.map(([name, host]) => [name, Object.fromEntries(host.sockets.of)]));
  });
}"""

NOTES = """async lines => {
  const { Log } = await import('/static/js/log/log.js');
  const { narrate } = await import('/static/js/words/narration.js');
  const log = new Log(narrate);
  log.append(lines);
  return { notes: log.notes, marks: log.marks };
}"""


def test_every_socket_and_packet_has_its_shape_at_every_seq(modules: Page, lines: list[dict[str, Any]]) -> None:
    for width, height, facing in ((1064, 546, False), (1480, 700, False), (374, 557, True)):
        view = {"lines": lines, "width": width, "height": height, "facing": facing}
        for moment in modules.evaluate(LAYOUTS, view):
            assert moment["again"], moment["seq"]
            assert moment["outside"] == [], moment["seq"]
            if facing or moment["overflow"]:
                continue
            assert sorted(moment["sockets"]) == sorted(moment["all"]), moment["seq"]
            assert sorted(moment["packets"]) == sorted(moment["street"]), moment["seq"]
            assert len(set(moment["processes"])) == len(moment["processes"])


def test_cards_do_not_cover_each_other(modules: Page, lines: list[dict[str, Any]]) -> None:
    view = {"lines": lines, "width": 1064, "height": 546, "facing": False}
    for moment in modules.evaluate(LAYOUTS, view):
        boxes = moment["boxes"]
        for index, (key, x, y, w, h, _) in enumerate(boxes):
            for other, ox, oy, ow, oh, _ in boxes[index + 1 :]:
                apart = x + w <= ox + 0.1 or ox + ow <= x + 0.1 or y + h <= oy + 0.1 or oy + oh <= y + 0.1
                assert apart, (moment["seq"], key, other)


def test_a_socket_keeps_its_slot_for_life(modules: Page, lines: list[dict[str, Any]]) -> None:
    held: dict[tuple[str, str], int] = {}
    for line, hosts in zip(lines, modules.evaluate(SLOTS, lines), strict=True):
        for host, slots in hosts.items():
            assert len(set(slots.values())) == len(slots), line["seq"]
            for cookie, slot in slots.items():
                assert held.setdefault((host, cookie), slot) == slot, line["seq"]
        if line["type"] == "socket.vanished" or line.get("state") == "LISTEN":
            held.pop((line["host"], line["socket"]), None)


def test_the_story_of_the_handshake_is_told_in_order(modules: Page, lines: list[dict[str, Any]]) -> None:
    told = modules.evaluate(NOTES, lines)
    marks = [mark["mark"] for mark in told["marks"]]
    first = [marks.index(name) for name in ("LISTEN", "SYN-RECEIVED", "established", "accepted")]
    assert first == sorted(first)
    assert {"dropped", "ECONNREFUSED", "RST", "FIN", "TIME-WAIT", "refused"} <= set(marks)
    sentences = [note["text"] for note in told["notes"] if note]
    assert all(sentence.endswith((".", ":")) or "prints" in sentence or "ended" in sentence for sentence in sentences)
    words = " ".join(sentences)
    assert "undefined" not in words
    assert "NaN" not in words
    assert "no file descriptor names it yet" in words
    assert "has not accepted it yet" in words
    assert "answers RST: nobody listens there" in words
    assert "Nobody listens there: a refusal has come back." in words


def test_a_quiet_program_is_not_called_asleep_while_it_is_held(modules: Page, lines: list[dict[str, Any]]) -> None:
    told = modules.evaluate(NOTES, lines)
    half_open = next(mark["seq"] for mark in told["marks"] if mark["mark"] == "SYN-RECEIVED")
    assert "asleep" not in told["notes"][half_open - 1]["text"]


def test_a_unix_socket_has_no_port(modules: Page) -> None:
    notes = modules.evaluate(NOTES, [json.loads(line) for line in recording.read(path_of("unix-sockets"))])["notes"]
    words = [note["text"] for note in notes if note]
    assert any("listens at the path /tmp/door" in sentence for sentence in words)
    assert not [sentence for sentence in words if "port" in sentence]


def test_a_reset_says_what_it_is(modules: Page) -> None:
    said = {}
    for name in ("refused", "reset"):
        lines = [json.loads(line) for line in recording.read(path_of(name))]
        notes = modules.evaluate(NOTES, lines)["notes"]
        said[name] = next(
            note["text"]
            for line, note in zip(lines, notes, strict=True)
            if line["type"] == "packet.sent" and "RST" in line["flags"] and note
        )
    assert said["refused"].endswith("answers RST: nobody listens there.")
    assert said["reset"].endswith("for it, this connection no longer exists.")
