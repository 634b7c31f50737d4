"""groups: the group library is built anew from portraits: what changed, and everything once a day.

Trigger: every quarter of an hour, or {"whole": true} by hand. Reads: the archive, the index by cohort. Writes: groups.
Emits metrics. What is built twice, or by two at once, is the same.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.groups_store import Groups
from yinji.platform.observability import gauge, logger, metrics

groups = Groups()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    built = groups.build(whole=event.get("whole") is True)
    gauge("StudentsGrouped", built.students)
    return {"years": built.years, "students": built.students, "whole": built.whole}
