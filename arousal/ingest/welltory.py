"""Welltory folder (a phone's camera on the finger, a Polar strap's intervals) -> Recording.

``PPG.csv`` has the time of each camera frame in ms and the mean red, green and blue of the frame;
``RR.txt`` the intervals in ms that the strap found meanwhile. Red is used: with the flash on and
the finger on the lens it is the colour that always holds the pulse (in ten recordings the peak of
its spectrum lay within 4 bpm of the strap in nine, green's in three).
"""

from __future__ import annotations

from pathlib import Path

from arousal.findings import Finding, Severity
from arousal.ingest.export import Channel, Export, assemble
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.number_table import first_lines, read_numbers
from arousal.ingest.rr_text import bare_numbers, beats_in_a_row
from arousal.recording import Kind, Recording

__all__ = ["FORMAT", "read_welltory"]

HEADER = "time,R,G,B"
WAVE, BEATS = "PPG.csv", "RR.txt"


def _recognises(path: Path) -> bool:
    wave = path / WAVE if path.is_dir() else path
    return wave.is_file() and first_lines(wave, 1, 64) == [HEADER]


def read_welltory(request: Request) -> Recording:
    """Read a folder with ``PPG.csv`` and ``RR.txt``, or ``PPG.csv`` alone.

    Parameters
    ----------
    request : Request
        Folder or file. A mapping names colours ``R``, ``G``, ``B``, and the intervals ``RR.txt``.

    Returns
    -------
    Recording
        Clock ``"file"``. Both begin at zero; how the two clocks agree within a second is unknown.

    Raises
    ------
    FormatError
        If neither holds a usable signal.
    """
    wave = request.path / WAVE if request.path.is_dir() else request.path
    findings: list[Finding] = []
    table = read_numbers(wave, HEADER.split(","), separator=",", skip=1)
    findings += table.findings
    times = table.columns["time"] / 1000.0
    channels = [
        Channel(colour, table.columns[colour], times, Kind.PPG if colour == "R" else None, "a.u.",
                site="finger", reason="a second colour of the same light; red is used")
        for colour in "RGB"
    ]  # fmt: skip
    beats = request.path / BEATS
    paths = [wave]
    if beats.is_file():
        paths.append(beats)
        values = bare_numbers(beats, findings)
        channels.append(beats_in_a_row(values, BEATS, beats, findings, site="chest"))
        text = "camera and strap were started together by hand: beats of the two are not matched"
        findings.append(Finding("clocks-unmatched", text, Severity.NOTE, BEATS))
    elif request.path.is_dir():
        text = "is not in the folder, so there are no inter-beat intervals"
        findings.append(Finding("welltory-file-missing", text, Severity.WARNING, BEATS))
    sources = source_of(paths, FORMAT.name)
    return assemble(request, Export(tuple(channels), (), sources, findings=tuple(findings)))


FORMAT = Format("welltory", "Welltory folder (PPG.csv, RR.txt)", _recognises, read_welltory)
