"""From the view to text: templates hold layout and nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from pystator_gen import view


def template_folders() -> list[Path]:
    """Where the templates may be: beside this package in a wheel, in the checkout's root otherwise."""
    here = Path(__file__).resolve().parent
    return [here / "templates", here.parents[1] / "templates"]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(list(map(str, template_folders()))),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
    )


@cache
def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


def render_module(module: view.Module) -> str:
    """The text of a machine's module, not yet formatted."""
    return _template("module.py.jinja").render(
        module=module, machine=module.machine, session=module.session, orchestrator=module.orchestrator
    )


def render_views(views: view.Views) -> str:
    """The text of the module of a machine's views, not yet formatted."""
    return _template("views.py.jinja").render(views=views, module=views)


def render_package(package: view.Package) -> str:
    """The text of the package's ``__init__``, not yet formatted."""
    return _template("package.py.jinja").render(package=package)
