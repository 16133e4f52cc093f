# The workspace's functions for R: cbs_connect, cbs_catalogue, cbs_codes, cbs_sql, cbs_table, cbs_suppress,
# cbs_protect, cbs_findings, cbs_write_csv, cbs_write_xlsx, cbs_write_picture, cbs_precheck, cbs_quota, cbs_check.
#
# They talk to a Python process in the same sandbox (jupyter_cbs.client.r), which holds the connection to the
# broker: requests go down a pipe, one JSON object per line, answers come as files in a private temporary folder.
# Why it is so: docs/explanation/decisions.md. How to use it: docs/how-to/use-r.md.

.cbs <- new.env(parent = emptyenv())
.cbs$request <- 0L
.cbs$forget <- integer()

.cbs_say <- function(en, nl) {
  wishes <- c(.cbs$lang, Sys.getenv(c("CBS_LANG", "LC_ALL", "LC_MESSAGES", "LANG")))
  if (startsWith(tolower(c(wishes[nzchar(wishes)], "en")[[1]]), "nl")) nl else en
}

.cbs_stop <- function(en, nl) stop(.cbs_say(en, nl), call. = FALSE)

.cbs_start <- function() {
  # a forked child must not write into its parent's pipe
  if (!is.null(.cbs$pipe) && identical(.cbs$owner, Sys.getpid())) try(close(.cbs$pipe), silent = TRUE)
  .cbs$pipe <- NULL
  .cbs$folder <- tempfile("cbs-")
  dir.create(.cbs$folder, mode = "0700")
  # LD_LIBRARY_PATH is that of R; the process must not see modules in the working directory (-P)
  .cbs$pipe <- pipe(paste("exec env -u LD_LIBRARY_PATH python -P -X frozen_modules=on -m jupyter_cbs.client.r", shQuote(.cbs$folder)), "w")
  .cbs$owner <- Sys.getpid()
  .cbs$forget <- integer()
  place <- file.path(.cbs$folder, "pid")
  patience <- Sys.time() + 120
  while (!file.exists(place)) {
    if (Sys.time() > patience) {
      .cbs_stop("The process beside R did not start. Restart the kernel.", "Het proces naast R is niet gestart. Herstart de kernel.")
    }
    Sys.sleep(0.02)
  }
  .cbs$pid <- as.integer(readLines(place, warn = FALSE))
}

.cbs_alive <- function() {
  if (is.null(.cbs$pipe) || !identical(.cbs$owner, Sys.getpid())) return(FALSE)
  status <- tryCatch(readLines(file.path("/proc", .cbs$pid, "status"), warn = FALSE), error = function(e) character(), warning = function(w) character())
  any(grepl("^State:", status)) && !any(grepl("^State:\\s*Z", status))
}

.cbs_wait <- function(place, seconds = Inf) {
  # the answer to a small question comes within milliseconds; a long query is not worth looking often
  pause <- 0.001
  looked <- begun <- as.numeric(Sys.time())
  while (!file.exists(place)) {
    Sys.sleep(pause)
    pause <- min(1.3 * pause, 0.05)
    now <- as.numeric(Sys.time())
    if (now - begun > seconds) return(FALSE)
    if (now - looked > 0.5) {
      if (!.cbs_alive() && !file.exists(place)) return(FALSE)
      looked <- now
    }
  }
  TRUE
}

.cbs_cancel <- function(request) {
  place <- function(suffix) file.path(.cbs$folder, paste0(request, ".", suffix))
  if (.cbs_wait(place("begun"), 10)) tools::pskill(.cbs$pid, tools::SIGINT)
  if (.cbs_wait(place("json"), 20)) {
    answer <- .cbs_answer(place("json"))
    unlink(c(place("json"), place("begun"), place("rds"), place("arrow")))
    if (!is.null(answer$interrupted)) message(answer$interrupted)
  } else {
    tools::pskill(.cbs$pid, tools::SIGKILL)
  }
}

