"""German."""

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

_STEMS = count("ein zwei/zwo drei vier funf/fuenf sechs sieben acht neun", 1)
_TENS = count("zwanzig dreissig vierzig funfzig/fuenfzig sechzig siebzig achtzig neunzig", 20, 10)
_BELOW_HUNDRED = {
    **count("null eins zwei/zwo drei vier funf/fuenf sechs sieben acht neun"),
    **count("zehn elf zwolf/zwoelf dreizehn vierzehn funfzehn/fuenfzehn sechzehn", 10),
    **count("siebzehn achtzehn neunzehn", 17),
    **_TENS,
    **join_units_first(_STEMS, _TENS, "und"),
}
GERMAN = Language(
    numbers=_BELOW_HUNDRED | join_hundreds(_STEMS, _BELOW_HUNDRED, "hundert"),
    hundreds=word_set("hundert"),
    thousands=word_set("tausend"),
    millions=word_set("million millionen"),
    repeats={
        "doppel": 2,
        "doppelt": 2,
        "dreifach": 3,
        "zweimal": 2,
        "dreimal": 3,
        "viermal": 4,
    },
    plurals=count("nullen einsen zweien dreien vieren funfen sechsen siebenen achten neunen"),
    times=word_set("mal"),
    plus=word_set("plus"),
    joins=word_set("und"),
    units_first=True,
    fillers=word_set(
        """
        also bindestrich danach dann die ja komma leerzeichen minus oder punkt schragstrich so
        strich und
        """
    ),
    asides=word_set(
        """
        alles beginnt bereit bitte da das der du endet es genau gut haben hast ist jetzt klar kommt
        kurz mal mit mitgeschrieben noch nochmal notiert nummer passt richtig rufnummer s schauen
        schluss sehen sekunde sie sind stimmt verstanden vorwahl warte warten weiter wieder zuletzt
        zum
        """
    ),
    corrections=word_set(
        """
        doch entschuldigung falsch halt ich korrektur meine moment nee nein quatsch sorry stopp
        verzeihung
        """
    ),
    letters=spell("jot=J vau=V ypsilon=Y zett=Z"),
    likenesses=word_set("wie"),
    names=Names(
        card=word_set(
            """
            karte kreditkarte kartennummer kreditkartennummer debitkarte girocard
            """
        ),
        iban=word_set("konto kontonummer bankverbindung"),
        phone=word_set(
            """
            handy handynummer mobil mobilnummer mobilfunknummer festnetz festnetznummer telefon
            anrufen telefonnummer ruckrufnummer rufnummer anruf ruf ruft durchwahl kundenservice
            kundendienst erreichen erreichbar erreicht vorwahl
            """
        ),
        national_id=word_set(
            """
            steuer steuerid steuernummer identifikationsnummer steueridentifikationsnummer idnr ahv
            sozialversicherungsnummer rentenversicherungsnummer versicherungsnummer svnr
            """
        ),
        other=word_set(
            """
            bestellung bestellnummer auftrag auftragsnummer rechnung rechnungsnummer sendung
            sendungsnummer ticketnummer vorgang vorgangsnummer artikel artikelnummer kundennummer
            vertragsnummer buchungsnummer aktenzeichen zahlerstand referenznummer
            """
        ),
        serial=word_set("seriennummer teilenummer"),
        some_id=word_set("kennung"),
        mine=word_set("meine mein"),
        article=word_set("die"),
        number=word_set("nummer"),
        verb=word_set("ist lautet"),
    ),
    address=Address(
        at=word_set("klammeraffe affenschwanz ett"),
        dot=word_set("punkt"),
        joins=word_set("unterstrich bindestrich minus plus"),
        no_mailbox=word_set(
            """
            adresse an auf bitte du ecco ein ist lautet mailadresse meine mail schreiben und unter
            von zu
            """
        ),
    ),
)
