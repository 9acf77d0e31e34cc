"""The program: ``puressl`` and ``python -m puressl``.

Theory of operation: the library needs no command line, so the packages for one are an extra. Where they are missing
the program says so in one line; everything else is in ``puressl.cli``.
"""

from __future__ import annotations

import sys
from typing import NoReturn

#: The modules of the extra ``cli`` that ``puressl.cli`` imports first.
_EXTRA = frozenset({"rich_click", "click"})
_USAGE = 2


def main() -> NoReturn:
    """Runs the program on ``sys.argv`` and exits with its code."""
    try:
        from puressl.cli.main import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write("puressl: the command line needs the extra cli: pip install 'puressl[cli]'\n")
        sys.exit(_USAGE)
    sys.exit(run())


if __name__ == "__main__":
    main()
