# Writes responders_data.csv, responders_days.csv (made-up data, so that anybody may have them) and
# responders.csv: answers of R on responder curves, reliable change and anchors.
# Run:  Rscript tests/reference/responders.R
suppressMessages({library(nlme); library(pROC)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
version <- paste(R.version$major, R.version$minor, sep = ".")
set.seed(20240612)

# ---- data
levels7 <- c("very much worse", "much worse", "worse", "no change", "better", "much better",
             "very much better")
make <- function(dataset, n, shift, digits, r = 0.6, lost = 0) {
  arm <- rep(names(n), n)
  before <- round(pmin(10, pmax(0, rnorm(sum(n), 5.5, 1.8))), digits)
  after <- round(pmin(10, pmax(0, before - shift[arm] + rnorm(sum(n), 0, 1.6))), digits)
  felt <- r * (before - after - mean(shift)) / 1.6 + sqrt(1 - r^2) * rnorm(sum(n))
  anchor <- levels7[findInterval(felt + mean(shift) / 1.6 * r, c(-2, -1.3, -0.6, 0.4, 1, 1.8)) + 1]
  after[sample(sum(n), lost)] <- NA
  data.frame(dataset = dataset, person_id = sprintf("P%03d", seq_len(sum(n))), arm = arm,
             before = before, after = after, anchor = anchor)
}
two <- make("two", c(spray = 24, placebo = 27), c(spray = 1.4, placebo = 0.5), 1, lost = 5)
two$before[3] <- 0; two$after[3] <- 1.2
whole <- make("whole", c(spray = 9, placebo = 8), c(spray = 1.6, placebo = 0.4), 0, lost = 2)
large <- make("large", c(spray = 130, placebo = 120), c(spray = 1, placebo = 0.5), 2, r = 0.5)
weak <- make("weak", c(all = 40), c(all = 0.5), 1, r = 0.1)
all <- rbind(two, whole, large, weak)
write.csv(all, file.path(here, "responders_data.csv"), row.names = FALSE, quote = FALSE)

days <- do.call(rbind, lapply(1:14, function(i) {
  y <- rnorm(1, 5, 1.5) + as.numeric(arima.sim(list(ar = 0.5), 49)) * 1.1
  data.frame(person_id = sprintf("P%02d", i), day = -7:41, value = round(y, 1))
}))
days <- days[sort(sample(nrow(days), 0.85 * nrow(days))), ]
days <- days[!(days$person_id == "P05" & days$day > 10), ]
write.csv(days, file.path(here, "responders_days.csv"), row.names = FALSE, quote = FALSE)

# ---- answers
out <- list()
note <- function(data, level, measure, cut, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, conf_level = level, measure = measure, cut = cut, quantity = names(values),
    value = sprintf("%.17g", unname(values)), r = version
  )
}
anorexia <- read("anorexia.csv")
btheb <- read("bthe_b.csv")
sets <- list(
  two = two, whole = whole, large = large,
  anorexia = data.frame(arm = anorexia$Treat, before = anorexia$Prewt, after = anorexia$Postwt),
  btheb = data.frame(arm = btheb$treatment, before = btheb$bdi.pre, after = btheb$bdi.2m)
)
control <- c(two = "placebo", whole = "placebo", large = "placebo", anorexia = "Cont", btheb = "TAU")
for (name in names(sets)) for (scale in c("points", "percent")) for (missing in c("left out", "not responders")) {
  d <- sets[[name]]
  up <- if (name == "anorexia") -1 else 1
  gain <- up * (d$before - d$after)
  if (scale == "percent") {
    gain <- 100 * gain / d$before
    gain[d$before == 0] <- NA
  }
  gain <- round(gain, 10)  # equal falls must be equal numbers
  able <- !is.na(d$before) & (scale == "points" | d$before > 0)
  if (missing == "not responders") gain[able & is.na(d$after)] <- -Inf
  label <- paste(name, scale, missing)
  use <- !is.na(gain)
  arms <- unique(d$arm)
  cuts <- if (scale == "points") c(-1, 0, 0.5, 1, 2, 3.1) else c(0, 10, 20, 30, 50, 100)
  for (a in arms) for (level in if (name %in% c("two", "whole")) c(0.90, 0.95, 0.99) else 0.95) for (cut in cuts) {
    k <- sum(gain[use & d$arm == a] >= cut); n <- sum(use & d$arm == a)
    w <- suppressWarnings(prop.test(k, n, conf.level = level, correct = FALSE))
    note(label, level, paste("share", a), cut, estimate = k / n, conf_low = w$conf.int[1],
         conf_high = w$conf.int[2], n = n, n_missing = sum(d$arm == a) - n)
  }
  for (a in setdiff(arms, control[name])) {
    x <- gain[use & d$arm == a]; y <- gain[use & d$arm == control[name]]
    k <- suppressWarnings(ks.test(pmax(x, -1e6), pmax(y, -1e6)))  # -Inf - -Inf is no tie to R
    at <- sort(unique(c(x, y)))
    s <- sapply(at, function(c) mean(x >= c) - mean(y >= c))
    # counts, not shares: 1/3 and 2/6 must be the same
    i <- which.max(round(abs(s) * length(x) * length(y)))
    e <- function(level) sqrt(log(4 / (1 - level)) / 2) * (1 / sqrt(length(x)) + 1 / sqrt(length(y)))
    note(label, 0.95, paste("gap", a), at[i], estimate = s[i], statistic = unname(k$statistic),
         p_value = k$p.value, half_90 = e(0.90), half_95 = e(0.95), half_99 = e(0.99),
         cuts = sum(is.finite(at)), exact = as.numeric(grepl("[Ee]xact", k$method)))
  }
}

for (name in c("two", "whole", "large", "btheb")) for (level in c(0.90, 0.95, 0.99)) {
  d <- sets[[name]]
  sd <- sd(d$before, na.rm = TRUE)
  threshold <- 1.96 * sd * sqrt(2) * sqrt(1 - 0.83)
  change <- (d$after - d$before)[!is.na(d$after) & !is.na(d$before)]
  k <- c(less = sum(change < -threshold), same = sum(abs(change) <= threshold), more = sum(change > threshold))
  for (part in names(k)) {
    w <- suppressWarnings(prop.test(k[[part]], length(change), conf.level = level, correct = FALSE))
    note(name, level, paste("reliable", part), NA, estimate = k[[part]] / length(change),
         conf_low = w$conf.int[1], conf_high = w$conf.int[2], n = length(change))
  }
  note(name, level, "reliable threshold", NA, estimate = threshold,
       expected = 2 * pnorm(-1.96), sd = sd)
}

# days: AR(1) about a level for each person, by REML
base <- days[days$day < 0, ]
two_or_more <- names(which(table(base$person_id) > 1))
fit <- function(rho) gls(value ~ 0 + person_id, base[base$person_id %in% two_or_more, ],
                         correlation = corAR1(rho, form = ~ day | person_id, fixed = TRUE),
                         method = "REML")
rho <- optimize(function(r) as.numeric(logLik(fit(r))), c(-0.5, 0.95), maximum = TRUE, tol = 1e-10)$maximum
f <- fit(rho)
note("days", 0.95, "ar1", NA, autocorrelation = rho, sd = f$sigma)
for (drift in c(0, 0.02)) for (i in c("given", "estimated")) {
  r <- if (i == "given") 0.4 else rho; s <- if (i == "given") 1.25 else f$sigma
  z <- c()
  for (p in unique(days$person_id)) {
    b <- days$day[days$person_id == p & days$day %in% -7:-1]
    a <- days$day[days$person_id == p & days$day %in% 28:41]
    if (length(b) < 4 || length(a) < 4) next
    t <- c(b, a); w <- c(rep(-1 / length(b), length(b)), rep(1 / length(a), length(a)))
    v <- s^2 * c(t(w) %*% r^abs(outer(t, t, "-")) %*% w) + drift^2 * (mean(a) - mean(b))^2
    m <- days$value[days$person_id == p]; d <- days$day[days$person_id == p]
    diff <- mean(m[d %in% a]) - mean(m[d %in% b])
    z <- c(z, diff / sqrt(v))
  }
  note("days", 0.95, paste("beyond", i), drift, less = sum(z < -1.96), more = sum(z > 1.96),
       beyond_1 = sum(abs(z) > 1), n = length(z), z_first = z[1], z_sum = sum(z))
}

# anchors
better <- c("better", "much better", "very much better")
for (name in c("two", "whole", "large", "weak")) for (level in c(0.90, 0.95, 0.99)) {
  d <- all[all$dataset == name & !is.na(all$after), ]
  change <- round(d$after - d$before, 10); fall <- -change
  code <- match(d$anchor, levels7) - match("no change", levels7)
  yes <- as.numeric(d$anchor %in% better)
  r <- suppressWarnings(cor.test(fall, code, method = "spearman", exact = FALSE))
  z <- qnorm(0.5 + level / 2); n <- length(fall); rs <- unname(r$estimate)
  ends <- tanh(atanh(rs) + c(-1, 1) * z * sqrt((1 + rs^2 / 2) / (n - 3)))
  note(name, level, "spearman", NA, estimate = rs, p_value = r$p.value, conf_low = ends[1],
       conf_high = ends[2], n = n)
  for (l in levels7) if (sum(d$anchor == l) > 1 && sd(change[d$anchor == l]) > 0) {
    w <- t.test(change[d$anchor == l], conf.level = level)
    note(name, level, paste("mean", l), NA, estimate = unname(w$estimate), std_error = w$stderr,
         conf_low = w$conf.int[1], conf_high = w$conf.int[2], n = sum(d$anchor == l))
  }
  f <- lm(change ~ code); b <- coef(summary(f)); e <- confint(f, level = level)
  for (i in 1:2) note(name, level, c("at no change", "per level")[i], NA, estimate = b[i, 1],
                      std_error = b[i, 2], statistic = b[i, 3], p_value = b[i, 4],
                      conf_low = e[i, 1], conf_high = e[i, 2], df = f$df.residual)
  roc <- suppressMessages(roc(yes, fall, direction = "<", levels = c(0, 1)))
  a <- as.numeric(ci.auc(roc, conf.level = level, method = "delong"))
  note(name, level, "auc", NA, estimate = a[2], conf_low = a[1], conf_high = a[3],
       std_error = sqrt(var(roc, method = "delong")))
  best <- coords(roc, "best", best.method = "youden", transpose = FALSE)
  best <- best[order(best$threshold), ][1, ]  # the least demanding of equally good ones
  note(name, level, "youden", best$threshold, sensitivity = best$sensitivity,
       specificity = best$specificity)
  g <- glm(yes ~ fall, family = binomial, control = glm.control(epsilon = 1e-15, maxit = 100))
  odds <- qlogis(mean(yes)); mic <- unname((odds - coef(g)[1]) / coef(g)[2])
  note(name, level, "predictive", NA, estimate = mic, share = mean(yes),
       adjusted = mic - (0.090 + 0.103 * cor(fall, yes)) * sd(fall) * odds)
  if (level == 0.95 && name %in% c("two", "large")) {
    draw <- replicate(4000, {
      i <- sample(n, replace = TRUE); y <- yes[i]; x <- fall[i]
      at <- sort(unique(x)); j <- sapply(at, function(c) mean(x[y == 1] >= c) - mean(x[y == 0] >= c))
      k <- which(round(j * sum(y) * sum(1 - y)) == max(round(j * sum(y) * sum(1 - y))))[1]
      b <- coef(suppressWarnings(glm(y ~ x, family = binomial)))
      o <- qlogis(mean(y)); m <- (o - b[[1]]) / b[[2]]
      c(if (k > 1) (at[k - 1] + at[k]) / 2 else -Inf, m,
        m - (0.090 + 0.103 * cor(x, y)) * sd(x) * o)
    })
    for (i in 1:3) note(name, level, paste("bootstrap", c("youden", "predictive", "adjusted")[i]), NA,
      conf_low = unname(quantile(draw[i, ], 0.025)), conf_high = unname(quantile(draw[i, ], 0.975)))
  }
}
write.csv(do.call(rbind, out), file.path(here, "responders.csv"), row.names = FALSE)
