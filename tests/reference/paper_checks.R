# What printed numbers imply: pt, pf, pchisq, qt, t.test's interval from summaries, var.test's p.
# Rscript tests/reference/paper_checks.R, from the root of the repository.
out <- NULL
put <- function(case, value) out <<- rbind(out, data.frame(case = case, value = sprintf("%.17g", value), r = R.version.string))
put("t 2.32 13", 2 * pt(-2.32, 13)); put("t 1.81 13", 2 * pt(-1.81, 13)); put("t 2.24 13", 2 * pt(-2.24, 13))
put("z 1.98", 2 * pnorm(-1.98)); put("F 4.1 2 27", pf(4.1, 2, 27, lower.tail = FALSE)); put("chi2 9.2 3", pchisq(9.2, 3, lower.tail = FALSE))
put("sd one", (10.01 - -9.45) / (2 * qt(0.975, 24)) * sqrt(25))
put("sd two", (10.01 - -9.45) / (2 * qt(0.975, 229)) / sqrt(1 / 116 + 1 / 115))
put("sd two normal 0.9", (-0.04 - -0.61) / (2 * qnorm(0.95)) / sqrt(1 / 330 + 1 / 336))
put("se p", 0.52 / qnorm(1 - 0.048 / 2)); put("se p df", 0.52 / qt(1 - 0.048 / 2, 182))
put("var", 2 * pf((20.9 / 3.3)^2, 9, 9, lower.tail = FALSE))
set.seed(4); a <- rnorm(26); b <- rnorm(26); a <- (a - mean(a)) / sd(a) * 0.29 + 1.77; b <- (b - mean(b)) / sd(b) * 0.38 + 1.73
put("baseline", t.test(a, b, var.equal = TRUE)$p.value)
set.seed(5); before <- rnorm(40); after <- 0.6 * before + rnorm(40)
put("sd before", sd(before)); put("sd after", sd(after)); put("r", cor(before, after)); put("sd change", sd(after - before))
write.csv(out, "tests/reference/paper_checks.csv", row.names = FALSE)
