"""Parts of the user's own, named by ``path/to/file.py:NAME`` or ``package.module:NAME``, and their errors in one line.

NAME may be followed by settings, plain values by keyword: ``my.py:Cutout(share=0.3)``.
"""

import ast
import difflib
import importlib
import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import blake2b
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from mindseye.errors import UserError, is_of_library, is_of_package, one_line
from mindseye.wording import did_you_mean

T = TypeVar("T")

_NAME = re.compile(r"(?P<place>.+?):(?P<name>[^\W\d]\w*)(?P<settings>\(.*\))?", re.DOTALL)
_MODULE = "mindseye_user_"
_PLAIN = (int, float, str, type(None))


def is_user_code(word: str) -> bool:
    """Whether a word names a part of the user's own: it leads to a Python file, or has a colon as ``module:NAME`` has."""
    return ":" in word or word.endswith(".py")


def load_object(spec: str, what: str = "NAME", fresh: bool = False, spawns: bool = False, unmade: bool = False) -> Any:
    """What ``file.py:NAME`` or ``package.module:NAME`` stands for; with settings, what it makes of them.

    Args:
        spec: the words. what: what they should name, for the message if they name nothing.
        fresh: run a file again even where this process has run it already and it has not changed since.
        spawns: import a file by its own name, where no other module has it: what it defines can then be sent to processes
            that are started within ``beside``.
        unmade: where there are settings, a ``functools.partial`` with them, for what is made of something more.

    Raises:
        UserError: if there is no such file, module or name, or the user's code fails.
    """
    place, name, settings = _split(spec, what)
    file = Path(place)
    if file.suffix == ".py" and not file.is_file():
        raise UserError(f"no file {place!r}")
    own_name = file.stem if spawns and file.suffix == ".py" and _is_free(file.stem, file.resolve()) else None
    with run_user_code(spec):
        module = _module_in(file.resolve(), fresh, own_name) if file.suffix == ".py" else importlib.import_module(place)
        made = getattr(module, name, None)
        if made is None:
            raise UserError(f"{place!r} has no {name!r}{_hint(name, module)}")
        if settings is None:
            return made
        return partial(made, **settings) if unmade else made(**settings)


def make_object(value: object, kind: type[T], key: str, spawns: bool = False) -> T:
    """An object of a kind from what a user gave: the object, its class, a function that makes it, or a name of one of these.

    Args:
        value: what was given. kind: what it must be or make. key: what it was given for, for messages. spawns: as
            ``load_object`` takes it.

    Raises:
        UserError: if it is nothing of that kind, or the user's code fails.
    """
    spec = value if isinstance(value, str) else name_object(value)
    made = load_object(value, spawns=spawns) if isinstance(value, str) else value
    if not isinstance(made, kind) and callable(made):
        with run_user_code(spec):
            made = made()
    if not isinstance(made, kind):
        raise UserError(f"{key} {spec!r} gives no {kind.__name__} but a {type(made).__name__}")
    return made


def name_object(part: object) -> str:
    """How a user's class, function or object is called in words, so that ``load_object`` finds it again.

    A part of a module of no package is named by its file's whole path; an object without a name by its class and settings.
    """
    if isinstance(part, partial):
        told = ", ".join(f"{key}={value!r}" for key, value in part.keywords.items() if _is_plain(value))
        return f"{name_object(part.func)}({told})" if told else name_object(part.func)
    is_named = isinstance(part, type | FunctionType)
    maker: Any = part if is_named else type(part)
    module = sys.modules.get(maker.__module__)
    file = getattr(module, "__file__", None)
    place = str(Path(file).absolute()) if file and not getattr(module, "__package__", None) else maker.__module__
    if is_named:
        return f"{place}:{maker.__qualname__}"
    own = next((name for name, value in vars(module).items() if value is part), None) if module else None
    return f"{place}:{own or maker.__qualname__ + settings_of(part)}"


def is_from_file(part: object) -> bool:
    """Whether a class, a function or an object comes from a file that ``load_object`` has read, and no import finds."""
    part = part.func if isinstance(part, partial) else part
    maker: Any = part if isinstance(part, type | FunctionType) else type(part)
    return str(maker.__module__).startswith(_MODULE)


def whole_path(spec: str) -> str:
    """``file.py:NAME`` with the file's whole path, so that a run can be continued from elsewhere; other words as they are."""
    match = _NAME.fullmatch(spec)
    if match is None or not match["place"].endswith(".py"):
        return spec
    return f"{Path(match['place']).absolute()}{spec[len(match['place']) :]}"


