"""Many sessions: a folder of recordings in, tidy tables, figures and a verdict out.

One module a step: `arousal.study.trajectory` tests the registered hypothesis over all case blocks.
"""
