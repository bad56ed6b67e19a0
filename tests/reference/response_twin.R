# What respondents show when a population with a known share answers by symptom: plogis, uniroot, prop.test.
# Rscript tests/reference/response_twin.R, from the root of the repository.
cases <- list(
  narcoms = c(k = 168, n = 200, reference = 0.70, rate = 0.50),
  few = c(k = 9, n = 12, reference = 0.40, rate = 0.80),
  fewer_than_reference = c(k = 60, n = 150, reference = 0.66, rate = 0.35),
  all_but_one = c(k = 79, n = 80, reference = 0.84, rate = 0.60),
  equal = c(k = 42, n = 60, reference = 0.70, rate = 0.25)
)
expected <- function(reference, rate, log_ratio) {
  answered <- function(a) reference * plogis(a + log_ratio) + (1 - reference) * plogis(a) - rate
  a <- uniroot(answered, c(-60, 60), tol = 1e-15)$root
  reference * plogis(a + log_ratio) / rate
}
explains <- function(share, reference, rate) {
  ends <- c(1 - (1 - reference) / rate, reference / rate)
  if (share <= ends[1] || share >= ends[2] || share <= 0 || share >= 1) return(NA)
  exp(uniroot(function(b) expected(reference, rate, b) - share, c(-25, 25), tol = 1e-14)$root)
}
out <- NULL
for (name in names(cases)) {
  x <- as.list(cases[[name]])
  for (level in c(0.90, 0.95)) {
    seen <- suppressWarnings(prop.test(x$k, x$n, conf.level = level, correct = FALSE))
    ends <- seen$conf.int
    values <- c(observed = seen$estimate[[1]], low = ends[1], high = ends[2])
    for (ratio in c(0.5, 1, 1.5, 3))
      values[[paste0("expected/", ratio)]] <- expected(x$reference, x$rate, log(ratio))
    values[["explains"]] <- explains(x$k / x$n, x$reference, x$rate)
    values[["explains_low"]] <- explains(ends[1], x$reference, x$rate)
    values[["explains_high"]] <- explains(ends[2], x$reference, x$rate)
    out <- rbind(out, data.frame(
      case = name, k = x$k, n = x$n, reference = x$reference, rate = x$rate, level = level,
      quantity = names(values), value = sprintf("%.17g", values), r = R.version.string))
  }
}
write.csv(out, "tests/reference/response_twin.csv", row.names = FALSE)
