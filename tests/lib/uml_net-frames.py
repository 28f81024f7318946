#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends frames by the descriptor of a guest's interface, and tells which of them the host took.

usage: uml_net-frames.py guest|port|address ADDRESS...

To be run by root in the namespace of a test (uml_net.bash), by `ask -r`, which sets TAP and TAP_FD.

guest: the guest has 10.7.0.2 and sends from other addresses, redirects and what else is not its own,
under each combination of the host's settings for all interfaces and for this one. Afterwards the same
without the filter, which shows that the frames are good.

port: the interface is a port of br0, which has 10.7.0.9.

address: tells for each ADDRESS whether the host takes a packet from it.
"""
import ipaddress
import itertools
import os
import socket
import struct
import subprocess
import sys

TAP = os.environ["TAP"]
FD = int(os.environ["TAP_FD"])
GUEST = bytes.fromhex("020000000001")
SERVICE, LOCAL_SERVICE = 5000, 5001
OWN = "10.7.0.2"


def sysctl(name, value):
    with open("/proc/sys/net/" + name, "w", encoding="ascii") as file:
        file.write(str(value))


def ip(*words):
    return subprocess.run(["ip", *words], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


# ---- frames --------------------------------------------------------------------------------------

def mac_of(name):
    with open("/sys/class/net/%s/address" % name, encoding="ascii") as file:
        return bytes.fromhex(file.read().strip().replace(":", ""))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def packed(address):
    return ipaddress.ip_address(address).packed


def ethernet(destination, packet, kind=0x0800, tags=()):
    tagged = b"".join(struct.pack("!HH", 0x8100, tag) for tag in tags)
    return destination + GUEST + tagged + struct.pack("!H", kind) + packet


def ipv4(source, destination, protocol, payload, options=b"", fragment=0):
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, 4 * words + len(payload), 1, fragment, 64,
                       protocol, 0) + packed(source) + packed(destination) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(payload, port=SERVICE):
    return struct.pack("!HHHH", 1234, port, 8 + len(payload), 0) + payload


def redirect(source, old, through, options=b"", fragment=0):
    quoted = ipv4("10.8.0.1", old, 17, udp(b"12345678"))
    message = struct.pack("!BBH4s", 5, 1, 0, packed(through)) + quoted
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    if not fragment:
        return [ipv4(source, "10.8.0.1", 1, message, options)]
    return [ipv4(source, "10.8.0.1", 1, message[:8], options, 0x2000),
            ipv4(source, "10.8.0.1", 1, message[8:], options, 1)]


def arp(operation, source, target):
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + GUEST + packed(source) + \
        b"\0" * 6 + packed(target)


def ipv6(source, destination, following, payload, hops=255):
    place = {17: 6, 58: 2}[following]
    pseudo = packed(source) + packed(destination) + struct.pack("!II", len(payload), following)
    total = checksum(pseudo + payload[:place] + b"\0\0" + payload[place + 2:])
    payload = payload[:place] + struct.pack("!H", total) + payload[place + 2:]
    return struct.pack("!IHBB", 0x60000000, len(payload), following, hops) + packed(source) + \
        packed(destination) + payload


def hostile_frames(host):
    """Names of frames that a guest must not send, and the frames."""
    to_all = bytes.fromhex("333300000001")
    for source in ("10.7.0.3", "10.7.0.1", "10.7.0.254", "10.8.0.77", "10.8.0.1", "8.8.8.8",
                   "127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1"):
        name = "ipv4 " + source
        packet = ipv4(source, "10.8.0.1", 17, udp(name.encode()))
        yield name, ethernet(host, packet)
    for tags in (0,), (0, 0), (5,), (0, 5):
        name = "ipv4 tagged %s" % (tags,)
        yield name, ethernet(host, ipv4("8.8.8.8", "10.8.0.1", 17, udp(name.encode())), tags=tags)
    yield "loopback", ethernet(host, ipv4(OWN, "127.0.0.1", 17, udp(b"loopback", LOCAL_SERVICE)))
    for source, old, through in (("10.8.0.2", "192.0.2.50", "10.8.0.66"),
                                 (OWN, "198.51.100.9", "10.8.0.66")):
        for options, fragment in (b"", 0), (b"\1\1\1\0", 0), (b"", 1), (b"\1" * 39 + b"\0", 0):
            for packet in redirect(source, old, through, options, fragment):
                yield "redirect", ethernet(host, packet)
    for operation, source in itertools.product((1, 2), ("10.7.0.3", "10.8.0.77", "10.7.0.254")):
        yield "arp " + source, ethernet(host, arp(operation, source, "10.7.0.1"), 0x0806)
    for source in "2001:db8::77", "2001:db8:ffff::1", "fe80::1234", "::ffff:8.8.8.8":
        name = "ipv6 " + source
        yield name, ethernet(host, ipv6(source, "2001:db8::1", 17, udp(name.encode())), 0x86dd)
    advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + b"\1\1" + GUEST
    yield "advertisement", ethernet(to_all, ipv6("fe80::1234", "ff02::1", 58, advertisement), 0x86dd)
    solicitation = struct.pack("!BBHI", 135, 0, 0, 0) + packed("2001:db8::1") + b"\1\1" + GUEST
    yield "solicitation", ethernet(host, ipv6("fe80::1234", "2001:db8::1", 58, solicitation), 0x86dd)
    neighbour = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + packed("2001:db8::2") + b"\2\1" + GUEST
    yield "neighbour", ethernet(to_all, ipv6("2001:db8::2", "ff02::1", 58, neighbour), 0x86dd)
    other = struct.pack("!BBHI", 137, 0, 0, 0) + packed("fe80::66") + packed("2001:db8:9::1")
    yield "redirect6", ethernet(host, ipv6("fe80::2", "2001:db8::1", 58, other), 0x86dd)
    for kind in 0x0026, 0x8847, 0x8863, 0x88cc, 0x86dc:
        yield "kind %x" % kind, ethernet(host, ipv4("8.8.8.8", "10.8.0.1", 17, udp(b"kind")), kind)


# ---- what the host took --------------------------------------------------------------------------

class Services:
    """UDP services of the host; what they got."""

    def __init__(self):
        self.sockets = []
        for family, address, port in ((socket.AF_INET, "0.0.0.0", SERVICE),
                                      (socket.AF_INET, "127.0.0.1", LOCAL_SERVICE),
                                      (socket.AF_INET6, "::", SERVICE)):
            service = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                service.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            service.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            service.bind((address, port))
            service.settimeout(20)
            self.sockets.append(service)

    def got_until(self, last):
        """All that came before a packet of the guest's own, which must come."""
        got = []
        while not got or got[-1] != last:
            got.append(self.sockets[0].recv(2000).decode())
        for service in self.sockets[1:]:
            service.setblocking(False)
            try:
                while True:
                    got.append(service.recv(2000).decode())
            except BlockingIOError:
                pass
        return got


