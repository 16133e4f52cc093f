"""A kernel finds the list of the fonts, and matplotlib takes it."""

from __future__ import annotations

import json
import sys

from jupyter_cbs.sandbox import fonts
from jupyter_cbs.sandbox.bubblewrap import HOME

from .boxes import ENVIRONMENT, Boxes

LOOK = """
import os, sys
import matplotlib.font_manager as manager
print(os.path.exists(sys.argv[1]), "searched" if built else "taken", len(manager.fontManager.ttflist) > 0)
"""
NOTICE = """
built = []
import os
import matplotlib
matplotlib.use("agg")
folder = os.environ["MPLCONFIGDIR"]
os.makedirs(folder, exist_ok=True)
before = {name: os.stat(f"{folder}/{name}").st_ino for name in os.listdir(folder)}
import matplotlib.font_manager
built = {name: os.stat(f"{folder}/{name}").st_ino for name in os.listdir(folder) if name.startswith("fontlist-") and name.endswith("json")} != before
"""


def test_matplotlib_takes_the_list(boxes: Boxes) -> None:
    found = fonts.find()
    assert found is not None
    assert json.loads(found.content)
    place = f"{fonts.FOLDER}/{found.name}"
    environment = {**ENVIRONMENT, "MPLCONFIGDIR": fonts.FOLDER}
    code = NOTICE + LOOK
    given = boxes.start([sys.executable, "-I", "-c", code, place], environment=environment, data={place: found.content}).finish()
    assert given.out.split() == ["True", "taken", "True"], given.out
    without = boxes.start([sys.executable, "-I", "-c", code, place], environment=environment).finish()
    assert without.out.split() == ["True", "searched", "True"], without.out
    assert fonts.FOLDER.startswith(HOME)
