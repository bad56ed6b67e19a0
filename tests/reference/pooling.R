# Effects of studies and their pooling: metafor's escalc, rma, rma.mh, rma.peto, regtest, ranktest, trimfill.
# Rscript tests/reference/pooling.R, from the root of the repository.
# Writes pooling.csv (answers), pooling_data.csv (invented effects) and pooling_arms.csv (invented arms).
suppressMessages(library(metafor))
said <- paste0(R.version.string, ", metafor ", packageVersion("metafor"))
tight <- list(threshold = 1e-13, maxiter = 10000, tol = 1e-13)
out <- NULL
put <- function(case, ...) {
  values <- c(...)
  out <<- rbind(out, data.frame(case = case, quantity = names(values),
                                value = sprintf("%.17g", unname(values)), r = said))
}

# --- effects of studies from what papers print -----------------------------------------------------
set.seed(7)
k <- 9
arms <- data.frame(
  study = paste("study", 1:k), n1 = c(10, 26, 144, 12, 5, 60, 33, 3, 18),
  n2 = c(12, 26, 135, 9, 6, 31, 33, 4, 20),
  m1 = round(rnorm(k, -1.2, 0.8), 2), m2 = round(rnorm(k, -0.6, 0.5), 2),
  sd1 = round(runif(k, 0.4, 2.8), 2), sd2 = round(runif(k, 0.4, 2.8), 2),
  a = c(4, 11, 40, 0, 2, 30, 12, 0, 18), b = c(3, 9, 21, 2, 2, 10, 12, 4, 9),
  t1 = round(runif(k, 5, 90), 1), t2 = round(runif(k, 5, 90), 1), r = round(runif(k, 0.1, 0.9), 2))
write.csv(arms, "tests/reference/pooling_arms.csv", row.names = FALSE)
each <- function(case, x) for (i in seq_along(x$yi))
  put(case, setNames(c(x$yi[i], x$vi[i]), paste0(c("effect/", "variance/"), i)))
with(arms, {
  for (m in c("MD", "SMD", "ROM"))
    each(m, suppressWarnings(escalc(m, m1i = if (m == "ROM") abs(m1) + 1 else m1, sd1i = sd1, n1i = n1,
                                    m2i = if (m == "ROM") abs(m2) + 1 else m2, sd2i = sd2, n2i = n2)))
  for (m in c("OR", "RR", "RD")) each(m, escalc(m, ai = a, n1i = n1, ci = b, n2i = n2))
  each("IRR", escalc("IRR", x1i = a, t1i = t1, x2i = b, t2i = t2))
  for (m in c("PLO", "PFT", "PR")) each(m, escalc(m, xi = a, ni = n1))
  each("MC", escalc("MC", m1i = m1, m2i = m2, sd1i = sd1, sd2i = sd2, ri = r, ni = n1))
  # the same sign and the second one's spread, as here: 1 minus 2 over sd_2
  each("SMCR", escalc("SMCR", m1i = m2, m2i = m1, sd1i = sd2, ri = r, ni = n1))
})

# --- invented effects ------------------------------------------------------------------------------
make <- function(case, k, tau, low, high, bend = 0) {
  x <- round(runif(k, -2, 2), 2)
  v <- round(runif(k, low, high), 4)
  data.frame(case = case, study = paste("s", 1:k), effect = round(rnorm(k, 0.4 + bend * x, sqrt(v + tau^2)), 4),
             variance = v, x = x, g = sample(rep(c("a", "b", "c"), length.out = k)))
}
bcg <- escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = read.csv("tests/reference/meta_bcg.csv"))
data <- rbind(
  data.frame(case = "bcg", study = paste(bcg$author, bcg$year), effect = c(bcg$yi), variance = c(bcg$vi),
             x = bcg$ablat, g = bcg$alloc),
  make("alike", 8, 0, 0.05, 0.4), make("apart", 12, 1.1, 0.02, 0.6, 0.5),
  make("two", 2, 0.5, 0.05, 0.2), make("three", 3, 0.4, 0.05, 0.2),
  make("many", 30, 0.3, 0.01, 1.5, 0.3), make("one is sure", 6, 0.5, 0.2, 1.0))
