"""
Puts the built app into a wheel as `carrel/built_app`; an editable install and an sdist are left alone.

An editable install serves build/app of its checkout. An sdist carries the sources, from which a wheel is
built like any other.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))

from built_app import build
from node import LEAST, WHEEL, brought, on_this_machine


class BuiltApp(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the app when it is missing or older than its sources, and includes it."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from PyPI, where the machine that builds has none that is new enough."""
        wanted = self.target_name == "wheel" and on_this_machine() is None
        return [WHEEL] if wanted else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """
        Raises:
            NotPrepared: there is no Node, or the build of the app did not end well.
        """
        if self.target_name != "wheel" or version == "editable":
            return
        node = brought()
        if node is None:
            raise RuntimeError(
                f"the app needs Node {LEAST[0]}.{LEAST[1]} or newer with npm to be built, and there is none; "
                f"without build isolation, install {WHEEL} first"
            )
        app = build(Path(self.root), node)
        build_data["force_include"][str(app)] = "carrel/built_app"
