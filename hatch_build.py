"""Builds the compiled kernels into the wheel, where there is a C compiler; without one, goes on.

One binary serves every Python from 3.11 on (limited API) and every processor (run-time dispatch).
GRAPHEMB_SANITIZE=1 builds with the address and undefined-behaviour sanitizers (tests/slow).
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("graphemb/kernels")
OPTIONS = ["-O3", "-std=gnu11", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-g"]


class KernelHook(BuildHookInterface):
    """Compiles graphemb/kernels/native/*.c to graphemb/kernels/_native.abi3.so."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; on failure leave a pure wheel, which runs on NumPy."""
        if self.target_name != "wheel":
            return
        try:
            built = compile_kernels(Path(self.root))
        except Exception as error:  # whatever a compiler may do, the package must install
            self.app.display_warning(f"no compiled kernels ({error}); NumPy will do the work")
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{_platform()}"
        build_data["artifacts"].append(f"/{built.relative_to(self.root).as_posix()}")


def _platform() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def compile_kernels(root: Path, target: Path | None = None) -> Path:
    """Return the path of the compiled module, made by setuptools' compiler for this machine."""
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    if os.environ.get("GRAPHEMB_NO_COMPILER"):
        raise RuntimeError("GRAPHEMB_NO_COMPILER is set")
    extra = SANITIZE if os.environ.get("GRAPHEMB_SANITIZE") else []
    extension = Extension(
        "_native",
        sorted(str(file) for file in (root / FOLDER / "native").glob("*.c")),
        depends=sorted(str(file) for file in (root / FOLDER / "native").glob("*.h")),
        extra_compile_args=[*OPTIONS, *extra],
        extra_link_args=extra[:1],
        libraries=[] if sys.platform == "win32" else ["m"],
        py_limited_api=True,
    )
    with tempfile.TemporaryDirectory() as scratch:
        command = build_ext(Distribution({"name": "graphemb", "ext_modules": [extension]}))
        command.build_temp, command.build_lib = scratch, str(target or root / FOLDER)
        command.ensure_finalized()
        command.run()
        return Path(command.build_lib) / command.get_ext_filename("_native")
