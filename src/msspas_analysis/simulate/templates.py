"""A template for each kind of study behind what people with MS are told about spasticity.

Sizes and lengths are those of published studies. Whether a treatment does anything is not known from
them: where no control was there the template gives it no effect, and ``sources`` says of every other
number where it comes from. Change one with :func:`dataclasses.replace`.
"""

from __future__ import annotations

from typing import Final

from msspas_analysis.simulate.designs import Arm, Design, Treatment

_NO_EFFECT: Final = ("effect", "design", "0: the template shows what the design does by itself")
_PLACEBO: Final = ("expectation", "assumption", "1 for a drug or an active sham")
_ENTRY: Final = ("entry_rating", "assumption", "4 or more of 10, as trials of the rating ask for")


def _t(name: str, effect: float = 0.0, expectation: float = 0.0, **more: float) -> Treatment:
    return Treatment(name=name, effect=effect, expectation=expectation, **more)


def _arm(name: str, size: int, *sequence: str) -> Arm:
    return Arm(name=name, size=size, sequence=sequence)


_TEMPLATES: Final = (
    Design(
        code="T1", title="One group, before and after (TENS, 2003: 10 people, 4 weeks)",
        treatments=(_t("TENS", expectation=1.0),), arms=(_arm("TENS", 10, "TENS"),),
        periods=(28,), baseline_days=1, diary=False, visits=(-1, 27), ratings_per_visit=1,
        sources=(("n, 4 weeks", "published", "Armutlu 2003"), _NO_EFFECT, _PLACEBO, _ENTRY),
    ),
    Design(
        code="T1-diary", title="One group with a daily diary (LDN, 2008: 40 people, 26 weeks)",
        treatments=(_t("LDN", expectation=1.0),), arms=(_arm("LDN", 40, "LDN"),),
        periods=(182,), visits=(-1, 27, 90, 181), entry_rating=None, lost=5 / 40, lost_slope=0.3,
        sources=(("n, 26 weeks, 5 lost", "published", "Gironi 2008"), _NO_EFFECT, _PLACEBO,
                 ("lost_slope", "assumption", "no published value found; vary it"),
                 ("diary", "assumption", "the study had clinic visits")),
    ),
    Design(
        code="T2", title="Two arms, sham (reflexology, 2009: 73 people, 10 weeks)",
        treatments=(_t("reflexology", expectation=1.0), _t("sham", expectation=1.0)),
        arms=(_arm("reflexology", 37, "reflexology"), _arm("sham", 36, "sham")),
        periods=(70,), baseline_days=1, diary=False, visits=(-1, 34, 69), ratings_per_visit=1,
        blind=("participants", "assessors"), lost=2 / 73,
        sources=(("n, 10 weeks, entry above 4", "published", "Hughes 2009"),
                 ("2 of 73 lost", "derived", "71 analysed, Hughes 2009"),
                 ("no difference between arms", "published", "Hughes 2009"), _PLACEBO,
                 ("arms of 37 and 36", "assumption", "one to one")),
    ),
    Design(
        code="T2-seen", title="Two arms, a sham people can see through (reflexology, 2003)",
        treatments=(
            _t("reflexology", expectation=1.0),
            _t("sham", expectation=1.0, guessed=0.65, guessed_expectation=0.0),
        ),
        arms=(_arm("reflexology", 36, "reflexology"), _arm("sham", 35, "sham")),
        periods=(77,), baseline_days=1, diary=False, visits=(-1, 38, 76), ratings_per_visit=1,
        blind=("participants",), lost=18 / 71, lost_slope=0.3,
        sources=(("n, 11 weeks, 18 of 71 lost", "published", "Siev-Ner 2003"), _NO_EFFECT,
                 ("guessed", "assumption", "the sham left out the feet; 0.5 to 0.8"),
                 ("lost_slope", "assumption", "no published value found; vary it")),
    ),
    Design(
        code="T2-drug", title="Two arms with a daily diary (nabiximols, 15 weeks)",
        treatments=(
            _t("nabiximols", -0.32, 1.0, onset_days=14, unwanted=0.5), _t("placebo", 0.0, 1.0),
        ),
        arms=(_arm("nabiximols", 168, "nabiximols"), _arm("placebo", 169, "placebo")),
        periods=(105,), baseline_days=7, entry_days=7, visits=(-1, 27, 69, 104),
        blind=("participants", "therapists", "assessors"), lost=0.1, lost_slope=0.2,
        sources=(("n, 15 weeks", "published", "Collin 2010"),
                 ("effect -0.32", "published", "three trials pooled, Wade 2010"),
                 ("onset, unwanted, lost, lost_slope", "assumption",
                  "no published value found; vary it"), _PLACEBO, _ENTRY),
    ),
    Design(
        code="T2-dose", title="Four arms, three doses and placebo (botulinum toxin, 74 people)",
        treatments=(
            _t("placebo", 0.0, 1.0, unwanted=0.06),
            *(_t(f"dose {k}", effect, 1.0, onset_days=14, lasts_days=84, unwanted=0.36)
              for k, effect in ((1, -0.6), (2, -0.9), (3, -1.2))),
        ),
        arms=(_arm("placebo", 16, "placebo"), _arm("dose 1", 20, "dose 1"),
              _arm("dose 2", 20, "dose 2"), _arm("dose 3", 18, "dose 3")),
        periods=(84,), baseline_days=1, diary=False, visits=(-1, 13, 27, 55, 83),
        ratings_per_visit=1, blind=("participants", "therapists", "assessors"),
        sources=(("16 on placebo, 58 on a dose, 12 weeks", "published", "Hyman 2000"),
                 ("weakness 36 v 6 %", "published", "Hyman 2000"),
                 ("sizes of the dose arms, effects", "assumption", "vary them"),
                 ("lasts_days", "published", "an injection lasts about three months")),
    ),
    Design(
        code="T3", title="Two arms, less attention in one (self-management, 2017: 40 people)",
        treatments=(_t("group programme", expectation=1.0), _t("booklet", expectation=0.4)),
        arms=(_arm("group programme", 20, "group programme"), _arm("booklet", 20, "booklet")),
        periods=(28,), baseline_days=1, diary=False, visits=(-1, 27), ratings_per_visit=1,
        blind=("assessors",), lost=2 / 40,
        sources=(("n, 38 of 40 stayed", "published", "Hugos 2017"), _NO_EFFECT,
                 ("expectation 0.4", "assumption", "-0.3 points with usual care"),
                 ("arms of 20, 4 weeks", "assumption", "not in the abstract")),
    ),
    Design(
        code="T3-waiting", title="Two arms, waiting list (massage, 2014: 8 and 7 people)",
        treatments=(_t("massage", expectation=1.0), _t("waiting list")),
        arms=(_arm("massage", 8, "massage", "waiting list"),
              _arm("waiting list", 7, "waiting list", "massage")),
        periods=(28, 28), baseline_days=14, visits=(-1, 27, 55), blind=(),
        sources=(("8 and 7 people", "published", "Finch 2014"), _NO_EFFECT, _PLACEBO,
                 ("4 weeks, diary", "assumption", "for teaching")),
    ),
    Design(
        code="T3-active", title="Two active arms (TENS or baclofen: 26 and 26 people, 4 weeks)",
        treatments=(_t("TENS", -0.9, 1.0), _t("baclofen", -0.5, 1.0, unwanted=0.5)),
        arms=(_arm("TENS", 26, "TENS"), _arm("baclofen", 26, "baclofen")),
        periods=(28,), baseline_days=1, diary=False, visits=(-1, 27), ratings_per_visit=1,
        sources=(("26 and 26, 4 weeks", "published", "Shaygannejad 2013"),
                 ("effects", "assumption", "order of size of the published Ashworth changes"),
                 _PLACEBO),
    ),
    Design(
        code="T3-stepped", title="A waiting list that starts in three waves",
        treatments=(_t("therapy", expectation=1.0), _t("waiting list")),
        arms=(_arm("first wave", 12, "therapy", "therapy", "therapy"),
              _arm("second wave", 12, "waiting list", "therapy", "therapy"),
              _arm("third wave", 12, "waiting list", "waiting list", "therapy")),
        periods=(28, 28, 28), visits=(-1, 27, 55, 83),
        sources=(_NO_EFFECT, _PLACEBO, ("sizes and lengths", "design", "for a therapy centre")),
    ),
    Design(
        code="T4", title="Crossover with a washout (L-threonine, 1992: 26 people)",
        treatments=(
            _t("L-threonine", expectation=1.0, carry_over=3.0), _t("placebo", expectation=1.0),
        ),
        arms=(_arm("AB", 13, "L-threonine", "placebo"), _arm("BA", 13, "placebo", "L-threonine")),
        periods=(28, 28), washout=14, visits=(-1, 27, 41, 69), blind=("participants", "assessors"),
        sources=(("26 people, crossover", "published", "Hauser 1992"),
                 ("symptoms unchanged", "published", "Hauser 1992"),
                 ("4 weeks each, washout 2 weeks, carry_over", "assumption", "not in the abstract")),
    ),
    Design(
        code="T4-dose", title="Crossover of two doses, no sham (TENS, 2007: 32 people)",
        treatments=(
            _t("60 minutes", 0.0, 1.0),
            Treatment(name="8 hours", effect=0.0, spasm_effect=-0.5, expectation=1.0),
        ),
        arms=(_arm("60 min first", 16, "60 minutes", "8 hours"),
              _arm("8 h first", 16, "8 hours", "60 minutes")),
        periods=(14, 14), washout=14, visits=(-1, 13, 27, 41),
        sources=(("32 people, 2 weeks each", "published", "Miller 2007"),
                 ("spasms lower with 8 hours only", "published", "Miller 2007"),
                 ("size of that", "assumption", "vary it"),
                 ("washout", "memory", "2 weeks, low confidence")),
    ),
    Design(
        code="T5", title="Enriched: a run-in, then those who responded are randomised",
        treatments=(
            _t("nabiximols", -0.32, 1.0, effect_sd=1.5, onset_days=14, unwanted=0.5),
            _t("placebo", 0.0, 1.0),
        ),
        arms=(_arm("nabiximols", 286, "nabiximols", "nabiximols"),
              _arm("placebo", 286, "nabiximols", "placebo")),
        periods=(28, 84), baseline_days=7, entry_days=7, respond_first=0.20,
        visits=(-1, 27, 55, 111), blind=("participants", "therapists", "assessors"), lost=0.1,
        sources=(("572 enrolled, 272 went on, 4 and 12 weeks", "published", "Novotna 2011"),
                 ("effect -0.32", "published", "not enriched, pooled, Wade 2010"),
                 ("effect_sd, onset, unwanted, lost", "assumption", "vary them"), _PLACEBO),
    ),
    Design(
        code="T5b", title="Randomised withdrawal among people who already take it (36 people)",
        treatments=(_t("nabiximols", -1.0, 1.0, carry_over=2.0), _t("placebo", 0.0, 1.0)),
        arms=(_arm("goes on", 18, "nabiximols", "nabiximols"),
              _arm("withdrawn", 18, "nabiximols", "placebo")),
        periods=(28, 35), baseline_days=7, stop_if_worse=0.20, visits=(-1, 27, 62),
        blind=("participants", "therapists", "assessors"),
        sources=(("18 and 18, 5 weeks", "published", "Notcutt 2012"),
                 ("15 and 2 finished", "published", "Notcutt 2012"),
                 ("effect, carry_over", "assumption", "vary them"),
                 ("stop_if_worse", "memory", "a worsening of a fifth, medium confidence")),
    ),
    Design(
        code="T6", title="One person, six fortnights in turn (N-of-1)",
        treatments=(_t("therapy", expectation=1.0), _t("usual care", expectation=0.4)),
        arms=(_arm("the person", 1, "therapy", "usual care", "usual care", "therapy", "therapy",
                   "usual care"),),
        periods=(14,) * 6, visits=(-1, 13, 27, 41, 55, 69, 83),
        sources=(_NO_EFFECT, ("six periods of two weeks", "design", "for teaching"),
                 ("expectation", "assumption", "1 with the therapy, 0.4 without")),
    ),
    Design(
        code="T6-four-weeks", title="Four weeks, and on only if a fifth lower (the NICE rule)",
        treatments=(_t("nabiximols", -0.32, 1.0, onset_days=14, unwanted=0.5),),
        arms=(_arm("nabiximols", 100, "nabiximols", "nabiximols"),),
        periods=(28, 56), baseline_days=7, entry_days=7, respond_first=0.20, visits=(-1, 27, 83),
        sources=(("four weeks, a fifth", "published", "NICE NG144"),
                 ("effect -0.32", "published", "not enriched, pooled, Wade 2010"), _ENTRY, _PLACEBO,
                 ("100 people, 12 weeks", "design", "for teaching")),
    ),
    Design(
        code="T6-case", title="A case report: the most dramatic of 500 untreated diaries",
        treatments=(_t("magnesium"),), arms=(_arm("magnesium", 500, "magnesium"),), periods=(7,),
        baseline_days=7, visits=(-1, 6), publish="most dramatic",
        sources=(("one person, 1 week", "memory", "Rossier 2000, details unverified"), _NO_EFFECT,
                 ("out of 500", "assumption", "nobody counts who was not written about")),
    ),
    Design(
        code="T7", title="Service evaluation, several complaints a person (APS: 60 people)",
        treatments=(_t("APS", expectation=1.0),), arms=(_arm("APS", 60, "APS"),), periods=(56,),
        baseline_days=1, diary=False, visits=(-1, 55), ratings_per_visit=1, complaints=94 / 60,
        sources=(("60 people, 94 complaints, 8 weeks", "published", "Olding posters 2013-16"),
                 ("complaint_icc", "assumption", "0.3 to 0.5"), _NO_EFFECT, _PLACEBO),
    ),
    Design(
        code="T8", title="One person, rated before and after each session (FES cycling, 2007)",
        treatments=(_t("FES cycling"),), arms=(_arm("the person", 1, "FES cycling"),),
        periods=(84,), baseline_days=7, visits=(-1, 83), acute=-0.75, sessions=3,
        sources=(("one person, falls right after each session", "published", "Krause 2007"),
                 ("size of that", "assumption", "0.5 to 1 grade"),
                 ("nothing lasting", "design", "0"), ("12 weeks, 3 a week", "assumption",
                                                       "not in the abstract")),
    ),
)  # fmt: skip

DESIGNS: Final[dict[str, Design]] = {design.code: design for design in _TEMPLATES}
"""The templates by code, T1 to T8; T0, a survey, is
:class:`~msspas_analysis.simulate.survey.SurveyScenario`."""
