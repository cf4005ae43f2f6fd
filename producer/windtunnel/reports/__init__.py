"""Pages for a browser: one self-contained HTML file for a batch or a job. Pure: reports in, text out.

Whatever a program or a dataset says is data in such a page, never markup: see `page`.
"""

from windtunnel.reports.batch import batch_page
from windtunnel.reports.job import job_page

__all__ = ["batch_page", "job_page"]
