"""`keepalive run --supervise`, by user and Yama's ptrace_scope."""
from checks import *

SUPERVISE = ["keepalive", "run", "--supervise", *OPTIONS]
CHECK_OF_32_BIT = "/opt/i386/bin/keepalive-check"

# As psql does: turns keepalive on and sets no value.
TURNS_ON = """
import socket
one = socket.socket()
one.setsockopt(1, 9, 1)
print(*[one.getsockopt(*o) for o in ((1, 9), (6, 6), (6, 4), (6, 5))])
"""
CHANGES = """
import socket
one = socket.socket()
one.setsockopt(6, 4, 7)
one.setsockopt(1, 9, 0)
print(*[one.getsockopt(*o) for o in ((1, 9), (6, 6), (6, 4), (6, 5))])
"""
# Starts a child and waits until wait(2) knows of none.
WAITS = """
import os
if os.fork() == 0: os._exit(0)
ended = 0
try:
    while os.wait()[0] > 0: ended += 1
except ChildProcessError:
    print(ended)
"""


def has_timer(who, listener, user, command):
    """A client that no library reaches: seen by the timer that the kernel has started for its connection."""
    port = listener.getsockname()[1]
    with running(*SUPERVISE, *command, str(port), *(["leave"] if "go" in command[0] else []), user=user):
        accepted = listener.accept()[0]
        lines = run("ss", "-Htno", "state", "established", "dport", "= :%d" % port).out
        accepted.close()
    holds(who, "timer:(keepalive,2min" in lines, lines)


def each(level, user):
    who = "Yama %d, %s: " % (level, user or "root")
    prints(who + "the session", run(*SUPERVISE, "keepalive-check", user=user), ON)
    prints(who + "accepted sockets", run(*SUPERVISE, "keepalive-check", "--accept", user=user), ON)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        has_timer(who + "a static program", listener, user, [PROGRAMS + "/beyond-static", "client"])
        has_timer(who + "a Go program", listener, user, [PROGRAMS + "/go-client-cgo0"])
    with running(*SUPERVISE, "sh", "-c", "echo $$ $PPID; read x", user=user, ready=True) as process:
        same(who + "process and parent", process.first_line, "%d %d" % (process.pid, os.getpid()))
    prints(who + "a program that turns keepalive on has the values",
           run(*SUPERVISE, "python3", "-c", TURNS_ON, user=user), "1 20 180 60\n")
    prints(who + "what a program sets itself stands", run(*SUPERVISE, "python3", "-c", CHANGES, user=user), "0 20 7 60\n")
    prints(who + "but not under --force",
           run(*SUPERVISE, "--force", "python3", "-c", CHANGES, user=user), "1 20 180 60\n")
    prints(who + "wait shows no child that the program has not made", run(*SUPERVISE, "python3", "-c", WAITS, user=user), "1\n")
    same(who + "a signal ends it as alone", run(*SUPERVISE, "sh", "-c", "kill -TERM $$", user=user).status, -15)
    same(who + "its status", run(*SUPERVISE, "sh", "-c", "exit 9", user=user).status, 9)
    # A 32-bit program's arguments lie in its memory, which takes the right to trace it.
    may_trace = level == 0 or (user is None and level < 3)
    alone = run(*SUPERVISE, CHECK_OF_32_BIT, user=user)
    if may_trace:
        prints(who + "a 32-bit program", alone, ON)
    else:
        says(who + "a 32-bit program is refused", alone, "ptrace_scope", 125)
        both = {"LD_PRELOAD": "/usr/$LIB/libkeepalive.so"}
        prints(who + "a 32-bit program with its library", run(*SUPERVISE, CHECK_OF_32_BIT, user=user, variables=both), ON)


def by_yama():
    for level in 0, 1, 2, 3:
        set_yama(level)
        for user in None, NOBODY:
            each(level, user)
        who = "Yama %d: " % level
        prints(who + "a program that changes its user",
               run(*SUPERVISE, "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "keepalive-check"), ON)
        prints(who + "in another network namespace the kernel makes the socket",
               run(*SUPERVISE, "unshare", "--net", "keepalive-check"), OFF)


def supervisors():
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and "supervisor of" in title(pid)]


def title(pid):
    try:
        return read("/proc/%s/cmdline" % pid)
    except OSError:
        return ""


def ends():
    with running(*SUPERVISE, "sh", "-c", "echo ready; read x", ready=True) as process:
        holds("ps shows whose supervisor it is", any("supervisor of %d" % process.pid in title(pid) for pid in supervisors()))
    holds("the supervisor ends with the program", eventually(lambda: not supervisors()), supervisors())


# While the machine may not open more files, and afterwards.
WANTS_A_FILE = """
import errno, socket, sys
print("ready", flush=True)
for line in sys.stdin:
    try:
        print(socket.socket().getsockopt(1, 9), flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)
"""


def no_file_left():
    """The limit of the whole machine, which does not hold for root."""
    limit = "/proc/sys/fs/file-max"
    before = read(limit)

    def answer_of(process):
        process.stdin.write("\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    for prefix, keepalive in ([], "0"), (SUPERVISE, "1"):
        with running(*prefix, "python3", "-c", WANTS_A_FILE, user=NOBODY, ready=True) as process:
            seen = [answer_of(process)]
            try:
                write(limit, "1")
                seen.append(answer_of(process))
            finally:
                write(limit, before)
            seen.append(answer_of(process))
        same("a machine with no file left, " + ("supervised" if prefix else "alone"), seen, [keepalive, "ENFILE", keepalive])


# An AppArmor namespace gives another label and needs no policy.
CHANGES_ITS_LABEL = """
import socket
before = socket.socket()
open("/proc/self/attr/current", "w").write("changeprofile :keepalive:unconfined")
print(*[one.getsockopt(1, 9) for one in (before, socket.socket())])
"""


def another_label():
    namespaces = "/sys/kernel/security/apparmor/policy/namespaces/"
    run("mount", "-t", "securityfs", "none", "/sys/kernel/security")
    if not os.path.isdir(namespaces):
        skipped("a program with another security label", "the kernel has no AppArmor")
        return
    os.mkdir(namespaces + "keepalive")
    try:
        prints("a program with another security label", run(*SUPERVISE, "python3", "-c", CHANGES_ITS_LABEL), "1 0\n")
    finally:
        os.rmdir(namespaces + "keepalive")


def refusals():
    says("a setuid program as an ordinary user", run(*SUPERVISE, "su", "--help", user=NOBODY), "setuid", 125)
    result = run(*SUPERVISE, "keepalive", "run", "--supervise", "--idle", "5m", "keepalive-check")
    same("under another supervisor its values stand", (result.status, result.out), (0, ON))
    holds("and a line says so", "supervisor" in result.err, result)


suite(ends, no_file_left, another_label, refusals, by_yama)