.cbs_answer <- function(place) jsonlite::fromJSON(readChar(place, file.size(place), useBytes = TRUE), simplifyDataFrame = FALSE)

.cbs_ask <- function(op, args = list()) {
  if (!.cbs_alive()) .cbs_start()
  .cbs$request <- request <- .cbs$request + 1L
  place <- function(suffix) file.path(.cbs$folder, paste0(request, ".", suffix))
  body <- list(id = request, op = op, args = args, cwd = getwd(), lang = .cbs$lang, forget = I(.cbs$forget))
  .cbs$forget <- integer()
  line <- jsonlite::toJSON(body, auto_unbox = TRUE, null = "null", na = "null", digits = I(17), force = TRUE)
  writeLines(enc2utf8(as.character(line)), .cbs$pipe, useBytes = TRUE)
  flush(.cbs$pipe)
  answered <- withCallingHandlers(.cbs_wait(place("json")), interrupt = function(condition) suspendInterrupts(.cbs_cancel(request)))
  if (!answered) {
    .cbs_raise(list(
      kind = "Unavailable", code = "bridge_ended", remedy = NULL,
      message = .cbs_say(
        "The process beside R that holds the connection to the broker has ended. The next call starts it again; make tables anew.",
        "Het proces naast R dat de verbinding met de broker heeft, is gestopt. De volgende aanroep start het weer; maak tabellen opnieuw."
      )
    ))
  }
  answer <- .cbs_answer(place("json"))
  on.exit(unlink(c(place("json"), place("begun"), place("rds"), place("arrow"))))
  if (!is.null(answer$error)) .cbs_raise(answer$error)
  if (!is.null(answer$interrupted)) stop(answer$interrupted, call. = FALSE)
  if (nzchar(answer$said)) cat(answer$said)
  found <- answer$ok
  if (!is.null(found$data)) {
    found$data <- if (endsWith(found$data, ".rds")) readRDS(found$data) else arrow::read_feather(found$data, as_data_frame = FALSE, mmap = FALSE)
    if (length(found$as_texts)) {
      words <- .cbs_say("Figures beyond 2^53 do not fit in R's numbers and are given as text: ", "Getallen boven 2^53 passen niet in R en zijn tekst: ")
      warning(words, paste(found$as_texts, collapse = ", "), call. = FALSE)
    }
  }
  found
}

.cbs_raise <- function(error) {
  stop(structure(
    class = c(paste0("cbs_", error$kind), "cbs_error", "error", "condition"),
    list(message = error$message, call = NULL, code = error$code, remedy = error$remedy, suggestions = error$suggestions)
  ))
}

#' Who this kernel works for. `lang` ("en" or "nl") is kept for all further texts.
cbs_connect <- function(lang = NULL) {
  if (!is.null(lang)) .cbs$lang <- lang
  structure(.cbs_ask("connect"), class = "cbs_workspace")
}

#' The granted data sets; those a search text matches; or the variables of one data set.
cbs_catalogue <- function(query = NULL) .cbs_ask("catalogue", list(query = query))$data

#' The codes of one variable and their labels.
cbs_codes <- function(dataset, variable) .cbs_ask("codes", list(dataset = dataset, variable = variable))$data

