# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of one move: what it holds, how it is told in a line, and the list of them that a node keeps.

A record is a flat dictionary, one line of JSON:

* ``time``: when it began, UTC by the clock of the node that wrote it; ``node``: that node
* ``by``: keepalived, pacemaker, operator, switchover or setup; ``who``: the person, or empty; ``command``: in short
* ``why``: the reason, or empty; ``done``; ``error``: a sentence, or empty; ``reason``: the code of the error, or empty
* ``from``, ``to``: nodes; else interfaces
* ``tables``: per table and overlay IP, ``route_table_id``, ``destination``, ``action``, ``from``, ``to`` and
  ``error``, its code
* ``seconds``: by phase; ``all`` is the whole; ``requests``: ids by operation
* ``times`` and ``until``: of a failure that was met again and again, how often and when last

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

Record = dict[str, Any]

MOST = 500
"""Records that a node keeps: years of failovers."""
LARGEST = 2 << 20
"""Bytes of all of them."""
MOST_TABLES = 200
"""Tables that one record names; of more, the number of those left out."""
MOST_REQUESTS = 50
_LONGEST = 1000  # characters of a text
_MOST_OF_ALL = 10**9  # of seconds, of times: no record has more
_TEXTS = ("time", "node", "by", "who", "command", "why", "error", "reason", "to")
_NAMES = ("route_table_id", "destination")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def tables(routes: Iterable[Mapping[str, Any]], name_of: Callable[[str | None], str | None]) -> list[dict[str, Any]]:
    """The tables of a record, of the routes that ``overlay_route`` returns.

    Args:
        routes: per table and destination, before and after.
        name_of: the node that an interface belongs to.
    """

    def holder(shown: Mapping[str, Any] | None) -> str | None:
        return name_of(shown.get("network_interface_id") or shown.get("target")) if shown else None

    return [
        {
            "route_table_id": route["route_table_id"],
            "destination": route["destination"],
            "action": route["action"],
            "from": holder(route["before"]),
            "to": holder(route["after"]),
            "error": (route["error"] or {}).get("code"),
        }
        for route in routes
    ]


def bounded(record: Mapping[str, Any]) -> Record:
    """The record with no text and no list longer than it may be."""
    made: Record = {key: _text(value) if isinstance(value, str) else value for key, value in record.items()}
    named = list(record.get("tables", ()))
    made["tables"] = named[:MOST_TABLES]
    if len(named) > MOST_TABLES:
        made["left_out"] = len(named) - MOST_TABLES
    made["from"] = sorted({str(t["from"]) for t in named if t.get("from")})[:MOST_TABLES]
    made["requests"] = {name: list(ids)[:MOST_REQUESTS] for name, ids in record.get("requests", {}).items()}
    made["seconds"] = {name: round(float(value), 3) for name, value in record.get("seconds", {}).items()}
    return made


def _text(value: str) -> str:
    """What a person wrote on a command line may be no text, and is kept as far as it is."""
    return value[:_LONGEST].encode("utf-8", "replace").decode("utf-8")


def made(raw: Mapping[str, Any], node: str, now: float) -> Record | None:
    """The record of a move that has just ended and that somebody else made; None where `raw` is none.

    Args:
        raw: the record without its time.
        node: who writes it.
        now: the node's clock, seconds since the epoch.
    """
    try:
        record = bounded({**raw, "time": stamp(now - float(raw["seconds"].get("all", 0.0))), "node": node})
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return None
    return record if valid(record) else None


def parsed(text: str) -> list[Record]:
    """The records of a file, oldest first; a line that is none is left out: the file may be anything."""
    found = []
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if valid(record):
            found.append(record)
    return found


