"""The live page with twelve wearers: what it costs and how quick it is.

``python3 tasks.py bench live [--minutes M] [--marks N]``: real LSL on the
loopback interface (ECG 130 Hz, EDA 4 Hz, RR of twelve simulated people), the desk, the server and
a headless Chromium with one page and curves on. Prints what issue 6 asks for, each with its goal.
Needs Linux (/proc) and a browser (`tests/browser/install.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import lsl_isolation  # noqa: E402
from tests.browser.finder import find_browser  # noqa: E402
from tests.browser.watched_page import CHROMIUM_FLAGS  # noqa: E402
from tests.live_rig import Study, live, replay, wearables  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
# Beside the recorder's answer, what a person sees: the tile's own class.
WATCH = """
window.alarmAt = null;
new MutationObserver(() => {
  const tile = document.querySelector("article[aria-label=P04]");
  if (tile && tile.classList.contains("is-none")) window.alarmAt ??= Date.now();
}).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["class"] });
"""


def cpu_seconds(process: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(process: int) -> tuple[float, float]:
    """Resident memory of a process, and the part of it that is its own (no files, no libraries)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    sizes = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
    return int(sizes["VmRSS"][0]) / 1024, int(sizes["RssAnon"][0]) / 1024


def children(process: int) -> list[int]:
    """Processes below one, with all of theirs."""
    below: list[int] = []
    for place in Path("/proc").iterdir():
        try:
            parent = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if parent == process:
            number = int(place.name)
            below += [number, *children(number)]
    return below


class Load:
    """Processor share of some processes over a stretch of time."""

    def __init__(self, processes: list[int]) -> None:
        self.processes = processes
        self._began, self._spent = time.monotonic(), self._total()

    def _total(self) -> float:
        total = 0.0
        for process in self.processes:
            try:
                total += cpu_seconds(process)
            except OSError:
                continue
        return total

    @property
    def percent(self) -> float:
        return 100 * (self._total() - self._spent) / (time.monotonic() - self._began)


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def mark_latencies(page: Any, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the key to the confirmation, and the recorder's own part of them."""
    found, disk = [], []
    for number in range(count):
        before = page.evaluate("document.body.dataset.marked ?? ''")
        page.keyboard.press("s" if number % 2 else "4")
        page.wait_for_selector(f"body[data-marked]:not([data-marked='{before}'])")
        _, shown, written = page.evaluate("document.body.dataset.marked").split()
        found.append(float(shown))
        disk.append(float(written))
        time.sleep(0.25)
    return found, disk


def sample_to_screen(page: Any, seconds: float) -> list[float]:
    """Seconds from the newest sample's stamp to the frame in which its age is drawn.

    The state says when it was built (`wall`) and how old each stream's newest sample was when the
    recorder last looked, which may be half a second before: that half second is added here.
    """
    page.evaluate(
        """() => { window.seen = []; const was = JSON.parse;
        JSON.parse = (t) => { const s = was(t); if (s && s.wall) requestAnimationFrame(() =>
          window.seen.push(Date.now() / 1000 - s.wall + 0.5 + Math.max(...s.seats.flatMap(
            (x) => x.parts.filter((p) => p.name === "ECG").map((p) => p.age))))); return s; }; }"""
    )
    time.sleep(seconds)
    return [float(v) for v in page.evaluate("window.seen")]


def measure(arguments: argparse.Namespace, folder: Path) -> list[tuple[str, str, str]]:
    from playwright.sync_api import sync_playwright

    isolation = lsl_isolation.prepare()
    group, strap = wearables(folder)  # ten minutes, again and again
    study = Study(folder / "study")
    rows: list[tuple[str, str, str]] = []
    with (
        replay(isolation, group, loop=True),
        replay(isolation, strap, loop=True) as victim,
        live(isolation, study.root, "--session", "s1", "--port", "0", "--researcher") as server,
        sync_playwright() as playwright,
    ):
        address = server.first_line()
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=list(CHROMIUM_FLAGS)
        )
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            size = [0]
            page.on("response", lambda r: size.append(_length(r)))
            page.goto(address)
            page.wait_for_selector("#start:not([disabled])", timeout=120_000)
            rows.append(("page to load", f"{sum(size) / 1000:.0f} kB", "<= 1 MB"))
            page.click("#start")
            page.wait_for_selector(".phases", timeout=30_000)
            page.keyboard.press("1")
            time.sleep(15)
            desk = int(json.loads((study.session / ".desk.json").read_text())["pid"])
            chromium = children(os.getpid())
            chromium = [p for p in chromium if "chrom" in _name(p)]
            loads = {
                "server": Load([server.process.pid]),
                "desk (recorder and live numbers)": Load([desk]),
                "page (all of Chromium)": Load(chromium),
            }
            watched = {"server": server.process.pid, "desk": desk}
            memory = watch_memory(watched, arguments.minutes)
            goals = ("<= 5 %", "", "<= 15 %")
            for (name, load), goal in zip(loads.items(), goals, strict=True):
                rows.append((f"processor: {name}", f"{load.percent:.1f} %", goal))
            for name, sizes in memory.items():
                rows.append((f"memory: {name}", f"{sizes[-1][0]:.0f} MB", "<= 200 MB, flat"))
                rows.append(("    of it its own", course([own for _, own in sizes]), ""))
            for name, marks, goal in zip(
                ("key -> on disk, shown", "    of it the recorder, fsync included"),
                mark_latencies(page, arguments.marks),
                ("<= 100 ms p99", ""),
                strict=True,
            ):
                middle, late = quantile(marks, 0.5), quantile(marks, 0.99)
                text = f"{middle:.0f} / {late:.0f} / {max(marks):.0f} ms"
                rows.append((f"{name}: p50 / p99 / max", text, goal))
            ages = sample_to_screen(page, 15.0)
            text = f"{quantile(ages, 0.5):.2f} / {max(ages):.2f} s"
            rows.append(("sample -> screen, at most: p50 / max", text, "<= 1 s"))
            page.evaluate(WATCH)
            killed = time.time()
            victim.process.kill()
            page.wait_for_selector("article[aria-label=P04].is-none", timeout=30_000)
            took = float(page.evaluate("window.alarmAt")) / 1000 - killed
            rows.append(("strap lost -> alarm", f"{took:.1f} s", "<= 3 s"))
        finally:
            browser.close()
            study.end_desk()
    return rows


