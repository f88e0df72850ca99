from __future__ import annotations

import io
import json
import re
import tomllib
from datetime import date
from typing import Any

import pytest

from cli.__main__ import main
from cli.bill.idle import list_deployment_items, list_idle_items
from cli.bill.item import Item, total
from cli.bill.minute import list_minute_items
from cli.bill.prices import PRICES, Prices, read_prices
from cli.bill.statement import write_tables
from cli.bill.usage import Usage
from cli.cost import make_statement
from cli.errors import CommandError
from infra.settings import load_environment
from tests.fakes.environments import DOMAIN, ZONES, environment_with

# One dollar for everything, so that an amount is a count.
ONE_DOLLAR = Prices(
    region="nowhere-1",
    **{name: 1 for name in Prices.model_fields if name not in {"region", "as_of"}},
    as_of=date(2026, 1, 1),
)
BLUE_GREEN = {"service.deployment.strategy": "blue_green", "service.deployment.bake_minutes": 15}
VPC = {
    "network.existing.vpc_id": "vpc-01234567",
    "network.existing.private_subnet_ids": ["subnet-00000001", "subnet-00000002"],
}
HOURS = 730


def idle_usd(changes: dict[str, Any], item: str, prices: Prices = ONE_DOLLAR) -> float:
    return usd_of(list_idle_items(environment_with(changes), prices, Usage()), item)


def minute_usd(changes: dict[str, Any], item: str, prices: Prices = ONE_DOLLAR) -> float:
    return usd_of(list_minute_items(environment_with(changes), prices, Usage()), item)


def usd_of(items: list[Item], name: str) -> float:
    return sum(item.usd for item in items if item.name == name)


def test_cost_of_an_idle_dev_is_small() -> None:
    """The environment that a developer deploys first idles at 34 USD a month or less, itemised."""
    environment = load_environment("dev")
    items = list_idle_items(environment, read_prices(environment.aws.region), Usage())
    assert total(items) <= 34
    assert {item.name for item in items if item.usd > 0.01} == {
        "Fargate arm64, CPU",
        "Fargate arm64, memory",
        "load balancer",
        "public IPv4, tasks",
        "dashboard",
        "secrets",
        "images of the server",
    }


def test_cost_of_an_idle_dev_with_a_domain_is_small() -> None:
    """With an own domain, whose load balancer has public addresses, it is 42 USD or less."""
    dev = load_environment("dev").model_dump(exclude_unset=True, exclude={"name"})
    changes = {
        f"{table}.{key}": value for table, part in dev.items() for key, value in part.items()
    }
    items = list_idle_items(
        environment_with({**changes, **DOMAIN}), read_prices("us-east-1"), Usage()
    )
    assert total(items) <= 42
    assert usd_of(items, "public IPv4, load balancer") == pytest.approx(2 * HOURS * 0.005)


