"""Tests of the problem generators and labels: standard library only, so that they run without torch."""