#' Run one SELECT over the granted data sets.
#'
#' Further arguments are the query's parameters: named ones for `$name`, others for `?`, in their order.
#' A data frame comes back; with `as = "arrow"` an Arrow table, where R's package arrow is installed. With `evidence = TRUE`
#' an aggregate SELECT ... GROUP BY becomes a judged table like that of cbs_table(), or a list of them where it asks for several
#' figures; `unit` then names the column(s) of the unit. Such a query has no parameters.
cbs_sql <- function(sql, ..., as = c("data.frame", "arrow"), evidence = FALSE, unit = NULL) {
  if (isTRUE(evidence)) {
    asked <- list(text = paste(sql, collapse = "\n"), parameters = if (...length()) list(...), unit = if (!is.null(unit)) I(as.character(unit)))
    found <- .cbs_ask("tables", asked)$tables
    made <- lapply(found, function(id) .cbs_new_table(.cbs_ask("show", list(table = id))))
    return(if (length(made) == 1) made[[1]] else made)
  }
  as <- match.arg(as)
  if (as == "arrow" && !requireNamespace("arrow", quietly = TRUE)) {
    .cbs_stop(
      "R's package arrow is not installed here; leave out 'as' to get a data frame.",
      "Het R-pakket arrow is hier niet geïnstalleerd; laat 'as' weg voor een data frame."
    )
  }
  # without evidence it is a parameter like any other
  values <- c(list(...), if (!missing(unit)) list(unit = unit))
  named <- nzchar(names(values) %||% character(length(values)))
  if (any(named) && !all(named)) .cbs_stop("Give all parameters a name or none.", "Geef alle parameters een naam of geen.")
  # a vector of one value is that value, of more a list
  values <- lapply(values, function(value) {
    if (is.factor(value)) value <- as.character(value)
    if (inherits(value, "POSIXt")) value <- format(value, "%Y-%m-%d %H:%M:%OS6", tz = "UTC")
    value
  })
  .cbs_ask("sql", list(
    text = paste(sql, collapse = "\n"),
    parameters = if (length(values)) (if (all(named)) values else unname(values)),
    as = if (as == "arrow") "arrow" else "rds"
  ))$data
}

#' Make a table whose cells are judged in the same scan, with all margins.
#'
#' `rows` and `columns` are names of variables or SQL expressions; further arguments are passed on as they are
#' (docs/reference/notebook.md, Workspace.table). Give `unit` where the data set's own key does not name it.
cbs_table <- function(source, rows = character(), columns = character(), values = NULL, statistic = "count", where = NULL, unit = NULL, weight = NULL, ...) {
  several <- function(x) I(as.character(x))
  given <- list(
    source = paste(source, collapse = "\n"), rows = several(rows), columns = several(columns), values = values, statistic = statistic,
    where = where, unit = if (length(unit) > 1) several(unit) else unit, weight = weight
  )
  .cbs_new_table(.cbs_ask("table", c(given, list(...))))
}

.cbs_handle <- function(id) {
  handle <- new.env(parent = emptyenv())
  handle$id <- id
  handle$pid <- .cbs$pid
  reg.finalizer(handle, function(gone) if (identical(gone$pid, .cbs$pid)) .cbs$forget <- c(.cbs$forget, gone$id))
  handle
}

.cbs_new_table <- function(found) {
  handle <- .cbs_handle(found$table)
  structure(list(data = found$data, status = found$status, text = found$text, html = found$html, handle = handle), class = "cbs_table")
}

.cbs_of_table <- function(table, kinds = "cbs_table") {
  if (!inherits(table, kinds)) .cbs_stop("This is no table made with cbs_table().", "Dit is geen tabel van cbs_table().")
  # a process that was started again counts from 1
  if (identical(table$handle$pid, .cbs$pid)) table$handle$id else -1L
}

#' The same table with the cells blanked that would disclose something, directly or by subtraction.
cbs_suppress <- function(table) .cbs_new_table(.cbs_ask("suppress", list(table = .cbs_of_table(table))))

#' The same table made safe by the broker, which attacks the result: "suppress", "round" (to `base`), or "merge" (categories: by
#' default what the findings propose, else list(dimension = list(label = c("code", "code")))).
cbs_protect <- function(table, method = c("suppress", "round", "merge"), base = NULL, merge = NULL) {
  codes <- if (!is.null(merge)) lapply(merge, function(groups) lapply(groups, function(codes) I(as.character(codes))))
  .cbs_new_table(.cbs_ask("protect", list(table = .cbs_of_table(table), method = match.arg(method), base = base, merge = codes)))
}

