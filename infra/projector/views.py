"""Views: this module lists all views, and exports the functions that make, rebuild and compare views."""

from infra.projector.checkpoints import LOG, ensure, position_of
from infra.projector.fold import read_row
from infra.projector.rebuild import rebuild
from infra.projector.view_diff import differences
from projections import desk, progress, satisfaction, statistics
from projections.view import View

__all__ = ["LOG", "VIEWS", "differences", "ensure", "position_of", "read_row", "rebuild"]

VIEWS: dict[str, View] = {view.name: view for view in (progress.VIEW, statistics.VIEW, satisfaction.VIEW, desk.VIEW)}
