# Writes effect_size.csv: differences between two arms and paired standardised changes.
# Run:  Rscript tests/reference/effect_size.R
suppressMessages(library(effectsize))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
version <- paste(R.version$major, R.version$minor, sep = ".")
version <- paste0("R ", version, "; effectsize ", packageVersion("effectsize"))

sleep <- read("sleep.csv")
anorexia <- read("anorexia.csv")
anorexia$change <- round(anorexia$Postwt - anorexia$Prewt, 10)
btheb <- read("bthe_b.csv")
btheb_arm <- function(arm) na.omit(btheb$bdi.2m[btheb$treatment == arm])
change <- function(arm) anorexia$change[anorexia$Treat == arm]
arms <- list(
  sleep = list(sleep$drug2, sleep$drug1),
  btheb = list(btheb_arm("BtheB"), btheb_arm("TAU")),
  anorexia_cbt = list(change("CBT"), change("Cont")),
  anorexia_ft = list(change("FT"), change("Cont")),
  small = list(c(4, 6), c(1, 2, 2)),
  uneven = list(c(9.1, 3.3, 8.7), c(1:9, 5, 5, 6, 6, 7, 5) / 2),
  counts = list(c(0, 0, 1, 3, 7, 12, 1), c(2, 4, 4, 9, 15)),
  times = list(c(5.2, 7.9, 6.4, 11.8, 30.5), c(6.1, 9.9, 14.2, 22.7, 8.8, 41)),
  far = list(c(10.1, 10.4, 9.8, 10.0, 10.2, 9.9), c(1.2, 0.7, 1.9, 1.1, 0.8)),
  same = list(c(3, 5, 7, 9), c(9, 7, 5, 3))
)

out <- list()
note <- function(data, level, measure, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, conf_level = level, measure = measure, quantity = names(values),
    value = sprintf("%.17g", values), versions = version
  )
}
# effectsize finds the noncentrality by a simplex that stops after some five digits; uniroot does not
# R's pt is a normal approximation where the noncentrality is beyond 37.62 (?pt), so it is integrated
# there: T <= t is Z <= t S - nc, S^2 a chi-squared over its degrees of freedom
nct <- function(t, df, nc) {
  if (abs(nc) < 37) return(suppressWarnings(pt(t, df, nc)))
  law <- function(s) pnorm(t * s - nc) * dchisq(df * s^2, df) * 2 * df * s
  integrate(law, 0, 1, rel.tol = 1e-12, abs.tol = 0, subdivisions = 1000)$value +
    integrate(law, 1, 12, rel.tol = 1e-12, abs.tol = 0, subdivisions = 1000)$value
}
ncp_end <- function(t, df, p) {
  f <- function(nc) nct(t, df, nc) - p
  uniroot(f, t + c(-1, 1) * (6 + 2 * abs(t)), tol = 1e-13, maxiter = 10000)$root
}
ncp_ends <- function(t, df, level) {
  c(ncp_end(t, df, (1 + level) / 2), ncp_end(t, df, (1 - level) / 2))
}
factor_j <- function(df) exp(lgamma(df / 2) - log(sqrt(df / 2)) - lgamma((df - 1) / 2))
loose <- function(e) c(conf_low = e$CI_low, conf_high = e$CI_high)

