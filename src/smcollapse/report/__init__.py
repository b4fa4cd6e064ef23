"""Estimates → tables, figures and one self-contained page.

    >>> from smcollapse.report import write_report
    >>> write_report(store).page

`tables` turns an answer into rows of strings for the page and the command line alike; each figure
is one file; `page` joins them. Importing this package loads neither seaborn nor jinja2.
"""

from smcollapse.report.write import Report, write_report

__all__ = ["Report", "write_report"]
