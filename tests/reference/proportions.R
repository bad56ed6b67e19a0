# Writes proportions.csv: proportions of one group, of two arms and of the same people twice, and
# rates, from base R alone. Run:  Rscript tests/reference/proportions.R
# Where base R has no function, or one that stops at four digits (fisher.test), the ends are found
# by halving an interval on the definition of the method, with every constrained likelihood
# maximised by halving too: no closed form of the package is used here.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
version <- paste(R.version$major, R.version$minor, sep = ".")

out <- list()
note <- function(kind, case, level, method, ...) {
  values <- c(...)
  case <- c(case, rep(NA, 4 - length(case)))
  out[[length(out) + 1]] <<- data.frame(
    kind = kind, c1 = case[1], c2 = case[2], c3 = case[3], c4 = case[4], conf_level = level,
    method = method, quantity = names(values), value = sprintf("%.17g", values), r = version
  )
}
ends <- function(kind, case, level, method, limits) {
  note(kind, case, level, method, conf_low = limits[1], conf_high = limits[2])
}

# where f turns from positive to not positive, going from `from` to `to`
halve <- function(f, from, to) {
  for (i in 1:400) {
    middle <- (from + to) / 2
    if (middle == from || middle == to) break
    if (f(middle) > 0) from <- middle else to <- middle
  }
  (from + to) / 2
}
term <- function(count, p) if (count == 0) 0 else count / p
loglik <- function(x, n, p) {
  (if (x > 0) x * log(p) else 0) + (if (x < n) (n - x) * log1p(-p) else 0)
}

# ------------------------------------------------------------------------------- one proportion

ones <- list(c(81, 263), c(15, 148), c(0, 20), c(1, 29), c(29, 29), c(28, 29), c(10, 20), c(0, 1),
             c(1, 1), c(1, 2), c(5, 100000), c(1300, 10000))
for (case in ones) {
  x <- case[1]
  n <- case[2]
  p <- x / n
  for (level in c(0.90, 0.95, 0.99)) {
    alpha <- 1 - level
    z <- qnorm(1 - alpha / 2)
    say <- function(method, ...) ends("one", case, level, method, c(...))
    se <- sqrt(p * (1 - p) / n)
    say("wald", p - z * se, p + z * se)
    say("wald_cc", p - z * se - 1 / (2 * n), p + z * se + 1 / (2 * n))
    test <- function(...) suppressWarnings(prop.test(x, n, conf.level = level, ...))$conf.int
    say("wilson", test(correct = FALSE))
    # prop.test takes less than the full correction when x/n is within 0.5/n of the null: move that
    say("wilson_cc", test(correct = TRUE, p = if (p > 0.5) 1e-9 else 1 - 1e-9))
    say("clopper_pearson", binom.test(x, n, conf.level = level)$conf.int)
    say("mid_p",
        if (x == 0) 0 else halve(function(q) {
          alpha / 2 - pbinom(x, n, q, lower.tail = FALSE) - dbinom(x, n, q) / 2
        }, 0, p),
        if (x == n) 1 else halve(function(q) {
          pbinom(x - 1, n, q) + dbinom(x, n, q) / 2 - alpha / 2
        }, p, 1))
    short <- function(q) 2 * (loglik(x, n, p) - loglik(x, n, q)) - qchisq(level, 1)
    say("likelihood_ratio", if (x == 0) 0 else halve(short, 0, p),
        if (x == n) 1 else halve(function(q) -short(q), p, 1))
    more <- n + z^2
    moved <- (x + z^2 / 2) / more
    say("agresti_coull", moved + c(-1, 1) * z * sqrt(moved * (1 - moved) / more))
    say("jeffreys", if (x == 0) 0 else qbeta(alpha / 2, x + 0.5, n - x + 0.5),
        if (x == n) 1 else qbeta(1 - alpha / 2, x + 0.5, n - x + 0.5))
    if (x > 0 && x < n) {
      say("logit", plogis(qlogis(p) + c(-1, 1) * z * sqrt(1 / x + 1 / (n - x))))
    }
  }
}