@contextmanager
def run_user_code(spec: str) -> Iterator[None]:
    """Run code of the user's: it may import what lies beside its file, its errors are one line, and the working folder is kept."""
    match = _NAME.fullmatch(spec)
    place = Path(match["place"] if match else ".")
    working = Path.cwd()
    folder = str(place.resolve().parent if place.suffix == ".py" else working)
    sys.path.insert(0, folder)
    try:
        with explain_errors(spec):
            yield
    finally:
        os.chdir(working)
        with suppress(ValueError):
            sys.path.remove(folder)


@contextmanager
def beside(part: object) -> Iterator[None]:
    """While a part of the user's runs for long: what lies beside its file can be imported, also in processes that it spawns.

    Multiprocessing hands the search path on. The folder comes last, so that nothing in it stands in another module's place.
    """
    module = sys.modules.get(type(part).__module__)
    file = getattr(module, "__file__", None)
    folder = str(Path(file).resolve().parent) if file else ""
    if not folder or folder in sys.path or getattr(module, "__package__", None):
        yield
        return
    sys.path.append(folder)
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(folder)


@contextmanager
def explain_errors(part: object, *passed: type[BaseException]) -> Iterator[None]:
    """Tell errors of the user's code in one line, with the place where they arose; those of the kinds ``passed`` stay.

    part: its name, or the class, function or object itself.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        if isinstance(error, (UserError, *passed)):
            raise
        spec = part if isinstance(part, str) else name_object(part)
        raise UserError(f"{spec!r} fails with {type(error).__name__}: {one_line(error)}{_where(error)}") from error


def _split(spec: str, what: str) -> tuple[str, str, dict[str, Any] | None]:
    match = _NAME.fullmatch(spec)
    if match is None:
        raise UserError(f"{spec!r} names no {what}; write path/to/file.py:{what} or package.module:{what}")
    if match["settings"] is None:
        return match["place"], match["name"], None
    try:
        call = ast.parse(f"f{match['settings']}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("no keywords")
        settings = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    except (ValueError, SyntaxError) as error:
        raise UserError(
            f"{spec!r}: settings are plain values by keyword, such as {match['name']}(share=0.3)"
        ) from error
    return match["place"], match["name"], settings


def _is_free(name: str, file: Path) -> bool:
    """Whether a module may have a name: no other has it, neither imported nor to be found."""
    known = sys.modules.get(name)
    if known is not None:
        return getattr(known, "__file__", None) == str(file)
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return found is None or found.origin == str(file)


def _module_in(file: Path, fresh: bool, name: str | None) -> ModuleType:
    # Dataclasses and pickle look a module up by its name; two files of one name are two modules.
    name = name or f"{_MODULE}{file.stem}_{blake2b(bytes(file), digest_size=4).hexdigest()}"
    stamp = file.stat().st_mtime_ns
    known = sys.modules.get(name)
    if known is not None and not fresh and vars(known).get("__changed__") == stamp:
        return known
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UserError(f"cannot import {str(file)!r}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    vars(module)["__changed__"] = stamp
    return module


def settings_of(part: object) -> str:
    """The plain settings of a user's object that are kept under their own names and not as by default, as a call has them."""
    try:
        parameters = inspect.signature(type(part)).parameters
    except (TypeError, ValueError):
        return ""
    told = []
    for name, parameter in parameters.items():
        value = getattr(part, name, getattr(part, f"_{name}", parameter.default))
        if value is not parameter.default and _is_plain(value) and value != parameter.default:
            told.append(f"{name}={value!r}")
    return f"({', '.join(told)})" if told else ""


def _is_plain(value: object) -> bool:
    return all(_is_plain(part) for part in value) if isinstance(value, tuple | list) else isinstance(value, _PLAIN)


def _where(error: BaseException) -> str:
    """The last line of the user's own that an error passed, else of whatever it called."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_of_package(frame.filename)]
    users = [frame for frame in frames if not is_of_library(frame.filename)]
    return "".join(f" ({Path(frame.filename).name}, line {frame.lineno})" for frame in (users or frames)[-1:])


def _hint(name: str, module: ModuleType) -> str:
    near: list[str] = difflib.get_close_matches(name, [known for known in vars(module) if known[0] != "_"], n=4)
    return f"; {did_you_mean(near)}" if near else ""
