# Writes multiplicity.csv: adjusted p values. Single-step and stepwise methods are base R's
# p.adjust. Sequences and gates are worked out by their definition: closed testing of every
# intersection, and for parallel gates the graph of Bretz et al. (2009), algorithm 2.
# Run:  Rscript tests/reference/multiplicity.R
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
version <- paste(R.version$major, R.version$minor, sep = ".")

vectors <- list(
  bh1995 = c(.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719,
             .6528, .7590, 1),
  eight = c(0.011, 0.042, 0.0008, 0.2, 0.03, 0.6, 0.0061, 0.049),
  eight_small = c(0.001, 0.002, 0.0008, 0.004, 0.003, 0.006, 0.0061, 0.0049),
  ties = c(0.02, 0.01, 0.02, 0.01, 0.5, 0.5),
  missing = c(0.01, NA, 0.04, 0.03, NA, 0.005),
  ends = c(0, 1, 0.5, 0, 1),
  close = c(0.041, 0.042, 0.043, 0.044, 0.045),
  two = c(0.03, 0.04),
  one = 0.03,
  large = c(0.9, 0.95, 0.99)
)
out <- list()
note <- function(data, method, p, adjusted) {
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, method = method, place = seq_along(p), p = sprintf("%.17g", p),
    adjusted = sprintf("%.17g", adjusted), r = version
  )
}
for (name in names(vectors)) {
  for (method in c("bonferroni", "holm", "hochberg", "hommel", "BH", "BY")) {
    note(name, method, vectors[[name]], p.adjust(vectors[[name]], method))
  }
}

# adjusted p of i: the largest p of all intersections that hold i
closed <- function(p, local) {
  m <- length(p)
  worst <- numeric(m)
  for (code in 1:(2^m - 1)) {
    set <- which(bitwAnd(code, 2^(0:(m - 1))) > 0)
    worst[set] <- pmax(worst[set], min(1, local(set)))
  }
  worst
}
simes <- function(p) min(length(p) * sort(p) / seq_along(p))
first_of <- function(set, families) {
  for (f in families) if (length(both <- intersect(set, f))) return(both)
}
graph <- function(p, w, g) {
  m <- length(p)
  left <- seq_len(m)
  adjusted <- rep(1, m)
  reached <- 0
  while (length(left)) {
    ratio <- ifelse(w[left] > 0, p[left] / w[left], Inf)
    j <- left[which.min(ratio)]
    reached <- max(reached, min(ratio))
    adjusted[j] <- min(1, reached)
    left <- setdiff(left, j)
    new_w <- w
    new_g <- g * 0
    for (l in left) {
      new_w[l] <- w[l] + w[j] * g[j, l]
      for (k in left) {
        if (l != k && g[l, j] * g[j, l] < 1) {
          new_g[l, k] <- (g[l, k] + g[l, j] * g[j, k]) / (1 - g[l, j] * g[j, l])
        }
      }
    }
    w <- new_w
    g <- new_g
  }
  adjusted
}

for (name in c("eight", "eight_small", "ties", "ends", "close", "two", "one", "large")) {
  p <- vectors[[name]]
  m <- length(p)
  note(name, "closed holm", p, closed(p, function(s) length(s) * min(p[s])))
  note(name, "fixed_sequence", p, closed(p, function(s) p[min(s)]))
  for (kind in c("equal", "falling")) {
    w <- if (kind == "equal") rep(1, m) / m else (m:1) / sum(1:m)
    share <- function(s) vapply(seq_along(s), function(i) {
      sum(w[(if (i == 1) 1 else s[i - 1] + 1):s[i]])
    }, 0)
    note(name, paste("fallback", kind), p, closed(p, function(s) min(p[s] / share(s))))
  }
  if (m < 4) next
  families <- list(1:2, 3:(m - 1), m)
  note(name, "serial holm", p, closed(p, function(s) {
    f <- first_of(s, families)
    length(f) * min(p[f])
  }))
  note(name, "serial hommel", p, closed(p, function(s) simes(p[first_of(s, families)])))
  note(name, "primary holm", p, closed(p, function(s) {
    f <- first_of(s, list(3, setdiff(seq_len(m), 3)))
    length(f) * min(p[f])
  }))
  # parallel gate, two families: Bonferroni in 1:2, what is won goes to all of the rest, Holm there
  g <- matrix(0, m, m)
  rest <- 3:m
  g[1:2, rest] <- 1 / length(rest)
  if (length(rest) > 1) {
    g[rest, rest] <- 1 / (length(rest) - 1)
    diag(g) <- 0
  }
  note(name, "parallel two", p, graph(p, c(0.5, 0.5, rep(0, m - 2)), g))
  # and three: Bonferroni in 1:2 and 3:(m - 1), the last alone
  g <- matrix(0, m, m)
  middle <- 3:(m - 1)
  g[1:2, middle] <- 1 / length(middle)
  g[middle, m] <- 1
  note(name, "parallel three", p, graph(p, c(0.5, 0.5, rep(0, m - 2)), g))
}
write.csv(do.call(rbind, out), file.path(here, "multiplicity.csv"), row.names = FALSE,
          quote = FALSE)
