"""The monthly AWS Budget over what carries the environment's tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_budgets as budgets
from constructs import Construct

from infra.names import ENVIRONMENT_TAG

if TYPE_CHECKING:
    from infra.settings import Environment
    from infra.settings.environment import Budget


def add_budget(
    scope: Construct, construct_id: str, *, environment: Environment, budget: Budget
) -> budgets.CfnBudget:
    """Add a budget in USD that mails when it is foreseen to be passed, and when it is.

    The tag counts once it is activated as a cost allocation tag in the paying account:
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """
    return budgets.CfnBudget(
        scope,
        construct_id,
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=budget.monthly_usd, unit="USD"),
            cost_filters={"TagKeyValue": [f"user:{ENVIRONMENT_TAG}${environment.name}"]},
        ),
        notifications_with_subscribers=[
            _notify("FORECASTED", budget.email),
            _notify("ACTUAL", budget.email),
        ],
    )


def _notify(kind: str, email: str) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
    return budgets.CfnBudget.NotificationWithSubscribersProperty(
        notification=budgets.CfnBudget.NotificationProperty(
            notification_type=kind,
            comparison_operator="GREATER_THAN",
            threshold=100,
            threshold_type="PERCENTAGE",
        ),
        subscribers=[
            budgets.CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=email)
        ],
    )
