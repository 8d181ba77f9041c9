"""A recorder in a process of its own, to be killed: ``python recording_process.py OUT [SECONDS]``.

It marks every 0.2 s (or SECONDS), and says each mark on stdout only after `Recorder.mark` has
returned.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from arousal.errors import ArousalError
from arousal.ingest.recorder import Recorder
from arousal.ingest.recording_service import Speaker, record_until_stopped


def keep_marking(recorder: Recorder, every: float) -> None:
    while not hasattr(recorder, "_drainer") or not recorder.health():
        time.sleep(0.02)
    print("recording", flush=True)
    number = 0
    while True:
        time.sleep(every)
        number += 1
        try:
            placed = recorder.mark(f"word-{number}")
        except ArousalError:
            return
        print(f"mark {number} {placed.on_disk}", flush=True)


def main() -> int:
    speaker = Speaker(lambda line: print(line, file=sys.stderr, flush=True))
    recorder = Recorder(Path(sys.argv[1]), tell=speaker.finding)
    every = float(sys.argv[2]) if len(sys.argv) > 2 else 0.2
    threading.Thread(target=keep_marking, args=(recorder, every), daemon=True).start()
    try:
        record_until_stopped(recorder, speaker)
    except ArousalError as error:
        print(f"arousal: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
