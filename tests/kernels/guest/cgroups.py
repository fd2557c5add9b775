"""`keepalive attach`, `detach` and `attached`: what the kernel takes, unified, hybrid and v1 cgroups, Yama, lockdown."""
import json

from checks import *

TOP = "/sys/fs/cgroup"
ALL = [1, 20, 180, 60]
HAS_ON = kernel() >= (6, 1)
MODES = {"on": [], "force": ["--force"]} if HAS_ON else {"force": ["--force"]}
LOCKDOWN = "/sys/kernel/security/lockdown"

# Connects, and sets an idle time of its own before or after that.
OWN_VALUES = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.socket()
def own():
    client.setsockopt(1, 9, 1)
    client.setsockopt(6, 4, 7)
if sys.argv[1] == "before": own()
client.connect(listener.getsockname())
if sys.argv[1] == "after": own()
print(*[client.getsockopt(*o) for o in ((1, 9), (6, 6), (6, 4), (6, 5))])
"""


def inside(folder, *command):
    """The command as it runs in the cgroup of this folder."""
    return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder, *command]


def attach(mode, target, *values):
    return run("keepalive", "attach", *(values or OPTIONS), *MODES[mode], target)


def attached():
    return json.loads(run("keepalive", "attached", "--json").out)


def clients(who, folder):
    """Programs that no preload library reaches, connected to a listener of this process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        for name, command, expected in (
                ("static", [PROGRAMS + "/beyond-static", "client", port], ALL),
                ("Go", [PROGRAMS + "/go-client-cgo0", port, "no values of its own"], ALL)):
            process = subprocess.Popen(inside(folder, *command), stdin=subprocess.PIPE)
            with process:
                accepted = listener.accept()[0]
                same(who + "a connection of a %s program" % name, options_of(process.pid), [expected])
                same(who + "not the other end of it, which is elsewhere", options(accepted)[0], 0)
                accepted.close()
                process.stdin.close()


def one_cgroup(where, folder, path):
    for mode, flag in MODES.items():
        who = "%s, %s: " % (where, mode)
        prints(who + "off before", run(*inside(folder, "keepalive-check", "--accept")), OFF)
        result = attach(mode, path)
        same(who + "attach", (result.status, result.err), (0, ""))
        prints(who + "an accepted connection", run(*inside(folder, "keepalive-check", "--accept")), ON)
        prints(who + "of a 32-bit program", run(*inside(folder, "/opt/i386/bin/keepalive-check", "--accept")), ON)
        prints(who + "elsewhere nothing", run("keepalive-check", "--accept"), OFF)
        clients(who, folder)
        own = "1 20 7 60\n" if mode == "on" else "1 20 180 60\n"
        for moment in "before", "after":
            prints(who + "own values %s connect" % moment, run(*inside(folder, "python3", "-c", OWN_VALUES, moment)), own)
        found = attached()
        same(who + "attached", [(one["cgroup"], one["mode"], one["idle_s"]) for one in found], [(path, mode, 180)])
        attach(mode, folder, "--idle", "5m")
        prints(who + "attach again replaces", run(*inside(folder, "keepalive-check", "--accept")),
               ON.replace("180", "300").replace("20", "9").replace("60", "75"))
        with running(*inside(folder, "sh", "-c", "echo ready; exec sleep 100"), ready=True) as process:
            result = run("keepalive", "detach", str(process.pid))
        same(who + "detach by a PID", (result.status, attached()), (0, []))
        prints(who + "off after", run(*inside(folder, "keepalive-check", "--accept")), OFF)


def machine(where):
    mode = list(MODES)[0]
    result = attach(mode, "machine")
    same(where + ": attach machine", (result.status, result.err), (0, ""))
    prints(where + ": the whole machine has it", run("keepalive-check", "--accept", user=NOBODY), ON)
    same(where + ": detach machine", (run("keepalive", "detach", "machine").status, attached()), (0, []))
    prints(where + ": the whole machine has it no more", run("keepalive-check", "--accept"), OFF)


def too_old_for_on():
    if HAS_ON:
        note("attach without --force works")
        return
    says("on is refused, and --force named", run("keepalive", "attach", "machine"), r"6\.1.*--force", 1)
    same("nothing is attached then", attached(), [])


