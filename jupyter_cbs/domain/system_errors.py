"""Why the operating system refuses, in words that fit in a sentence of either language; the system's own are English."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Final

from .text import Text

_DUTCH: Final[Mapping[int, str]] = {
    errno.EACCES: "geen toegang",
    errno.EBUSY: "het is in gebruik",
    errno.EDQUOT: "de ruimte is op",
    errno.EEXIST: "het bestaat al",
    errno.EFBIG: "het bestand wordt te groot",
    errno.EINVAL: "ongeldige aanroep",
    errno.EIO: "fout bij lezen of schrijven",
    errno.EISDIR: "het is een map",
    errno.ELOOP: "het is een verwijzing, of een kring van verwijzingen",
    errno.EMFILE: "te veel open bestanden",
    errno.ENAMETOOLONG: "de naam is te lang",
    errno.ENFILE: "te veel open bestanden",
    errno.ENODEV: "het apparaat bestaat niet",
    errno.ENOENT: "het bestand of de map bestaat niet",
    errno.ENOMEM: "er is niet genoeg geheugen",
    errno.ENOSPC: "de schijf is vol",
    errno.ENOTDIR: "het is geen map",
    errno.ENOTEMPTY: "de map is niet leeg",
    errno.ENXIO: "het apparaat of adres bestaat niet",
    errno.EPERM: "dat is niet toegestaan",
    errno.EROFS: "er kan hier alleen worden gelezen",
    errno.ESTALE: "het bestand is er niet meer",
    errno.ETIMEDOUT: "het duurde te lang",
    errno.ETXTBSY: "het programma is in gebruik",
}


def reason(error: OSError) -> Text:
    """Say why the operating system refused, without a full stop; what has no Dutch words here is said in the system's."""
    if not error.errno:
        return Text.model_validate(error.strerror or str(error) or type(error).__name__)
    said = os.strerror(error.errno)
    return Text(en=said, nl=_DUTCH.get(error.errno, said))
