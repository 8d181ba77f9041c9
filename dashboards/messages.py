"""Every sentence a page can say, in one catalogue per language.

A catalogue is a TOML file (``messages_en.toml``) of dotted keys; ``{name}`` is filled in. Keys
that end in ``.one`` and ``.many`` are chosen by a count.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from arousal.errors import UsageError

__all__ = ["LANGUAGES", "Messages", "load_messages"]

LANGUAGES = ("en",)


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


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
