# Writes resampling.csv: bootstrap intervals from given resamples, and exact permutation tests.
# Run:  Rscript tests/reference/resampling.R
suppressMessages({library(boot); library(coin); library(exactRankTests)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name))
packages <- c("boot", "coin", "exactRankTests")
version <- paste(c(paste0("R ", R.version$major, ".", R.version$minor),
                   sapply(packages, function(p) paste(p, packageVersion(p)))), collapse = "; ")
out <- list()
note <- function(data, level, measure, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, conf_level = level, measure = measure, quantity = names(values),
    value = sprintf("%.17g", values), versions = version
  )
}

# Both programs must see the same resamples, so these come from arithmetic, not from a generator:
# person j of resample b is the person whose number is the middle of (b + 1)^2 (j + 7)^3 modulo a prime
drawn <- function(n, resamples, shift) {
  outer(0:(resamples - 1), 0:(n - 1), function(b, j) {
    v <- (((b + 1 + shift)^2 %% 99991) * ((j + 7)^3 %% 99991)) %% 99991
    floor(v / 99991 * n) + 1
  })
}
sleep <- read("sleep.csv")
anorexia <- read("anorexia.csv")
btheb <- read("bthe_b.csv")
change <- round(anorexia$Postwt - anorexia$Prewt, 10)
one <- list(anorexia = sort(change), sleep = sort(sleep$drug2 - sleep$drug1))
statistics <- list(mean = mean, trimmed_mean = function(x) mean(x, trim = 0.2),
                   sd = function(x) sd(x))
made <- function(t, t0, data) {
  structure(list(t0 = t0, t = matrix(t), R = length(t), data = data, seed = 1, sim = "ordinary",
                 statistic = function(d, i) 0, stype = "i", call = quote(boot(data, f, 999)),
                 strata = rep(1, length(data)), weights = 1), class = "boot")
}
# a mean of tenths that equals that of the data may look smaller by 1e-16, so all is rounded first.
# boot counts such ties as not below the estimate; half_* has them half below (as SciPy does)
half_below <- function(b, level, pull) {
  w <- qnorm((sum(b$t < b$t0) + sum(b$t == b$t0) / 2) / b$R)
  a <- sum(pull^3) / (6 * sum(pull^2)^1.5)
  z <- w + qnorm(c(0.5 - level / 2, 0.5 + level / 2))
  boot:::norm.inter(b$t, pnorm(w + z / (1 - a * z)))[, 2]
}
ends <- function(name, stat, b, pull) {
  b$t <- round(b$t, 10)
  b$t0 <- round(b$t0, 10)
  for (level in c(0.90, 0.95, 0.99)) {
    w <- boot.ci(b, conf = level, type = c("basic", "perc", "bca"), L = pull)
    half <- half_below(b, level, pull)
    note(name, level, stat, estimate = b$t0, std_error = sd(b$t), ties = sum(b$t == b$t0),
         half_low = half[1], half_high = half[2],
         percentile_low = w$percent[4], percentile_high = w$percent[5], basic_low = w$basic[4],
         basic_high = w$basic[5], bca_low = w$bca[4], bca_high = w$bca[5])
  }
}
for (name in names(one)) {
  x <- one[[name]]
  i <- drawn(length(x), 1999, 0)
  for (stat in names(statistics)) {
    f <- statistics[[stat]]
    left <- sapply(seq_along(x), function(j) f(x[-j]))
    b <- made(apply(i, 1, function(k) f(x[k])), f(x), x)
    ends(name, stat, b, mean(left) - left)
  }
}
x <- sort(na.omit(btheb$bdi.2m[btheb$treatment == "BtheB"]))
y <- sort(na.omit(btheb$bdi.2m[btheb$treatment == "TAU"]))
i <- drawn(length(x), 1999, 0)
j <- drawn(length(y), 1999, 500)
t <- sapply(1:1999, function(b) mean(x[i[b, ]]) - mean(y[j[b, ]]))
pull <- function(v, sign) {
  left <- sign * sapply(seq_along(v), function(k) mean(v[-k]))
  (length(v) - 1) * (mean(left) - left) / length(v)
}
ends("btheb", "mean_difference", made(t, mean(x) - mean(y), c(x, y)), c(pull(x, 1), pull(y, -1)))

