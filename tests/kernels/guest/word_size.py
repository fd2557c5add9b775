"""Programs for 32-bit machines, of the same product, on this 64-bit kernel."""
import json

from checks import *

CHECK = "/opt/i386/bin/keepalive-check"
COMMAND = "/opt/i386/bin/keepalive"

HOLDER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print("ready", flush=True)
for line in sys.stdin:
    print(listener.getsockopt(1, 9), listener.getsockopt(6, 4), flush=True)
"""


def library():
    for user in None, NOBODY:
        who = (user or "root") + ": "
        alone = {**VALUES, "LD_PRELOAD": "/opt/i386/lib/libkeepalive.so"}
        both = {**VALUES, "LD_PRELOAD": "/usr/$LIB/libkeepalive.so"}
        prints(who + "off without the library", run(CHECK, user=user), OFF)
        prints(who + "the 32-bit library", run(CHECK, user=user, variables=alone), ON)
        prints(who + "accepted sockets", run(CHECK, "--accept", user=user, variables=alone), ON)
        for name, program in ("32", CHECK), ("64", "keepalive-check"):
            prints(who + "/usr/$LIB serves a %s-bit program" % name, run(program, user=user, variables=both), ON)


def command():
    for user in None, NOBODY:
        who = (user or "root") + ": "
        prints(who + "the 32-bit command runs a 32-bit program", run(COMMAND, "run", *OPTIONS, CHECK, user=user), ON)
        with running("python3", "-c", HOLDER, user=user, ready=True) as process:
            pid = str(process.pid)
            found = json.loads(run(COMMAND, "show", "--json", pid, user=user).out)
            same(who + "the 32-bit command shows a 64-bit program's socket",
                 [(one["state"], one["keepalive"]) for one in found], [("LISTEN", False)])
            status = run(COMMAND, "set", "--idle", "2m", pid, user=user).status
            process.stdin.write("?\n")
            process.stdin.flush()
            same(who + "the 32-bit command sets it", (status, process.stdout.readline()), (0, "1 120\n"))


suite(library, command)
