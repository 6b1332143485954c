"""The values of socket options: socket(7), tcp(7), ip(7), ipv6(7).

Most are a C ``int`` and need no entry. The others are a table: (level, option) → how to read its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from server.inet.addresses import ip4, ip6, sockaddr, text
from server.inet.names import ERRNO, FAMILY, IP_PROTOCOL, OPTION_LEVELS, SOCKET_TYPE, TCP_STATE, Flags
from server.json_value import Json

_PAIR = struct.Struct("<qq")
_UCRED = struct.Struct("<Iii")
_TCP_INFO = struct.Struct("<6BH24I")
_TCP_INFO_WORDS: Final = (
    "rto_us", "ato_us", "snd_mss", "rcv_mss", "unacked", "sacked", "lost", "retrans", "fackets", "last_data_sent_ms",
    "last_ack_sent_ms", "last_data_recv_ms", "last_ack_recv_ms", "pmtu", "rcv_ssthresh", "rtt_us", "rttvar_us",
    "snd_ssthresh", "snd_cwnd", "advmss", "reordering", "rcv_rtt_us", "rcv_space", "total_retrans",
)  # fmt: skip
_TCP_INFO_OPTIONS: Final = Flags({1: "timestamps", 2: "sack", 4: "wscale", 8: "ecn", 16: "ecn_seen", 32: "syn_data"})
_CA_STATE: Final = ("Open", "Disorder", "CWR", "Recovery", "Loss")


def _number(raw: bytes) -> int:
    return int.from_bytes(raw[:4], "little", signed=True)


def _timeval(raw: bytes) -> Json:
    if len(raw) < 16:
        return _fallback(raw)
    seconds, microseconds = _PAIR.unpack_from(raw)
    return {"timeout_ms": seconds * 1000 + microseconds / 1000}


def _linger(raw: bytes) -> Json:
    return {"l_onoff": _number(raw), "l_linger": _number(raw[4:])} if len(raw) >= 8 else _fallback(raw)


def _credentials(raw: bytes) -> Json:
    return dict(zip(("pid", "uid", "gid"), _UCRED.unpack_from(raw), strict=True)) if len(raw) >= 12 else _fallback(raw)


def _name(raw: bytes) -> str:
    return text(raw.split(b"\0", 1)[0])


def _error(raw: bytes) -> Json:
    number = _number(raw)
    return ERRNO.get(number, number) if number else 0


def _tcp_info(raw: bytes) -> Json:
    """The part of ``struct tcp_info`` that has been there since Linux 2.6; the kernel cuts it to the room given."""
    if len(raw) < _TCP_INFO.size:
        return {"state": TCP_STATE[raw[0]]} if raw else _fallback(raw)
    state, ca_state, retransmits, probes, backoff, options, _, *words = _TCP_INFO.unpack_from(raw)
    return {
        "state": TCP_STATE[state],
        "ca_state": _CA_STATE[ca_state] if ca_state < len(_CA_STATE) else ca_state,
        "retransmits": retransmits,
        "probes": probes,
        "backoff": backoff,
        "options": _TCP_INFO_OPTIONS[options],
        **dict(zip(_TCP_INFO_WORDS, words, strict=True)),
    }


def _membership4(raw: bytes) -> Json:
    if len(raw) < 8:
        return _fallback(raw)
    fields: dict[str, Json] = {"multiaddr": ip4(raw[:4]), "address": ip4(raw[4:8])}
    return fields | {"ifindex": _number(raw[8:])} if len(raw) >= 12 else fields


def _membership6(raw: bytes) -> Json:
    return {"multiaddr": ip6(raw[:16]), "ifindex": _number(raw[16:])} if len(raw) >= 20 else _fallback(raw)


def _interface4(raw: bytes) -> Json:
    if len(raw) == 4:
        return ip4(raw)
    return _membership4(raw)


def _fallback(raw: bytes) -> int | dict[str, Json]:
    """An ``int``, one byte, or the bytes themselves."""
    if len(raw) in (1, 4):
        return int.from_bytes(raw, "little", signed=len(raw) == 4)
    return {"length": len(raw), "hex": raw[:64].hex()}


_DECODERS: Final[dict[tuple[int, int], Callable[[bytes], Json]]] = {
    (1, 3): lambda raw: SOCKET_TYPE[_number(raw)],
    (1, 4): _error,
    (1, 13): _linger,
    (1, 17): _credentials,
    (1, 20): _timeval,
    (1, 21): _timeval,
    (1, 66): _timeval,
    (1, 67): _timeval,
    (1, 25): _name,
    (1, 28): sockaddr,
    (1, 38): lambda raw: IP_PROTOCOL[_number(raw)],
    (1, 39): lambda raw: FAMILY[_number(raw)],
    (1, 57): lambda raw: str(int.from_bytes(raw[:8], "little")),  # a cookie, as in the events: a string
    (1, 71): lambda raw: str(int.from_bytes(raw[:8], "little")),
    (6, 11): _tcp_info,
    (6, 13): _name,
    (6, 31): _name,
    (0, 32): _interface4,
    (0, 35): _membership4,
    (0, 36): _membership4,
    (41, 20): _membership6,
    (41, 21): _membership6,
}


def option_names(level: int, option: int) -> tuple[str, str]:
    """The names of a level and of an option in it: ``("SOL_SOCKET", "SO_REUSEADDR")``."""
    known = OPTION_LEVELS.get(level)
    if known is None:
        return hex(level & 0xFFFFFFFF), hex(option & 0xFFFFFFFF)
    return known[0], known[1].get(option) or hex(option & 0xFFFFFFFF)


def option_value(level: int, option: int, raw: bytes) -> Json:
    """What an option's bytes say; an ``int`` where nothing else is known of a four-byte value."""
    decoder = _DECODERS.get((level, option))
    return _fallback(raw) if decoder is None else decoder(raw)