@pytest.mark.parametrize(
    ("changes", "item", "count"),
    [
        ({}, "load balancer", HOURS),
        ({}, "Fargate arm64, CPU", HOURS / 4),
        ({}, "Fargate arm64, memory", HOURS / 2),
        ({"service.tasks": 3}, "Fargate arm64, CPU", 3 * HOURS / 4),
        ({"service.architecture": "x86_64"}, "Fargate x86_64, CPU", HOURS / 4),
        ({}, "public IPv4, load balancer", 0),
        (DOMAIN, "public IPv4, load balancer", 2 * HOURS),
        (
            {**DOMAIN, "aws.availability_zones": [*ZONES, "us-east-1c"]},
            "public IPv4, load balancer",
            3 * HOURS,
        ),
        ({"service.tasks": 2}, "public IPv4, tasks", 2 * HOURS),
        ({"network.nat_gateways": 2}, "public IPv4, tasks", 0),
        ({"network.nat_gateways": 2}, "NAT gateways", 2 * HOURS),
        ({"network.nat_gateways": 2}, "public IPv4, NAT gateways", 2 * HOURS),
        (VPC, "public IPv4, tasks", 0),
        ({}, "secrets", 2),
        ({"agent.models": ["openai/gpt-5.4-mini", "bedrock/amazon.nova-micro-v1:0"]}, "secrets", 3),
        ({}, "dashboard", 1),
        ({}, "alarms, by metric", 0),
        ({"alarms.email": "me@example.org"}, "alarms, by metric", 16),
        (BLUE_GREEN, "alarms, by metric", 5),
        ({**BLUE_GREEN, "alarms.email": "me@example.org"}, "alarms, by metric", 20),
        ({"service.autoscaling.max_tasks": 4}, "alarms of autoscaling", 2),
        (DOMAIN, "hosted zone", 1),
        ({"waf.only_elevenlabs": False}, "web ACL", 1),
        ({"waf.only_elevenlabs": False}, "web ACL, rules", 1),
        ({"waf.only_elevenlabs": True}, "web ACL, rules", 3),
        ({"token.snap_start": True}, "SnapStart, kept snapshot", HOURS * 3600 / 2),
    ],
)
def test_cost_counts_what_settings_make(changes: dict[str, Any], item: str, count: float) -> None:
    """Each setting that is billed by the month changes its own line by what it makes."""
    assert idle_usd(changes, item) == pytest.approx(count)


def test_cost_of_spot_is_a_fraction() -> None:
    """Spot tasks cost the fraction in the price file; their addresses cost what they do."""
    prices = ONE_DOLLAR.model_copy(update={"fargate_spot_fraction": 0.25})
    spot = {"service.spot": True}
    assert idle_usd(spot, "Fargate Spot arm64, CPU", prices) == pytest.approx(HOURS / 16)
    assert idle_usd(spot, "public IPv4, tasks", prices) == HOURS


@pytest.mark.parametrize(
    ("changes", "hours"),
    [({}, 630 / 3600), (BLUE_GREEN, 630 / 3600 + 0.25), ({"service.tasks": 2}, 2 * 630 / 3600)],
)
def test_cost_of_a_deployment_is_its_doubled_tasks(changes: dict[str, Any], hours: float) -> None:
    """While old tasks bake and drain beside new ones, each is billed twice."""
    (item,) = list_deployment_items(environment_with(changes), ONE_DOLLAR)
    # A quarter of a CPU, half a GiB and an address, at a dollar each.
    assert item.usd == pytest.approx(hours * 1.75)


@pytest.mark.parametrize(
    ("item", "changes", "factor"),
    [
        ("share of a full task", {"conversations.max_conversations": 100}, 2),
        ("transcript, kept", {"transcripts.days": 60}, 2),
        ("log, kept", {"service.log_days": 60, "transcripts.days": 60}, 2),
        ("token, function", {"functions.memory_mib": 1024}, 2),
        ("page, requests", DOMAIN, 8 / 9),
    ],
)
def test_cost_of_a_minute_follows_settings(
    item: str, changes: dict[str, Any], factor: float
) -> None:
    """What a minute costs rises and falls with the settings that decide on it."""
    assert minute_usd(changes, item) == pytest.approx(factor * minute_usd({}, item))


@pytest.mark.parametrize(
    ("item", "changes"),
    [
        ("data through NAT", {"network.nat_gateways": 1}),
        ("web ACL, request", {"waf.only_elevenlabs": True}),
        ("token, restored snapshot", {"token.snap_start": True}),
    ],
)
def test_cost_of_a_minute_has_what_is_there(item: str, changes: dict[str, Any]) -> None:
    """A part that settings add has its line, and none without it."""
    assert minute_usd(changes, item) > 0
    assert minute_usd({}, item) == 0


def test_cost_of_a_minute_counts_writes() -> None:
    """Four turns a minute are eight messages; a conversation's head is four writes in all."""
    assert minute_usd({}, "transcript, writes") * 1e6 == pytest.approx(8 + 4 / 5)


