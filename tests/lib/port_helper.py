#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plays the kernel, the terminal program and the telnet client to a port-helper.

usage: port_helper.py CASE PROGRAM

Each function case_NAME is a case. It prints facts that do not depend on the program, so that those of
two programs can be compared, and ends with status 1 on the first thing that is not as it should be.
"""
import array
import contextlib
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import tty

LIMIT_S = 20
IAC, WILL, WONT, DO, DONT, SB, SE = 255, 251, 252, 253, 254, 250, 240
ECHO, GO_AHEAD, WINDOW = 1, 3, 31


def require(condition, text):
    if not condition:
        print("NOT SO:", text)
        sys.exit(1)


def soon(condition, text):
    end = time.monotonic() + LIMIT_S
    while not condition():
        require(time.monotonic() < end, f"{text} (within {LIMIT_S} s)")
        time.sleep(0.01)


def receive_message(sock):
    """The message to the kernel: its bytes and descriptors."""
    require(select.select([sock], [], [], LIMIT_S)[0], "a message comes")
    data, controls, _, _ = sock.recvmsg(64, socket.CMSG_SPACE(4 * 8))
    descriptors = array.array("i")
    for level, kind, content in controls:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) // 4 * 4])
    return data, list(descriptors)


def receive_terminal(sock):
    data, descriptors = receive_message(sock)
    require(len(data) == 4, "the message is a number")
    require(len(descriptors) == 1, "with one descriptor")
    os.set_blocking(descriptors[0], False)
    return struct.unpack("=i", data)[0], descriptors[0]


def same_file(one, other):
    a, b = os.fstat(one), os.fstat(other)
    return (a.st_dev, a.st_ino, a.st_rdev) == (b.st_dev, b.st_ino, b.st_rdev)


def running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children",
                                            encoding="ascii") as file:
        return [int(word) for word in file.read().split()]
    return []


def sockets_of(pid):
    """The names of the sockets that a process has open; a file that it closes meanwhile is none."""
    names = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            names.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return {name for name in names if name.startswith("socket:")}


def all_gone(pids):
    for pid in pids:
        soon(lambda pid=pid: not running(pid), f"process {pid} is gone")


def status_text(status):
    return f"signal {-status}" if status < 0 else f"exit {status}"


def read_terminal(fd, length):
    """That many bytes of what the guest is given to read."""
    got = b""
    while len(got) < length:
        require(select.select([fd], [], [], LIMIT_S)[0], f"more than {got!r} comes")
        part = os.read(fd, length - len(got))
        require(part, f"the terminal goes on after {got!r}")
        got += part
    return got


def hung_up(fd):
    poll = select.poll()
    poll.register(fd, 0)
    return bool(poll.poll(0))


# ---- a terminal of its own -----------------------------------------------------------------------


class Terminal:
    """A helper started as a terminal program does, the leader of a session on its terminal."""

    def __init__(self, program, path=None, stdin=None, arguments=()):
        self.master, self.slave = pty.openpty()
        if path:
            self.sock, inherited = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), None
            self.sock.bind(path)
            arguments = ["-uml-socket", path]
        else:
            self.sock, inherited = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        stdin = self.slave if stdin is None else stdin

        def prepare():
            os.setsid()
            if os.isatty(stdin):
                fcntl.ioctl(stdin, termios.TIOCSCTTY, 0)
            if inherited:
                os.dup2(inherited.fileno(), 3)

        # pylint: disable=subprocess-popen-preexec-fn,consider-using-with
        self.process = subprocess.Popen([program, *arguments], stdin=stdin, preexec_fn=prepare,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        close_fds=not inherited, pass_fds=())
        if inherited:
            inherited.close()

    def status(self):
        return status_text(self.process.wait(LIMIT_S))


def facts_of_handover(helper, given):
    pid, fd = receive_terminal(helper.sock)
    print("the same file:", same_file(fd, given))
    print("the process it names runs:", running(pid))
    os.kill(pid, signal.SIGKILL)
    print("after its end:", helper.status())


def case_fd3(program):
    """As the login program of a telnet daemon."""
    helper = Terminal(program, arguments=["-h", "localhost", "-p"])
    facts_of_handover(helper, helper.slave)


def case_path(program):
    """As the program in an xterm."""
    with tempfile.TemporaryDirectory() as folder:
        helper = Terminal(program, path=f"{folder}/xterm-pipe123456")
        facts_of_handover(helper, helper.slave)


def case_pipe(program):
    """Whatever is on standard input is handed over."""
    reader, _ = os.pipe()
    facts_of_handover(Terminal(program, stdin=reader), reader)


def case_controlling(program):
    """The kernel can make the terminal its own."""
    helper = Terminal(program)
    pid, fd = receive_terminal(helper.sock)
    child = os.fork()
    if not child:
        os.setsid()
        fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
        os.tcsetpgrp(fd, os.getpgrp())
        os._exit(0)
    print("a controlling terminal:", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0)
    os.kill(pid, signal.SIGKILL)
    helper.status()


def case_no_socket(program):
    result = subprocess.run([program, "-uml-socket", "/nowhere/xterm-pipe"], stdin=0,
                            capture_output=True, timeout=LIMIT_S, check=False)
    print(status_text(result.returncode), "stdout:", result.stdout)


def case_settings(program):
    """The kernel leaves the terminal raw; the helper puts it right."""
    helper = Terminal(program)
    before = termios.tcgetattr(helper.slave)
    pid, fd = receive_terminal(helper.sock)
    tty.setraw(fd)
    require(termios.tcgetattr(helper.slave) != before, "the kernel has changed the settings")
    os.kill(pid, signal.SIGKILL)
    helper.status()
    require(termios.tcgetattr(helper.slave) == before, "the settings are back")


def case_term_signal(program):
    helper = Terminal(program)
    before = termios.tcgetattr(helper.slave)
    pid, fd = receive_terminal(helper.sock)
    tty.setraw(fd)
    helper.process.send_signal(signal.SIGTERM)
    require(helper.status() == "signal 15", "it ends by that signal")
    all_gone([pid])
    require(termios.tcgetattr(helper.slave) == before, "the settings are back")


def case_hangup(program):
    """The window is closed."""
    helper = Terminal(program)
    pid, _ = receive_terminal(helper.sock)
    os.close(helper.slave)
    os.close(helper.master)
    require(helper.status() == "exit 0", "it ends with 0")
    all_gone([pid])


def case_parent(program):
    """The terminal program is killed, and something else keeps the terminal open."""
    reader, writer = os.pipe()
    sock, inherited = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    parent = os.fork()
    if not parent:
        sock.close()
        os.dup2(inherited.fileno(), 3)
        os.set_inheritable(3, True)
        helper = os.spawnv(os.P_NOWAIT, program, [program])
        os.write(writer, struct.pack("i", helper))
        signal.pause()
    helper = struct.unpack("i", os.read(reader, 4))[0]
    pid, _ = receive_terminal(sock)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    all_gone([helper, pid])


def case_kernel(program):
    """The kernel is killed, and the terminal program, which it started, goes on."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/xterm-pipe"
        reader, writer = os.pipe()
        kernel = os.fork()
        if not kernel:
            # A second process of it has the socket too, as guest processes have.
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            sock.bind(path)
            guest = os.fork()
            if guest:
                pid, _ = receive_terminal(sock)
                os.write(writer, struct.pack("ii", guest, pid))
            signal.pause()
        soon(lambda: os.path.exists(path), "the kernel makes its socket")
        with subprocess.Popen([program, "-uml-socket", path]) as helper:
            guest, pid = struct.unpack("ii", os.read(reader, 8))
            os.kill(kernel, signal.SIGKILL)
            os.waitpid(kernel, 0)
            require(helper.wait(LIMIT_S) == 0, "it ends with 0")
        all_gone([pid])
        os.kill(guest, signal.SIGKILL)


