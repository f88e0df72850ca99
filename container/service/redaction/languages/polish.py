"""Polish."""

from __future__ import annotations

from service.redaction.languages.language import Address, Language, Names, count, spell
from service.redaction.tokens import word_set

POLISH = Language(
    numbers={
        **count("zero jeden/jedna/jedno dwa/dwie trzy cztery piec szesc siedem osiem"),
        **count("dziewiec dziesiec jedenascie dwanascie trzynascie czternascie", 9),
        **count("pietnascie szesnascie siedemnascie osiemnascie dziewietnascie", 15),
        **count("dwadziescia trzydziesci czterdziesci piecdziesiat szescdziesiat", 20, 10),
        **count("siedemdziesiat osiemdziesiat dziewiecdziesiat sto", 70, 10),
        **count("dwiescie trzysta czterysta piecset szescset siedemset", 200, 100),
        **count("osiemset dziewiecset tysiac", 800, 100),
    },
    thousands=word_set("tysiac tysiace tysiecy"),
    millions=word_set("milion miliony milionow"),
    repeats={"podwojne": 2, "podwojny": 2, "podwojna": 2, "potrojne": 3},
    plurals=count(
        """
        zera/zer jedynki/jedynek dwojki/dwojek trojki/trojek czworki/czworek piatki/piatek
        szostki/szostek siodemki/siodemek osemki/osemek dziewiatki/dziewiatek
        """
    ),
    times=word_set("razy"),
    plus=word_set("plus"),
    fillers=word_set("albo dalej i kreska kropka lub myslnik potem przecinek spacja ukosnik"),
    asides=word_set(
        """
        dobrze jasne jest kierunkowy konczy koniec ma minutke na no numer pan pani sekunda sekunde
        slychac tak teraz zaczyna zapisal zapisala zapisane zaraz zobacze
        """
    ),
    corrections=word_set("blad chwila moment nie pomylka przepraszam wroc znaczy"),
    letters=spell("jot=J igrek=Y zet=Z"),
    likenesses=word_set("jak"),
    names=Names(
        card=word_set("karta karty karte kredytowa kredytowej"),
        iban=word_set("konto konta"),
        phone=word_set(
            """
            telefon telefonu telefoniczny komorka komorki komorkowy zadzwon zadzwonic dzwonic
            oddzwonic oddzwoncie
            """
        ),
        national_id=word_set("pesel"),
        other=word_set(
            """
            zamowienie zamowienia faktura faktury przesylki przesylka rezerwacji klienta artykulu
            sprawy
            """
        ),
        serial=word_set("seryjny"),
        mine=word_set("moj"),
        number=word_set("numer"),
        verb=word_set("to"),
    ),
    address=Address(
        at=word_set("malpa malpka"),
        dot=word_set("kropka"),
        joins=word_set("podkreslnik podkreslenie dolna_kreska kreska myslnik plus minus"),
        no_mailbox=word_set("adres adresa jest mail moj napisz numer pisz prosze"),
    ),
)
