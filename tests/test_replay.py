"""Replays: every study that can be run is, both truths hold, and nothing depends on how it was run."""

import numpy as np
import pytest
from scipy.stats import binom

from msspas_analysis.evidence.appraisal.appraised import appraise
from msspas_analysis.evidence.library import TOPICS, load
from msspas_analysis.evidence.replay.analyses import (
    ANALYSES,
    BESIDE,
    CLAIMED,
    NOTHING,
    PRINTED,
    Replay,
    run_block,
)
from msspas_analysis.evidence.replay.run import replay_library, replay_study
from msspas_analysis.evidence.replay.studies import WHY_NOT, replays
from msspas_analysis.evidence.replay.surveys import Survey, answered_shares
from msspas_analysis.instruments import Status
from msspas_analysis.simulate.clusters import complaint_ratings
from msspas_analysis.simulate.survey import SurveyScenario, respondent_shares
from msspas_analysis.simulate.trials import simulate_trials

LIBRARY, STUDIES = load(), replays()
RANDOMISED = ("difference", "crossover", "enriched", "responders", "withdrawal", "falls")


@pytest.fixture(scope="module")
def whole():
    return replay_library(replicates=1024, seed=7)


def value(found, key, group, measure):
    return float(found.one(outcome=key, group=group, measure=measure).estimate)


def test_every_study_is_replayed_or_says_why_not():
    studies = {key for key, one in LIBRARY.items() if one.kind == "study"}
    assert studies - set(STUDIES) == set(WHY_NOT)
    assert set(STUDIES) - studies == {"rule-nice-ng144-2019"}
    assert {one.analysis for one in STUDIES.values()} == set(ANALYSES)
    assert {one.printed for one in STUDIES.values()} == set(PRINTED)


@pytest.mark.parametrize("key", STUDIES)
def test_what_it_rests_on_is_told_with_its_status(key):
    known = {"design", "booklet", "memory", *Status.__args__}
    told = STUDIES[key].told
    assert told
    for what, status, where in told:
        assert status in known, (what, status)
        assert where


# people in the library, by the key and the name they have there
SIZES = {
    "tens-armutlu-2003": "analysed", "tens-miller-2007": "randomised",
    "tens-shaygannejad-2013": "randomised", "reflexology-sievner-2003": "randomised",
    "reflexology-hughes-2009": "randomised", "reflexology-miller-2013": "randomised",
    "ldn-gironi-2008": "enrolled", "ldn-cree-2010": "randomised",
    "ldn-sharafaddinzadeh-2010": "randomised", "threonine-hauser-1992": "randomised",
    "threonine-lee-1993": "analysed", "itb-penn-1989": "randomised",
    "cannabis-smoked-corey-bloom-2012": "randomised", "nabiximols-collin-2007": "randomised",
    "nabiximols-collin-2010": "randomised", "nabiximols-novotna-2011": "enrolled",
    "nabiximols-notcutt-2012": "randomised", "nabiximols-move2-2014": "analysed",
    "musec-zajicek-2012": "randomised", "tizanidine-uk-1994": "randomised",
    "massage-finch-2014": "analysed", "massage-schroeder-2014": "enrolled",
    "aps-olding-pilot": "people", "fes-esnouf-2010": "analysed", "fes-barrett-2009": "completed",
    "fescycle-krause-2007": "analysed", "fescycle-backus-2014": "completed",
    "fescycle-pilutti-2019": "completed", "fescycle-szecsi-2009": "analysed",
    "selfmgmt-hugos-2017": "randomised", "selfmgmt-hugos-2024": "enrolled",
    "prev-rizzo-2004-narcoms": "registry", "prev-barnes-2003": "analysed",
    "prev-oreja-guevara-2013": "valid",
}  # fmt: skip


@pytest.mark.parametrize("key", SIZES)
def test_the_replay_has_the_people_of_the_library(key):
    assert STUDIES[key].design.n_people == LIBRARY[key].design.people[SIZES[key]]


def test_a_fair_comparison_calls_nothing_something_in_about_one_of_forty(whole):
    fair = [key for key, one in STUDIES.items() if one.analysis in RANDOMISED
            and not {"Two arms, less attention", "see through"} & set(one.design.title.split("("))
            and len({t.expectation for t in one.design.treatments}) == 1
            and not any(t.guessed for t in one.design.treatments)]  # fmt: skip
    assert len(fair) > 15
    rates = {key: value(whole, key, NOTHING, "called_in_favour") for key in fair}
    # one tail of 5 %; a Monte Carlo error of 0.5 points each
    assert np.mean(list(rates.values())) == pytest.approx(0.025, abs=0.003)
    for key, rate in rates.items():
        assert 0.008 <= rate <= 0.045, (key, rate)
        assert abs(value(whole, key, NOTHING, "mean_estimate")) < 0.25, key