def case_path_checks(program):
    """Sockets that are none, or another's; each refused with one line and status 1."""
    def refused(path, text):
        result = subprocess.run([program, "-uml-socket", path], capture_output=True,
                                timeout=LIMIT_S, check=False, text=True)
        require(result.returncode == 1 and not result.stdout, f"{path} is refused")
        require(text in result.stderr and result.stderr.count("\n") == 1, result.stderr)

    with tempfile.TemporaryDirectory() as folder, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, \
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        path = f"{folder}/socket"
        sock.bind(path)
        os.symlink(path, f"{folder}/link")
        with open(f"{folder}/file", "w", encoding="ascii"):
            pass
        stream.bind(f"{folder}/stream")
        stream.listen()
        refused(f"{folder}/none", "No such file or directory")
        refused(f"{folder}/link", "non-socket")
        refused(f"{folder}/file", "non-socket")
        refused(f"{folder}/stream", "wrong type")
        refused(f"{folder}/{'x' * 200}", "too long")
        os.chown(path, 65534, 65534)
        refused(path, "another user")


# ---- telnet --------------------------------------------------------------------------------------


class Telnet:
    """A helper started as the kernel starts its telnet daemon, and a client."""

    def __init__(self, program, answers=True, arguments=("-L", "/usr/lib/uml/port-helper")):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.client = socket.create_connection(server.getsockname())
            self.accepted, _ = server.accept()
        self.client.settimeout(LIMIT_S)
        self.sock, inherited = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

        def prepare():
            os.dup2(inherited.fileno(), 3)
            # What the kernel has open comes along.
            os.dup2(inherited.fileno(), 9)

        # pylint: disable=subprocess-popen-preexec-fn,consider-using-with
        self.process = subprocess.Popen(["in.telnetd", *arguments],
                                        executable=program, preexec_fn=prepare,
                                        close_fds=False, stdin=self.accepted,
                                        stdout=self.accepted, stderr=self.accepted)
        inherited.close()
        self.raw = b""
        if answers:
            self.answer()

    def answer(self, rows=31, columns=97):
        """What a usual client says to the first requests."""
        asked = self.read_raw(12)
        require(asked == bytes([IAC, WILL, ECHO, IAC, WILL, GO_AHEAD, IAC, DO, GO_AHEAD,
                                IAC, DO, WINDOW]), f"it asks for character mode: {asked!r}")
        self.client.sendall(bytes([IAC, DO, ECHO, IAC, DO, GO_AHEAD, IAC, WILL, GO_AHEAD,
                                   IAC, WILL, WINDOW]))
        self.resize(rows, columns)

    def resize(self, rows, columns):
        self.client.sendall(bytes([IAC, SB, WINDOW]) +
                            struct.pack(">HH", columns, rows).replace(b"\xff", b"\xff\xff") +
                            bytes([IAC, SE]))

    def read_raw(self, length):
        got = b""
        while len(got) < length:
            part = self.client.recv(length - len(got))
            require(part, f"the connection goes on after {got!r}")
            got += part
        return got

    def read_to_end(self):
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while part := self.client.recv(65536):
                got += part
        return got

    def terminal(self):
        self.accepted.close()
        self.named, fd = receive_terminal(self.sock)
        return fd

    def family(self):
        return [self.process.pid, *children(self.process.pid)]

    def end(self, expected="exit 0"):
        pids = self.family()
        status = status_text(self.process.wait(LIMIT_S))
        require(status in expected, f"it ends with {expected}: {status}")
        all_gone(pids)


