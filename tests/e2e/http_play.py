"""Plays cases: how their bytes are cut, and what every case is asked beside its own expectations."""

import os
import random

# Once, for the whole run; given by SEED to play the same pieces again.
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))


def whole(data):
    return [data] if data else []


def single_bytes(data):
    """All of them, but in the middle of a long filler, which has nothing to be torn apart."""
    edge = 1500
    middle = data[edge:-edge]
    pieces = [middle[at : at + 97] for at in range(0, len(middle), 97)]
    if not middle:
        return [data[at : at + 1] for at in range(len(data))]
    return [*single_bytes(data[:edge]), *pieces, *single_bytes(data[-edge:])]


def random_pieces(data, name):
    """The same for a name, whichever cases are played beside it."""
    chance = random.Random(f"{SEED} {name}")
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 8)))
    edges = [0, *cuts, len(data)]
    return [data[begin:end] for begin, end in zip(edges, edges[1:]) if end > begin]


def cases_of(groups):
    return [case for group in groups for case in group.cases]


def alike(fields):
    """Fields for comparing: lines of one name stay in order, names do not matter to each other."""
    return sorted(fields, key=lambda field: field[0].lower())
