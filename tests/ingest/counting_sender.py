"""A program that sends LSL streams whose samples count themselves, and obeys one-line commands.

``python counting_sender.py SPEC`` with SPEC a JSON list of streams: name, type, rate, and if wished
declared (rate), source_id, format, on (false = later), tag (second channel: tells outlets of one
name apart). Sample k of a stream is ``[k, tag]``, stamped and sent at ``t0 + (k + 1) / rate``.
Commands on stdin, each answered by a line of JSON: ``on I``, ``off I`` (I = position in SPEC),
``quiet I`` (alive, but sends nothing), ``quit``.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import pylsl


class Sender:
    """One outlet and its counter."""

    def __init__(self, spec: dict) -> None:
        self.spec = spec
        self.lock = threading.Lock()
        self.outlet: pylsl.StreamOutlet | None = None
        self.sent = 0
        self.t0 = 0.0
        self.quiet = False

    def on(self) -> dict:
        spec = self.spec
        rate = spec["rate"]
        info = pylsl.StreamInfo(
            spec["name"],
            spec["type"],
            2,
            spec.get("declared", rate),
            spec.get("format", "double64"),
            spec.get("source_id", f"id-{spec['name']}"),
        )
        with self.lock:
            self.outlet = pylsl.StreamOutlet(info)
            self.sent, self.t0, self.quiet = 0, pylsl.local_clock(), False
        return {"t0": self.t0, "uid": self.outlet.get_info().uid()}

    def off(self) -> dict:
        with self.lock:
            self.outlet = None
            return {"sent": self.sent, "at": pylsl.local_clock()}

    def push_due(self) -> None:
        with self.lock:
            if self.outlet is None or self.quiet:
                return
            due = int((pylsl.local_clock() - self.t0) * self.spec["rate"])
            for k in range(self.sent, due):
                sample: list = [float(k), float(self.spec.get("tag", 0))]
                if self.spec.get("format") == "string":
                    sample = [str(k), str(self.spec.get("tag", 0))]
                self.outlet.push_sample(sample, self.t0 + (k + 1) / self.spec["rate"])
            self.sent = max(due, self.sent)


def obey(senders: list[Sender]) -> None:
    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        if word == "quit":
            break
        sender = senders[int(number)]
        if word == "quiet":
            sender.quiet = True
            answer = {"sent": sender.sent, "at": pylsl.local_clock()}
        else:
            answer = sender.on() if word == "on" else sender.off()
        print(json.dumps(answer), flush=True)


def main() -> None:
    senders = [Sender(spec) for spec in json.loads(sys.argv[1])]
    starts = [sender.on() if sender.spec.get("on", True) else {} for sender in senders]
    print(json.dumps(starts), flush=True)
    obeying = threading.Thread(target=obey, args=(senders,), daemon=True)
    obeying.start()
    while obeying.is_alive():
        for sender in senders:
            sender.push_due()
        time.sleep(0.004)


if __name__ == "__main__":
    main()
