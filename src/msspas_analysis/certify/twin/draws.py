"""The same people with nothing given: their own levels, entry ratings and rated days, new ups and downs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.estimate.change.untreated import (
    Days,
    Entry,
    covariance_matrix,
    entry_weights,
    variogram,
)
from msspas_analysis.simulate.streams import stream

Floats = NDArray[np.float64]

LOW, HIGH = 0.0, 10.0
_TRIAL: Final = 100
_BLOCK: Final = 250  # centres drawn at once, one stream a block


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UntreatedModel:
    """How one cohort, or many at once, would go on with nothing given.

    Parameters
    ----------
    mean : numpy.ndarray, shape (..., n_people)
        Mean of each person's ratings, before rounding and bounding.
    root : numpy.ndarray, shape (..., n_days, n_days)
        The symmetric square root of the covariance of one person's days.
    share : numpy.ndarray, shape (..., n_people, n_days)
        What each day counts for in that mean.
    luck : numpy.ndarray, shape (..., n_people)
        By how much the entry rating was above the mean.
    entry : numpy.ndarray, shape (..., n_people, n_days)
        Weights of the entry rating less `share`.
    gain : numpy.ndarray, shape (..., n_people, n_days)
        What one point of that luck means for each day; 0 without an entry rule.
    """

    mean: Floats
    root: Floats
    share: Floats
    luck: Floats
    entry: Floats
    gain: Floats

    def latent(self, normals: Floats) -> Floats:
        """Return days before rounding and bounding, shape (..., draws, n_people, n_days).

        Held are each person's mean and entry rating; what the days did about them is new, and with
        it the level that this mean came from.

        Parameters
        ----------
        normals : numpy.ndarray, shape (..., draws, n_people, n_days)
            Independent standard normal numbers.
        """
        w = normals @ self.root[..., None, :, :]
        now = np.einsum("...rnt,...nt->...rn", w, self.entry)
        w += (self.luck[..., None, :] - now)[..., None] * self.gain[..., None, :, :]
        level = self.mean[..., None, :] - np.einsum("...rnt,...nt->...rn", w, self.share)
        w += level[..., None]
        return w


def whole(latent: Floats, highest: float = HIGH) -> Floats:
    """Return ratings in whole points from 0 to the highest, in the array given."""
    np.rint(latent, out=latent)
    return np.clip(latent, LOW, highest, out=latent)


def untreated_model(
    seen: Floats, days: NDArray[np.int64], g: Floats, *, entry: Entry, step: Floats | float,
    highest: float = HIGH,
) -> UntreatedModel:  # fmt: skip
    """Fit means and luck to cohorts whose days go together as `g` says.

    Parameters
    ----------
    seen : numpy.ndarray, shape (..., n_people, n_days)
        Ratings, NaN where there is none.
    days : numpy.ndarray, shape (n_days,)
        Days from the first session.
    g : numpy.ndarray, shape (..., n_lags)
        Autocovariance of the days of one person.
    entry : {"first rating", "first week", "none"}
        What is held at its real value.
    step : float or numpy.ndarray, shape (...,)
        Points to take off the days from the first session before a mean is taken.
    highest : float
        The end of the scale, which begins at 0.
    """
    cov = covariance_matrix(g, seen.shape[-1])
    values, vectors = np.linalg.eigh(cov)
    # the symmetric root: a covariance a little different gives draws a little different
    root = (vectors * np.sqrt(np.clip(values, 0.0, None))[..., None, :]) @ np.swapaxes(
        vectors, -1, -2
    )
    known = ~np.isnan(seen)
    shift = np.asarray(step)[..., None, None]
    still = np.where(known, seen, 0.0) - shift * (known & (days >= 0))
    times = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    share = known / times
    # days about the mean that is held vary less than about the level
    about = g[..., 0] - (share @ cov * share).sum(axis=-1).mean(axis=-1)
    mean = _uncensored((still / times).sum(axis=-1), about, highest)
    u = entry_weights(seen, days, entry="first rating" if entry == "none" else entry)
    apart = u - share
    luck = (u * np.where(known, seen, 0.0)).sum(axis=-1) - mean
    together = apart @ cov
    spread = (together * apart).sum(axis=-1)
    held = u.any(axis=-1) & (spread > 1e-9) & (entry != "none")
    gain = np.where(held[..., None], together / np.maximum(spread, 1e-9)[..., None], 0.0)
    return UntreatedModel(mean=mean, root=root, share=share, luck=luck, entry=apart, gain=gain)


def ups_and_downs(
    grid: Days, g: Floats, *, entry: Entry, step: float, seed: int, highest: float = HIGH
) -> Floats:
    """Return the autocovariance to draw with, so that what is drawn goes up and down as `grid` does.

    Parameters
    ----------
    grid : Days
        The real ratings.
    g : numpy.ndarray, shape (n_lags,)
        Autocovariance of the days of one person, as fitted to the ratings.
    entry, step, seed
        As :func:`draw_untreated`.
    highest : float
        The end of the scale, which begins at 0.
    """
    known = ~np.isnan(grid.seen)
    # rounding to whole points adds 1/12 to a day's own noise, and the drawing rounds again
    g = g - np.where(np.arange(len(g)) == 0, np.clip(g[0] - g[1], 0.0, 1 / 12), 0.0)
    trial = _draw(grid, g, entry=entry, step=step, centres=_TRIAL, seed=seed, name="trial",
                  highest=highest)  # fmt: skip
    trial = np.where(known, trial, np.nan)
    real, pairs = variogram(grid.seen - step * (grid.days >= 0), grid.days)
    mine, _ = variogram(trial, grid.days)
    # the ends of the scale take from the ups and downs: make up for it
    total = float((pairs * mine.mean(axis=0)).sum())
    scale = float((pairs * real).sum()) / total if total > 0 else 1.0
    return np.asarray(g * np.clip(scale, 0.5, 2.0))


def draw_untreated(
    grid: Days, g: Floats, *, entry: Entry, step: float, centres: int, seed: int
) -> Floats:
    """Draw the daily ratings of the same people with nothing given.

    Parameters
    ----------
    grid : Days
        The real ratings; only their days, the people's levels and entry ratings are used.
    g : numpy.ndarray, shape (n_lags,)
        Autocovariance of the days of one person.
    entry : {"first rating", "first week", "none"}
        What is held at its real value.
    step : float
        Points to take off the days from the first session before a person's level is taken.
    centres, seed : int
        How many centres to draw; drawing more leaves the earlier ones as they are.

    Returns
    -------
    numpy.ndarray, shape (centres, n_people, n_days)
        Whole points 0 to 10.
    """
    g = ups_and_downs(grid, g, entry=entry, step=step, seed=seed)
    return _draw(grid, g, entry=entry, step=step, centres=centres, seed=seed, name="centre")


def _draw(
    grid: Days, g: Floats, *, entry: Entry, step: float, centres: int, seed: int, name: str,
    highest: float = HIGH,
) -> Floats:  # fmt: skip
    n_people, n_days = grid.seen.shape
    model = untreated_model(grid.seen, grid.days, g, entry=entry, step=step, highest=highest)
    out = np.empty((centres, n_people, n_days), dtype=np.float64)
    for start in range(0, centres, _BLOCK):
        rng = stream(seed, f"untreated {name}", start // _BLOCK)
        size = min(_BLOCK, centres - start)
        out[start : start + size] = whole(
            model.latent(rng.standard_normal((size, n_people, n_days))), highest
        )
    return out


def _uncensored(mean: Floats, variance: Floats, highest: float) -> Floats:
    """Return the levels before rounding and bounding whose ratings have these means."""
    from scipy.special import ndtr

    out = np.empty_like(mean)
    cuts = np.arange(LOW + 0.5, highest + 0.5)
    for at in np.ndindex(mean.shape[:-1]):  # one spread a cohort
        sd = float(np.sqrt(max(float(variance[at]), 1e-6)))
        levels = np.linspace(LOW - 3 * sd - 0.5, highest + 3 * sd + 0.5, 400)
        shown = ndtr((levels[:, None] - cuts) / sd).sum(axis=1)
        out[at] = np.interp(np.clip(mean[at], shown[0], shown[-1]), shown, levels)
    return out
