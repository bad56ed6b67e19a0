# Writes sampling.csv: survey estimates, calibration, standardised rates and day prevalence.
# Run:  Rscript tests/reference/sampling.R
# Base R and the package survey; the version of either stands in the first line of the file. Rates
# are standardised by the formulas of Fay and Feuer (1997) on qgamma of base R.
suppressMessages(library(survey))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name), stringsAsFactors = FALSE)
data(api)

out <- list()
note <- function(design, measure, what, group, level, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    design = design, measure = measure, what = what, group = group, conf_level = level,
    quantity = names(values), value = sprintf("%.17g", values)
  )
}

# every 7th school has no api00 and every 5th no answer to awards: the test does the same
gaps <- function(d) {
  d$gap <- ifelse(seq_len(nrow(d)) %% 7 == 0, NA, d$api00)
  d$told <- ifelse(seq_len(nrow(d)) %% 5 == 0, NA, d$awards == "Yes")
  d$wide <- d$sch.wide == "Yes"
  d$award <- d$awards == "Yes"
  d$few <- d$meals > 60 & d$ell > 30
  d
}
strat <- gaps(read("apistrat.csv"))
clus <- gaps(read("apiclus1.csv"))
pop <- gaps(apipop)
strat$fraction <- 1 / strat$pw
# a stratum of one: the elementary schools, the first high and the first three middle schools
lonely <- rbind(strat[strat$stype == "E", ], strat[strat$stype == "H", ][1, ],
                strat[strat$stype == "M", ][1:3, ])

designs <- list(
  strat = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  strat_fraction = svydesign(id = ~1, strata = ~stype, fpc = ~fraction, data = strat),
  strat_nofpc = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = strat),
  weights_only = svydesign(id = ~1, weights = ~pw, data = strat),
  strat_clusters = svydesign(id = ~dnum, strata = ~stype, weights = ~pw, nest = TRUE, data = strat),
  clus = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = clus),
  clus_nofpc = svydesign(id = ~dnum, weights = ~pw, data = clus),
  equal = svydesign(id = ~1, weights = rep(1, nrow(clus)), data = clus)
)

# -------------------------------------------------------------------------------- calibration
total <- function(formula) colSums(model.matrix(formula, pop))
exact <- list(maxit = 500, epsilon = 1e-10)
unequal <- designs$strat_clusters
calibrated <- list(
  clus_post = postStratify(designs$clus, ~stype, xtabs(~stype, pop)),
  clus_rake = rake(designs$clus, list(~stype, ~sch.wide),
                   list(xtabs(~stype, pop), xtabs(~sch.wide, pop)), exact),
  clus_linear = calibrate(designs$clus, ~api99, total(~api99)),
  clus_both = calibrate(designs$clus, ~stype + api99, total(~stype + api99)),
  clus_raking = calibrate(designs$clus, ~stype + api99, total(~stype + api99), calfun = "raking",
                          epsilon = 1e-13),
  clus_bounded = calibrate(designs$clus, ~stype + api99, total(~stype + api99),
                           bounds = c(0.5, 1.6), epsilon = 1e-13),
  clus_logit = calibrate(designs$clus, ~stype + api99, total(~stype + api99), calfun = "logit",
                         bounds = c(0.4, 2), epsilon = 1e-13),
  unequal_post = postStratify(unequal, ~awards, xtabs(~awards, pop)),
  unequal_post2 = postStratify(unequal, ~awards + sch.wide, xtabs(~awards + sch.wide, pop)),
  unequal_rake = rake(unequal, list(~stype, ~awards, ~sch.wide),
                      list(xtabs(~stype, pop), xtabs(~awards, pop), xtabs(~sch.wide, pop)), exact),
  unequal_linear = calibrate(unequal, ~stype + awards + api99, total(~stype + awards + api99)),
  unequal_raking = calibrate(unequal, ~stype + awards + sch.wide,
                             total(~stype + awards + sch.wide), calfun = "raking", epsilon = 1e-13)
)
# The residuals of a raked design are swept over its margins ten times, which leaves up to 5 in a
# million of the error where margins go together. Kept once as it is; the rest with 300 sweeps.
for (y in c("api00", "enroll")) {
  m <- svymean(reformulate(y), calibrated$unequal_rake)
  note("unequal_rake", "ten sweeps", y, "all", NA, estimate = coef(m)[[1]], std_error = SE(m)[[1]])
}
swept <- gsub("1:10", "1:300", deparse(survey:::svyrecvar), fixed = TRUE)
stopifnot(any(grepl("1:300", swept)))
assignInNamespace("svyrecvar", eval(parse(text = swept), asNamespace("survey")), "survey")

