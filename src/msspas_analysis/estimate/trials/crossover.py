"""Crossovers: the same people under each treatment, in an order that was allocated.

Treatment is compared within people, so what a person is like cancels; what the calendar does is
taken out as a period; what is left of an earlier treatment (carry-over) is not taken out by any
analysis here but has to be prevented by a washout. Differences are treatment minus control, periods
later minus first. Kernels take arrays whose leading axes are replicates.

References
----------
.. [1] Hills M, Armitage P (1979). The two-period cross-over clinical trial. Br J Clin Pharmacol
   8:7-20.
.. [2] Freeman PR (1989). The performance of the two-stage analysis of two-treatment, two-period
   crossover trials. Stat Med 8:1421-1432.
.. [3] Senn S (2002). Cross-over Trials in Clinical Research, 2nd ed. Wiley.
.. [4] Jones B, Kenward MG (2014). Design and Analysis of Cross-Over Trials, 3rd ed. CRC Press.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from msspas_analysis.estimate.intervals import POINT, Floats, Ints, level_between
from msspas_analysis.estimate.people import need
from msspas_analysis.estimate.trials.person_models import (
    People,
    SmallSample,
    fixed_people,
    random_people,
)
from msspas_analysis.estimate.trials.two_periods import (
    Bools,
    Contrast,
    HillsArmitage,
    RankSum,
    contrast,
    hills_armitage,
    rank_sum,
)
from msspas_analysis.results import Estimates

__all__ = [
    "ASSUMED",
    "CARRY_OVER",
    "Contrast",
    "HillsArmitage",
    "People",
    "RankSum",
    "Rows",
    "crossover_difference",
    "crossover_rows",
    "fixed_people",
    "hills_armitage",
    "random_people",
    "rank_sum",
]

Model = Literal["paired", "fixed", "mixed"]

CARRY_OVER: Final = (
    "The carry-over row is estimated and shown, not used: choosing the analysis by a test of "
    "carry-over first (Grizzle 1965) is not done, because that test and the one of the first "
    "period share their data, so chance findings become more frequent than the level says (Freeman "
    "1989). Its interval is wide, as it compares different people: no carry-over seen is no proof "
    "of none."
)
"""What a reader must know about the carry-over row."""

ASSUMED: Final = (
    "It is assumed that nothing of the first treatment is left in the later periods (washout) and "
    "that the order was allocated by chance."
)
"""What every analysis of a crossover takes for granted."""


# --- kernels: the leading axes are replicates -----------------------------------------------------


# --- from a table -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The rows of a crossover as codes: people in order of their code, the control first.

    Parameters
    ----------
    person, period, treatment : numpy.ndarray of int, shape (N,)
        Codes; treatment 0 is the control.
    periods, treatments, sequences : tuple of str
        What the codes stand for; `sequences` by person.
    outcome, baseline : numpy.ndarray, shape (N,)
        NaN where not rated; `baseline` is None where no column was named.
    washout : int
        Rows without a treatment, which are left out.
    """

    person: Ints
    period: Ints
    treatment: Ints
    periods: tuple[str, ...]
    treatments: tuple[str, ...]
    sequences: tuple[str, ...]
    outcome: Floats
    baseline: Floats | None
    washout: int

    @property
    def against(self) -> list[str]:
        """Each treatment minus the control, as the answer calls it."""
        return [f"{name} - {self.treatments[0]}" for name in self.treatments[1:]]

    @property
    def treated_first(self) -> Bools:
        """Whether each person had the treatment first, of two periods and two treatments."""
        first = np.zeros(len(self.sequences), dtype=bool)
        first[self.person] = self.period != self.treatment
        return first

    def two_by_two(self) -> tuple[Floats, Bools]:
        """Return outcomes by person and period, and who had the treatment first (AB/BA only)."""
        if len(self.periods) != 2 or len(self.treatments) != 2:
            raise ValueError(
                f"an AB/BA crossover has two periods and two treatments, got periods "
                f"{list(self.periods)} and treatments {list(self.treatments)}; use "
                f"model='fixed' or 'mixed'"
            )
        first = self.treated_first
        wrong = np.unique(self.person[first[self.person] != (self.period != self.treatment)])
        if len(wrong):
            raise ValueError(
                f"{len(wrong)} people have the same treatment in both periods; an AB/BA crossover "
                f"needs each once (model='fixed' takes replicate designs)"
            )
        wide = np.full((len(self.sequences), 2), np.nan)
        wide[self.person, self.period] = self.outcome
        return wide, first


