# Kernel command line: init=/lib/systemd/systemd systemd.unit=keepalive-suite.service
"""Each signal that systemd sends to a service under the supervisor comes once."""
from units import *

# Passes signals on to the server, as a supervisor must not.
PASSES_ON = """
import signal, subprocess, sys, time
server = subprocess.Popen(["/usr/bin/python3", "-IS", "/tested/server.py", *sys.argv[1:]])
def end(number, frame):
    time.sleep(0.1)
    server.send_signal(number)
signal.signal(signal.SIGTERM, end)
server.wait()
"""
INSTANCES = 10


def each(what):
    return [what % number for number in range(INSTANCES)]


def signals():
    """What each instance got. The files are removed."""
    found = []
    for path in each("/run/own/%d.signals"):
        found.append(read(path) if os.path.exists(path) else "not ended")
        if os.path.exists(path):
            os.unlink(path)
    return found


def delivered(who, lines):
    """Ends the instances in two ways, and counts the signals that each has got."""
    unit("own@.service", lines)
    names = each("own@%d.service")
    for number, command in ((signal.SIGTERM, ["stop"]), (signal.SIGINT, ["kill", "--signal=INT"])):
        same(who + "start", systemctl("start", *names).status, 0)
        same(who + "keepalive", eventually(lambda: all(map(listeners, names))) and [listeners(name) for name in names],
             [[ALL]] * INSTANCES)
        systemctl(*command, *names)
        same(who + "all end", eventually(lambda: not any(map(processes, names))), True)
        same(who + "%s comes once, ten in ten" % number.name, signals(), [str(int(number))] * INSTANCES)
    systemctl("reset-failed")


def signals_once():
    write("/run/own/passes_on.py", PASSES_ON)
    unit("own@.service", "ExecStart=/usr/bin/python3 -IS /run/own/passes_on.py simple %i\n")
    systemctl("start", "own@0")
    eventually(lambda: listeners("own@0.service"))
    systemctl("stop", "own@0")
    same("a program that passes signals on is noticed", signals()[0], "15 15")
    for kind in "simple", "notify", "forking":
        more = "PIDFile=/run/own/%i.pid\n" if kind == "forking" else ""
        delivered(kind + ": ", "Type=%s\n%sExecStart=%s %s %%i\n" % (kind, more, RUN + SERVER, kind))


suite(signals_once)
