# What R says of cohorts. Reads a CSV (cohort, time, entry, status 0/1/2, group) from standard input and writes
# one (cohort, what, cause or limit, time, value) a line: survival with its error and limits, medians,
# incidences with their error, log-rank and Gray's test.
suppressPackageStartupMessages({library(survival); library(cmprsk)})
rows <- read.csv(file("stdin"), colClasses = c(group = "character"))
say <- function(cohort, what, which, time, value)
  cat(sprintf("%s,%s,%s,%.17g,%.17g\n", cohort, what, which, time, value), sep = "")
for (name in unique(rows$cohort)) {
  d <- rows[rows$cohort == name, ]
  for (limit in c("log", "log-log", "plain")) {
    fit <- survfit(Surv(time, status > 0) ~ 1, data = d, conf.type = limit)
    say(name, "lower", limit, fit$time, fit$lower)
    say(name, "upper", limit, fit$time, fit$upper)
    say(name, "median", limit, 0, unlist(quantile(fit, 0.5)))
  }
  say(name, "survival", "", fit$time, fit$surv)
  say(name, "error", "", fit$time, fit$std.err * fit$surv)
  late <- survfit(Surv(entry, time, status > 0) ~ 1, data = d)
  say(name, "late survival", "", late$time, late$surv)
  states <- survfit(Surv(time, factor(status, 0:2)) ~ 1, data = d)
  for (cause in 1:2) {
    say(name, "incidence", cause, states$time, states$pstate[, cause + 1])
    say(name, "incidence error", cause, states$time, states$std.err[, cause + 1])
  }
  if (d$group[1] == "") next # of one group there is nothing to compare
  test <- survdiff(Surv(time, status > 0) ~ group, data = d)
  say(name, "logrank", "", length(test$n) - 1, test$chisq)
  gray <- with(d, cuminc(time, status, group))$Tests
  for (cause in rownames(gray)) say(name, "gray", cause, gray[cause, "df"], gray[cause, "stat"])
}
