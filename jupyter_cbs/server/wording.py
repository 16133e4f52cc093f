"""What Jupyter's own routes refuse, said to the person in their language: Jupyter speaks English, and to programmers."""

from __future__ import annotations

import re
from typing import Any, Final

from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..domain.text import Text
from . import language

_NO_KERNEL: Final = (
    Text(
        en="This kernel is no longer there: it ended, or was shut down from another window.",
        nl="Deze kernel is er niet meer: hij is gestopt, of in een ander venster afgesloten.",
    ),
    Text(
        en="Start one from the Kernel menu and run the cells again; the notebook itself is untouched.",
        nl="Start er een via het menu Kernel en voer de cellen opnieuw uit; het notebook zelf is ongemoeid.",
    ),
)
_NO_BODY: Final = (
    Text(en="The request has no content, or lacks a field that it needs.", nl="Het verzoek heeft geen inhoud, of mist een veld dat nodig is."),
    Text(en="Send a JSON object that names path and type.", nl="Stuur een JSON-object met path en type."),
)
HIDDEN: Final = (
    Text(
        en="Names do not begin with a dot here: such files are not shown.",
        nl="Namen beginnen hier niet met een punt: zulke bestanden worden niet getoond.",
    ),
    Text(en="Choose another name.", nl="Kies een andere naam."),
)
UNKNOWN_KERNEL: Final = (
    Text(en="There is no kernel of that name here.", nl="Er is hier geen kernel met die naam."),
    Text(en="Choose one of those the launcher shows.", nl="Kies een van de kernels die de starter toont."),
)
_WORDS: Final[tuple[tuple[re.Pattern[str], tuple[Text, Text]], ...]] = (
    (re.compile(r"Kernel does not exist|No such kernel|Kernel deleted before session"), _NO_KERNEL),
    (re.compile(r"Cannot (rename|copy|create|delete) file or directory"), HIDDEN),
    (
        re.compile(r"Session not found"),
        (
            Text(en="This notebook is no longer connected with a kernel.", nl="Dit notebook is niet meer met een kernel verbonden."),
            Text(
                en="Open the notebook again, or choose a kernel from the Kernel menu.",
                nl="Open het notebook opnieuw, of kies een kernel via het menu Kernel.",
            ),
        ),
    ),
    (
        re.compile(r"(Format|Content|Hash argument) .* is invalid"),
        (
            Text(
                en="The address asks for a file in a way there is not, so nothing was read.",
                nl="Het adres vraagt om een bestand op een manier die er niet is; er is niets gelezen.",
            ),
            Text(
                en="In an address format is text or base64, content and hash are 0 or 1; or leave them out.",
                nl="In een adres is format text of base64, zijn content en hash 0 of 1; of laat ze weg.",
            ),
        ),
    ),
    (
        re.compile(r"No such directory"),
        (
            Text(en="There is no such folder.", nl="Die map bestaat niet."),
            Text(
                en="It may have been moved, renamed or deleted: look in the file browser.",
                nl="Misschien is de map verplaatst, hernoemd of verwijderd: kijk in de bestandsbrowser.",
            ),
        ),
    ),
    (re.compile(r"Kernel spec .* not found"), UNKNOWN_KERNEL),
    (
        re.compile(r"Settings not found|Schema not found|Setting/schema directory not found"),
        (
            Text(en="There are no settings of that name, so nothing was kept.", nl="Er zijn geen instellingen met die naam; er is niets bewaard."),
            Text(en="The settings there are stand in the Settings menu.", nl="De instellingen die er zijn staan in het menu Instellingen."),
        ),
    ),
    (re.compile(r"No JSON data provided|JSON body missing|Missing field in JSON data"), _NO_BODY),
    (
        re.compile(r"Cannot POST to files|Cannot copy with PUT"),
        (
            Text(
                en="A file is not made or copied in this way; nothing was changed.",
                nl="Zo wordt geen bestand gemaakt of gekopieerd; er is niets gewijzigd.",
            ),
            Text(
                en="Save a file with PUT; make a new one or a copy with POST to its folder.",
                nl="Bewaar een bestand met PUT; maak een nieuw bestand of een kopie met POST naar de map.",
            ),
        ),
    ),
)


def reworded(said: str) -> str | None:
    """Say one of Jupyter's refusals in the language of the request that is being handled.

    Parameters
    ----------
    said : str
        Jupyter's words.

    Returns
    -------
    str or None
        What happened and what to do; None for what Jupyter does not say by itself.
    """
    for pattern, texts in _WORDS:
        if pattern.match(said):
            return " ".join(text.say(language.current()) for text in texts)
    return None


class Worded(APIHandler):
    """Mixin for handlers of Jupyter's API; statuses and the shape of answers stay Jupyter's."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error, in the person's words where it was in Jupyter's."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        if isinstance(error, web.HTTPError) and (told := reworded(str(error.log_message or ""))):
            kwargs["exc_info"] = (web.HTTPError, web.HTTPError(error.status_code, told, reason=error.reason), error.__traceback__)
        super().write_error(status_code, **kwargs)
