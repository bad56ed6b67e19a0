# Writes change.csv and wilson.csv: before/after answers on real data, from base R alone.
# Run:  Rscript tests/reference/change.R
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
version <- paste(R.version$major, R.version$minor, sep = ".")

sleep <- read("sleep.csv")
depression <- read("depression_hw.csv")
anorexia <- read("anorexia.csv")
btheb <- read("bthe_b.csv")
pairs <- list(
  sleep = sleep[c("drug1", "drug2")],
  depression = depression,
  depression_first3 = depression[1:3, ],
  depression_first5 = depression[1:5, ],
  anorexia_cont = anorexia[anorexia$Treat == "Cont", c("Prewt", "Postwt")],
  anorexia_cbt = anorexia[anorexia$Treat == "CBT", c("Prewt", "Postwt")],
  anorexia_ft = anorexia[anorexia$Treat == "FT", c("Prewt", "Postwt")],
  btheb = btheb[c("bdi.pre", "bdi.2m")]
)

out <- list()
note <- function(data, level, measure, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, conf_level = level, measure = measure, quantity = names(values),
    value = sprintf("%.17g", values), r = version
  )
}

ncp_end <- function(t, df, p) {
  f <- function(nc) suppressWarnings(pt(t, df, nc)) - p
  uniroot(f, t + c(-1, 1) * (6 + abs(t)), tol = 1e-13, maxiter = 10000)$root
}

for (name in names(pairs)) {
  for (level in c(0.90, 0.95, 0.99)) {
    all <- pairs[[name]]
    both <- all[complete.cases(all), ]
    before <- both[[1]]
    after <- both[[2]]
    d <- after - before
    n <- length(d)
    alpha <- 1 - level

    for (end in list(list("before", before), list("after", after))) {
      w <- t.test(end[[2]], conf.level = level)
      note(name, level, paste("mean", end[[1]]), estimate = mean(end[[2]]),
           std_error = w$stderr, conf_low = w$conf.int[1], conf_high = w$conf.int[2])
    }
    w <- t.test(after, before, paired = TRUE, conf.level = level)
    note(name, level, "mean_difference", estimate = unname(w$estimate), std_error = w$stderr,
         conf_low = w$conf.int[1], conf_high = w$conf.int[2], statistic = unname(w$statistic),
         df = unname(w$parameter), p_value = w$p.value, n = n, n_missing = nrow(all) - n)

    # sign-test interval: largest k with 2 P(B <= k - 1) <= alpha
    k <- sum(2 * pbinom(0:(n - 1), n, 0.5) <= alpha)
    s <- sort(d)
    note(name, level, "median_difference", estimate = median(d),
         conf_low = if (k) s[k] else -Inf, conf_high = if (k) s[n + 1 - k] else Inf)

    # equal changes must be equal numbers, or their ties are lost: round(., 10)
    x <- round(d, 10)
    w <- suppressWarnings(wilcox.test(x, conf.int = TRUE, conf.level = level, tol.root = 1e-12))
    y <- x[x != 0]
    walsh <- outer(y, y, `+`) / 2
    note(name, level, "pseudo_median", estimate = median(walsh[!lower.tri(walsh)]),
         conf_low = w$conf.int[1], conf_high = w$conf.int[2], statistic = unname(w$statistic),
         p_value = w$p.value, conf_level = min(level, attr(w$conf.int, "conf.level")),
         exact = as.numeric(grepl("exact", w$method)))

    t <- mean(d) / (sd(d) / sqrt(n))
    ends <- c(ncp_end(t, n - 1, 1 - alpha / 2), ncp_end(t, n - 1, alpha / 2)) / sqrt(n)
    m <- n - 1
    j <- exp(lgamma(m / 2) - log(sqrt(m / 2)) - lgamma((m - 1) / 2))
    note(name, level, "d_z", estimate = t / sqrt(n), conf_low = ends[1], conf_high = ends[2])
    note(name, level, "g_z", estimate = j * t / sqrt(n), conf_low = j * ends[1],
         conf_high = j * ends[2])
    note(name, level, "d_av", estimate = mean(d) / ((sd(before) + sd(after)) / 2))

    first <- all[[1]][!is.na(all[[1]])]
    mdc <- qnorm(1 - alpha / 2) * sqrt(2) * sd(first) * sqrt(1 - 0.83)
    q <- qchisq(c(1 - alpha / 2, alpha / 2), length(first) - 1)
    note(name, level, "minimal_detectable_change", estimate = mdc,
         conf_low = mdc * sqrt((length(first) - 1) / q[1]),
         conf_high = mdc * sqrt((length(first) - 1) / q[2]), n = length(first))

    share <- function(count, size, measure) {
      w <- suppressWarnings(prop.test(count, size, correct = FALSE, conf.level = level))
      note(name, level, measure, estimate = count / size, conf_low = w$conf.int[1],
           conf_high = w$conf.int[2], n = size)
    }
    share(sum(x < -1), n, "less")
    share(sum(abs(x) <= 1), n, "same")
    share(sum(x > 1), n, "more")
    if (min(before) > 0) {
      for (threshold in c(0.05, 0.20, 0.30)) {
        share(sum(round(before - after - threshold * before, 10) >= 0), n,
              paste("fall", threshold))
      }
    }
  }
}
write.csv(do.call(rbind, out), file.path(here, "change.csv"), row.names = FALSE, quote = FALSE)

cases <- data.frame(x = c(81, 15, 0, 1, 29, 20, 0, 1, 10), n = c(263, 148, 20, 29, 29, 20, 1, 1, 20))
cases <- merge(cases, data.frame(conf_level = c(0.90, 0.95, 0.99)))
ends <- mapply(function(x, n, level) {
  suppressWarnings(prop.test(x, n, correct = FALSE, conf.level = level))$conf.int
}, cases$x, cases$n, cases$conf_level)
cases$conf_low <- sprintf("%.17g", ends[1, ])
cases$conf_high <- sprintf("%.17g", ends[2, ])
cases$r <- version
write.csv(cases, file.path(here, "wilson.csv"), row.names = FALSE, quote = FALSE)
