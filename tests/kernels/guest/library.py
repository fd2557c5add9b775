"""The preload library."""
import os
import stat

from checks import *

PRELOADED = {"LD_PRELOAD": "libkeepalive.so"}


def session():
    for user in None, NOBODY:
        who = (user or "root") + ": "
        prints(who + "off without the library", run("keepalive-check", user=user), OFF)
        prints(who + "on with the session's values",
               run("keepalive-check", user=user, variables={**PRELOADED, **VALUES}), ON)
        prints(who + "off with KEEPALIVE=off",
               run("keepalive-check", user=user, variables={**PRELOADED, **VALUES, "KEEPALIVE": "off"}), OFF)
        prints(who + "accepted sockets",
               run("keepalive-check", "--accept", user=user, variables={**PRELOADED, **VALUES}), ON)
        prints(who + "keepalive run",
               run("keepalive", "run", "--count", "20", "--idle", "3m", "--interval", "60", "keepalive-check", user=user), ON)
        prints(who + "user timeout auto",
               run("keepalive-check", user=user,
                   variables={**PRELOADED, **VALUES, "KEEPALIVE_USER_TIMEOUT": "auto"}),
               ON + "TCP_USER_TIMEOUT = 1380000\n")
    bad = run("keepalive-check", variables={**PRELOADED, **VALUES, "KEEPCNT": "0"})
    says("a bad value costs a line, and its option alone", bad, "^libkeepalive: KEEPCNT=0 [^\n]*\n$", 0)
    same("the others are applied", bad.out, ON.replace("= 20", "= 9"))


# Prints the options of new sockets of the families and protocols in the arguments: those that the library has set.
NEW_SOCKETS = """
import socket, sys
for family, protocol in ((socket.AF_INET, 0), (socket.AF_INET6, 0), (socket.AF_INET, 262)):
  for keep in False, True:
    try:
        one = socket.socket(family, socket.SOCK_STREAM, protocol)
    except OSError as error:
        print(protocol, "none", error.errno)
        continue
    values = []
    for level, name, value in (1, 9, 1), (6, 6, 20), (6, 4, 180), (6, 5, 60), (6, 18, 5000):
        try:
            if keep:
                one.setsockopt(level, name, value)
            values.append(one.getsockopt(level, name))
        except OSError:
            values.append("refused")
    print(family.name, protocol, *values)
"""


def protocols():
    given = {**PRELOADED, **VALUES, "KEEPALIVE_USER_TIMEOUT": "5000"}
    lines = run("python3", "-c", NEW_SOCKETS, variables=given).out.splitlines()
    wanted = "1 20 180 60 5000"
    same("IPv4", lines[0], "AF_INET 0 " + wanted)
    same("IPv6", lines[2], "AF_INET6 0 " + wanted)
    # The program that sets the options itself gets from an MPTCP socket what the library gets.
    by_itself = run("python3", "-c", NEW_SOCKETS).out.splitlines()
    if " none " in lines[4]:
        same("MPTCP: the kernel has none, and says so as without the library", lines[4], by_itself[4])
        note("MPTCP: none")
        return
    same("MPTCP: all options that this kernel takes", lines[4], by_itself[5])
    note("MPTCP: SO_KEEPALIVE, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_USER_TIMEOUT: " + by_itself[5])


FORCED = """
import socket
one = socket.socket()
one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
one.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 7)
print(one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))
"""


def own_values():
    for mode, expected in ("on", "0 7\n"), ("force", "1 180\n"):
        prints("the program's own setsockopt under " + mode,
               run("python3", "-c", FORCED, variables={**PRELOADED, **VALUES, "KEEPALIVE": mode}), expected)


# Accepts on the inherited descriptor 0, which no library has made, and prints the options of what it gets.
INHERITED = """
import os, socket
listener = socket.socket(fileno=os.dup(0))
client = socket.create_connection(listener.getsockname())
accepted = listener.accept()[0]
print(accepted.getsockopt(1, 9), accepted.getsockopt(6, 6), accepted.getsockopt(6, 4), accepted.getsockopt(6, 5))
"""


def inherited_listener():
    import socket
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        ended = subprocess.run(["python3", "-c", INHERITED], stdin=listener, env=environment({**PRELOADED, **VALUES}),
                               stdout=subprocess.PIPE, text=True, timeout=60)
        same("a connection of an inherited listener", ended.stdout, "1 20 180 60\n")


def whole_machine():
    path = "/etc/ld.so.preload"
    write(path, "/usr/local/lib/libkeepalive.so\n")
    try:
        prints("/etc/ld.so.preload reaches every program", run("keepalive-check", user=NOBODY, variables=VALUES), ON)
        setuid = "/usr/local/bin/setuid-check"
        subprocess.run(["cp", "/usr/local/bin/keepalive-check", setuid], check=True)
        os.chmod(setuid, 0o755 | stat.S_ISUID)
        prints("a setuid program takes no value from its caller", run(setuid, user=NOBODY, variables=VALUES),
               "SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 9\nTCP_KEEPIDLE  = 7200\nTCP_KEEPINTVL = 75\n")
        for command in ("ls", "/"), ("true",), ("bash", "-c", "exit"), ("ip", "link"), ("ss", "-tan"):
            harmed = run(*command)
            holds("unharmed: " + command[0], harmed.status == 0 and harmed.err == "", harmed)
    finally:
        os.unlink(path)


def vanished_peer():
    """A peer behind a link that goes down without a word: the connection ends after idle + interval x count."""
    for command in ("ip netns add peer", "ip link add here type veth peer name there netns peer",
                    "ip address add 10.9.0.1/24 dev here", "ip link set here up",
                    "ip netns exec peer ip address add 10.9.0.2/24 dev there",
                    "ip netns exec peer ip link set there up"):
        subprocess.run(command.split(), check=True)
    server = "import socket\nl = socket.socket()\nl.bind(('10.9.0.2', 5))\nl.listen()\nprint('ready', flush=True)\n" \
             "c = l.accept()\ninput()"
    client = "import socket, time\nc = socket.create_connection(('10.9.0.2', 5), 20)\nc.settimeout(60)\n" \
             "print('connected', flush=True)\nstart = time.monotonic()\ntry:\n c.recv(1)\nexcept OSError as e:\n" \
             " print(e.errno, time.monotonic() - start)"
    with running("ip", "netns", "exec", "peer", "python3", "-c", server, ready=True):
        with running("python3", "-c", client, ready=True,
                     variables={**PRELOADED, "KEEPIDLE": "2", "KEEPINTVL": "1", "KEEPCNT": "3"}) as process:
            same("a connection over a link", process.first_line, "connected")
            run("ip", "link", "set", "here", "down")
            errno, seconds = process.stdout.readline().split()
            holds("a vanished peer is noticed after five seconds", errno == "110" and 4.5 < float(seconds) < 9,
                  "error %s after %s s" % (errno, seconds))
    run("ip", "netns", "delete", "peer")


suite(session, protocols, own_values, inherited_listener, whole_machine, vanished_peer)
