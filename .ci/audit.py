"""Judges what `pip-audit --format json` found, read from stdin.

A vulnerability fails. A database that cannot be reached does not, and is said plainly: pip-audit itself gives no
answer then, or says that none was found in packages that it could not look up.
"""

from __future__ import annotations

import json
import sys


def judge(report: str) -> tuple[str, int]:
    """What to say, and the exit code."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, LookupError, TypeError):
        return "left out: the database of known vulnerabilities cannot be reached from here", 0
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    skipped = sorted(package["name"] for package in packages if "skip_reason" in package)
    looked_up = len(packages) - len(skipped)
    if not looked_up:
        return "left out: the database of known vulnerabilities knows none of the packages from here", 0
    said = [f"{looked_up} packages looked up, {len(found)} known vulnerabilities", *found]
    if skipped:
        said.append(f"not looked up: {', '.join(skipped)}")
    return "\n".join(said), 1 if found else 0


if __name__ == "__main__":
    text, code = judge(sys.stdin.read())
    print(text)
    sys.exit(code)
