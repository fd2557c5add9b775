"""`keepalive attach` on this kernel: what it can is found by trying, and what it says it gives it gives. Nothing is
mounted at first: the command mounts cgroup v2 for itself."""
import os
import socket

from checks import *

VALUES = ["--idle", "180", "--interval", "60", "--count", "20"]
GIVEN = (1, 20, 180, 60)
NONE = (0, 9, 7200, 75)


def options(one):
    return tuple(one.getsockopt(level, number) for level, number in ((1, 9), (6, 6), (6, 4), (6, 5)))


def connection(before=lambda client: None):
    """Both ends of a new connection; before() is called with the client before it connects."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.socket()
    before(client)
    client.connect(listener.getsockname())
    return client, listener.accept()[0]


def both(before=lambda client: None):
    return [options(end) for end in connection(before)]


def attached():
    """Cgroup and mode of each line."""
    return [line.split()[:2] for line in run("keepalive", "attached").out.splitlines()[1:]]


def force():
    same("nothing is attached at first", (attached(), both()), ([], [NONE, NONE]))
    result = run("keepalive", "attach", "--force", *VALUES, "machine")
    same("attach --force machine", (result.status, result.err), (0, ""))
    same("is listed", attached(), [["/", "force"]])
    same("a connection has the values", both(), [GIVEN, GIVEN])

    def own_values(client):
        client.setsockopt(1, 9, 1)
        client.setsockopt(6, 4, 33)

    same("whatever the program has set before", both(own_values)[0], GIVEN)
    client, _ = connection()
    client.setsockopt(1, 9, 0)
    client.setsockopt(6, 4, 33)
    client.setsockopt(6, 1, 1)
    same("and afterwards", (options(client), client.getsockopt(6, 1)), (GIVEN, 1))
    same("detach", run("keepalive", "detach", "machine").status, 0)
    same("nothing is attached then", (attached(), both()), ([], [NONE, NONE]))
    run("keepalive", "attach", "--force", *VALUES, "--user-timeout", "auto", "machine")
    same("auto of given values", connection()[0].getsockopt(6, 18), 1380000)
    result = run("keepalive", "attach", "--force", "--idle", "60", "--user-timeout", "auto", "machine")
    if kernel() < (6, 1):
        says("auto of the socket's values is refused", result, "needs --idle, --interval and --count here", 1)
    else:
        same("auto of the socket's values", (result.status, connection()[0].getsockopt(6, 18)), (0, 735000))
    same("detach again", run("keepalive", "detach", "machine").status, 0)


def on():
    result = run("keepalive", "attach", *VALUES, "machine")
    if kernel() < (6, 1):
        says("attach without --force is refused", result, r"only from Linux 6\.1; --force works here", 1)
        same("and changes nothing", (attached(), both()), ([], [NONE, NONE]))
        return
    same("attach machine", (result.status, result.err), (0, ""))
    same("a connection has the values under on", both(), [GIVEN, GIVEN])
    same("what the program has set stands", both(lambda client: client.setsockopt(6, 4, 33))[0], (1, 20, 33, 60))
    client, _ = connection()
    client.setsockopt(1, 9, 0)
    same("turned off later it is off", options(client), (0, 20, 180, 60))
    same("force takes its place", run("keepalive", "attach", "--force", "machine").status, 0)
    same("and is listed alone", attached(), [["/", "force"]])
    same("detach both", (run("keepalive", "detach", "machine").status, attached()), (0, []))


def of_32_bits():
    """The command of the other word size, whose pointers the kernel takes as 64-bit numbers."""
    command = "/opt/i386/bin/keepalive"
    same("32-bit attach", run(command, "attach", "--force", *VALUES, "machine").status, 0)
    same("a connection after it", both(), [GIVEN, GIVEN])
    same("32-bit detach", (run(command, "detach", "machine").status, attached()), (0, []))


def locked_memory():
    """Before Linux 5.11 BPF programs count as locked memory."""
    result = run("sh", "-c", "ulimit -S -l 0; exec keepalive attach --force machine")
    same("little memory may be locked", (result.status, result.err), (0, ""))
    run("keepalive", "detach", "machine")


def child_cgroup():
    says("the root cgroup has to be said", run("keepalive", "attach", "self"), "say 'machine' if you mean that", 1)
    os.makedirs("/tmp/unified")
    same("mount", run("mount", "-t", "cgroup2", "none", "/tmp/unified").status, 0)
    os.mkdir("/tmp/unified/child")
    same("attach to a child", run("keepalive", "attach", "--force", *VALUES, "/child").status, 0)
    same("nothing in the root", both(), [NONE, NONE])
    write("/tmp/unified/child/cgroup.procs", str(os.getpid()))
    same("the values in the child", both(), [GIVEN, GIVEN])
    write("/tmp/unified/cgroup.procs", str(os.getpid()))
    os.rmdir("/tmp/unified/child")
    same("it goes with its cgroup", eventually(lambda: attached() == []), True)


suite(force, on, of_32_bits, locked_memory, child_cgroup)
