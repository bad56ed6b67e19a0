# Writes crossover_data.csv (made-up data, so that anybody may have them) and crossover.csv: answers
# of R on two-period, replicate, dose and yes/no crossovers.
# Run:  Rscript tests/reference/crossover.R
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(survival)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
version <- paste(R.version$major, R.version$minor, sep = ".")
program <- function(model) paste0(version, if (grepl("mixed", model)) paste0(
  " lme4 ", packageVersion("lme4"), " lmerTest ", packageVersion("lmerTest"), " pbkrtest ",
  packageVersion("pbkrtest")))  # clogit is of the survival package that comes with R
set.seed(20240611)

# ---- data
make <- function(dataset, orders, times, level, effect, between, within, digits, trend = 0.4) {
  people <- rep(orders, times)
  rows <- lapply(seq_along(people), function(i) {
    who <- rnorm(1, level, between)
    treatment <- strsplit(people[i], "")[[1]]
    period <- seq_along(treatment)
    data.frame(
      dataset = dataset, person_id = sprintf("P%02d", i), sequence = people[i], period = period,
      treatment = treatment, baseline = round(who + rnorm(length(period), 0, within), 1),
      y = round(who + effect[treatment] + trend * period + rnorm(length(period), 0, within), digits)
    )
  })
  do.call(rbind, rows)
}
lose <- function(data, person, period) {
  data$y[data$person_id %in% person & data$period %in% period] <- NA
  data
}
two <- c(A = -1.2, B = 0)
small <- make("small", c("AB", "BA"), c(6, 7), 5, two, 1.5, 0.9, 0)
unequal <- make("unequal", c("AB", "BA"), c(4, 9), 5, two, 1.5, 0.9, 2)
dropouts <- make("dropouts", c("AB", "BA"), c(10, 10), 5, two, 1.2, 1.0, 1)
dropouts <- lose(lose(dropouts, c("P02", "P07", "P13", "P14", "P20"), 2), c("P05", "P11"), 1)
boundary <- make("boundary", c("AB", "BA"), c(8, 7), 5, two, 0, 1.0, 2)
boundary$y <- boundary$y + ifelse(boundary$period == 1, 1, -1) * rep(rep(c(0.9, -0.7, 0.2), 5), each = 2)
boundary <- lose(boundary, c("P03", "P12"), 2)
doses <- make("doses", c("ABC", "BCA", "CAB", "ACB", "BAC", "CBA"), rep(3, 6), 5,
              c(A = 0, B = -0.8, C = -1.5), 1.2, 0.8, 1)
doses <- lose(lose(doses, c("P04", "P09"), 3), "P15", 2:3)
logs <- function(...) { d <- make(...); d$y <- round(exp(d$y), 1); d$baseline <- NA; d }
replicate4 <- logs("replicate4", c("TRTR", "RTRT"), c(9, 8), 7, c(T = 0.08, R = 0), 0.5, 0.25, 6, 0)
replicate4 <- lose(replicate4, "P06", 3:4)
partial3 <- logs("partial3", c("TRR", "RTR", "RRT"), c(7, 6, 8), 7, c(T = -0.05, R = 0), 0.4, 0.15, 6, 0)
binary <- function(dataset, ab, ba) {
  cells <- list(c(0, 0), c(0, 1), c(1, 0), c(1, 1))
  y <- c(unlist(cells[rep(1:4, ab)]), unlist(cells[rep(1:4, ba)]))
  n <- length(y) / 2
  sequence <- rep(rep(c("AB", "BA"), c(sum(ab), sum(ba))), each = 2)
  period <- rep(1:2, n)
  data.frame(dataset = dataset, person_id = rep(sprintf("P%03d", 1:n), each = 2),
             sequence = sequence, period = period,
             treatment = substr(sequence, period, period), baseline = NA, y = y)
}
yes <- list(binary = binary("binary", c(5, 3, 9, 8), c(7, 10, 4, 6)),
            binary_small = binary("binary_small", c(2, 1, 4, 1), c(3, 3, 1, 2)),
            binary_zero = binary("binary_zero", c(6, 0, 5, 4), c(5, 6, 2, 3)),
            binary_one_way = binary("binary_one_way", c(6, 0, 5, 4), c(5, 6, 0, 3)))
