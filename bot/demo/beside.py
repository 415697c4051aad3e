"""The loopback gateway as a process of its own, beside whoever plays with it; it ends with us, whatever happens to us.

Must not know what is played.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def gateway_process(options: Sequence[str], *, failure: Exception, patience: float) -> Iterator[tuple[str, int]]:
    """Its address and its process id. Raises `failure` where it does not start; `patience` in seconds is what it gets
    to end by itself."""
    command = [sys.executable, "-m", "bot.sandbox", *options, "--stop-with-stdin"]
    # its own session: Ctrl-C in the terminal reaches us, and the gateway ends after us
    process = subprocess.Popen(  # noqa: S603  our own program, no shell, no words of others
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise failure
        yield str(json.loads(line)["url"]), process.pid
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
