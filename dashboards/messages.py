"""Every sentence a page can say, in one catalogue per language.

A catalogue is a TOML file (``messages_en.toml``) of dotted keys; ``{name}`` is filled in. Keys
that end in ``.one`` and ``.many`` are chosen by a count. Under ``term`` stand the names that come
from protocols, hypotheses and quality codes in English: they are looked up by their English text,
so that a name which a study chose itself is found nowhere and stays as it is.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from arousal.errors import UsageError

__all__ = ["LANGUAGES", "Messages", "load_messages"]

LANGUAGES = ("en", "de", "hu")


@dataclass(frozen=True, slots=True, eq=False)
class Messages:
    """The texts of one language.

    Parameters
    ----------
    language : str
        ISO 639-1 code, also the page's ``lang``.
    texts : mapping of str to str
        Dotted key -> text.
    """

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return a text with its values filled in.

        Raises
        ------
        UsageError
            If the catalogue has no such text, or the text names a value that was not given.
        """
        try:
            return self.texts[key].format(**values)
        except KeyError as error:
            raise UsageError(
                f"no text {key!r}, or it lacks the value {error}",
                where=f"messages_{self.language}.toml",
            ) from None

    def has(self, key: str) -> bool:
        """Whether there is a text for this key."""
        return key in self.texts

    def count(self, key: str, n: int, **values: object) -> str:
        """Return the text for one or for many: ``key.one`` or ``key.many``, with ``{n}``."""
        return self(f"{key}.{'one' if n == 1 else 'many'}", n=n, **values)

    def listing(self, items: Iterable[str]) -> str:
        """Join words as a sentence does: ``a, b and c``."""
        words = list(items)
        if len(words) < 2:
            return "".join(words)
        return self("list.last", before=", ".join(words[:-1]), last=words[-1])

    def number(self, value: float, digits: int, *, signed: bool = True) -> str:
        """Write a number with a true minus sign and the language's decimal mark.

        Parameters
        ----------
        value : float
            The number; NaN becomes an en dash.
        digits : int
            Digits after the decimal mark.
        signed : bool
            Whether a plus sign is written.
        """
        if not math.isfinite(value):
            return "–"
        text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
        if float(text) == 0:
            text = text.lstrip("+-")
        return text.replace("-", "−").replace(".", self("format.decimal"))

    def plain(self, value: float) -> str:
        """Write a setting's value as short as it goes: ``0.5``, ``60``."""
        return f"{value:g}".replace(".", self("format.decimal"))

    def percent(self, fraction: float, digits: int | None = 0) -> str:
        """Write a share as a percentage; a dash where it is NaN, short if ``digits`` is None."""
        if not math.isfinite(fraction):
            return "–"
        value = 100 * fraction
        shown = self.plain(value) if digits is None else self.number(value, digits, signed=False)
        return self("format.percent", n=shown)

    def date(self, day: date) -> str:
        """Write a date in words."""
        month = self("format.months").split()[day.month - 1]
        return self("format.date", day=day.day, month=month, year=day.year)

    def term(self, group: str, english: str) -> str:
        """Return the language's word for an English name under ``term.<group>``.

        Parameters
        ----------
        group : str
            ``"phase"``, ``"role"``, ``"protocol"`` ...
        english : str
            The name; returned as it is if the catalogue does not know it.
        """
        key = self.term_key(group, english)
        return self(f"term.{group}.{key}") if key else english

    def term_key(self, group: str, english: str) -> str:
        """Return a name's key under ``term.<group>``; empty if the catalogue does not know it."""
        return _english_terms(group).get(english, "")


@cache
def load_messages(language: str = "en") -> Messages:
    """Load a language's catalogue.

    Raises
    ------
    UsageError
        If there is no catalogue for it.
    """
    if language not in LANGUAGES:
        raise UsageError(f"no language {language!r}; there are: {', '.join(LANGUAGES)}")
    name = f"messages_{language}.toml"
    raw = tomllib.loads(files("dashboards").joinpath(name).read_text(encoding="utf-8"))
    return Messages(language, dict(_flat(raw)))


@cache
def _english_terms(group: str) -> Mapping[str, str]:
    prefix = f"term.{group}."
    texts = load_messages("en").texts
    return {v: k.removeprefix(prefix) for k, v in texts.items() if k.startswith(prefix)}


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
