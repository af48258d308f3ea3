"""How the program runs beside what it computes.

    forking      processes forked after work was done
    interrupts   Ctrl-C, heeded between two steps
    progress     what is shown of long work

Every other room may stand on this one.
"""
