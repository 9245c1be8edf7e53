"""Templates, styles and scripts of the pages, as they come with the package."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

PACKAGE = "mindseye.report.page"


def render(name: str, **values: Any) -> str:
    """The template of this name with these values, each escaped unless it is markup already."""
    return _environment().get_template(name).render(**values)


@cache
def style(*names: str) -> Markup:
    """Some style sheets as one."""
    return Markup("\n".join(_text("style", f"{name}.css") for name in names))


@cache
def script(*names: str) -> Markup:
    """Some scripts as one, which shares its names with nothing else on the page."""
    parts = "\n".join(_text("script", f"{name}.js") for name in names)
    return Markup(f'(() => {{\n"use strict";\n{parts}\n}})();')


def policy(*scripts: str) -> str:
    """What a browser is to allow the page: its own scripts and inlined pictures, and no request of any kind.

    Content Security Policy Level 3; the scripts are named by their digests, so that no other would run, wherever it came from.
    """
    digests = [f"'sha256-{_digest(code)}'" for code in scripts]
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src {' '.join(digests)}; base-uri 'none'; form-action 'none'"
    )


def inline_parts(styles: Sequence[str], scripts: Sequence[str]) -> dict[str, str]:
    """What a page of one file has in itself, by the names that ``head.html`` and the pages have for it.

    styles, scripts: by name, in their order; what is decided before the first paint comes with them.
    """
    early, code = script("early"), script(*scripts)
    return {"policy": policy(early, code), "style": style(*styles), "early": early, "script": code}


def site_policy(*scripts: str) -> str:
    """As ``policy`` for a page of a site: it may load styles, scripts and pictures that lie beside it, from disk too."""
    digests = [f"'sha256-{_digest(code)}'" for code in scripts]
    own = "'self' file:"
    return (
        f"default-src 'none'; img-src {own} data:; style-src {own} 'unsafe-inline'; "
        f"script-src {own} {' '.join(digests)}; base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(PACKAGE, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text(folder: str, name: str) -> str:
    return files(PACKAGE).joinpath(folder, name).read_text("utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
