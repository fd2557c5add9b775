# Kernel command line: init=/lib/systemd/systemd systemd.unit=keepalive-suite.service
"""Services under systemd: the library, the supervisor and attach, from start to stop."""
import signal

from checks import *

RUN = "/usr/local/bin/keepalive run --supervise --count 20 --idle 3m --interval 60 -- "
LIBRARY = "Environment=LD_PRELOAD=libkeepalive.so KEEPCNT=20 KEEPIDLE=180 KEEPINTVL=60\n"
ALL = [1, 20, 180, 60]

# Listens, tells systemd so, counts the signals that end it, and writes the count when it ends.
SERVER = """
import os, signal, socket, sys, time
ends = []
def end(number, frame):
    ends.append(number)
for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
    signal.signal(number, end)
if os.environ.get("LISTEN_PID") == str(os.getpid()):
    listener = socket.socket(fileno=3)
else:
    listener = socket.create_server(("127.0.0.1", 4000))
if "NOTIFY_SOCKET" in os.environ:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
while not ends:
    time.sleep(0.05)
time.sleep(0.3)
open("/run/ends", "w").write(" ".join(map(str, ends)))
"""
# One connection on descriptor 0, as inetd hands it over.
CONNECTION = """
import socket
one = socket.socket(fileno=0)
one.send(str([one.getsockopt(1, 9)] + [one.getsockopt(6, n) for n in (6, 4, 5)]).encode())
"""


def systemctl(*arguments):
    return run("systemctl", *arguments, timeout=120)


def unit(name, text):
    folder = "/run/systemd/system/"
    os.makedirs(os.path.dirname(folder + name), exist_ok=True)
    write(folder + name, text)
    systemctl("daemon-reload")


def drop_in(service, text):
    unit(service + ".d/10-keepalive.conf", "[Service]\n" + text)


def without_drop_in(service):
    os.unlink("/run/systemd/system/%s.d/10-keepalive.conf" % service)
    systemctl("daemon-reload")


def state(name, what):
    return systemctl("show", "--value", "--property=" + what, name).out.strip()


def main_pid(name):
    return int(state(name, "MainPID"))


def processes(name):
    group = state(name, "ControlGroup")
    try:
        return [int(pid) for pid in read("/sys/fs/cgroup%s/cgroup.procs" % group).split()] if group else []
    except FileNotFoundError:  # it has ended meanwhile
        return []


def listeners(name):
    """The options of the TCP sockets of all processes of the service, each once."""
    found = [tuple(one) for pid in processes(name) for one in options_of(pid)]
    return [list(one) for one in sorted(set(found))]


def ways(command):
    return (("library", LIBRARY + "ExecStart=" + command), ("supervisor", "ExecStart=" + RUN + command))


def own_server():
    for kind in "simple", "notify":
        for way, lines in ways("/usr/bin/python3 /run/server.py"):
            who = "%s, %s: " % (kind, way)
            unit("own.service", "[Service]\nType=%s\nRestart=on-failure\nRestartSec=0\n%s\n" % (kind, lines))
            same(who + "start", systemctl("start", "own").status, 0)
            same(who + "keepalive", eventually(lambda: listeners("own.service")), [ALL])
            for number in signal.SIGTERM, signal.SIGINT:
                before = main_pid("own.service")
                holds(who + "the main process is the program", "server.py" in read("/proc/%d/cmdline" % before))
                if number == signal.SIGTERM:
                    systemctl("stop", "own")
                else:
                    systemctl("kill", "--signal=INT", "own")
                    eventually(lambda: state("own.service", "ActiveState") == "inactive")
                same(who + "%s comes once" % number.name, read("/run/ends"), str(int(number)))
                same(who + "and nothing is left", eventually(lambda: not processes("own.service")), True)
                systemctl("start", "own")
                eventually(lambda: listeners("own.service"))
            before = main_pid("own.service")
            os.kill(before, signal.SIGKILL)
            same(who + "started again after a crash",
                 eventually(lambda: main_pid("own.service") not in (0, before) and listeners("own.service")), [ALL])
            same(who + "restart", (systemctl("restart", "own").status, eventually(lambda: listeners("own.service"))), (0, [ALL]))
            systemctl("stop", "own")


def socket_activation():
    for way, lines in ways("/usr/bin/python3 /run/server.py"):
        unit("own.service", "[Service]\n%s\n" % lines)
        unit("own.socket", "[Socket]\nListenStream=127.0.0.1:4001\n")
        systemctl("start", "own.socket")
        socket.create_connection(("127.0.0.1", 4001)).close()
        eventually(lambda: main_pid("own.service") and "server.py" in read("/proc/%d/cmdline" % main_pid("own.service")))
        name = "Accept=no, %s: the program has the listener, with keepalive" % way
        if way == "supervisor":
            same(name, eventually(lambda: listeners("own.service")), [ALL])
        else:  # the library gives it to what the listener accepts
            holds(name.replace("with", "without"), eventually(lambda: listeners("own.service")))
        systemctl("stop", "own.socket", "own.service")
    for way, lines in ways("/usr/bin/python3 /run/connection.py"):
        unit("each@.service", "[Service]\nStandardInput=socket\n%s\n" % lines)
        unit("each.socket", "[Socket]\nListenStream=127.0.0.1:4002\nAccept=yes\n")
        systemctl("start", "each.socket")
        with socket.create_connection(("127.0.0.1", 4002)) as client:
            client.settimeout(60)
            same("Accept=yes, %s: the connection" % way, client.recv(100).decode(), str(ALL))
        systemctl("stop", "each.socket")