def test_a_group_beside_nobody_calls_a_fall_where_nothing_works(whole):
    for key in ("tens-armutlu-2003", "ldn-gironi-2008", "nabiximols-move2-2014"):
        assert value(whole, key, NOTHING, "called_in_favour") > 0.25, key


def test_the_claimed_effect_is_there_and_in_fair_trials_unbiased(whole):
    for key, one in STUDIES.items():
        rows = whole.table[
            (whole.table["outcome"] == key) & (whole.table["measure"] == "true_effect")
        ]
        if one.analysis == "case":
            assert rows.empty
            continue
        true = float(rows["estimate"].iloc[0])
        assert abs(true) > 0.05
        if one.analysis in ("crossover", "difference") and len(
            {t.expectation for t in one.design.treatments}
        ) == 1 and not any(t.guessed for t in one.design.treatments):  # fmt: skip
            got = value(whole, key, CLAIMED, "mean_estimate")
            assert got == pytest.approx(true, abs=0.15), key


def test_what_the_stories_tell(whole):
    def printed(key, group=NOTHING):
        return value(whole, key, group, "printed_as_it_was")

    # the pilot "worked" with nothing true far more often than the trial with a control could
    assert printed("tens-armutlu-2003") > 10 * printed("selfmgmt-hugos-2017") / 3
    # both arms of a sham trial fall, in a world where nothing works
    assert printed("reflexology-hughes-2009") > 0.6
    # unmatched attention alone makes a pilot positive more often than 2.5 %
    assert printed("selfmgmt-hugos-2017") > 0.04
    assert value(whole, "selfmgmt-hugos-2024", NOTHING, "called_in_favour") < 0.035
    # the luckiest of 500 untreated people is always dramatic
    assert printed("magnesium-rossier-2000") > 0.99
    # three people cannot show an increase
    assert printed("massage-backus-2016", CLAIMED) > 0.8
    # four against four are half a standard deviation apart by luck
    assert 0.15 < printed("fescycle-pilutti-2019") < 0.4
    # small trials that find something make it too large
    assert value(whole, "reflexology-miller-2013", CLAIMED, "type_m") > 1.8
    assert value(whole, "tizanidine-uk-1994", CLAIMED, "type_m") < 1.3


def test_runs_do_not_depend_on_blocks_or_processes(tmp_path):
    one = replay_study("tens-shaygannejad-2013", replicates=1200, seed=3)
    two = replay_study("tens-shaygannejad-2013", replicates=1200, seed=3, workers=2)
    np.testing.assert_array_equal(one.table["estimate"], two.table["estimate"])
    kept = replay_study("tens-shaygannejad-2013", replicates=1200, seed=3, cache=tmp_path)
    again = replay_study("tens-shaygannejad-2013", replicates=1200, seed=3, cache=tmp_path)
    np.testing.assert_array_equal(kept.table["estimate"], again.table["estimate"])
    other = replay_study("tens-shaygannejad-2013", replicates=1200, seed=4)
    assert one.table["estimate"].tolist() != other.table["estimate"].tolist()


def test_both_truths_share_all_luck():
    drawn = run_block(STUDIES["tizanidine-uk-1994"], 1, 0, 200)
    together = np.corrcoef(drawn[f"{NOTHING}/estimate"], drawn[f"{CLAIMED}/estimate"])[0, 1]
    assert together > 0.9


def test_people_and_pains_are_not_the_same_number_of_witnesses():
    found = ANALYSES["complaints"](STUDIES["aps-olding-pilot"], 1, 0, 512)[NOTHING]
    both = np.isfinite(found["p"]) & np.isfinite(found["people_p"])
    assert (found["p"][both] < found["people_p"][both]).mean() > 0.9


def test_sessions_of_one_person_say_nothing_lasting():
    found = ANALYSES["sessions"](STUDIES["fescycle-krause-2007"], 1, 0, 256)[CLAIMED]
    assert (found["p"] < 0.05).mean() > 0.9
    assert abs(np.mean(found["lasting"])) < 0.5


