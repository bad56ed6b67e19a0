# Ratio of two means of the same people: survey::svyratio, which linearises as the delta method does.
# Rscript tests/reference/ratio.R, from the root of the repository.
suppressMessages(library(survey))
set.seed(1)
cases <- list(
  sleep = data.frame(after = sleep$extra[11:20] + 5, before = sleep$extra[1:10] + 5),
  warp = data.frame(after = warpbreaks$breaks[1:27], before = warpbreaks$breaks[28:54]),
  pressed = data.frame(after = c(0, 0, 3, 12, 1, 40), before = c(1, 0, 5, 30, 2, 60))
)
out <- NULL
for (name in names(cases)) {
  d <- cases[[name]]
  n <- nrow(d)
  got <- svyratio(~after, ~before, svydesign(ids = ~1, weights = ~1, data = transform(d, w = 1)))
  ratio <- as.numeric(coef(got)); se <- as.numeric(SE(got)) / ratio
  for (level in c(0.90, 0.95)) {
    reach <- qt(0.5 + level / 2, n - 1) * se
    values <- c(estimate = ratio, std_error = se, conf_low = exp(log(ratio) - reach),
                conf_high = exp(log(ratio) + reach),
                p_value = 2 * pt(-abs(log(ratio) / se), n - 1))
    out <- rbind(out, data.frame(
      dataset = name, level = level, quantity = names(values), value = sprintf("%.17g", values),
      after = paste(d$after, collapse = ";"), before = paste(d$before, collapse = ";"),
      r = R.version.string, survey = as.character(packageVersion("survey"))))
  }
}
write.csv(out, "tests/reference/ratio.csv", row.names = FALSE)
