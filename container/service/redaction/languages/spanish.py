"""Spanish."""

from __future__ import annotations

from service.redaction.languages.language import Address, Language, Names, count, spell
from service.redaction.tokens import word_set

_UNITS = count("uno dos tres cuatro cinco seis siete ocho nueve", 1)
_JOINED_UNITS = _UNITS | {"un": 1}
_TENS = count("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10)
SPANISH = Language(
    numbers={
        "cero": 0,
        **_UNITS,
        **count("diez once doce trece catorce quince dieciseis diecisiete dieciocho", 10),
        **count("diecinueve veinte", 19),
        **{f"veinti{word}": 20 + value for word, value in _JOINED_UNITS.items()},
        **_TENS,
        **{f"{ten}i{word}": t + u for ten, t in _TENS.items() for word, u in _JOINED_UNITS.items()},
        **count(
            """
            cien/ciento doscientos/doscientas trescientos/trescientas cuatrocientos/cuatrocientas
            quinientos/quinientas seiscientos/seiscientas setecientos/setecientas
            ochocientos/ochocientas novecientos/novecientas mil
            """,
            100,
            100,
        ),
    },
    thousands=word_set("mil"),
    millions=word_set("millon millones"),
    repeats={"doble": 2, "triple": 3},
    plurals=count("ceros unos doses treses cuatros cincos seises sietes ochos nueves"),
    times=word_set("veces"),
    plus=word_set("mas"),
    joins=word_set("y"),
    needs_join=True,
    fillers=word_set("coma despues entonces espacio este guion luego o pues punto y"),
    asides=word_set(
        """
        a acuerdo anota anotado apunta apuntado bien bueno con de deja dejame el empieza la letra
        listo lo los me momentito momento numero perfecto prefijo segundo si sigue sigues termina
        tiene tienes ultimo ultimos un vale veamos ver ya
        """
    ),
    corrections=word_set(
        """
        dicho digo disculpa disculpe equivoque error espera espere mejor no perdon perdona perdone
        """
    ),
    letters=spell("efe=F hache=H jota=J ele=L eme=M ene=N erre=R ese=S uve=V equis=X zeta=Z"),
    likenesses=word_set("como de"),
    names=Names(
        card=word_set("tarjeta"),
        phone=word_set(
            """
            telefono telefonico movil celular llamar llameme llamame llame llama fijo contacto
            """
        ),
        national_id=word_set("dni nie nif identidad identificacion documento curp"),
        other=word_set(
            "pedido factura seguimiento referencia reserva cliente articulo expediente envio"
        ),
        serial=word_set("serie"),
        some_id=word_set("identificador"),
        mine=word_set("mi su"),
        article=word_set("el"),
        number=word_set("numero"),
        verb=word_set("es"),
    ),
    address=Address(
        at=word_set("arroba"),
        dot=word_set("punto"),
        joins=word_set("guion guion_bajo barra_baja mas"),
        no_mailbox=word_set(
            """
            a al correo direccion el en envie envieme es escriba escribame escribe favor lo manda
            mande mandeme mi para por un una y
            """
        ),
    ),
)
