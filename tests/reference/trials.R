# Writes trials.csv (differences between arms on real data) and made_up_centres.csv (invented people).
# Run:  Rscript tests/reference/trials.R
suppressMessages({library(sandwich); library(lmtest); library(clubSandwich); library(emmeans)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name), stringsAsFactors = TRUE)
versions <- paste0(
  "R ", R.version$major, ".", R.version$minor, ", sandwich ", packageVersion("sandwich"),
  ", clubSandwich ", packageVersion("clubSandwich"), ", emmeans ", packageVersion("emmeans")
)

set.seed(20261126)
centre <- rep(1:12, times = c(4, 6, 8, 8, 9, 10, 10, 11, 12, 13, 14, 15))
arm <- ifelse(runif(length(centre)) < 0.5, "sham", "active")
before <- round(pmin(10, pmax(0, rnorm(length(centre), 6, 1.8))), 1)
after <- round(2 + 0.6 * before + rnorm(12, 0, 0.7)[centre] - 0.4 * (arm == "active") +
  rnorm(length(centre), 0, ifelse(arm == "active", 1.6, 1.0)), 1)
after[c(7, 50, 101)] <- NA
made_up <- data.frame(
  person_id = sprintf("P%03d", seq_along(centre)), centre = centre, arm = arm, before = before,
  after = after
)
write.csv(made_up, file.path(here, "made_up_centres.csv"), row.names = FALSE, quote = FALSE)
made_up$arm <- relevel(factor(made_up$arm), "sham")
made_up$centre <- factor(made_up$centre)

anorexia <- read("anorexia.csv")
anorexia$Treat <- relevel(anorexia$Treat, "Cont")
btheb <- read("bthe_b.csv")
btheb$treatment <- relevel(btheb$treatment, "TAU")

out <- list()
note <- function(data, model, errors, level, term, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, model = model, std_errors = errors, conf_level = level, term = term,
    quantity = names(values), value = sprintf("%.17g", values)
  )
}
models <- list(
  anorexia_simple = lm(Postwt ~ Treat, anorexia),
  anorexia_baseline = lm(Postwt ~ Treat + Prewt, anorexia),
  btheb_simple = lm(bdi.2m ~ treatment, btheb),
  btheb_baseline = lm(bdi.2m ~ treatment + bdi.pre, btheb),
  btheb_adjusted = lm(bdi.2m ~ treatment + bdi.pre + drug + length, btheb),
  btheb_6m_adjusted = lm(bdi.5m ~ treatment + bdi.pre + drug + length, btheb),
  centres_baseline = lm(after ~ arm + before, made_up),
  centres_strata = lm(after ~ arm + before + centre, made_up)
)
rows <- function(name, errors, level, fit, V, df) {
  arms <- grep("^(Treat|treatment|arm)", names(coef(fit)), value = TRUE)
  for (k in arms) {
    b <- coef(fit)[[k]]
    se <- sqrt(V[k, k])
    d <- if (length(df) > 1) df[[k]] else df
    half <- qt(0.5 + level / 2, d) * se
    note(name, "difference", errors, level, sub("^(Treat|treatment|arm)", "", k),
      estimate = b, std_error = se, statistic = b / se, df = d, p_value = 2 * pt(-abs(b / se), d),
      conf_low = b - half, conf_high = b + half)
  }
}
for (name in names(models)) {
  fit <- models[[name]]
  for (level in c(0.90, 0.95, 0.99)) {
    rows(name, "classical", level, fit, vcov(fit), df.residual(fit))
    for (type in c("HC0", "HC1", "HC2", "HC3")) {
      rows(name, type, level, fit, vcovHC(fit, type = type), df.residual(fit))
    }
    used <- model.frame(fit)
    own <- coef_test(fit, vcov = "CR2", cluster = seq_len(nrow(used)), test = "Satterthwaite")
    V <- diag(own$SE^2)
    dimnames(V) <- list(names(coef(fit)), names(coef(fit)))
    rows(name, "HC2-BM", level, fit, V, setNames(as.list(own$df_Satt), names(coef(fit))))
    if (name == "centres_baseline") {
      where <- made_up$centre[as.integer(rownames(used))]
      G <- nlevels(droplevels(where))
      rows(name, "CR0", level, fit, vcovCL(fit, where, type = "HC0", cadjust = FALSE), G - 1)
      rows(name, "CR1", level, fit, vcovCL(fit, where, type = "HC1"), G - 1)
      own <- coef_test(fit, vcov = "CR2", cluster = where, test = "Satterthwaite")
      V <- diag(own$SE^2)
      dimnames(V) <- list(names(coef(fit)), names(coef(fit)))
      rows(name, "CR2", level, fit, V, setNames(as.list(own$df_Satt), names(coef(fit))))
    }
  }
  note(name, "fit", "classical", 0.95, "residual", sigma = summary(fit)$sigma, n = nobs(fit))
  by <- all.vars(formula(fit))[2]
  # other categories in their shares among the people used, as numbers are at their means
  means <- as.data.frame(summary(emmeans(fit, by, weights = "proportional")))
  for (i in seq_len(nrow(means))) {
    note(name, "mean", "classical", 0.95, as.character(means[i, 1]),
      estimate = means$emmean[i], std_error = means$SE[i], conf_low = means$lower.CL[i],
      conf_high = means$upper.CL[i])
  }
}
# against a margin: two one-sided t tests from the baseline model
fit <- models$btheb_baseline
b <- coef(fit)[["treatmentBtheB"]]
se <- sqrt(vcov(fit)["treatmentBtheB", "treatmentBtheB"])
d <- df.residual(fit)
for (margin in c(2, 5, 9)) {
  note("btheb_baseline", "margin", "classical", 0.90, sprintf("%g", margin),
    above_lower = pt((b + margin) / se, d, lower.tail = FALSE),
    below_upper = pt((b - margin) / se, d), conf_low = b - qt(0.95, d) * se,
    conf_high = b + qt(0.95, d) * se)
}
file <- file.path(here, "trials.csv")
writeLines(paste("#", versions), file)
suppressWarnings(write.table(do.call(rbind, out), file, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