def crossover_rows(
    frame: pd.DataFrame,
    outcome: str,
    *,
    treatment: str,
    period: str,
    control: Any,
    person: str = "person_id",
    sequence: str | None = None,
    baseline: str | None = None,
) -> Rows:
    """Read a crossover from a table with one row per person and period, refusing what cannot be.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person and period. Rows without a treatment (washout) are left out.
    outcome, treatment, period, person, sequence, baseline : str
        Columns; the last two may be None. Without a sequence it is read off the treatments.
    control : object
        The treatment that the others are compared with, as it stands in the column.

    Returns
    -------
    Rows
        Sorted by person and period.

    Raises
    ------
    ValueError
        If a column is absent or holds no numbers, a person has two rows for a period or two
        sequences, a code is empty, `control` is no treatment, or there is only one treatment.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": ["P", "P", "Q", "Q"], "period": [1, 2, 1, 2],
    ...     "drug": ["A", "B", "B", "A"], "score": [3.0, 5, 6, 4]})
    >>> crossover_rows(frame, "score", treatment="drug", period="period", control="B").sequences
    ('A B', 'B A')
    """
    names = [outcome, treatment, period, person, *filter(None, (sequence, baseline))]
    need(frame, names)
    for name in filter(None, (outcome, baseline)):
        if not pd.api.types.is_numeric_dtype(frame[name]) and len(frame):
            raise ValueError(f"column {name!r} holds {frame[name].dtype}, not numbers")
    for name in (person, period):
        if frame[name].isna().any():
            raise ValueError(f"column {name!r} is empty in {int(frame[name].isna().sum())} row(s)")
    washout = int(frame[treatment].isna().sum())
    frame = frame.loc[frame[treatment].notna()]
    if twice := int(frame.duplicated([person, period]).sum()):
        raise ValueError(
            f"{twice} row(s) repeat a person and period that another row has; average each "
            f"person's days of a period first: one row per person and period"
        )
    treatments = sorted(frame[treatment].unique().tolist())
    if control not in treatments or len(treatments) < 2:
        raise ValueError(
            f"control {control!r} must be one of two or more treatments in column {treatment!r}, "
            f"which has {treatments}"
        )
    treatments.remove(control)
    treatments.insert(0, control)
    periods = sorted(frame[period].unique().tolist())
    ids = sorted(frame[person].unique().tolist(), key=str)
    code = {
        name: frame[name].map({value: i for i, value in enumerate(known)}).to_numpy(np.int64)
        for name, known in ((person, ids), (period, periods), (treatment, treatments))
    }
    order = np.lexsort((code[period], code[person]))
    who, when, what = (code[name][order] for name in (person, period, treatment))
    words = [_say(t) for t in treatments]
    told = [" ".join(words[t] for t in what[who == i]) for i in range(len(ids))]
    if sequence is not None:
        given = frame[[person, sequence]].drop_duplicates()
        if given[sequence].isna().any() or given[person].duplicated().any():
            raise ValueError(f"column {sequence!r} must hold one sequence for each person")
        by_person = dict(zip(given[person], given[sequence], strict=True))
        told = [_say(by_person[i]) for i in ids]
    score = frame[outcome].to_numpy(np.float64, na_value=np.nan)[order]
    before = (
        None if baseline is None else frame[baseline].to_numpy(np.float64, na_value=np.nan)[order]
    )
    if np.isinf(score).any() or (before is not None and np.isinf(before).any()):
        raise ValueError("an outcome or baseline is infinite; correct or empty it")
    return Rows(
        person=who, period=when, treatment=what, periods=tuple(map(_say, periods)),
        treatments=tuple(words), sequences=tuple(told), outcome=score, baseline=before,
        washout=washout,
    )  # fmt: skip


def _say(label: object) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)


