# Kernel command line: init=/lib/systemd/systemd systemd.unit=keepalive-suite.service
"""Services under systemd, with the examples: crashes, socket activation, attach."""
from units import *

RESTART = "Restart=on-failure\nRestartSec=0\n"


def start_and_crash(kind, name, example, expected):
    who = "%s, %s: " % (kind, example)
    use_example(example, name, run_options=" --supervise")
    same(who + "start", (systemctl("start", name).status, eventually(lambda: listeners(name))), (0, expected))
    holds(who + "the main process is the program", "server.py" in read("/proc/%d/cmdline" % main_pid(name)))
    same(who + "started again after a crash", crash(name), expected)
    same(who + "restart", (systemctl("restart", name).status, eventually(lambda: listeners(name))), (0, expected))
    systemctl("stop", name)
    without_example(name)


def crashes():
    for kind in "simple", "notify", "forking":
        more = "PIDFile=/run/own/one.pid\n" if kind == "forking" else ""
        unit("own.service", "Type=%s\n%s%sExecStart=%s %s one\n" % (kind, more, RESTART, SERVER, kind))
        for example in LIBRARY, BY_RUN, BY_ATTACH:
            start_and_crash(kind, "own.service", example, [ALL])


def forking_without_pid_file():
    """systemd finds the main process itself, but not among several that are left when the first one ends."""
    unit("own.service", "Type=forking\n%sExecStart=%s forking one\n" % (RESTART, SERVER))
    for example in LIBRARY, BY_ATTACH:
        start_and_crash("forking without PIDFile=", "own.service", example, [ALL])
    who = "forking without PIDFile=, supervisor: "
    use_example(BY_RUN, "own.service", run_options=" --supervise")
    same(who + "start, but no main process",
         (systemctl("start", "own").status, eventually(lambda: listeners("own.service")), main_pid("own.service")),
         (0, [ALL], 0))
    systemctl("stop", "own")
    same(who + "SIGTERM comes once", read("/run/own/one.signals"), "15")
    systemctl("start", "own")
    os.kill(int(read("/run/own/one.pid")), signal.SIGKILL)
    same(who + "a crash goes unnoticed",
         (eventually(lambda: not active("own.service")), state("own.service", "Result")), (True, "success"))
    same(who + "and it is not started again", state("own.service", "NRestarts"), "0")
    without_example("own.service")


def answered():
    """The options of a connection that the activated service has accepted."""
    with socket.create_connection(("127.0.0.1", 4001)) as client:
        client.settimeout(60)
        return client.recv(100).decode()


def socket_activation():
    for accept, service, lines in (("no", "own.service", ""), ("yes", "own@.service", "StandardInput=socket\n")):
        place("own.socket", "[Socket]\nListenStream=127.0.0.1:4001\nAccept=%s\n" % accept)
        unit(service, lines + "ExecStart=/usr/bin/python3 -IS /tested/answers.py\n")
        for example, run_options, expected in (
                (LIBRARY, "", [ALL]),
                (BY_RUN, "", [ALL]),
                # A connection that came before the program started has what the listener had then.
                (BY_RUN, " --supervise", [SYSTEMS if accept == "no" else ALL, ALL]),
                # A connection is in the cgroup of its listener, which is that of the .socket unit.
                (BY_ATTACH, "", [SYSTEMS]),
                (BY_ATTACH_SOCKET, "", [ALL])):
            name = "own.socket" if example == BY_ATTACH_SOCKET else service
            use_example(example, name, run_options=run_options)
            systemctl("start", "own.socket")
            same("Accept=%s, %s%s" % (accept, example, run_options), [answered() for _ in expected],
                 [str(one) for one in expected])
            systemctl("stop", "own.socket", "own.service")
            without_example(name)


def attach_without_restart():
    static = "/bin/busybox httpd -f -p 127.0.0.1:4003"
    unit("own.service", "ExecStart=%s\n" % static)
    systemctl("start", "own")
    eventually(lambda: listeners("own.service"))
    result = run("keepalive", "attach", "--count", "4", "--idle", "2m", "--interval", "30", "own.service")
    same("attach to a running unit", (result.status, result.err), (0, ""))
    with socket.create_connection(("127.0.0.1", 4003)):
        same("its next connection", eventually(lambda: ALL in listeners("own.service")), True)
    systemctl("daemon-reexec")
    holds("attached lasts over daemon-reexec", "own.service" in run("keepalive", "attached").out)
    systemctl("restart", "own")
    holds("but ends with the unit", "own.service" not in run("keepalive", "attached").out)
    systemctl("stop", "own")
    says("a unit that does not run", run("keepalive", "attach", "own.service"), "own.service", 1)
    says("a unit that is not there", run("keepalive", "attach", "nothing.service"), "nothing.service", 1)
    for command in PROGRAMS + "/go-server-cgo0 leave", static:
        unit("own.service", "ExecStart=%s\n" % command)
        for example in BY_RUN, BY_ATTACH:
            use_example(example, "own.service")
            same("%s, %s" % (command, example),
                 (systemctl("restart", "own").status, eventually(lambda: [ALL] == listeners("own.service"))), (0, True))
            systemctl("stop", "own")
            without_example("own.service")


suite(crashes, forking_without_pid_file, socket_activation, attach_without_restart)