for (name in c("stype", "sch.wide", "awards")) {
  t <- table(pop[[name]])
  for (i in seq_along(t)) note("population", "total", name, names(t)[i], NA, estimate = t[[i]])
}
t <- xtabs(~awards + sch.wide, pop)
for (a in rownames(t)) for (b in colnames(t)) {
  note("population", "total", "awards sch.wide", paste(a, b), NA, estimate = t[a, b])
}
note("population", "total", "api99", "all", NA, estimate = sum(pop$api99))
for (name in names(calibrated)) {
  w <- weights(calibrated[[name]])
  note(name, "weights", "weights", "all", NA, smallest = min(w), largest = max(w), sum = sum(w),
       squares = sum(w^2), first = w[[1]], last = w[[length(w)]],
       kish = length(w) * sum(w^2) / sum(w)^2)
}

# ---------------------------------------------------------------------------------- estimates
one <- function(name, d, measure, what, group, m, df, level) {
  ends <- confint(m, level = level, df = df)
  note(name, measure, what, group, level, estimate = coef(m)[[1]], std_error = SE(m)[[1]],
       conf_low = ends[1], conf_high = ends[2], df = df)
}
methods <- c(wald = "mean", logit = "xlogit", beta = "beta", likelihood = "likelihood",
             arcsine = "asin")
# the people who answered; a calibrated design keeps the others with weight 0
answered <- function(d, y) {
  d <- subset(d, !is.na(d$variables[[y]]))
  d$variables[[y]][is.na(d$variables[[y]])] <- 0
  d
}
# on the definition, with the ends found by halving: R 4.2 has no such method
score <- function(p, v, df, level, sign, f = function(q) {
  (p - q)^2 / (q * (1 - q) * v / (p * (1 - p))) - qt((1 + level) / 2, df)^2
}) {
  a <- p; b <- if (sign < 0) 0 else 1
  for (i in 1:300) { m <- (a + b) / 2; if (f(m) < 0) a <- m else b <- m }
  (a + b) / 2
}
estimates <- function(name, d, what, group, levels, full = TRUE) {
  df <- degf(d)
  n <- sum(weights(d) != 0)
  for (level in levels) {
    for (y in what$means) {
      m <- svymean(reformulate(y), d, na.rm = TRUE)
      dfy <- degf(subset(d, !is.na(d$variables[[y]])))
      one(name, d, "mean", y, group, m, dfy, level)
    }
    for (y in what$totals) one(name, d, "total", y, group, svytotal(reformulate(y), d), df, level)
    if (what$ratio) {
      m <- svyratio(~api.stu, ~enroll, d)
      ends <- confint(m, level = level, df = df)
      note(name, "ratio", "api.stu", group, level, estimate = coef(m)[[1]], std_error = SE(m)[[1]],
           conf_low = ends[1], conf_high = ends[2], df = df)
    }
    for (y in what$props) {
      inside <- answered(d, y)
      m <- svymean(as.formula(paste0("~as.numeric(", y, ")")), inside)
      p <- coef(m)[[1]]; v <- vcov(m)[[1]]; dfy <- degf(inside)
      # everybody or nobody, or a share that calibration has fixed: no interval
      if (v < 1e-14) {
        note(name, "certain", y, group, level, estimate = p, df = dfy)
        next
      }
      for (k in names(methods)) {
        # a calibrated design keeps rows of weight 0, which beta would count: count them not
        if (k %in% c("arcsine", "likelihood") && group != "all") next
        if (k == "beta" && nrow(inside) != sum(weights(inside) != 0)) next
        # profiling stops with an error where its own fit is a digit short: those are left out
        r <- tryCatch(svyciprop(as.formula(paste0("~I(", y, ")")), inside, method = methods[[k]],
                                level = level), error = function(e) NULL)
        if (is.null(r) && k == "likelihood") next
        if (k == "wald") note(name, k, y, group, level, estimate = p, std_error = sqrt(v), df = dfy)
        note(name, k, y, group, level, conf_low = attr(r, "ci")[[1]],
             conf_high = attr(r, "ci")[[2]])
      }
      note(name, "wilson", y, group, level, conf_low = score(p, v, dfy, level, -1),
           conf_high = score(p, v, dfy, level, 1))
      # the ends svyciprop looks for: a quasi-binomial deviance over its dispersion, n / (n - 1),
      # against t squared times the ratio of the two variances of the log odds
      k <- sum(weights(inside) != 0)
      f <- function(q) {
        loss <- 2 * k * (p * log(p / q) + (1 - p) * log((1 - p) / (1 - q)))
        loss / (k / (k - 1)) - qt((1 + level) / 2, dfy)^2 * v * k / (p * (1 - p))
      }
      note(name, "likelihood", y, paste(group, "as defined"), level,
           conf_low = score(p, v, dfy, level, -1, f), conf_high = score(p, v, dfy, level, 1, f))
    }
  }
  if (full) {
    for (y in what$means) {
      inside <- answered(d, y)
      m <- svymean(reformulate(y), inside, deff = TRUE)
      r <- svymean(reformulate(y), inside, deff = "replace")
      w <- weights(inside); w <- w[w != 0]
      note(name, "deff", y, group, NA, design_effect = deff(m)[[1]],
           design_effect_replace = deff(r)[[1]], effective_n = length(w) / deff(r)[[1]],
           kish_design_effect = length(w) * sum(w^2) / sum(w)^2,
           kish_effective_n = sum(w)^2 / sum(w^2))
    }
  }
}
all_of_it <- list(means = c("api00", "gap"), totals = "enroll", ratio = TRUE,
                  props = c("wide", "told"))