data$variance[data$case == "one is sure"][3] <- 0.001
data$effect <- as.numeric(sprintf("%.15g", data$effect)); data$variance <- as.numeric(sprintf("%.15g", data$variance))
write.csv(data, "tests/reference/pooling_data.csv", row.names = FALSE)

methods <- c("EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
fitted_values <- function(f) {
  v <- c(estimate = f$beta[[1]], se = f$se[[1]], statistic = f$zval[[1]], p = f$pval[[1]], low = f$ci.lb[[1]],
         high = f$ci.ub[[1]], tau2 = f$tau2, I2 = f$I2, H2 = f$H2, Q = f$QE, Qp = f$QEp)
  if (!is.null(f$se.tau2) && !is.na(f$se.tau2)) v <- c(v, se_tau2 = f$se.tau2)
  v
}
for (case in unique(data$case)) {
  d <- data[data$case == case, ]
  for (m in methods) for (test in c("z", "knha")) {
    f <- rma(effect, variance, data = d, method = m, test = test, control = tight)
    key <- paste(case, m, test, sep = "/")
    put(key, fitted_values(f))
    if (m != "EE") {
      p <- predict(f)
      put(key, c(pi_low = p$pi.lb, pi_high = p$pi.ub))
    }
    put(key, setNames(weights(f), paste0("weight/", seq_len(nrow(d)))))
  }
  for (m in c("DL", "REML", "ML", "PM")) {
    ends <- confint(rma(effect, variance, data = d, method = m, control = tight),
                    control = list(tol = 1e-13, tau2.max = 1000))$random
    for (row in c("tau^2", "I^2(%)"))
      put(paste(case, m, "z", sep = "/"), setNames(ends[row, 2:3], paste0(row, c("/low", "/high"))))
  }
  if (nrow(d) < 5) next
  for (m in c("EE", "DL", "REML", "ML", "PM")) for (test in c("z", "knha")) for (mods in c("x", "g", "x+g")) {
    if (mods != "x" && nrow(d) < 8) next
    f <- rma(effect, variance, mods = as.formula(paste("~", mods)), data = d, method = m, test = test, control = tight)
    key <- paste(case, m, test, mods, sep = "/")
    names_of <- gsub("intrcpt", "intercept", rownames(f$beta))
    for (field in c("beta", "se", "zval", "pval", "ci.lb", "ci.ub"))
      put(key, setNames(as.numeric(f[[field]]), paste(field, names_of, sep = "/")))
    v <- c(tau2 = f$tau2, I2 = f$I2, QE = f$QE, QEp = f$QEp, QM = f$QM, QMp = f$QMp)
    if (!is.null(f$R2)) v <- c(v, R2 = f$R2)
    put(key, v)
  }
  for (m in c("EE", "REML", "DL")) {
    f <- rma(effect, variance, data = d, method = m, control = tight)
    l <- leave1out(f)
    for (field in c("estimate", "se", "ci.lb", "ci.ub"))
      put(paste(case, m, "leave", sep = "/"), setNames(l[[field]], paste(field, seq_len(nrow(d)), sep = "/")))
    e <- regtest(f); put(paste(case, m, "egger", sep = "/"), c(z = e$zval, p = e$pval, limit = e$est[[1]],
                         limit_low = e$ci.lb[[1]], limit_high = e$ci.ub[[1]]))
    t <- trimfill(f); put(paste(case, m, "trimfill", sep = "/"),
                          c(k0 = t$k0, right = as.numeric(t$side == "right"), estimate = t$beta[[1]], low = t$ci.lb, high = t$ci.ub))
  }
  f <- rma(effect, variance, data = d, method = "DL")
  e <- regtest(f, model = "lm"); put(paste(case, "egger lm", sep = "/"), c(t = e$zval, df = e$dfs, p = e$pval))
  b <- ranktest(f); put(paste(case, "begg", sep = "/"), c(tau = b$tau[[1]], p = b$pval[[1]]))
  parts <- lapply(split(d, d$g), function(s) if (nrow(s) > 1) rma(effect, variance, data = s, method = "REML", control = tight))
  parts <- parts[!sapply(parts, is.null)]
  for (g in names(parts)) put(paste(case, "groups", sep = "/"),
    setNames(c(parts[[g]]$beta[[1]], parts[[g]]$se, parts[[g]]$tau2), paste(c("estimate", "se", "tau2"), g, sep = "/")))
  between <- rma(sapply(parts, function(p) p$beta[[1]]), sei = sapply(parts, function(p) p$se), method = "EE")
  put(paste(case, "groups", sep = "/"), c(Q = between$QE, Qp = between$QEp))
}

# --- tables and shares -----------------------------------------------------------------------------
for (name in c("bcg", "arms")) {
  t <- if (name == "bcg") with(read.csv("tests/reference/meta_bcg.csv"), data.frame(a = tpos, n1 = tpos + tneg, b = cpos, n2 = cpos + cneg)) else arms
  for (m in c("OR", "RR", "RD")) {
    f <- rma.mh(measure = m, ai = a, n1i = n1, ci = b, n2i = n2, data = t)
    v <- c(estimate = f$beta[[1]], se = f$se, low = f$ci.lb, high = f$ci.ub, Q = f$QE)
    if (m == "OR") v <- c(v, cmh = f$MH, cmh_p = f$MHp, tarone = f$TA, tarone_p = f$TAp)
    put(paste(name, "MH", m, sep = "/"), v)
  }
  f <- rma.peto(ai = a, n1i = n1, ci = b, n2i = n2, data = t)
  put(paste(name, "Peto", sep = "/"), c(estimate = f$beta[[1]], se = f$se, low = f$ci.lb, high = f$ci.ub, Q = f$QE))
}
pritz <- read.csv("tests/reference/meta_pritz1997.csv")
for (name in c("pritz", "arms")) {
  p <- if (name == "pritz") pritz else data.frame(xi = arms$b, ni = arms$n2)
  for (m in c("PLO", "PFT")) {
    e <- escalc(m, xi = xi, ni = ni, data = p)
    for (test in c("z", "knha")) {
      f <- rma(yi, vi, data = e, method = "REML", test = test, control = tight)
      back <- if (m == "PLO") predict(f, transf = transf.ilogit) else predict(f, transf = transf.ipft.hm, targs = list(ni = p$ni))
      put(paste(name, m, test, sep = "/"), c(estimate = f$beta[[1]], se = f$se, tau2 = f$tau2, share = back$pred, low = back$ci.lb, high = back$ci.ub))
    }
  }
  f <- rma.glmm(measure = "PLO", xi = xi, ni = ni, data = p, nAGQ = 25)
  put(paste(name, "GLMM", sep = "/"), c(estimate = f$beta[[1]], se = f$se, tau2 = f$tau2))
  # the same likelihood by integrate() and optim(), nearer to its maximum than lme4 stops
  loss <- function(at) -sum(mapply(function(x, n) log(integrate(function(z)
    dbinom(x, n, plogis(at[1] + at[2] * z)) * dnorm(z), -9, 9, rel.tol = 1e-12, subdivisions = 500)$value), p$xi, p$ni))
  at <- c(f$beta[[1]], sqrt(f$tau2))
  for (i in 1:4) at <- optim(at, loss, control = list(reltol = 1e-16, maxit = 2000))$par
  put(paste(name, "likelihood", sep = "/"), c(estimate = at[1], se = sqrt(solve(optimHess(at, loss))[1, 1]), tau2 = at[2]^2))
}
write.csv(out, "tests/reference/pooling.csv", row.names = FALSE)
