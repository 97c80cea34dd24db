"""Whole lives of subscriptions, told in any order and several times, while those who listen are killed."""
