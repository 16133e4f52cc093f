"""The export panel: choose files, see what is checked and stripped, fill the form, propose to the leader."""
