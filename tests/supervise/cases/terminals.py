"""The program on a terminal."""
import os
import pty
import re
import select
import signal
import sys
import time

from cases.comparison import PATIENCE, RUN, children_of, same, state_of, wait_until


class Terminal:
    """An interactive shell on a terminal of its own."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="prompt> ", TERM="dumb", HISTFILE="")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.text = ""
        self.expect("prompt> ")

    def send(self, text):
        self.text = ""
        os.write(self.fd, text.encode())

    def expect(self, pattern):
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text):
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                sys.exit(f"{pattern!r} never came, but {self.text!r}")
            self.text += os.read(self.fd, 65536).decode(errors="replace")

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def job_control():
    terminal = Terminal()
    try:
        # $$ of the program, to look at its state.
        terminal.send(" ".join(RUN) + " sh -c 'echo pid:$$; read line; echo line:$line; exec sleep 1000'\n")
        terminal.expect(r"pid:(\d+)")
        pid = int(re.search(r"pid:(\d+)", terminal.text).group(1))
        assert os.getpgid(pid) == pid, "the shell's job is the program"
        terminal.send("\x1a")  # Ctrl-Z
        terminal.expect(r"Stopped.*\n(.*\n)*.*prompt> ")
        assert state_of(pid) == "T", state_of(pid)
        terminal.send("fg\n")
        wait_until(lambda: state_of(pid) != "T", "the program goes on after fg")
        terminal.send("hello\n")  # the program reads from the terminal: it is in the foreground
        terminal.expect("line:hello")
        terminal.send("\x1a")
        terminal.expect(r"Stopped.*\n(.*\n)*.*prompt> ")
        terminal.send("bg\n")
        terminal.expect("prompt> ")
        wait_until(lambda: state_of(pid) == "S", "the program goes on after bg")
        terminal.send("fg\n")
        wait_until(lambda: os.tcgetpgrp(terminal.fd) == os.getpgid(pid), "the program in the foreground")
        terminal.send("\x03")  # Ctrl-C
        terminal.expect("prompt> ")
        terminal.send("echo status:$?\n")
        terminal.expect(r"status:130\r")
        terminal.send("jobs\necho end\n")
        terminal.expect("end\r\n")
        assert "sleep" not in terminal.text
    finally:
        terminal.close()


def own_process_group():
    """timeout(1) makes a group of its own, and stays in the foreground if it is the shell's job itself."""
    terminal = Terminal()
    try:
        terminal.send(" ".join(RUN) + " timeout 1000 cat\n")
        terminal.send("hello\n")
        terminal.expect("hello\r\nhello\r\n")  # the echo of the terminal, and cat's
        terminal.send("\x1a")  # Ctrl-Z
        terminal.expect("Stopped")
        terminal.expect("prompt> ")
        (timeout,) = children_of(terminal.pid)
        (cat,) = children_of(timeout)
        wait_until(lambda: state_of(cat) == "T", "cat no longer reads from the terminal")
        terminal.send("kill -9 %1; wait; echo status:$?\n")
        terminal.expect(r"status:\d")
    finally:
        terminal.close()


def terminal_goes_away():
    def show(prefix):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp((prefix + ["sh"])[0], prefix + ["sh", "-c", "echo ready; exec sleep 1000"])
        text = b""
        while b"ready" not in text:
            text += os.read(terminal, 1024)
        os.close(terminal)
        return os.WTERMSIG(os.waitpid(pid, 0)[1])

    assert same(show) == signal.SIGHUP
