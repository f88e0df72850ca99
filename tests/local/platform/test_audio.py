from __future__ import annotations

import base64
from array import array

import pytest

from local.platform.audio import AudioFormat, Voice, encode_pcm, encode_ulaw


@pytest.mark.parametrize(
    ("name", "encoding", "rate", "size"),
    [
        ("pcm_16000", "pcm", 16000, 2),
        ("pcm_44100", "pcm", 44100, 2),
        ("ulaw_8000", "ulaw", 8000, 1),
    ],
)
def test_audio_format_reads_the_platforms_names(
    name: str, encoding: str, rate: int, size: int
) -> None:
    """A name gives encoding, rate, and the size of a sample."""
    audio_format = AudioFormat.parse(name)
    assert (audio_format.encoding, audio_format.rate_hertz) == (encoding, rate)
    assert audio_format.bytes_per_sample == size


@pytest.mark.parametrize("name", ["pcm_8000", "pcm_16000", "pcm_48000", "ulaw_8000"])
def test_voice_speaks_as_long_as_the_text_takes(name: str) -> None:
    """The samples of all frames last as long as the text takes at the voice's pace."""
    voice = Voice(AudioFormat.parse(name), characters_per_second=10)
    text = "twenty-five characters !!"
    total_ms = sum(voice.format.duration_ms(len(frame.audio)) for frame in voice.speak(text))
    assert total_ms == pytest.approx(2500, abs=1)
    assert "".join(frame.text for frame in voice.speak(text)) == text


def test_voice_makes_a_sound() -> None:
    """The samples are not silence and stay within 16 bits."""
    frame = next(Voice(AudioFormat.parse("pcm_16000")).speak("hello"))
    samples = array("h", base64.b64decode(frame.base64()))
    assert max(samples) > 1000
    assert min(samples) < -1000


def test_alignment_covers_each_character_without_gaps() -> None:
    """Every character begins where the one before ends."""
    frame = next(Voice(AudioFormat.parse("pcm_16000"), characters_per_second=15).speak("speech"))
    alignment = frame.alignment()
    starts, durations = alignment["char_start_times_ms"], alignment["char_durations_ms"]
    assert alignment["chars"] == list("speech")
    assert starts[0] == 0
    assert [s + d for s, d in zip(starts, durations, strict=True)][:-1] == starts[1:]
    assert starts[-1] + durations[-1] == 400


@pytest.mark.parametrize(
    ("sample", "code"), [(0, 0xFF), (-1, 0x7F), (32767, 0x80), (-32768, 0x00), (1000, 0xCE)]
)
def test_ulaw_codes_follow_g711(sample: int, code: int) -> None:
    """Known samples get the codes of the standard's table."""
    assert encode_ulaw(array("h", [sample])) == bytes([code])


def test_pcm_is_little_endian() -> None:
    """The low byte of a sample comes first."""
    assert encode_pcm(array("h", [1, -2])) == b"\x01\x00\xfe\xff"
