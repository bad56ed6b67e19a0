# Writes agreement.csv: how far raters, methods and items agree, from psych (ICC, alpha), vcd
# (kappa), lavaan (omega) and base R (the rest, by its published formula).
# Run:  Rscript tests/reference/agreement.R
suppressPackageStartupMessages({
  library(psych)
  library(vcd)
  library(lavaan)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
packages <- c("psych", "vcd", "lavaan")
versions <- paste(c(paste0("R ", R.version$major, ".", R.version$minor),
                    paste(packages, sapply(packages, function(p) paste(packageVersion(p))))),
                  collapse = ", ")
levels <- c(0.90, 0.95, 0.99)

shrout <- read("shrout_fleiss.csv")
sleep <- read("sleep.csv")
depression <- read("depression_hw.csv")
anorexia <- read("anorexia.csv")
btheb <- read("bthe_b.csv")
visits <- na.omit(btheb[c("bdi.pre", "bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m")])
later <- na.omit(btheb[c("bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m")])

out <- list()
note <- function(topic, data, level, measure, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    topic = topic, dataset = data, conf_level = level, measure = measure, quantity = names(values),
    value = sprintf("%.17g", values)
  )
}

# ------------------------------------------------------------------ intraclass correlation
ratings <- list(
  shrout = shrout,
  shrout_two = shrout[c("J1", "J4")],
  sleep = sleep[c("drug1", "drug2")],
  depression = depression,
  visits = visits,
  # targets less alike than chance: every ICC is below 0
  unlike = data.frame(a = c(1, 5, 2, 4, 3), b = c(5, 1, 4, 2, 3), c = c(3, 3, 3, 4, 3)),
  # raters differ by a constant alone
  shifted = data.frame(a = c(1, 4, 2, 7), b = c(3, 6, 4, 9))
)
for (name in names(ratings)) {
  x <- as.matrix(ratings[[name]])
  n <- nrow(x)
  k <- ncol(x)
  ms <- summary(aov(v ~ t + r, data.frame(v = c(x), t = factor(row(x)), r = factor(col(x)))))[[1]]
  msj <- ms[2, 3]
  mse <- ms[3, 3]
  msw <- (ms[2, 2] + ms[3, 2]) / (n * (k - 1))
  for (level in levels) {
    if (name != "shifted") {
      got <- ICC(ratings[[name]], lmer = FALSE, alpha = 1 - level)$results
      for (i in 1:6) {
        note("icc", name, level, got$type[i], estimate = got$ICC[i], statistic = got$F[i],
             df1 = got$df1[i], df2 = got$df2[i], p_value = got$p[i],
             conf_low = got$`lower bound`[i], conf_high = got$`upper bound`[i])
      }
    } else {
      # without residual variance F is infinite: the ICC alone, by its definition
      msb <- ms[1, 3]
      note("icc", name, level, "ICC1", estimate = (msb - msw) / (msb + (k - 1) * msw))
      note("icc", name, level, "ICC2", estimate = msb / (msb + k * msj / n))
      note("icc", name, level, "ICC3", estimate = 1)
    }
    a <- 1 - level
    sem <- function(form, v, df, approx) {
      s <- sqrt(v)
      mdc <- qnorm(1 - a / 2) * sqrt(2)
      ci <- s * sqrt(df / qchisq(c(1 - a / 2, a / 2), df))
      note("sem", name, level, form, estimate = s, conf_low = ci[1], conf_high = ci[2], df = df,
           mdc = mdc * s, mdc_low = mdc * ci[1], mdc_high = mdc * ci[2])
    }
    if (name == "shifted") next
    sem("ICC1", msw, n * (k - 1))
    v <- mse + (msj - mse) / n
    parts <- c(mse * (1 - 1 / n), msj / n)
    sem("ICC2", v, v^2 / sum(parts^2 / c((n - 1) * (k - 1), k - 1)))
    sem("ICC3", mse, (n - 1) * (k - 1))
    for (form in 1:3) {
      icc <- ICC(ratings[[name]], lmer = FALSE)$results$ICC[form]
      note("sem", name, level, paste0("ICC", form), sd_based = sd(x) * sqrt(1 - icc))
    }
  }
}

# ------------------------------------------------------------------------------------ kappa
ms <- read("ms_patients.csv")
grades <- c("Certain", "Probable", "Possible", "Doubtful")
square <- function(centre) {
  part <- ms[ms$patients == centre, ]
  t <- xtabs(n ~ factor(neurologist_new_orleans, grades) + factor(neurologist_winnipeg, grades), part)
  matrix(c(t), 4)
}
tables <- list(
  winnipeg = square("Winnipeg"),
  new_orleans = square("New Orleans"),
  two = matrix(c(20, 5, 10, 15), 2),
  two_sided = matrix(c(10, 7, 7, 12), 2),
  sparse = matrix(c(9, 2, 0, 1, 7, 3, 0, 1, 6), 3),
  perfect = diag(c(4, 5, 6)),
  worse = matrix(c(1, 6, 5, 2), 2),
  unused = matrix(c(5, 2, 0, 1, 3, 6, 0, 1, 0, 0, 0, 0, 1, 2, 0, 8), 4)
)
for (name in names(tables)) {
  x <- tables[[name]]
  r <- nrow(x)
  n <- sum(x)
  p <- x / n
  a <- rowSums(p)
  b <- colSums(p)
  for (level in levels) {
    for (kind in c("unweighted", "linear", "quadratic")) {
      w <- switch(kind, unweighted = diag(r), linear = 1 - abs(outer(1:r, 1:r, "-")) / (r - 1),
                  quadratic = 1 - (outer(1:r, 1:r, "-") / (r - 1))^2)
      got <- if (kind == "unweighted") Kappa(x)$Unweighted else Kappa(x, weights = w)$Weighted
      pe <- 0
      for (i in 1:r) for (j in 1:r) pe <- pe + w[i, j] * a[i] * b[j]
      v0 <- 0
      for (i in 1:r) for (j in 1:r) {
        v0 <- v0 + a[i] * b[j] * (w[i, j] - sum(w[i, ] * b) - sum(w[, j] * a))^2
      }
      se0 <- sqrt((v0 - pe^2) / n) / (1 - pe)
      z <- got[["value"]] / se0
      q <- qnorm(0.5 + level / 2)
      note("kappa", name, level, kind, estimate = got[["value"]], std_error = got[["ASE"]],
           conf_low = got[["value"]] - q * got[["ASE"]],
           conf_high = got[["value"]] + q * got[["ASE"]], statistic = z,
           p_value = 2 * pnorm(-abs(z)), n = n)
    }
    w <- suppressWarnings(prop.test(sum(diag(x)), n, correct = FALSE, conf.level = level))
    note("kappa", name, level, "observed", estimate = sum(diag(p)), conf_low = w$conf.int[1],
         conf_high = w$conf.int[2])
    note("kappa", name, level, "expected", estimate = sum(a * b))
    up <- sum(p[upper.tri(p)])
    low <- sum(p[lower.tri(p)])
    se <- sqrt((up + low - (low - up)^2) / n)
    q <- qnorm(0.5 + level / 2)
    both <- (x + t(x))[upper.tri(x)]
    if (any(both > 0)) {
      # mcnemar.test gives NaN where a pair of cells is empty: such a pair says nothing
      if (all(both > 0)) {
        w <- mcnemar.test(x, correct = FALSE)
        got <- c(w$statistic, w$parameter, w$p.value)
      } else {
        s <- sum(((x - t(x))[upper.tri(x)]^2 / both)[both > 0])
        got <- c(s, sum(both > 0), pchisq(s, sum(both > 0), lower.tail = FALSE))
      }
      note("kappa", name, level, "symmetry", estimate = low - up, std_error = se,
           conf_low = low - up - q * se, conf_high = low - up + q * se, statistic = got[[1]],
           df = got[[2]], p_value = got[[3]])
    }
  }
}

# ---------------------------------------------------------------------- limits of agreement
pairs <- list(
  sleep = sleep[c("drug1", "drug2")], depression = depression,
  anorexia = anorexia[c("Prewt", "Postwt")], btheb = na.omit(btheb[c("bdi.pre", "bdi.2m")])
)
for (name in names(pairs)) {
  x <- pairs[[name]][[1]]
  y <- pairs[[name]][[2]]
  d <- x - y
  n <- length(d)
  s <- sd(d)
  for (level in levels) {
    a <- 1 - level
    w <- t.test(d, conf.level = level)
    note("limits", name, level, "bias", estimate = mean(d), std_error = w$stderr,
         conf_low = w$conf.int[1], conf_high = w$conf.int[2], statistic = unname(w$statistic),
         p_value = w$p.value, df = n - 1)
    for (inside in c(0.95, 0.80)) {
      z <- qnorm(0.5 + inside / 2)
      se <- s * sqrt(1 / n + z^2 / (2 * (n - 1)))
      t <- qt(1 - a / 2, n - 1)
      exact <- suppressWarnings(c(qt(a / 2, n - 1, z * sqrt(n)), qt(1 - a / 2, n - 1, z * sqrt(n)))) * s / sqrt(n)
      for (side in c(-1, 1)) {
        limit <- mean(d) + side * z * s
        e <- sort(mean(d) + side * exact)
        note("limits", name, level, paste(if (side < 0) "lower" else "upper", inside),
             estimate = limit, std_error = se, conf_low = limit - t * se,
             conf_high = limit + t * se, exact_low = e[1], exact_high = e[2])
      }
    }
    m <- (x + y) / 2
    fit <- summary(lm(d ~ m))$coefficients[2, ]
    ci <- confint(lm(d ~ m), level = level)[2, ]
    note("limits", name, level, "slope", estimate = fit[[1]], std_error = fit[[2]],
         statistic = fit[[3]], p_value = fit[[4]], conf_low = ci[[1]], conf_high = ci[[2]],
         df = n - 2)
  }
}
# several pairs a person: one-way analysis of variance of the differences (Bland & Altman 2007)
long <- function(frame, ends) {
  all <- do.call(rbind, lapply(ends, function(e) {
    data.frame(who = frame$subject, x = frame[[e[1]]], y = frame[[e[2]]])
  }))
  na.omit(all)
}
times <- list(c("bdi.2m", "bdi.3m"), c("bdi.5m", "bdi.8m"), c("bdi.pre", "bdi.5m"))
complete <- btheb[complete.cases(btheb[c("bdi.pre", "bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m")]), ]
# the same first value in every pair of a person, so that people differ in their differences
first <- list(c("bdi.pre", "bdi.2m"), c("bdi.pre", "bdi.3m"), c("bdi.pre", "bdi.5m"))
several <- list(
  unbalanced = long(btheb, times), balanced = long(complete, times), apart = long(btheb, first)
)
for (name in names(several)) {
  f <- several[[name]]
  d <- f$x - f$y
  who <- factor(f$who)
  m <- as.numeric(table(who))
  k <- length(m)
  total <- sum(m)
  tab <- summary(aov(d ~ who))[[1]]
  msb <- tab[1, 3]
  msw <- tab[2, 3]
  m0 <- (total^2 - sum(m^2)) / ((k - 1) * total)
  between <- (msb - msw) / m0
  v <- between + msw
  person <- tapply(d, who, mean)
  se <- sqrt(k / (k - 1) * sum((m * (person - mean(d)))^2)) / total
  for (level in levels) {
    a <- 1 - level
    t <- qt(1 - a / 2, k - 1)
    note("repeated", name, level, "bias", estimate = mean(d), std_error = se,
         conf_low = mean(d) - t * se, conf_high = mean(d) + t * se, df = k - 1, n = k,
         statistic = mean(d) / se, p_value = 2 * pt(-abs(mean(d) / se), k - 1))
    note("repeated", name, level, "within", estimate = sqrt(msw),
         conf_low = sqrt(msw * (total - k) / qchisq(1 - a / 2, total - k)),
         conf_high = sqrt(msw * (total - k) / qchisq(a / 2, total - k)))
    note("repeated", name, level, "between", estimate = if (between >= 0) sqrt(between) else NaN)
    # MOVER (Zou 2013): ends of the variance from those of its parts, ends of the limit from both
    part <- c(msb / m0, msw * (1 - 1 / m0))
    df <- c(k - 1, total - k)
    v_low <- v - sqrt(sum((part * (1 - df / qchisq(1 - a / 2, df)))^2))
    v_high <- v + sqrt(sum((part * (df / qchisq(a / 2, df) - 1))^2))
    z <- qnorm(0.975)
    near <- sqrt((t * se)^2 + z^2 * (sqrt(v) - sqrt(v_low))^2)
    far <- sqrt((t * se)^2 + z^2 * (sqrt(v_high) - sqrt(v))^2)
    note("repeated", name, level, "upper", estimate = mean(d) + z * sqrt(v),
         conf_low = mean(d) + z * sqrt(v) - near, conf_high = mean(d) + z * sqrt(v) + far)
    note("repeated", name, level, "lower", estimate = mean(d) - z * sqrt(v),
         conf_low = mean(d) - z * sqrt(v) - far, conf_high = mean(d) - z * sqrt(v) + near)
    size <- tapply((f$x + f$y) / 2, who, mean)
    fit <- summary(lm(person ~ size))$coefficients[2, ]
    ci <- confint(lm(person ~ size), level = level)[2, ]
    note("repeated", name, level, "slope", estimate = fit[[1]], std_error = fit[[2]],
         statistic = fit[[3]], p_value = fit[[4]], conf_low = ci[[1]], conf_high = ci[[2]])
  }
}

# --------------------------------------------------------------------- internal consistency
items <- list(
  visits = visits, later = later, three = later[1:3],
  unequal = transform(later, bdi.2m = bdi.2m * 10, bdi.8m = bdi.8m / 3)
)
for (name in names(items)) {
  x <- items[[name]]
  n <- nrow(x)
  k <- ncol(x)
  for (level in levels) {
    got <- suppressWarnings(alpha(x, warnings = FALSE))$total
    ci <- alpha.ci(got$raw_alpha, n, k, p.val = 1 - level)
    note("consistency", name, level, "alpha", estimate = got$raw_alpha, conf_low = ci$lower.ci,
         conf_high = ci$upper.ci, n = n, standardised = got$std.alpha)
    omega_of <- function(x) {
      names(x) <- paste0("i", 1:k)
      model <- c(
        paste("f =~", paste0("l", 1:k, " * i", 1:k, collapse = " + ")),
        paste0("i", 1:k, " ~~ e", 1:k, " * i", 1:k),
        paste0("top := (", paste0("l", 1:k, collapse = " + "), ")^2"),
        paste0("omega := top / (top + ", paste0("e", 1:k, collapse = " + "), ")")
      )
      fit <- cfa(paste(model, collapse = "\n"), x, std.lv = TRUE, optim.force.converged = TRUE,
                 control = list(rel.tol = 1e-15, x.tol = 0, iter.max = 10000, eval.max = 20000))
      got <- parameterEstimates(fit, level = level)
      got[got$label == "omega", ]
    }
    raw <- omega_of(x)
    note("consistency", name, level, "omega", estimate = raw$est, std_error = raw$se,
         conf_low = raw$ci.lower, conf_high = raw$ci.upper,
         standardised = omega_of(as.data.frame(scale(x)))$est)
  }
}
file <- file.path(here, "agreement.csv")
writeLines(paste("#", versions), file)
suppressWarnings(write.table(do.call(rbind, out), file, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