# ---------------------------------------------------------------------------------------- rates

for (case in list(c(137, 24.19893, 1), c(11, 800, 0.01), c(0, 12.5, 0.3), c(1, 0.25, 4),
                  c(20000, 365, 55), c(3, 10, 0.3), c(2, 10, 0.9))) {
  for (level in c(0.90, 0.95, 0.99)) {
    w <- poisson.test(case[1], case[2], r = case[3], conf.level = level)
    note("rate", case, level, "exact", estimate = unname(w$estimate), conf_low = w$conf.int[1],
         conf_high = w$conf.int[2], p_value = w$p.value)
  }
}
for (case in list(c(11, 800, 21, 3011), c(0, 10, 5, 12), c(5, 12, 0, 10), c(7, 100, 7, 100),
                  c(300, 365, 250, 365), c(1, 3, 9, 40), c(0, 4, 0, 3))) {
  for (level in c(0.90, 0.95, 0.99)) {
    if (case[1] + case[3] == 0) next  # poisson.test has no ratio of 0 to 0
    w <- poisson.test(case[c(1, 3)], case[c(2, 4)], conf.level = level)
    note("rate_ratio", case, level, "exact", estimate = unname(w$estimate),
         conf_low = w$conf.int[1], conf_high = w$conf.int[2], p_value = w$p.value)
  }
}

# ----------------------------------------------------------------------------- two proportions

# variance of the difference where p1 - p2 is held at delta
held_difference <- function(a, m, b, n, delta) {
  width <- 1 - abs(delta)
  at <- function(t) {
    if (delta >= 0) {
      c(delta + t * width, t * width, (1 - t) * width, 1 - t * width)
    } else {
      c(t * width, -delta + t * width, 1 - t * width, (1 - t) * width)
    }
  }
  slope <- function(t) {
    q <- at(t)  # p1, p2, 1 - p1, 1 - p2
    term(a, q[1]) + term(b, q[2]) - term(m - a, q[3]) - term(n - b, q[4])
  }
  q <- at(halve(slope, 0, 1))
  q[1] * q[3] / m + q[2] * q[4] / n
}
score_difference <- function(a, m, b, n, z, factor) {
  d <- a / m - b / n
  beyond <- function(delta) {
    (d - delta)^2 - z^2 * factor * held_difference(a, m, b, n, delta)
  }
  inside <- 1e-14  # at d itself both sides may be 0
  c(if (d == -1) -1 else halve(beyond, -1, d - inside),
    if (d == 1) 1 else -halve(function(x) beyond(-x), -1, -d - inside))
}
# the same where p1 / p2 is held at theta
score_ratio <- function(a, m, b, n, z, factor) {
  squared <- function(logtheta) {
    theta <- exp(logtheta)
    top <- min(1, 1 / theta)
    # 1 - t is told to `slope` apart, so that nothing is lost near the top
    slope <- function(t) {
      p2 <- t * top
      q1 <- if (theta >= 1) 1 - t else 1 - theta * t
      q2 <- if (theta >= 1) 1 - t / theta else 1 - t
      term(a + b, p2) - (if (a == m) 0 else (m - a) * theta / q1) -
        (if (b == n) 0 else (n - b) / q2)
    }
    t <- halve(slope, 0, 1)
    p2 <- t * top
    p1 <- theta * p2
    (a / m - theta * b / n)^2 / (factor * (p1 * (1 - p1) / m + theta^2 * p2 * (1 - p2) / n))
  }
  middle <- log(a / m) - log(b / n)
  c(if (a == 0) 0 else exp(halve(function(u) squared(u) - z^2, -40, min(middle, 40))),
    if (b == 0) Inf else exp(-halve(function(u) squared(-u) - z^2, -40, -max(middle, -40))))
}
# Fisher's noncentral hypergeometric distribution, as in fisher.test
exact_odds <- function(a, m, b, n, alpha) {
  k <- a + b
  support <- max(0, k - n):min(m, k)
  base <- dhyper(support, m, n, k, log = TRUE)
  weights <- function(u) {
    w <- base + u * support
    w <- exp(w - max(w))
    w / sum(w)
  }
  solve <- function(f) exp(halve(f, -60, 60))
  low <- a == min(support)
  high <- a == max(support)
  c(estimate = if (low && high) NaN else if (low) 0 else if (high) Inf else
      solve(function(u) a - sum(weights(u) * support)),
    conf_low = if (low) 0 else solve(function(u) alpha / 2 - sum(weights(u)[support >= a])),
    conf_high = if (high) Inf else solve(function(u) sum(weights(u)[support <= a]) - alpha / 2))
}

