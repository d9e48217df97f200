"""The config classes: per parallel state, a value that says what is active in each of its regions (`S6.2`)."""

from __future__ import annotations

from pystator_gen import model, naming, view
from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.lower.docstrings import docstring, state_text


def active(found: model.Active, prefix: str) -> str:
    """The expression for what is active: a member of the state enum, or a config."""
    if isinstance(found, model.State):
        return f"{prefix}State.{found.member}"
    members = {region: naming.config_property(region) for region in found.parts}
    parts = (f"{members[region]}={active(part, prefix)}" for region, part in found.parts.items())
    return f"{naming.config_class(prefix, found.container.name)}({', '.join(parts)})"


def configs(machine: model.Machine, imports: Imports) -> tuple[view.Config, ...]:
    """The config classes of a machine, those first that others need."""
    rows = sorted((row for row in machine.rows if row.regions), key=lambda row: -len(row.state.ancestors))
    return tuple(_config(machine, row, imports) for row in rows)


def _config(machine: model.Machine, row: model.Row, imports: Imports) -> view.Config:
    name = naming.config_class(machine.prefix, row.state.name)
    fields = tuple(_field(machine, region, f"_{name}_{region.member}", imports) for region in row.regions)
    return view.Config(
        name=name,
        docstring=docstring(
            f"What is active in each region of `{row.state.name}`.\n\n{state_text(machine, row.state)}"
        ),
        state=python_literal(row.state.name),
        signature=", ".join(f"{field.name}: {field.alias}" for field in fields),
        values=f"{{{', '.join(f'{field.literal}: {field.name}' for field in fields)}}}",
        property=imports.builtin("property"),
        fields=fields,
    )


def _field(machine: model.Machine, region: model.Region, alias: str, imports: Imports) -> view.ConfigField:
    leaves = [f"{machine.prefix}State.{state.member}" for state in region.resting if state.is_leaf]
    inner = [naming.config_class(machine.prefix, state.name) for state in region.resting if state.is_parallel]
    literal = [f"{imports.typing('Literal')}[{', '.join(leaves)}]"] if leaves else []
    return view.ConfigField(
        region.member,
        python_literal(region.name),
        alias,
        " | ".join((*literal, *inner)),
        "".join(f"{name}, " for name in (*leaves, *inner)),
        docstring(region.description or f"What is active in the region `{region.name}`."),
    )