some_of_it <- list(means = "api00", totals = "enroll", ratio = FALSE, props = "wide")
three <- c(0.9, 0.95, 0.99)
for (name in names(designs)) {
  d <- designs[[name]]
  estimates(name, d, all_of_it, "all", if (name %in% c("strat", "clus")) three else 0.95)
  if (name == "equal") next
  for (s in if (name %in% c("strat", "clus")) c("E", "H", "M") else "H") {
    estimates(name, subset(d, stype == s), some_of_it, paste0("stype ", s), 0.95)
  }
  estimates(name, subset(d, few), some_of_it, "few", 0.95)
}
for (name in names(calibrated)) {
  d <- calibrated[[name]]
  estimates(name, d, all_of_it, "all", 0.95)
  estimates(name, subset(d, few), some_of_it, "few", 0.95, full = FALSE)
}
for (how in c(centre = "adjust", certainty = "certainty")) {
  options(survey.lonely.psu = how)
  name <- paste0("lonely_", if (how == "adjust") "centre" else "certainty")
  d <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = lonely)
  estimates(name, d, some_of_it, "all", 0.95)
  estimates(name, subset(d, awards == "Yes"), some_of_it, "awards Yes", 0.95)
}
options(survey.lonely.psu = "fail")

# shares of an ordered column, and of each level or worse
for (name in c("strat", "clus", "strat_clusters", "clus_linear")) {
  d <- c(designs, calibrated)[[name]]
  d$variables$grade <- findInterval(d$variables$meals, c(20, 50, 80))
  for (k in 0:3) {
    m <- svymean(as.formula(paste0("~as.numeric(grade == ", k, ")")), d)
    one(name, d, "proportion", "grade", as.character(k), m, degf(d), 0.95)
    m <- svymean(as.formula(paste0("~as.numeric(grade >= ", k, ")")), d)
    if (k) one(name, d, "proportion_or_worse", "grade", as.character(k), m, degf(d), 0.95)
  }
}

# regression
fits <- list(
  linear = list(api00 ~ ell + meals, gaussian()),
  logistic = list(wide ~ ell + meals, quasibinomial()),
  category = list(api00 ~ stype + meals, gaussian())
)
for (name in c("strat", "clus", "strat_clusters", "clus_linear")) {
  for (fit in names(fits)) {
    m <- svyglm(fits[[fit]][[1]], c(designs, calibrated)[[name]], family = fits[[fit]][[2]],
                epsilon = 1e-15, maxit = 100)
    s <- summary(m)$coefficients
    for (i in rownames(s)) {
      q <- qt(0.975, m$df.residual)
      note(name, fit, i, "all", 0.95, estimate = s[i, 1], std_error = s[i, 2],
           conf_low = s[i, 1] - q * s[i, 2], conf_high = s[i, 1] + q * s[i, 2],
           statistic = s[i, 3], df = m$df.residual, p_value = s[i, 4])
    }
  }
}

