# Writes participants.csv: baseline by arm, and standardised differences of two arms.
# Run:  Rscript tests/reference/participants.R
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) read.csv(file.path(here, name), stringsAsFactors = TRUE)
out <- list()
note <- function(data, column, arm, term, ...) {
  values <- c(...)
  out[[length(out) + 1]] <<- data.frame(
    dataset = data, column = column, arm = arm, term = term, quantity = names(values),
    value = sprintf("%.17g", values)
  )
}
number <- function(data, column, x, arm) {
  for (a in levels(arm)) {
    v <- x[arm == a & !is.na(x)]
    q <- quantile(v, c(0.25, 0.5, 0.75), names = FALSE)
    note(data, column, a, "", n = length(v), mean = mean(v), sd = sd(v), q1 = q[1], median = q[2],
      q3 = q[3])
  }
  m <- tapply(x, arm, mean, na.rm = TRUE)
  s <- tapply(x, arm, sd, na.rm = TRUE)
  note(data, column, levels(arm)[2], "", smd = (m[[2]] - m[[1]]) / sqrt((s[[1]]^2 + s[[2]]^2) / 2))
}
# Yang & Dalton (2012): one distance for all shares but the first, which the others determine
category <- function(data, column, x, arm) {
  shares <- prop.table(table(arm, x), 1)
  for (a in levels(arm)) {
    for (k in levels(x)) note(data, column, a, k, share = shares[a, k], count = sum(arm == a & x == k, na.rm = TRUE))
  }
  d <- shares[2, -1] - shares[1, -1]
  S <- Reduce(`+`, lapply(1:2, function(i) {
    p <- shares[i, -1]
    (diag(p, length(p)) - outer(p, p)) / 2
  }))
  note(data, column, levels(arm)[2], "", smd = sqrt(c(t(d) %*% solve(S) %*% d)))
}
b <- read("bthe_b.csv")
arm <- relevel(b$treatment, "TAU")
number("bthe_b", "bdi.pre", b$bdi.pre, arm)
number("bthe_b", "bdi.5m", b$bdi.5m, arm)
category("bthe_b", "drug", b$drug, arm)
category("bthe_b", "length", b$length, arm)
category("bthe_b", "both", interaction(b$drug, b$length, sep = " "), arm)
file <- file.path(here, "participants.csv")
writeLines(paste0("# R ", R.version$major, ".", R.version$minor), file)
suppressWarnings(write.table(do.call(rbind, out), file, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
