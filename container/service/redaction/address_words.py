"""What e-mail addresses are made of: signs as they are said, ends, well-known providers.

All words are folded. How signs are said is each language's own; the rest is the same everywhere.
"""

from __future__ import annotations

from service.redaction.languages import all_words
from service.redaction.tokens import word_set


def _phrases(words: frozenset[str]) -> frozenset[tuple[str, ...]]:
    """Those of several words, which are joined by underscores."""
    return frozenset(tuple(word.split("_")) for word in words if "_" in word)


# An ordinary word: it counts only before a domain, and not behind words such as "look".
AT = "at"
CERTAIN_AT = all_words("address.at") | {"@"}
LONG_AT = _phrases(CERTAIN_AT)
DOT = all_words("address.dot")
# What else stands in names, by its spoken forms.
JOINS = all_words("address.joins")
LONG_JOINS = _phrases(JOINS)
MAILBOX_SIGNS = frozenset(".!#$%&'*+-/=?^_`{|}~")
LABEL_SIGNS = frozenset("-_'")
# What may stand around a sign that is said or disguised: wanda (at) example, dot, com.
ENCLOSURES = frozenset("()[]{}<>,")
# Ends that need no dot before them: gmail com.
LOOSE_LEVELS = word_set(
    """
    com co net org edu gov mil uk ca au nz ie de ch li fr nl lu es pt br mx ar cl pl cz sk hu ro bg
    gr dk fi ee lv lt eu jp cn kr sg za xyz
    """
)
# Ends that are words, too: nobody says "gmail in" for gmail.in.
TOP_LEVELS = LOOSE_LEVELS | word_set(
    """
    ai app at be berlin biz cat cloud dev email example in info int invalid io is it local me mobi
    name no online pro se shop site store tech test tv us
    """
)
NO_MAILBOX = all_words("address.no_mailbox")
# What stands inside of names: tom and jerry, j van der berg.
CONJUNCTIONS = word_set("and und et en y e")
PARTICLES = word_set("da de del della den der di do dos du la le ten ter van von zu")
# Of "at a dot com company" nothing is a domain.
_ARTICLES = frozenset({"a", "an", "the", "this", "that", "some"})
# Where a domain begins so, a page is meant.
_PAGES = word_set("www docs shop help app api blog news portal status learn")
# Known well enough to be said without an end.
PROVIDERS = word_set("gmail hotmail outlook yahoo icloud gmx protonmail aol googlemail")
# They may be followed by their end without a dot.
LOOSE_DOMAINS = PROVIDERS | word_set(
    """
    alice att bluewin bol btinternet comcast fastmail free freenet interia kpn kpnmail laposte
    libero live mail msn o2 onet online orange planet posteo proton sapo sfr sky skynet telefonica
    telenet terra tiscali uol verizon virgilio wanadoo web wp xs4all yandex ziggo zoho
    """
)
ENDINGS = DOT | PROVIDERS | LOOSE_LEVELS | {"dotcom"}
NO_LABEL = DOT | NO_MAILBOX - CONJUNCTIONS
NO_DOMAIN = _ARTICLES | _PAGES
