"""Loading the code location against the bare imports that it cannot avoid (dagster and dagster-dbt)."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

BARE = "import dagster, dagster_dbt"
LOCATION = "from dagster_project.definitions import defs; defs().resolve_all_asset_keys()"
PAIRS = 5


def seconds(code: str) -> float:
    """Wall seconds of a fresh interpreter that runs `code`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Prints the medians of alternating runs, their difference and ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    seconds(BARE)
    seconds(LOCATION)
    pairs = [(seconds(BARE), seconds(LOCATION)) for _ in range(PAIRS)]
    bare, location = (statistics.median(column) for column in zip(*pairs, strict=True))
    result = {
        "bare_imports_s": round(bare, 3),
        "code_location_s": round(location, 3),
        "extra_s": round(location - bare, 3),
        "ratio": round(statistics.median(b / a for a, b in pairs), 3),
    }
    if arguments.json:
        print(json.dumps(result))
    else:
        print(
            f"code location {location:.2f} s, bare imports {bare:.2f} s: "
            f"ratio {result['ratio']}, {result['extra_s'] * 1000:.0f} ms more"
        )


if __name__ == "__main__":
    main()
