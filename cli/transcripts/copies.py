"""Where a deleted conversation may still be, as far as it can be known from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.transcripts.place import Place

_MOST_RECOVERY_DAYS = 35


def list_copies(place: Place) -> list[str]:
    """One line for each kind of copy."""
    environment = place.account.environment if place.account else None
    log = f"for {environment.service.log_days} days" if environment else "as long as it is kept"
    copies = [f'the server\'s log, {log}: lines "transcript not written" of what had to be printed']
    if recovery := _tell_recovery(place):
        copies.append(recovery)
    if place.settings.archive or not environment:
        days = (
            f"for {place.settings.days} days" if environment else "where transcripts.archive is on"
        )
        copies.append(f"the archive in S3, {days}")
    copies += [
        "files that `transcripts export` has written",
        "ElevenLabs' own record, as long as the engine's privacy settings say",
    ]
    return copies


def _tell_recovery(place: Place) -> str | None:
    """What point-in-time recovery holds, None where it is off.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
    """
    from botocore.exceptions import BotoCoreError, ClientError

    environment = place.account.environment if place.account else None
    days = environment.data.recovery_days if environment else _MOST_RECOVERY_DAYS
    try:
        answer = place.client.describe_continuous_backups(TableName=place.table)
        recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
            return None
        days = recovery.get("RecoveryPeriodInDays", days)
    except (ClientError, BotoCoreError, KeyError):
        # Who may delete need not have the right to ask; better one copy too many than too few.
        pass
    return f"the table's point-in-time recovery, for {days} days, and backups of the table"