def window_of(fd):
    return struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))[:2]


def case_telnet(program):
    """A session: window, keys, output, resize, and the client hangs up."""
    telnet = Telnet(program)
    fd = telnet.terminal()
    require(telnet.named in telnet.family(), "it names a process of its own")
    require(window_of(fd) == (31, 97), "the window's size is there from the start")
    require(not termios.tcgetattr(fd)[3] & (termios.ECHO | termios.ICANON), "the terminal is raw")
    telnet.client.sendall(b"root\r\0ls\r\n\xff\xff")
    require(read_terminal(fd, 9) == b"root\rls\r\xff", "what is typed arrives")
    os.write(fd, b"a\r\n\xffb\rc")
    require(telnet.read_raw(9) == b"a\r\n\xff\xffb\r\0c", "output arrives")
    for rows, columns in ((50, 255), (65535, 1), (24, 80)):
        telnet.resize(rows, columns)
        soon(lambda size=(rows, columns): window_of(fd) == size, "the window's size follows")
    telnet.resize(0, 132)
    soon(lambda: window_of(fd) == (24, 132), "0 is a size that is not known")
    telnet.client.close()
    soon(lambda: hung_up(fd), "the terminal hangs up")
    telnet.end()


def case_keys(program):
    telnet = Telnet(program)
    fd = telnet.terminal()
    telnet.client.sendall(b"x\xff\xf4\xff\xf3\xff\xee\xff\xed\xff\xec\xff\xf7\xff\xf8")
    require(read_terminal(fd, 8) == b"x\x03\x03\x1c\x1a\x04\x7f\x15", "commands become keys")
    telnet.client.sendall(b"\xff\xf6")
    require(telnet.read_raw(9) == b"\r\n[Yes]\r\n", "it is there")
    telnet.client.sendall(bytes([IAC, WILL, 24, IAC, DO, 6, IAC, WILL, 24]))
    require(telnet.read_raw(9) == bytes([IAC, DONT, 24, IAC, WONT, 6, IAC, DONT, 24]),
            "what it does not know it refuses")
    telnet.client.close()
    telnet.end()


