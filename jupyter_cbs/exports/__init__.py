"""What leaves the workspace: intake, class and price, form, state machine, snapshot and release."""
