# Reads the newest data cut of a registry and says how long its subjects live:
#   CHIMERA_URL=https://registry.example CHIMERA_TOKEN=... Rscript survival.R
# Needs R with survival, which comes with it. /api/v1/locks/latest/tables says what each column means.
library(survival)
table_of <- function(name) {
  url <- paste0(Sys.getenv("CHIMERA_URL"), "/api/v1/locks/latest/tables/", name, "/csv")
  file <- tempfile()
  headers <- c(Authorization = paste("Token", Sys.getenv("CHIMERA_TOKEN")))
  download.file(url, file, method = "libcurl", quiet = TRUE, headers = headers)
  read.csv(file, na.strings = "", encoding = "UTF-8")
}
ends <- table_of("ADTTE")
os <- subset(ends, PARAMCD == "OS")
fit <- survfit(Surv(AVAL, STATUS == 1) ~ 1, data = os)
year <- summary(fit, times = 365.25)
cat(sprintf("%d subjects, %d died; alive at 12 months: %.1f %% (%.1f to %.1f)\n",
            nrow(os), sum(os$STATUS == 1), 100 * year$surv, 100 * year$lower, 100 * year$upper))
