"""Plan, approve, stage, publish, prove, put back, record: decisions apart from effects.

decisions (pure)   plan.py diff.py blast.py prove.py outcome.py
effects            making.py stage.py publish.py putback.py status.py rollback.py (manager)
                   planfile.py (disk)   record.py (journal)
"""

from penstock.publish.blast import BlastRadius, Touched
from penstock.publish.making import make_plan
from penstock.publish.outcome import Standing, settle
from penstock.publish.plan import Plan, TargetPlan, approve
from penstock.publish.planfile import read_plan, write_plan
from penstock.publish.publish import Progress, Publication, publish_plan
from penstock.publish.record import record
from penstock.publish.rollback import make_rollback_plan
from penstock.publish.stage import stage_plan
from penstock.publish.status import InstanceStatus, fleet_status
from penstock.publish.target import resolve_target

__all__ = [
    "BlastRadius",
    "InstanceStatus",
    "Plan",
    "Progress",
    "Publication",
    "Standing",
    "TargetPlan",
    "Touched",
    "approve",
    "fleet_status",
    "make_plan",
    "make_rollback_plan",
    "publish_plan",
    "read_plan",
    "record",
    "resolve_target",
    "settle",
    "stage_plan",
    "write_plan",
]
