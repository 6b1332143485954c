"""Conversations with the deciders, as text that can be read aloud; see ``reader``."""
