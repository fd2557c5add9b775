"""Runs a program alone and supervised, and compares what both runs show."""
import ctypes
import os
import subprocess
import sys
import time

KEEPALIVE = sys.argv[1]
UNSHARE_MOUNTS = sys.argv[3]
RUN = [KEEPALIVE, "run", "--supervise", "--idle", "120"]
PYTHON = [sys.executable, "-I", "-c"]
PATIENCE = 20  # seconds
LIBC = ctypes.CDLL(None)
PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """Orphans of what is started here come to this process."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"never happened: {what}")
        time.sleep(0.01)


def same(show):
    """`show(prefix)` must return the same for the program alone and for the supervised one."""
    alone, supervised = show([]), show(RUN)
    assert alone == supervised, f"alone {alone}, supervised {supervised}"
    return alone


def same_result(command, **options):
    """Compares status, standard output and standard error."""

    def show(prefix):
        result = subprocess.run(prefix + command, capture_output=True, timeout=PATIENCE, check=False, **options)
        return result.returncode, result.stdout, result.stderr

    return same(show)


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def supervisors_of(pid):
    """The processes that ps(1) shows as the supervisor of this one."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                if file.read().startswith(f"keepalive: supervisor of {pid} ("):
                    found.append(int(entry))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def state_of(pid):
    """R, S, T ...; none once it has been waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return None


def start(prefix, command, **options):
    """The command, once it has printed a line."""
    process = subprocess.Popen(prefix + command, stdout=subprocess.PIPE, **options)
    line = process.stdout.readline()
    assert line, "no output"
    return process, line
