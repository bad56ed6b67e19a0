"""Checks of printed numbers against each other, and what can be worked out from them.

A number that does not fit is a question to its authors, not an accusation: misprints, rounding, people left
out and adjusted analyses all make such. Numbers are given as they are printed, as text, because a trailing
zero says how they were rounded.

References
----------
.. [1] Brown NJL, Heathers JAJ (2017). The GRIM test. Soc Psychol Personal Sci 8:363-369.
.. [2] Anaya J (2016). The GRIMMER test. PeerJ Preprints 4:e2400v1; Allard A (2018). Analytic-GRIMMER.
.. [3] Nuijten MB, Hartgerink CHJ, van Assen MALM, et al. (2016). The prevalence of statistical reporting
   errors in psychology. Behav Res Methods 48:1205-1226.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from msspas_analysis.evidence.worked_out import estimate_over_error

FITS: Final = "fits"
DOES_NOT: Final = "does not fit"
NEARLY: Final = "nearly fits"
ONE_SIDED: Final = "fits a one-sided test only"
UNUSUAL: Final = "unusual"
VERDICTS: Final = (FITS, NEARLY, DOES_NOT, ONE_SIDED, UNUSUAL)
_HALF: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of printed numbers.

    Parameters
    ----------
    check : str
        What was checked.
    printed : str
        What is printed.
    worked_out : str
        What the other numbers give.
    verdict : str
        Of :data:`VERDICTS`.
    note : str
        What would make them fit, or what it rests on.
    """

    check: str
    printed: str
    worked_out: str
    verdict: str
    note: str = ""

    def __str__(self) -> str:
        note = f" {self.note}" if self.note else ""
        return f"{self.check}: printed {self.printed}, worked out {self.worked_out}: {self.verdict}.{note}"


def _number(text: str | float, name: str) -> tuple[float, int]:
    """Return a printed number and how many digits after the point it has."""
    told = str(text).strip().replace("−", "-").rstrip("%").strip()
    if not re.fullmatch(r"[+-]?\d*\.?\d+", told):
        raise ValueError(f"{name} must be a number as printed, such as '3.40', got {text!r}")
    return float(told), len(told.partition(".")[2])


def _people(n: int, name: str = "n", least: int = 1) -> None:
    if int(n) != n or n < least:
        raise ValueError(f"{name} must be a number of people, {least} or more, got {n!r}")


def _groups(sds: tuple[float, float], ns: tuple[int, int]) -> None:
    for n, sd in zip(ns, sds, strict=True):
        _people(n, least=2)
        if not sd > 0:
            raise ValueError(f"sds must be above 0, got {sds}")


def _pooled_sd(sds: tuple[float, float], ns: tuple[int, int]) -> tuple[float, int]:
    """Return the standard deviation of both groups about their means, and its degrees of freedom."""
    _groups(sds, ns)
    df = ns[0] + ns[1] - 2
    return math.sqrt(sum((n - 1) * s**2 for n, s in zip(ns, sds, strict=True)) / df), df


def _reach(digits: int) -> float:
    """Return how far a true value may lie from a printed one: half a digit, both ways of rounding."""
    return 0.5 * 10.0**-digits + _HALF


def grim(mean: str, n: int, *, items: int = 1) -> Check:
    """Check whether a mean of whole numbers can come from so many people.

    Parameters
    ----------
    mean : str
        As printed, such as "3.40".
    n : int
        People.
    items : int
        Whole-number items averaged within each person, 1 or more.

    Returns
    -------
    Check
        "does not fit" where no sum of whole numbers rounds to it.

    Raises
    ------
    ValueError
        If the mean is no number as printed, or `n` or `items` is below 1.

    Notes
    -----
    It can find something only where 10 to the digits is more than n times items.

    Examples
    --------
    >>> grim("3.45", 20).verdict, grim("3.47", 20).verdict
    ('fits', 'does not fit')
    """
    value, digits = _number(mean, "mean")
    _people(n)
    _people(items, "items")
    units = n * items
    near = [k for k in _wholes(value, digits, units) if k >= 0 or value < 0]
    if near:
        told, note = f"{near[0]}/{units} = {near[0] / units:.{digits + 2}f}", ""
    else:
        k = round(value * units)
        told = f"{k}/{units} = {k / units:.{digits + 2}f}"
        note = f"No sum of whole numbers over {units} rounds to it."
    if units > 10**digits:
        note = (note + " So many people and so few digits cannot show a slip.").strip()
    return Check(check=f"mean of whole numbers, {n} people", printed=str(mean), worked_out=told,
                 verdict=FITS if near else DOES_NOT, note=note)  # fmt: skip


