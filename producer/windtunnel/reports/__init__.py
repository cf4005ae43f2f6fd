"""Shows reports as HTML pages, one self-contained file for a batch or a job, and as tables. Pure functions of reports.

Text from programs and datasets is data in a page, never markup: see `page`.
"""

from windtunnel.reports.batch import batch_page
from windtunnel.reports.job import job_page

__all__ = ["batch_page", "job_page"]
