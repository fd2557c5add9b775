"""What the suites share: running programs as somebody, and reporting one line for each check."""

import ctypes
import os
import re
import socket
import subprocess
import sys
import time
import traceback
from contextlib import contextmanager

NOBODY = "nobody"
VALUES = {"KEEPCNT": "20", "KEEPIDLE": "180", "KEEPINTVL": "60"}
OPTIONS = ["--count", "20", "--idle", "3m", "--interval", "60"]
ON = "SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 20\nTCP_KEEPIDLE  = 180\nTCP_KEEPINTVL = 60\n"
OFF = "SO_KEEPALIVE is OFF\n"
PROGRAMS = "/tested/programs"


class Result:
    """What a program left: status (negative: a signal), out, err."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    def __repr__(self):
        return "status %d, printed %r, errors %r" % (self.status, self.out, self.err)


def as_user(user):
    """What makes a subprocess one of this user; None is root."""
    return {} if user is None else {"user": user, "group": "nogroup", "extra_groups": []}


def environment(variables):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LC_ALL") if name in os.environ}
    return {**kept, **(variables or {})}


def run(*command, user=None, variables=None, given="", timeout=60):
    """Runs the command to its end."""
    try:
        ended = subprocess.run(command, env=environment(variables), input=given, timeout=timeout, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **as_user(user))
    except subprocess.TimeoutExpired as late:
        return Result(-1, str(late.stdout), "still running after %d s; %s" % (timeout, late.stderr))
    return Result(ended.returncode, ended.stdout, ended.stderr)


@contextmanager
def running(*command, user=None, variables=None, ready=False):
    """The command while it runs. With ready, its first line of output has been awaited and is .first_line."""
    process = subprocess.Popen(command, env=environment(variables), text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, **as_user(user))
    try:
        if ready:
            process.first_line = process.stdout.readline().rstrip("\n")
        yield process
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()


def eventually(condition, seconds=60):
    """Waits until condition() is true; returns what it returned last."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.05)


def options(one):
    """What a socket has: SO_KEEPALIVE, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL."""
    return [one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)] + [
        one.getsockopt(socket.IPPROTO_TCP, name)
        for name in (socket.TCP_KEEPCNT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL)]


def options_of(pid):
    """Options of the TCP sockets that a process has open, as options() gives them, by descriptor. Takes root."""
    found = []
    process = os.pidfd_open(pid)
    for number in sorted(int(name) for name in os.listdir("/proc/%d/fd" % pid)):
        copy = ctypes.CDLL(None).syscall(438, process, number, 0)  # pidfd_getfd
        if copy < 0:
            continue
        try:
            one = socket.socket(fileno=copy)
        except OSError:  # no socket
            os.close(copy)
            continue
        with one:
            if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
                found.append(options(one))
    os.close(process)
    return found


def report(word, name, detail=""):
    print(word, name + (": " + detail if detail else ""), flush=True)


def passed(name):
    report("PASS", name)


def failed(name, detail):
    report("FAIL", name, " / ".join(str(detail).strip().splitlines()))


def skipped(name, reason):
    report("SKIP", name, reason)


def note(text):
    """Something seen that is no verdict: the documents are written from it."""
    report("NOTE", text)


def same(name, actual, expected):
    if actual == expected:
        passed(name)
    else:
        failed(name, "expected %r, got %r" % (expected, actual))


def holds(name, condition, detail=""):
    if condition:
        passed(name)
    else:
        failed(name, detail)


def prints(name, result, expected, status=0):
    """The program ended with the status and printed just this, and no error."""
    if (result.status, result.out, result.err) == (status, expected, ""):
        passed(name)
    else:
        failed(name, "expected %r and status %d, got %r" % (expected, status, result))


def says(name, result, pattern, status):
    """The program ended with the status, and its standard error has the pattern."""
    if result.status == status and re.search(pattern, result.err):
        passed(name)
    else:
        failed(name, "expected status %d and the error %r, got %r" % (status, pattern, result))


def suite(*parts):
    """Runs the parts. An exception fails its part, and the next one begins."""
    note("kernel " + os.uname().release)
    for part in parts:
        try:
            part()
        except Exception as error:  # pylint: disable=broad-except
            traceback.print_exc()
            failed(part.__name__, repr(error))
    report("END", os.path.basename(sys.argv[0]))


def kernel():
    """The kernel's version as a pair of numbers."""
    return tuple(int(number) for number in os.uname().release.split(".")[:2])


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def set_yama(level):
    write("/proc/sys/kernel/yama/ptrace_scope", str(level))
