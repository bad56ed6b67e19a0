# Writes power.csv: power of the usual tests, and the size for a power.
# Run:  Rscript tests/reference/power.R   (packages pwr, Hmisc)
suppressMessages({library(pwr); library(Hmisc)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
version <- paste0(R.version$major, ".", R.version$minor, ", pwr ", packageVersion("pwr"), ", Hmisc ",
                  packageVersion("Hmisc"))
out <- list()
note <- function(kind, a, b, c, d, sided, alpha, value) {
  out[[length(out) + 1]] <<- data.frame(kind = kind, a = a, b = b, c = c, d = d, sided = sided,
    alpha = alpha, value = sprintf("%.17g", value), r = version)
}
one <- function(sided) if (sided == 2) "two.sided" else "one.sided"
for (sided in 1:2) for (alpha in c(0.01, 0.05)) {
  for (n in c(4, 20, 63.5, 300)) for (delta in c(0.1, 0.5, 1.3)) for (sd in c(1, 2.5)) {
    for (strict in if (sided == 2) c(TRUE, FALSE) else FALSE)
      note(if (strict) "means strict" else "means", n, delta, sd, NA, sided, alpha,
           power.t.test(n, delta, sd, alpha, type = "two.sample", alternative = one(sided), strict = strict)$power)
    note("change", n, delta, sd, NA, sided, alpha,
         power.t.test(n, delta, sd, alpha, type = "paired", alternative = one(sided))$power)
  }
  for (power in c(0.5, 0.8, 0.95)) for (delta in c(0.3, 1.5)) {
    note("means n", power, delta, 1, NA, sided, alpha,
         power.t.test(delta = delta, sig.level = alpha, power = power, alternative = one(sided), tol = 1e-12)$n)
  }
  for (n in c(20, 80)) for (power in c(0.6, 0.9))
    note("means gap", n, power, 1.7, NA, sided, alpha,
         power.t.test(n, sd = 1.7, sig.level = alpha, power = power, alternative = one(sided), tol = 1e-12)$delta)
  for (n in c(12, 50, 400)) for (p in c(0.1, 0.5)) for (q in c(0.25, 0.75)) {
    note("proportions", n, p, q, NA, sided, alpha,
         power.prop.test(n, p, q, alpha, alternative = one(sided))$power)
    note("arcsine", n, p, q, NA, sided, alpha,
         pwr.2p.test(ES.h(max(p, q), min(p, q)), n, alpha,
                     alternative = if (sided == 2) "two.sided" else "greater")$power)
  }
  for (power in c(0.7, 0.9)) for (q in c(0.3, 0.75))
    note("proportions n", power, 0.5, q, NA, sided, alpha,
         power.prop.test(p1 = 0.5, p2 = q, power = power, sig.level = alpha, alternative = one(sided), tol = 1e-12)$n)
  for (n1 in c(10, 90)) for (n2 in c(10, 60)) for (d in c(0.2, 0.9))
    note("unequal", n1, n2, d, NA, sided, alpha,
         pwr.t2n.test(n1, n2, d, alpha, alternative = if (sided == 2) "two.sided" else "greater")$power)
}
for (alpha in c(0.01, 0.05)) {
  for (n in c(10, 50, 200)) for (r in c(0.1, 0.3, 0.7))
    note("correlation", n, r, NA, NA, 2, alpha, pwr.r.test(n, r, alpha)$power)
  for (groups in c(3, 5)) for (n in c(5, 12, 40)) for (between in c(0.2, 1))
    note("groups", groups, n, between, 3, 2, alpha,
         power.anova.test(groups, n, between, 3, sig.level = alpha)$power)
  for (w in c(0.1, 0.3)) for (n in c(60, 1000)) for (df in c(1, 4))
    note("table", w, n, df, NA, 2, alpha, pwr.chisq.test(w, n, df, alpha)$power)
  for (u in c(1, 5)) for (v in c(10, 89)) for (f2 in c(0.02, 0.15))
    note("regression", u, v, f2, NA, 2, alpha, pwr.f2.test(u, v, f2, alpha)$power)
  for (n in c(60, 180)) for (ratio in c(0.4, 1.5, 3))
    note("grades", n, ratio, NA, NA, 2, alpha,
         popower(c(0.3, 0.4, 0.2, 0.1), ratio, n, alpha = alpha)$power)
  for (ratio in c(0.4, 2)) for (power in c(0.8, 0.9))
    note("grades n", power, ratio, NA, NA, 2, alpha,
         posamsize(c(0.3, 0.4, 0.2, 0.1), ratio, alpha = alpha, power = power)$n)
}
write.csv(do.call(rbind, out), file.path(here, "power.csv"), row.names = FALSE)
