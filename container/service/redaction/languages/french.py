"""French."""

from __future__ import annotations

from service.redaction.languages.language import Address, Language, Names, count, spell
from service.redaction.tokens import word_set

FRENCH = Language(
    numbers={
        **count("zero un/une deux trois quatre cinq six sept huit neuf"),
        **count("dix onze douze treize quatorze quinze seize", 10),
        **count("vingt/vingts trente quarante cinquante soixante", 20, 10),
        **count("septante huitante/octante nonante cent/cents", 70, 10),
    },
    hundreds=word_set("cent cents"),
    thousands=word_set("mille"),
    millions=word_set("million millions"),
    repeats={"double": 2, "triple": 3},
    plurals=count("zeros uns"),
    times=word_set("fois"),
    plus=word_set("plus"),
    joins=word_set("et"),
    counts_by_twenties=True,
    fillers=word_set("alors apres donc ensuite espace et ou point puis tiret virgule"),
    asides=word_set(
        """
        accord as attendez avez bien bon c ca commence compris d enfin est finit indicatif instant
        la le les me minute moment note notez numero oui parfait seconde suis suivez tu va voila
        voir vous voyons y
        """
    ),
    corrections=word_set(
        "attendez attends desole desolee erreur excusez je non pardon plutot trompe"
    ),
    no_digits={"un": word_set("instant moment"), "une": word_set("seconde minute")},
    letters=spell("ix=X ixe=X"),
    likenesses=word_set("comme"),
    names=Names(
        card=word_set("carte bancaire bleue cb"),
        phone=word_set(
            """
            telephone portable appeler appelez appelle rappeler rappelez rappelle joindre fixe
            """
        ),
        national_id=word_set("nir secu securite sociale identite identifiant insee fiscal"),
        other=word_set("commande facture suivi colis dossier reservation client article"),
        serial=word_set("serie"),
        some_id=word_set("identifiant"),
        mine=word_set("mon"),
        article=word_set("le"),
        number=word_set("numero"),
        verb=word_set("est"),
    ),
    address=Address(
        at=word_set("arobase arobas arrobase a_commercial"),
        dot=word_set("point"),
        joins=word_set("tiret tiret_bas tiret_du_bas plus"),
        no_mailbox=word_set(
            """
            a adresse au ecrire ecrivez envoie envoyer envoyez est la le mail mon par repondre
            repondez sur un
            """
        ),
    ),
)
