"""English."""

from __future__ import annotations

from service.redaction.languages.language import Address, Language, Names, count, spell
from service.redaction.tokens import word_set

ENGLISH = Language(
    numbers={
        **count("zero/oh/o/nought/naught one two three four five six seven eight nine/niner"),
        **count(
            "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 10
        ),
        **count("twenty thirty forty/fourty fifty sixty seventy eighty ninety", 20, 10),
    },
    hundreds=word_set("hundred"),
    most_hundreds=99,
    thousands=word_set("thousand"),
    millions=word_set("million"),
    repeats={"double": 2, "triple": 3, "treble": 3, "quadruple": 4},
    plurals=count("zeros/zeroes/ohs ones twos threes fours fives sixes sevens eights nines"),
    times=word_set("times"),
    plus=word_set("plus"),
    joins=word_set("and"),
    fillers=word_set("again and comma dash dot hyphen next or point right slash so space then yes"),
    asides=word_set(
        """
        after all alright are area begins catch check code continue continues cool correct did down
        ends far fine first for get go goes good got great group half hang have hear in hold is it
        last let look me minute moment now number okay on perfect ready s sec second see starts
        still sure that the there third this with yeah yep you
        """
    ),
    corrections=word_set("actually correction i mean meant mistake no oops rather sorry wait"),
    weak=word_set("oh o"),
    sounds={"won": 1, "to": 2, "too": 2, "for": 4, "ate": 8},
    no_digits={"one": word_set("is s sec second moment minute")},
    letters=spell("zed=Z zee=Z"),
    likenesses=word_set("as like for"),
    names=Names(
        card=word_set("card visa mastercard amex maestro discover debit credit"),
        iban=word_set("iban account"),
        phone=word_set(
            """
            phone phones telephone tel mobile cell cellphone landline call calling reach ring dial
            text whatsapp fax contact contacting service hotline helpline
            """
        ),
        national_id=word_set(
            """
            ssn social itin nino ni insurance nhs tax national identity identification taxpayer ppsn
            pps tfn aadhaar cpr fodselsnummer personnummer
            """
        ),
        other=word_set(
            """
            order orders invoice tracking parcel package shipment reference ref ticket case booking
            reservation confirmation model sku item article product version build batch member
            membership library loyalty gift claim policy transaction isbn barcode flight job quote
            meter population balance total coupon voucher error
            """
        ),
        serial=word_set("serial part imei"),
        some_id=word_set("id ids identifier employee student patient"),
        mine=word_set("my his her our their"),
        article=word_set("the that"),
        number=word_set("number"),
        verb=word_set("is s"),
    ),
    address=Address(
        at=word_set("at_sign"),
        dot=word_set("dot point period"),
        joins=word_set("underscore dash hyphen minus plus"),
        no_mailbox=word_set(
            """
            a about account address again am and are arrive arrived available based be bought but
            buy by call check contact down email es find for found from get go here him in is it its
            just listed lives look looked looking mail me meet met mine my number of off on one
            online only or order ordered out over page people posted published reach read s see seen
            send shop shopping site so someone something started staying live stopped store that the
            them then there they thing things this to too try under up us visit was we website were
            with work worked working works write yeah yes you your ok also back until till please
            """
        ),
    ),
)