def case_silent(program):
    """A client that does not speak telnet gets its terminal nevertheless."""
    telnet = Telnet(program, answers=False)
    telnet.client.sendall(b"early\n")
    fd = telnet.terminal()
    require(read_terminal(fd, 6) == b"early\n", "what was typed early arrives")
    telnet.client.close()
    telnet.end()


def case_gone_early(program):
    """A client that goes before it has answered: the kernel is not bothered."""
    for linger in (0, 1):
        telnet = Telnet(program, answers=False)
        if linger:
            telnet.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
        telnet.client.close()
        telnet.end()
        require(not select.select([telnet.sock], [], [], 0)[0], "no message comes")


def case_last_output(program):
    """The kernel kills both processes it knows as it closes the console; no output is lost."""
    for _ in range(20):
        telnet = Telnet(program)
        fd = telnet.terminal()
        pids = telnet.family()
        text = b"logout\r\n" * 400
        while text:
            with contextlib.suppress(BlockingIOError):
                text = text[os.write(fd, text):]
        os.kill(telnet.named, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            telnet.process.kill()
        os.close(fd)
        require(telnet.read_to_end() == b"logout\r\n" * 400, "the client has all of it")
        telnet.client.close()
        telnet.process.wait(LIMIT_S)
        all_gone(pids)


def case_guest_end(program):
    """The guest's side is closed while the client types, and nobody is killed."""
    for _ in range(20):
        telnet = Telnet(program)
        fd = telnet.terminal()
        telnet.client.sendall(b"typed ahead " * 1000)
        os.write(fd, b"bye\r\n" * 100)
        os.close(fd)
        require(telnet.read_to_end() == b"bye\r\n" * 100, "the client has the last output")
        telnet.client.close()
        telnet.end()


def case_kernel_killed(program):
    """The kernel is killed: the connection ends, and no process stays."""
    reader, writer = os.pipe()
    kernel = os.fork()
    if not kernel:
        telnet = Telnet(program)
        telnet.terminal()
        os.write(writer, struct.pack("iii", *telnet.family(), telnet.client.fileno()))
        # The client must outlive its end.
        with socket.socket(socket.AF_UNIX) as to_test:
            to_test.connect("\0port-helper-test-" + str(os.getppid()))
            socket.send_fds(to_test, [b"x"], [telnet.client.fileno()])
        signal.pause()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0port-helper-test-" + str(os.getpid()))
        server.listen()
        pids = struct.unpack("iii", os.read(reader, 12))[:2]
        connection, _ = server.accept()
        client = socket.socket(fileno=socket.recv_fds(connection, 1, 1)[1][0])
    os.kill(kernel, signal.SIGKILL)
    os.waitpid(kernel, 0)
    client.settimeout(LIMIT_S)
    require(client.recv(1) == b"", "the connection ends")
    client.close()
    all_gone(pids)


def write_until_full(fd, limit):
    """The guest writes until its terminal takes no more for a moment."""
    written, piece = 0, bytes(range(32, 96)) * 64
    while select.select([], [fd], [], 0.5)[1]:
        with contextlib.suppress(BlockingIOError):
            offset = written % 64
            written += os.write(fd, piece[offset:])
        require(written < limit, f"the guest is held up within {limit} bytes")
    return written


def case_slow_reader(program):
    """A client that does not read holds up the guest, is still heard, and gets everything then."""
    telnet = Telnet(program)
    telnet.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    fd = telnet.terminal()
    written = write_until_full(fd, 64 << 20)
    telnet.client.sendall(b"\xff\xf4")
    require(read_terminal(fd, 1) == b"\x03", "an interrupt gets through")
    got = telnet.read_raw(written)
    require(got == (bytes(range(32, 96)) * (written // 64 + 1))[:written], "all of it, in order")
    telnet.client.close()
    telnet.end()


def case_slow_guest(program):
    """A guest that does not read holds up the client; an urgent interrupt overtakes what it typed."""
    telnet = Telnet(program)
    fd = telnet.terminal()
    # More than the terminal and the helper hold, less than the connection holds besides.
    typed = b"typed " * 20000
    telnet.client.sendall(typed)
    telnet.client.sendall(b"\xff\xf4\xff")
    telnet.client.send(b"\xf2", socket.MSG_OOB)
    telnet.client.sendall(b"after\xff\xf6")
    require(telnet.read_raw(9) == b"\r\n[Yes]\r\n", "the client is heard again")
    before = b""
    while not before.endswith(b"\x03after"):
        require(select.select([fd], [], [], LIMIT_S)[0], "the interrupt comes")
        before += os.read(fd, 65536)
    require(len(before) < len(typed) - 16384, "what the terminal has not taken is passed over")
    telnet.client.sendall(typed)
    require(read_terminal(fd, len(typed)) == typed, "what comes later is not")
    telnet.client.close()
    telnet.end()


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def case_hostile(program):
    """Endless subnegotiation, floods of requests and commands: no growth, and it goes on."""
    telnet = Telnet(program)
    fd = telnet.terminal()
    worker = children(telnet.process.pid)[0]
    before = memory_kb(worker)
    telnet.client.sendall(bytes([IAC, SB, 24]) + b"x" * (8 << 20) + bytes([IAC, SE]))
    telnet.client.sendall(b"after")
    require(read_terminal(fd, 5) == b"after", "an endless subnegotiation is passed over")
    # A client that asks and never reads the answers is not heard any more.
    telnet.client.settimeout(0.5)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < 64 << 20:
            sent += telnet.client.send(bytes([IAC, DO, 99]) * 20000)
    require(sent < 64 << 20, "a client that does not read answers is held up")
    require(memory_kb(worker) - before < 1024, "memory does not grow")
    telnet.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    telnet.client.close()
    telnet.end()


def case_half_closed(program):
    """A client that sends, and closes its half, gets an answer before the terminal hangs up."""
    telnet = Telnet(program)
    fd = telnet.terminal()
    telnet.client.sendall(b"uname\r")
    telnet.client.shutdown(socket.SHUT_WR)
    require(read_terminal(fd, 6) == b"uname\r", "what was typed arrives")
    os.write(fd, b"Linux\r\n")
    got = telnet.read_to_end()
    require(got.replace(bytes([IAC, 241]), b"") == b"Linux\r\n", f"so does the answer: {got!r}")
    soon(lambda: hung_up(fd), "the terminal hangs up")
    telnet.client.close()
    telnet.end()


def case_settings_of_client(program):
    """A client that vanishes is noticed; and none of the kernel's files is kept."""
    telnet = Telnet(program)
    copy = telnet.accepted.dup()
    telnet.terminal()
    worker = children(telnet.process.pid)[0]
    for option, most in ((socket.TCP_KEEPIDLE, 60), (socket.TCP_USER_TIMEOUT, 120000)):
        require(0 < copy.getsockopt(socket.IPPROTO_TCP, option) <= most, "limits are set")
    require(copy.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), "it asks for signs of life")
    client = {os.readlink(f"/proc/self/fd/{copy.fileno()}")}
    # The message to the kernel arrives before the helper has closed the socket that it came through.
    soon(lambda: sockets_of(worker) == client, "it keeps no socket but the client's")
    soon(lambda: not os.listdir(f"/proc/{telnet.process.pid}/fd"), "the other process has no file")
    copy.close()
    telnet.client.close()
    telnet.end()


def case_many(program):
    """Clients come and go in every way."""
    for turn in range(60):
        telnet = Telnet(program, answers=turn % 3 != 0)
        if turn % 3 == 1:
            telnet.terminal()
        if turn % 2:
            telnet.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
        telnet.client.close()
        telnet.accepted.close()
        telnet.end()


def case_no_kernel(program):
    """Started by hand: one line, and status 1."""
    for arguments in ([], ["--telnet"]):
        result = subprocess.run([program, *arguments], capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=LIMIT_S, check=False)
        require(result.returncode == 1 and result.stderr.count("\n") == 1, result.stderr)
        require("started by the kernel" in result.stderr, result.stderr)


def main():
    cases = {name[5:]: case for name, case in globals().items() if name.startswith("case_")}
    if len(sys.argv) != 3 or sys.argv[1] not in cases:
        print("usage: port_helper.py CASE PROGRAM; CASE is one of", *cases, file=sys.stderr)
        sys.exit(2)
    # Helpers end with their parent, so nothing is left when this strikes.
    signal.alarm(3 * LIMIT_S)
    cases[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    main()
