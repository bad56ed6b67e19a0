# Writes ranks.csv: rank tests, probability of superiority and location shifts, two arms and pairs.
# Run:  Rscript tests/reference/ranks.R
suppressMessages({library(exactRankTests); library(coin); library(effectsize); library(pROC)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
packages <- c("exactRankTests", "coin", "effectsize", "pROC")
version <- paste(c(paste0("R ", R.version$major, ".", R.version$minor),
                   sapply(packages, function(p) paste(p, packageVersion(p)))), collapse = "; ")

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
  small = list(c(4, 6, 5), c(1, 2, 2, 5, 7)),
  untied = list(c(1.1, 2.9, 3.3, 8.2, 9.7, 4.4), c(0.3, 2.2, 5.1, 6.6)),
  uneven = list(c(9.1, 3.3, 8.7), c(1:9, 5, 5, 6, 6, 7, 5) / 2),
  apart = list(c(10, 11, 12, 12, 13), c(1, 2, 2, 3, 4, 5)),
  grades = list(c(0, 0, 1, 1, 1, 2, 2, 3, 4, 1, 1, 0), c(1, 2, 2, 2, 3, 3, 4, 4, 1, 2))
)
btheb_pairs <- btheb[c("bdi.pre", "bdi.2m")]
pairs <- list(
  pairs_sleep = sleep[c("drug1", "drug2")],
  pairs_depression = read("depression_hw.csv"),
  pairs_anorexia_ft = anorexia[anorexia$Treat == "FT", c("Prewt", "Postwt")],
  pairs_btheb = btheb_pairs[complete.cases(btheb_pairs), ],
  pairs_grades = data.frame(c(3, 3, 2, 4, 1, 2, 2, 3, 4, 0, 1, 3), c(2, 3, 2, 2, 1, 3, 1, 3, 1, 1, 1, 0)),
  pairs_down = data.frame(c(5, 6, 7, 8, 9), c(4, 4, 4, 3, 2))
)

out <- list()
note <- function(data, level, measure, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, conf_level = level, measure = measure, quantity = names(values),
    value = sprintf("%.17g", values), versions = version
  )
}

for (name in names(arms)) {
  x <- as.numeric(arms[[name]][[1]])
  y <- as.numeric(arms[[name]][[2]])
  m <- length(x)
  n <- length(y)
  frame <- data.frame(v = c(x, y), g = factor(rep(c("a", "b"), c(m, n)), levels = c("a", "b")))
  for (level in c(0.90, 0.95, 0.99)) {
    alpha <- 1 - level
    z <- qnorm(1 - alpha / 2)
    for (correct in c(TRUE, FALSE)) {
      w <- suppressWarnings(wilcox.test(x, y, exact = FALSE, correct = correct, conf.int = TRUE,
                                        conf.level = level, tol.root = 1e-12))
      note(name, level, if (correct) "corrected" else "normal", statistic = unname(w$statistic),
           p_value = w$p.value, conf_low = w$conf.int[1], conf_high = w$conf.int[2])
    }
    e <- wilcox.exact(x, y, exact = TRUE)
    by_coin <- wilcox_test(v ~ g, frame, distribution = "exact")
    note(name, level, "exact", statistic = unname(e$statistic), p_value = e$p.value,
         less = wilcox.exact(x, y, exact = TRUE, alternative = "less")$p.value,
         greater = wilcox.exact(x, y, exact = TRUE, alternative = "greater")$p.value,
         by_coin = as.numeric(pvalue(by_coin)))
    differences <- sort(outer(x, y, `-`))
    k <- max(qwilcox(alpha / 2, m, n), 1)
    note(name, level, "order", estimate = median(differences), conf_low = differences[k],
         conf_high = differences[m * n + 1 - k],
         achieved = min(level, 1 - 2 * pwilcox(k - 1, m, n)))

    # placements: the share of the other arm below each value, ties as halves
    share <- function(a, b) sapply(a, function(v) mean((b < v) + (b == v) / 2))
    p <- mean(share(x, y))
    vx <- var(share(x, y)) / m
    vy <- var(share(y, x)) / n
    if (vx + vy > 0) {
      r <- roc(rep(c(1, 0), c(m, n)), c(x, y), levels = c(0, 1), direction = "<", quiet = TRUE)
      se <- sqrt(var(r, method = "delong"))
      half <- z * se / (p * (1 - p))
      df <- (vx + vy)^2 / (vx^2 / (m - 1) + vy^2 / (n - 1))
      t <- (p - 0.5) / sqrt(vx + vy)
      half_t <- qt(1 - alpha / 2, df) * sqrt(vx + vy)
      note(name, level, "delong", std_error = se, logit_low = plogis(qlogis(p) - half),
           logit_high = plogis(qlogis(p) + half))
      note(name, level, "brunner_munzel", statistic = t, df = df, p_value = 2 * pt(-abs(t), df),
           conf_low = p - half_t, conf_high = p + half_t)
    }
    # Newcombe (2006) part 2, method 5
    star <- (m + n) / 2 - 1
    g <- function(th) (p - th)^2 - z^2 * th * (1 - th) / (m * n) *
      (1 + star * (1 - th) / (2 - th) + star * th / (1 + th))
    root <- function(a, b) uniroot(g, c(a, b), tol = 1e-15)$root
    note(name, level, "newcombe", estimate = p, conf_low = root(0, p - 1e-12),
         conf_high = if (p == 1) 1 else root(p + 1e-12, 1))
    r <- rank_biserial(x, y, ci = level, verbose = FALSE)
    note(name, level, "rank_biserial", estimate = r$r_rank_biserial, conf_low = r$CI_low,
         conf_high = r$CI_high)
    note(name, level, "cliffs_delta", estimate = mean(sign(outer(x, y, `-`))))
  }
}