def test_cost_of_data_is_the_edge_s() -> None:
    """Answers leave by CloudFront, or by the load balancer where there is a domain."""
    prices = ONE_DOLLAR.model_copy(update={"cloudfront_gb": 0, "transfer_out_gb": 1})
    assert minute_usd({}, "data out, ElevenLabs", prices) == 0
    assert minute_usd(DOMAIN, "data out, ElevenLabs", prices) > 0


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_cost_has_whole_price_lists(region: str) -> None:
    """A region's prices are complete, and only budgets are free."""
    prices = read_prices(region).model_dump(exclude={"region", "as_of"})
    assert [name for name, price in prices.items() if price <= 0] == ["budget_month"]


def test_cost_names_a_source_for_each_price() -> None:
    """Prices stand below AWS's page for them, and the file says of when they are."""
    text = PRICES.read_text()
    assert tomllib.loads(text)["as_of"].isoformat() == "2026-09-29"
    page = ""
    for line in text.partition("[everywhere]")[2].splitlines():
        if line.startswith("#"):
            page = line
        elif not line:
            page = ""
        elif "=" in line:
            assert re.search(r"https://aws\.amazon\.com/\S+", page), line


def test_cost_tells_a_region_without_prices() -> None:
    """A region that the file doesn't have is one line that says where to add it."""
    with pytest.raises(CommandError) as caught:
        read_prices("eu-west-9")
    assert str(caught.value) == (
        "no prices for eu-west-9; add [regions.eu-west-9] to cli/bill/prices.toml,"
        " which has eu-central-1, us-east-1"
    )


def test_cost_is_told_in_one_line_when_there_is_no_environment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A misspelt environment is one line and exit code 1."""
    assert main(["cost", "-e", "prd"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("speechctl cost: there is no environment 'prd'; did you mean prod?")
    assert told.count("\n") == 1


def test_cost_adds_up_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has each line's count, price and amount, and sums that they come to."""
    assert main(["cost", "-e", "prod", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["environment"], document["region"]) == ("prod", "us-east-1")
    assert document["prices_as_of"] == "2026-09-29"
    for part in ("idle_month", "deployment", "conversation_minute"):
        lines = document[part]["items"]
        assert document[part]["usd"] == pytest.approx(sum(line["usd"] for line in lines))
        assert all(line["usd"] == pytest.approx(line["count"] * line["price"]) for line in lines)
    assert document["assumptions"]["conversation_minutes"] == 5


def test_cost_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    """A person gets the lines that count, both sums, the prices' date and what isn't included."""
    assert main(["cost", "-e", "prod"]) == 0
    shown = capsys.readouterr().out
    environment = load_environment("prod")
    prices = read_prices("us-east-1")
    idle = list_idle_items(environment, prices, Usage())
    minute = list_minute_items(environment, prices, Usage())
    for item in [*idle, *minute, *list_deployment_items(environment, prices)]:
        assert (f"\n {item.name}  " in shown) == bool(item.count)
    assert f"Idle: {total(idle):.2f} USD a month." in shown
    assert f"A minute of conversation: {total(minute):.6f} USD." in shown
    assert "as of 2026-09-29" in shown
    assert "Not included: ElevenLabs" in shown
    assert "…" not in shown


class Terminal(io.StringIO):
    """What is written to it, a person reads."""

    def isatty(self) -> bool:
        return True


def test_cost_keeps_the_amounts_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where little fits, each item still has its amount on its own line."""
    monkeypatch.setenv("COLUMNS", "40")
    statement = make_statement(load_environment("prod"), Usage())
    terminal = Terminal()
    write_tables(statement, terminal)
    lines = [line.split() for line in terminal.getvalue().splitlines()]
    for item in statement.idle:
        assert not item.count or [*item.name.split(), f"{item.usd:.2f}"] in [
            [*line[: len(item.name.split())], *line[-1:]] for line in lines
        ]


@pytest.mark.parametrize("archive", [True, False])
def test_cost_names_the_archive_where_there_is_one(archive: bool) -> None:
    """What it leaves out it says, and only of environments that have it."""
    environment = environment_with({"transcripts.archive": archive})
    told = make_statement(environment, Usage()).not_included
    assert any("transcripts.archive" in each for each in told) == archive
