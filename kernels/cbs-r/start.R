# Starts the R kernel with the workspace's functions on the search path; run by kernel.json, never sourced.
local({
  started <- grep("^--file=", commandArgs(FALSE), value = TRUE)[[1]]
  folder <- dirname(sub("^--file=", "", started))
  # an environment of their own: rm(list = ls()) in a notebook leaves them
  sys.source(file.path(folder, "cbs.R"), envir = attach(NULL, name = "cbs", warn.conflicts = FALSE), keep.source = FALSE)
})
IRkernel::main()
