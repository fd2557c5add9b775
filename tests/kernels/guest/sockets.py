"""`keepalive show` and `keepalive set` on the sockets of other processes, by who asks and by Yama's ptrace_scope."""
import json

from checks import *

# Holds a listener and both ends of a connection; prints the options of the three for each line of input.
HOLDER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
accepted = listener.accept()[0]
def options(one):
    return "%d/%d" % (one.getsockopt(1, 9), one.getsockopt(6, 4))
print("ready", flush=True)
for line in sys.stdin:
    print(options(listener), options(client), options(accepted), flush=True)
"""


def options_of(process):
    process.stdin.write("?\n")
    process.stdin.flush()
    return process.stdout.readline().split()


def shown(pid, user):
    result = run("keepalive", "show", "--json", str(pid), user=user)
    try:
        return result, [socket["keepalive"] for socket in json.loads(result.out)]
    except ValueError:
        return result, []


def show_and_set(user, level):
    """What this user may do to a process of the ordinary user."""
    who = "Yama %d, %s: " % (level, user or "root")
    allowed = level == 0 or (level < 3 and user is None)
    with running("python3", "-c", HOLDER, user=NOBODY, ready=True) as process:
        pid = str(process.pid)
        result, found = shown(pid, user)
        refusal = r"process %s \(python3[^)]*\)" % pid
        if allowed:
            same(who + "show finds the sockets", (result.status, found), (0, [False] * 3))
        else:
            says(who + "show is refused", result, refusal, 1)
        result = run("keepalive", "set", "--idle", "2m", pid, user=user)
        if allowed:
            same(who + "set", (result.status, options_of(process)), (0, ["1/120"] * 3))
            same(who + "show sees what was set", shown(pid, user)[1], [True] * 3)
            result = run("keepalive", "set", "--off", pid, user=user)
            same(who + "set --off", (result.status, options_of(process)), (0, ["0/120"] * 3))
        else:
            says(who + "set is refused", result, refusal, 1)
            same(who + "and changes nothing", options_of(process), ["0/7200"] * 3)


def by_yama():
    with running("python3", "-c", HOLDER, ready=True) as process:
        says("nobody may not look at root's", run("keepalive", "show", str(process.pid), user=NOBODY), str(process.pid), 1)
    for level in 0, 1, 2, 3:
        set_yama(level)
        for user in None, NOBODY:
            show_and_set(user, level)
        with running("python3", "-c", HOLDER, ready=True):
            for user in None, NOBODY:
                everything = run("keepalive", "show", user=user)
                same("Yama %d, %s: show of all processes" % (level, user or "root"),
                     (everything.status, "LISTEN" in everything.out), (0, user is None and level < 3))
                if everything.err:
                    note(everything.err.strip())


def next_probe():
    with running("python3", "-c", HOLDER, user=NOBODY, ready=True) as process:
        run("keepalive", "set", "--idle", "2m", str(process.pid))
        due = [s["next_probe_ms"] for s in json.loads(run("keepalive", "show", "--json", str(process.pid)).out)]
        holds("the next probe of a connection", due[0] is None and all(100000 < ms <= 120000 for ms in due[1:]), due)
        same("ss sees the timers", run("ss", "-Htno", "state", "established").out.count("timer:(keepalive,1min"), 2)


def another_namespace():
    with running("unshare", "--net", "sh", "-c", "ip link set lo up; exec python3 -c \"$0\"", HOLDER, ready=True) as process:
        same("show of a process in another network namespace", shown(process.pid, None)[1], [False] * 3)
        result = run("keepalive", "set", "--idle", "2m", str(process.pid))
        same("set of a process in another network namespace", (result.status, options_of(process)), (0, ["1/120"] * 3))


def mptcp():
    import socket
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).close()
    except OSError:
        note("MPTCP: none")
        return
    holder = HOLDER.replace('socket.create_server(("127.0.0.1", 0))', "socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)")
    holder = holder.replace("client =", 'listener.bind(("127.0.0.1", 0))\nlistener.listen()\nclient =')
    with running("python3", "-c", holder, ready=True) as process:
        sockets = json.loads(run("keepalive", "show", "--json", str(process.pid)).out)
        same("show tells MPTCP", sockets[0]["protocol"], "mptcp")
        result = run("keepalive", "set", str(process.pid))
        same("set on MPTCP", (result.status, [options[0] for options in options_of(process)]), (0, ["1"] * 3))


suite(next_probe, another_namespace, mptcp, by_yama)