#' Why cells are not safe, and what to do, one row per finding.
cbs_findings <- function(x) {
  if (inherits(x, c("cbs_report", "cbs_verdict"))) return(x$data)
  .cbs_ask("findings", list(table = .cbs_of_table(x)))$data
}

#' Write the visible values of a table, so that the pre-check recognises it, or the estimates of a checked model.
cbs_write_csv <- function(table, path) .cbs_write(table, path, "csv")
cbs_write_xlsx <- function(table, path) .cbs_write(table, path, "xlsx")
.cbs_write <- function(table, path, form) {
  invisible(.cbs_ask("write", list(table = .cbs_of_table(table, c("cbs_table", "cbs_verdict")), path = path, form = form)))
}

#' Check files and folders of shared/ and personal/ as the export will.
cbs_precheck <- function(paths) structure(.cbs_ask("precheck", list(paths = I(as.character(paths)))), class = "cbs_report")

#' Write a picture of checked counts or a histogram (png or jpg, without metadata), and their numbers as csv beside it.
#' R draws it anew from what was checked; further arguments go to plot() or barplot().
cbs_write_picture <- function(verdict, path, ..., width = 1200, height = 800) {
  if (!inherits(verdict, "cbs_verdict") || is.null(verdict$object)) {
    .cbs_stop(
      "Only counts and histograms that cbs_check() has checked can be drawn.",
      "Alleen tellingen en histogrammen die cbs_check() heeft gecontroleerd kunnen worden getekend."
    )
  }
  made <- tempfile("cbs-picture-", fileext = ".png")
  on.exit(unlink(made))
  grDevices::png(made, width = width, height = height, pointsize = 24)
  tryCatch({
    if (inherits(verdict$object, "histogram")) {
      graphics::plot(verdict$object, ...)
    } else {
      graphics::barplot(verdict$object, beside = TRUE, legend.text = if (length(dim(verdict$object)) == 2) rownames(verdict$object), ...)
    }
  }, finally = grDevices::dev.off())
  invisible(.cbs_ask("picture", list(table = .cbs_of_table(verdict, "cbs_verdict"), made = made, path = path)))
}