twos <- list(c(56, 70, 48, 80), c(9, 10, 3, 10), c(6, 7, 2, 7), c(5, 56, 0, 29), c(0, 29, 5, 56),
             c(0, 10, 0, 20), c(0, 10, 0, 10), c(10, 10, 0, 20), c(10, 10, 0, 10), c(0, 10, 10, 10),
             c(10, 10, 7, 20), c(20, 20, 15, 15), c(1, 30, 7, 25), c(3, 8, 3, 8),
             c(120, 1000, 80, 5000), c(19, 29, 22, 30), c(12, 16, 1, 16), c(1, 1, 0, 3))
for (case in twos) {
  a <- case[1]
  m <- case[2]
  b <- case[3]
  n <- case[4]
  p <- c(a / m, b / n)
  chi <- function(correct) suppressWarnings(prop.test(c(a, b), c(m, n), correct = correct))
  fisher <- fisher.test(matrix(c(a, m - a, b, n - b), 2))
  note("two", case, NA, "tests", chisq = unname(chi(FALSE)$statistic), chisq_p = chi(FALSE)$p.value,
       chisq_cc = unname(chi(TRUE)$statistic), chisq_cc_p = chi(TRUE)$p.value,
       fisher_p = fisher$p.value)
  for (level in c(0.90, 0.95, 0.99)) {
    alpha <- 1 - level
    z <- qnorm(1 - alpha / 2)
    say <- function(method, ...) ends("difference", case, level, method, c(...))
    d <- p[1] - p[2]
    se <- sqrt(sum(p * (1 - p) / c(m, n)))
    cc <- (1 / m + 1 / n) / 2
    say("wald", d - z * se, d + z * se)
    say("wald_cc", d - z * se - cc, d + z * se + cc)
    w <- lapply(list(c(a, m), c(b, n)), function(x) {
      suppressWarnings(prop.test(x[1], x[2], correct = FALSE, conf.level = level))$conf.int
    })
    say("newcombe", d - sqrt((p[1] - w[[1]][1])^2 + (w[[2]][2] - p[2])^2),
        d + sqrt((w[[1]][2] - p[1])^2 + (p[2] - w[[2]][1])^2))
    say("mee", score_difference(a, m, b, n, z, 1))
    say("miettinen_nurminen", score_difference(a, m, b, n, z, (m + n) / (m + n - 1)))
    q <- c((a + 1) / (m + 2), (b + 1) / (n + 2))
    say("agresti_caffo",
        q[1] - q[2] + c(-1, 1) * z * sqrt(sum(q * (1 - q) / (c(m, n) + 2))))
    if (a > 0 && b > 0) {
      ends("ratio", case, level, "katz",
           exp(log(p[1] / p[2]) + c(-1, 1) * z * sqrt(1 / a - 1 / m + 1 / b - 1 / n)))
    }
    ends("ratio", case, level, "koopman", score_ratio(a, m, b, n, z, 1))
    ends("ratio", case, level, "miettinen_nurminen",
         score_ratio(a, m, b, n, z, (m + n) / (m + n - 1)))
    if (min(a, m - a, b, n - b) > 0) {
      ends("odds", case, level, "woolf",
           a * (n - b) / (b * (m - a)) * exp(c(-1, 1) * z *
             sqrt(1 / a + 1 / (m - a) + 1 / b + 1 / (n - b))))
    }
    exact <- exact_odds(a, m, b, n, alpha)
    note("odds", case, level, "exact", exact)
    again <- fisher.test(matrix(c(a, m - a, b, n - b), 2), conf.level = level)
    # fisher.test stops at about 1e-4 in the odds ratio or in one over it, whichever is below 1
    short <- function(x) ifelse(x > 1, 1 / x, x)
    if (!is.nan(exact[1])) {
      stopifnot(abs(short(exact) - short(c(again$estimate, again$conf.int))) < 2e-4)
    }
  }
}

