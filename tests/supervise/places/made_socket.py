"""A socket as a program makes it, and what the program can tell of it."""
import ctypes
import errno
import fcntl
import os
import socket

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
SIOCGSKNS = 0x894C
LIBC = ctypes.CDLL(None, use_errno=True)


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def describe(made):
    """What the program can tell of a socket."""
    owner = os.fstat(made.fileno())
    try:
        network = fcntl.ioctl(made, SIOCGSKNS)
        is_own_network = os.fstat(network).st_ino == os.stat("/proc/thread-self/ns/net").st_ino
        os.close(network)
    except PermissionError:  # the owner of the network namespace alone may ask
        is_own_network = None
    return {
        "number": made.fileno(),
        "close on exec": fcntl.fcntl(made, fcntl.F_GETFD),
        "flags": fcntl.fcntl(made, fcntl.F_GETFL),
        "mode": owner.st_mode,
        "owner": [owner.st_uid, owner.st_gid],
        "family": made.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN),
        "type": made.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE),
        "protocol": made.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL),
        "own network": is_own_network,
        "keepalive": made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    }


def make(family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
    """By libc: Python's own function adds flags."""
    fd = LIBC.socket(family, kind, protocol)
    if fd < 0:
        return {"error": errno.errorcode[ctypes.get_errno()]}
    made = socket.socket(fileno=fd)
    try:
        return describe(made)
    finally:
        made.close()
