"""Pages of the documentation that are made from the code: commands, columns, modules.

The code is the one place where they are written; what stands in ``docs/reference`` is made anew by
every build and is not kept in git.
"""

from __future__ import annotations

import importlib
import pkgutil
import shutil
from collections.abc import Iterator
from pathlib import Path

import click

import arousal
import dashboards
from arousal.tables import TABLES, Column, Table

__all__ = ["columns_page", "commands_page", "module_pages", "write"]

COMMANDS = "arousal.cli"
"""How modules begin whose contents are commands, which have a page of their own."""


def write(folder: Path) -> None:
    """Write every generated page.

    Parameters
    ----------
    folder : Path
        Emptied first.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "modules").mkdir(parents=True)
    (folder / "commands.md").write_text(commands_page(), encoding="utf-8")
    (folder / "columns.md").write_text(columns_page(), encoding="utf-8")
    for name, text in module_pages():
        (folder / "modules" / f"{name}.md").write_text(text, encoding="utf-8")


def commands_page() -> str:
    """Return the help of every command as Markdown, in the order of ``arousal --help``."""
    from arousal.cli import cli

    parts = ["# Commands\n", "What `arousal COMMAND --help` prints.\n"]
    parts += [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(cli, "arousal", None)]
    return "\n".join(parts)


def _helps(
    command: click.Command, path: str, parent: click.Context | None
) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command, info_name=path.rsplit(" ", 1)[-1], parent=parent, terminal_width=96
    )
    yield path, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _helps(below, f"{path} {name}", context)


def columns_page() -> str:
    """Return the data dictionary: every column of every table, from its declaration."""
    lead = (
        "Every table that `arousal` writes. The same text stands in the `.json` beside each "
        "`.tsv`; a missing value is `n/a` in a file and NULL or NaN in memory.\n"
    )
    tables = (_table(table) for table in sorted(TABLES, key=lambda t: t.name))
    return "\n".join(["# Data dictionary\n", lead, *tables])


def _table(table: Table) -> str:
    head = f"## {table.name}\n\n{table.meaning}\n\nA row is one {' × '.join(table.key)}.\n"
    rows = "\n".join(_row(column) for column in table.columns)
    return f"{head}\n| column | type | unit | meaning | source |\n|---|---|---|---|---|\n{rows}\n"


def _row(column: Column) -> str:
    sentences = [column.meaning]
    if column.levels:
        sentences.append(f"One of: {', '.join(level or '(empty)' for level in column.levels)}")
    if column.low is not None and column.high is not None:
        sentences.append(f"From {column.low:g} to {column.high:g}")
    elif column.low is not None:
        sentences.append(f"{column.low:g} or more")
    elif column.high is not None:
        sentences.append(f"{column.high:g} or less")
    told = " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence)
    cells = (f"`{column.name}`", column.dtype, column.unit, told, column.source)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def module_pages() -> Iterator[tuple[str, str]]:
    """Yield a page for each room: name and Markdown that lets Sphinx read the docstrings."""
    for package in (arousal, dashboards):
        rooms: dict[str, list[str]] = {}
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.startswith(COMMANDS) or not _public(module.name):
                continue
            room = (
                ".".join(module.name.split(".")[:2]) if module.name.count(".") > 1 else module.name
            )
            rooms.setdefault(room, []).append(module.name)
        for room, modules in rooms.items():
            body = "\n".join(_module(name, own=name != room) for name in modules)
            yield room, f"# {room}\n\n{body}"


def _public(name: str) -> bool:
    return hasattr(importlib.import_module(name), "__all__")


def _module(name: str, *, own: bool) -> str:
    title = f"## {name.split('.', 2)[2]}\n\n" if own else ""
    # A package's front only repeats the names of its modules.
    front = hasattr(importlib.import_module(name), "__path__")
    members = "\n:no-members:" if front else ""
    return f"{title}```{{eval-rst}}\n.. automodule:: {name}{_indented(members)}\n```\n"


def _indented(option: str) -> str:
    return option.replace("\n", "\n   ") if option else ""
