#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes the time stamp counter seem to jump to a running guest, as where its host was restored.

usage: jump.py KERNEL PID COUNTS

Moves the start of the clock's segment (struct um_hostclock) in the kernel process; guest RAM is
where the kernel's own pointers say, and KERNEL must have its symbols.
"""
import struct
import subprocess
import sys

TSC0 = 8


def symbol(kernel, name):
    for line in subprocess.check_output(["nm", kernel], text=True).splitlines():
        words = line.split()
        if words[-1] == name:
            return int(words[0], 16)
    sys.exit(f"{kernel}: no symbol {name}")


def main():
    kernel, pid, counts = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(symbol(kernel, "hostclock"))
        place = struct.unpack("<Q", memory.read(8))[0] + TSC0
        memory.seek(place)
        start = struct.unpack("<Q", memory.read(8))[0]
        memory.seek(place)
        memory.write(struct.pack("<Q", (start - counts) % 2**64))


main()