def neighbours():
    """Whom the host knows behind the interface by their own word."""
    lines = ip("neigh", "show", "dev", TAP) + ip("-6", "neigh", "show", "dev", TAP)
    return {line.split()[0] for line in lines.splitlines()
            if "lladdr" in line and "PERMANENT" not in line}


def routes():
    return ip("route", "get", "192.0.2.50") + ip("route", "get", "198.51.100.9") + \
        ip("-6", "route", "show", "default") + ip("-6", "route", "get", "2001:db8:9::1")


def attack(services, number):
    """Sends all; the names of those that came, and whatever else changed."""
    host = mac_of(TAP)
    before = routes()
    for _, frame in hostile_frames(host):
        os.write(FD, frame)
    last = "own %s" % number
    os.write(FD, ethernet(host, ipv4(OWN, "10.8.0.1", 17, udp(last.encode()))))
    took = set(services.got_until(last)) - {last}
    took |= {"knows " + address for address in neighbours() - {OWN}}
    if routes() != before:
        took.add("routes")
    return took


def apply(settings):
    for name, value in settings.items():
        sysctl(name, value)


def combinations():
    """Of the settings that the kernel combines all; of the others both ends, by turns."""
    others = ("all/accept_local", "all/route_localnet", "all/accept_source_route",
              "all/arp_accept", "all/shared_media", "all/proxy_arp", "all/bootp_relay",
              TAP + "/accept_source_route", TAP + "/route_localnet", TAP + "/accept_local")
    ra = itertools.cycle(itertools.product((0, 1, 2), (0, 1), (0, 1)))
    for values in itertools.product((0, 1), (0, 1, 2), (0, 1, 2), (0, 1), (0, 1), (0, 1)):
        forward, all_rp, own_rp, all_redirects, own_redirects, rest = values
        accept_ra, redirects6, forward6 = next(ra)
        settings = {"ipv4/ip_forward": forward, "ipv6/conf/all/forwarding": forward6,
                    "ipv4/conf/all/rp_filter": all_rp, "ipv4/conf/%s/rp_filter" % TAP: own_rp,
                    "ipv4/conf/all/accept_redirects": all_redirects,
                    "ipv4/conf/%s/accept_redirects" % TAP: own_redirects,
                    "ipv4/conf/all/secure_redirects": 1 - rest,
                    "ipv6/conf/%s/accept_ra" % TAP: accept_ra,
                    "ipv6/conf/%s/accept_redirects" % TAP: redirects6}
        settings.update({"ipv4/conf/" + name: rest for name in others})
        yield settings


