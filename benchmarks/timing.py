"""Times to compare: the least of many, taken in turn, so that a neighbour's load falls on all alike."""

import time

TURN_S = 0.1  #: what is quick is called more than once a turn


def seconds(functions, rounds):
    """CPU seconds of one call of each function: the least seen.

    Parameters
    ----------
    functions
        Name to function.
    rounds
        How many turns each has.
    """
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            spent = 0.0
            while spent < TURN_S:
                start = time.process_time()
                function()
                took = time.process_time() - start
                best[name] = min(best[name], took)
                spent += took
    return best
