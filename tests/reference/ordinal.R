# Writes ordinal.csv: proportional odds and logistic regression on real data and made-up tables.
# Run:  Rscript tests/reference/ordinal.R   (packages ordinal, MASS, sandwich)
suppressMessages({library(ordinal); library(MASS); library(sandwich)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
version <- paste0(R.version$major, ".", R.version$minor, ", ordinal ", packageVersion("ordinal"),
                  ", MASS ", packageVersion("MASS"), ", sandwich ", packageVersion("sandwich"))
out <- list()
note <- function(data, term, quantity, value, level = NA) {
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, conf_level = level, term = term, quantity = quantity,
    value = sprintf("%.17g", value), r = version
  )
}
tight <- clm.control(gradTol = 1e-12, maxIter = 500L, maxLineIter = 50L)
levels3 <- c(0.90, 0.95, 0.99)

# the ends of a profile interval by root finding; confint() interpolates and keeps four digits
profile_ends <- function(loglik_at, hat, se, best, level) {
  z <- qnorm(0.5 + level / 2)
  f <- function(b) 2 * (best - loglik_at(b)) - z^2
  root <- function(far) uniroot(f, sort(c(hat, hat + far)), extendInt = if (far > 0) "upX" else "downX",
                                tol = 1e-12, maxiter = 1000)$root
  c(root(-1.2 * z * se), root(1.2 * z * se))
}

ordinal_answers <- function(name, data, terms, response, link = "logit", weights = NULL,
                            cluster = NULL, profiled = NULL, nominal = TRUE, at = NULL) {
  data$.w <- if (is.null(weights)) rep(1, nrow(data)) else data[[weights]]
  data$.y <- data[[response]]
  formula <- reformulate(terms, ".y")
  fit <- function(f, ...) do.call(clm, list(f, data = data, weights = quote(.w), link = link,
                                            control = tight, ...))
  m <- fit(formula)
  s <- coef(summary(m))
  for (term in rownames(s)) {
    note(name, term, "estimate", s[term, 1]); note(name, term, "std_error", s[term, 2])
    note(name, term, "statistic", s[term, 3]); note(name, term, "p_value", s[term, 4])
    for (level in levels3) {
      note(name, term, "wald_low", s[term, 1] - qnorm(0.5 + level / 2) * s[term, 2], level)
      note(name, term, "wald_high", s[term, 1] + qnorm(0.5 + level / 2) * s[term, 2], level)
    }
  }
  note(name, "", "logLik", as.numeric(logLik(m))); note(name, "", "AIC", AIC(m))
  note(name, "", "edf", m$edf); note(name, "", "n", sum(data$.w))
  null <- fit(.y ~ 1)
  note(name, "", "lr_all", 2 * as.numeric(logLik(m) - logLik(null)))
  for (term in terms) {
    if (any(grepl(":", terms)) && !grepl(":", term)) next
    rest <- setdiff(terms, term)
    smaller <- fit(if (length(rest)) reformulate(rest, ".y") else .y ~ 1)
    lr <- 2 * as.numeric(logLik(m) - logLik(smaller))
    df <- m$edf - smaller$edf
    note(name, term, "lr", lr); note(name, term, "lr_df", df)
    note(name, term, "lr_p", pchisq(lr, df, lower.tail = FALSE))
    if (nominal) {
      loose <- suppressWarnings(do.call(clm, list(
        if (length(rest)) reformulate(rest, ".y") else .y ~ 1, nominal = reformulate(term),
        data = data, weights = quote(.w), link = link,
        control = clm.control(gradTol = 1e-10, maxIter = 500L, maxLineIter = 50L))))
      lr <- 2 * as.numeric(logLik(loose) - logLik(m))
      note(name, term, "po_lr", lr); note(name, term, "po_df", loose$edf - m$edf)
      note(name, term, "po_p", pchisq(lr, loose$edf - m$edf, lower.tail = FALSE))
    }
  }
  x <- model.matrix(formula, model.frame(formula, data))[, -1, drop = FALSE]
  for (column in profiled) {
    i <- which(colnames(x) == column)
    others <- x[, -i, drop = FALSE]
    at_value <- function(b) {
      data$.o <- b * x[, i]
      f <- if (ncol(others)) .y ~ others + offset(.o) else .y ~ offset(.o)
      as.numeric(logLik(clm(f, data = data, weights = .w, link = link, control = tight)))
    }
    environment(at_value) <- list2env(list(others = others, data = data, x = x, i = i, link = link,
                                           tight = tight))
    for (level in levels3) {
      ends <- profile_ends(at_value, s[column, 1], s[column, 2], as.numeric(logLik(m)), level)
      note(name, column, "profile_low", ends[1], level)
      note(name, column, "profile_high", ends[2], level)
    }
  }
  if (!is.null(cluster)) {
    y <- as.integer(factor(data$.y)); k <- max(y)
    theta <- c(-Inf, m$alpha, Inf); eta <- as.vector(x %*% m$beta)
    g <- make.link(link)
    up <- theta[y + 1] - eta; down <- theta[y] - eta
    p <- g$linkinv(up) - g$linkinv(down)
    fu <- ifelse(is.finite(up), g$mu.eta(up), 0); fd <- ifelse(is.finite(down), g$mu.eta(down), 0)
    scores <- cbind(sapply(seq_len(k - 1), function(j) ((y == j) * fu - (y == j + 1) * fd) / p),
                    -x * (fu - fd) / p) * data$.w
    by <- rowsum(scores, data[[cluster]])
    v <- vcov(m) %*% crossprod(by) %*% vcov(m)
    for (i in seq_len(nrow(s))) note(name, rownames(s)[i], "robust_se", sqrt(v[i, i]))
    if (link == "logit") {  # a second way, rougher as polr has a numerical Hessian
      pm <- polr(reformulate(terms, "factor(.y)"), data, Hess = TRUE,
                 control = list(reltol = 1e-14, maxit = 1000))
      v2 <- vcovCL(pm, cluster = data[[cluster]], type = "HC0", cadjust = FALSE)
      stopifnot(max(abs(sqrt(diag(v2))[names(m$beta)] / sqrt(diag(v))[-seq_len(k - 1)] - 1)) < 1e-4)
    }
  }
  if (!is.null(at)) {
    p <- predict(m, newdata = at, se.fit = TRUE, interval = TRUE)
    for (i in seq_len(nrow(at))) for (j in seq_len(ncol(p$fit))) {
      term <- paste(i, j)
      note(name, term, "prob", p$fit[i, j]); note(name, term, "prob_se", p$se.fit[i, j])
      note(name, term, "prob_low", p$lwr[i, j], 0.95); note(name, term, "prob_high", p$upr[i, j], 0.95)
    }
  }
}

wine <- read("wine.csv"); wine$rating <- ordered(wine$rating); wine$judge <- factor(wine$judge)
both <- expand.grid(temp = c("cold", "warm"), contact = c("no", "yes"))
for (link in c("logit", "probit")) {
  ordinal_answers(paste0("wine_", link), wine, c("temp", "contact"), "rating", link,
                  cluster = "judge", profiled = c("tempwarm", "contactyes"), at = both)
}
ordinal_answers("wine_cross", wine, c("temp", "contact", "temp:contact"), "rating", nominal = FALSE,
                profiled = "tempwarm:contactyes")
ordinal_answers("wine_judge", wine, c("temp", "contact", "judge"), "rating", nominal = FALSE,
                profiled = "judge5")

housing <- read("housing.csv")
housing$Sat <- ordered(housing$Sat, c("Low", "Medium", "High"))
housing$Infl <- factor(housing$Infl, c("Low", "Medium", "High"))
housing$Type <- factor(housing$Type, c("Tower", "Apartment", "Atrium", "Terrace"))
housing$Cont <- factor(housing$Cont, c("Low", "High"))
for (link in c("logit", "probit")) {
  ordinal_answers(paste0("housing_", link), housing, c("Infl", "Type", "Cont"), "Sat", link,
                  weights = "Freq", profiled = c("InflHigh", "TypeAtrium", "ContHigh"),
                  at = expand.grid(Infl = c("Low", "High"), Type = c("Tower", "Terrace"), Cont = "High"))
}

koch <- read("koch.csv"); koch$y <- ordered(koch$y); koch$d <- factor(koch$day)
ordinal_answers("koch", koch, c("trt", "d"), "y", cluster = "id", profiled = "trt")
ordinal_answers("koch_day14", koch[koch$day == 14, ], "trt", "y", profiled = "trt")

epilepsy <- read("epilepsy.csv")  # a number as covariate, many levels
last <- epilepsy[epilepsy$period == 4, ]
last$fits <- ordered(cut(last$seizures, c(-1, 0, 2, 4, 8, 16, 100), labels = FALSE))
last$drug <- as.numeric(last$treatment != "placebo")
ordinal_answers("epilepsy_last", last, c("drug", "base", "age"), "fits", profiled = c("drug", "base"))

# made-up tables of two arms: control, treated; an empty level, empty cells, one person, no difference
tables <- list(
  plain = rbind(c(10, 5, 3, 2), c(4, 6, 7, 5)), steep = rbind(c(40, 3, 1, 0), c(2, 3, 9, 30)),
  empty = rbind(c(8, 0, 6, 4, 0), c(3, 0, 7, 9, 2)), equal = rbind(c(5, 5, 5), c(5, 5, 5)),
  lone = rbind(c(7, 2, 0), c(0, 1, 0)), two = rbind(c(14, 6), c(9, 13)),
  rating = rbind(c(1, 0, 3, 4, 6, 9, 12, 8, 5, 2, 1), c(2, 3, 4, 8, 9, 11, 6, 3, 1, 1, 0)),
  big = rbind(c(900, 500, 80, 3), c(850, 520, 110, 9))
)
for (name in names(tables)) for (link in c("logit", "probit")) {
  t <- tables[[name]]
  long <- data.frame(y = c(col(t)), treated = c(row(t)) - 1, w = c(t))
  long <- long[long$w > 0, ]; long$y <- ordered(long$y)
  if (nlevels(long$y) < 3) {
    m <- glm(I(y == 2) ~ treated, binomial(link), long, weights = w, epsilon = 1e-15, maxit = 100)
    note(paste0("table_", name, "_", link), "treated", "estimate", coef(m)[2])
    note(paste0("table_", name, "_", link), "treated", "logLik", -deviance(m) / 2)
    if (link == "logit") {
      note(paste0("table_", name, "_", link), "treated", "std_error", coef(summary(m))[2, 2])
    }
    next
  }
  ordinal_answers(paste0("table_", name, "_", link), long, "treated", "y", link, weights = "w",
                  profiled = "treated", nominal = FALSE)
  trend <- prop.trend.test(t[2, colSums(t) > 0], colSums(t)[colSums(t) > 0], which(colSums(t) > 0))
  note(paste0("table_", name, "_", link), "", "trend", unname(trend$statistic))
  note(paste0("table_", name, "_", link), "", "trend_p", unname(trend$p.value))
}
for (name in names(tables)) for (j in seq_len(ncol(tables[[name]]))) for (i in 1:2) {
  note(paste0("table_", name), paste(i, j), "count", tables[[name]][i, j])
}

# yes or no: odds ratio, and the risks everybody would have in either arm (delta method, glm's vcov)
respiratory <- read("respiratory.csv")
binary_answers <- function(name, data, terms) {
  formula <- reformulate(terms, "status")
  m <- glm(formula, binomial, data, epsilon = 1e-15, maxit = 100)
  s <- coef(summary(m)); v <- vcov(m); x <- model.matrix(m); arm <- colnames(x)[2]
  for (i in seq_len(nrow(s))) {
    note(name, rownames(s)[i], "estimate", s[i, 1]); note(name, rownames(s)[i], "std_error", s[i, 2])
    note(name, rownames(s)[i], "statistic", s[i, 3]); note(name, rownames(s)[i], "p_value", s[i, 4])
  }
  note(name, "", "logLik", as.numeric(logLik(m))); note(name, "", "AIC", AIC(m))
  note(name, "", "n", nrow(x)); note(name, "", "n_missing", nrow(data) - nrow(x))
  yes <- model.response(model.frame(m))
  at_value <- function(b) {
    as.numeric(logLik(glm.fit(x[, -2, drop = FALSE], yes, offset = b * x[, 2], family = binomial(),
                              control = glm.control(epsilon = 1e-15, maxit = 100)) |>
                        structure(class = "glm")))
  }
  for (level in levels3) {
    ends <- profile_ends(at_value, s[2, 1], s[2, 2], as.numeric(logLik(m)), level)
    note(name, arm, "profile_low", ends[1], level); note(name, arm, "profile_high", ends[2], level)
  }
  risk <- list(); grad <- list()
  for (a in 0:1) {
    xa <- x; xa[, 2] <- a
    p <- plogis(as.vector(xa %*% coef(m)))
    risk[[a + 1]] <- mean(p); grad[[a + 1]] <- colMeans(xa * p * (1 - p))
  }
  se <- function(g) sqrt(as.numeric(t(g) %*% v %*% g))
  note(name, "0", "risk", risk[[1]]); note(name, "0", "risk_se", se(grad[[1]]))
  note(name, "1", "risk", risk[[2]]); note(name, "1", "risk_se", se(grad[[2]]))
  note(name, "", "risk_difference", risk[[2]] - risk[[1]])
  note(name, "", "risk_difference_se", se(grad[[2]] - grad[[1]]))
  note(name, "", "log_risk_ratio", log(risk[[2]] / risk[[1]]))
  note(name, "", "log_risk_ratio_se", se(grad[[2]] / risk[[2]] - grad[[1]] / risk[[1]]))
}
month4 <- respiratory[respiratory$month == 4, ]
month4$treatment <- factor(month4$treatment, c("placebo", setdiff(unique(month4$treatment), "placebo")))
month4$centre <- factor(month4$centre)
binary_answers("respiratory_plain", month4, "treatment")
binary_answers("respiratory_adjusted", month4, c("treatment", "centre", "sex", "age", "baseline"))
gaps <- month4; gaps$age[c(3, 50, 77)] <- NA; gaps$status[c(9, 50)] <- NA
binary_answers("respiratory_gaps", gaps, c("treatment", "age", "baseline"))

write.csv(do.call(rbind, out), file.path(here, "ordinal.csv"), row.names = FALSE)
