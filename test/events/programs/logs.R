# Prints lines; errors with their calls, as R prints them.
args <- commandArgs(TRUE)
truth <- file(Sys.getenv("TRUTH"), "ab")
fetch <- function(i) stop("order ", i, " is not there")
handle <- function(i) fetch(i)
for (i in seq_len(as.integer(args[1])) - 1) {
  if (i %% 5 == 4) try(handle(i)) else message("order ", i, " accepted")
  writeBin(charToRaw("e\n"), truth)
  flush(truth)
  if (args[2] == "low") Sys.sleep(0.004)
}
