# Starts the R kernel with the workspace's functions on the search path; run by kernel.json, never sourced.
local({
  started <- grep("^--file=", commandArgs(FALSE), value = TRUE)[[1]]
  folder <- dirname(sub("^--file=", "", started))
  # an environment of their own: rm(list = ls()) in a notebook leaves them
  functions <- attach(NULL, name = "cbs", warn.conflicts = FALSE)
  for (file in c("cbs.R", "walls.R")) sys.source(file.path(folder, file), envir = functions, keep.source = FALSE)
  # words are no reason not to start
  try(suppressMessages(functions$.cbs_watch()), silent = TRUE)
})
IRkernel::main()
