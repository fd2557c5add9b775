"""Programs that go somewhere and make a socket there: each returns what the socket shows."""
import ctypes
import errno
import os
import resource
import socket
import threading

from made_socket import CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER, LIBC, call, make

IPPROTO_MPTCP = 262


def all_kinds():
    flags = (0, socket.SOCK_CLOEXEC, socket.SOCK_NONBLOCK, socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    return [
        make(family, socket.SOCK_STREAM | more, protocol)
        for family in (socket.AF_INET, socket.AF_INET6)
        for more in flags
        for protocol in (0, socket.IPPROTO_TCP, IPPROTO_MPTCP)
    ]


def lowest_free_number():
    os.dup2(0, 10)
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(8)]
    os.close(held[3])
    return [make()]


def no_number_free():
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    made = []
    while True:
        fd = LIBC.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
        if fd < 0:
            return {"made": made, "error": errno.errorcode[ctypes.get_errno()]}
        made.append(fd)


def few_descriptors():
    return [make()]


def another_network():
    call(LIBC.unshare(CLONE_NEWNET))
    return [make(), make(socket.AF_INET6)]


def another_network_and_back():
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    call(LIBC.unshare(CLONE_NEWNET))
    call(LIBC.setns(own, CLONE_NEWNET))
    return [make()]


def network_of_a_thread():
    """One thread alone is in another network: only its sockets are there."""
    made = []

    def work():
        call(LIBC.unshare(CLONE_NEWNET))
        made.append(make())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return made


def other_threads_stay():
    network_of_a_thread()
    return [make()]


def another_user():
    os.setgroups([65534, 12])
    os.setgid(65533)
    os.setuid(65532)
    return [make()]


def another_file_system_user():
    """Only what setfsuid(2) and setfsgid(2) change."""
    LIBC.setfsgid(4321)
    LIBC.setfsuid(1234)
    return [make()]


def another_group_only():
    os.setgroups([11, 12, 13])
    return [make()]


def undumpable():
    """No other process may trace it (PR_SET_DUMPABLE)."""
    call(LIBC.prctl(4, 0, 0, 0, 0))
    return [make()]


def undumpable_other_user():
    os.setgid(65534)
    os.setuid(65534)
    call(LIBC.prctl(4, 0, 0, 0, 0))
    return [make()]


def user_namespace():
    call(LIBC.unshare(CLONE_NEWUSER))
    return [make()]


def user_and_network_namespace():
    call(LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNET))
    return [make()]


def mount_namespace_without_proc():
    call(LIBC.unshare(CLONE_NEWNS))
    call(LIBC.mount(None, b"/", None, 0x44000, None))  # MS_REC | MS_PRIVATE
    call(LIBC.mount(b"none", b"/proc", b"tmpfs", 0, None))
    fd = LIBC.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    with socket.socket(fileno=fd) as made:
        return [{"keepalive": made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)}]


def own_filter():
    """A seccomp filter of the program fails socket(2). The supervisor does not change that."""
    program = [(0x20, 0, 0, 0), (0x15, 0, 1, 41), (0x06, 0, 0, 0x50000 | errno.EPERM), (0x06, 0, 0, 0x7FFF0000)]

    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filters", ctypes.POINTER(Filter))]

    filters = (Filter * len(program))(*program)
    call(LIBC.prctl(38, 1, 0, 0, 0))  # PR_SET_NO_NEW_PRIVS
    call(LIBC.prctl(22, 2, ctypes.byref(Program(len(program), filters)), 0, 0))  # PR_SET_SECCOMP
    return make()