def test_a_survey_shows_what_the_law_of_answering_says():
    # with nothing but severity at work the world of people and the formula are the same
    for odds, share in ((1.0, 0.1), (1.5, 0.1), (2.0, 0.4)):
        world = SurveyScenario(response_odds_per_level=odds, response_share=share)
        got = answered_shares(
            np.array(world.severity_shares), response_share=share, odds=np.array(odds)
        )
        np.testing.assert_allclose(got, respondent_shares(world), atol=1e-9)
    # and where all are examined chance alone is left, the upper tail of a binomial
    city = STUDIES["prev-barnes-2003"]
    found = replay_study(city, replicates=20_000, seed=5)
    for group, share in ((NOTHING, 0.34), (CLAIMED, 32 / 68)):
        row = found.one(group=group, measure="printed_as_it_was")
        assert abs(row.estimate - binom.sf(31, 68, share)) < 4 * row.std_error
        mean = found.one(group=group, measure="mean_estimate")
        assert abs(mean.estimate - share) < 4 * mean.std_error


def test_a_smaller_share_is_moved_alike_at_every_grade():
    registry = STUDIES["prev-rizzo-2004-narcoms"].design
    moved, printed = registry.if_as_the_reference, np.array(registry.shares)
    assert moved.sum() == pytest.approx(1.0)
    assert 1 - moved[0] == pytest.approx(registry.reference)

    def odds(shares):
        above = 1 - np.cumsum(shares)[:-1]
        return above / (1 - above)

    ratio = odds(printed) / odds(moved)
    np.testing.assert_allclose(ratio, ratio[0])


def test_twenty_thousand_answers_are_precise_and_of_those_who_answer(whole):
    registry = "prev-rizzo-2004-narcoms"
    assert value(whole, registry, CLAIMED, "printed_as_it_was") > 0.95
    # 65.7 % look like more than three quarters
    assert 0.74 < value(whole, registry, NOTHING, "mean_estimate") < 0.82
    rows = whole.table[whole.table["outcome"].eq(registry)]
    assert not set(rows["measure"]) & {"called_in_favour", "type_s", "type_m"}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"n_people": 0}, "n_people must be 1 or more"),
        ({"shares": (0.5, 0.4)}, "add up to 1"),
        ({"shares": (1.0,)}, "two or more"),
        ({"reference": 1.0}, "reference must lie between 0 and 1"),
        ({"response_share": 0.0}, "response_share must lie between 0 and 1"),
        ({"odds": (2.0, 1.0)}, "the smaller first"),
    ],
)
def test_a_survey_that_cannot_be_is_refused(how, said):
    usual = {"n_people": 68, "shares": (0.5, 0.5), "reference": 0.3, "response_share": 0.5}
    with pytest.raises(ValueError, match=f"mine: {said}|mine: .*{said}"):
        Survey(code="mine", title="", **(usual | how))


def test_the_notes_of_several_say_which_rests_on_what():
    both = replay_library(["tens-armutlu-2003", "prev-barnes-2003"], replicates=512, seed=1).notes
    text = "\n".join(both)
    assert "tens-armutlu-2003, printed as it was: a fall" in text
    assert "Armutlu 2003 (tens-armutlu-2003)." in text
    alone = replay_study("tens-armutlu-2003", replicates=512, seed=1).notes
    assert "Rests on n, 4 weeks [published]: Armutlu 2003." in alone
    # what all of them rest on is said once, without their names
    two = replay_library(["tens-armutlu-2003", "ldn-gironi-2008"], replicates=512, seed=1).notes
    shared = [note for note in two if "stands for what the paper measured with" in note]
    assert shared == [
        "Rests on outcome [assumption]: a 0-10 rating stands for what the paper measured with."
    ]


