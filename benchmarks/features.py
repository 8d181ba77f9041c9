"""Features, side by side in one run: arousal against what else there is.

    python benchmarks/features.py [--quick] [--every 6] [--rounds 5] [--flirt] [--tsflex]

One person's ECG (130 Hz) and skin conductance (4 Hz) with a known truth; all peers work on it in
turn, in one process where they can. CPU seconds, medians of the rounds; agreement beside the
ratios; nothing is asserted on time. The tables:

1. windows: all at once against a loop of NeuroKit2 calls over the same beats, the same level and
   the same responses;
2. raw signals to the table: the ordinary NeuroKit2 script, a lean one, and the floor (one
   `sosfiltfilt`, one `find_peaks`, one copy);
3. steps;
4. accuracy against the truth;
5. everybody in one process: CPU seconds after the imports, peak memory, how both grow;
6. what starting costs;
7. with --flirt and --tsflex: FLIRT, tsflex with NeuroKit2's functions, and NeuroKit2's cvxEDA with
   cvxopt, each in an environment of its own below .cache/bench, which pip fills on the first call.

`--tables 24` prints the second and the fourth only. With `--every k` loops visit every k-th window
and their time is scaled by k.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from feature_peers import apart, scale, scripts, truth, windows
from feature_peers.clock import load


def main() -> None:
    """Read the options and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--every", type=int, default=6, help="loops visit every k-th window")
    parser.add_argument("--quick", action="store_true", help="20 min, 3 people, 3 rounds")
    parser.add_argument("--tables", default="123456", help="which of 1 to 6")
    parser.add_argument("--no-ordinary", action="store_true", help="without the slowest script")
    parser.add_argument("--flirt", action="store_true", help="with FLIRT")
    parser.add_argument("--tsflex", action="store_true", help="with tsflex and cvxopt")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for each of these")
    parser.add_argument("--everybody", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.minutes, options.people, options.rounds = 20.0, 3, 3
    if options.everybody:
        scale.everybody(options.minutes, options.people)
        return
    minutes, rounds, every = options.minutes, options.rounds, options.every
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NeuroKit2's own, in its loops
        print(
            f"{Path(__file__).name} {' '.join(sys.argv[1:])}: {minutes:g} min, median of {rounds}"
        )
        print(f"before: {load()}")
        tables: dict[str, Callable[[], None]] = {
            "1": lambda: windows.compare(minutes, rounds, every),
            "2": lambda: scripts.compare(minutes, rounds, every, not options.no_ordinary),
            "3": lambda: scripts.steps(minutes, rounds),
            "4": lambda: truth.compare(minutes),
            "5": lambda: scale.compare(Path(__file__), minutes, options.people),
            "6": scale.starting,
        }
        for number, table in tables.items():
            if number in options.tables:
                table()
        if options.flirt:
            apart.flirt(minutes, rounds, options.limit)
        if options.tsflex:
            apart.tsflex(minutes, rounds, every, options.limit)
        print(f"\nafter: {load()}")


if __name__ == "__main__":
    main()