def _wholes(value: float, digits: int, units: int) -> list[int]:
    low, high = (value - _reach(digits)) * units, (value + _reach(digits)) * units
    return list(range(math.ceil(low - 1e-12), math.floor(high + 1e-12) + 1))


def grimmer(mean: str, sd: str, n: int) -> Check:
    """Check whether a standard deviation of whole numbers goes with their mean and so many people.

    Parameters
    ----------
    mean, sd : str
        As printed; the standard deviation has n - 1 below the line.
    n : int
        People, 2 or more.

    Returns
    -------
    Check

    Raises
    ------
    ValueError
        As :func:`grim`, or if the standard deviation is below 0.

    Examples
    --------
    >>> grimmer("3.44", "2.36", 18).verdict, grimmer("3.44", "2.37", 18).verdict
    ('fits', 'does not fit')
    """
    value, digits = _number(mean, "mean")
    spread, more = _number(sd, "sd")
    _people(n, least=2)
    if spread < 0:
        raise ValueError(f"sd must be 0 or more, got {sd!r}")
    low, high = max(spread - _reach(more), 0.0) ** 2, (spread + _reach(more)) ** 2
    best = None
    for total in _wholes(value, digits, n):
        first = math.ceil(low * (n - 1) + total**2 / n - 1e-9)
        last = math.floor(high * (n - 1) + total**2 / n + 1e-9)
        for squares in range(first, last + 1):
            # a whole number and its square are odd together
            if (squares - total) % 2 == 0 and squares * n >= total**2:
                best = math.sqrt((squares - total**2 / n) / (n - 1))
                return Check(check=f"standard deviation of whole numbers, {n} people",
                             printed=f"{mean} ({sd})", worked_out=f"{best:.{more + 2}f}",
                             verdict=FITS)  # fmt: skip
    return Check(check=f"standard deviation of whole numbers, {n} people", printed=f"{mean} ({sd})",
                 worked_out="none", verdict=DOES_NOT,
                 note="No whole numbers have this mean and this standard deviation.")  # fmt: skip


def percentage(count: int, n: int, printed: str) -> Check:
    """Check a printed percentage against its count and the number it is out of.

    Parameters
    ----------
    count, n : int
        Count, 0 to n, and people.
    printed : str
        In percent, such as "76".

    Returns
    -------
    Check
        Where it does not fit, ``note`` names denominators near n that would.

    Raises
    ------
    ValueError
        If the count is not 0 to n.

    Examples
    --------
    >>> told = percentage(28, 38, "76")
    >>> told.verdict, told.note
    ('does not fit', 'It would fit 37 people, not 38.')
    """
    value, digits = _number(printed, "printed")
    _people(n)
    if not 0 <= count <= n or int(count) != count:
        raise ValueError(f"count must be 0 to {n}, got {count!r}")
    share = 100 * count / n
    note, fits = "", abs(share - value) <= _reach(digits)
    if not fits:
        other = [m for m in denominators(count, printed, at_most=n + 10) if m >= n - 10]
        if other:
            note = f"It would fit {' or '.join(map(str, other))} people, not {n}."
    return Check(check=f"{count} of {n}", printed=f"{printed} %",
                 worked_out=f"{share:.{digits + 1}f} %", verdict=FITS if fits else DOES_NOT,
                 note=note)  # fmt: skip


def denominators(count: int, printed: str, *, at_most: int) -> tuple[int, ...]:
    """Return the numbers of people that a count and its printed percentage fit.

    Examples
    --------
    >>> denominators(33, "57", at_most=60)
    (58,)
    """
    value, digits = _number(printed, "printed")
    return tuple(m for m in range(max(count, 1), at_most + 1)
                 if abs(100 * count / m - value) <= _reach(digits))  # fmt: skip


