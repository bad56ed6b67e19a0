# Writes association.csv: correlations on real data, from base R's cor.test. The intervals of
# Spearman's and Kendall's coefficients, which cor.test has not, are Bonett & Wright's (2000).
# Run:  Rscript tests/reference/association.R
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
version <- paste(R.version$major, R.version$minor, sep = ".")

sleep <- read("sleep.csv")
depression <- read("depression_hw.csv")
anorexia <- read("anorexia.csv")
btheb <- read("bthe_b.csv")
ramp <- function(n) data.frame(x = 1:n, y = (1:n)^3)
grades <- data.frame(x = c(0, 1, 1, 2, 2, 2, 3, 3, 4, 4), y = c(1, 0, 1, 1, 2, 3, 2, 3, 3, 4))
pairs <- list(
  sleep = sleep[c("drug1", "drug2")],
  depression = depression,
  depression_first3 = depression[1:3, ],
  depression_first4 = depression[1:4, ],
  depression_first5 = depression[1:5, ],
  depression_backwards = data.frame(x = depression[[1]], y = -depression[[2]]),
  anorexia_cont = anorexia[anorexia$Treat == "Cont", c("Prewt", "Postwt")],
  anorexia_cbt = anorexia[anorexia$Treat == "CBT", c("Prewt", "Postwt")],
  anorexia_ft = anorexia[anorexia$Treat == "FT", c("Prewt", "Postwt")],
  btheb = btheb[c("bdi.pre", "bdi.2m")],
  grades = grades,
  ramp_8 = ramp(8),
  ramp_12 = ramp(12),
  ramp_49 = ramp(49),
  ramp_50 = ramp(50),
  # no two alike, more than nine: 7 i mod 11 and 31
  mixed_10 = data.frame(x = 1:10, y = (7 * (1:10)) %% 11),
  mixed_30 = data.frame(x = 1:30, y = (7 * (1:30)) %% 31)
)

out <- list()
note <- function(data, level, method, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, conf_level = level, method = method, quantity = names(values),
    value = sprintf("%.17g", values), r = version
  )
}
ends <- function(r, se, level) {
  if (is.infinite(se)) return(c(-1, 1))
  if (abs(r) > 1 - 1e-14) return(c(NaN, NaN))  # every pair agrees: no end on this scale
  tanh(atanh(r) + c(-1, 1) * qnorm(0.5 + level / 2) * se)
}

for (name in names(pairs)) {
  both <- pairs[[name]][complete.cases(pairs[[name]]), ]
  x <- both[[1]]
  y <- both[[2]]
  n <- length(x)
  tied <- anyDuplicated(x) > 0 || anyDuplicated(y) > 0
  for (level in c(0.90, 0.95, 0.99)) {
    w <- cor.test(x, y, conf.level = level)
    ci <- if (n > 3) w$conf.int else c(-1, 1)
    note(name, level, "pearson", estimate = unname(w$estimate), statistic = unname(w$statistic),
         df = unname(w$parameter), p_value = w$p.value, conf_low = ci[1], conf_high = ci[2], n = n,
         n_missing = nrow(pairs[[name]]) - n)

    w <- suppressWarnings(cor.test(x, y, method = "spearman", exact = FALSE))
    rho <- unname(w$estimate)
    ci <- ends(rho, if (n > 3) sqrt((1 + rho^2 / 2) / (n - 3)) else Inf, level)
    note(name, level, "spearman", estimate = rho, p_value = w$p.value, conf_low = ci[1],
         conf_high = ci[2])
    if (!tied && n <= 9) {
      w <- cor.test(x, y, method = "spearman", exact = TRUE)
      note(name, level, "spearman exact", statistic = unname(w$statistic), p_value = w$p.value)
    }

    w <- suppressWarnings(cor.test(x, y, method = "kendall", exact = FALSE))
    tau <- unname(w$estimate)
    ci <- ends(tau, if (n > 4) sqrt(0.437 / (n - 4)) else Inf, level)
    note(name, level, "kendall", estimate = tau, statistic = unname(w$statistic),
         p_value = w$p.value, conf_low = ci[1], conf_high = ci[2])
    if (!tied && n < 50) {
      w <- cor.test(x, y, method = "kendall", exact = TRUE)
      note(name, level, "kendall exact", statistic = unname(w$statistic), p_value = w$p.value)
    }
  }
}

wide <- btheb[complete.cases(btheb[c("bdi.pre", "bdi.2m", "bdi.3m")]),
              c("bdi.pre", "bdi.2m", "bdi.3m")]
for (method in c("pearson", "spearman", "kendall")) {
  m <- cor(wide, method = method)
  note("btheb_three", NA, method, pre_2m = m[1, 2], pre_3m = m[1, 3], two_three = m[2, 3])
}
write.csv(do.call(rbind, out), file.path(here, "association.csv"), row.names = FALSE, quote = FALSE)
