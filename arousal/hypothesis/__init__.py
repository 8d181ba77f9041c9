"""Hypotheses: what theory lets one expect, kept apart from what was measured."""

from arousal.hypothesis.course import Course, Expectation, Stretch, load_course

__all__ = ["Course", "Expectation", "Stretch", "load_course"]