# ------------------------------------------------------------- the same people, before and after

# c1 yes both times, c2 yes before only, c3 yes after only, c4 no both times; after minus before
pairs <- list(c(794, 150, 86, 570), c(1, 7, 1, 12), c(36, 2, 12, 0), c(43, 1, 0, 0),
              c(10, 0, 0, 10), c(0, 0, 0, 10), c(5, 4, 4, 7), c(0, 5, 3, 0), c(0, 0, 12, 0),
              c(0, 12, 0, 0), c(2, 0, 14, 0), c(30, 6, 3, 2), c(3, 2, 9, 40))
for (case in pairs) {
  lost <- case[2]
  gained <- case[3]
  n <- sum(case)
  before <- case[1] + lost
  after <- case[1] + gained
  d <- (gained - lost) / n
  if (lost + gained > 0) {
    test <- function(correct) mcnemar.test(matrix(case, 2), correct = correct)
    note("paired", case, NA, "tests", chisq = unname(test(FALSE)$statistic),
         chisq_p = test(FALSE)$p.value, chisq_cc = unname(test(TRUE)$statistic),
         chisq_cc_p = test(TRUE)$p.value, exact_p = binom.test(gained, lost + gained)$p.value)
  }
  for (level in c(0.90, 0.95, 0.99)) {
    z <- qnorm(1 - (1 - level) / 2)
    se <- sqrt(gained + lost - (gained - lost)^2 / n) / n
    ends("paired", case, level, "wald", d + c(-1, 1) * z * se)
    w <- lapply(c(after, before), function(x) {
      suppressWarnings(prop.test(x, n, correct = FALSE, conf.level = level))$conf.int
    })
    cross <- case[1] * case[4] - lost * gained
    top <- if (cross > 0) max(cross - n / 2, 0) else cross
    bottom <- sqrt(after) * sqrt(n - after) * sqrt(before) * sqrt(n - before)
    phi <- if (bottom == 0) 0 else top / bottom
    p <- c(after, before) / n
    part <- function(x, y) sqrt(x^2 - 2 * phi * x * y + y^2)
    ends("paired", case, level, "newcombe",
         c(d - part(p[1] - w[[1]][1], w[[2]][2] - p[2]), d + part(w[[1]][2] - p[1], p[2] - w[[2]][1])))
    # variance where the difference is held at delta; people who changed: lost q, gained q + delta
    beyond <- function(delta) {
      from <- max(0, -delta)
      width <- (1 - abs(delta)) / 2
      slope <- function(t) {
        term(gained, from + delta + t * width) + term(lost, from + t * width) -
          (if (n == lost + gained) 0 else (n - lost - gained) / ((1 - t) * width))
      }
      q <- from + halve(slope, 0, 1) * width
      n * (d - delta)^2 - z^2 * (2 * q + delta - delta^2)
    }
    ends("paired", case, level, "tango",
         c(if (d == -1) -1 else halve(beyond, -1, d - 1e-14),
           if (d == 1) 1 else -halve(function(x) beyond(-x), -1, -d - 1e-14)))
    if (lost + gained > 0) {
      share <- binom.test(gained, lost + gained, conf.level = level)$conf.int
      note("paired", case, level, "odds", estimate = gained / lost,
           conf_low = share[1] / (1 - share[1]), conf_high = share[2] / (1 - share[2]))
    }
  }
}

write.csv(do.call(rbind, out), file.path(here, "proportions.csv"), row.names = FALSE, quote = FALSE)