def shares_add_up(printed: Sequence[str], *, to: float = 100.0) -> Check:
    """Check whether shares of one group add up, as far as rounding lets them.

    Parameters
    ----------
    printed : sequence of str
        Shares in percent, two or more.
    to : float
        What they should add up to.

    Returns
    -------
    Check

    Raises
    ------
    ValueError
        If there are fewer than two.

    Examples
    --------
    >>> shares_add_up(["16.4", "50", "25.6", "18"]).verdict
    'does not fit'
    """
    if len(printed) < 2:
        raise ValueError(f"printed must be two shares or more, got {list(printed)}")
    known = [_number(one, "printed") for one in printed]
    total = sum(value for value, _ in known)
    room = sum(_reach(digits) for _, digits in known)
    fits = abs(total - to) <= room
    note = "" if fits else f"Rounding explains at most {room:.2g}."
    return Check(check=f"{len(printed)} shares of one group", printed=" + ".join(printed),
                 worked_out=f"{total:g} %", verdict=FITS if fits else DOES_NOT, note=note)  # fmt: skip


def p_value(
    printed: str, *, t: float | None = None, df: float | None = None, z: float | None = None,
    f: float | None = None, df_top: float | None = None, chi2: float | None = None,
) -> Check:  # fmt: skip
    """Check a printed p against its test statistic.

    Parameters
    ----------
    printed : str
        Such as "p<0.02", "p = 0.093" or "0.05".
    t, z, f, chi2 : float or None
        One of them: the statistic.
    df, df_top : float or None
        Degrees of freedom of t or chi-squared; of F below and above the line.

    Returns
    -------
    Check
        "fits a one-sided test only" where half of the two-sided p is what is printed.

    Raises
    ------
    ValueError
        If not exactly one statistic is given, degrees of freedom are absent, or `printed` has no p.

    Examples
    --------
    >>> p_value("p<0.05", t=1.81, df=13).verdict
    'fits a one-sided test only'
    """
    from scipy.special import chdtrc, fdtrc, ndtr, stdtr

    given = {name: x for name, x in (("t", t), ("z", z), ("F", f), ("chi2", chi2)) if x is not None}
    if len(given) != 1:
        raise ValueError(f"give one of t, z, f and chi2, got {list(given)}")
    ((name, x),) = given.items()
    if name != "z" and (df is None or df <= 0):
        raise ValueError(f"{name} needs df, above 0, got {df}")
    if name == "F" and (df_top is None or df_top <= 0):
        raise ValueError(f"F needs df_top, above 0, got {df_top}")
    below, above = float(df or 0.0), float(df_top or 0.0)
    if name == "t":
        two = 2 * float(stdtr(below, -abs(x)))
    elif name == "z":
        two = 2 * float(ndtr(-abs(x)))
    else:
        two = float(fdtrc(above, below, x) if name == "F" else chdtrc(below, x))
    sides = [two, two / 2] if name in ("t", "z") else [two]
    fits = [_agrees(printed, p) for p in sides]
    verdict = FITS if fits[0] else ONE_SIDED if any(fits) else DOES_NOT
    told = f"p = {two:.3g}" + (f", one-sided {two / 2:.3g}" if len(sides) > 1 else "")
    at = f"{name} = {x:g}" + ("" if df is None else f", df {df:g}")
    return Check(check=at, printed=printed, worked_out=told, verdict=verdict)


def said_below(printed: str, alpha: float = 0.05) -> bool:
    """Say whether a printed p is below a level; "p<0.05" is, "p=0.05" and "p>0.04" are not.

    Raises
    ------
    ValueError
        If the text does not end in a p.

    Examples
    --------
    >>> [said_below(text) for text in ("p<0.05", "P = 0.03", "p=0.05", "p>0.04", "NS, p=0.44")]
    [True, True, False, False, False]
    """
    sign, value, _ = _printed_p(printed)
    return value <= alpha if sign == "<" else sign == "=" and value < alpha


def _printed_p(printed: str) -> tuple[str, float, int]:
    """Return which way a printed p is meant, its value and its decimals."""
    found = re.search(r"(<=|>=|[<>=≤≥])?\s*(0?\.\d+|[01](?:\.0+)?)\s*$", printed.strip())
    if found is None:
        raise ValueError(f"printed must end in a p value, such as 'p<0.05', got {printed!r}")
    sign = {"<=": "<", "≤": "<", ">=": ">", "≥": ">"}.get(found.group(1), found.group(1) or "=")
    return sign, *_number(found.group(2), "printed")


