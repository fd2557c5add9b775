# Kernel command line: init=/lib/systemd/systemd systemd.unit=keepalive-suite.service
# Kernel command line: keepalive_enable=keepalive-machine.service
# Kernel command line, hybrid: systemd.unified_cgroup_hierarchy=0
# Kernel command line, v1: systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1
# Kernel command line, lockdown: lockdown=integrity
"""The unit for the whole machine, enabled before the boot, by layout of the cgroups and under lockdown."""
from units import *

MACHINE = "keepalive-machine.service"
variant = sys.argv[1]


def what_was_asked_for():
    v2 = [line.split()[1] for line in read("/proc/mounts").splitlines() if line.split()[2] == "cgroup2"]
    expected = {"hybrid": ["/sys/fs/cgroup/unified"], "v1": []}
    same("cgroup v2 is mounted at", v2, expected.get(variant, ["/sys/fs/cgroup"]))
    if variant == "lockdown":
        holds("lockdown", "[integrity]" in read("/sys/kernel/security/lockdown"))


def attached():
    lines = run("keepalive", "attached").out.splitlines()[1:]
    return [line.split()[:5] for line in lines]


def has_values(who, mode, idle):
    same(who + ": attached", attached(), [["/", mode, "4", "%ds" % idle, "30s"]])
    prints(who + ": an accepted connection", run("keepalive-check", "--accept", user=NOBODY),
           "SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 4\nTCP_KEEPIDLE  = %d\nTCP_KEEPINTVL = 30\n" % idle)


def at_boot():
    same("enabled", systemctl("is-enabled", MACHINE).out, "enabled\n")
    same("the machine has booted", state("sysinit.target", "ActiveState"), "active")
    if kernel() < (6, 1):
        same("too old a kernel: the unit", state(MACHINE, "ActiveState"), "failed")
        holds("too old a kernel: the journal names --force", "--force" in journal(MACHINE), journal(MACHINE))
        place(MACHINE + ".d/override.conf", '[Service]\nEnvironment="VALUES=--force --idle 2m --interval 30 --count 4"\n')
        same("with --force: start", systemctl("start", MACHINE).status, 0)
        has_values("with --force", "force", 120)
        return
    same("active", state(MACHINE, "ActiveState"), "active")
    has_values("after the boot", "on", 120)
    moments = [int(state(name, "ActiveEnterTimestampMonotonic")) for name in (MACHINE, "sysinit.target")]
    holds("attached before any other service starts", 0 < moments[0] <= moments[1], moments)
    systemctl("start", "nginx")
    same("a service that starts later", eventually(lambda: listeners("nginx.service")), [ALL])
    systemctl("stop", "nginx")
    # As the comment in the unit says.
    place(MACHINE + ".d/override.conf", '[Service]\nEnvironment="VALUES=--idle 5m --interval 30 --count 4"\n')
    same("other values: reload", systemctl("reload", MACHINE).status, 0)
    has_values("other values", "on", 300)


def stop():
    same("stop", (systemctl("stop", MACHINE).status, attached()), (0, []))
    prints("stopped: an accepted connection", run("keepalive-check", "--accept"), OFF)


def single_services():
    can_attach = variant != "v1" and kernel() >= (6, 1)
    for example in LIBRARY, BY_RUN, BY_ATTACH:
        use_example(example, "nginx.service", run_options=" --supervise")
        started = systemctl("start", "nginx").status == 0
        if example != BY_ATTACH or can_attach:
            same(example, eventually(lambda: listeners("nginx.service")), [ALL])
        else:
            same(example + ": the service does not start", started, False)
            reason = "cgroup v2 is not mounted" if variant == "v1" else "--force"
            said = journal("nginx.service")
            holds(example + ": the journal says " + reason, reason in said, said)
            # As the comment in the example says.
            text = read("/etc/systemd/system/nginx.service.d/10-keepalive.conf")
            place("nginx.service.d/10-keepalive.conf", text.replace("=+", "=-+"))
            same("with -+: it starts without",
                 (systemctl("start", "nginx").status, eventually(lambda: listeners("nginx.service"))), (0, [SYSTEMS]))
        systemctl("stop", "nginx")
        without_example("nginx.service")


suite(what_was_asked_for, at_boot, stop, single_services)
