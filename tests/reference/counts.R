# Writes counts.csv: counts by Poisson, quasi-Poisson, negative binomial, hurdle and zero inflation.
# Run:  Rscript tests/reference/counts.R   (packages MASS, pscl, sandwich, numDeriv)
suppressMessages({library(MASS); library(pscl); library(sandwich); library(numDeriv)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
version <- paste0(R.version$major, ".", R.version$minor, ", MASS ", packageVersion("MASS"),
                  ", pscl ", packageVersion("pscl"), ", sandwich ", packageVersion("sandwich"))
out <- list()
note <- function(data, model, term, quantity, value, level = NA) {
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, model = model, conf_level = level, term = term, quantity = quantity,
    value = sprintf("%.17g", value), r = version
  )
}
levels3 <- c(0.90, 0.95, 0.99)
tight <- glm.control(epsilon = 1e-15, maxit = 200)
# summary.glm() takes its weights from one step before the last; and by scoring;
# starting again at the end mends that
settled <- function(formula, family, data) {
  m <- glm(formula, family, data, control = tight)
  for (i in 1:6) m <- eval(bquote(glm(.(formula), .(family), data, start = .(coef(m)), control = tight)))
  m
}

coefficients_of <- function(name, model, s, v, df = Inf) {
  for (term in rownames(s)) {
    note(name, model, term, "estimate", s[term, 1]); note(name, model, term, "std_error", s[term, 2])
    note(name, model, term, "statistic", s[term, 3]); note(name, model, term, "p_value", s[term, 4])
    for (level in levels3) {
      half <- (if (is.finite(df)) qt(0.5 + level / 2, df) else qnorm(0.5 + level / 2)) * s[term, 2]
      note(name, model, term, "conf_low", s[term, 1] - half, level)
      note(name, model, term, "conf_high", s[term, 1] + half, level)
    }
  }
}
robust_of <- function(name, model, m, cluster) {
  for (type in c("HC0", "HC1", "HC2", "HC3")) {
    se <- sqrt(diag(vcovHC(m, type = type)))
    for (term in names(se)) note(name, model, term, type, se[[term]])
  }
  if (!is.null(cluster)) {
    for (factor in c(FALSE, TRUE)) {  # without and with g / (g - 1); vcovCL() has it unless told
      se <- sqrt(diag(vcovCL(m, cluster = cluster, type = "HC0", cadjust = factor)))
      for (term in names(se)) note(name, model, term, if (factor) "CR1" else "CR0", se[[term]])
    }
  }
}
rates_of <- function(name, model, m, v) {  # rates everybody would have in either arm, at offset 0
  x <- model.matrix(m); r <- list(); g <- list()
  for (a in 0:1) {
    xa <- x; xa[, 2] <- a
    mu <- exp(as.vector(xa %*% coef(m)))
    r[[a + 1]] <- mean(mu); g[[a + 1]] <- colMeans(xa * mu) / mean(mu)
    note(name, model, as.character(a), "rate", r[[a + 1]])
    note(name, model, as.character(a), "log_rate_se", sqrt(as.numeric(t(g[[a + 1]]) %*% v %*% g[[a + 1]])))
  }
}

count_answers <- function(name, data, formula, cluster = NULL) {
  p <- settled(formula, poisson(), data)
  coefficients_of(name, "poisson", coef(summary(p)))
  robust_of(name, "poisson", p, cluster); rates_of(name, "poisson", p, vcov(p))
  note(name, "poisson", "", "logLik", as.numeric(logLik(p))); note(name, "poisson", "", "AIC", AIC(p))
  note(name, "poisson", "", "deviance", deviance(p)); note(name, "poisson", "", "n", nobs(p))

  q <- settled(formula, quasipoisson(), data)
  coefficients_of(name, "quasi-poisson", coef(summary(q)), df = df.residual(q))
  note(name, "quasi-poisson", "", "dispersion", summary(q)$dispersion)
  note(name, "quasi-poisson", "", "df", df.residual(q)); rates_of(name, "quasi-poisson", q, vcov(q))

  b <- suppressWarnings(glm.nb(formula, data, control = tight))
  # theta.ml() of MASS stops early; a few Newton steps on the joint likelihood take it to the end
  par <- c(coef(b), log(b$theta)); x <- model.matrix(b); y <- b$y
  o <- model.offset(model.frame(b)); if (is.null(o)) o <- rep(0, length(y))
  k <- ncol(x)
  gradient <- function(v) {
    mu <- exp(as.vector(x %*% v[1:k]) + o); th <- exp(v[k + 1])
    c(crossprod(x, (y - mu) / (1 + mu / th)),
      th * sum(digamma(y + th) - digamma(th) + log(th) + 1 - log(th + mu) - (y + th) / (th + mu)))
  }
  for (i in 1:6) par <- par - solve(jacobian(gradient, par), gradient(par))
  b$theta <- exp(par[[k + 1]])
  b <- settled(formula, negative.binomial(b$theta), data)
  s <- coef(summary(b, dispersion = 1)); v <- summary(b, dispersion = 1)$cov.scaled
  theta <- exp(par[[k + 1]]); mu <- fitted(b)
  info <- sum(-trigamma(theta + y) + trigamma(theta) - 1 / theta + 2 / (mu + theta) -
              (y + theta) / (mu + theta)^2)
  ll <- sum(dnbinom(y, size = theta, mu = mu, log = TRUE))
  coefficients_of(name, "negative binomial", s); robust_of(name, "negative binomial", b, cluster)
  rates_of(name, "negative binomial", b, v)
  note(name, "negative binomial", "", "theta", theta)
  note(name, "negative binomial", "", "theta_se", sqrt(1 / info))
  note(name, "negative binomial", "", "logLik", ll)
  note(name, "negative binomial", "", "AIC", 2 * (k + 1) - 2 * ll)
  note(name, "negative binomial", "", "deviance", deviance(b))
  note(name, "negative binomial", "", "lr_poisson", 2 * (ll - as.numeric(logLik(p))))
}

# pscl leaves the standard errors to a numerical Hessian good to 4 digits, so the likelihood is
# written once more here from dnbinom and dpois, and pscl is held against it
two_parts <- function(name, data, count, zero, offset = NULL) {
  y <- data[[all.vars(count)[1]]]
  x <- model.matrix(count, data); z <- model.matrix(zero, data)
  o <- if (is.null(offset)) rep(0, length(y)) else offset
  k <- ncol(x); l <- ncol(z)
  full <- as.formula(paste(deparse1(count), "|", deparse1(zero[[length(zero)]])))
  data$.o <- o
  for (dist in c("negbin", "poisson")) for (kind in c("hurdle", "zero-inflated")) {
    f <- function(v) {
      mu <- exp(as.vector(x %*% v[1:k]) + o); eta <- as.vector(z %*% v[k + 1:l])
      if (dist == "negbin") {
        th <- exp(v[k + l + 1])
        d <- dnbinom(y, size = th, mu = mu, log = TRUE); d0 <- dnbinom(0, size = th, mu = mu, log = TRUE)
      } else {
        d <- dpois(y, mu, log = TRUE); d0 <- -mu
      }
      if (kind == "hurdle") {
        sum(ifelse(y == 0, plogis(-eta, log.p = TRUE), plogis(eta, log.p = TRUE) + d - log(-expm1(d0))))
      } else {
        sum(ifelse(y == 0, log(plogis(eta) + plogis(-eta) * exp(d0)), plogis(-eta, log.p = TRUE) + d))
      }
    }
    fitter <- if (kind == "hurdle") hurdle else zeroinfl
    m <- fitter(full, data = data, dist = dist, offset = .o)
    par <- c(m$coefficients$count, m$coefficients$zero,
             if (dist == "negbin") log(if (kind == "hurdle") m$theta[["count"]] else m$theta))
    for (i in 1:6) {
      h <- hessian(f, par); par <- par - solve(h, grad(f, par))
    }
    se <- sqrt(diag(solve(-hessian(f, par))))
    stopifnot(abs(f(par) - as.numeric(logLik(m))) < 1e-4,
              max(abs(se[1:(k + l)] / sqrt(diag(vcov(m))) - 1)) < 0.01)
    if (kind == "hurdle") {  # the zero part is a logistic regression of its own
      g <- settled(update(zero, .pos ~ .), binomial(), cbind(data, .pos = y > 0))
      par[k + 1:l] <- coef(g); se[k + 1:l] <- coef(summary(g))[, 2]
    }
    terms <- c(paste("count", colnames(x)), paste("zero", colnames(z)), "Log(theta)")[seq_along(par)]
    model <- paste(kind, if (dist == "negbin") "negative binomial" else "poisson")
    s <- cbind(par, se, par / se, 2 * pnorm(-abs(par / se))); rownames(s) <- terms
    coefficients_of(name, model, s)
    note(name, model, "", "logLik", f(par)); note(name, model, "", "AIC", 2 * length(par) - 2 * f(par))
  }
}

epilepsy <- read("epilepsy.csv")
epilepsy$trt <- as.numeric(epilepsy$treatment != "placebo")
epilepsy$lbase <- log(epilepsy$base / 4); epilepsy$lage <- log(epilepsy$age)
epilepsy$days <- 14 - (epilepsy$subject + epilepsy$period) %% 5  # made up: not everybody all days
count_answers("epilepsy_plain", epilepsy, seizures ~ trt + base + age + offset(log(rep(2, 236))),
              epilepsy$subject)
count_answers("epilepsy_logs", epilepsy, seizures ~ trt + lbase + lage, epilepsy$subject)
count_answers("epilepsy_days", epilepsy, seizures ~ trt + lbase + offset(log(days)), epilepsy$subject)
last <- epilepsy[epilepsy$period == 4, ]
count_answers("epilepsy_last", last, seizures ~ trt)
count_answers("epilepsy_last_days", last, seizures ~ trt + offset(log(days)))
two_parts("epilepsy_parts", epilepsy, seizures ~ trt + lbase, ~ lbase, log(epilepsy$days))

nmes <- read("nmes1988.csv")
nmes$health <- factor(nmes$health, c("average", "poor", "excellent"))
nmes$gender <- factor(nmes$gender, c("female", "male"))
nmes$insurance <- factor(nmes$insurance, c("no", "yes"))
count_answers("nmes", nmes, visits ~ hospital + health + chronic + gender + school + insurance)
two_parts("nmes", nmes, visits ~ hospital + health + chronic + gender + school + insurance,
          ~ hospital + chronic + insurance + school + gender)

write.csv(do.call(rbind, out), file.path(here, "counts.csv"), row.names = FALSE)
