"""Disclosure control: rules over evidence, complementary suppression, and scanners of finished files.

Pure functions: no database, no network, no clock. :func:`~jupyter_cbs.disclosure.judge.judge` judges a table with evidence,
:func:`~jupyter_cbs.disclosure.scan.scan` a finished file.
"""
