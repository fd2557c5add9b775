"""A socket that the supervisor makes must be the one that the program would have got, or the kernel makes it.

places.py KEEPALIVE CASE

Each case is a program that goes somewhere and makes a socket there, alone and supervised. Everything about the two
sockets is compared but keepalive, which the supervised one must have (or, in some places, must not have).
"""
import ctypes
import errno
import fcntl
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading

PATIENCE = 20  # seconds
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
IPPROTO_MPTCP = 262
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


# The programs. `keepalive` says what their sockets must have under the supervisor.


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
    """A thread alone is elsewhere: its socket is, and those of others are not."""
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
    """No other process may look into it (PR_SET_DUMPABLE)."""
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
    """A seccomp filter of the program that answers socket(2) with an error: that answer stands."""
    program = [(0x20, 0, 0, 0), (0x15, 0, 1, 41), (0x06, 0, 0, 0x50000 | errno.EPERM), (0x06, 0, 0, 0x7FFF0000)]

    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filters", ctypes.POINTER(Filter))]

    filters = (Filter * len(program))(*program)
    call(LIBC.prctl(38, 1, 0, 0, 0))  # PR_SET_NO_NEW_PRIVS
    call(LIBC.prctl(22, 2, ctypes.byref(Program(len(program), filters)), 0, 0))  # PR_SET_SECCOMP
    return make()


def cgroup(folder):
    """Moves itself to a new cgroup below its own."""
    path = tempfile.mkdtemp(prefix="keepalive-test-", dir=folder)
    try:
        with open(os.path.join(path, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        return [make()]
    finally:
        with open(os.path.join(folder, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        os.rmdir(path)


def cgroup_folder(pattern):
    """Where the hierarchy of that line in /proc/self/cgroup can be changed; none if it is not mounted."""
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        mounts = [line.split() for line in file]
    for mount in mounts:
        kind, options = mount[mount.index("-") + 1], mount[-1]
        if (kind == "cgroup2" if pattern == "v2" else kind == "cgroup" and pattern in options.split(",")):
            return mount[4]
    return None


FOLDERS = {"cgroup_v2": "v2", "cgroup_v1": "pids"}


def cgroup_v2():
    return cgroup(cgroup_folder(FOLDERS["cgroup_v2"]))


def cgroup_v1():
    return cgroup(cgroup_folder(FOLDERS["cgroup_v1"]))


# Under --force: idle 180 s was asked for, and the program sets 33 s.


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
    """No socket there is the supervisor's, so nothing of what the program sets is taken away."""
    call(LIBC.unshare(CLONE_NEWNET))
    return [try_to_change(), in_child(try_to_change), in_child(try_to_change, orphan=True)]


def forced_subreaper():
    """A child whose parent has ended is the program's own again, with the sockets of that parent."""
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
    """A child elsewhere changes nothing for its parent."""

    def elsewhere():
        call(LIBC.unshare(CLONE_NEWNET))
        return try_to_change()

    return [in_child(elsewhere), try_to_change()]


KEPT, CHANGED = [1, 1, 180], [0, 1, 33]
FORCED = {
    "forced": KEPT,
    "forced_elsewhere": [CHANGED, CHANGED, CHANGED],
    "forced_subreaper": 1,
    "forced_beside": [CHANGED, KEPT],
}

GIVEN, NOT_GIVEN = 1, 0
EXPECTED = {
    "all_kinds": GIVEN,
    "lowest_free_number": GIVEN,
    "no_number_free": None,
    "few_descriptors": GIVEN,
    "another_network": NOT_GIVEN,
    "another_network_and_back": GIVEN,
    "network_of_a_thread": NOT_GIVEN,
    "other_threads_stay": GIVEN,
    "another_user": GIVEN,
    "another_file_system_user": GIVEN,
    "another_group_only": GIVEN,
    "undumpable": GIVEN,
    "undumpable_other_user": GIVEN,
    "user_namespace": GIVEN,
    "user_and_network_namespace": NOT_GIVEN,
    "mount_namespace_without_proc": GIVEN,
    "own_filter": None,
    "cgroup_v2": NOT_GIVEN,
    "cgroup_v1": NOT_GIVEN,
}


def run(prefix, case):
    def limit():
        if case == "few_descriptors":
            resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))

    command = [*prefix, sys.executable, "-I", __file__, "in", case]
    result = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, preexec_fn=limit)
    assert result.returncode == 0, result.stderr.decode()
    return json.loads(result.stdout)


def main():
    if sys.argv[1] == "in":
        print(json.dumps(globals()[sys.argv[2]]()))
        return
    keepalive, case = sys.argv[1:]
    if case in FOLDERS and cgroup_folder(FOLDERS[case]) is None:
        print("skip: no such cgroup hierarchy is mounted")
        return
    if case in FORCED:
        options = ["--force", "--idle", "180"]
        shown = run([keepalive, "run", "--supervise", *options], case)
        assert shown == FORCED[case], shown
        return
    alone, supervised = run([], case), run([keepalive, "run", "--supervise"], case)
    if EXPECTED[case] is not None:
        for one in alone:
            assert one.pop("keepalive") == 0, one
        for one in supervised:
            assert one.pop("keepalive") == EXPECTED[case], one
    assert alone == supervised, f"alone {alone}\nsupervised {supervised}"


main()
