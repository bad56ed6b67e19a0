"""The printed numbers of the library's studies checked against each other: which slips there are."""

from __future__ import annotations

import pandas as pd

from msspas_analysis.evidence.paper_checks import (
    baseline_balance,
    check_table,
    interval_of_means,
    p_of_interval,
    p_value,
    percentage,
    shares_add_up,
    spreads,
)


def library_checks() -> pd.DataFrame:
    """Check the numbers that the studies of the library print, and return what does and does not fit.

    Returns
    -------
    pandas.DataFrame
        As :func:`check_table`; ``source`` is the key of the entry.

    Examples
    --------
    >>> told = library_checks()
    >>> "prev-narcoms-2002-newsletter" in told.loc[told["verdict"].eq("does not fit"), "source"].tolist()
    True
    """
    finch = "massage-finch-2014"
    return check_table([
        ("prev-rizzo-2004-narcoms", shares_add_up(["16", "31", "19", "17", "13", "4"])),
        ("prev-narcoms-2002-newsletter", shares_add_up(["16.4", "50", "25.6", "18"])),
        ("prev-barnes-2003", percentage(32, 68, "47")),
        ("prev-oreja-guevara-2013", percentage(2029, 8463, "24")),
        ("aps-olding-pilot", percentage(28, 38, "76")),
        ("aps-olding-pilot", percentage(33, 60, "57")),
        ("aps-olding-pilot", percentage(47, 60, "78")),
        ("aps-olding-pilot", percentage(75, 94, "80")),
        ("aps-olding-pilot", percentage(31, 94, "33")),
        (finch, p_value("p<0.02", t=2.32, df=13)), (finch, p_value("p<0.05", t=1.81, df=13)),
        (finch, p_value("p<0.02", t=2.24, df=13)), (finch, p_value("p<0.2", t=0.87, df=13)),
        ("musec-zajicek-2012",
         p_of_interval("p=0.004", estimate="2.26", low="1.24", high="4.13", ratio=True)),
        ("nabiximols-wade-2010-ma", p_of_interval("p=0.026", estimate="-0.32", low="-0.61", high="-0.04")),
        ("nabiximols-wade-2010-ma",
         p_of_interval("p=0.0073", estimate="1.62", low="1.15", high="2.28", ratio=True)),
        ("selfmgmt-hugos-2024", p_of_interval("p=0.955", estimate="0.28", low="-9.45", high="10.01")),
        ("tens-shaygannejad-2013",
         interval_of_means((0.73, 1.15), (0.70, 0.63), (26, 26), ("-0.79", "-0.05"))),
        ("tens-shaygannejad-2013", baseline_balance((1.77, 1.73), (0.29, 0.38), (26, 26))),
        ("tens-shaygannejad-2013", spreads((0.29, 0.70), (26, 26))),
        ("reflexology-miller-2013", spreads((20.9, 3.3), (10, 10))),
        ("nabiximols-novotna-2011", percentage(272, 572, "47.6")),
        ("nabiximols-markova-2019", percentage(41, 53, "77.4")),
        ("nabiximols-markova-2019", percentage(17, 53, "32.1")),
    ])  # fmt: skip
