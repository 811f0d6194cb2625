"""Builds the graph of a copy of a collection: `python -m adapters.edge.build FOLDER GRAPH DESCRIPTION PARENT`.

It lets everybody else go first. The engine holds the interpreter meanwhile, so that nothing here can look
whether the parent is still there: where the system can, it ends this process with its parent.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from adapters.edge.description import parse
from adapters.edge.shard import Shard

NICENESS = 10

_SET_DEATH_SIGNAL = 1
"""`PR_SET_PDEATHSIG` of Linux."""


def main() -> None:
    """Build it."""
    os.nice(NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    folder, graph, described, parent = sys.argv[1:]
    if os.getppid() != int(parent):
        # It was gone before that.
        return
    shard = Shard.load(parse(json.loads(described)), Path(folder), graph=int(graph))
    shard.points.optimize()
    shard.flush()
    shard.close()


if __name__ == "__main__":
    main()