def hardened():
    lines = "ExecStart=" + RUN + "/usr/bin/python3 /run/server.py\nUser=nobody\nSystemCallFilter=@system-service\n"
    unit("own.service", "[Service]\n" + lines)
    systemctl("start", "own")
    eventually(lambda: state("own.service", "ActiveState") == "failed")
    same("a system call filter without seccomp: the status", state("own.service", "ExecMainStatus"), "125")
    unit("own.service", "[Service]\n" + lines + "SystemCallFilter=seccomp\nNoNewPrivileges=yes\nProtectSystem=strict\n"
         "PrivateTmp=yes\nProtectProc=invisible\nRestrictNamespaces=yes\nMemoryDenyWriteExecute=yes\n")
    systemctl("start", "own")
    same("a hardened unit that allows seccomp", eventually(lambda: listeners("own.service")), [ALL])
    systemctl("stop", "own")


def debian_service(name, way, lines, expected, reload=False, crash=True):
    who = "%s, %s: " % (name, way)
    drop_in(name, lines + "Restart=on-failure\nRestartSec=0\n")
    started = systemctl("restart", name).status == 0
    holds(who + "start", started, run("journalctl", "-q", "-n", "12", "-o", "cat", "-u", name).out)
    if not started:
        without_drop_in(name)
        return
    same(who + "keepalive", eventually(lambda: listeners(name)), expected)
    if reload:
        same(who + "reload", systemctl("reload", name).status, 0)
        same(who + "after it", eventually(lambda: listeners(name)), expected)
    if crash:
        before = main_pid(name)
        os.kill(before, signal.SIGKILL)
        same(who + "started again after a crash",
             eventually(lambda: main_pid(name) not in (0, before) and listeners(name)), expected)
    same(who + "stop", (systemctl("stop", name).status, state(name, "Result"), processes(name)), (0, "success", []))
    without_drop_in(name)


def debian_services():
    allowed = "ExecPaths=/usr/local\n"
    redis = "/usr/bin/redis-server /etc/redis/redis.conf --supervised systemd --daemonize no"
    debian_service("redis-server.service", "library", LIBRARY + allowed, [ALL])
    log = "/var/log/redis/redis-server.log"
    before = read(log).count("SIGTERM")
    debian_service("redis-server.service", "supervisor", "ExecStart=\nExecStart=" + RUN + redis + "\n" + allowed + "SystemCallFilter=seccomp\n",
                   [ALL])
    same("redis-server.service, supervisor: SIGTERM comes once", read(log).count("SIGTERM") - before, 1)
    nginx = "/usr/sbin/nginx -g 'daemon on; master_process on;'"
    debian_service("nginx.service", "library", LIBRARY, [ALL], reload=True)
    debian_service("nginx.service", "supervisor", "ExecStart=\nExecStart=" + RUN + nginx + "\n", [ALL], reload=True)
    server = "postgresql@15-main.service"
    postgres = "/usr/bin/pg_ctlcluster --skip-systemctl-redirect 15-main start"
    debian_service(server, "library, which its start script drops", LIBRARY, [[0, 9, 7200, 75]], crash=False)
    debian_service(server, "supervisor", "ExecStart=\nExecStart=" + RUN + postgres + "\n", [ALL], crash=False)


def attach_running():
    for name, command in ("go", PROGRAMS + "/go-server-cgo0 leave"), ("static", "/bin/busybox httpd -f -p 127.0.0.1:4003"):
        unit("own.service", "[Service]\nExecStart=%s\n" % command)
        systemctl("start", "own")
        before = eventually(lambda: listeners("own.service"))
        same("attach at each start, %s: without" % name, before[0][0] if before else None, 0)
        systemctl("stop", "own")
        drop_in("own.service", "ExecStartPre=+/usr/local/bin/keepalive attach %s self\n" % " ".join(OPTIONS))
        for what in "start", "restart":
            same("attach at each %s, %s" % (what, name),
                 (systemctl(what, "own").status, eventually(lambda: [ALL] == listeners("own.service"))), (0, True))
        systemctl("stop", "own")
        without_drop_in("own.service")
    systemctl("start", "nginx")
    result = run("keepalive", "attach", *OPTIONS, "nginx.service")
    same("attach to a running unit", (result.status, result.err), (0, ""))
    with socket.create_connection(("127.0.0.1", 80)):
        same("its next connection", eventually(lambda: ALL in listeners("nginx.service")), True)
    systemctl("daemon-reexec")
    holds("attached lasts over daemon-reexec", "nginx.service" in run("keepalive", "attached").out)
    same("reload of the unit", systemctl("reload", "nginx").status, 0)
    holds("attached lasts over a reload", "nginx.service" in run("keepalive", "attached").out)
    systemctl("restart", "nginx")
    holds("but ends with the unit", "nginx.service" not in run("keepalive", "attached").out)
    systemctl("stop", "nginx")
    says("a unit that does not run", run("keepalive", "attach", "nginx.service"), "nginx.service", 1)
    says("a unit that is not there", run("keepalive", "attach", "nothing.service"), "nothing.service", 1)


write("/run/server.py", SERVER)
write("/run/connection.py", CONNECTION)
suite(own_server, socket_activation, hardened, debian_services, attach_running)
