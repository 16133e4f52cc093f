"""Errors of the domain on their way to a browser."""

from __future__ import annotations

from tornado import web

from ..domain.errors import CbsError, NotFound, Unavailable
from ..domain.text import Language, Text
from ..system.beneath import printable
from .language import current


def http_error(error: CbsError, lang: Language | None = None) -> web.HTTPError:
    """Make the error that Jupyter's own handlers show to the person.

    Tornado treats the message as a format string and Jupyter shows it as it is, so a percent sign cannot pass
    unharmed through both: it is written as a word.
    """
    lang = lang or current()
    text = error.say(lang).replace("%", "procent" if lang == "nl" else "percent")
    return web.HTTPError(error.status, text)


def no_such_file(path: str) -> NotFound:
    """Say that there is no such file or folder, or none that is shown."""
    shown = printable(path)
    return NotFound(
        "no_such_file",
        Text(en=f"There is no '{shown}'.", nl=f"'{shown}' bestaat niet."),
        Text(
            en="It may have been moved, renamed or deleted: look in the file browser.",
            nl="Misschien is het verplaatst, hernoemd of verwijderd: kijk in de bestandsbrowser.",
        ),
    )


def broker_down() -> Unavailable:
    """Say that the broker does not answer."""
    return Unavailable(
        "broker_down",
        Text(
            en="The workspace's broker does not answer, so nothing can be looked up or changed right now. Your files are untouched.",
            nl="De broker van de werkomgeving antwoordt niet; er kan nu niets worden opgezocht of gewijzigd. Uw bestanden zijn ongemoeid.",
        ),
        Text(
            en="It usually returns within seconds and this page then recovers by itself. If it stays away, tell the administrator.",
            nl="Meestal is hij binnen enkele seconden terug; deze pagina herstelt dan vanzelf. Blijft hij weg, meld het de beheerder.",
        ),
    )


def no_deployment() -> Unavailable:
    """Say that this server was not started by a deployment."""
    return Unavailable(
        "no_deployment",
        Text(
            en="This Jupyter server belongs to no CBS deployment, so there is no project and no data here.",
            nl="Deze Jupyter-server hoort bij geen CBS-omgeving; er is hier geen project en er zijn geen gegevens.",
        ),
        Text(
            en="Start one with 'jupyter cbs demo' or 'jupyter cbs up', and open the address it prints.",
            nl="Start er een met 'jupyter cbs demo' of 'jupyter cbs up' en open het adres dat verschijnt.",
        ),
    )
