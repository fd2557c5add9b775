"""Programs that move to another cgroup and make a socket there."""
import os
import tempfile

from made_socket import make


HIERARCHIES = {"cgroup_v2": "v2", "cgroup_v1": "pids"}


def folder_of(hierarchy):
    """Where the v2 hierarchy, or the v1 hierarchy with this controller, is mounted; none if it is not."""
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        mounts = [line.split() for line in file]
    for mount in mounts:
        kind, options = mount[mount.index("-") + 1], mount[-1]
        if (kind == "cgroup2" if hierarchy == "v2" else kind == "cgroup" and hierarchy in options.split(",")):
            return mount[4]
    return None


def move_to(folder):
    with open(os.path.join(folder, "cgroup.procs"), "w", encoding="ascii") as file:
        file.write(str(os.getpid()))


def make_in_new_cgroup(folder):
    path = tempfile.mkdtemp(prefix="keepalive-test-", dir=folder)
    try:
        move_to(path)
        return [make()]
    finally:
        move_to(folder)
        os.rmdir(path)


def cgroup_v2():
    return make_in_new_cgroup(folder_of(HIERARCHIES["cgroup_v2"]))


def cgroup_v1():
    return make_in_new_cgroup(folder_of(HIERARCHIES["cgroup_v1"]))
