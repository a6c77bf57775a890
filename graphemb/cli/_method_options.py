"""Options of a command made from a backend's constructor: names, types, defaults, descriptions."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import click

from graphemb.errors import nearest
from graphemb.registry import Registry

__all__ = ["MethodCommand", "given", "options_of"]


class MethodCommand(click.Command):
    """A command with ``--method NAME``, whose further options are that method's parameters.

    The class is imported only when its name stands on the command line, so that help without a
    method costs nothing.

    Parameters
    ----------
    registry : callable
        Gives the registry of methods.
    own : mapping
        Parameter → option of the command that sets it already ("random_state" → "--seed").

    """

    def __init__(self, *args: Any, registry: Any, own: Mapping[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.registry, self.own = registry, own

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's options and, once the method is known, the method's."""
        return [*super().get_params(ctx), *ctx.meta.get("graphemb.method_options", ())]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the method first, then parse with its options; suggest for unknown ones."""
        name = _value_of("--method", args)
        registry: Registry = self.registry()
        if name is not None:
            ctx.meta["graphemb.method_options"] = options_of(registry[name], self.own)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            known = [o for p in self.get_params(ctx) for o in (*p.opts, *p.secondary_opts)]
            hint = nearest(str(error.option_name), [o for o in known if o.startswith("--")])
            about = f"{ctx.command_path} --method {name or 'NAME'} --help lists them."
            raise click.UsageError(
                f"{error.option_name}: is no option of {name or 'this command'}.{hint} {about}", ctx
            ) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the command's options, then the method's (or the methods there are)."""
        options = [p for p in super().get_params(ctx) if isinstance(p, click.Option)]
        common = [p.get_help_record(ctx) for p in options]
        with formatter.section("Options"):
            formatter.write_dl([record for record in common if record is not None])
        extra = ctx.meta.get("graphemb.method_options", ())
        found = [p.get_help_record(ctx) for p in extra]
        if found:
            with formatter.section("Options of the method"):
                formatter.write_dl([record for record in found if record is not None])
        elif not extra:
            with formatter.section("Methods"):
                formatter.write_text(", ".join(self.registry()))
                formatter.write_text(f"Options of one: {ctx.command_path} --method NAME --help")


def _value_of(option: str, args: Sequence[str]) -> str | None:
    """Return the value given to `option`, before anything is parsed."""
    found = None
    for at, arg in enumerate(args):
        if arg == "--":
            break
        if arg.startswith(f"{option}="):
            found = arg.partition("=")[2]
        elif arg == option and at + 1 < len(args):
            found = args[at + 1]
    return found


def options_of(cls: Any, own: Mapping[str, str]) -> list[click.Option]:
    """Return one option a parameter of `cls`, but for those that the command has already."""
    hints = typing.get_type_hints(cls.__init__)
    about = _descriptions(cls)
    made = []
    for name, parameter in cls.parameters().items():
        if name in own:
            continue
        flag = f"--{name.replace('_', '-')}"
        hint = hints.get(name, type(parameter.default))
        kind, optional = _kind_of(hint, parameter.default)
        text = about.get(name, "").replace("`", "")
        needed = parameter.default is parameter.empty
        text += "" if needed else f"  [default: {_shown(parameter.default)}]"
        if kind is bool and not optional:
            made.append(
                click.Option(
                    [f"{flag}/--no-{flag[2:]}", name], default=parameter.default, help=text
                )
            )  # fmt: skip
            continue
        made.append(
            click.Option(
                [flag, name], type=_Value(kind, optional), help=text, required=needed
            )
        )  # fmt: skip
    return made


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(map(str, value)) or "empty"
    if value is None or isinstance(value, bool):
        return "none" if value is None else "yes" if value else "no"
    return str(value)


def _kind_of(hint: Any, default: Any) -> tuple[Any, bool]:
    """Return what values look like, and whether none is one of them."""
    parts = (
        typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else ()
    )
    optional = type(None) in parts or hint is type(None)
    parts = tuple(part for part in parts if part is not type(None))
    return (parts[0] if len(parts) == 1 else parts or (hint,)[0]), optional


class _Value(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Text to a value of an annotated type: numbers, words of a Literal, lists, none."""

    def __init__(self, kind: Any, optional: bool) -> None:
        self.kind, self.optional = kind, optional
        self.name = _metavar(kind)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return how the value is called in help."""
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, or fail naming what it must be."""
        if not isinstance(value, str):
            return value
        if self.optional and value.casefold() == "none":
            return _NONE
        try:
            return _read(value, self.kind)
        except ValueError:
            none = ", or none" if self.optional else ""
            self.fail(f"must be {self.name}{none}; got {value!r}.", param, ctx)


#: What stands for a given None, since None means that the option was left out.
_NONE = object()


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, with the word none as None."""
    return {k: None if v is _NONE else v for k, v in values.items() if v is not None}


def _metavar(kind: Any) -> str:
    if isinstance(kind, tuple):
        return "|".join(_metavar(part) for part in kind)
    if typing.get_origin(kind) is typing.Literal:
        return "|".join(map(str, typing.get_args(kind)))
    if _is_list(kind):
        item = _metavar(_item(kind))
        return f"{item},{item},…"
    names = {int: "INTEGER", float: "NUMBER", bool: "yes|no", str: "TEXT"}
    return names.get(kind, "VALUE")


def _is_list(kind: Any) -> bool:
    origin = typing.get_origin(kind) or kind
    return inspect.isclass(origin) and origin is not str and issubclass(origin, Sequence)


def _item(kind: Any) -> Any:
    parts = [part for part in typing.get_args(kind) if part is not Ellipsis]
    return parts[0] if parts else float


def _read(text: str, kind: Any) -> Any:
    if isinstance(kind, tuple):
        for part in sorted(kind, key=lambda p: p is str):
            try:
                return _read(text, part)
            except ValueError:
                continue
        raise ValueError(text)
    if typing.get_origin(kind) is typing.Literal:
        words = {str(word): word for word in typing.get_args(kind)}
        if text not in words:
            raise ValueError(text)
        return words[text]
    if _is_list(kind):
        return tuple(_read(part.strip(), _item(kind)) for part in text.split(",") if part.strip())
    if kind is bool:
        words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
        if text.casefold() not in words:
            raise ValueError(text)
        return words[text.casefold()]
    if kind in (int, float) and "_" in text:
        raise ValueError(text)
    return kind(text) if kind in (int, float, str) else _guess(text)


def _guess(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


_ENTRY = re.compile(r"^([A-Za-z_][\w, ]*) :.*$")


def _descriptions(cls: Any) -> dict[str, str]:
    """Return what the numpydoc section Parameters says of each name, on one line."""
    found: dict[str, str] = {}
    inside = False
    names: list[str] = []
    lines = (inspect.getdoc(cls) or "").split("\n")
    for line, under in zip(lines, [*lines[1:], ""], strict=True):
        if under.startswith("---"):
            inside, names = line.strip() == "Parameters", []
        elif inside and (entry := _ENTRY.match(line)):
            names = [name.strip() for name in entry[1].split(",")]
        elif inside and line.startswith("    "):
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found
