"""The drawing of the ticket machine and the table of its commands, made from the code for `docs/tickets.md`."""

from core.auth import PERMISSIONS, Permission, Role
from routing.granting import BY_CO_HANDLERS, BY_LEAD_TOO, COMMANDS, Command, limits
from routing.messages import say
from routing.workflow import TicketMachine

BEGIN, END = "<!-- the machine, from the code -->", "<!-- end of the machine -->"


def machine() -> str:
    """Return the drawing (Mermaid) and the table of commands between their marks, as the documentation holds them."""
    return f"{BEGIN}\n```mermaid\n{_drawing()}\n```\n\n{_table()}\n{END}"


def redrawn(page: str) -> str:
    """Return a page of the documentation with what stands between the marks made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + machine() + after


def _drawing() -> str:
    lines = ["stateDiagram-v2", "    [*] --> new"]
    between: dict[tuple[str, str], list[str]] = {}
    for state in TicketMachine.states:
        for transition in state.transitions:
            if transition.target is not None and transition.target.id != state.id:
                names = between.setdefault((state.id, transition.target.id), [])
                names.extend(event.id for event in transition.events if event.id not in names)
    lines += [f"    {source} --> {target}: {', '.join(names)}" for (source, target), names in between.items()]
    return "\n".join(lines)


def _table() -> str:
    rows = ["| command | 中文 | who | from | refused, in words, where |", "|---|---|---|---|---|"]
    for name, command in COMMANDS.items():
        states = ", ".join(state.id for state in TicketMachine.states if _leaves(state.id, command))
        guarded = say(f"refused.{GUARDED_BY.get(name, name)}", "en", **limits()) if command.guard else ""
        rows.append(f"| `{name}` | {say(f'command.{name}', 'zh_CN')} | {_who(name, command)} | {states} | {guarded} |")
    return "\n".join(rows)


# The sentence that says why a guard refuses, where it is not the command's own.
GUARDED_BY = {"return_to_centre": "return_times", "ask_suspension": "applied"}


def _leaves(state: str, command: Command) -> bool:
    found = next(each for each in TicketMachine.states if each.id == state)
    return any(event.id in command.events for transition in found.transitions for event in transition.events)


def _who(name: str, command: Command) -> str:
    if name in BY_CO_HANDLERS:
        return "the co-handler that was asked"
    if command.permission is Permission.TICKET_HANDLE:
        return "the department that leads"
    who = [str(role) for role in (Role.AGENT, Role.SUPERVISOR) if command.permission in PERMISSIONS[role]]
    if command.permission is Permission.SETTINGS:
        who = [str(Role.ADMINISTRATOR)]
    if name in BY_LEAD_TOO:
        who.append("the department that leads")
    if name == "reassign":
        who.append("a district to its street, a street to its grid")
    return ", ".join([*who, *(["the citizen"] if command.citizen else [])])
