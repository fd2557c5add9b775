"""What the suites under systemd share: units, their drop-ins from the examples, their processes and sockets."""
import signal

from checks import *

EXAMPLES = "/usr/local/share/doc/keepalive/examples/systemd/"
# Where systemd keeps its cgroups: a hierarchy of cgroup v1, or v2 alone.
HIERARCHY = "/sys/fs/cgroup/systemd" if os.path.exists("/sys/fs/cgroup/systemd") else "/sys/fs/cgroup"
ALL = [1, 4, 120, 30]  # what the examples give
SYSTEMS = [0, 9, 7200, 75]
SERVER = "/usr/bin/python3 -IS /tested/server.py"  # -IS: it starts faster
RUN = "/usr/local/bin/keepalive run --supervise --idle 2m --interval 30 --count 4 -- "
LIBRARY = "10-keepalive.conf"
BY_RUN = "10-keepalive-run.conf"
BY_ATTACH = "10-keepalive-attach.conf"
BY_ATTACH_SOCKET = "10-keepalive-attach-socket.conf"


def systemctl(*arguments):
    return run("systemctl", *arguments, timeout=120)


def place(path, text):
    """Puts a file into the folder where administrators put theirs."""
    path = "/etc/systemd/system/" + path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write(path, text)
    systemctl("daemon-reload")


def unit(name, text):
    place(name, "[Service]\n" + text)


def command_of(name):
    """The command that starts the unit, as the comment in the example for `keepalive run` says to find it."""
    return re.findall("^ExecStart=-?(.+)$", systemctl("cat", name).out, re.MULTILINE)[-1]


def use_example(example, name, lines="", run_options=""):
    """Makes an installed example a drop-in of the unit, with more lines for that unit."""
    text = read(EXAMPLES + example).replace("keepalive run", "keepalive run" + run_options)
    if "/usr/sbin/legacy-server" in text:
        text = text.replace("/usr/sbin/legacy-server", command_of(name))
    place("%s.d/10-keepalive.conf" % name, text + lines)


def without_example(name):
    """systemd learns it when the next file is placed."""
    os.unlink("/etc/systemd/system/%s.d/10-keepalive.conf" % name)


def state(name, what):
    return systemctl("show", "--value", "--property=" + what, name).out.strip()


def main_pid(name):
    return int(state(name, "MainPID"))


def active(name):
    return state(name, "ActiveState") == "active"


def journal(name, lines=12):
    return run("journalctl", "-q", "-n", str(lines), "-o", "cat", "-u", name).out


def processes(name):
    """Without systemctl, which is slow in an emulated machine: the suites wait with this."""
    template = "system-%s.slice/" % name.split("@")[0] if "@" in name else ""
    try:
        return [int(pid) for pid in read(HIERARCHY + "/system.slice/" + template + name + "/cgroup.procs").split()]
    except OSError:  # it does not run; ENODEV: it has ended meanwhile
        return []


def listeners(name):
    """The options of the TCP sockets of all processes of the unit, each once."""
    found = []
    for pid in processes(name):
        try:
            found += [tuple(one) for one in options_of(pid)]
        except OSError:
            pass  # it has ended meanwhile
    return [list(one) for one in sorted(set(found))]


def crash(name):
    """Kills the main process. Returns the sockets of the service when systemd has started it again, if it does so."""
    before = main_pid(name)
    os.kill(before, signal.SIGKILL)
    # PostgreSQL's start script and its recovery take 20 s here.
    eventually(lambda: before not in processes(name) and listeners(name) and active(name), 120)
    return listeners(name) if main_pid(name) not in (0, before) else []


os.makedirs("/run/own", exist_ok=True)  # where server.py writes