def test_progress_is_told_over_the_whole_library():
    seen = []
    replay_library(["tens-armutlu-2003", "tens-miller-2007"], replicates=600,
                   progress=lambda done, total, word: seen.append((done, total)))  # fmt: skip
    assert seen[-1] == (1200, 1200)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: replay_study("scale-mas"), ValueError, "cannot be run again: it is a scale"),
        (lambda: replay_study("gabapentin-walker-2018"), ValueError, "how many people were in it was not read"),
        (lambda: replay_study("nobody"), KeyError, "there is no entry"),
        (lambda: replay_study("tens-armutlu-2003", replicates=10), ValueError, "replicates must be"),
        (lambda: replay_study("tens-armutlu-2003", seed=-1), ValueError, "seed must be"),
        (lambda: Replay(key="x", design=STUDIES["tens-armutlu-2003"].design, analysis="guess",
                        printed="fell", looks=""), ValueError, "analysis must be one of"),
        (lambda: Replay(key="x", design=STUDIES["tens-armutlu-2003"].design, analysis="change",
                        printed="rose", looks=""), ValueError, "printed must be one of"),
        (lambda: Replay(key="x", design=STUDIES["prev-barnes-2003"].design, analysis="change",
                        printed="fell", looks=""), ValueError, "'change' does not go with a Survey"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_what_is_told_beside_is_what_the_analysis_gave():
    study = STUDIES["aps-olding-pilot"]
    found = replay_study(study, replicates=512, seed=9)
    for truth in (NOTHING, CLAIMED):
        gave = ANALYSES["complaints"](study, 9, 0, 512)[truth]
        people = found.one(group=truth, measure="called_by_people").estimate
        assert people == (gave["people_p"][~np.isnan(gave["people_p"])] < 0.05).mean()
        fell = found.one(group=truth, measure="share_fell").estimate
        assert fell == pytest.approx(gave["fell"].mean())


def test_every_analysis_tells_all_it_gives():
    inner = {"estimate", "p", "true", "due"}
    for one in STUDIES.values():
        given = set(ANALYSES[one.analysis](one, 1, 0, 64)[CLAIMED]) - inner
        assert given <= set(BESIDE), (one.key, given)
        rows = replay_study(one, replicates=128, seed=1).table
        assert {BESIDE[name] for name in given} <= set(rows["measure"])
    assert len(set(BESIDE.values())) == len(BESIDE)


def test_what_the_stories_of_few_people_tell(whole):
    # pains counted as people find a fall a little more often, and both nearly always where nothing works
    pains = value(whole, "aps-olding-pilot", NOTHING, "called_in_favour")
    people = value(whole, "aps-olding-pilot", NOTHING, "called_by_people")
    assert 0.9 < people < pains
    # what is gone by the next day leaves nothing behind, however sure the sessions are
    krause = "fescycle-krause-2007"
    assert value(whole, krause, CLAIMED, "called_in_favour") > 0.9
    assert value(whole, krause, CLAIMED, "lasting_change") == value(
        whole, krause, NOTHING, "lasting_change"
    )
    # an effect while it lasts is gone when it is given up
    finch = "massage-finch-2014"
    assert value(whole, finch, CLAIMED, "mean_estimate") < -1.2
    assert abs(value(whole, finch, CLAIMED, "later_estimate")) < 0.2
    # both arms of a sham trial fall alike where nothing works
    hughes = "reflexology-hughes-2009"
    arms = [value(whole, hughes, NOTHING, f"{arm}_change") for arm in ("treated", "control")]
    assert arms[0] == pytest.approx(arms[1], abs=0.05)
    assert max(arms) < -1


@pytest.mark.parametrize("topic", [name for chapter in TOPICS.values() for name in chapter])
def test_everything_the_booklet_names_has_entry_appraisal_and_replay(topic):
    entries = LIBRARY.about(topic)
    assert entries
    for one in entries:
        # a judgement, or why there is nothing to judge
        told = appraise(one.key)
        assert bool(told.tool) != bool(told.table.empty)
        assert told.note
        # a replay where something was designed, or why there is none
        if one.kind == "study":
            assert (one.key in STUDIES) != (one.key in WHY_NOT)
            assert one.key not in WHY_NOT or WHY_NOT[one.key]


def test_a_pain_fell_if_it_was_rated_twice_and_is_a_point_lower():
    study = STUDIES["aps-olding-pilot"]
    found = ANALYSES["complaints"](study, 3, 0, 40)
    runs = simulate_trials(study.trial, seed=3, replicates=40)
    rated = complaint_ratings(runs, seed=3, first=0)
    for k in range(40):
        pains = [(before, after) for person in rated[k] for before, after in person[:, [0, -1]]
                 if before == before and after == after]  # fmt: skip
        fell = sum(after <= before - 1 for before, after in pains)
        assert found[NOTHING]["fell"][k] == pytest.approx(fell / len(pains))
        fell = sum(max(after - 1, 0) <= before - 1 for before, after in pains)
        assert found[CLAIMED]["fell"][k] == pytest.approx(fell / len(pains))
