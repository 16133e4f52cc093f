"""The plain types everybody shares. Imports nothing of the project above this floor."""
