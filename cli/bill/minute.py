"""What a minute of conversation costs, besides what stands there anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.bill.idle import task_hour_price
from cli.bill.item import Item

if TYPE_CHECKING:
    from cli.bill.prices import Prices
    from cli.bill.usage import Usage
    from infra.settings import Environment

_GB = 1e9
_GIB = 1024**3
_DAYS_A_MONTH = 365 / 12
# What an hour of one load balancer capacity unit carries; the scarcest counts:
# https://aws.amazon.com/elasticloadbalancing/pricing/
_LCU_CONNECTION_MINUTES = 3000 * 60
_LCU_NEW_CONNECTIONS = 25 * 3600
_LCU_BYTES = 1e9
# A conversation's head is written when it begins and when it ends, each time into the index too.
_HEAD_WRITES = 4
# What the user said, and the answer.
_MESSAGES_PER_TURN = 2
_LINES_PER_TURN = 1


def list_minute_items(environment: Environment, prices: Prices, usage: Usage) -> list[Item]:
    """The lines of one minute; what a conversation costs once is spread over its minutes."""
    return [
        *_list_tasks(environment, prices, usage),
        *_list_transfer(environment, prices, usage),
        *_list_records(environment, prices, usage),
        *_list_start(environment, prices, usage),
    ]


def _list_tasks(environment: Environment, prices: Prices, usage: Usage) -> list[Item]:
    most = environment.conversations.max_conversations
    new_connections = 1 / usage.conversation_minutes
    lcu_hours = max(
        1 / _LCU_CONNECTION_MINUTES,
        new_connections / _LCU_NEW_CONNECTIONS,
        _bytes_with_elevenlabs(usage) / _LCU_BYTES,
    )
    return [
        Item("share of a full task", 1 / 60 / most, "hour", task_hour_price(environment, prices)),
        Item("load balancer capacity", lcu_hours, "LCU-hour", prices.load_balancer_lcu_hour),
    ]


def _list_transfer(environment: Environment, prices: Prices, usage: Usage) -> list[Item]:
    sent_gb = usage.turns_per_minute * usage.bytes_sent_per_turn / _GB
    asked_gb = usage.turns_per_minute * usage.bytes_asked_per_turn / _GB
    at_edge = environment.address.domain is None
    sent_price = prices.cloudfront_gb if at_edge else prices.transfer_out_gb
    items = [
        Item("data out, ElevenLabs", sent_gb, "GB", sent_price),
        Item("data out, language model", asked_gb, "GB", prices.transfer_out_gb),
    ]
    if environment.network.nat_gateways:
        items.append(Item("data through NAT", asked_gb, "GB", prices.nat_gateway_gb))
    return items


def _list_records(environment: Environment, prices: Prices, usage: Usage) -> list[Item]:
    messages = usage.turns_per_minute * _MESSAGES_PER_TURN
    heads = _HEAD_WRITES / usage.conversation_minutes
    kept_months = environment.transcripts.days / _DAYS_A_MONTH
    stored = messages * usage.item_bytes / _GIB * kept_months
    table_price = prices.table_gib_month + prices.table_recovery_gib_month
    lines = usage.turns_per_minute * _LINES_PER_TURN
    lines += usage.log_lines_per_conversation / usage.conversation_minutes
    logged = lines * usage.log_bytes_per_line / _GB
    logged += usage.token_log_bytes / usage.conversation_minutes / _GB
    logged_months = logged * environment.service.log_days / _DAYS_A_MONTH
    return [
        Item(
            "transcript, writes", (messages + heads) / 1e6, "million", prices.table_writes_million
        ),
        Item("transcript, kept", stored, "GiB-month", table_price),
        Item("log, written", logged, "GB", prices.log_ingested_gb),
        Item("log, kept", logged_months, "GB-month", prices.log_stored_gb_month),
    ]


def _list_start(environment: Environment, prices: Prices, usage: Usage) -> list[Item]:
    once = 1 / usage.conversation_minutes
    functions = environment.functions
    memory_gib = functions.memory_mib / 1024
    second = (
        prices.function_arm64_gib_second
        if functions.architecture == "arm64"
        else prices.function_x86_64_gib_second
    )
    seconds = once * usage.token_seconds * memory_gib
    edge_requests = usage.page_requests + (0 if environment.address.domain else 1)
    page_gb = once * usage.page_bytes / _GB
    items = [
        Item("token, API request", once / 1e6, "million", prices.http_api_million),
        Item("token, function call", once / 1e6, "million", prices.function_requests_million),
        Item("token, function", seconds, "GiB-second", second),
        Item("token, secret read", once / 1e4, "10,000", prices.secret_calls_10k),
        Item(
            "page, requests", once * edge_requests / 1e6, "million", prices.cloudfront_https_million
        ),
        Item("page, data", page_gb, "GB", prices.cloudfront_gb),
    ]
    if environment.token.snap_start:
        restored = once * memory_gib
        items.append(
            Item("token, restored snapshot", restored, "GiB", prices.snapshot_restored_gib)
        )
    if environment.waf:
        price = prices.web_acl_requests_million
        items.append(Item("web ACL, request", once / 1e6, "million", price))
    return items


def _bytes_with_elevenlabs(usage: Usage) -> float:
    return usage.turns_per_minute * (usage.bytes_sent_per_turn + usage.bytes_received_per_turn)