for (name in names(arms)) {
  for (level in c(0.90, 0.95, 0.99)) {
    x <- as.numeric(arms[[name]][[1]])
    y <- as.numeric(arms[[name]][[2]])
    m <- length(x)
    n <- length(y)
    for (equal in c(TRUE, FALSE)) {
      w <- t.test(x, y, var.equal = equal, conf.level = level)
      note(name, level, if (equal) "student" else "welch", estimate = mean(x) - mean(y),
           std_error = w$stderr, conf_low = w$conf.int[1], conf_high = w$conf.int[2],
           statistic = unname(w$statistic), df = unname(w$parameter), p_value = w$p.value)
    }
    d <- cohens_d(x, y, ci = level)
    g <- hedges_g(x, y, ci = level)
    delta <- glass_delta(x, y, ci = level)
    s <- sqrt(((m - 1) * var(x) + (n - 1) * var(y)) / (m + n - 2))
    root <- sqrt(1 / m + 1 / n)
    ends <- ncp_ends((mean(x) - mean(y)) / (s * root), m + n - 2, level) * root
    j <- factor_j(m + n - 2)
    note(name, level, "cohens_d", estimate = d$Cohens_d, conf_low = ends[1], conf_high = ends[2])
    note(name, level, "hedges_g", estimate = g$Hedges_g, conf_low = j * ends[1],
         conf_high = j * ends[2])
    root <- sqrt(1 / n + var(x) / (m * var(y)))
    ends <- ncp_ends(delta$Glass_delta / root, n - 1, level) * root
    note(name, level, "glass_delta", estimate = delta$Glass_delta, conf_low = ends[1],
         conf_high = ends[2])
    note(name, level, "effectsize cohens_d", loose(d))
    note(name, level, "effectsize hedges_g", loose(g))
    note(name, level, "effectsize glass_delta", loose(delta))

    logs <- function(measure, a, b) {
      w <- t.test(a, b, conf.level = level)
      note(name, level, measure, estimate = exp(mean(a) - mean(b)),
           conf_low = exp(w$conf.int[1]), conf_high = exp(w$conf.int[2]), std_error = w$stderr,
           statistic = unname(w$statistic), df = unname(w$parameter), p_value = w$p.value)
    }
    if (min(x, y) > 0) logs("geometric_mean_ratio", log(x), log(y))
    if (min(x, y) >= 0) {
      logs("geometric_mean_ratio plus one", log1p(x), log1p(y))
      se <- sqrt(var(x) / (m * mean(x)^2) + var(y) / (n * mean(y)^2))
      l <- log(mean(x) / mean(y))
      z <- qnorm((1 + level) / 2)
      note(name, level, "ratio_of_means", estimate = exp(l), std_error = se,
           conf_low = exp(l - z * se), conf_high = exp(l + z * se), statistic = l / se,
           p_value = 2 * pnorm(-abs(l / se)))
    }
  }
}

btheb_pairs <- btheb[c("bdi.pre", "bdi.2m")]
pairs <- list(
  pairs_sleep = sleep[c("drug1", "drug2")],
  pairs_depression = read("depression_hw.csv"),
  pairs_anorexia_ft = anorexia[anorexia$Treat == "FT", c("Prewt", "Postwt")],
  pairs_btheb = btheb_pairs[complete.cases(btheb_pairs), ],
  pairs_three = data.frame(c(4, 5, 7), c(3, 5, 4)),
  pairs_opposed = data.frame(c(1, 2, 3, 4, 5), c(5, 4.5, 2, 2, 1))
)
for (name in names(pairs)) {
  for (level in c(0.90, 0.95, 0.99)) {
    before <- pairs[[name]][[1]]
    after <- pairs[[name]][[2]]
    change <- after - before
    n <- length(change)
    t <- mean(change) / (sd(change) / sqrt(n))
    ends <- ncp_ends(t, n - 1, level) / sqrt(n)
    scale <- c(z = sd(change), av = (sd(before) + sd(after)) / 2,
               av_root_mean_variance = sqrt((var(before) + var(after)) / 2),
               rm = sd(change) / sqrt(2 * (1 - cor(before, after))), pre = sd(before))
    j <- factor_j(n - 1)
    for (which in names(scale)) {
      to <- sd(change) / scale[[which]]
      note(name, level, paste0("d_", which), estimate = mean(change) / scale[[which]],
           conf_low = ends[1] * to, conf_high = ends[2] * to)
      note(name, level, paste0("g_", which), estimate = j * mean(change) / scale[[which]],
           conf_low = j * ends[1] * to, conf_high = j * ends[2] * to)
    }
    note(name, level, "effectsize g_z", loose(hedges_g(after, before, paired = TRUE, ci = level)))
  }
}
write.csv(do.call(rbind, out), file.path(here, "effect_size.csv"), row.names = FALSE, quote = TRUE)
