"""The command line: the same functions as the app.

    python -m gan_core doctor --data photos.zip
    python -m gan_core preflight --data photos.zip --size 64 --minutes 10
    python -m gan_core train --data photos.zip --size 64 --minutes 10
    python -m gan_core train --data hf:owner/photos --minutes 60 --hf-job a10g-small
    python -m gan_core resume photos-64 --minutes 10
    python -m gan_core runs
    python -m gan_core track photos-64 --tracker tensorboard
    python -m gan_core sample photos-64 --seeds 0-63 --out grid.png
    python -m gan_core morph photos-64 --seeds 1,5,9 --out morph.mp4
    python -m gan_core invert faces-64 photo.jpg --out found.png
    python -m gan_core evaluate photos-64 --data photos.zip --n 2048
    python -m gan_core directions avatars-64 --labels openpeeps-64.zip --save
    python -m gan_core bring someone/netG.pth
    python -m gan_core paper faces-64 --out report
    python -m gan_core augment clothes-28 --per-class 500 --out synthetic
    python -m gan_core publish photos-64 owner/photos --as space --preview

Ctrl-C or SIGTERM stop a training at the next step, with everything saved. Exit codes: 0 done, 1 the training failed,
2 bad input, 3 stopped early and saved.
"""

from __future__ import annotations

import traceback

from gan_core.cli.commands import BAD_INPUT, FAILED, STOPPED
from gan_core.cli.console import complain
from gan_core.cli.parser import build_parser
from gan_core.training.group import is_launched, leave


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code. Every user error is one sentence on stderr."""
    args = build_parser(__doc__).parse_args(argv)
    try:
        return args.command(args)
    except ValueError as error:
        return complain(error, BAD_INPUT, args.json)
    except (FloatingPointError, MemoryError, OSError) as error:
        return complain(error, FAILED, args.json)
    except KeyboardInterrupt:
        return complain("interrupted", STOPPED, args.json)
    except Exception:
        if not is_launched():
            raise
        traceback.print_exc()  # here, since a rank must not end as Python does: see `leave`
        return FAILED


if __name__ == "__main__":
    leave(main())
