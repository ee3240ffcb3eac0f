"""``gradcheck conventions``: check the edge points, show the table, write it where it was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gradcheck.errors import InputError


def conventions(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="FORMULAS/KINDS", help="Such as 'abs(x)', tie or own; default: all.")
    ] = None,
    *,
    backends: Annotated[
        list[str] | None,
        typer.Option("--backends", metavar="ENGINES", help="Default: torch, jax and tensorflow, where installed."),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the table as JSON.")] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write it as a page.")] = None,
    since: Annotated[
        Path | None, typer.Option("--since", metavar="FILE", help="Show what changed since --json wrote this table.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as a web page.")] = None,
) -> None:
    """Show what each framework returns at kinks, ties, zeros and saturations, and what to think of it.

    The exit code is 0 whatever the verdicts are: at these points frameworks are known to differ.
    """
    from rich.console import Console

    from gradcheck.conventions.changes import changes, earlier
    from gradcheck.conventions.points import edges
    from gradcheck.conventions.rendering import render, to_html, to_markdown
    from gradcheck.conventions.survey import survey
    from gradcheck.options import Options

    before = None if since is None else earlier(_read(since))
    engines = tuple(name.strip() for option in backends or () for name in option.split(",") if name.strip())
    chosen = edges.select(names or ())
    table = survey(chosen, Options(backends=engines) if engines else None)
    render(table, Console(width=None if _is_terminal() else 240))
    if before is not None:
        found = changes(before, table)
        print(*found, f"{len(found)} changed since {since}", sep="\n")
    for path, write in ((json, type(table).to_json), (markdown, to_markdown), (html, to_html)):
        if path is not None:
            _write(path, write(table))


def _is_terminal() -> bool:
    import sys

    return sys.stdout.isatty()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is no text'}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
