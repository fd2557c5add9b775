"""refusals.py SURROUNDINGS COMMAND...: runs the command where a supervisor cannot be started, or is hardly allowed."""
import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
LIBC = ctypes.CDLL(None, use_errno=True)
SECCOMP = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
ALLOW, KILL, NOTIFY = 0x7FFF0000, 0x80000000, 0x7FC00000


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


class Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filters", ctypes.POINTER(Filter))]


def install(number, action, flags):
    """A filter with this action for one system call."""
    rows = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, action), (0x06, 0, 0, ALLOW)]
    filters = (Filter * len(rows))(*rows)
    return call(LIBC.syscall(SECCOMP, 1, flags, ctypes.byref(Program(len(rows), filters))))


def execute():
    os.execvp(sys.argv[2], sys.argv[2:])


def in_child():
    """The listener, or the namespace, lasts as long as this process."""
    child = os.fork()
    if child == 0:
        execute()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def filter_that_kills():
    install(SECCOMP, KILL, 0)
    execute()


def no_scheduling():
    """As a unit with SystemCallFilter=~@resources."""
    install({"x86_64": 314, "aarch64": 274}[os.uname().machine], KILL, 0)  # sched_setattr
    execute()


def foreign_listener():
    install(9999, NOTIFY, 8)
    in_child()


def private_mounts():
    call(LIBC.unshare(CLONE_NEWNS))
    call(LIBC.mount(None, b"/", None, 0x44000, None))  # MS_REC | MS_PRIVATE


def no_proc():
    private_mounts()
    call(LIBC.mount(b"none", b"/proc", b"tmpfs", 0, None))
    execute()


def proc_of_another_namespace():
    call(LIBC.unshare(CLONE_NEWPID))
    in_child()


def unshare_without_fork():
    call(LIBC.unshare(CLONE_NEWPID))
    execute()


def docker():
    """What Docker's default profile and capabilities forbid, for example to trace other processes."""
    call(LIBC.prctl(38, 1, 0, 0, 0))  # PR_SET_NO_NEW_PRIVS
    denied = {"x86_64": (101, 310, 311, 438), "aarch64": (117, 270, 271, 438)}[os.uname().machine]
    for number in denied:  # ptrace, process_vm_readv, process_vm_writev, pidfd_getfd
        install(number, 0x50000 | 1, 0)
    os.execvp("setpriv", ["setpriv", "--bounding-set", "-all," + DOCKER, "--inh-caps", "-all", *sys.argv[2:]])


DOCKER = ",".join(
    "+" + name
    for name in "chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod "
    "audit_write setfcap".split()
)

globals()[sys.argv[1]]()
