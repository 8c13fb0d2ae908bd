"""Simulated peers for the tests: GSM modems with an SMSC behind them."""
