#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# A client of a switch that asks by ARP who has an address, until somebody answers.
#
# usage: switch-arp.py CONTROL-SOCKET ADDRESS
import os
import socket
import struct
import sys

MAC = b"\x02\0\0\0\x12\x34"
TRIES = 20


def attach(path):
    name = (b"\0switch-arp.%d" % os.getpid()).ljust(108, b"\0")
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    control.connect(path)
    data = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    data.bind(name)
    control.sendall(struct.pack("=III", 0xFEEDFACE, 3, 0) + struct.pack("=H", 1) + name + b"\0\0")
    reply = control.recv(110)
    data.connect(reply[2:])
    return control, data


def request(address):
    wanted = socket.inet_aton(address)
    asker = wanted[:3] + b"\x63"
    return (b"\xff" * 6 + MAC + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + MAC +
            asker + b"\0" * 6 + wanted).ljust(60, b"\0")


def main():
    control, data = attach(sys.argv[1])
    data.settimeout(1)
    for _ in range(TRIES):
        data.send(request(sys.argv[2]))
        try:
            while True:
                frame = data.recv(70000)
                if frame[:6] == MAC and frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02":
                    print(sys.argv[2], "is at", frame[6:12].hex(":"))
                    return 0
        except socket.timeout:
            pass
    print("no answer")
    return 1


sys.exit(main())
