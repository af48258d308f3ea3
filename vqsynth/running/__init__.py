"""How the program runs beside what it computes.

    forking      processes forked after work was done
    interrupts   Ctrl-C, heeded between two steps
    observing    what long work tells its caller
    progress     an observer that draws a bar on a terminal

Every other room may stand on this one.
"""
