"""Italian."""

from __future__ import annotations

from service.redaction.languages.language import (
    Address,
    Language,
    Names,
    count,
    join_hundreds,
    spell,
)
from service.redaction.tokens import word_set

_UNITS = count("uno due tre quattro cinque sei sette otto nove", 1)
_TENS = count("venti trenta quaranta cinquanta sessanta settanta ottanta novanta", 20, 10)
_BELOW_HUNDRED = {
    "zero": 0,
    **_UNITS,
    **count("dieci undici dodici tredici quattordici quindici sedici diciassette diciotto", 10),
    "diciannove": 19,
    **_TENS,
    # Tens lose their last letter before a vowel: quarantuno, quarantotto.
    **{
        (ten[:-1] if word in {"uno", "otto"} else ten) + word: t + u
        for ten, t in _TENS.items()
        for word, u in _UNITS.items()
    },
}
_STEMS = {word: value for word, value in _UNITS.items() if value > 1}
ITALIAN = Language(
    numbers=_BELOW_HUNDRED | join_hundreds(_STEMS, _BELOW_HUNDRED, "cento") | {"mille": 1000},
    thousands=word_set("mille mila"),
    millions=word_set("milione milioni"),
    repeats={"doppio": 2, "doppia": 2, "triplo": 3},
    plurals=count("zeri uni"),
    times=word_set("volte"),
    plus=word_set("piu"),
    fillers=word_set("allora dopo e ecco o poi punto quindi spazio trattino virgola"),
    asides=word_set(
        """
        accordo attimo bene c capito ci comincia d finisce giusto ha hai il infine mi momento numero
        perfetto prefisso scritto secondo segue sei si un va vediamo
        """
    ),
    corrections=word_set("anzi aspetta aspetti cioe errore no sbagliato scusa scusate scusi"),
    letters=spell("effe=F acca=H elle=L emme=M enne=N erre=R esse=S ics=X zeta=Z"),
    likenesses=word_set("come di"),
    names=Names(
        card=word_set("carta bancaria"),
        phone=word_set(
            """
            telefono cellulare chiamare chiamami chiamatemi chiami richiamare richiamatemi fisso
            recapito
            """
        ),
        national_id=word_set("codice fiscale identita"),
        other=word_set(
            "ordine fattura spedizione pratica prenotazione articolo tracciamento riferimento"
        ),
        serial=word_set("serie matricola"),
        mine=word_set("il mio"),
        article=word_set("il"),
        number=word_set("numero"),
        verb=word_set("e"),
    ),
    address=Address(
        at=word_set("chiocciola chiocciolina"),
        dot=word_set("punto"),
        joins=word_set("trattino trattino_basso piu"),
        no_mailbox=word_set(
            """
            a ecco in indirizzo la mail mia per scrivete scrivetemi scrivi scrivimi su sono un una
            """
        ),
    ),
)