#' Check what is to leave: a fitted model (lm, glm), counts (table(), xtabs() in one or two directions) or a histogram (hist()).
#' A table of cbs_table() is judged already and comes back as it is. What else R draws or calculates cannot be read.
#'
#' Check a fitted model (lm, glm) against the disclosure rules: degrees of freedom, units per level, saturation.
#'
#' `unit` names the unit of each row: column(s) of the model's data, or the values themselves, one per row. Without it
#' RINPERSOON is taken where the data have it, else every row counts as one. `data` is looked up in the call where
#' it is not given. `source` names the data sets whose rules apply. What comes back can be written with cbs_write_csv().
cbs_check <- function(model, unit = NULL, data = NULL, source = NULL) {
  if (inherits(model, "cbs_table")) return(model)
  if (inherits(model, c("table", "histogram"))) return(.cbs_check_counts(model, source))
  if (!inherits(model, "lm") || inherits(model, "mlm")) {
    kind <- paste(class(model), collapse = "/")
    if (inherits(model, c("recordedplot", "gg", "ggplot", "trellis", "grob"))) {
      .cbs_stop(
        paste0("What a picture of class ", kind, " draws cannot be read. Check the numbers behind it: cbs_check(hist(x)), cbs_check(table(x, y)) or cbs_table()."),
        paste0("Wat een figuur van klasse ", kind, " tekent is niet te lezen. Controleer de cijfers erachter: cbs_check(hist(x)), cbs_check(table(x, y)) of cbs_table().")
      )
    }
    if (is.data.frame(model) || is.atomic(model)) {
      .cbs_stop(
        "Nothing tells how many units are behind these values. Make the table with cbs_table(), or counts with table(); lm and glm can be checked too.",
        "Niets zegt hoeveel eenheden er achter deze waarden staan. Maak de tabel met cbs_table(), of tellingen met table(); lm en glm kunnen ook."
      )
    }
    .cbs_stop(
      paste0("A model of class ", kind, " cannot be checked from R; lm and glm can, and counts and histograms."),
      paste0("Een model van klasse ", kind, " kan vanuit R niet worden gecontroleerd; lm en glm wel, en tellingen en histogrammen.")
    )
  }
  folder <- tempfile("cbs-model-")
  dir.create(folder, mode = "0700")
  on.exit(unlink(folder, recursive = TRUE))
  binary <- function(name, values) {
    place <- file.path(folder, name)
    writeBin(values, place)
    place
  }
  frame <- stats::model.frame(model)
  design <- .cbs_design(model, frame)
  units <- .cbs_units(model, frame, unit, data)
  outcome <- .cbs_outcome(model)
  told <- c(design$told, list(
    rows = nrow(design$matrix), design = binary("design", as.double(design$matrix)),
    units = if (!is.null(units)) binary("units", units$codes), unit = units$name,
    outcomes = if (!is.null(outcome)) binary("outcomes", outcome$codes), classes = if (!is.null(outcome)) I(outcome$classes),
    method = class(model)[[1]], kind = if (inherits(model, "glm")) "generalised_linear" else "linear",
    library = paste("R", getRversion(), "stats"), family = model$family$family, link = model$family$link,
    response = paste(deparse(stats::formula(model)[[2]]), collapse = " "), residual_dof = stats::df.residual(model),
    weights = .cbs_weights(model), sources = if (!is.null(source)) I(as.character(source))
  ), .cbs_estimates(model))
  .cbs_verdict(.cbs_ask("check", told))
}

.cbs_verdict <- function(found, object = NULL) {
  handle <- .cbs_handle(found$table)
  verdict <- list(data = found$data, status = found$status, text = found$text, html = found$html, handle = handle, object = object)
  structure(verdict, class = "cbs_verdict")
}

.cbs_check_counts <- function(object, source) {
  if (inherits(object, "histogram")) {
    counts <- object$counts
    border <- formatC(object$breaks, digits = 10, format = "fg", width = 1)
    marks <- paste(utils::head(border, -1), utils::tail(border, -1), sep = " - ")
    series <- "count"
    about <- object$xname
  } else {
    counts <- as.vector(object)
    if (length(dim(object)) > 2) {
      .cbs_stop(
        "Counts in more than two directions are made with cbs_table(), which judges all of them.",
        "Tellingen in meer dan twee richtingen maakt u met cbs_table(), dat ze alle beoordeelt."
      )
    }
    marks <- dimnames(object)[[1]]
    series <- if (length(dim(object)) == 2) dimnames(object)[[2]] else "count"
    about <- paste(names(dimnames(object)), collapse = " x ")
  }
  # the cells of xtabs(y ~ x) are sums of y
  asked <- attr(object, "call")$formula
  if (inherits(object, "xtabs") && !(is.call(asked) && length(asked) == 2)) {
    .cbs_stop(
      "Only counts can be checked: write xtabs(~ x + y) with the formula in the call. Sums are made with cbs_table().",
      "Alleen tellingen kunnen worden gecontroleerd: schrijf xtabs(~ x + y) met de formule erin. Sommen maakt u met cbs_table()."
    )
  }
  if (!length(counts) || !all(is.finite(counts)) || any(counts < 0) || any(counts != round(counts))) {
    .cbs_stop("These are no counts: give whole numbers from 0.", "Dit zijn geen aantallen: geef gehele getallen vanaf 0.")
  }
  marks[is.na(marks)] <- "NA"
  series[is.na(series)] <- "NA"
  .cbs_verdict(.cbs_ask("counts", list(
    drawing = if (inherits(object, "histogram")) "histogram" else "bars", library = paste("R", getRversion(), "graphics"),
    title = if (nzchar(about)) about, x_label = "count", marks = I(marks), series = I(series), counts = I(as.integer(counts)),
    sources = if (!is.null(source)) I(as.character(source))
  )), object)
}

