"""A stand-in for `python:3.13-slim` where no registry is reached: Debian's Python in an archive.

It looks like the official image to a Dockerfile: `python`, pip in a folder of its own, a CA bundle.
It is not that image: Python's build options and its patches are Debian's.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

NAME = "python:3.13-slim"
_SUITE = "trixie"
_PACKAGES = "ca-certificates,coreutils,dash,libc-bin,python3-venv"
_PIP_FOLDER = "local/lib/python3.13/dist-packages"
# The variant `extract` runs no maintainer scripts, so what they would do is done here.
# Python's own pip is taken from the wheel that venv uses: Debian's cannot be uninstalled by pip.
_HOOKS = (
    'for name in bin sbin lib lib64; do [ -e "$1/$name" ] || ln -s "usr/$name" "$1/$name"; done',
    'ln -sf dash "$1/usr/bin/sh"; ln -sf python3 "$1/usr/bin/python"',
    'echo root:x:0:0:root:/root:/bin/sh > "$1/etc/passwd"; echo root:x:0: > "$1/etc/group"',
    'cat "$1"/usr/share/ca-certificates/mozilla/*.crt > "$1/etc/ssl/certs/ca-certificates.crt"',
    f'cd "$1/usr"; python3 -m zipfile -e share/python-wheels/pip-*.whl {_PIP_FOLDER}',
    'rm "$1/usr/lib/python3.13/EXTERNALLY-MANAGED"; mkdir -p "$1/root" "$1/proc" "$1/sys"',
    'ldconfig -r "$1"',
)
_LIMIT_SECONDS = 150


def make_archive(folder: Path) -> Path:
    """The image's files as a tar archive in `folder`; made once, as root, in about ten seconds."""
    archive = folder / f"{_SUITE}-python.tar"
    if archive.exists():
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    partial = folder / f"{_SUITE}-{os.getpid()}.tar"
    options = ["--quiet", "--variant=extract", f"--include={_PACKAGES}"]
    hooks = [f"--extract-hook={hook}" for hook in _HOOKS]
    subprocess.run(
        ["mmdebstrap", *options, *hooks, _SUITE, partial],
        check=True,
        timeout=_LIMIT_SECONDS,
        stdin=subprocess.DEVNULL,
    )
    # At once: another test process may be doing the same.
    partial.replace(archive)
    return archive
