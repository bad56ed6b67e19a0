# Writes ratios.csv: ratios of the same people's counts and times, after over before.
# Run:  Rscript tests/reference/ratios.R   (package survey)
suppressMessages(library(survey))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
version <- paste0(R.version$major, ".", R.version$minor, ", survey ", packageVersion("survey"))
out <- list()
note <- function(data, measure, quantity, value, level = NA) {
  out[[length(out) + 1]] <<- data.frame(dataset = data, measure = measure, conf_level = level,
    quantity = quantity, value = sprintf("%.17g", value), r = version)
}
answers <- function(name, before, after, plus_one = FALSE) {
  d <- data.frame(before, after); n <- nrow(d)
  r <- svyratio(~after, ~before, svydesign(~1, weights = rep(1, n), data = d))
  ratio <- as.numeric(coef(r)); se <- as.numeric(SE(r)) / ratio
  note(name, "ratio_of_means", "estimate", ratio); note(name, "ratio_of_means", "std_error", se)
  note(name, "ratio_of_means", "p_value", 2 * pt(-abs(log(ratio) / se), n - 1))
  for (level in c(0.90, 0.95, 0.99)) {
    half <- qt(0.5 + level / 2, n - 1) * se
    note(name, "ratio_of_means", "conf_low", ratio * exp(-half), level)
    note(name, "ratio_of_means", "conf_high", ratio * exp(half), level)
    t <- t.test(log(after + plus_one), log(before + plus_one), paired = TRUE, conf.level = level)
    note(name, "geometric_mean_ratio", "conf_low", exp(t$conf.int[1]), level)
    note(name, "geometric_mean_ratio", "conf_high", exp(t$conf.int[2]), level)
  }
  note(name, "geometric_mean_ratio", "estimate", exp(unname(t$estimate)))
  note(name, "geometric_mean_ratio", "p_value", t$p.value)
  note(name, "geometric_mean_ratio", "std_error", t$stderr)
}
epilepsy <- read("epilepsy.csv")
after <- tapply(epilepsy$seizures, epilepsy$subject, sum) / 56
before <- tapply(epilepsy$base, epilepsy$subject, function(x) x[1]) / 56
answers("epilepsy", as.numeric(before), as.numeric(after), TRUE)
anorexia <- read("anorexia.csv")
answers("anorexia", anorexia$Prewt, anorexia$Postwt)
write.csv(do.call(rbind, out), file.path(here, "ratios.csv"), row.names = FALSE)
