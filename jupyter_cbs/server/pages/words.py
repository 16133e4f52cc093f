"""What the pages outside JupyterLab say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...domain.text import Text

WORDS: Final[Mapping[str, Text]] = {
    "name": Text(en="CBS workspace", nl="CBS-werkomgeving"),
    "log_in": Text(en="Log in", nl="Inloggen"),
    "about": Text(
        en="A secure environment for analysing microdata. Log in to reach the files, data and kernels of your project.",
        nl="Een beveiligde omgeving voor onderzoek met microdata. Log in om bij de bestanden, gegevens en kernels van uw project te komen.",
    ),
    "token": Text(en="Token", nl="Token"),
    "token_hint": Text(
        en="The part after “token=” in the link you were given for this workspace.",
        nl="Het deel na ‘token=’ in de link die u voor deze werkomgeving hebt gekregen.",
    ),
    "no_token": Text(en="No token at hand?", nl="Geen token bij de hand?"),
    "open_link": Text(
        en="Open the link itself: it logs you in without this form.",
        nl="Open de link zelf: daarmee logt u in zonder dit formulier.",
    ),
    "ask": Text(
        en="If you have no link, or it no longer works, ask the administrator of the workspace for one.",
        nl="Hebt u geen link, of werkt hij niet meer? Vraag er dan een aan de beheerder van de werkomgeving.",
    ),
    "demo": Text(
        en="A demo shows everybody’s link in the terminal where it was started, and keeps them in its file demo.json.",
        nl="Een demo toont ieders link in de terminal waarin hij is gestart, en bewaart ze in het bestand demo.json.",
    ),
    "logged_out": Text(en="You are logged out", nl="U bent uitgelogd"),
    "kept": Text(
        en="Your saved files are kept and your kernels keep running.",
        nl="Uw opgeslagen bestanden zijn bewaard en uw kernels draaien door.",
    ),
    "unsaved": Text(
        en="What you had not saved yet is still in the tabs that are open; log in again to go on there. "
        "On a computer that others use too, close the browser.",
        nl="Wat u nog niet had opgeslagen, staat nog in de tabbladen die open zijn; log opnieuw in om daar verder te gaan. "
        "Sluit de browser op een computer die ook anderen gebruiken.",
    ),
    "log_in_again": Text(en="Log in again", nl="Opnieuw inloggen"),
    "to_workspace": Text(en="Go to the workspace", nl="Naar de werkomgeving"),
    "for_administrator": Text(en="For the administrator:", nl="Voor de beheerder:"),
}

WRONG_TOKEN: Final = Text(
    en="This is not the token of this workspace. Everybody has a token of their own in each project: take the one from your link to this address.",
    nl="Dit is niet het token van deze werkomgeving. Ieder heeft per project een eigen token: neem dat uit uw link naar dit adres.",
)

FORM_NOT_TAKEN: Final = Text(
    en="The form was not accepted: it was open for too long, or your browser keeps no cookies for this address. Try again, and allow its cookies.",
    nl="Het formulier is niet aangenomen: het stond te lang open, of uw browser bewaart geen cookies voor dit adres. "
    "Probeer het opnieuw en sta de cookies toe.",
)


@dataclass(frozen=True)
class Reason:
    """Why a page is not there: in a few words, what happened, what to do."""

    title: Text
    message: Text
    remedy: Text


_BACK: Final = Text(
    en="Go to the workspace and find what you need from there.",
    nl="Ga naar de werkomgeving en zoek daar wat u nodig hebt.",
)

WHY: Final[Mapping[int, Reason]] = {
    403: Reason(
        Text(en="You cannot open this page", nl="U kunt deze pagina niet openen"),
        Text(
            en="The workspace does not show this page to you, or not in the way it was asked for.",
            nl="De werkomgeving toont u deze pagina niet, of niet op de manier waarop erom is gevraagd.",
        ),
        _BACK,
    ),
    404: Reason(
        Text(en="There is no such page", nl="Deze pagina bestaat niet"),
        Text(en="The workspace has nothing at this address.", nl="De werkomgeving heeft niets op dit adres."),
        Text(
            en="Check the address for a typing error, or go to the workspace and find what you need from there.",
            nl="Kijk of het adres een tikfout bevat, of ga naar de werkomgeving en zoek daar wat u nodig hebt.",
        ),
    ),
}

REFUSED: Final = Reason(
    Text(en="This request was not accepted", nl="Dit verzoek is niet aangenomen"),
    Text(
        en="The workspace could do nothing with what the browser sent to this address.",
        nl="De werkomgeving kon niets met wat de browser naar dit adres stuurde.",
    ),
    _BACK,
)
"""Any other refusal."""

OUT_OF_REACH: Final = Reason(
    Text(en="The workspace is out of reach", nl="De werkomgeving is niet bereikbaar"),
    Text(
        en="A part of the workspace does not answer at the moment. Your saved files are kept.",
        nl="Een onderdeel van de werkomgeving antwoordt op dit moment niet. Uw opgeslagen bestanden zijn bewaard.",
    ),
    Text(
        en="It usually returns within seconds: try again. If it stays away, tell the administrator.",
        nl="Meestal is het binnen enkele seconden terug: probeer het opnieuw. Blijft het weg, meld het dan aan de beheerder.",
    ),
)

WENT_WRONG: Final = Reason(
    Text(en="Something went wrong", nl="Er is iets misgegaan"),
    Text(
        en="The workspace failed to make this page. That is not because of what you did.",
        nl="De werkomgeving kon deze pagina niet maken. Dat ligt niet aan wat u deed.",
    ),
    Text(
        en="Try again. If it happens again, tell the administrator what is written below.",
        nl="Probeer het opnieuw. Gebeurt het weer, geef de beheerder dan door wat hieronder staat.",
    ),
)
