"""The pure heart: tree, budget, cost, rewards, allocation, strategies and votes as data and functions.

Standard library only. No I/O, no clock, no global randomness: time, energy and chance come in from outside, so a whole
search can be replayed, saved and tested without a model.
"""
