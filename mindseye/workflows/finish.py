"""The last stage of every run that paints: figures, the manifest's last word, and the page."""

from mindseye.report.figures import write_figures
from mindseye.report.page import leave_page
from mindseye.workflows.record import Record


def finish_run(record: Record) -> None:
    """Draw the figures, say in the manifest that the run is done, or done in part, and write its page."""
    record.save("running")  # the figures are drawn from what the folder says
    with record.progress.stage("figures", 1, "set") as advance:
        write_figures(record.folder.path)
        advance(1)
    record.finish()
    leave_page(record.folder.path, record.progress)
