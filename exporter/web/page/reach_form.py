"""The form for the path from a container to a target; reach.js draws the answer of /api/v1/explain below it."""

from exporter.core.views.host_view import HostView
from exporter.web.page.markup import Html, el, text

NAMES = "container-names"  # the id of the list of names


def reach_form() -> Html:
    """Write the section. It stands outside of main, which is replaced when the host has changed."""
    source = el("input", name="from", list=NAMES, required=True, autocomplete="off", placeholder="web", maxlength=256)
    target = el("input", name="to", list=NAMES, required=True, autocomplete="off", placeholder="db:5432", maxlength=256)
    form = el(
        "form",
        el("label", text("From container "), source),
        el("label", text("to "), target),
        el("button", text("Explain"), type="submit"),
        action="/api/v1/explain",
        method="get",
    )
    answer = el("div", id="reach-answer", aria_live="polite")
    title = el("h2", text("Does a container reach another one?"), id="reach-title")
    hint = el("p", text("The target is a container, a name, an address, host or internet, with :PORT or :PORT/udp."))
    return el("section", title, form, hint, answer, id="reach", aria_labelledby="reach-title")


def container_names(view: HostView) -> Html:
    """Write the list of names that the form offers."""
    options = (el("option", value=name) for name in sorted(container.name for container in view.containers))
    return el("datalist", *options, id=NAMES)
