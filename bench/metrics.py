"""Owns the list of metrics: names, units, and the gains that must hold. Knows no server program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One row of the report.

    `bounds` maps a reference server to the least gain of this project's runtime over it, `aims` to
    the gain hoped for. `highest` is an absolute limit for this project's runtime.
    """

    name: str
    title: str
    scenario: str
    higher_is_better: bool = False
    bounds: tuple[tuple[str, float], ...] = ()
    aims: tuple[tuple[str, float], ...] = ()
    highest: float | None = None


PYTHON, JS = "python-sdk", "js-sdk"

METRICS = (
    Metric(
        "burst_chunks_per_cpu_second",
        "burst: chunks per CPU-second",
        "burst",
        higher_is_better=True,
        bounds=((PYTHON, 8.0), (JS, 4.5)),
    ),
    Metric(
        "paced_cpu_us_per_chunk",
        "paced: CPU per chunk, µs",
        "paced",
        bounds=((PYTHON, 2.2), (JS, 1.4)),
        aims=((PYTHON, 2.7),),
    ),
    Metric(
        "first_chunk_p50_ms",
        "paced: first chunk p50, ms",
        "paced",
        bounds=((PYTHON, 6.0), (JS, 1.7)),
    ),
    Metric("first_chunk_p99_ms", "paced: first chunk p99, ms", "paced"),
    Metric(
        "interruption_p50_ms",
        "paced: interruption p50, ms",
        "paced",
        bounds=((PYTHON, 6.0), (JS, 1.7)),
    ),
    Metric("interruption_p99_ms", "paced: interruption p99, ms", "paced"),
    Metric("stale_chunks", "paced: stale chunks", "paced", highest=0),
    Metric("accept_cpu_us", "accept: CPU per connection, µs", "accept", bounds=((PYTHON, 3.3),)),
    Metric("refuse_cpu_us", "accept: CPU per refusal, µs", "accept", bounds=((PYTHON, 2.7),)),
    Metric(
        "memory_kb_per_conversation",
        "memory: kB per idle conversation",
        "memory",
        bounds=((PYTHON, 4.0),),
        aims=((PYTHON, 7.0),),
    ),
    Metric("start_ms", "start: to first accepted, ms", "start", bounds=((PYTHON, 2.6),)),
    Metric("start_cpu_ms", "start: CPU, ms", "start"),
    Metric("token_cpu_ms", "token: CPU to the first, ms", "token", bounds=((PYTHON, 1.6),)),
    Metric("token_peak_mb", "token: peak memory, MB", "token", highest=56),
    Metric("agents_direct_us", "agents: CPU of a direct turn, µs", "agents"),
    Metric("agents_added_20_us", "agents: added, 20 messages, µs", "agents", highest=50),
    Metric("agents_added_40_us", "agents: added, 40 messages, µs", "agents", highest=50),
    Metric("agents_added_chunk_us", "agents: of that per chunk, µs", "agents"),
    Metric("agents_added_first_us", "agents: added to first chunk, µs", "agents"),
    Metric("transcripts_plain_us", "transcripts: loop, per chunk, µs", "transcripts"),
    Metric("transcripts_added_percent", "transcripts: added to that, %", "transcripts", highest=3),
    Metric("transcripts_plain_p50_ms", "transcripts: first chunk p50, ms", "transcripts"),
    Metric("transcripts_added_p50_ms", "transcripts: added to that, ms", "transcripts"),
    Metric("transcripts_item_us", "transcripts: threads, per item, µs", "transcripts", highest=250),
)
