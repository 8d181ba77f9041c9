"""XDF file (LabRecorder's, ours, any other's) -> Recording."""

from __future__ import annotations

from pathlib import Path

from arousal.ingest.assemble import Known, assemble
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.people import find_pseudonym
from arousal.recording import Recording

__all__ = ["FORMAT", "read_xdf_recording"]

MAGIC = b"XDF:"


def _recognises(path: Path) -> bool:
    if not path.is_file():
        return False
    if path.suffix.lower() in {".xdf", ".xdfz"} or path.name.lower().endswith(".xdf.gz"):
        return True
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_xdf_recording(request: Request) -> Recording:
    """Read an XDF file.

    Parameters
    ----------
    request : Request
        The file, those that continue it, and who wore what.

    Returns
    -------
    Recording
        Clock ``"lsl"``: the recording computer's. Empty streams, truncation and damage are
        findings; what is readable is kept.

    Raises
    ------
    FormatError
        If it is no XDF file or damaged beyond reading.
    """
    from arousal.ingest.xdf_continued import read_continued

    files = (request.path, *request.more)
    xdf = read_continued(files)
    known = Known(
        request.id,
        request.mapping,
        request.session,
        "lsl",
        xdf.started,
        None,
        source_of(files, FORMAT.name),
        xdf.findings,
        find_pseudonym(request.path.stem),
    )
    return assemble(xdf.streams, known)


FORMAT = Format("xdf", "XDF recording (.xdf)", _recognises, read_xdf_recording)