# ------------------------------------------------------------------------------ diary days
kd <- read("kostecki_dillon.csv")
kd$y <- as.numeric(kd$headache == "yes")
d <- svydesign(id = ~id, weights = ~1, data = kd)
days <- function(d, frame, group) {
  for (level in three) {
    m <- svymean(~y, d)
    one("kd", d, "day_share", "headache", group, m, degf(d), level)
    person <- tapply(frame$y, frame$id, mean)
    w <- t.test(person, conf.level = level)
    note("kd", "mean_person_share", "headache", group, level, estimate = unname(w$estimate),
         std_error = w$stderr, conf_low = w$conf.int[1], conf_high = w$conf.int[2],
         df = unname(w$parameter))
  }
  k <- length(unique(frame$id)); n <- nrow(frame)
  p <- mean(frame$y)
  sums <- tapply(frame$y - p, frame$id, sum)
  a <- anova(aov(y ~ factor(id), frame))
  size <- (n - sum(table(frame$id)^2) / n) / (k - 1)
  note("kd", "days", "headache", group, NA, plain = sqrt(sum(sums^2)) / n,
       icc = (a[1, 3] - a[2, 3]) / (a[1, 3] + (size - 1) * a[2, 3]),
       design_effect = deff(svymean(~y, d, deff = "replace"))[[1]], n = k, days = n)
}
days(d, kd, "all")
for (m in c("continuing", "none", "reduced")) {
  days(subset(d, medication == m), kd[kd$medication == m, ], m)
}

# ------------------------------------------------------------------------------ standardisation
direct <- function(design, group, count, size, standard) {
  w <- standard / sum(standard)
  rate <- sum(w * count / size)
  v <- sum(w^2 * count / size^2)
  m <- max(w / size)
  for (level in three) {
    a <- (1 - level) / 2
    low <- if (v == 0) 0 else qgamma(a, rate^2 / v, scale = v / rate)
    high <- qgamma(1 - a, (rate + m)^2 / (v + m^2), scale = (v + m^2) / (rate + m))
    z <- qnorm(1 - a)
    note(design, "gamma", "rate", group, level, estimate = rate, std_error = sqrt(v),
         conf_low = low, conf_high = high, crude = sum(count) / sum(size))
    note(design, "normal", "rate", group, level, conf_low = rate - z * sqrt(v),
         conf_high = rate + z * sqrt(v))
    if (v > 0) note(design, "log", "rate", group, level, conf_low = exp(log(rate) - z * sqrt(v) / rate),
                    conf_high = exp(log(rate) + z * sqrt(v) / rate))
  }
}
ds <- read("down_syndrome_michigan.csv")
standard <- tapply(ds$births, factor(ds$age, unique(ds$age)), mean)
for (o in unique(ds$birth_order)) {
  x <- ds[ds$birth_order == o, ]
  direct("down", o, x$cases, x$births, standard)
}
direct("down_nobody", "5+", 0 * x$cases, x$births, standard)

# a prevalence with binomial spread in each stratum; the standard is the population of schools
share <- table(pop$stype) / nrow(pop)
for (a in c("all", "No", "Yes")) {
  x <- if (a == "all") strat else strat[strat$comp.imp == a, ]
  p <- tapply(x$wide, x$stype, mean); n <- table(x$stype)
  rate <- sum(share * p); v <- sum(share^2 * p * (1 - p) / n)
  for (level in three) {
    q <- qnorm((1 + level) / 2)
    l <- qlogis(rate) + c(-1, 1) * q * sqrt(v) / (rate * (1 - rate))
    note("prevalence", "logit", "wide", a, level, estimate = rate, std_error = sqrt(v),
         conf_low = plogis(l[1]), conf_high = plogis(l[2]), crude = mean(x$wide), n = nrow(x))
    note("prevalence", "wald", "wide", a, level, conf_low = rate - q * sqrt(v),
         conf_high = rate + q * sqrt(v))
    note("prevalence", "wilson", "wide", a, level, conf_low = score(rate, v, Inf, level, -1),
         conf_high = score(rate, v, Inf, level, 1))
  }
}

file <- file.path(here, "sampling.csv")
writeLines(sprintf("# R %s.%s, survey %s", R.version$major, R.version$minor,
                   packageVersion("survey")), file)
suppressWarnings(write.table(do.call(rbind, out), file, append = TRUE, sep = ",",
                             row.names = FALSE, quote = FALSE))
