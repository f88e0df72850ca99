"""Redaction: what must not be stored is taken out of transcripts before anything keeps them."""

from service.redaction.redactor import KINDS, Redactor
from service.redaction.settings import make_redactor
from service.redaction.tokens import Finding

__all__ = ["KINDS", "Finding", "Redactor", "make_redactor"]