# The design in treatment coding, whatever the model's own contrasts: the same columns space, and levels that can be counted.
.cbs_design <- function(model, frame) {
  terms <- stats::terms(model)
  classes <- attr(terms, "dataClasses")
  categorical <- names(classes)[classes %in% c("factor", "ordered", "character", "logical")]
  factors <- attr(terms, "factors")
  used <- if (length(factors)) intersect(categorical, rownames(factors)[rowSums(factors) > 0]) else character()
  levels_of <- function(v) {
    if (classes[[v]] == "logical") c("FALSE", "TRUE") else if (!is.null(model$xlevels[[v]])) model$xlevels[[v]] else levels(factor(frame[[v]]))
  }
  X <- stats::model.matrix(terms, frame, contrasts.arg = if (length(used)) stats::setNames(rep(list("contr.treatment"), length(used)), used))
  plain <- function(x) chartr("[]:", "();", x)
  assign <- attr(X, "assign")
  names <- character(ncol(X))
  for (term in unique(assign)) {
    at <- which(assign == term)
    if (term == 0) {
      names[at] <- "Intercept"
      next
    }
    pieces <- lapply(rownames(factors)[factors[, term] > 0], function(v) {
      if (v %in% used) {
        all <- chartr("[]", "()", levels_of(v))
        paste0(plain(v), "[T.", if (factors[v, term] == 1) all[-1] else all, "]")
      } else {
        width <- NCOL(frame[[v]])
        if (width == 1) plain(v) else paste0(plain(v), " ", seq_len(width))
      }
    })
    # the first variable of a term changes fastest
    grid <- do.call(expand.grid, c(pieces, list(stringsAsFactors = FALSE)))
    made <- do.call(paste, c(unname(as.list(grid)), list(sep = ":")))
    if (length(made) != length(at)) {
      # without an intercept the first category has a column for every level
      v <- rownames(factors)[factors[, term] > 0]
      whole <- if (length(v) == 1 && v %in% used) paste0(plain(v), "[T.", chartr("[]", "()", levels_of(v)), "]")
      made <- if (length(whole) == length(at)) whole else plain(colnames(X)[at])
    }
    names[at] <- made
  }
  fitted <- tryCatch(colnames(stats::model.matrix(model)), error = function(e) NULL)
  treatment <- all(vapply(model$contrasts, function(x) identical(x, "contr.treatment"), logical(1)))
  list(matrix = X, told = list(
    names = I(names), fitted = if (treatment && length(fitted) == ncol(X)) I(fitted),
    categories = if (length(used)) stats::setNames(lapply(used, function(v) I(chartr("[]", "()", levels_of(v)))), plain(used))
  ))
}

.cbs_units <- function(model, frame, unit, data) {
  if (is.null(data)) data <- tryCatch(eval(model$call$data, environment(stats::formula(model))), error = function(e) NULL)
  if (is.null(unit)) {
    unit <- grep("^(VTV)?RINPERSOON$", names(data), ignore.case = TRUE, value = TRUE)
    if (!length(unit)) return(NULL)
    unit <- unit[[1]]
  }
  name <- "unit"
  if (is.character(unit) && length(unit) <= 5 && all(unit %in% names(data))) {
    name <- paste(unit, collapse = ", ")
    values <- do.call(paste, c(unname(as.list(as.data.frame(data)[unit])), list(sep = "\r")))
  } else {
    values <- as.character(unit)
  }
  if (length(values) != nrow(frame)) {
    at <- match(rownames(frame), if (is.null(data)) seq_along(values) else rownames(data))
    if (length(values) < max(nrow(frame), NROW(data)) || anyNA(at)) {
      .cbs_stop(
        paste0("unit has ", length(values), " values, and the model used ", nrow(frame), " rows. Give a column of its data, or one value per row."),
        paste0("unit heeft ", length(values), " waarden, en het model gebruikte ", nrow(frame), " rijen. Geef een kolom van de data, of één waarde per rij.")
      )
    }
    values <- values[at]
  }
  list(codes = as.integer(factor(values, exclude = NULL)), name = name)
}