for (name in names(pairs)) {
  before <- pairs[[name]][[1]]
  after <- pairs[[name]][[2]]
  d <- round(after - before, 10)
  some <- d[d != 0]
  n <- length(some)
  for (level in c(0.90, 0.95, 0.99)) {
    alpha <- 1 - level
    for (correct in c(TRUE, FALSE)) {
      w <- suppressWarnings(wilcox.test(d, exact = FALSE, correct = correct, conf.int = TRUE,
                                        conf.level = level, tol.root = 1e-12))
      note(name, level, if (correct) "corrected" else "normal", statistic = unname(w$statistic),
           p_value = w$p.value, conf_low = w$conf.int[1], conf_high = w$conf.int[2],
           achieved = min(level, attr(w$conf.int, "conf.level")))
    }
    e <- wilcox.exact(d, exact = TRUE)
    note(name, level, "exact", p_value = e$p.value,
         less = wilcox.exact(d, exact = TRUE, alternative = "less")$p.value,
         greater = wilcox.exact(d, exact = TRUE, alternative = "greater")$p.value)
    aside <- wilcoxsign_test(d ~ rep(0, length(d)), zero.method = "Wilcoxon")
    pratt <- wilcoxsign_test(d ~ rep(0, length(d)), zero.method = "Pratt")
    exact <- wilcoxsign_test(d ~ rep(0, length(d)), zero.method = "Pratt", distribution = "exact")
    note(name, level, "aside", z = unname(statistic(aside)))
    note(name, level, "pratt", z = unname(statistic(pratt)), p_value = as.numeric(pvalue(pratt)),
         exact = as.numeric(pvalue(exact)))
    b <- binom.test(sum(d > 0), n, conf.level = level)
    note(name, level, "sign", estimate = unname(b$estimate), conf_low = b$conf.int[1],
         conf_high = b$conf.int[2], p_value = b$p.value)
    r <- suppressWarnings(rank_biserial(d, ci = level, verbose = FALSE))
    note(name, level, "rank_biserial", estimate = r$r_rank_biserial, conf_low = r$CI_low,
         conf_high = r$CI_high)
    for (which in c("all", "some")) {
      v <- if (which == "all") d else some
      averages <- outer(v, v, `+`) / 2
      averages <- sort(averages[!lower.tri(averages)])
      k <- max(qsignrank(alpha / 2, length(v)), 1)
      note(name, level, paste("order", which), estimate = median(averages),
           conf_low = averages[k], conf_high = averages[length(averages) + 1 - k],
           achieved = min(level, 1 - 2 * psignrank(k - 1, length(v))))
    }
  }
}
write.csv(do.call(rbind, out), file.path(here, "ranks.csv"), row.names = FALSE, quote = TRUE)
