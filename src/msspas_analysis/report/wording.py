"""The sentences and number formats of the page: plain British English, no word of cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msspas_analysis.tables import Window

CANNOT_TELL: Final = (
    "There was no comparison group. A change by itself does not show what the service brought "
    "about: people often start a therapy when their symptoms are at their worst, diaries drift "
    "over the weeks, and people expect to feel different."
)
NO_EXPECTATION: Final = (
    "No expectation without treatment is available for these numbers, so nothing is said about "
    "them beyond the numbers themselves."
)
WHAT_THIS_IS: Final = (
    "This is a service evaluation, not research. It describes a group of people before and after "
    "their first session. It says nothing about any one person and gives no medical advice."
)
SPEAK_TO_TEAM: Final = "Questions about your own symptoms or treatment: speak to your MS team."
STIFFNESS_TO_STAND: Final = (
    "Less is not always better: some people need their stiffness to stand or walk. Read the shares "
    "with less and with more stiffness beside weakness, falls and other unwanted effects."
)
WATERMARK: Final = "internal: not for circulation"
NOT_CONCLUDED: Final = (
    "What caused a change, which therapy does more, whether any one person changed, or what another "
    "centre would see."
)
CANNOT_SHOW: Final[tuple[str, ...]] = (
    "That the therapy brought a change about. That needs people who waited or had something else, "
    "chosen by chance.",
    "What would really have happened without the service. A computer model can stand in for it "
    "only as far as these diaries show how ratings move by themselves.",
    "How things went for people who stopped keeping a diary. It may have been otherwise than for "
    "those who went on.",
    "Which therapy does more. People were not given therapies by chance, and the groups differ "
    "from the start.",
    "Whether any one person changed. Ratings go up and down from day to day.",
    "What will happen at another centre, or later.",
)
GLOSSARY: Final[tuple[tuple[str, str], ...]] = (
    ("Change", "The rating after minus the rating before in the same person. Below zero means "
     "less of the symptom."),
    ("Interval", "The range of average changes that fits these diaries. A wide interval means the "
     "number is unsure. It does not cover other reasons for a change."),
    ("Expected without treatment", "What a computer model of these diaries gives for the same "
     "people and days with no treatment at all. It shows no real people."),
    ("Beyond expectation", "The change observed minus the change expected without treatment."),
    ("Mean", "The sum of everybody's numbers divided by the number of people."),
    ("Median", "The middle number: half of the people have this or less."),
    ("Stiffness rating", "The person's own number for the day, from 0 (none) to 10 (worst "
     "possible)."),
)  # fmt: skip
OUTCOME_WORDS: Final[dict[str, str]] = {
    "stiffness": "Stiffness, 0 to 10",
    "spasm_count": "Spasms per day",
    "pain": "Pain, 0 to 10",
    "sleep_disruption": "Sleep disruption, 0 to 10",
    "fatigue": "Fatigue, 0 to 10",
}


def minus(text: str) -> str:
    """Write a minus sign as printers do.

    Examples
    --------
    >>> minus("-0.5")
    '−0.5'
    """
    return text.replace("-", "−")


def number(decimals: int) -> Callable[[float], str]:
    """Return a way of writing numbers with so many decimals.

    Examples
    --------
    >>> number(1)(-0.04), number(2)(-1.5)
    ('0.0', '−1.50')
    """

    def how(value: float) -> str:
        text = f"{value:.{decimals}f}"
        return minus(text[1:] if text[0] == "-" and not float(text) else text)

    return how


def count(value: float) -> str:
    """Write a count, thousands apart.

    Examples
    --------
    >>> count(1234.0)
    '1,234'
    """
    return f"{value:,.0f}"


def percent(value: float) -> str:
    """Write a 0-1 share as a whole percentage.

    Examples
    --------
    >>> percent(0.625), percent(-0.05)
    ('62 %', '−5 %')
    """
    return f"{100 * value:.0f} %".replace("-", "−")


def fewer_than(min_people: int) -> str:
    """Return the words for a count of 1 to ``min_people - 1``."""
    return f"fewer than {min_people}"


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listed(["pain"]), listed(["pain", "fatigue", "falls"])
    ('pain', 'pain, fatigue and falls')
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def days(window: Window) -> str:
    """Write a window as words.

    Examples
    --------
    >>> days(Window(name="before", first_day=-7, last_day=-1))
    'days −7 to −1, with at least 4 of the 7 days rated'
    """
    length = window.last_day - window.first_day + 1
    return minus(
        f"days {window.first_day} to {window.last_day}, with at least {window.min_days} of the "
        f"{length} days rated"
    )
