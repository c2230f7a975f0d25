"""Tests against scripted answers."""
