"""A socket that the supervisor makes must be the one that the program would have got, or the kernel makes it.

places.py KEEPALIVE CASE

Each case is a program that goes somewhere and makes a socket there, alone and supervised. Everything about the two
sockets is compared but keepalive, which the supervised one must have (or, in some places, must not have).
"""
import json
import resource
import subprocess
import sys

sys.dont_write_bytecode = True  # the folder may belong to another user

import cgroups
import forced
import programs

PATIENCE = 20  # seconds

KEPT, CHANGED = [1, 1, 180], [0, 1, 33]
# Under --force: what the sockets have in the end.
FORCED = {
    "forced": KEPT,
    "forced_elsewhere": [CHANGED, CHANGED, CHANGED],
    "forced_subreaper": 1,
    "forced_beside": [CHANGED, KEPT],
}

# Whether the supervised socket has keepalive; None: compare the sockets alone.
GIVEN, NOT_GIVEN = 1, 0
EXPECTED = {
    "all_kinds": GIVEN,
    "lowest_free_number": GIVEN,
    "no_number_free": None,
    "few_descriptors": GIVEN,
    "another_network": NOT_GIVEN,
    "another_network_and_back": GIVEN,
    "network_of_a_thread": NOT_GIVEN,
    "other_threads_stay": GIVEN,
    "another_user": GIVEN,
    "another_file_system_user": GIVEN,
    "another_group_only": GIVEN,
    "undumpable": GIVEN,
    "undumpable_other_user": GIVEN,
    "user_namespace": GIVEN,
    "user_and_network_namespace": NOT_GIVEN,
    "mount_namespace_without_proc": GIVEN,
    "own_filter": None,
    "cgroup_v2": NOT_GIVEN,
    "cgroup_v1": NOT_GIVEN,
}


def play(case):
    """What the program of this case returns."""
    module = next(module for module in (programs, cgroups, forced) if hasattr(module, case))
    return getattr(module, case)()


def run(prefix, case):
    def limit():
        if case == "few_descriptors":
            resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))

    command = [*prefix, sys.executable, "-Es", __file__, "in", case]
    result = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, preexec_fn=limit)
    assert result.returncode == 0, result.stderr.decode()
    return json.loads(result.stdout)


def main():
    if sys.argv[1] == "in":
        print(json.dumps(play(sys.argv[2])))
        return
    keepalive, case = sys.argv[1:]
    if case in cgroups.HIERARCHIES and cgroups.folder_of(cgroups.HIERARCHIES[case]) is None:
        print("skip: no such cgroup hierarchy is mounted")
        return
    if case in FORCED:
        options = ["--force", "--idle", "180"]
        shown = run([keepalive, "run", "--supervise", *options], case)
        assert shown == FORCED[case], shown
        return
    alone, supervised = run([], case), run([keepalive, "run", "--supervise"], case)
    if EXPECTED[case] is not None:
        for one in alone:
            assert one.pop("keepalive") == 0, one
        for one in supervised:
            assert one.pop("keepalive") == EXPECTED[case], one
    assert alone == supervised, f"alone {alone}\nsupervised {supervised}"


main()
