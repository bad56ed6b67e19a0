# What the control arm alone would have shown in the people treated: lm, predict, t.test and uniroot.
# Rscript tests/reference/control_arm.R, from the root of the repository.
weights <- read.csv("tests/reference/anorexia.csv")
bthe <- read.csv("tests/reference/bthe_b.csv")
rows <- function(before, after, treated) na.omit(data.frame(before, after, treated))
pick <- function(d, arm, before, after, who, control) {
  d <- d[d[[arm]] %in% c(who, control), ]
  rows(d[[before]], d[[after]], as.numeric(d[[arm]] == who))
}
cases <- list(
  CBT = pick(weights, "Treat", "Prewt", "Postwt", "CBT", "Cont"),
  FT = pick(weights, "Treat", "Prewt", "Postwt", "FT", "Cont"),
  Cont = pick(weights, "Treat", "Prewt", "Postwt", "Cont", "CBT"),
  BtheB_2m = pick(bthe, "treatment", "bdi.pre", "bdi.2m", "BtheB", "TAU"),
  BtheB_8m = pick(bthe, "treatment", "bdi.pre", "bdi.8m", "BtheB", "TAU")
)
out <- NULL
for (name in names(cases)) {
  d <- cases[[name]]
  fit <- lm(after ~ treated + before, d)
  mine <- d[d$treated == 1, ]
  n <- nrow(mine)
  mu <- mean(mine$before)
  # the mean of the very people treated: the control line at their baselines, and n new residuals
  line <- predict(fit, data.frame(treated = 0, before = mine$before), se.fit = FALSE)
  at <- predict(fit, data.frame(treated = 0, before = mu), se.fit = TRUE)
  error <- sqrt(at$se.fit^2 + sigma(fit)^2 / n)
  # share: means given by alpha, beta, slope of the model and by the mean before, which is drawn too
  beta <- coef(fit)
  V <- matrix(0, 4, 4)
  V[1:3, 1:3] <- vcov(fit)
  V[4, 4] <- var(mine$before) / n
  expected <- beta[[1]] + (beta[[3]] - 1) * mu
  observed <- expected + beta[[2]]
  J <- rbind(c(1, 0, mu, beta[[3]] - 1), c(1, 1, mu, beta[[3]] - 1))
  S <- J %*% V %*% t(J)
  for (level in c(0.90, 0.95)) {
    own <- t.test(mine$after, mine$before, paired = TRUE, conf.level = level)
    reach <- qt(0.5 + level / 2, fit$df.residual)
    apart <- function(k) (expected - k * observed)^2 -
      reach^2 * (S[1, 1] - 2 * k * S[1, 2] + k^2 * S[2, 2])
    ends <- c(NA, NA)
    if (observed^2 > reach^2 * S[2, 2]) {
      centre <- expected / observed
      find <- function(side) {
        far <- centre + side * 10^(-1:8)
        uniroot(apart, sort(c(centre, far[which(sapply(far, apart) > 0)[1]])), tol = 1e-14)$root
      }
      ends <- c(find(-1), find(1))
    }
    ci <- confint(fit, "treated", level = level)
    values <- c(
      "observed/estimate" = own$estimate[[1]], "observed/std_error" = own$stderr,
      "observed/conf_low" = own$conf.int[1], "observed/conf_high" = own$conf.int[2],
      "observed/p_value" = own$p.value, "expected/estimate" = mean(line - mine$before),
      "expected/std_error" = error, "expected/conf_low" = expected - reach * error,
      "expected/conf_high" = expected + reach * error, "beyond/estimate" = beta[[2]],
      "beyond/std_error" = sqrt(vcov(fit)[2, 2]), "beyond/conf_low" = ci[1],
      "beyond/conf_high" = ci[2], "beyond/p_value" = summary(fit)$coefficients["treated", 4],
      "share/estimate" = if (is.na(ends[1])) NA else expected / observed,
      "share/conf_low" = ends[1], "share/conf_high" = ends[2]
    )
    out <- rbind(out, data.frame(
      dataset = name, level = level, quantity = names(values), value = sprintf("%.17g", values),
      r = R.version.string))
  }
}
write.csv(out, "tests/reference/control_arm.csv", row.names = FALSE)