.cbs_outcome <- function(model) {
  if (!inherits(model, "glm") || !model$family$family %in% c("binomial", "quasibinomial")) return(NULL)
  y <- model$y
  if (is.null(y) || !all(y %in% c(0, 1))) return(NULL)
  response <- stats::model.response(stats::model.frame(model))
  labels <- if (is.factor(response) && nlevels(response) == 2) levels(response) else if (is.logical(response)) c("FALSE", "TRUE") else c("0", "1")
  list(codes = as.integer(y) + 1L, classes = labels)
}

.cbs_weights <- function(model) {
  weights <- if (inherits(model, "glm")) model$prior.weights else model$weights
  if (is.null(weights) || all(weights == 1)) "none" else "unknown"
}

.cbs_estimates <- function(model) {
  digest <- summary(model)
  table <- stats::coef(digest)
  uses_t <- any(grepl("^t ", colnames(table)))
  half <- (if (uses_t) stats::qt(0.975, stats::df.residual(model)) else stats::qnorm(0.975)) * table[, 2]
  finite <- function(x) if (is.finite(x)) x
  lines <- lapply(seq_len(nrow(table)), function(i) {
    list(
      term = rownames(table)[[i]], estimate = table[i, 1], error = finite(table[i, 2]), statistic = finite(table[i, 3]), p = finite(table[i, 4]),
      low = finite(table[i, 1] - half[[i]]), high = finite(table[i, 1] + half[[i]])
    )
  })
  figures <- if (inherits(model, "glm")) {
    list("deviance" = model$deviance, "null deviance" = model$null.deviance, "AIC" = model$aic)
  } else {
    list("R\u00b2" = digest$r.squared, "R\u00b2 adjusted" = digest$adj.r.squared, "residual standard error" = digest$sigma)
  }
  list(coefficients = lines, statistics = Filter(function(x) length(x) == 1 && is.finite(x), figures), uses_t = uses_t)
}

#' The use of both storage areas.
cbs_quota <- function() structure(.cbs_ask("quota"), class = "cbs_display")

`%||%` <- function(x, y) if (is.null(x)) y else x

.cbs_print <- function(x, ...) {
  cat(x$text, "\n", sep = "")
  invisible(x)
}

local({
  shown <- c("cbs_workspace", "cbs_table", "cbs_report", "cbs_display", "cbs_verdict")
  for (class in shown) registerS3method("print", class, .cbs_print, envir = baseenv())
  registerS3method("as.data.frame", "cbs_table", function(x, ...) x$data, envir = baseenv())
  registerS3method("as.data.frame", "cbs_report", function(x, ...) x$data, envir = baseenv())
  registerS3method("as.data.frame", "cbs_verdict", function(x, ...) x$data, envir = baseenv())
  if (requireNamespace("repr", quietly = TRUE)) {
    plain <- function(obj, ...) obj$text
    html <- function(obj, ...) obj$html
    none <- function(obj, ...) NULL
    for (class in shown) {
      registerS3method("repr_text", class, plain, envir = asNamespace("repr"))
      registerS3method("repr_html", class, if (class == "cbs_workspace") none else html, envir = asNamespace("repr"))
      registerS3method("repr_markdown", class, none, envir = asNamespace("repr"))
      registerS3method("repr_latex", class, none, envir = asNamespace("repr"))
    }
  }
})
