"""Portuguese."""

from __future__ import annotations

from service.redaction.languages.language import Address, Language, Names, count, spell
from service.redaction.tokens import word_set

PORTUGUESE = Language(
    numbers={
        **count("zero um/uma dois/duas tres quatro cinco seis/meia sete oito nove"),
        **count("dez onze doze treze catorze/quatorze quinze", 10),
        **count("dezasseis/dezesseis dezassete/dezessete dezoito dezanove/dezenove vinte", 16),
        **count("trinta quarenta cinquenta sessenta setenta oitenta noventa", 30, 10),
        **count(
            """
            cem/cento duzentos/duzentas trezentos/trezentas quatrocentos/quatrocentas
            quinhentos/quinhentas seiscentos/seiscentas setecentos/setecentas oitocentos/oitocentas
            novecentos/novecentas mil
            """,
            100,
            100,
        ),
    },
    thousands=word_set("mil"),
    millions=word_set("milhao milhoes"),
    repeats={"duplo": 2, "dobrado": 2, "triplo": 3},
    plurals=count("zeros uns"),
    times=word_set("vezes"),
    plus=word_set("mais plus"),
    joins=word_set("e"),
    needs_join=True,
    fillers=word_set("barra dai depois digito e entao espaco hifen ou ponto traco virgula"),
    asides=word_set(
        """
        a acordo anotou apontou bem bom certo comeca ddd de deixe digitos esta fim indicativo
        instante isso ja minuto momento numero o os ouve ouvir ouviu perfeito por segundo sim so ta
        tem termina ultimos ver
        """
    ),
    corrections=word_set(
        "alias desculpa desculpe digo engano errado espera espere minto nao perdao"
    ),
    no_digits={"um": word_set("momento instante segundo minuto")},
    letters=spell("aga=H xis=X"),
    likenesses=word_set("como de"),
    names=Names(
        card=word_set("cartao"),
        phone=word_set("telefone telemovel celular ligar ligue liga ligarem contacto contato"),
        national_id=word_set("contribuinte cpf cidadao nif identidade"),
        other=word_set("encomenda fatura rastreio protocolo artigo processo pedido"),
        serial=word_set("serie"),
        mine=word_set("meu minha"),
        article=word_set("o"),
        number=word_set("numero"),
        verb=word_set("e"),
    ),
    address=Address(
        at=word_set("arroba"),
        dot=word_set("ponto"),
        joins=word_set("sublinhado underline hifen traco traco_baixo traco_inferior mais"),
        no_mailbox=word_set("a endereco enderecos envie mande meu o para por um"),
    ),
)