scores <- list(small = small, unequal = unequal, dropouts = dropouts, boundary = boundary,
               doses = doses, replicate4 = replicate4, partial3 = partial3)
all <- do.call(rbind, c(scores, yes))
write.csv(all, file.path(here, "crossover_data.csv"), row.names = FALSE, quote = FALSE)

# ---- answers
out <- list()
note <- function(data, model, level, measure, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, model = model, conf_level = level, measure = measure,
    quantity = names(values), value = sprintf("%.17g", unname(values)), r = program(model)
  )
}
from_t <- function(est, se, df, level) {
  half <- qt(0.5 + level / 2, df) * se
  c(estimate = est, std_error = se, df = df, statistic = est / se,
    p_value = 2 * pt(-abs(est / se), df), conf_low = est - half, conf_high = est + half)
}
halves <- function(w, by) c(  # a t.test of period differences, halved
  estimate = unname(w$estimate[1] - w$estimate[2]) / by, std_error = w$stderr / by,
  df = unname(w$parameter), statistic = unname(w$statistic), p_value = w$p.value,
  conf_low = w$conf.int[1] / by, conf_high = w$conf.int[2] / by)
ranks <- function(x, y, level, by) {
  x <- round(x, 10); y <- round(y, 10)  # equal differences must be equal numbers
  w <- suppressWarnings(wilcox.test(x, y, exact = FALSE, correct = FALSE, conf.int = TRUE,
                                    conf.level = level, tol.root = 1e-12))
  c(estimate = median(outer(x, y, `-`)) / by, p_value = w$p.value, statistic = unname(w$statistic),
    conf_low = w$conf.int[1] / by, conf_high = w$conf.int[2] / by)
}

for (name in c("small", "unequal", "dropouts", "boundary")) for (level in c(0.90, 0.95, 0.99)) {
  d <- scores[[name]]
  wide <- reshape(d[c("person_id", "sequence", "period", "y")], idvar = c("person_id", "sequence"),
                  timevar = "period", direction = "wide")
  missing <- sum(!complete.cases(wide))
  wide <- wide[complete.cases(wide), ]
  first <- wide$sequence == "AB"
  gain <- wide$y.2 - wide$y.1
  sum <- wide$y.1 + wide$y.2
  aminusb <- ifelse(first, -gain, gain)
  t <- function(x, by) halves(t.test(x[first], x[!first], var.equal = TRUE, conf.level = level), by)
  note(name, "paired", level, "treatment", t(-gain, 2), n = nrow(wide), n_missing = missing)
  # in BA the later period has A: treatment minus control, by sequence with its sign turned
  note(name, "paired", level, "period", halves(t.test(
    -aminusb[first], -aminusb[!first], var.equal = TRUE, conf.level = level), 2))
  note(name, "paired", level, "carry_over", t(sum, 1))
  p <- t.test(aminusb, conf.level = level)
  note(name, "paired", level, "ignoring period", estimate = unname(p$estimate),
       std_error = p$stderr, df = unname(p$parameter), statistic = unname(p$statistic),
       p_value = p$p.value, conf_low = p$conf.int[1], conf_high = p$conf.int[2])
  note(name, "paired", level, "period 1 only", t(wide$y.1, 1))
  note(name, "paired", level, "treatment ranks", ranks(-gain[first], -gain[!first], level, 2))
  note(name, "paired", level, "period ranks", ranks(-aminusb[first], -aminusb[!first], level, 2))
  note(name, "paired", level, "carry_over ranks", ranks(sum[first], sum[!first], level, 1))
  v <- anova(lm(gain ~ first))["Residuals", "Mean Sq"] / 2
  k <- nrow(wide) - 2
  note(name, "paired", level, "variance_within", estimate = v,
       conf_low = v * k / qchisq(0.5 + level / 2, k), conf_high = v * k / qchisq(0.5 - level / 2, k))
}

tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.05, rhoend = 1e-10, maxfun = 1e5),
                     check.conv.singular = "ignore")
mixed <- function(formula, data) lmer(formula, data, control = tight)
rows <- list(treatment = "^treatment", period = "^period")
for (name in names(scores)) for (level in c(0.90, 0.95, 0.99)) {
  d <- scores[[name]]
  log <- name %in% c("replicate4", "partial3")
  d$treatment <- relevel(factor(d$treatment), ref = switch(name, doses = "A", replicate4 = "R",
                                                           partial3 = "R", "B"))
  d$period <- factor(d$period)
  d$sequence <- factor(d$sequence, levels = sort(unique(d$sequence), decreasing = TRUE))
  d <- d[!is.na(d$y), ]
  if (log) d$y <- log(d$y)
  two <- d[d$person_id %in% names(which(table(d$person_id) > 1)), ]
  fits <- list(fixed = y ~ person_id + period + treatment)
  if (!log) fits$`fixed baseline` <- y ~ person_id + baseline + period + treatment
  for (model in names(fits)) {
    f <- lm(fits[[model]], two)
    b <- coef(summary(f))
    for (i in grep("^treatment|^period|^baseline", rownames(b)))
      note(name, model, level, rownames(b)[i], from_t(b[i, 1], b[i, 2], f$df.residual, level))
    s <- sigma(f); k <- f$df.residual
    note(name, model, level, "sd_within", estimate = s,
         conf_low = s * sqrt(k / qchisq(0.5 + level / 2, k)),
         conf_high = s * sqrt(k / qchisq(0.5 - level / 2, k)),
         n = length(unique(two$person_id)))
    if (log) {
      r <- from_t(b["treatmentT", 1], b["treatmentT", 2], k, level)
      note(name, model, level, "gmr_percent", 100 * exp(r[c("estimate", "conf_low", "conf_high")]))
      cv <- function(v) 100 * sqrt(exp(v) - 1)
      note(name, model, level, "cv_within_percent", estimate = cv(s^2))
      ref <- d[d$treatment == "R", ]
      ref <- ref[ref$person_id %in% names(which(table(ref$person_id) > 1)), ]
      w <- lm(y ~ sequence + person_id + period, ref)
      v <- sigma(w)^2; kr <- w$df.residual
      note(name, model, level, "cv_within_control_percent", estimate = cv(v), df = kr,
           conf_low = cv(v * kr / qchisq(0.5 + level / 2, kr)),
           conf_high = cv(v * kr / qchisq(0.5 - level / 2, kr)), n = length(unique(ref$person_id)))
    }
  }
  fits <- list(mixed = y ~ period + treatment + (1 | person_id),
               `mixed sequence` = y ~ sequence + period + treatment + (1 | person_id))
  if (!log) fits$`mixed baseline` <- y ~ period + treatment + baseline + (1 | person_id)
  for (model in if (level == 0.95) names(fits) else "mixed") {
    f <- mixed(fits[[model]], d)
    for (how in c("Satterthwaite", "Kenward-Roger")) {
      b <- coef(summary(f, ddf = how))
      for (i in grep("^treatment|^period|^sequence|^baseline", rownames(b)))
        note(name, paste(model, how), level, rownames(b)[i], from_t(b[i, 1], b[i, 2], b[i, 3], level))
    }
    v <- as.data.frame(VarCorr(f))$sdcor
    note(name, paste(model, "Satterthwaite"), level, "sd", between = v[1], within = v[2],
         reml = as.numeric(REMLcrit(f)))
  }
}

