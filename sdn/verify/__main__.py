"""`python -m sdn.verify`, inside a lab: reads {"documents": […]} on standard input, writes an event a line.

    {"event": "check", …}            each check as it ends (sdn.verify.result)
    {"event": "summary", "ok": …}    at the end

Exit status 0: every check holds; 1: one does not.
"""

from __future__ import annotations

import json
import sys
import time

from sdn.manifest import from_documents
from sdn.verify.result import Status
from sdn.verify.run import verify


def main() -> int:
    """Prove the lab that this process runs in."""
    began = time.monotonic()
    request = json.load(sys.stdin)
    counts = dict.fromkeys(Status, 0)
    for check in verify(from_documents(request["documents"])):
        counts[check.status] += 1
        print(json.dumps({"event": "check", **check.as_json()}), flush=True)
    ok = counts[Status.FAILS] == 0
    seconds = round(time.monotonic() - began, 3)
    print(json.dumps({"event": "summary", "ok": ok, "counts": counts, "seconds": seconds}), flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
