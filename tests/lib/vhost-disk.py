#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Serves a file as a virtio disk by the vhost-user protocol, to one guest.

usage: vhost-disk.py SOCKET FILE

A line "resize BYTES" on its input gives the file that size and says to the guest that the
disk's configuration has changed. It ends with the guest.
"""
import mmap
import os
import selectors
import socket
import struct
import sys

GET_FEATURES, SET_MEM_TABLE, SET_VRING_NUM, SET_VRING_ADDR = 1, 5, 8, 9
SET_VRING_BASE, GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL = 10, 11, 12, 13
GET_PROTOCOL_FEATURES, SET_BACKEND_FD, GET_CONFIG = 15, 21, 24
CONFIG_CHANGED = 2
VERSION, REPLY, NEEDS_REPLY = 1, 4, 8

FEATURES = 1 << 32 | 1 << 30 | 1 << 9           # version 1, protocol features, flush
PROTOCOL = 1 << 3 | 1 << 5 | 1 << 9             # acknowledgements, backend channel, configuration

READ, WRITE, FLUSH = 0, 1, 4
DESC_NEXT = 1
DESC_WRITE = 2


class Ring:
    """The disk's one virtqueue."""

    def __init__(self, disk):
        self.disk = disk
        self.size = self.next = 0
        self.kick = self.call = None

    def serve(self):
        memory = self.disk.memory
        while self.next != struct.unpack_from("<H", memory, self.available + 2)[0]:
            slot = self.available + 4 + 2 * (self.next % self.size)
            head = struct.unpack_from("<H", memory, slot)[0]
            done = self.disk.request(self.chain(head))
            struct.pack_into("<II", memory, self.used + 4 + 8 * (self.next % self.size), head, done)
            self.next = (self.next + 1) & 0xffff
            struct.pack_into("<H", memory, self.used + 2, self.next)
        if self.call is not None:
            os.eventfd_write(self.call, 1)

    def chain(self, index):
        """The buffers of a request: place in memory, length, whether the disk writes it."""
        flags = DESC_NEXT
        while flags & DESC_NEXT:
            place = self.descriptors + 16 * index
            address, length, flags, index = struct.unpack_from("<QIHH", self.disk.memory, place)
            yield address - self.disk.guest, length, flags & DESC_WRITE


class Disk:
    """The device and its connection."""

    def __init__(self, connection, path):
        self.connection = connection
        self.file = os.open(path, os.O_RDWR)
        self.ring = Ring(self)
        self.memory = self.backend = None
        self.guest = self.user = 0
        self.selector = selectors.DefaultSelector()
        self.selector.register(connection, selectors.EVENT_READ, self.message)
        self.selector.register(sys.stdin, selectors.EVENT_READ, self.command)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                key.data()

    def request(self, buffers):
        """Carry out one request; returns how many bytes were written to the guest."""
        (header, _, _), *data, (status, _, _) = buffers
        kind, _, sector = struct.unpack_from("<IIQ", self.memory, header)
        place, written, result = sector * 512, 1, 0
        for at, length, _ in data:
            if kind == READ:
                piece = os.pread(self.file, length, place)
                self.memory[at:at + length] = piece.ljust(length, b"\0")
                written += length
            elif kind == WRITE:
                os.pwrite(self.file, self.memory[at:at + length], place)
            else:
                result = 2
            place += length
        if kind == FLUSH:
            os.fdatasync(self.file)
        self.memory[status] = result
        return written

    def command(self):
        words = sys.stdin.readline().split()
        if not words:
            self.selector.unregister(sys.stdin)
            return
        word, size = words
        assert word == "resize"
        os.ftruncate(self.file, int(size))
        self.backend.sendall(struct.pack("<III", CONFIG_CHANGED, VERSION, 0))

    def kicked(self):
        os.eventfd_read(self.ring.kick)
        self.ring.serve()

    def message(self):
        head, fds, _, _ = socket.recv_fds(self.connection, 12, 8)
        if not head:
            sys.exit(0)
        request, flags, size = struct.unpack("<III", head)
        payload = self.connection.recv(size, socket.MSG_WAITALL) if size else b""
        answer = self.obey(request, payload, fds)
        if answer is None and flags & NEEDS_REPLY:
            answer = struct.pack("<Q", 0)
        if answer is not None:
            self.connection.sendall(struct.pack("<III", request, VERSION | REPLY, len(answer)) + answer)

    def obey(self, request, payload, fds):
        ring = self.ring
        if request == GET_FEATURES:
            return struct.pack("<Q", FEATURES)
        if request == GET_PROTOCOL_FEATURES:
            return struct.pack("<Q", PROTOCOL)
        if request == GET_CONFIG:
            offset, size, flags = struct.unpack_from("<III", payload)
            config = struct.pack("<Q", os.fstat(self.file).st_size // 512).ljust(256, b"\0")
            return struct.pack("<III", offset, size, flags) + config[offset:offset + size]
        if request == GET_VRING_BASE:
            self.selector.unregister(ring.kick)
            return struct.pack("<II", 0, ring.next)
        if request == SET_MEM_TABLE:
            _, _, self.guest, size, self.user, offset = struct.unpack_from("<IIQQQQ", payload)
            self.memory = mmap.mmap(fds[0], size, offset=offset)
        elif request == SET_VRING_NUM:
            ring.size = struct.unpack("<II", payload)[1]
        elif request == SET_VRING_BASE:
            ring.next = struct.unpack("<II", payload)[1]
        elif request == SET_VRING_ADDR:
            addresses = struct.unpack_from("<QQQ", payload, 8)
            ring.descriptors, ring.used, ring.available = (a - self.user for a in addresses)
        elif request == SET_VRING_CALL:
            ring.call = fds[0] if fds else None
        elif request == SET_VRING_KICK:
            ring.kick = fds[0]
            self.selector.register(ring.kick, selectors.EVENT_READ, self.kicked)
        elif request == SET_BACKEND_FD:
            self.backend = socket.socket(fileno=fds[0])
        return None


def main():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    Disk(listener.accept()[0], sys.argv[2]).run()


if __name__ == "__main__":
    main()