# ---- yes or no
dnh <- function(psi, lo, hi, m, n, k) {
  s <- lo:hi
  l <- dhyper(s, m, n, k, log = TRUE) + s * log(psi)
  p <- exp(l - max(l))
  p / sum(p)
}
conditional <- function(tab, level) {
  m <- sum(tab[, 1]); n <- sum(tab[, 2]); k <- sum(tab[1, ]); x <- tab[1, 1]
  lo <- max(0, k - n); hi <- min(k, m); s <- lo:hi
  solve <- function(f) exp(uniroot(function(u) f(exp(u)), c(-30, 30), tol = 1e-14, maxiter = 1e5)$root)
  mean <- function(psi) sum(s * dnh(psi, lo, hi, m, n, k)) - x
  a <- (1 - level) / 2
  c(estimate = if (x == lo) 0 else if (x == hi) Inf else solve(mean),
    conf_low = if (x == lo) 0 else solve(function(p) sum(dnh(p, lo, hi, m, n, k)[s >= x]) - a),
    conf_high = if (x == hi) Inf else solve(function(p) sum(dnh(p, lo, hi, m, n, k)[s <= x]) - a))
}
for (name in names(yes)) for (level in c(0.90, 0.95, 0.99)) {
  d <- yes[[name]]
  one <- d[d$period == 1, ]
  gap <- one$y - d$y[d$period == 2]
  first <- one$sequence == "AB"
  x <- function(s, g) sum((one$sequence == s) & gap == g)
  tab <- rbind(AB = c(x("AB", 1), x("AB", -1)), BA = c(x("BA", 1), x("BA", -1)))
  z <- qnorm(0.5 + level / 2)
  wald <- function(l, se) c(estimate = exp(l), conf_low = exp(l - z * se), conf_high = exp(l + z * se))
  se <- sqrt(sum(1 / tab)) / 2
  w <- suppressWarnings(chisq.test(tab, correct = FALSE))
  tab <- unname(tab)
  l <- log(tab[1, 1] * tab[2, 2] / (tab[1, 2] * tab[2, 1])) / 2
  if (all(tab > 0)) note(name, "binary", level, "mainland_gart", wald(l, se))
  note(name, "binary", level, "mainland_gart", statistic = unname(w$statistic), p_value = w$p.value)
  p <- suppressWarnings(chisq.test(rbind(tab[1, ], rev(tab[2, ])), correct = FALSE))
  if (all(tab > 0)) note(name, "binary", level, "period", wald(
    log(tab[1, 2] * tab[2, 2] / (tab[1, 1] * tab[2, 1])) / 2, se))
  note(name, "binary", level, "period", statistic = unname(p$statistic), p_value = p$p.value)
  note(name, "binary", level, "fisher_squared", conditional(tab, level),
       p_value = fisher.test(tab)$p.value)
  if (all(tab > 0)) {
    f <- clogit(y ~ I(treatment == "A") + I(period == 2) + strata(person_id), d)
    b <- coef(summary(f))
    note(name, "binary", level, "clogit", treatment = b[1, 1], period = b[2, 1], se = b[1, 3])
  }
  trend <- prop.trend.test(tapply(first, gap, sum), tapply(first, gap, length), score = -1:1)
  r <- t.test(gap[first], gap[!first])
  note(name, "binary", level, "prescott", statistic = unname(trend$statistic),
       p_value = trend$p.value, estimate = unname(r$estimate[1] - r$estimate[2]) / 2,
       std_error = r$stderr / 2,
       conf_low = unname(r$estimate[1] - r$estimate[2]) / 2 - z * r$stderr / 2,
       conf_high = unname(r$estimate[1] - r$estimate[2]) / 2 + z * r$stderr / 2)
  a <- ifelse(first, gap, -gap)
  k <- c(sum(a == 1), sum(a == -1))
  m <- mcnemar.test(matrix(c(1, k[2], k[1], 1), 2), correct = FALSE)
  e <- binom.test(k[1], sum(k), conf.level = level)
  odds <- function(p) p / (1 - p)
  note(name, "binary", level, "mcnemar", A_only = k[1], B_only = k[2],
       statistic = unname(m$statistic), p_value = m$p.value, exact_p = e$p.value,
       estimate = k[1] / k[2], conf_low = odds(e$conf.int[1]), conf_high = odds(e$conf.int[2]),
       n = length(first))
}
write.csv(do.call(rbind, out), file.path(here, "crossover.csv"), row.names = FALSE)
