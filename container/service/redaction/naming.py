"""Which words say what a number is: "card", "Handynummer", "order". Words alone, no numbers.

The nearest such word decides. Before the number it may stand a whole phrase away, behind it only
in the same sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.tokens import MASK, word_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

_WORDS_BEFORE = 8
_WORDS_BEFORE_OTHER = 5
_WORDS_BEHIND = 5
# What stands between is punctuation and digits; more of it means that the words are far away.
_TOKENS_AWAY = 16
CARD, IBAN, PHONE, NATIONAL_ID, OTHER = "card", "iban", "phone", "national_id", "other"
# Some id or other: no phone number, but it may be a national id.
SOME_ID = "id"

_CARD = """
card visa mastercard amex maestro discover debit credit karte kreditkarte kartennummer
kreditkartennummer debitkarte girocard tarjeta carte carta kaart creditcard kaartnummer
creditcardnummer betaalkaart bankkaart cartao karta karty karte kredytowa kredytowej bancaria
bancaire bleue cb
"""
_IBAN = "iban konto kontonummer bankverbindung account rekening rekeningnummer konta"
_PHONE = """
phone phones telephone tel mobile cell cellphone landline call calling reach ring dial text whatsapp
fax handy handynummer mobil mobilnummer mobilfunknummer festnetz festnetznummer telefon anrufen
telefonnummer ruckrufnummer rufnummer anruf ruf ruft durchwahl telefono telefonico movil celular
llamar llameme llamame llame llama fijo telephone portable appeler appelez appelle rappeler rappelez
rappelle joindre fixe cellulare chiamare chiamami chiamatemi chiami richiamare richiamatemi fisso
recapito telefoon telefoonnummer mobiel mobiele bel bellen belt bereikbaar terugbellen nulzes
telefone telemovel ligar ligue liga ligarem contacto contato telefonu telefoniczny komorka komorki
komorkowy zadzwon zadzwonic dzwonic oddzwonic oddzwoncie
contact contacting service hotline helpline kundenservice kundendienst erreichen erreichbar erreicht
"""
_NATIONAL_ID = """
ssn social itin nino ni insurance nhs steuer steuerid steuernummer identifikationsnummer
steueridentifikationsnummer idnr nir secu securite sociale dni nie nif codice fiscale bsn
burgerservicenummer sofinummer pesel contribuinte cpf cidadao tax national identity identidad
identificacion identite identita insee fiscal taxpayer documento
personnummer fodselsnummer curp aadhaar ahv rijksregisternummer sozialversicherungsnummer svnr cpr
ppsn pps tfn
"""
# Numbers of things. A number with such a name is no phone number, however much it looks like one.
_OTHER = """
order orders invoice tracking parcel package shipment reference ref ticket case booking reservation
confirmation serial part model sku item article product version build batch member
membership library loyalty gift claim policy transaction isbn barcode flight job quote meter
population balance total coupon voucher error
bestellung bestellnummer auftrag auftragsnummer rechnung rechnungsnummer sendung sendungsnummer
ticketnummer vorgang vorgangsnummer artikel artikelnummer kundennummer seriennummer vertragsnummer
buchungsnummer aktenzeichen zahlerstand referenznummer
pedido factura seguimiento referencia reserva cliente articulo serie expediente envio
commande facture suivi colis dossier reservation client article
ordine fattura spedizione pratica prenotazione articolo tracciamento riferimento
bestelling bestelnummer factuur factuurnummer klantnummer ordernummer zending reservering
artikelnummer volgnummer dossiernummer kenmerk
encomenda fatura rastreio protocolo artigo processo
zamowienie zamowienia faktura faktury przesylki przesylka rezerwacji klienta artykulu seryjny sprawy
"""
_SOME_ID = "id ids identifier employee student patient kennung identifiant identificador"
_NAMES = {
    word: name
    for name, words in (
        (CARD, _CARD),
        (IBAN, _IBAN),
        (PHONE, _PHONE),
        (NATIONAL_ID, _NATIONAL_ID),
        (OTHER, _OTHER),
        (SOME_ID, _SOME_ID),
    )
    for word in words.split()
}
# "My number" is a phone number's name when nothing nearer has another.
_MINE = word_set(
    """
    my meine mein mi mon il mio mijn meu minha moj his her our their su
    """
)
_THE = frozenset(["the", "that", "die", "le", "el", "il", "het", "o"])
_IS = frozenset(["is", "s", "ist", "est", "es", "e", "to", "lautet"])
_NUMBER = frozenset(["number", "nummer", "numero", "numer"])
_ENDS = frozenset({".", "?", "!", MASK})


def name_of(tokens: Sequence[Token], first: int, last: int) -> str | None:
    """What the words around tokens `first` to `last` call them: one of the names above, or None."""
    return _name_before(tokens, first) or _name_behind(tokens, last)


def _name_before(tokens: Sequence[Token], first: int) -> str | None:
    words, limit = 0, _WORDS_BEFORE_OTHER
    for index in range(first - 1, max(-1, first - 1 - _TOKENS_AWAY), -1):
        token = tokens[index]
        if token.text == MASK or words == _WORDS_BEFORE:
            return None
        name = _NAMES.get(token.text) or _name_mine(tokens, index)
        if name and (name != OTHER or words < limit):
            return name
        words += token.is_word
        if token.text in _ENDS and first - index > 1:
            limit = 0  # What another sentence counts are its own things.
    return None


def _name_mine(tokens: Sequence[Token], index: int) -> str | None:
    if tokens[index].text not in _NUMBER:
        return None
    is_mine = index > 0 and tokens[index - 1].text in _MINE
    is_it = index > 0 and tokens[index - 1].text in _THE and tokens[index + 1].text in _IS
    return PHONE if is_mine or is_it else None


def _name_behind(tokens: Sequence[Token], last: int) -> str | None:
    words = 0
    for token in tokens[last + 1 : last + 1 + _TOKENS_AWAY]:
        if token.is_numeral or token.text in _ENDS or words == _WORDS_BEHIND:
            return None
        if token.text in _NAMES:
            return _NAMES[token.text]
        words += token.is_word
    return None
