"""Templates to answers: the one place that knows Jinja2."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.templating import Jinja2Templates

from server.folders import folder
from server.web.assets import address_of
from server.web.contexts import THEMES, Context, ProblemContext, Theme
from server.web.cookies import let_visit

_templates = Jinja2Templates(directory=folder("templates"))  # autoescape is on for every .html
_templates.env.globals["asset"] = address_of


def compile_all() -> None:
    """Compile all templates, so that the first page does not wait for it."""
    for name in _templates.env.list_templates(extensions=["html"]):
        _templates.env.get_template(name)


def render(request: Request, template: str, context: Context, status: int = 200) -> HTMLResponse:
    """A page or a panel from its template and context.

    The visitor's cookie comes with any page, except one that is opened by a link to watch.
    """
    answer = _templates.TemplateResponse(request, template, context.variables(), status_code=status)
    if template.startswith("pages/") and not request.query_params.get("key"):
        let_visit(request, answer)
    return answer


def rendered(template: str, context: Context) -> str:
    """The text of a page or a panel, for whoever does more with it than answer."""
    return _templates.get_template(template).render(context.variables())


def problem_page(request: Request, *, status: int, title: str, detail: str, hint: str = "") -> HTMLResponse:
    """An error as a page, for a browser that asked for one."""
    context = ProblemContext(title=title, theme=chosen_theme(request), status=status, detail=detail, hint=hint)
    return render(request, "pages/problem.html", context, status)


def chosen_theme(request: Request) -> Theme:
    """The theme that the visitor chose: a cookie, so that the first paint is right without an inline script."""
    cookie = request.cookies.get("theme", "")
    return next((theme for theme in THEMES if theme == cookie), "auto")
