"""Runs a command in a pseudo terminal: `inTerminal.py COLUMNS ROWS COMMAND ARGUMENT...`.

Standard input is what is typed, standard output is what the terminal gets. The first line of standard error is the process id
of the command. The exit code is as in a shell.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def relay(terminal):
    """Copies both ways until the command has closed its terminal; the end of standard input closes it."""
    while True:
        for source in select.select([terminal, 0], [], [])[0]:
            try:
                data = os.read(source, 65536)
            except OSError:
                # Linux says EIO once no process has the terminal open.
                return
            if not data:
                return
            os.write(terminal if source == 0 else 1, data)


columns, rows, *command = sys.argv[1:]
# The command starts only when the terminal has its size.
started, start = os.pipe()
child, terminal = pty.fork()
if child == 0:
    os.close(start)
    os.read(started, 1)
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))
os.write(2, f"{child}\n".encode())
os.close(start)
relay(terminal)
os.close(terminal)
status = os.waitpid(child, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