def watch_memory(processes: dict[str, int], minutes: float) -> dict[str, list[tuple[float, float]]]:
    """Memory at the start and after each minute: all that is resident, and its own."""
    sizes = {name: [memory_mb(process)] for name, process in processes.items()}
    for minute in range(max(round(minutes), 1)):
        time.sleep(60 * minutes / max(round(minutes), 1))
        for name, process in processes.items():
            sizes[name].append(memory_mb(process))
        told = ", ".join(
            f"{name} {s[-1][0]:.1f} (own {s[-1][1]:.1f}) MB" for name, s in sizes.items()
        )
        print(f"minute {minute + 1}: {told}", file=sys.stderr, flush=True)
    return sizes


def course(sizes: list[float]) -> str:
    """MB at the start, each third of the way, the end; MB an hour in the last half."""
    at = [sizes[round(share * (len(sizes) - 1) / 3)] for share in range(4)]
    half = sizes[len(sizes) // 2 :]
    slope = 60 * (half[-1] - half[0]) / max(len(half) - 1, 1)
    return " -> ".join(f"{size:.1f}" for size in at) + f" MB ({slope:+.1f} an hour, last half)"


def _length(response: Any) -> int:
    if "/events" in response.url:
        return 0
    return int(response.headers.get("content-length", 0))


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().split("\0")[0].lower()
    except OSError:
        return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0, help="length of the steady state")
    parser.add_argument("--marks", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="arousal-live-") as name:
        rows = measure(arguments, Path(name))
    width = max(len(row[0]) for row in rows)
    load = os.getloadavg()[0]
    print(f"12 people x (ECG 130 Hz, EDA 4 Hz, RR); load of the machine {load:.1f}")
    for name, value, goal in rows:
        print(f"{name:{width}}  {value:28}  {goal}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