# permutation tests by listing, and by coin and exactRankTests where they have the design
listed <- function(score, first, unit, stratum) {
  units <- unique(data.frame(unit, stratum, first))
  sets <- lapply(unique(stratum), function(s) {
    u <- units[units$stratum == s, ]
    combn(nrow(u), sum(u$first), function(k) u$unit[k], simplify = FALSE)
  })
  difference <- function(chosen) {
    z <- unit %in% chosen
    top <- bottom <- 0
    for (s in unique(stratum)) {
      a <- score[z & stratum == s]
      b <- score[!z & stratum == s]
      if (length(a) && length(b)) {
        w <- length(a) * length(b) / (length(a) + length(b))
        top <- top + w * (mean(a) - mean(b))
        bottom <- bottom + w
      }
    }
    top / bottom
  }
  all <- apply(expand.grid(lapply(sets, seq_along)), 1, function(k) {
    difference(unlist(Map(function(s, q) s[[q]], sets, k)))
  })
  seen <- difference(units$unit[units$first])
  c(estimate = seen, p_value = mean(abs(all) >= abs(seen) - 1e-9), arrangements = length(all))
}
arms <- list(
  small = list(c(3, 5, 9, 4, 7, 8, 2, 6, 1, 5, 4), c(1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0)),
  ties = list(c(4, 4, 5, 6, 6, 7, 1, 2, 2, 4, 4, 3, 5), rep(c(1, 0), c(6, 7)))
)
for (name in names(arms)) {
  v <- arms[[name]][[1]]
  z <- arms[[name]][[2]] == 1
  f <- data.frame(v, g = factor(z, levels = c(TRUE, FALSE)))
  note(name, NA, "arms", listed(v, z, seq_along(v), rep(1, length(v))),
       coin = as.numeric(pvalue(oneway_test(v ~ g, f, distribution = "exact"))),
       perm_test = perm.test(v[z], v[!z], exact = TRUE)$p.value)
}
v <- c(3, 7, 5, 9, 8, 4, 2, 6, 1, 5, 3, 4)
z <- rep(c(TRUE, FALSE), each = 6)
arms$even <- list(v, as.numeric(z))
note("even", NA, "arms", listed(v, z, seq_along(v), rep(1, length(v))),
     coin = as.numeric(pvalue(oneway_test(v ~ g, data.frame(v, g = factor(z)), distribution = "exact"))),
     perm_test = perm.test(v[z], v[!z], exact = TRUE)$p.value)
# what the two-sided test does not reject, by halving. perm.test(conf.int = TRUE) is not used: for
# "even" at 80 % it gives 0.75, where p = 0.195 at 0.76 already
for (name in names(arms)) {
  v <- arms[[name]][[1]]
  z <- arms[[name]][[2]] == 1
  p <- function(t) listed(v - t * z, z, seq_along(v), rep(1, length(v)))[["p_value"]]
  for (level in c(0.80, 0.95)) {
    middle <- mean(v[z]) - mean(v[!z])
    end <- function(step) {
      inside <- middle
      outside <- middle + step
      for (i in 1:30) {
        half <- (inside + outside) / 2
        if (p(half) > 1 - level + 1e-12) inside <- half else outside <- half
      }
      inside
    }
    note(name, level, "arms", conf_low = end(-20), conf_high = end(20))
  }
}
# too many to list: coin counts them by their sums, this package draws some
big <- function(name, f) {
  f <- f[complete.cases(f), ]
  note(name, NA, "arms", n = nrow(f),
       coin = as.numeric(pvalue(oneway_test(v ~ g, f, distribution = "exact"))))
}
part <- anorexia$Treat != "FT"
big("anorexia", data.frame(v = round(10 * change[part]), g = factor(anorexia$Treat[part])))
big("btheb", data.frame(v = btheb$bdi.2m, g = factor(btheb$treatment)))
v <- c(4, 6, 5, 9, 2, 3, 8, 7, 7, 5, 1, 4, 6, 2)
z <- c(0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0) == 1
s <- rep(1:3, c(5, 5, 4))
f <- data.frame(v, g = factor(z, levels = c(TRUE, FALSE)), s = factor(s))
note("strata", NA, "arms", listed(v, z, seq_along(v), s),
     coin = as.numeric(pvalue(oneway_test(v ~ g | s, f, distribution = "exact"))))
v <- c(5, 7, 6, 8, 9, 7, 3, 4, 6, 2, 5, 1, 4, 4, 8, 6, 3)
centre <- c(1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 7, 7)
note("centres", NA, "centres", listed(v, centre <= 3, centre, rep(1, 17)))
note("matched", NA, "centres", listed(v, centre %in% c(1, 3, 6, 7), centre, ifelse(centre <= 4, 1, 2)))
period1 <- c(6, 5, 8, 7, 4, 6, 3, 5, 5)
period2 <- c(4, 5, 5, 6, 1, 7, 5, 6, 8)
note("crossover", NA, "crossover",
     listed((period1 - period2) / 2, rep(c(TRUE, FALSE), c(5, 4)), 1:9, rep(1, 9)))
before <- c(5, 6, 7, 4, 8, 6, 5, 9, 3, 6)
after <- c(4, 6, 5, 5, 5, 4, 5, 6, 3, 4)
d <- after - before
signs <- as.matrix(expand.grid(rep(list(c(1, -1)), 10)))
note("pairs", NA, "pairs", estimate = mean(d),
     p_value = mean(abs(signs %*% d) >= abs(sum(d)) - 1e-9), arrangements = nrow(signs),
     perm_test = perm.test(after, before, paired = TRUE, exact = TRUE)$p.value)
write.csv(do.call(rbind, out), file.path(here, "resampling.csv"), row.names = FALSE, quote = TRUE)
