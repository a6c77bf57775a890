"""From errors to one message on standard error and an exit code.

0 done · 2 usage · 65 bad input · 66 input missing · 70 our bug · 74 disk · 75 try again ·
130/143 signals.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import click

from graphemb.errors import GraphembError

__all__ = ["Guarded", "printable"]


def printable(text: str) -> str:
    """Return `text` with control and bidirectional characters escaped, for a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


class Guarded(click.Group):
    """A group whose commands never end in a traceback."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the command; answer errors with a message and their exit code."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)  # type: ignore[call-overload]
        signal.signal(signal.SIGTERM, _terminated)
        try:
            super().main(*args, standalone_mode=False, **extra)  # type: ignore[call-overload]
        except click.exceptions.Exit as stop:
            sys.exit(stop.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo("graphemb: stopped.", err=True)
            sys.exit(130)
        except BrokenPipeError:
            _drop_output()
            sys.exit(0)
        except GraphembError as error:
            click.echo(printable(f"graphemb: {error}"), err=True)
            sys.exit(error.exit_code)
        except OSError as error:  # files.py names its files; what is left is standard output
            click.echo(printable(f"graphemb: could not be written ({error})."), err=True)
            _drop_output()
            sys.exit(74)
        except Exception as error:
            if os.environ.get("GRAPHEMB_DEBUG"):
                raise
            kind = type(error).__name__
            click.echo(printable(f"graphemb: a bug in graphemb ({kind}: {error})."), err=True)
            click.echo("Set GRAPHEMB_DEBUG=1 to see where, and please report it.", err=True)
            sys.exit(70)


def _drop_output() -> None:
    """Let what is still held for standard output go, so that nothing tries to write it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminated(*_: object) -> None:
    click.echo("graphemb: terminated.", err=True)
    raise SystemExit(143)
