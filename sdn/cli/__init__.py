"""The command line: `sdn VERB`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run a verb and end with its exit status; an error of ours is words on standard error, never a traceback."""
    try:
        _run()
    except KeyboardInterrupt:
        print("sdn: interrupted", file=sys.stderr)
        sys.exit(130)


def _run() -> None:
    import click  # here, so that an interrupt while it loads is ours already

    from sdn.cli.group import group
    from sdn.errors import ManifestError, SdnError

    try:
        group.main(prog_name="sdn", standalone_mode=False)
    except ManifestError as error:
        click.echo(error, err=True)  # file:line:column first, as editors read it
        sys.exit(error.exit_code)
    except SdnError as error:
        click.echo(f"sdn: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
