# Words for what a wall of the kernel's sandbox refuses: R and the system say what failed, not that it cannot work here, nor what does.
# The same as jupyter_cbs/system/advice.py does for Python: a line below the error or warning, which stay R's own.

.cbs_walls <- list(
  network = list(
    pattern = paste0(
      "(URL|connection to) '(https?|ftps?)://|Could(n't| not) (resolve|connect)|Failed to connect|Network is unreachable|",
      "Temporary failure in name resolution|unable to access index for repository|:[0-9]+ cannot be opened|",
      "'lib( = .*)?' is not writable|running command '(curl|wget|git|pip3?|conda|mamba) "
    ),
    en = "Kernels have no network, so this cannot work here. Data come from cbs_catalogue(), shared/ and personal/; for a package that is missing, ask the administrator.",
    nl = "Kernels hebben geen netwerk; dit kan hier dus niet. Gegevens komen uit cbs_catalogue(), shared/ en personal/; vraag de beheerder om een pakket dat ontbreekt."
  ),
  read_only = list(
    # graphics devices do not say why they cannot make a file
    pattern = "Read-only file system|[Aa]lleen-lezen|could not open file '/(?!workspace/|tmp/)",
    en = "A kernel writes in shared/, personal/ and /tmp only. What is in /tmp goes when the kernel ends.",
    nl = "Een kernel schrijft alleen in shared/, personal/ en /tmp. Wat in /tmp staat verdwijnt als de kernel eindigt."
  ),
  full = list(
    pattern = "No space left on device|Geen ruimte meer over|([Ee]rror|problem) writing to connection$|write error during file append",
    en = "The temporary folders of a kernel are small and count as its memory: put large files in shared/ or personal/. cbs_quota() shows the room there.",
    nl = "De tijdelijke mappen van een kernel zijn klein en tellen mee als geheugen: zet grote bestanden in shared/ of personal/. cbs_quota() toont de ruimte daar."
  ),
  links = list(
    pattern = "cannot (sym)?link '|Invalid cross-device link",
    en = "Every file in shared/ and personal/ has one name, so links cannot be made. Use file.copy(), and unlink() to move.",
    nl = "Elk bestand in shared/ en personal/ heeft \u00e9\u00e9n naam; koppelingen kunnen dus niet. Gebruik file.copy(), en unlink() om te verplaatsen."
  ),
  memory = list(
    pattern = "cannot allocate (vector|buffer|memory)|Cannot allocate memory|memory exhausted|Kan geen geheugen",
    en = "This asks for more memory than is left.%s Select fewer columns, filter or aggregate in the query, and delete what you no longer need.",
    nl = "Dit vraagt meer geheugen dan er over is.%s Kies minder kolommen, filter of aggregeer in de vraag, en verwijder wat u niet meer nodig hebt."
  )
)

#' Say which walls these errors, warnings or words of programs come from, and what works instead; nothing for any other.
.cbs_advice <- function(heard) {
  met <- Filter(function(wall) any(grepl(wall$pattern, heard, perl = TRUE)), .cbs_walls)
  vapply(met, function(wall) sub("%s", .cbs_memory_bound(), .cbs_say(wall$en, wall$nl), fixed = TRUE), character(1), USE.NAMES = FALSE)
}

.cbs_memory_bound <- function() {
  bytes <- suppressWarnings(as.numeric(Sys.getenv("CBS_KERNEL_BYTES")))
  if (is.na(bytes)) return("")
  size <- formatC(bytes / 1e9, digits = 3, format = "fg", width = 1)
  .cbs_say(sprintf(" A kernel has at most %s GB.", size), sprintf(" Een kernel heeft ten hoogste %s GB.", sub(".", ",", size, fixed = TRUE)))
}

#' Let the kernel add the words, below everything else a cell says. Cells are R's own; without IRkernel's class nothing is added.
.cbs_watch <- function() {
  executor <- methods::setRefClass("CbsExecutor", contains = "Executor", methods = list(
    execute = function(request) {
      .cbs$heard <- character()
      callSuper(request)
      heard <- c(.cbs$heard, err$evalue)
      if (!is_silent()) for (words in .cbs_advice(heard)) stream(paste0(words, "\n"), "stderr")
    },
    handle_warning = function(o) {
      .cbs$heard <- c(.cbs$heard, conditionMessage(o))
      callSuper(o)
    }
  ), where = new.env(parent = asNamespace("IRkernel")))
  utils::assignInNamespace("Executor", executor, "IRkernel")
}

# In the place of R's own, which would first ask for a mirror or wait for a server.
install.packages <- download.file <- function(...) .cbs_stop(.cbs_walls$network$en, .cbs_walls$network$nl)

# What a program says goes to the terminal of R, which nobody sees: here it goes into the notebook.
system <- function(command, intern = FALSE, ignore.stdout = FALSE, ignore.stderr = FALSE, wait = TRUE, input = NULL, ..., timeout = 0) {
  if (intern || !wait) return(base::system(command, intern, ignore.stdout, ignore.stderr, wait, input, ..., timeout = timeout))
  line <- paste(if (timeout > 0) paste("timeout", timeout), "sh -c", shQuote(command), "2>&1")
  if (ignore.stdout) line <- paste(line, ">/dev/null")
  if (ignore.stderr) line <- paste(line, "2>/dev/null")
  if (!is.null(input)) {
    given <- tempfile()
    on.exit(unlink(given))
    writeLines(input, given)
    line <- paste(line, "<", shQuote(given))
  }
  running <- pipe(line, "r")
  said <- readLines(running, warn = FALSE)
  ended <- close(running)
  .cbs$heard <- c(.cbs$heard, said)
  cat(sprintf("%s\n", said), sep = "")
  # as wait() gives it: the exit code above the signal
  invisible(if (is.null(ended)) 0L else if (ended %% 256L) ended %% 128L else ended %/% 256L)
}

system2 <- function(command, args = character(), stdout = "", stderr = "", stdin = "", input = NULL, env = character(), wait = TRUE, ..., timeout = 0) {
  if (!identical(stdout, "") || !identical(stderr, "") || !wait) {
    return(base::system2(command, args, stdout, stderr, stdin, input, env, wait, ..., timeout = timeout))
  }
  line <- paste(c(env, shQuote(command), args), collapse = " ")
  if (is.null(input) && nzchar(stdin)) line <- paste(line, "<", shQuote(stdin))
  system(line, input = input, timeout = timeout)
}