def unified():
    subprocess.run(["mount", "-t", "cgroup2", "none", TOP], check=True)
    os.mkdir(TOP + "/one")
    too_old_for_on()
    one_cgroup("unified", TOP + "/one", "/one")
    machine("unified")
    result = run(*inside(TOP + "/one", "keepalive", "attach", "--force", "self"))
    same("self", (result.status, [one["cgroup"] for one in attached()]), (0, ["/one"]))
    run("keepalive", "detach", "/one")
    says("the root by its PID is refused", run("keepalive", "attach", "--force", str(os.getpid())), "machine", 1)
    says("a unit without systemd is refused", run("keepalive", "attach", "--force", "x.service"), "PID|path", 1)
    says("a path that is no cgroup is refused", run("keepalive", "attach", "--force", "/tmp"), "no cgroup", 1)
    says("an ordinary user is refused", run("keepalive", "attach", "--force", "/one", user=NOBODY), "CAP_|root", 1)


def by_cgroup():
    holder = "import socket, sys\nlistener = socket.create_server(('127.0.0.1', 0))\nprint(1, flush=True)\nsys.stdin.read()"
    mode = list(MODES)[0]
    with running(*inside(TOP + "/one", "python3", "-c", holder), ready=True) as process:
        result = run("keepalive", "show", "--json", "--cgroup", "/one")
        same("show --cgroup", [one["pid"] for one in json.loads(result.out)], [process.pid])
        result = run("keepalive", "set", *OPTIONS, "--cgroup", "/one")
        same("set --cgroup", (result.status, options_of(process.pid)), (0, [ALL]))
        attach("force", "/one", "--idle", "5m")
        result = run("keepalive", "set", "--idle", "9m", str(process.pid))
        same("set under an attached --force changes nothing", options_of(process.pid), [ALL])
        holds("set says so", result.status == 1 and "attach" in result.err, result)
        run("keepalive", "detach", "/one")


def by_yama():
    mode = list(MODES)[0]
    for level in 0, 1, 2:
        set_yama(level)
        result = attach(mode, "/one")
        same("Yama %d: attach" % level, (result.status, result.err), (0, ""))
        prints("Yama %d: an accepted connection" % level, run(*inside(TOP + "/one", "keepalive-check", "--accept")), ON)
        same("Yama %d: detach" % level, (run("keepalive", "detach", "/one").status, attached()), (0, []))
    set_yama(0)


def older_layout(name, with_unified):
    """Mounts hierarchies of cgroup v1, and beside them that of v2 if systemd's hybrid layout is asked for."""
    subprocess.run(["umount", TOP], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", TOP], check=True)
    for folder, option in ("systemd", "none,name=systemd"), ("cpu", "cpu"), ("net_cls", "net_cls"):
        os.mkdir(TOP + "/" + folder)
        mounted = run("mount", "-t", "cgroup", "-o", option, "none", TOP + "/" + folder)
        note("%s: cgroup v1 %s: %s" % (name, folder, mounted.err.strip() or "mounted"))
        if mounted.status == 0:
            os.makedirs(TOP + "/" + folder + "/old", exist_ok=True)
    says(name + ": a cgroup v1 is refused", run("keepalive", "attach", "--force", TOP + "/systemd/old"), "v1", 1)
    if with_unified:
        os.mkdir(TOP + "/unified")
        subprocess.run(["mount", "-t", "cgroup2", "none", TOP + "/unified"], check=True)


def hybrid():
    older_layout("hybrid", True)
    one_cgroup("hybrid", TOP + "/unified/one", "/one")
    machine("hybrid")
    classes = TOP + "/net_cls/old"
    if os.path.isdir(classes):
        write(classes + "/net_cls.classid", "1")
        machine("hybrid, net_cls in use")
        attach("force", "/one")
        prints("hybrid, net_cls in use: a cgroup", run(*inside(TOP + "/unified/one", "keepalive-check", "--accept")), ON)
        run("keepalive", "detach", "/one")
    subprocess.run("umount %s/*" % TOP, shell=True, check=False)


def version_1():
    older_layout("v1", False)
    says("v1: self is refused", run("keepalive", "attach", "--force", "self"), "cgroup v2 is not mounted, so there is no other", 1)
    machine("v1")


def lockdown():
    if not os.path.exists(LOCKDOWN):
        skipped("lockdown", "this kernel has none")
        return
    for level in "integrity", "confidentiality":
        write(LOCKDOWN, level)
        machine("lockdown " + level)


def yama_3():
    set_yama(3)  # for good
    machine("Yama 3")


suite(unified, by_cgroup, by_yama, hybrid, version_1, lockdown, yama_3)
