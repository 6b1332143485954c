"""headers.js: the header fields of real packets are what the server decoded from them."""

from __future__ import annotations

import base64
from typing import Any

from playwright.sync_api import Page

FIELDS = """async packets => {
  const { fields, bytesOf, payload, chipWords, chipKind } = await import('/static/js/words/headers.js');
  return packets.map(packet => ({ fields: fields(bytesOf(packet.raw)), words: chipWords(packet), kind: chipKind(packet),
                                  payload: [...payload(packet)] }));
}"""

GARBAGE = """async all => {
  const { fields, preview } = await import('/static/js/words/headers.js');
  return all.map(bytes => [fields(new Uint8Array(bytes)).length, preview(new Uint8Array(bytes), 8)]);
}"""

WORDS = """async lines => {
  const { words } = await import('/static/js/page/controls.js');
  return lines.map(words);
}"""


def test_fields_say_what_the_server_decoded(modules: Page, lines: list[dict[str, Any]]) -> None:
    packets = [line for line in lines if line["type"] == "packet.sent"]
    kinds = set()
    for packet, found in zip(packets, modules.evaluate(FIELDS, packets), strict=True):
        values = {field["name"]: field["value"] for field in found["fields"]}
        kinds.add(found["kind"])
        size = len(base64.b64decode(packet["raw"]))
        assert all(0 <= field["start"] < field["end"] <= size for field in found["fields"])
        if packet["protocol"] in ("tcp", "udp"):
            assert values["Source port"] == packet["source"].rpartition(":")[2]
            assert values["Destination port"] == packet["destination"].rpartition(":")[2]
            assert len(found["payload"]) == packet["length"]
        if packet["protocol"] == "tcp":
            assert values["Sequence number"] == str(packet["sequence"])
            assert values["Window"] == str(packet["window"])
            assert set(values["Flags"].split(", ")) == set(packet["flags"])
        if packet["protocol"] == "udp":
            assert bytes(found["payload"]) == b"datagram\n"
            assert found["words"] == 'UDP "datagram…" 9 B'
    assert {"syn", "synack", "ack", "data", "fin", "rst", "udp"} <= kinds


def test_garbage_is_no_error(modules: Page) -> None:
    garbage = [[], [0x45], [0x45] * 19, [0x60] * 39, [0x4F] + [6] * 30, [0x45] + [0] * 8 + [6] + [255] * 40, [0] * 60]
    found = modules.evaluate(GARBAGE, garbage)
    assert [count for count, _ in found[:4]] == [0, 0, 0, 0]
    assert found[-1][1].startswith("00 00")


def test_words_of_a_command_line(modules: Page) -> None:
    lines = ["curl -s  http://10.0.0.4/", "sh -c 'echo \"a b\"'", 'nc "10.0.0.4" 7', ""]
    assert modules.evaluate(WORDS, lines[3:]) == [[]]
    assert modules.evaluate(WORDS, lines[:3]) == [
        ["curl", "-s", "http://10.0.0.4/"],
        ["sh", "-c", 'echo "a b"'],
        ["nc", "10.0.0.4", "7"],
    ]
