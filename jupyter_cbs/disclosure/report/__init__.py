"""The report of a pre-check outside the program: JSON for other programs, a page for people, and what SACRO-Viewer opens."""
