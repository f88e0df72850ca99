"""How e-mail addresses are said: signs, ends, and the words beside which "at" is no sign.

All words are folded: lower case, no accents. Plain data.
"""

from __future__ import annotations

from service.redaction.tokens import word_set

CERTAIN_AT = word_set(
    """
    arroba arobase arobas arrobase chiocciola chiocciolina apenstaartje apenstaart malpa
    malpka klammeraffe affenschwanz
    """
)
AT = frozenset({"at"})
DOT = word_set(
    """
    dot punkt punto point punt ponto kropka period
    """
)
# What else stands in names, by its spoken forms; several words are joined by an underscore.
JOINS = word_set(
    """
    underscore unterstrich sublinhado underline podkreslnik podkreslenie dash hyphen minus
    bindestrich guion tiret trattino streepje koppelteken hifen traco myslnik kreska plus
    mas piu guion_bajo barra_baja tiret_bas trattino_basso laag_streepje liggend_streepje
    traco_baixo traco_inferior dolna_kreska
    """
)
LONG_JOINS = frozenset(tuple(word.split("_")) for word in JOINS if "_" in word)
MAILBOX_SIGNS = frozenset(".!#$%&'*+-/=?^_`{|}~")
LABEL_SIGNS = frozenset("-_'")
TOP_LEVELS = word_set(
    """
    com net org info biz edu gov mil int io ai app dev co me tv uk us ca au nz ie de at ch
    li fr be nl lu es pt br mx ar cl it pl cz sk hu ro bg gr se no dk fi is ee lv lt eu in
    jp cn kr sg za cat online shop store cloud email tech site xyz name mobi test example
    invalid local berlin
    """
)
# No mailbox's name: what stands before "at" in "look at example dot com".
NO_MAILBOX = word_set(
    """
    a about address adresse again am and are arrive available be bought but buy by call
    check contact correo direccion du een ein el email es est find for found from get go
    het here him in indirizzo is ist it its la lautet le look looked looking mail me meet
    mailadresse my mine o of off on one online or order ordered over page people reach
    read s see seen send shop shopping site so store that the them then there they this to
    too try under up us visit was we website were with work worked working works write you
    your adres e-mail ecco jest meu meine mi mia mijn moj mon numer per sono su un una und
    unter van von y zu an auf schreiben escriba escribe escribame scrivi scrivete scrivimi
    ecrivez envoyez stuur mande envie enderecos endereco adresa napisz pisz prosze please
    bitte por favor naar para a al till until also yes yeah ok just only down out back
    met started stopped arrived staying live lives based listed posted published
    """
)
# Of "at a dot com company" nothing is a domain.
ARTICLES = frozenset({"a", "an", "the", "this", "that", "some"})
# Where a domain begins so, a page is meant.
PAGES = word_set("www docs shop help app api blog news portal status learn")
PROVIDERS = word_set("gmail hotmail outlook yahoo icloud gmx protonmail aol googlemail")
ENDINGS = DOT | PROVIDERS | {"dotcom"}
NO_LABEL = DOT | NO_MAILBOX
NO_DOMAIN = ARTICLES | PAGES
