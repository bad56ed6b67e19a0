"""How long pictures of 3,000 people take, from the table to a PNG, beside seaborn's swarm of as many.

    python benchmarks/pictures.py

Best of three turns, in one process. The limit is Matplotlib drawing as many dots at random places.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from msspas_analysis import plots
from msspas_analysis.estimate.change.paired import paired_change
from msspas_analysis.estimate.trials.adjusted import adjusted_difference
from msspas_analysis.plots.canvas import one_axes

PEOPLE = 3000


def best(job: Callable[[], object], turns: int = 3) -> float:
    """Return the shortest of several turns, in seconds."""
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print the times and their ratios to the limit."""
    rng = np.random.default_rng(1)
    before = rng.normal(6, 2, PEOPLE)
    frame = pd.DataFrame({
        "person_id": [f"P{i:04}" for i in range(PEOPLE)], "before": before,
        "arm": np.where(np.arange(PEOPLE) % 2, "foot", "sham"),
        "after": before + rng.normal(-0.5, 1.5, PEOPLE),
    })  # fmt: skip
    answer = adjusted_difference(frame, "after", arm="arm", control="sham")
    change = paired_change(frame[["person_id", "before", "after"]], outcome="stiffness")
    groups = {name: part.to_numpy() for name, part in frame.groupby("arm")["after"]}

    def dots() -> bytes:
        figure, axes = one_axes(height=3.6)
        axes.plot(rng.random(PEOPLE), rng.random(PEOPLE), "o", markersize=3.5, alpha=0.55)
        return plots.to_png(figure)

    def swarm() -> bytes:
        import seaborn as sns

        figure, axes = one_axes(height=3.6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sns.swarmplot(frame, x="arm", y="after", hue="arm", size=2, ax=axes)
            return plots.to_png(figure)

    limit = best(dots)
    print(f"{PEOPLE:,} people, table to PNG")
    for name, job in (
        ("as many dots at random places", dots),
        ("estimation plot", lambda: plots.to_png(
            plots.estimation_plot(groups, answer, unit="points")[0])),
        ("paired plot", lambda: plots.to_png(plots.paired_plot(frame, change, unit="points")[0])),
        ("seaborn swarm alone", swarm),
    ):  # fmt: skip
        took = best(job)
        print(f"  {name:32} {1000 * took:7.0f} ms   {took / limit:5.1f} x")


if __name__ == "__main__":
    main()
