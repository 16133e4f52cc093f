"""Relations between the cells of tables, the attack on suppressed cells, and protection against it.

Pure functions over :class:`~jupyter_cbs.disclosure.relations.problem.TableProblem`; linear programs by HiGHS.
"""
