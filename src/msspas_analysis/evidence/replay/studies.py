"""The studies of the library as designs that can be run again, with what each rests on.

Sizes and lengths are those of the library. Every outcome stands on the 0-10 rating, whatever the paper
measured with, and no study printed what its people's days are like; so each rests on assumptions that are
shown with its answer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from msspas_analysis.evidence.replay.analyses import Replay
from msspas_analysis.evidence.replay.surveys import Survey
from msspas_analysis.simulate.designs import Arm, Design, Treatment
from msspas_analysis.simulate.templates import DESIGNS

_RATING: Final = ("outcome", "assumption", "a 0-10 rating stands for what the paper measured with")
_TWO_DAYS: Final = (
    "ratings of a visit",
    "assumption",
    "two days averaged; the paper has a week or so",
)
_HOPE: Final = ("expectation", "assumption", "1 with a drug, a therapy or an active sham")
_ENTRY: Final = ("entry_rating", "assumption", "4 or more of 10")
_POINT: Final = ("claimed effect", "assumption", "a point of 10; the paper prints no size")
_HALF: Final = ("claimed effect", "assumption", "half a point of 10; the paper prints no size")
WHY_NOT: Final[dict[str, str]] = {
    "gabapentin-walker-2018": "how many people were in it was not read",
    "biofeedback-dursun-2004": "children with another condition: no world for them here",
    "prev-narcoms-2002-newsletter": "a newsletter: its shares do not add up",
    "prev-kister-2013-narcoms": "its tables were not read",
}
"""Studies that are not replayed, and why."""


def _size(status: str, source: str) -> tuple[str, str, str]:
    return ("people, length", status, source)


def two_arms(
    code: str, sizes: tuple[int, int], days: int, effect: float, *,
    hope: tuple[float, float] = (1.0, 1.0), lost: float | None = None, entry: float | None = 4.0,
    ratings: int = 1, names: tuple[str, str] = ("treated", "control"),
    sources: tuple[tuple[str, str, str], ...] = (),
) -> Design:  # fmt: skip
    """Return two arms side by side, rated before and at the end."""
    first, second = names
    return Design(
        code=code, title=f"Two arms, {sizes[0]} and {sizes[1]} people, {days} days",
        treatments=(Treatment(name=first, effect=effect, expectation=hope[0]),
                    Treatment(name=second, expectation=hope[1])),
        arms=(Arm(name=first, size=sizes[0], sequence=(first,)),
              Arm(name=second, size=sizes[1], sequence=(second,))),
        periods=(days,), baseline_days=ratings, entry_days=ratings, diary=False,
        visits=(-1, days - 1), ratings_per_visit=ratings, entry_rating=entry, lost=lost,
        sources=sources,
    )  # fmt: skip


def crossover(
    code: str, sizes: tuple[int, int], days: int, washout: int, effect: float, *,
    hope: tuple[float, float] = (1.0, 1.0), lost: float | None = None, entry: float | None = 4.0,
    names: tuple[str, str] = ("treated", "placebo"),
    sources: tuple[tuple[str, str, str], ...] = (),
) -> Design:  # fmt: skip
    """Return a crossover of two treatments, rated before and at the end of both periods."""
    first, second = names
    back = days + washout
    return Design(
        code=code, title=f"Crossover, {sum(sizes)} people, {days} days each",
        treatments=(Treatment(name=first, effect=effect, expectation=hope[0]),
                    Treatment(name=second, expectation=hope[1])),
        arms=(Arm(name=f"{first} first", size=sizes[0], sequence=(first, second)),
              Arm(name=f"{second} first", size=sizes[1], sequence=(second, first))),
        periods=(days, days), washout=washout, baseline_days=1, diary=False,
        visits=(-1, days - 1, back - 1 if washout else days, back + days - 1),
        ratings_per_visit=1, entry_rating=entry, lost=lost, sources=sources,
    )  # fmt: skip


def one_group(
    code: str, n: int, days: int, effect: float, *, hope: float = 1.0, lost: float | None = None,
    entry: float | None = 4.0, name: str = "treated", sources: tuple[tuple[str, str, str], ...] = (),
) -> Design:  # fmt: skip
    """Return one group, rated before and at the end."""
    return Design(
        code=code, title=f"One group, {n} people, {days} days",
        treatments=(Treatment(name=name, effect=effect, expectation=hope),),
        arms=(Arm(name=name, size=n, sequence=(name,)),), periods=(days,),
        baseline_days=1, diary=False, visits=(-1, days - 1), ratings_per_visit=1,
        entry_rating=entry, lost=lost, sources=sources,
    )  # fmt: skip


def _with(code: str, effect: float, **changes: object) -> Design:
    """Return a template whose first treatment has this effect."""
    design = replace(DESIGNS[code], **changes)  # type: ignore[arg-type]
    first, *others = design.treatments
    return replace(design, treatments=(replace(first, effect=effect), *others))


def _enriched(
    code: str, each: int, run_in: int, washout: int, days: int, effect: float, effect_sd: float,
    sources: tuple[tuple[str, str, str], ...],
) -> Design:  # fmt: skip
    """Return a run-in for all, then the drug or placebo; who did well is picked in the analysis."""
    drug = Treatment(name="nabiximols", effect=effect, effect_sd=effect_sd, expectation=1.0,
                     onset_days=14)  # fmt: skip
    begin = run_in + washout
    visits = (-1, run_in - 1, begin - 1, begin + days - 1) if washout else (-1, run_in - 1,
                                                                            run_in + days - 1)  # fmt: skip
    return Design(
        code=code, title=f"Run-in of {run_in} days for {2 * each}, then two arms for {days} days",
        treatments=(drug, Treatment(name="placebo", expectation=1.0)),
        arms=(Arm(name="goes on", size=each, sequence=("nabiximols", "nabiximols")),
              Arm(name="placebo", size=each, sequence=("nabiximols", "placebo"))),
        periods=(run_in, days), washout=washout, baseline_days=2, entry_days=2, diary=False,
        visits=visits, ratings_per_visit=2, sources=sources,
    )  # fmt: skip


@cache
def replays() -> dict[str, Replay]:
    """Return every study that can be run again, by the key of its entry.

    Examples
    --------
    >>> replays()["tens-armutlu-2003"].looks
    'a fall with p below 0.05 in one group'
    """
    usual = (_RATING, _HOPE, _ENTRY)
    fell_alone = "a fall with p below 0.05 in one group"
    found = "a difference in favour with p below 0.05"
    none = "no difference (p 0.05 or more)"
    every = [
        Replay(key="tens-armutlu-2003", design=_with("T1", -1.0), analysis="change", printed="fell",
               looks=fell_alone, assumptions=(_POINT, *usual)),
        Replay(key="tens-miller-2007", design=replace(
            DESIGNS["T4-dose"], diary=False, ratings_per_visit=1, treatments=(
                Treatment(name="60 minutes", expectation=1.0),
                Treatment(name="8 hours", effect=-0.5, expectation=1.0))),
            analysis="doses", printed="fell at the larger dose only",
            looks="a fall with p below 0.05 with eight hours a day, and none with one hour",
            assumptions=(_HALF, *usual)),
        Replay(key="tens-shaygannejad-2013", design=DESIGNS["T3-active"], analysis="difference",
               printed="both fell, one further",
               looks="a fall in both arms, and a further one with TENS, each with p below 0.05",
               assumptions=usual),
        Replay(key="reflexology-sievner-2003", design=_with("T2-seen", -1.0), analysis="difference",
               printed="fell", looks=found + " among those who finished",
               assumptions=(_POINT, *usual)),
        Replay(key="reflexology-hughes-2009", design=_with("T2", -1.0), analysis="difference",
               printed="both fell, no difference",
               looks="a fall with p below 0.05 in both arms and no difference between them",
               assumptions=(_POINT, _RATING, _HOPE)),
        Replay(key="reflexology-miller-2013", design=two_arms(
            "Miller 2013", (10, 10), 56, -1.0, sources=(_size("published", "Miller 2013; arms one to one"),)),
            analysis="difference", printed="no difference", looks=none,
            assumptions=(_POINT, *usual)),
        Replay(key="ldn-gironi-2008", design=_with("T1-diary", -1.0, diary=False, ratings_per_visit=1,
                                                   visits=(-1, 181)),
               analysis="change", printed="fell", looks=fell_alone,
               assumptions=(_POINT, _RATING, _HOPE)),
        Replay(key="ldn-cree-2010", design=crossover(
            "Cree 2010", (40, 40), 56, 7, -0.5, lost=0.25,
            sources=(_size("published", "Cree 2010: 60 of 80 analysed, 8 weeks each"),
                     ("washout", "assumption", "a week"))),
            analysis="crossover", printed="fell", looks=found, assumptions=(_HALF, *usual)),
        Replay(key="ldn-sharafaddinzadeh-2010", design=crossover(
            "Sharafaddinzadeh 2010", (48, 48), 56, 7, -0.5,
            sources=(_size("published", "96 people, 17 weeks in all"),
                     ("periods, washout", "assumption", "8 weeks each, a week between"))),
            analysis="crossover", printed="no difference", looks=none, assumptions=(_HALF, *usual)),
        Replay(key="threonine-hauser-1992", design=_with("T4", -1.0, diary=False, ratings_per_visit=1),
               analysis="crossover", printed="no difference", looks="no difference in symptoms",
               assumptions=(_POINT, *usual)),
        Replay(key="threonine-lee-1993", design=crossover(
            "Lee 1993", (17, 16), 28, 14, -0.5,
            sources=(_size("published", "33 people"), ("periods, washout", "assumption",
                                                       "4 weeks each, 2 between"))),
            analysis="crossover", printed="fell", looks=found + ", with 33 people from the start",
            assumptions=(_HALF, *usual)),
        Replay(key="gabapentin-cutter-2000", design=crossover(
            "Cutter 2000", (11, 11), 6, 14, -1.0,
            sources=(_size("memory-low", "about 22 people"),
                     ("6 days, washout 14 days", "published", "Cutter 2000"))),
            analysis="crossover", printed="fell", looks=found, assumptions=(_POINT, *usual)),
        Replay(key="itb-penn-1989", design=crossover(
            "Penn 1989", (10, 10), 3, 2, -5.0,
            sources=(_size("published", "20 people, 3 days each"),
                     ("claimed effect", "derived", "Ashworth 4.0 to 1.2 of 1 to 5, as half of 10 points"),
                     ("time between", "assumption", "2 days"))),
            analysis="crossover", printed="fell", looks=found, assumptions=usual),
        Replay(key="cannabis-smoked-corey-bloom-2012", design=crossover(
            "Corey-Bloom 2012", (19, 18), 3, 11, -1.0, lost=7 / 37,
            sources=(_size("published", "37 people, 30 analysed, 3 days each, 11 between"),)),
            analysis="crossover", printed="fell", looks=found, assumptions=(_POINT, *usual)),
        Replay(key="nabiximols-collin-2007", design=two_arms(
            "Collin 2007", (124, 65), 42, -0.52, ratings=2,
            sources=(_TWO_DAYS, _size("published", "124 and 65 people, 6 weeks"),
                     ("claimed effect -0.52", "memory-medium", "Collin 2007"))),
            analysis="difference", printed="fell", looks=found, assumptions=usual),
        Replay(key="nabiximols-collin-2010", design=two_arms(
            "Collin 2010", (168, 169), 105, -0.32, ratings=2,
            sources=(_TWO_DAYS, _size("published", "337 people, 15 weeks; arms one to one"),
                     ("claimed effect -0.32", "published", "three trials pooled, Wade 2010"))),
            analysis="difference", printed="no difference", looks="no difference among all allocated",
            assumptions=usual),
        Replay(key="nabiximols-novotna-2011", design=_enriched(
            "Novotna 2011", 286, 28, 0, 84, -0.32, 1.5,
            (_TWO_DAYS, _size("published", "572 people, 4 and 12 weeks"),
             ("claimed effect -0.32", "published", "not enriched, pooled, Wade 2010"),
             ("effect_sd, onset", "assumption", "people differ in it; a fortnight"))),
            analysis="enriched", printed="fell", looks=found + " among those who had responded",
            assumptions=usual),
        Replay(key="nabiximols-markova-2019", design=_enriched(
            "Markova 2019", 96, 28, 14, 84, -0.32, 1.5,
            (_TWO_DAYS, _size("published", "191 people, 4 and 12 weeks"),
             ("washout", "assumption", "2 weeks"),
             ("claimed effect -0.32", "published", "not enriched, pooled, Wade 2010"),
             ("effect_sd, onset", "assumption", "people differ in it; a fortnight"))),
            analysis="enriched", printed="fell", looks=found + " among those who had responded",
            assumptions=usual, settings={"allocated": 2}),
        Replay(key="nabiximols-notcutt-2012", design=Design(
            code="Notcutt 2012", title="Users go on or stop, 18 each, 5 weeks",
            treatments=(Treatment(name="nabiximols", effect=-3.0, expectation=1.0),
                        Treatment(name="placebo", expectation=1.0)),
            arms=(Arm(name="goes on", size=18, sequence=("nabiximols", "nabiximols")),
                  Arm(name="stops", size=18, sequence=("nabiximols", "placebo"))),
            periods=(28, 35), baseline_days=2, entry_days=2, diary=False, visits=(-1, 27, 62),
            ratings_per_visit=2,
            sources=(_TWO_DAYS, _size("published", "18 and 18, 5 weeks"),
                     ("claimed effect -3", "assumption", "users who were content for years"),
                     ("failure: worse by a fifth and a point", "memory-medium", "Notcutt 2012"))),
            analysis="withdrawal", printed="nearly all fail without",
            looks="at most 3 of 18 fail who go on, and 16 or more of 18 who stop",
            assumptions=usual),
        Replay(key="nabiximols-move2-2014", design=one_group(
            "MOVE 2", 276, 28, -0.32,
            sources=(_size("published", "276 people, a month"),
                     ("claimed effect -0.32", "published", "three trials pooled, Wade 2010"))),
            analysis="change", printed="fell", looks=fell_alone, assumptions=usual),
        Replay(key="cams-zajicek-2003", design=two_arms(
            "CAMS", (211, 213), 105, -0.5,
            sources=(_size("published", "211 on extract and 213 on placebo, 15 weeks"),)),
            analysis="responders", printed="fell",
            looks="a larger share better with p below 0.05 (here: a fall of 30 %)",
            assumptions=(_HALF, *usual)),
        Replay(key="musec-zajicek-2012", design=two_arms(
            "MUSEC", (144, 135), 84, -1.1,
            sources=(_size("published", "144 and 135 people, 12 weeks"),
                     ("claimed effect -1.1", "derived", "stiffness -1.8 against -0.7 of 10"))),
            analysis="responders", printed="one-sided fall",
            looks="a larger share relieved, one-sided p below 0.05 (here: a fall of 30 %)",
            assumptions=usual),
        Replay(key="tizanidine-uk-1994", design=two_arms(
            "UK tizanidine", (94, 93), 84, -1.0,
            sources=(_size("published", "187 people, 12 weeks; arms one to one"),)),
            analysis="difference", printed="fell", looks=found, assumptions=(_POINT, *usual)),
        Replay(key="tizanidine-us-1994", design=two_arms(
            "US tizanidine", (111, 109), 105, -0.5, ratings=2,
            sources=(_TWO_DAYS, _size("published", "111 and 109 people, 15 weeks"),)),
            analysis="difference", printed="fell", looks=found + " in diaries",
            assumptions=(_HALF, *usual)),
        Replay(key="botox-hyman-2000", design=two_arms(
            "Hyman 2000", (18, 16), 84, -1.0, names=("1500 units", "placebo"),
            sources=(_size("published", "16 on placebo, 58 on a dose, 12 weeks"),
                     ("18 on the top dose", "assumption", "a third of 58"))),
            analysis="difference", printed="fell", looks=found + " for the top dose",
            assumptions=(_POINT, *usual)),
        Replay(key="massage-backus-2016", design=one_group(
            "Backus 2016", 3, 42, 1.0, entry=1.0,
            sources=(("3 people with spasticity", "booklet", "not in the abstract"),
                     ("6 weeks", "published", "Backus 2016"),
                     ("claimed effect +1", "assumption", "what if massage made it a point worse"))),
            analysis="change", printed="no difference",
            looks="no increase seen (p 0.05 or more) in the three people who had any",
            assumptions=(_RATING, _HOPE)),
        Replay(key="massage-finch-2014", design=Design(
            code="Finch 2014", title="Massage or waiting, 8 and 7 people, 8 weeks and 8 after",
            treatments=(Treatment(name="massage", effect=-1.0, expectation=1.0),
                        Treatment(name="waiting")),
            arms=(Arm(name="massage", size=8, sequence=("massage", "waiting")),
                  Arm(name="waiting", size=7, sequence=("waiting", "waiting"))),
            periods=(56, 56), baseline_days=1, diary=False, visits=(-1, 55, 111),
            ratings_per_visit=1,
            sources=(_size("published", "8 and 7 people, 8 weeks and 8 after"),)),
            analysis="waiting", printed="gain that is gone later",
            looks="one-sided p below 0.05 at the end and not 8 weeks later",
            assumptions=(_POINT, *usual)),
        Replay(key="massage-hernandez-reif-1998", design=two_arms(
            "Hernandez-Reif 1998", (12, 12), 35, -1.0, hope=(1.0, 0.4),
            sources=(_size("memory-medium", "12 and 12 people, 5 weeks"),
                     ("expectation 0.4", "assumption", "usual care"))),
            analysis="difference", printed="fell", looks=found, assumptions=(_POINT, *usual)),
        Replay(key="massage-negahban-2013", design=two_arms(
            "Negahban 2013", (12, 12), 35, -1.0, hope=(1.0, 0.4),
            sources=(_size("published", "12 people an arm, 5 weeks"),
                     ("expectation 0.4", "assumption", "no treatment"))),
            analysis="difference", printed="no difference", looks=none,
            assumptions=(_POINT, *usual)),
        Replay(key="massage-schroeder-2014", design=crossover(
            "Schroeder 2014", (12, 12), 28, 0, -0.5,
            sources=(_size("published", "24 people, 4 weeks each"),
                     ("washout", "assumption", "none"))),
            analysis="crossover", printed="no difference", looks=none, assumptions=(_HALF, *usual)),
        Replay(key="aps-olding-pilot", design=DESIGNS["T7"], analysis="complaints",
               printed="four in five pains fell",
               looks="four in five pains lower by a point or more",
               assumptions=(_POINT, *usual), settings={"effect": -1.0}),
        Replay(key="fes-esnouf-2010", design=two_arms(
            "Esnouf 2010", (27, 26), 126, 0.0,
            sources=(_size("published", "53 of 64 analysed, 18 weeks; arms one to one"),)),
            analysis="falls", printed="fell", looks="fewer falls with p below 0.05 (ranks)",
            assumptions=(("means 7.5 and 28", "derived", "medians 5 and 18 at a dispersion of 0.8"),
                         ("dispersion 0.8", "assumption", "vary it")),
            settings={"mean_treated": 7.5, "mean_control": 28.0, "dispersion": 0.8}),
        Replay(key="fes-barrett-2009", design=two_arms(
            "Barrett 2009", (24, 20), 126, -1.0, names=("exercise", "stimulation"),
            sources=(_size("published", "24 and 20 people, 18 weeks"),)),
            analysis="difference", printed="fell", looks=found + " of exercise",
            assumptions=(_POINT, *usual)),
        Replay(key="fescycle-krause-2007", design=DESIGNS["T8"], analysis="sessions", printed="fell",
               looks="a fall over sessions with p below 0.05, each session counted as if a person",
               assumptions=(_RATING,)),
        Replay(key="fescycle-backus-2014", design=one_group(
            "Backus 2014", 14, 28, -1.0, entry=None,
            sources=(_size("published", "14 people, 4 weeks"),)),
            analysis="change", printed="no difference", looks="no change (p 0.05 or more)",
            assumptions=(_POINT, _RATING, _HOPE)),
        Replay(key="fescycle-pilutti-2019", design=two_arms(
            "Pilutti 2019", (4, 4), 168, -1.0,
            sources=(_size("published", "4 and 4 finished, 24 weeks"),)),
            analysis="standardised", printed="half or more apart",
            looks="half a standard deviation or more in favour",
            assumptions=(_POINT, *usual)),
        Replay(key="fescycle-szecsi-2009", design=one_group(
            "Szecsi 2009", 12, 14, -1.0,
            sources=(_size("published", "12 people, 2 weeks"),)),
            analysis="change", printed="no difference",
            looks="no change after two weeks (p 0.05 or more)", assumptions=(_POINT, *usual)),
        Replay(key="selfmgmt-hugos-2017", design=_with("T3", -0.5), analysis="difference",
               printed="fell", looks=found, assumptions=(_HALF, *usual)),
        Replay(key="selfmgmt-hugos-2024", design=two_arms(
            "Hugos 2024", (116, 115), 28, -0.5,
            sources=(_size("published", "231 people, a month; arms one to one"),)),
            analysis="difference", printed="no difference", looks=none, assumptions=(_HALF, *usual)),
        Replay(key="magnesium-rossier-2000", design=_with("T6-case", -1.0, diary=False,
                                                          ratings_per_visit=1, baseline_days=1),
               analysis="case", printed="a dramatic fall",
               looks="the one who is written about fell by three points or more, and by half",
               assumptions=(_POINT, _RATING)),
        Replay(key="rule-nice-ng144-2019", design=one_group(
            "NICE four weeks", 100, 28, -0.32,
            sources=(("four weeks, a fifth", "published", "NICE NG144"),
                     ("claimed effect -0.32", "published", "three trials pooled, Wade 2010"),
                     ("100 people", "design", "for teaching"))),
            analysis="rule", printed="half pass", looks="46 % or more pass, as in Novotna 2011",
            assumptions=usual),
        *_surveys(),
    ]  # fmt: skip
    return {one.key: one for one in every}


def _surveys() -> list[Replay]:
    """Return the surveys: printed share, and what who answers would make of a smaller one."""
    ready = ("odds of answering 1 to 2 for each grade", "assumption", "drawn evenly; vary them")
    alike = ("claimed effect", "design", "as common as printed, and everybody as ready to answer")

    def reference(share: str, status: str, source: str) -> tuple[str, str, str]:
        return (f"no true effect: {share} have it", status, source)

    return [
        Replay(key="prev-rizzo-2004-narcoms", design=Survey(
            code="Rizzo 2004", title="A registry of volunteers, 20,969 answers", n_people=20_969,
            shares=(0.16, 0.31, 0.19, 0.17, 0.13, 0.04), reference=0.657, response_share=0.1,
            sources=(("20,969 answers", "memory-medium", "Rizzo 2004"),
                     ("shares", "published", "Rizzo 2004"),
                     reference("65.7 %", "published", "Oreja-Guevara 2013, itself of those who answered"),
                     ("a tenth of those with none register", "assumption", "vary it"), ready, alike)),
            analysis="survey", printed="as common", looks="84 % or more of those who answer"),
        Replay(key="prev-oreja-guevara-2013", design=Survey(
            code="Oreja-Guevara 2013", title="Members of two associations, 2,029 answers", n_people=2029,
            shares=(0.343, 0.394, 0.263), reference=32 / 68, response_share=0.24,
            sources=(("2,029 answers, 24 %", "published", "Oreja-Guevara 2013"),
                     ("shares", "derived", "65.7 %, and 40 % of them moderate or severe"),
                     reference("47 %", "published", "Barnes 2003, examined, grade 2 or more"), ready, alike)),
            analysis="survey", printed="as common", looks="66 % or more of those who answer"),
        Replay(key="prev-barnes-2003", design=Survey(
            code="Barnes 2003", title="Sixty-eight people of one city, examined", n_people=68,
            shares=(36 / 68, 32 / 68), reference=0.34, response_share=0.5, odds=(1.0, 1.0),
            sources=(("68 people, 32 with grade 2 or more", "published", "Barnes 2003"),
                     reference("34 %", "derived", "moderate or worse in their own words, Rizzo 2004"),
                     ("nobody refuses", "assumption", "not in the abstract"), alike)),
            analysis="survey", printed="as common", looks="47 % or more of those examined"),
    ]  # fmt: skip
