# Kernel command line: init=/lib/systemd/systemd systemd.unit=keepalive-suite.service
"""Debian's own units of redis, nginx and postgresql, as hardened as they are, with the examples as drop-ins."""
from units import *

REDIS = "redis-server.service"
NGINX = "nginx.service"
POSTGRESQL = "postgresql@15-main.service"
# What 10-keepalive.conf and 10-keepalive-run.conf say that a unit with NoExecPaths= or SystemCallFilter= needs.
LIBRARY_PATH = "ExecPaths=/usr/local/lib\n"
COMMAND_PATH = "ExecPaths=/usr/local/bin/keepalive /usr/local/lib\n"
SECCOMP = "SystemCallFilter=seccomp\n"
HARDENED = """NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
ProtectProc=invisible
RestrictNamespaces=yes
MemoryDenyWriteExecute=yes
"""


def way(name, example, expected, lines="", run_options="", reloads=True):
    who = "%s, %s%s: " % (name, example, run_options)
    use_example(example, name, lines, run_options)
    started = systemctl("start", name).status == 0
    holds(who + "start", started, journal(name))
    if started:
        same(who + "keepalive", eventually(lambda: listeners(name)), expected)
        if reloads:
            same(who + "reload", (systemctl("reload", name).status, eventually(lambda: listeners(name))), (0, expected))
        same(who + "started again after a crash", crash(name), expected)
        same(who + "stop", (systemctl("stop", name).status, state(name, "Result"), processes(name)), (0, "success", []))
    without_example(name)


def redis():
    way(REDIS, LIBRARY, [ALL], LIBRARY_PATH, reloads=False)
    way(REDIS, BY_RUN, [ALL], COMMAND_PATH, reloads=False)
    log = "/var/log/redis/redis-server.log"
    before = read(log).count("SIGTERM")
    way(REDIS, BY_RUN, [ALL], COMMAND_PATH + SECCOMP, " --supervise", reloads=False)
    same("redis, supervisor: SIGTERM comes once", read(log).count("SIGTERM") - before, 1)
    way(REDIS, BY_ATTACH, [ALL], reloads=False)


def nginx():
    way(NGINX, LIBRARY, [ALL])
    way(NGINX, BY_RUN, [ALL])
    way(NGINX, BY_RUN, [ALL], run_options=" --supervise")
    way(NGINX, BY_ATTACH, [ALL])


def postgresql():
    way(POSTGRESQL, LIBRARY, [SYSTEMS])
    way(POSTGRESQL, BY_RUN, [ALL])
    way(POSTGRESQL, BY_ATTACH, [ALL])


def refused(who, name, pattern, status):
    systemctl("start", name)
    eventually(lambda: state(name, "ActiveState") == "failed")
    found = journal(name)
    holds(who + ": " + pattern, re.search(pattern, found) and state(name, "ExecMainStatus") == str(status), found)
    systemctl("stop", name)


def system_call_filters():
    allowed = "User=nobody\nSystemCallFilter=@system-service\n"
    error = allowed + "SystemCallErrorNumber=EPERM\n"
    unit("own.service", "ExecStart=/bin/busybox httpd -f -p 127.0.0.1:4003\n")
    for who, lines in ("a filter that kills", allowed), ("a filter with an error number", error):
        use_example(BY_RUN, "own.service", lines)
        refused(who, "own.service", "add seccomp to SystemCallFilter=", 125)
        use_example(BY_RUN, "own.service", lines + SECCOMP + HARDENED)
        systemctl("start", "own")
        same(who + " and allows seccomp, hardened", eventually(lambda: listeners("own.service")), [ALL])
        systemctl("stop", "own")
        use_example(BY_ATTACH, "own.service", lines)
        systemctl("start", "own")
        same(who + ", attach", eventually(lambda: listeners("own.service")), [ALL])
        systemctl("stop", "own")
    without_example("own.service")


# Debian does not start nginx and postgresql again.
for server in NGINX, POSTGRESQL:
    place(server + ".d/restart.conf", "[Service]\nRestart=on-failure\nRestartSec=0\n")
suite(redis, nginx, postgresql, system_call_filters)