def crossover_difference(
    frame: pd.DataFrame,
    outcome: str,
    *,
    treatment: str,
    period: str,
    control: Any,
    sequence: str | None = None,
    person: str = "person_id",
    baseline: str | None = None,
    model: Model = "paired",
    small_sample: SmallSample = "satterthwaite",
    log: bool = False,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the difference between treatments that the same people had in turn.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person and period. Rows without a treatment (washout) are left out.
    outcome, treatment, period, person : str
        Columns. Periods are put in order by their values.
    control : object
        The treatment the others are compared with, as it stands in the column; a dose of 0, say.
    sequence : str or None
        Column with the order a person was allocated to; ``model="mixed"`` then has it as a fixed
        effect. Without it the order is read off the treatments and is in no model.
    baseline : str or None
        Column with a rating before each period, taken into account by "fixed" and "mixed".
    model : {"paired", "fixed", "mixed"}
        "paired": two periods, two treatments, t tests and ranks [1]_. "fixed": a constant for
        each person, any design (EMA method A). "mixed": people as random, by REML; people with one
        period add what they know.
    small_sample : {"satterthwaite", "kenward-roger"}
        Degrees of freedom of "mixed".
    log : bool
        Analyse the logarithm; rows with the ratio of geometric means, in percent, are added.
    conf_level : float
        Coverage of the intervals, in (0, 1); 0.90 is usual for bioequivalence.

    Returns
    -------
    Estimates
        ``mean_difference`` ("log_difference" with `log`) with term "A - B" for each treatment and
        "period 2 - period 1" for each later period; ``sd_within`` and more, by model. People set
        aside are in ``n_missing``: those with one period only in "paired" and "fixed".

    Raises
    ------
    ValueError
        If the table is no crossover (:func:`crossover_rows`), treatment and period go together,
        too few people are left, `log` meets a value of 0 or less, or the level is outside (0, 1).

    Notes
    -----
    Carry-over into the next period, dropping out because of a treatment, and an order that was
    chosen rather than allocated make the difference wrong in every model. "mixed" with drop-outs is
    right where dropping out depends on ratings seen before, not on those never made.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("PPQQRRSS"), "period": [1, 2] * 4,
    ...     "drug": list("ABABBABA"), "score": [3.0, 5, 4, 7, 6, 5, 5, 3]})
    >>> answer = crossover_difference(frame, "score", treatment="drug", period="period",
    ...     control="B")
    >>> float(answer.one(measure="mean_difference", term="A - B").estimate)
    -2.0
    """
    level_between(conf_level)
    if model not in ("paired", "fixed", "mixed"):
        raise ValueError(f"model must be 'paired', 'fixed' or 'mixed', got {model!r}")
    if small_sample not in ("satterthwaite", "kenward-roger"):
        raise ValueError(
            f"small_sample must be 'satterthwaite' or 'kenward-roger', got {small_sample!r}"
        )
    if baseline is not None and model == "paired":
        raise ValueError("baseline needs model='fixed' or 'mixed'; the paired t tests take none")
    rows = crossover_rows(
        frame, outcome, treatment=treatment, period=period, control=control, person=person,
        sequence=sequence, baseline=baseline,
    )  # fmt: skip
    everybody = frame[person].nunique()
    if log:
        if np.any(rows.outcome <= 0):
            raise ValueError(f"log needs values above 0; {outcome!r} has one of 0 or less")
        rows = replace(rows, outcome=np.log(rows.outcome))
    if model == "paired":
        found, notes, n = _paired_rows(rows, sequence is not None, conf_level)
    else:
        found, notes, n = _model_rows(
            rows, conf_level, sequence=sequence is not None,
            small_sample=small_sample if model == "mixed" else None,
        )  # fmt: skip
    measure = "log_difference" if log else "mean_difference"
    for row in list(found):
        row["measure"] = row["measure"].replace("mean_difference", measure)
        if log and row["measure"] == measure and row["term"] in rows.against:
            found.append(_percent(row))
    if log:
        found += _coefficients_of_variation(rows, found, conf_level)
        notes.append("A ratio of geometric means of 100 % is no difference.")
    base = {"outcome": outcome, "group": "all", "conf_level": conf_level, "n": n}
    for row in found:
        row.update({key: value for key, value in base.items() if key not in row})
        row.setdefault("n_missing", everybody - row["n"])
    if everybody > n:
        notes.append(
            f"{everybody - n} of {everybody} people are set aside: "
            + ("nothing of them is rated." if model == "mixed" else "fewer than two periods rated.")
        )
    if rows.washout:
        notes.append(f"{rows.washout} rows without a treatment (washout) are left out.")
    return Estimates.from_rows(found, notes=[ASSUMED, *notes])


def _paired_rows(
    rows: Rows, sequence: bool, level: float
) -> tuple[list[dict[str, Any]], list[str], int]:
    """Rows of the two-period analysis [1]_."""
    wide, first = rows.two_by_two()
    if sequence and len({*zip(first.tolist(), rows.sequences, strict=True)}) != 2:
        raise ValueError(
            f"the sequences {sorted(set(rows.sequences))} do not match which treatment people had "
            f"in the first period; correct the table"
        )
    both = ~np.isnan(wide).any(axis=1)
    y, allocated, first = wide[both], first, first[both]
    t = hills_armitage(y, first, conf_level=level)
    versus, later = rows.against[0], f"period {rows.periods[1]} - period {rows.periods[0]}"
    a, b = rows.treatments[1], rows.treatments[0]
    carried = f"sum of periods, {a} first - {b} first"
    groups = f"Hills-Armitage, {int(first.sum())} and {int((~first).sum())} people"
    found = [
        _row(t.treatment, versus, "mean_difference", f"{groups}, t of period differences"),
        _row(t.period, later, "mean_difference", f"{groups}, t of treatment differences"),
        _row(t.carry_over, carried, "carry_over", f"{groups}, t of sums"),
        _row(t.ignoring_period, versus, "mean_difference_ignoring_period", "paired t"),
        _row(t.period_1, versus, "mean_difference_period_1", "t of two groups, period 1 only"),
    ]
    change = y[:, 0] - y[:, 1]
    for values, term, measure, half in (
        (change, versus, "hodges_lehmann", 2),
        (np.where(first, -change, change), later, "hodges_lehmann", 2),
        (y.sum(axis=1), carried, "carry_over_hodges_lehmann", 1),
    ):
        w = rank_sum(values, first, conf_level=level)
        found.append({
            "term": term, "measure": measure, "estimate": float(w.estimate) / half,
            "conf_low": float(w.conf_low) / half, "conf_high": float(w.conf_high) / half,
            "statistic": float(w.statistic), "p_value": float(w.p_value),
            "method": "Wilcoxon rank sum, normal approximation, no continuity correction",
        })  # fmt: skip
    found += _spread_rows(float(np.sqrt(t.variance_within)), len(y) - 2, level)
    for at, name in enumerate(rows.periods):
        for had, order in ((True, f"{a} first"), (False, f"{b} first")):
            who = first == had
            found.append({
                "term": f"period {name}, {order}", "measure": "mean", "n": int(who.sum()),
                "n_missing": int((allocated == had).sum() - who.sum()), "conf_level": np.nan,
                "estimate": float(y[who, at].mean()), "method": "mean of people with both periods",
            })  # fmt: skip
    notes = [CARRY_OVER]
    if t.variance_within <= POINT**2:
        notes.append("Within each order everybody changed alike: there is no t test.")
    return found, notes, len(y)


def _model_rows(
    rows: Rows, level: float, *, sequence: bool, small_sample: SmallSample | None
) -> tuple[list[dict[str, Any]], list[str], int]:
    """Rows of the models with people as fixed (no small-sample method) or as random."""
    known = ~np.isnan(rows.outcome)
    if rows.baseline is not None:
        known &= ~np.isnan(rows.baseline)
    if small_sample is None:
        known &= (np.bincount(rows.person[known], minlength=len(rows.sequences)) > 1)[rows.person]
    who, y = rows.person[known], rows.outcome[known]
    n = len(np.unique(who))
    if n < 3:
        raise ValueError(f"a crossover needs at least 3 people with enough periods, got {n}")
    columns: dict[str, Floats] = {}
    seen = np.unique(rows.period[known])
    for at in seen[1:]:
        name = f"period {rows.periods[at]} - period {rows.periods[seen[0]]}"
        columns[name] = rows.period[known] == at
    for at, name in enumerate(rows.against, 1):
        columns[name] = rows.treatment[known] == at
    if rows.baseline is not None:
        columns["baseline"] = rows.baseline[known]
    notes = []
    if small_sample is None:
        fit = fixed_people(y, np.column_stack([*columns.values()]), who)
        how, skip = "people fixed, least squares", 0
        notes.append("Carry-over cannot be told from differences between people in this model.")
    else:
        orders = np.array(rows.sequences)[who]
        fixed = [orders == name for name in sorted(set(orders))[1:]] if sequence else []
        skip = 1 + len(fixed)
        design = np.column_stack([np.ones(len(y)), *fixed, *columns.values()]).astype(np.float64)
        fit = random_people(y, design, who, small_sample=small_sample)
        name = {"satterthwaite": "Satterthwaite", "kenward-roger": "Kenward-Roger"}[small_sample]
        how = f"people random, REML, {name} df" + (", sequence fixed" if sequence else "")
        notes.append(
            "People with one period add what they know; that is right where stopping depends on "
            "ratings seen before it."
        )
        if fit.sd_between == 0:
            notes.append("The variance between people is estimated as 0, the end of its range.")
    found = [
        _row(contrast(fit.coef[i], fit.std_error[i], fit.df[i], level), term,
             "slope" if term == "baseline" else "mean_difference", how)
        for i, term in enumerate(columns, skip)
    ]  # fmt: skip
    if small_sample is None:
        return found + _spread_rows(float(fit.sd_within), int(fit.df[0]), level), notes, n
    for term, sd in (("within people", fit.sd_within), ("between people", fit.sd_between)):
        found.append({
            "term": term, "measure": f"sd_{term.split()[0]}", "estimate": float(sd),
            "conf_level": np.nan, "method": how,
        })  # fmt: skip
    if len(rows.periods) == len(rows.treatments) == 2 and "baseline" not in columns:
        first = rows.two_by_two()[1][who]
        if first.any() and not first.all():
            x = np.column_stack([np.ones(len(y)), first, *columns.values()]).astype(np.float64)
            c = random_people(y, x, who, small_sample=small_sample)
            a, b = rows.treatments[1], rows.treatments[0]
            found.append(_row(
                contrast(2 * c.coef[1], 2 * c.std_error[1], c.df[1], level),
                f"sum of periods, {a} first - {b} first", "carry_over", how,
            ))  # fmt: skip
            notes.append(CARRY_OVER)
    return found, notes, n


def _row(c: Contrast, term: str, measure: str, method: str) -> dict[str, Any]:
    return {
        "term": term, "measure": measure, "estimate": float(c.estimate),
        "std_error": float(c.std_error), "conf_low": float(c.conf_low),
        "conf_high": float(c.conf_high), "statistic": float(c.statistic), "df": float(c.df),
        "p_value": float(c.p_value), "method": method,
    }  # fmt: skip


def _spread_rows(sd: float, df: int, level: float) -> list[dict[str, Any]]:
    """Return standard deviation and variance within people with their chi-square interval."""
    low, high = (sd * np.sqrt(w) for w in _chi_square(df, level))
    return [
        {"term": "within people", "measure": measure, "estimate": sd**power, "df": df,
         "conf_low": low**power, "conf_high": high**power, "method": "residual, chi-square interval"}
        for measure, power in (("sd_within", 1), ("variance_within", 2))
    ]  # fmt: skip


def _chi_square(df: int, level: float) -> tuple[float, float]:
    from scipy.special import chdtri

    tail = (1 - level) / 2
    return df / float(chdtri(df, tail)), df / float(chdtri(df, 1 - tail))


def _percent(row: dict[str, Any]) -> dict[str, Any]:
    """Return the ratio of geometric means, in percent, of a difference of logarithms."""
    ends = {k: 100 * float(np.exp(row[k])) for k in ("estimate", "conf_low", "conf_high")}
    kept = {k: row[k] for k in ("term", "statistic", "df", "p_value", "method")}
    return {**kept, **ends, "measure": "geometric_mean_ratio_percent"}


def _coefficients_of_variation(
    rows: Rows, found: Sequence[dict[str, Any]], level: float
) -> list[dict[str, Any]]:
    """Coefficients of variation within people: of all, and of the control where it was repeated."""

    def cv(variance: float) -> float:
        return 100 * float(np.sqrt(np.expm1(variance)))

    out = []
    sd = next(row for row in found if row["measure"] == "sd_within")
    out.append({
        "term": "within people", "measure": "cv_within_percent", "estimate": cv(sd["estimate"] ** 2),
        "conf_low": cv(sd["conf_low"] ** 2) if "conf_low" in sd else np.nan,
        "conf_high": cv(sd["conf_high"] ** 2) if "conf_high" in sd else np.nan,
        "method": sd["method"], **({} if "conf_low" in sd else {"conf_level": np.nan}),
    })  # fmt: skip
    use = (rows.treatment == 0) & ~np.isnan(rows.outcome)
    use &= (np.bincount(rows.person[use], minlength=len(rows.sequences)) > 1)[rows.person]
    who, n = rows.person[use], len(np.unique(rows.person[use]))
    design = np.eye(len(rows.periods))[rows.period[use]]
    people = np.eye(len(rows.sequences))[who]
    x = np.column_stack([people, design])
    df = len(x) - int(np.linalg.matrix_rank(x)) if len(x) else 0
    if df > 0:
        y = rows.outcome[use]
        s2 = float(np.square(y - x @ np.linalg.lstsq(x, y, rcond=None)[0]).sum()) / df
        low, high = (cv(s2 * w) for w in _chi_square(df, level))
        out.append({
            "term": rows.treatments[0], "measure": "cv_within_control_percent", "estimate": cv(s2),
            "conf_low": low, "conf_high": high, "df": df, "n": n,
            "method": "people and period, control only, chi-square interval",
        })  # fmt: skip
    return out