def _agrees(printed: str, p: float) -> bool:
    sign, value, digits = _printed_p(printed)
    if sign == "<":
        return p < value + _reach(digits + 2)
    if sign == ">":
        return p > value - _reach(digits + 2)
    return abs(p - value) <= _reach(digits)


def interval_of_means(
    means: tuple[float, float], sds: tuple[float, float], ns: tuple[int, int],
    printed: tuple[str, str], *, conf_level: float = 0.95,
) -> Check:  # fmt: skip
    """Check the printed interval of a difference of two means against means, spreads and people.

    Parameters
    ----------
    means, sds, ns : tuple of two
        Of both groups.
    printed : tuple of str
        Both ends, of the first minus the second.
    conf_level : float
        Of the interval, in (0, 1).

    Returns
    -------
    Check
        "fits" where either Student's or the normal interval rounds to it, within the rounding of what is
        printed.

    Raises
    ------
    ValueError
        If a spread is not above 0 or there are fewer than two people.

    Examples
    --------
    >>> interval_of_means((0.73, 1.15), (0.70, 0.63), (26, 26), ("-0.79", "-0.05")).verdict
    'fits'
    """
    from scipy.special import ndtri, stdtrit

    pooled, df = _pooled_sd(sds, ns)
    ends = [_number(one, "printed") for one in printed]
    apart = means[0] - means[1]
    se = pooled * math.sqrt(1 / ns[0] + 1 / ns[1])
    plain = math.sqrt(sum(s**2 / n for n, s in zip(ns, sds, strict=True)))
    tail = (1 + conf_level) / 2
    halves = (float(stdtrit(df, tail)) * se, float(ndtri(tail)) * plain)
    # means and spreads are rounded too
    room = _reach(min(digits for _, digits in ends)) * 3
    fits = any(
        abs(apart - half - ends[0][0]) <= room and abs(apart + half - ends[1][0]) <= room
        for half in halves
    )
    told = f"{apart:.3g} ({apart - halves[0]:.3g} to {apart + halves[0]:.3g})"
    return Check(check="interval of a difference of means", printed=f"{printed[0]} to {printed[1]}",
                 worked_out=told, verdict=FITS if fits else DOES_NOT,
                 note="" if fits else "An adjusted analysis would differ too.")  # fmt: skip


def p_of_interval(
    printed: str, *, estimate: str, low: str, high: str, ratio: bool = False,
    conf_level: float = 0.95,
) -> Check:  # fmt: skip
    """Check a printed p against the printed interval of its estimate.

    Parameters
    ----------
    printed : str
        As in :func:`p_value`.
    estimate, low, high : str
        Estimate and interval as printed; above 0 where it is a ratio.
    ratio : bool
        Whether 1, not 0, is no difference.
    conf_level : float
        Of the interval, in (0, 1).

    Returns
    -------
    Check
        "fits" where some numbers that round to what is printed give this p with the normal distribution;
        "nearly fits" where p is then within a fifth, as another test would make it.

    Raises
    ------
    ValueError
        If the estimate is outside the interval, or a ratio is not above 0.

    Examples
    --------
    >>> p_of_interval("p=0.004", estimate="2.26", low="1.24", high="4.13", ratio=True).verdict
    'fits a one-sided test only'
    """
    from scipy.special import ndtr

    middle, ends = _number(estimate, "estimate"), (_number(low, "low"), _number(high, "high"))
    at = (middle[0], ends[0][0], ends[1][0])
    z = estimate_over_error(*at, ratio=ratio, conf_level=conf_level)
    reach = [_reach(digits) for _, digits in (middle, *ends)]
    range_of_z = [
        abs(estimate_over_error(
            at[0] + a * reach[0], at[1] - b * reach[1], at[2] + b * reach[2], ratio=ratio,
            conf_level=conf_level,
        ))
        for a in (-1, 1) for b in (-1, 1)
    ]  # fmt: skip
    low_p, high_p = (2 * float(ndtr(-x)) for x in (max(range_of_z), min(range_of_z)))
    verdict = DOES_NOT
    for sides, name in ((1.0, FITS), (0.5, ONE_SIDED)):
        if _some_agree(printed, low_p * sides, high_p * sides):
            verdict = name
            break
        if sides == 1.0 and _some_agree(printed, low_p / 1.2, high_p * 1.2):
            verdict = NEARLY
            break
    two = 2 * float(ndtr(-abs(z)))
    return Check(check=f"{estimate} ({low} to {high})", printed=printed,
                 worked_out=f"p = {two:.2g} ({low_p:.2g} to {high_p:.2g} with rounding), one-sided "
                 f"{two / 2:.2g}", verdict=verdict,
                 note="Worked out with the normal distribution.")  # fmt: skip


