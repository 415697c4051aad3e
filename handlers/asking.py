"""How a question looks: its words, what has been answered, its buttons. From the path to a body, nothing else.

Pure: knows no session and no person, and changes nothing.
"""

from handlers.campaign import questionnaire
from handlers.campaign.walk import Step, Walk
from handlers.messages import Choice, Reply, Text
from handlers.texts import asks, plain, proxies


def question(path: Walk, step: Step, ahead: str) -> Text | Choice:
    """A question with its buttons; `ahead` is said before it in the same message."""
    asked, row = step.question, step.row
    ask = next((v.ask for v in asked.variants if path.holds(v.when, row)), asked.ask)
    whose = proxies.for_whom(path.setting.person) if path.setting.filled == "proxy" else ""
    body = asks.header(step.entry, path.entries, row, path.campaign.words.row) + path.fill(ask, row, plain.quote)
    if asked.kind == "review":
        cells = next(columns for number, columns in path.rows() if number == row)
        body += "\n\n" + "\n".join(asks.review_line(c.question.name, path.cell(c.question.id, row)) for c in cells)
    if asked.show_summary:
        body = "\n".join(lines(path)) + "\n\n" + body
    picked = questionnaire.picking(step)
    if picked:
        ahead = asks.picked_so_far(path.label(asked.id, row))
    elif step.given and step.given.open and step.given.values and asked.kind not in ("review", "fix", "submit"):
        body += "\n\n" + asks.given_before(path.cell(asked.id, row))
    options = [
        Reply(f"{n} {option.label}", f"{n} {option.label} #{step.mark}")
        for n, option in enumerate(path.choices(asked, row), 1)
        if option.id not in picked and not (picked and option.exclusive)
    ]
    if picked:
        options.append(Reply("选好了", f"选好了 #{step.mark}"))
    if asked.help_label and not picked:
        options.append(Reply(f"？ {asked.help_label}", "？"))
    markdown = whose + "\n\n".join(filter(None, [ahead, body]))
    title = plain.title(asked.name)
    return Choice(title, markdown, tuple(options)) if options else Text(markdown, title)


def lines(path: Walk) -> list[str]:
    """The answers so far, one line per entry, by the numbers «修改 3» takes."""
    lines = []
    for number in range(1, path.entries + 1):
        steps = [step for step in path.entry(number) if step.given]
        if not steps or steps[0].key == (path.place.key if path.place else ""):
            continue
        if steps[0].row:
            cells = [path.cell(s.question.id, s.row) for s in steps if s.question.kind not in ("review", "fix")]
            lines.append(asks.summary_line(number, _name(path, number), " / ".join(cells)))
        else:
            lines.append(asks.summary_line(number, _name(path, number), path.label(steps[0].question.id)))
    return lines


def entries(path: Walk, ahead: str) -> Choice:
    """The list to choose from after «修改»."""
    options = [
        Reply(f"{number} {_name(path, number)}", f"修改 {number}")
        for number in range(1, path.entries + 1)
        if any(step.given for step in path.entry(number))
    ]
    if path.place:
        options.append(Reply("继续", "继续"))
    whose = proxies.for_whom(path.setting.person) if path.setting.filled == "proxy" else ""
    return Choice(path.campaign.name, "\n".join([whose + ahead, "", *lines(path)]), tuple(options))


def _name(path: Walk, number: int) -> str:
    first = path.entry(number)[0]
    return f"{path.campaign.words.row_name}{first.row}" if first.row else first.question.name