def as_guest():
    for words in (["-6", "addr", "add", "2001:db8::1/64", "dev", "up0", "nodad"],
                  ["-6", "route", "add", "2001:db8:9::/64", "via", "fe80::2", "dev", TAP],
                  ["neigh", "add", "10.8.0.66", "lladdr", "02:00:00:00:00:66", "dev", "up0"],
                  ["neigh", "add", "10.8.0.2", "lladdr", "02:00:00:00:00:02", "dev", "up0"],
                  ["neigh", "add", OWN, "lladdr", "02:00:00:00:00:01", "dev", TAP],
                  ["route", "add", "198.51.100.0/24", "via", OWN, "dev", TAP]):
        ip(*words)
    services, count = Services(), 0
    for count, settings in enumerate(combinations(), 1):
        apply(settings)
        took = attack(services, count)
        if took:
            print("TOOK", sorted(took), settings)
    print("combinations", count)
    # The same frames where nothing keeps them off.
    subprocess.run(["tc", "qdisc", "del", "dev", TAP, "clsact"], check=True)
    for settings in combinations():
        permissive = {name: int(not name.endswith(("rp_filter", "secure_redirects", "forwarding",
                                                   "ip_forward"))) for name in settings}
        apply(permissive)
        break
    took = attack(services, "unfiltered")
    print("unfiltered", sorted(took))
    for name in ("ipv4 8.8.8.8", "ipv4 10.8.0.77", "ipv4 10.7.0.3", "ipv6 2001:db8::77",
                 "ipv6 fe80::1234", "loopback", "routes", "knows 10.7.0.3"):
        if name not in took:
            print("BAD FRAME", name)


def as_port():
    def send(destination, name):
        packet = ipv4("10.7.0.5", "10.7.0.9", 17, udp(name.encode()))
        os.write(FD, ethernet(destination, packet))

    services, bridge = Services(), mac_of("br0")
    sysctl("ipv4/conf/all/rp_filter", 0)
    sysctl("ipv4/conf/%s/rp_filter" % TAP, 0)
    for turn in "filtered", "unfiltered":
        for last in range(16):
            send(bytes([0x01, 0x80, 0xc2, 0, 0, last]), "past %x" % last)
        send(bridge, turn)
        print(turn, services.got_until(turn))
        if turn == "filtered":
            subprocess.run(["tc", "qdisc", "del", "dev", TAP, "clsact"], check=True)


def from_addresses(addresses):
    """A packet of the interface's own network comes last, by another interface."""
    services, host = Services(), mac_of(TAP)
    for address in addresses:
        os.write(FD, ethernet(host, ipv4(address, "10.8.0.1", 17, udp(address.encode()))))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"last", ("127.0.0.1", SERVICE))
    got = services.got_until("last")
    for address in addresses:
        print("from", address, "taken" if address in got else "dropped")


if sys.argv[1] == "guest":
    as_guest()
elif sys.argv[1] == "port":
    as_port()
else:
    from_addresses(sys.argv[2:])
