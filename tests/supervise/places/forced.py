"""Programs under `run --force --idle 180` that turn keepalive off and set 33 s: each returns what its sockets have."""
import json
import os
import socket

from made_socket import CLONE_NEWNET, LIBC, call


def try_to_change():
    fd = LIBC.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    with socket.socket(fileno=fd) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
        kept = made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 33)
        return [
            kept,
            made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            made.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
        ]


def forced():
    return try_to_change()


def in_child(function, orphan=False):
    """What the function returns in a child; with `orphan` in a grandchild whose parent has ended."""
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        if orphan and os.fork() != 0:
            os._exit(0)
        os.write(writing, json.dumps(function()).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(parent, 0)
    with os.fdopen(reading, "rb") as answer:
        return json.loads(answer.read())


def forced_elsewhere():
    """None of its sockets is from the supervisor, so all its setsockopt calls have an effect."""
    call(LIBC.unshare(CLONE_NEWNET))
    return [try_to_change(), in_child(try_to_change), in_child(try_to_change, orphan=True)]


def forced_subreaper():
    """When its parent has ended, a child is the program's own child, and it has the sockets of that parent."""
    LIBC.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        call(LIBC.unshare(CLONE_NEWNET))
        fd = LIBC.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
        child = os.fork()
        if child == 0:
            while os.getppid() != program:
                pass
            with socket.socket(fileno=fd) as made:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                os.write(writing, json.dumps(made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        return json.loads(answer.read())


program = os.getpid()


def forced_beside():
    """A child in another network changes nothing for its parent."""

    def elsewhere():
        call(LIBC.unshare(CLONE_NEWNET))
        return try_to_change()

    return [in_child(elsewhere), try_to_change()]
