"""Positions in, score out, on prices that the program could not touch. Pure; NumPy and the contract only."""

from windtunnel_worker.scoring.inputs import Positions, Prices, Unscorable
from windtunnel_worker.scoring.market import Market
from windtunnel_worker.scoring.score import score

__all__ = ["Market", "Positions", "Prices", "Unscorable", "score"]
