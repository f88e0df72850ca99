"""A stand-in for speech synthesis: frames of real PCM or µ-law whose length follows from the text.

Formats are named as the platform names them (`pcm_16000`, `ulaw_8000`): mono, PCM as 16-bit
little-endian.
"""

from __future__ import annotations

import base64
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from local.platform.json_types import JsonObject

CHARACTERS_PER_SECOND = 15.0  # a calm English speaker
FRAME_CHARACTERS = 8  # about half a second a frame at that speed

_TONE_HERTZ = 220
_TONE_AMPLITUDE = 4000
_ULAW_BIAS = 132
_ULAW_CLIP = 32635


@dataclass(frozen=True)
class AudioFormat:
    """An encoding and its sample rate in hertz."""

    encoding: str
    rate_hertz: int

    @classmethod
    def parse(cls, name: str) -> AudioFormat:
        """Read a name such as `pcm_16000`."""
        encoding, _, rate = name.partition("_")
        return cls(encoding, int(rate))

    @property
    def bytes_per_sample(self) -> int:
        """Return the size of one sample."""
        return 1 if self.encoding == "ulaw" else 2

    def duration_ms(self, size_bytes: int) -> float:
        """Return how long that many bytes sound."""
        return size_bytes / self.bytes_per_sample / self.rate_hertz * 1000

    def tone(self, seconds: float) -> bytes:
        """Return a quiet tone of that length."""
        samples = _tone_samples(self.rate_hertz, round(seconds * self.rate_hertz))
        return encode_ulaw(samples) if self.encoding == "ulaw" else encode_pcm(samples)


@dataclass(frozen=True)
class SpokenFrame:
    """A piece of speech: its text, its samples, and when in the frame each character begins."""

    text: str
    audio: bytes
    milliseconds_per_character: float

    def alignment(self) -> JsonObject:
        """Return the platform's alignment block; times are milliseconds from the frame's start."""
        step = self.milliseconds_per_character
        starts = [round(index * step) for index in range(len(self.text) + 1)]
        return {
            "chars": list(self.text),
            "char_start_times_ms": starts[:-1],
            "char_durations_ms": [after - start for start, after in pairwise(starts)],
        }

    def base64(self) -> str:
        """Return the samples as they travel in JSON."""
        return base64.b64encode(self.audio).decode()


@dataclass(frozen=True)
class Voice:
    """Speaks text at a steady pace in one format."""

    format: AudioFormat
    characters_per_second: float = CHARACTERS_PER_SECOND

    def speak(self, text: str) -> Iterator[SpokenFrame]:
        """Yield the frames that say `text`."""
        for start in range(0, len(text), FRAME_CHARACTERS):
            piece = text[start : start + FRAME_CHARACTERS]
            audio = self.format.tone(self.seconds(piece))
            yield SpokenFrame(piece, audio, 1000 / self.characters_per_second)

    def seconds(self, text: str) -> float:
        """Return how long `text` takes to say."""
        return len(text) / self.characters_per_second


def encode_pcm(samples: array[int]) -> bytes:
    """Encode signed samples as 16-bit little-endian PCM."""
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)


def encode_ulaw(samples: array[int]) -> bytes:
    """Encode signed 16-bit samples as µ-law (ITU-T G.711)."""
    return bytes(_ulaw_byte(sample) for sample in samples)


def _ulaw_byte(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _ULAW_CLIP) + _ULAW_BIAS
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF


@lru_cache(maxsize=64)
def _tone_samples(rate_hertz: int, count: int) -> array[int]:
    step = 2 * math.pi * _TONE_HERTZ / rate_hertz
    return array("h", (round(_TONE_AMPLITUDE * math.sin(step * index)) for index in range(count)))
