#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes COW files of any shape, and merges them in the plainest way, for tests of the tools.

usage: cowfile.py make COW BACKING [KEY=VALUE]...
       cowfile.py merge COW BACKING OUT
       cowfile.py random COUNT
       cowfile.py poke FILE OFFSET HEX
       cowfile.py lock FILE read|write READY

make: version=3 order=big|little padded=0|1 name= mtime= size= sector=512 align=4096
set=0,3-5 (sectors with data), wanted=OUT (merged into that, too).
random: COUNT files c1 with backing files b1, merged into wanted1, and so on. lock: creates READY once it holds the lock, ends with its stdin.
"""
import fcntl
import os
import random
import struct
import sys

MAGIC = 0x4F4F4F4D


def header(key):
    order = "<" if key["order"] == "little" else ">"
    name = os.fsencode(key["name"])
    start = struct.pack(order + "II", MAGIC, key["version"])
    if key["version"] < 3:
        room = 256 if key["version"] == 1 else 4096
        return start + name.ljust(room, b"\0") + struct.pack(
            order + "IQI", key["mtime"], key["size"], key["sector"])
    pad = b"\0" * 4 if key["padded"] else b""
    return (start + struct.pack(order + "I", key["mtime"]) + pad + struct.pack(
        order + "QIII", key["size"], key["sector"], key["align"], 0) +
        name.ljust(4096, b"\0") + pad)


def up(value, by):
    return -(-value // by) * by


def layout(key):
    length = len(header(key))
    sectors = -(-key["size"] // key["sector"])
    if key["version"] < 3:
        align = key["sector"]
        bitmap, bits = length, sectors // 8
    else:
        align = key["align"]
        bitmap, bits = up(length, align), -(-sectors // 8)
    return sectors, bitmap, up(bitmap + bits, align)


def make(cow, backing, key):
    key = {"version": 3, "order": "big", "padded": 0, "name": os.path.abspath(backing),
           "sector": 512, "align": 4096, "set": "", **key}
    stat = os.stat(backing)
    for name, default in (("mtime", int(stat.st_mtime)), ("size", stat.st_size)):
        key.setdefault(name, default)
    for name in ("version", "padded", "sector", "align", "mtime", "size"):
        key[name] = int(key[name])
    sectors, bitmap, data = layout(key)
    with open(cow, "wb") as out:
        out.write(header(key))
        bits = {}
        for part in filter(None, key["set"].split(",")):
            first, _, last = part.partition("-")
            for sector in range(int(first), int(last or first) + 1):
                bits[sector // 8] = bits.get(sector // 8, 0) | 1 << sector % 8
                out.seek(data + sector * key["sector"])
                text = b"sector %d " % sector
                out.write((text * (key["sector"] // len(text) + 1))[:key["sector"]])
        for byte, value in bits.items():
            out.seek(bitmap + byte)
            out.write(bytes([value]))
        if os.fstat(out.fileno()).st_size < data + key["size"]:
            try:
                out.truncate(data + key["size"])
            except (OSError, OverflowError):
                pass  # Larger than the file system can have; so it is cut short.
    # What the merge needs to know, for the plain one below.
    with open(cow + ".key", "w") as out:
        out.write(repr({**key, "sectors": sectors, "bitmap": bitmap, "data": data}))
    if "wanted" in key:
        merge(cow, backing, key["wanted"])


def merge(cow, backing, out):
    with open(cow + ".key") as file:
        key = eval(file.read())
    with open(cow, "rb") as changes, open(backing, "rb") as old, open(out, "wb") as new:
        changes.seek(key["bitmap"])
        bits = changes.read(-(-key["sectors"] // 8))
        for sector in range(key["sectors"]):
            place = sector * key["sector"]
            length = min(key["sector"], key["size"] - place)
            if bits[sector // 8] >> sector % 8 & 1:
                changes.seek(key["data"] + place)
                part = changes.read(length)
            else:
                old.seek(place)
                part = old.read(length)
            new.write(part.ljust(length, b"\0"))


def rand(count):
    for seed in range(1, int(count) + 1):
        rng = random.Random(seed)
        # Sizes that all readers agree on: whole bytes of bitmap.
        size = 4096 * rng.randint(1, 100)
        backing = f"b{seed}"
        with open(backing, "wb") as out:
            while out.tell() < size:
                length = rng.choice((512, 4096, 20000))
                out.write(rng.choice((rng.randbytes(length), bytes(length))))
            out.truncate(size)
        os.utime(backing, (10**9, 10**9 + rng.randint(0, 10**8)))
        sectors = {rng.randrange(size // 512) for _ in range(rng.randint(0, 300))}
        make(f"c{seed}", backing, {
            "version": rng.choice((2, 3, 3)), "padded": rng.choice((0, 0, 1)),
            "align": rng.choice((512, 4096, 4096, 65536, 3000)),
            "set": ",".join(map(str, sorted(sectors))), "wanted": f"wanted{seed}"})


def poke(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(int(offset, 0))
        file.write(bytes.fromhex(data))


def lock(path, kind, ready):
    with open(path, "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_SH if kind == "read" else fcntl.LOCK_EX)
        with open(ready, "w"):
            pass
        sys.stdin.read()


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    if verb == "make":
        make(words[0], words[1], dict(word.split("=", 1) for word in words[2:]))
    else:
        {"merge": merge, "random": rand, "poke": poke, "lock": lock}[verb](*words)
