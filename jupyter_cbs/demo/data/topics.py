"""Metadata of the generated topics: real names, types and codes (facts: catalogue.json), labels in Dutch as CBS gives them.

Where the facts have no label or code list it is ours; DELICT, SSECT and WPOTYPEPO are such cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...domain.dataset import VariableRole
from .codes import COUNTRIES, EDUCATION, LEVELS_OF_ADVICE, MUNICIPALITIES, OFFENCES, SECTORS


@dataclass(frozen=True)
class Column:
    """A column of a topic."""

    name: str
    label: str
    role: VariableRole
    codes: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True)
class File:
    """A file of a topic: its path beneath the theme folder of the topic, and its period."""

    path: str
    period: str


@dataclass(frozen=True)
class Topic:
    """A topic with everything its data package says."""

    name: str
    theme: str
    title: str
    description: str
    population: str
    unit: str
    unit_key: tuple[str, ...]
    columns: tuple[Column, ...]
    files: tuple[File, ...]
    rule_profile: str = "default"
    institution_key: str | None = None
    own_folder: str = ""

    @property
    def folder(self) -> str:
        """Folder beneath the catalogue."""
        return f"{self.theme}/{self.own_folder or self.name}"


_I, _N, _Q, _S, _M = VariableRole.IDENTIFIER, VariableRole.INSTITUTION, VariableRole.QUASI, VariableRole.SENSITIVE, VariableRole.MEASURE
_LINK = {
    "R": "Komt voor in het centraal koppelbestand personen; alleen R is koppelbaar",
    "S": "Niet gevonden: RINPERSOON bevat een versleuteld BSN",
    "F": "Ongeldig BSN (secundaire bron)",
    "G": "Niet gekoppeld (secundaire bron)",
}
_SEX = {"1": "Mannen", "2": "Vrouwen", "-": "Onbekend"}
_LAND = {code: name for code, name, _ in COUNTRIES} | {"----": "Onbekend"}
_YES = {"0": "Nee", "1": "Ja"}
_OBJECT = {"B": "BAG-object", "D": "Overig object"}
_PERSON = (
    Column("RINPERSOONS", "Soort identificatienummer van de persoon", _I, _LINK),
    Column("RINPERSOON", "Identificatienummer van de persoon", _I),
)
_ADDRESS = (Column("SOORTOBJECTNUMMER", "Soort objectnummer", _I, _OBJECT), Column("RINOBJECTNUMMER", "Identificatienummer van het adresobject", _I))
_BREADWINNER = (
    Column("RINPERSOONSHKW", "Soort identificatienummer van de hoofdkostwinner", _I, _LINK),
    Column("RINPERSOONHKW", "Identificatienummer van de hoofdkostwinner", _I),
)
_PERSON_KEY, _ADDRESS_KEY, _HOUSEHOLD_KEY = (
    ("RINPERSOONS", "RINPERSOON"),
    ("SOORTOBJECTNUMMER", "RINOBJECTNUMMER"),
    ("RINPERSOONSHKW", "RINPERSOONHKW"),
)
_OPEN = {"88888888": "Nog niet beëindigd"}
_PERCENTILE = {"-3": "Institutioneel huishouden", "-2": "Inkomen onbekend", "-1": "Geen persoonlijk inkomen"}


def _year(path: str) -> File:
    year = next(part for part in ("2021", "2022", "2023") if part in path)
    return File(path, year)


TOPICS: tuple[Topic, ...] = (
    Topic(
        "GBAPERSOONTAB",
        "Bevolking",
        "Persoonskenmerken van alle in de GBA ingeschreven personen",
        "Demografische kenmerken van personen; één rij per persoon.",
        "Alle personen die tot en met het verslagjaar in de GBA (BRP) ingeschreven zijn geweest",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column("GBAGEBOORTELAND", "Geboorteland", _Q, _LAND),
            Column("GBAGESLACHT", "Geslacht", _Q, _SEX),
            Column("GBAGEBOORTELANDMOEDER", "Geboorteland van de moeder", _Q, _LAND),
            Column("GBAGEBOORTELANDVADER", "Geboorteland van de vader", _Q, _LAND),
            Column("GBAAANTALOUDERSBUITENLAND", "Aantal ouders geboren in buitenland", _Q, {"0": "0", "1": "1", "2": "2", "-": "Onbekend"}),
            Column("GBAHERKOMSTGROEPERING", "Herkomstgroepering (oude indeling)", _S, _LAND),
            Column("GBAGENERATIE", "Generatie", _S, {"0": "Autochtoon", "1": "Eerste generatie", "2": "Tweede generatie", "-": "Onbekend"}),
            Column("GBAHERKOMSTLAND", "Herkomstland (indeling vanaf 2022)", _S, _LAND),
            Column("GBAGEBOORTELANDNL", "Geboren in Nederland of buitenland", _Q, {"0": "Buitenland", "1": "Nederland", "-": "Onbekend"}),
            Column("GBAGEBOORTEJAAR", "Geboortejaar", _Q),
            Column("GBAGEBOORTEMAAND", "Geboortemaand", _Q),
            Column("GBAGEBOORTEDAG", "Geboortedag", _Q),
            Column("GBAGESLACHTMOEDER", "Geslacht van de eerste ouder", _Q, _SEX),
            Column("GBAGESLACHTVADER", "Geslacht van de tweede ouder", _Q, _SEX),
            Column("GBAGEBOORTEJAARMOEDER", "Geboortejaar van de moeder", _Q),
            Column("GBAGEBOORTEMAANDMOEDER", "Geboortemaand van de moeder", _Q),
            Column("GBAGEBOORTEDAGMOEDER", "Geboortedag van de moeder", _Q),
            Column("GBAGEBOORTEJAARVADER", "Geboortejaar van de vader", _Q),
            Column("GBAGEBOORTEMAANDVADER", "Geboortemaand van de vader", _Q),
            Column("GBAGEBOORTEDAGVADER", "Geboortedag van de vader", _Q),
        ),
        (
            _year("2021/GBAPERSOON2021TABV1.parquet"),
            _year("2022/GBAPERSOON2022TABV2.parquet"),
            _year("2023/GBAPERSOON2023TABV1.parquet"),
        ),
    ),
    Topic(
        "GBAHUISHOUDENSBUS",
        "Bevolking",
        "Kenmerken van huishoudens van personen",
        "Periodebestand: één rij per persoon en huishoudensperiode.",
        "Alle personen die in de GBA (BRP) zijn ingeschreven, met de huishoudens waartoe zij behoorden",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column("DATUMAANVANGHH", "Datum aanvang van het huishouden", _Q),
            Column("DATUMEINDEHH", "Datum einde van het huishouden", _Q, _OPEN),
            Column("HUISHOUDNR", "Huishoudnummer", _I),
            Column(
                "TYPHH",
                "Type huishouden",
                _Q,
                {
                    "1": "Eenpersoonshuishouden",
                    "2": "Niet-gehuwd paar zonder kinderen",
                    "3": "Gehuwd paar zonder kinderen",
                    "4": "Niet-gehuwd paar met kinderen",
                    "5": "Gehuwd paar met kinderen",
                    "6": "Eenouderhuishouden",
                    "7": "Overig huishouden",
                    "8": "Institutioneel huishouden",
                },
            ),
            Column(
                "PLHH",
                "Plaats in het huishouden",
                _Q,
                {
                    "1": "Thuiswonend kind",
                    "2": "Alleenstaande",
                    "3": "Partner in niet-gehuwd paar zonder kinderen",
                    "4": "Partner in gehuwd paar zonder kinderen",
                    "5": "Partner in niet-gehuwd paar met kinderen",
                    "6": "Partner in gehuwd paar met kinderen",
                    "7": "Ouder in eenouderhuishouden",
                    "8": "Referentiepersoon in overig huishouden",
                    "9": "Overig lid van een huishouden",
                    "10": "Lid van institutioneel huishouden",
                },
            ),
            Column("REFPERSOONHH", "Referentiepersoon van het huishouden", _Q, _YES),
            Column("AANTALPERSHH", "Aantal personen in het huishouden", _Q),
            Column("AANTALKINDHH", "Aantal thuiswonende kinderen", _Q),
            Column("AANTALOVHH", "Aantal overige leden", _Q),
            Column("GEBJAARJONGSTEKINDHH", "Geboortejaar van het jongste kind", _Q, {"----": "Geen kind"}),
            Column("GEBMAANDJONGSTEKINDHH", "Geboortemaand van het jongste kind", _Q, {"--": "Geen kind"}),
            Column("GEBJAAROUDSTEKINDHH", "Geboortejaar van het oudste kind", _Q, {"----": "Geen kind"}),
        ),
        (_year("GBAHUISHOUDENS2023BUSV1.parquet"),),
    ),
    Topic(
        "GBAADRESOBJECTBUS",
        "Bevolking",
        "Adresobjecten van personen",
        "Periodebestand: één rij per persoon en adresperiode.",
        "Alle personen die in de GBA (BRP) zijn ingeschreven, met de adressen waarop zij stonden",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column("GBADATUMAANVANGADRESHOUDING", "Datum aanvang adreshouding", _Q),
            Column("GBADATUMEINDEADRESHOUDING", "Datum einde adreshouding", _Q, _OPEN),
            *_ADDRESS,
        ),
        (_year("GBAADRESOBJECT2023BUSV1.parquet"),),
    ),
    Topic(
        "VSLGWBTAB",
        "BouwenWonen",
        "Gemeente-, wijk- en buurtcode per adresobject",
        "Eén rij per adresobject.",
        "Alle adresobjecten",
        "address",
        _ADDRESS_KEY,
        (
            *_ADDRESS,
            Column("gem2022", "Gemeentecode 2022", _Q, {code: name for code, name, _ in MUNICIPALITIES}),
            Column("gem2023", "Gemeentecode 2023", _Q, {code: name for code, name, _ in MUNICIPALITIES}),
            Column("wc2023", "Wijkcode 2023", _Q),
            Column("bc2023", "Buurtcode 2023", _Q),
        ),
        (_year("VSLGWB2023TAB03V1.parquet"),),
    ),
    Topic(
        "VSLPOSTCODEBUS",
        "BouwenWonen",
        "Postcode per adresobject",
        "Periodebestand: één rij per adresobject en postcodeperiode; voorlopig maandbestand.",
        "Alle adresobjecten",
        "address",
        _ADDRESS_KEY,
        (
            *_ADDRESS,
            Column("DATUMAANVPOSTCODENUMADRES", "Datum aanvang postcode", _Q),
            Column("DATUMEINDPOSTCODENUMADRES", "Datum einde postcode", _Q, _OPEN),
            Column("POSTCODENUM", "Numeriek deel van de postcode", _Q),
        ),
        (File("VSLPOSTCODEBUSV2024031.parquet", "2024-03"),),
    ),
    Topic(
        "INPATAB",
        "InkomenBestedingen",
        "Inkomen van personen",
        "Eén rij per persoon en jaar.",
        "Bevolking van Nederland op 1 januari, personen in huishoudens met waargenomen inkomen",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column(
                "INPBELI",
                "Belastbaar inkomen",
                _M,
                {"8888888888": "Niet belastingplichtig", "9999999999": "Huishouden zonder waargenomen inkomen"},
                "EUR",
            ),
            Column("INPPERSBRUT", "Bruto persoonlijk inkomen", _M, unit="EUR"),
            Column("INPPERSPRIM", "Persoonlijk primair inkomen", _M, unit="EUR"),
            Column("INPP100PPERS", "Percentielgroep persoonlijk inkomen", _M, _PERCENTILE),
            Column("INPP100PBRUT", "Percentielgroep bruto persoonlijk inkomen", _M, _PERCENTILE),
            Column("INPEMEZ", "Economisch zelfstandig", _S, _YES | {"8": "Behoort niet tot de doelpopulatie", "9": "Inkomen niet waargenomen"}),
            Column("INPEMFO", "Financieel onafhankelijk", _S, _YES | {"8": "Behoort niet tot de doelpopulatie", "9": "Inkomen niet waargenomen"}),
            Column("INPPINK", "Persoon met inkomen", _Q, {"0": "Zonder inkomen", "1": "Met inkomen", "9": "Onbekend"}),
            Column(
                "INPPOSHHK",
                "Positie in het huishouden ten opzichte van de hoofdkostwinner",
                _Q,
                {
                    "1": "Hoofdkostwinner zonder partner",
                    "2": "Hoofdkostwinner met partner",
                    "3": "Gehuwde partner",
                    "4": "Niet-gehuwde partner",
                    "5": "Minderjarig kind",
                    "6": "Meerderjarig kind",
                    "7": "Overig lid",
                    "8": "Onbekend",
                },
            ),
            *_BREADWINNER,
        ),
        (_year("geconverteerde data/INPA2022TABV2.parquet"), _year("INPA2023TABV1.parquet")),
        rule_profile="income_wealth",
    ),
    Topic(
        "INHATAB",
        "InkomenBestedingen",
        "Inkomen van huishoudens",
        "Eén rij per huishouden en jaar; het huishouden wordt aangeduid met de hoofdkostwinner.",
        "Huishoudens in Nederland op 1 januari",
        "household",
        _HOUSEHOLD_KEY,
        (
            *_BREADWINNER,
            Column("INHAHL", "Aantal personen in het huishouden", _Q),
            Column("INHAHLMI", "Aantal personen met inkomen in het huishouden", _Q),
            Column("INHBRUTINKH", "Bruto inkomen van het huishouden", _M, unit="EUR"),
            Column("INHBESTINKH", "Besteedbaar inkomen van het huishouden", _M, unit="EUR"),
            Column("INHPRIMINKH", "Primair inkomen van het huishouden", _M, unit="EUR"),
            Column("INHARMEUR", "Inkomen ten opzichte van de Europese armoedegrens", _S, {"-2": "Institutioneel huishouden", "-1": "Onbekend"}, "%"),
            Column(
                "INHBBIHJ",
                "Voornaamste inkomensbron van het huishouden",
                _Q,
                {
                    "11": "Loon",
                    "12": "Loon directeur-grootaandeelhouder",
                    "13": "Winst",
                    "14": "Overig zelfstandig",
                    "21": "Werkloosheid",
                    "22": "Bijstand",
                    "23": "Overige sociale voorziening",
                    "24": "Ziekte en arbeidsongeschiktheid",
                    "25": "Pensioen",
                    "26": "Studiefinanciering",
                    "30": "Vermogen",
                    "99": "Onbekend",
                },
            ),
            Column(
                "INHEHALGR",
                "Eigendomssituatie van de woning",
                _Q,
                {
                    "1": "Eigen woning",
                    "2": "Huurwoning zonder huurtoeslag",
                    "3": "Huurwoning met huurtoeslag",
                    "8": "Institutioneel huishouden",
                    "9": "Onbekend",
                },
            ),
            Column(
                "INHUAFTYP",
                "Afhankelijk van een uitkering",
                _S,
                {
                    "0": "Geen",
                    "1": "Werkloosheid",
                    "2": "Arbeidsongeschiktheid",
                    "3": "Bijstand",
                    "4": "Overig",
                    "8": "Institutioneel huishouden",
                    "9": "Onbekend",
                },
            ),
        ),
        (_year("INHA2023TABV1.parquet"),),
        rule_profile="income_wealth",
    ),
    Topic(
        "SPOLISBUS",
        "Spolis",
        "Banen en lonen op basis van de Polisadministratie",
        "Eén rij per baan en maand; een persoon heeft dus meer rijen.",
        "Alle banen van werknemers in Nederland",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column("IKVID", "Identificatie van de inkomstenverhouding", _I),
            Column("SBEID", "Identificatie van de bedrijfseenheid", _N),
            Column("SCAO_crypt", "Versleutelde cao-code", _N),
            Column("SCAOSECTOR", "Cao-sector", _Q, {"1000": "Particuliere bedrijven", "2000": "Gesubsidieerde sector", "3000": "Overheid"}),
            Column("SSECT", "Sector van de premieheffing", _Q, {code: label for code, label, _ in SECTORS}),
            Column("SDATUMAANVANGIKO", "Datum aanvang van de inkomstenopgave", _Q),
            Column("SDATUMEINDEIKO", "Datum einde van de inkomstenopgave", _Q),
            Column("SDATUMAANVANGIKV", "Datum aanvang van de inkomstenverhouding", _Q),
            Column("SDATUMEINDEIKV", "Datum einde van de inkomstenverhouding", _Q, _OPEN),
            Column("SBAANDAGEN", "Baandagen", _M, unit="dagen"),
            Column("SVOLTIJDDAGEN", "Voltijddagen", _M, unit="dagen"),
            Column("SBASISLOON", "Basisloon", _M, unit="EUR"),
            Column("SBASISUREN", "Basisuren", _M, unit="uren"),
            Column("SLNINGLD", "Loon in geld", _M, unit="EUR"),
            Column("SLNOWRK", "Loon uit overwerk", _M, unit="EUR"),
            Column("SBIJZONDEREBELONING", "Bijzondere beloning", _M, unit="EUR"),
            Column("SOVERWERKUREN", "Overwerkuren", _M, unit="uren"),
            Column("SREGULIEREUREN", "Reguliere uren", _M, unit="uren"),
            Column("SCONTRACTSOORT", "Soort contract", _Q, {"O": "Onbepaalde tijd", "B": "Bepaalde tijd", "N": "Niet van toepassing"}),
            Column("SPOLISDIENSTVERBAND", "Voltijd of deeltijd", _Q, {"1": "Voltijd", "2": "Deeltijd"}),
            Column(
                "SSOORTBAAN",
                "Soort baan",
                _Q,
                {"1": "Directeur-grootaandeelhouder", "2": "Stagiair", "4": "Uitzendkracht", "5": "Oproepkracht", "9": "Overig"},
            ),
            Column(
                "SWEKARBDUURKLASSE",
                "Klasse van de wekelijkse arbeidsduur",
                _Q,
                {"1": "Minder dan 12 uur", "2": "12 tot 20 uur", "3": "20 tot 35 uur", "4": "35 uur of meer"},
            ),
        ),
        (_year("SPOLISBUS2023V4.parquet"),),
        institution_key="SBEID",
    ),
    Topic(
        "ZVWZORGKOSTENTAB",
        "GezondheidWelzijn",
        "Zorgkosten Zorgverzekeringswet",
        "Kosten die door de basisverzekering zijn vergoed; één rij per persoon en jaar.",
        "Personen die in Nederland verzekerd zijn voor de Zorgverzekeringswet",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            *(
                Column(name, label, _S, unit="EUR")
                for name, label in (
                    ("ZVWKHUISARTS", "Kosten huisarts"),
                    ("ZVWKMULTIDISC", "Kosten multidisciplinaire zorg"),
                    ("ZVWKFARMACIE", "Kosten farmacie"),
                    ("ZVWKMONDZORG", "Kosten mondzorg"),
                    ("ZVWKZIEKENHUIS", "Kosten ziekenhuiszorg"),
                    ("ZVWKGEBOORTEZORG", "Kosten geboortezorg"),
                    ("ZVWKEERSTELIJNSVERBLIJF", "Kosten eerstelijnsverblijf"),
                    ("ZVWKPARAMEDISCH", "Kosten paramedische zorg"),
                    ("ZVWKHULPMIDDEL", "Kosten hulpmiddelen"),
                    ("ZVWKZIEKENVERVOER", "Kosten ziekenvervoer"),
                    ("ZVWKBUITENLAND", "Kosten zorg in het buitenland"),
                    ("ZVWKOVERIG", "Overige kosten"),
                    ("ZVWKGERIATRISCH", "Kosten geriatrische revalidatiezorg"),
                    ("ZVWKWYKVERPLEGING", "Kosten wijkverpleging"),
                    ("ZVWKGENBASGGZ", "Kosten generalistische basis-ggz"),
                    ("ZVWKSPECGGZ", "Kosten gespecialiseerde ggz"),
                    ("NOPZVWKHUISARTSINSCHRIJF", "Inschrijfkosten huisarts"),
                )
            ),
        ),
        (_year("ZVWZORGKOSTEN2022TABV9.parquet"), _year("ZVWZORGKOSTEN2022TABV10.parquet")),
    ),
    Topic(
        "HOOGSTEOPLTAB",
        "Onderwijs",
        "Hoogst behaald en gevolgd opleidingsniveau",
        "Eén rij per persoon; deels op steekproeven gebaseerd, gebruik GEWICHTOPL.",
        "Personen van 15 jaar of ouder van wie het opleidingsniveau bekend is",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column("OPLNRHB", "Opleidingsnummer hoogst behaald", _Q),
            Column("OPLNRHG", "Opleidingsnummer hoogst gevolgd", _Q),
            Column("OPLNIVSOI2021AGG4HBmetNIRWO", "Hoogst behaald opleidingsniveau (SOI 2021)", _Q, {code: label for code, label, _ in EDUCATION}),
            Column("OPLNIVSOI2021AGG4HGmetNIRWO", "Hoogst gevolgd opleidingsniveau (SOI 2021)", _Q, {code: label for code, label, _ in EDUCATION}),
            Column("GEWICHTOPL", "Gewicht", _M),
        ),
        (_year("HOOGSTEOPL2023TABV1.parquet"),),
    ),
    Topic(
        "INSCHRWPOTAB",
        "Onderwijs",
        "Inschrijvingen primair onderwijs",
        "Eén rij per leerling en schooljaar.",
        "Leerlingen die op 1 oktober staan ingeschreven in het primair onderwijs",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column("WPOBRIN_crypt", "Versleutelde BRIN van de school", _N),
            Column("WPOBRINVEST", "Vestiging van de school", _N),
            Column("WPOTYPEPO", "Type primair onderwijs", _Q, {"01": "Basisonderwijs", "02": "Speciaal basisonderwijs", "03": "Speciaal onderwijs"}),
            Column("WPOLEERJAAR", "Leerjaar", _Q, {str(i): f"Groep {i}" for i in range(1, 9)}),
            Column("WPOGROEPSGROOTTE", "Groepsgrootte", _M, unit="leerlingen"),
            Column("WPOTOETSADVIES", "Toetsadvies", _M, {str(code): label for code, label in LEVELS_OF_ADVICE}),
            Column("WPOADVIESVO", "Advies voortgezet onderwijs", _Q, {str(code): label for code, label in LEVELS_OF_ADVICE}),
            Column("WPOADVIESHERZ", "Herzien advies voortgezet onderwijs", _Q, {str(code): label for code, label in LEVELS_OF_ADVICE}),
            Column("WPOREKENEN", "Referentieniveau rekenen", _M),
            Column("WPOTAALLV", "Referentieniveau lezen", _M),
            Column("WPOTAALTV", "Referentieniveau taalverzorging", _M),
        ),
        (_year("INSCHRWPOTAB2023V1.parquet"),),
        rule_profile="institution",
        institution_key="WPOBRIN_crypt",
    ),
    Topic(
        "VERDTAB",
        "VeiligheidRecht",
        "Geregistreerde verdachten",
        "Eén rij per persoon en misdrijf. Het voorkomen in dit bestand is zelf gevoelig.",
        "Personen die in het verslagjaar als verdachte zijn geregistreerd",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column("JAAR", "Verslagjaar", _Q),
            Column("DELICT", "Soort misdrijf", _S, {code: label for code, label, _ in OFFENCES}),
            Column("PLEEGDATUM", "Pleegdatum", _Q),
        ),
        (_year("VERD2023TABV1.parquet"),),
    ),
    Topic(
        "GEDETINEERDENTAB",
        "VeiligheidRecht",
        "Gedetineerden",
        "Eén rij per persoon en detentie. Het voorkomen in dit bestand is zelf gevoelig.",
        "Personen die in het verslagjaar gedetineerd zijn geweest",
        "person",
        _PERSON_KEY,
        (
            *_PERSON,
            Column("JAAR", "Verslagjaar", _Q),
            Column("DELICT", "Soort misdrijf", _S, {code: label for code, label, _ in OFFENCES}),
            Column("PLEEGDATUM", "Pleegdatum", _Q),
        ),
        (_year("GEDETINEERDEN2023TABV1.parquet"),),
    ),
    Topic(
        "WANBZVWTAB",
        "GezondheidWelzijn",
        "Wanbetalers Zorgverzekeringswet",
        "Eén rij per persoon. Het voorkomen in dit bestand is zelf gevoelig.",
        "Personen die een half jaar of langer geen premie voor de Zorgverzekeringswet hebben betaald",
        "person",
        _PERSON_KEY,
        _PERSON,
        (_year("WANBZVW2023TABV1.parquet"),),
    ),
)
"""The generated topics."""