def valid(record: Any) -> bool:
    """Whether every part that is read is of its kind: then all that tell of records, or write them down, can."""
    if not isinstance(record, dict) or not all(isinstance(record.get(name), str) for name in _TEXTS):
        return False
    named, seconds, requests, times = (record.get(n) for n in ("tables", "seconds", "requests", "times"))
    return (
        isinstance(record.get("done"), bool)
        and _texts(record.get("from"))
        and isinstance(named, list)
        and all(isinstance(table, dict) and all(isinstance(table.get(n), str) for n in _NAMES) for table in named)
        and _count(record.get("left_out", 0))
        and isinstance(seconds, dict)
        and all(map(_number, seconds.values()))
        and isinstance(requests, dict)
        and all(map(_texts, requests.values()))
        and ("times" not in record or (_count(times) and moment(record.get("until")) is not None))
        and isinstance(record.get("until", ""), str)
        and moment(record["time"]) is not None
        and _encodable(record)
    )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _number(value: Any) -> bool:
    """Whether it is a number that can be told: JSON's have any size, and Python's JSON has NaN."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return -_MOST_OF_ALL <= value <= _MOST_OF_ALL


def _count(value: Any) -> bool:
    return isinstance(value, int) and _number(value)


def _encodable(record: Any) -> bool:
    """Whether all of its texts can be written: JSON can name half a character (RFC 8259, section 8.2)."""
    try:
        json.dumps(record, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def added(text: str, new: Iterable[Mapping[str, Any]]) -> str:
    """The file's text with more records, and the oldest gone where they are too many.

    A failure that is met again, by an engine's check every few seconds, is counted in the record of the first.
    """
    records = parsed(text)
    for record in map(bounded, new):
        last = records[-1] if records else None
        if last is not None and not record["done"] and _same(last, record):
            last["times"], last["until"] = last.get("times", 1) + 1, record["time"]
        else:
            records.append(record)
    lines = [json.dumps(record, sort_keys=True) for record in records[-MOST:]]
    size = sum(len(line) + 1 for line in lines)
    while len(lines) > 1 and size > LARGEST:
        size -= len(lines.pop(0)) + 1
    return "".join(f"{line}\n" for line in lines)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("done", "node", "by", "command", "to", "error", "tables"))


def line(record: Mapping[str, Any]) -> str:
    """One record, for people."""
    named = record["tables"]
    count = len({t.get("route_table_id") for t in named}) + record.get("left_out", 0)
    what = ", ".join(dict.fromkeys(t["destination"] for t in named)) or "the overlay IPs"
    ways = f"{', '.join(record['from']) or 'nobody'} -> {record['to']}"
    where = f" in {count} route table{'s' * (count != 1)}" if count else ""
    who = " ".join(filter(None, (record["by"], record["who"] and f"({record['who']})")))
    how = "" if record["done"] else " FAILED"
    took = f", {record['seconds']['all']:.2f} s" if "all" in record["seconds"] else ""
    told = [f"{record['time']} {what}: {ways}{where}{how}{took}, by {who}"]
    told += [text.rstrip(".") for text in (record["why"], record["error"]) if text]
    told += filter(None, [again(record)])
    return " ".join("; ".join(told).split())


def again(record: Mapping[str, Any]) -> str:
    """How often a failure was met, and when last, for people; empty where it was once."""
    return f"{record['times']} times, the last at {record['until']}" if record.get("times", 1) > 1 else ""


def stamp(seconds: float) -> str:
    """A moment, in seconds since the epoch, as records have it (RFC 3339, UTC, milliseconds)."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: Any) -> float | None:
    """The seconds since the epoch of an ISO 8601 date, or date and time; None where it is none. Without a zone: UTC."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()


def last_met(record: Mapping[str, Any]) -> float | None:
    """When it began, or, a failure met again and again, when it was last met; in seconds since the epoch."""
    known = [at for at in map(moment, (record["time"], record.get("until", ""))) if at is not None]
    return max(known, default=None)


SINCE = "a time such as 2026-01-31T03:00 or 03:00 (UTC, or with +02:00 after it), or a while such as 90m, 24h or 7d"


def since(text: str, now: float) -> float:
    """The moment that a person means by ``--since``, in seconds since the epoch; the epoch where it is before that.

    Args:
        text: a date and time, or a time of today, or of yesterday where it is to come, with a zone, else in UTC; a
            number with s, m, h, d or w.
        now: in seconds since the epoch.

    Raises:
        ValueError: it is none of them, or yet to come; the text is a sentence.
    """
    found = _since(text, now)
    if found > now:
        raise ValueError(f"since is '{text}', which is yet to come (it is {stamp(now)[:19]}Z): write {SINCE}.")
    return max(found, 0.0)


def _since(text: str, now: float) -> float:
    word = text.strip()
    while_ago = re.fullmatch(r"(\d{1,6})([smhdw])", word)
    if while_ago:
        return now - int(while_ago.group(1)) * _UNITS[while_ago.group(2)]
    of_today = re.fullmatch(r"(\d{1,2})(:\d{2}(?::\d{2})?)([zZ]|([+-])(\d{2}):(\d{2}))?", word)
    if of_today:
        hour, rest, zone, sign, hours, minutes = of_today.groups()
        ahead = int(f"{sign}1") * timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta(0)
        today = datetime.fromtimestamp(now, timezone.utc) + ahead
        found = moment(f"{today.date().isoformat()}T{hour.rjust(2, '0')}{rest}{zone or ''}")
        if found is not None:
            return found if found <= now else found - timedelta(days=1).total_seconds()
    found = moment(word)
    if found is None:
        raise ValueError(f"since is '{text}': write {SINCE}.")
    return found


def later(records: Sequence[Record], than: float) -> list[Record]:
    """The records that began, or were met again, then or later."""
    return [r for r in records if (last_met(r) or 0.0) >= than]
