"""Shutting in what runs other people's code: bubblewrap, seccomp, Landlock, limits, and the test that they hold.

The same :class:`~jupyter_cbs.sandbox.bubblewrap.Sandbox` serves kernels and DuckDB workers.
"""
