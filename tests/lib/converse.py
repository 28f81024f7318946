#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds a conversation with a program on a terminal of its own.

usage: converse.py COMMAND [ARGUMENT]... -- STEP...

  <REGEX       waits for output that matches, behind what the step before has matched
  >TEXT        types; \\r, \\x03 and their like are understood
  =ROWSxCOLS   changes the size of the terminal, which is 31x97 at first
  $COMMAND     a shell command on the host, which must succeed
  !            ends the program by SIGKILL

Exit status: 0 when all steps are done, 1 when one takes more than CONVERSE_LIMIT_S seconds (default
30) or fails. The program is killed at the end. All of its output goes to stdout.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

LIMIT_S = float(os.environ.get("CONVERSE_LIMIT_S", "30"))


class Conversation:
    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            # The parent sets the size before the program looks.
            os.read(0, 1)
            os.execvp(command[0], command)
        self.resize("31x97")
        os.write(self.fd, b"\n")
        self.output = ""

    def resize(self, size):
        rows, columns = map(int, size.split("x"))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def expect(self, regex):
        end = time.monotonic() + LIMIT_S
        while not (match := re.search(regex, self.output)):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return "nothing like it came"
            try:
                part = os.read(self.fd, 4096)
            except OSError:
                return "the program has ended"
            sys.stdout.buffer.write(part.replace(b"\r", b""))
            sys.stdout.flush()
            self.output += part.decode(errors="replace")
        self.output = self.output[match.end():]
        return None

    def type(self, text):
        # Through Latin-1, so that characters beyond ASCII stay the bytes that they are.
        raw = text.encode().decode("latin-1").encode("latin-1", "backslashreplace")
        data = raw.decode("unicode_escape").encode("latin-1")
        while data:
            data = data[os.write(self.fd, data):]

    def step(self, text):
        kind, rest = text[0], text[1:]
        if kind == "<":
            return self.expect(rest)
        if kind == ">":
            self.type(rest)
        elif kind == "=":
            self.resize(rest)
        elif kind == "$":
            if subprocess.run(rest, shell=True, timeout=4 * LIMIT_S, check=False).returncode:
                return "the command failed"
        elif kind == "!":
            os.kill(self.pid, signal.SIGKILL)
        else:
            sys.exit(f"converse.py: unknown step '{text}'")
        return None


def main():
    if "--" not in sys.argv[2:]:
        sys.exit(__doc__)
    split = sys.argv.index("--")
    conversation = Conversation(sys.argv[1:split])
    failure = None
    for text in sys.argv[split + 1:]:
        failure = conversation.step(text)
        if failure:
            print(f"\nconverse.py: step '{text}': {failure}; behind the last match: "
                  f"{conversation.output!r}")
            break
    os.kill(conversation.pid, signal.SIGKILL)
    os.waitpid(conversation.pid, 0)
    sys.exit(1 if failure else 0)


main()
