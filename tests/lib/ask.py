#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs uml_net as a guest kernel does, and tells what it answers.

usage: ask.py [--user UID] [--group GID] [--groups GID,...] [--run COMMAND] PROGRAM WORD...

A request for 'tuntap' gets a datagram socket as its standard output, any other a stream socket.
Printed are the lines `interface NAME`, `text TEXT` and `status N`. COMMAND is run by the shell
while the interface's descriptor is held, with its name in $TAP and, for programs that want to try
something with it, the descriptor's number in $TAP_FD.
"""
import argparse
import os
import select
import socket
import struct
import subprocess
import sys

LIMIT_S = 60


def receive(end):
    """A datagram and its descriptors; nothing where none comes while the program runs."""
    if not select.select([end], [], [], 0)[0]:
        return b"", []
    data, fds, _, _ = socket.recv_fds(end, 4096, 4)
    return data, fds


def read_all(end):
    data = b""
    while True:
        part = end.recv(4096)
        if not part:
            return data
        data += part


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("--groups", default="")
    parser.add_argument("--run")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    return parser.parse_args()


def identity(options):
    if options.user is None:
        return {}
    group = options.user if options.group is None else options.group
    return {"user": options.user, "group": group,
            "extra_groups": [int(group) for group in options.groups.split(",") if group]}


def main():
    options = parse()
    message = "tuntap" in options.program
    kind = socket.SOCK_DGRAM if message else socket.SOCK_STREAM
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    ours.settimeout(LIMIT_S)
    child = subprocess.Popen(options.program, stdin=subprocess.DEVNULL, stdout=theirs,
                             **identity(options))
    theirs.close()
    fds = []
    if message:
        status = child.wait(LIMIT_S)
        data, fds = receive(ours)
        text = data
    else:
        data = read_all(ours)
        status = child.wait(LIMIT_S)
        text = data[4:]
        if len(data) < 4 or struct.unpack("=I", data[:4])[0] != len(text):
            print("malformed", data)
    if fds:
        os.environ["TAP"] = data[:16].rstrip(b"\0").decode()
        os.environ["TAP_FD"] = str(fds[0])
        print("interface", os.environ["TAP"], flush=True)
    else:
        if message and not data.endswith(b"\0"):
            print("malformed", data)
        for line in text.rstrip(b"\0").decode().splitlines():
            print("text", line)
    print("status", status, flush=True)
    if options.run:
        status = subprocess.run(options.run, shell=True, pass_fds=fds, check=False).returncode
    sys.exit(status)


main()
