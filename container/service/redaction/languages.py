"""The number words of the languages that are understood, and what people say between digits.

All words are folded: lower case, no accents. Plain data and the rules that join it into words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from service.redaction.tokens import word_set

# Sounds of hesitation and acknowledgement that are the same everywhere.
HESITATIONS = word_set(
    """
    ah ahm eee eh ehm em er erm euh ham hm hmm hum mhm mm mmm ok okay uh uhm um yyy
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How one language says digits; `numbers` has every word that is a number by itself."""

    numbers: dict[str, int]
    hundreds: frozenset[str] = frozenset()
    thousands: frozenset[str] = frozenset()
    repeats: dict[str, int]
    # Words inside one number (forty *and* one), which between numbers mean nothing.
    joins: frozenset[str] = frozenset()
    needs_join: bool = False
    units_first: bool = False
    counts_by_twenties: bool = False
    fillers: frozenset[str] = frozenset()
    # What means a digit only beside other digits, and what sounds like one between them.
    weak: frozenset[str] = frozenset()
    sounds: dict[str, int] = field(default_factory=dict)


def _number(words: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """Number words in order; spellings of the same number are joined by a slash."""
    rows = enumerate(words.split())
    return {word: start + step * row for row, spellings in rows for word in spellings.split("/")}


def _english() -> Language:
    numbers = {
        **_number("zero/oh/o/nought/naught one two three four five six seven eight nine/niner"),
        **_number(
            "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 10
        ),
        **_number("twenty thirty forty/fourty fifty sixty seventy eighty ninety", 20, 10),
    }
    return Language(
        numbers=numbers,
        hundreds=word_set("hundred"),
        thousands=word_set("thousand"),
        repeats={"double": 2, "triple": 3, "treble": 3, "quadruple": 4},
        joins=word_set("and"),
        fillers=word_set(
            "and then next dash hyphen space slash or so wait sorry again yes right comma"
        ),
        weak=word_set("oh o"),
        sounds={"won": 1, "to": 2, "too": 2, "for": 4, "ate": 8},
    )


def _german() -> Language:
    numbers = {
        **_number("null eins zwei/zwo drei vier funf/fuenf sechs sieben acht neun"),
        **_number(
            "zehn elf zwolf/zwoelf dreizehn vierzehn funfzehn/fuenfzehn sechzehn siebzehn"
            " achtzehn neunzehn",
            10,
        ),
    }
    tens = _number(
        "zwanzig dreissig vierzig funfzig/fuenfzig sechzig siebzig achtzig neunzig", 20, 10
    )
    stems = _number("ein zwei/zwo drei vier funf/fuenf sechs sieben acht neun", 1)
    numbers |= tens | _join_units_first(stems, tens, "und")
    return Language(
        numbers=numbers | _join_hundreds(stems, numbers, "hundert"),
        hundreds=word_set("hundert"),
        thousands=word_set("tausend"),
        repeats={"doppel": 2, "doppelt": 2, "zweimal": 2, "dreimal": 3, "dreifach": 3},
        joins=word_set("und"),
        units_first=True,
        fillers=word_set("und dann also ja minus strich bindestrich leerzeichen oder so die komma"),
    )


def _dutch() -> Language:
    numbers = {
        **_number("nul een twee drie vier vijf zes zeven acht negen"),
        **_number(
            "tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien", 10
        ),
    }
    tens = _number("twintig dertig veertig vijftig zestig zeventig tachtig negentig", 20, 10)
    stems = _number("een twee drie vier vijf zes zeven acht negen", 1)
    numbers |= tens | _join_units_first(stems, tens, "en")
    return Language(
        numbers=numbers | _join_hundreds(stems, numbers, "honderd"),
        hundreds=word_set("honderd"),
        thousands=word_set("duizend"),
        repeats={"dubbel": 2, "dubbele": 2, "tweemaal": 2, "driemaal": 3, "driedubbel": 3},
        joins=word_set("en"),
        units_first=True,
        fillers=word_set("en dan streepje spatie of ja dus vervolgens komma"),
    )


def _join_units_first(stems: dict[str, int], tens: dict[str, int], join: str) -> dict[str, int]:
    return {
        stem + join + ten: unit + value
        for stem, unit in stems.items()
        for ten, value in tens.items()
    }


def _join_hundreds(stems: dict[str, int], numbers: dict[str, int], hundred: str) -> dict[str, int]:
    """Hundreds as one word, alone and with what follows them: vierhundert, vierhundertzwei."""
    heads = {hundred: 100} | {stem + hundred: 100 * unit for stem, unit in stems.items()}
    tails = {"": 0} | {word: value for word, value in numbers.items() if value}
    return {
        head + tail: hundreds + value
        for head, hundreds in heads.items()
        for tail, value in tails.items()
    }


def _french() -> Language:
    return Language(
        numbers={
            **_number("zero un/une deux trois quatre cinq six sept huit neuf"),
            **_number("dix onze douze treize quatorze quinze seize", 10),
            **_number("vingt/vingts trente quarante cinquante soixante", 20, 10),
            "septante": 70,
            "huitante": 80,
            "octante": 80,
            "nonante": 90,
            "cent": 100,
            "cents": 100,
        },
        hundreds=word_set("cent cents"),
        thousands=word_set("mille"),
        repeats={"double": 2, "triple": 3},
        joins=word_set("et"),
        counts_by_twenties=True,
        fillers=word_set("et puis ensuite tiret espace ou donc alors apres virgule"),
    )


def _spanish() -> Language:
    units = _number("uno/un dos tres cuatro cinco seis siete ocho nueve", 1)
    tens = _number("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10)
    joined = {f"veinti{word}": 20 + value for word, value in units.items()}
    joined |= {f"{ten}i{word}": t + u for ten, t in tens.items() for word, u in units.items()}
    hundreds = _number(
        "cien/ciento doscientos/doscientas trescientos/trescientas cuatrocientos/cuatrocientas"
        " quinientos/quinientas seiscientos/seiscientas setecientos/setecientas"
        " ochocientos/ochocientas novecientos/novecientas",
        100,
        100,
    )
    del units["un"]
    teens = "diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve veinte"
    return Language(
        numbers={
            "cero": 0,
            "mil": 1000,
            **units,
            **_number(teens, 10),
            **tens,
            **joined,
            **hundreds,
        },
        thousands=word_set("mil"),
        repeats={"doble": 2, "triple": 3},
        joins=word_set("y"),
        needs_join=True,
        fillers=word_set("y luego despues guion espacio o entonces pues este coma"),
    )


def _portuguese() -> Language:
    hundreds = _number(
        "cem/cento duzentos/duzentas trezentos/trezentas quatrocentos/quatrocentas"
        " quinhentos/quinhentas seiscentos/seiscentas setecentos/setecentas"
        " oitocentos/oitocentas novecentos/novecentas",
        100,
        100,
    )
    return Language(
        numbers={
            **_number("zero um/uma dois/duas tres quatro cinco seis/meia sete oito nove"),
            **_number("dez onze doze treze catorze/quatorze quinze", 10),
            **_number(
                "dezasseis/dezesseis dezassete/dezessete dezoito dezanove/dezenove vinte", 16
            ),
            **_number("trinta quarenta cinquenta sessenta setenta oitenta noventa", 30, 10),
            **hundreds,
            "mil": 1000,
        },
        thousands=word_set("mil"),
        repeats={"duplo": 2, "dobrado": 2, "triplo": 3},
        joins=word_set("e"),
        needs_join=True,
        fillers=word_set("e depois traco hifen espaco ou entao dai virgula"),
    )


def _italian() -> Language:
    units = _number("uno due tre quattro cinque sei sette otto nove", 1)
    tens = _number("venti trenta quaranta cinquanta sessanta settanta ottanta novanta", 20, 10)
    teens = "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto"
    joined = {
        (ten[:-1] if word in {"uno", "otto"} else ten) + word: t + u
        for ten, t in tens.items()
        for word, u in units.items()
    }
    numbers = {"zero": 0, **units, **_number(teens + " diciannove", 10), **tens, **joined}
    stems = {word: value for word, value in units.items() if value > 1}
    return Language(
        numbers=numbers | _join_hundreds(stems, numbers, "cento") | {"mille": 1000},
        thousands=word_set("mille mila"),
        repeats={"doppio": 2, "doppia": 2, "triplo": 3},
        joins=frozenset(),
        fillers=word_set("e poi trattino spazio o allora quindi dopo ecco virgola"),
    )


def _polish() -> Language:
    return Language(
        numbers={
            **_number("zero jeden/jedna/jedno dwa/dwie trzy cztery piec szesc siedem osiem"),
            **_number("dziewiec dziesiec jedenascie dwanascie trzynascie czternascie", 9),
            **_number("pietnascie szesnascie siedemnascie osiemnascie dziewietnascie", 15),
            **_number("dwadziescia trzydziesci czterdziesci piecdziesiat szescdziesiat", 20, 10),
            **_number("siedemdziesiat osiemdziesiat dziewiecdziesiat sto", 70, 10),
            **_number("dwiescie trzysta czterysta piecset szescset siedemset", 200, 100),
            **_number("osiemset dziewiecset tysiac", 800, 100),
        },
        thousands=word_set("tysiac tysiace tysiecy"),
        repeats={"podwojne": 2, "podwojny": 2, "podwojna": 2, "potrojne": 3},
        fillers=word_set("i potem myslnik kreska spacja lub albo dalej przecinek"),
    )


@cache
def languages() -> dict[str, Language]:
    """Every language, by its code; made when first needed."""
    return {
        "en": _english(),
        "de": _german(),
        "fr": _french(),
        "es": _spanish(),
        "it": _italian(),
        "nl": _dutch(),
        "pt": _portuguese(),
        "pl": _polish(),
    }


@cache
def no_language() -> Language:
    """What is said between numerals in any language."""
    every = languages().values()
    return Language(
        numbers={},
        repeats={word: times for language in every for word, times in language.repeats.items()},
        fillers=frozenset().union(*(language.fillers for language in every)),
    )


@cache
def number_words() -> frozenset[str]:
    """Every word of any language that is a number by itself, or repeats one."""
    every = languages().values()
    return frozenset().union(*(language.numbers.keys() for language in every))