def _some_agree(printed: str, low: float, high: float) -> bool:
    """Say whether any p from low to high is what is printed."""
    steps = 200
    return any(_agrees(printed, low + (high - low) * i / steps) for i in range(steps + 1))


def spreads(sds: tuple[float, float], ns: tuple[int, int]) -> Check:
    """Say how unusual it is that two groups of like people have such unlike spreads.

    Parameters
    ----------
    sds, ns : tuple of two
        Standard deviations, above 0, and people, 2 or more.

    Returns
    -------
    Check
        "unusual" where the variance ratio has a two-sided p below 0.001.

    Raises
    ------
    ValueError
        If a spread is not above 0 or there are fewer than two people.

    Notes
    -----
    The F test, for normal values of different people. Of the same people twice it is too careful.

    Examples
    --------
    >>> spreads((20.9, 3.3), (10, 10)).verdict
    'unusual'
    """
    from scipy.special import fdtrc

    _groups(sds, ns)
    (big, n_big), (small, n_small) = sorted(zip(sds, ns, strict=True), reverse=True)
    p = min(1.0, 2 * float(fdtrc(n_big - 1, n_small - 1, (big / small) ** 2)))
    return Check(check="two standard deviations", printed=f"{sds[0]:g} and {sds[1]:g}",
                 worked_out=f"{(big / small):.2g} times, p = {p:.2g}",
                 verdict=UNUSUAL if p < 0.001 else FITS)  # fmt: skip


def baseline_balance(
    means: tuple[float, float], sds: tuple[float, float], ns: tuple[int, int]
) -> Check:
    """Say how far two arms lie apart before anything was given.

    Parameters
    ----------
    means, sds, ns : tuple of two
        Of both arms.

    Returns
    -------
    Check
        The standardised difference, with the p of a t test; "unusual" where p is below 0.001, or above
        0.999: arms that are too alike are unusual too.

    Raises
    ------
    ValueError
        If a spread is not above 0 or there are fewer than two people.

    Notes
    -----
    Where allocation was by chance, so is every difference before it; p says how rare one is, not
    whether it matters.

    Examples
    --------
    >>> baseline_balance((1.77, 1.73), (0.29, 0.38), (26, 26)).verdict
    'fits'
    """
    from scipy.special import stdtr

    pooled, df = _pooled_sd(sds, ns)
    d = (means[0] - means[1]) / pooled
    p = 2 * float(stdtr(df, -abs(d) / math.sqrt(1 / ns[0] + 1 / ns[1])))
    return Check(check="arms before", printed=f"{means[0]:g} and {means[1]:g}",
                 worked_out=f"{d:.2f} standard deviations apart, p = {p:.2g}",
                 verdict=UNUSUAL if p < 0.001 or p > 0.999 else FITS)  # fmt: skip


def check_table(checks: Iterable[tuple[str, Check]]) -> pd.DataFrame:
    """Return checks as a table: source, check, printed, worked_out, verdict, note.

    Examples
    --------
    >>> check_table([("APS", percentage(28, 38, "76"))])["verdict"].tolist()
    ['does not fit']
    """
    columns = ["source", "check", "printed", "worked_out", "verdict", "note"]
    return pd.DataFrame([
        {"source": source, "check": one.check, "printed": one.printed,
         "worked_out": one.worked_out, "verdict": one.verdict, "note": one.note}
        for source, one in checks
    ], columns=columns)  # fmt: skip
