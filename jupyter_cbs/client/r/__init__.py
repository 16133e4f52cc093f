"""What R needs of the client: a process beside the R kernel that speaks for it, and data in a form base R reads."""
