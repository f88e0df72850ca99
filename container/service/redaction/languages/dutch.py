"""Dutch."""

from __future__ import annotations

from service.redaction.languages.language import (
    Address,
    Language,
    Names,
    count,
    join_hundreds,
    join_units_first,
    spell,
)
from service.redaction.tokens import word_set

_STEMS = count("een twee drie vier vijf zes zeven acht negen", 1)
_TENS = count("twintig dertig veertig vijftig zestig zeventig tachtig negentig", 20, 10)
_BELOW_HUNDRED = {
    "nul": 0,
    **_STEMS,
    **count("tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien", 10),
    **_TENS,
    **join_units_first(_STEMS, _TENS, "en"),
}
DUTCH = Language(
    numbers=_BELOW_HUNDRED | join_hundreds(_STEMS, _BELOW_HUNDRED, "honderd"),
    hundreds=word_set("honderd"),
    thousands=word_set("duizend"),
    millions=word_set("miljoen"),
    repeats={"dubbel": 2, "dubbele": 2, "tweemaal": 2, "driemaal": 3, "driedubbel": 3},
    plurals=count("nullen enen tweeen drieen vieren vijven zessen zevens achten negens"),
    times=word_set("keer maal"),
    plus=word_set("plus"),
    joins=word_set("en"),
    units_first=True,
    fillers=word_set("daarna dan dus en ja komma of punt spatie streepje vervolgens"),
    asides=word_set(
        """
        begint bent dat de duidelijk eens eindigt even genoteerd goed heb hebt heeft het is je
        kengetal kijken klopt mee moment momentje nu nummer ogenblik seconde slot tot u verder zo
        """
    ),
    corrections=word_set("bedoel correctie fout ik nee pardon sorry wacht"),
    no_digits={"een": word_set("moment momentje ogenblik seconde")},
    letters=spell("zet=Z"),
    likenesses=word_set("als van"),
    names=Names(
        card=word_set("kaart creditcard kaartnummer creditcardnummer betaalkaart bankkaart"),
        iban=word_set("rekening rekeningnummer"),
        phone=word_set(
            """
            telefoon telefoonnummer mobiel mobiele bel bellen belt bereikbaar terugbellen nulzes
            """
        ),
        national_id=word_set("bsn burgerservicenummer sofinummer rijksregisternummer"),
        other=word_set(
            """
            bestelling bestelnummer factuur factuurnummer klantnummer ordernummer zending
            reservering artikelnummer volgnummer dossiernummer kenmerk
            """
        ),
        serial=word_set("serienummer onderdeelnummer"),
        mine=word_set("mijn"),
        article=word_set("het"),
        number=word_set("nummer"),
        verb=word_set("is"),
    ),
    address=Address(
        at=word_set("apenstaartje apenstaart"),
        dot=word_set("punt"),
        joins=word_set("streepje koppelteken laag_streepje liggend_streepje plus min"),
        no_mailbox=word_set("aan adres een en het is mail mijn naar op stuur van"),
    ),
)
