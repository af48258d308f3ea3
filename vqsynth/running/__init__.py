"""What the program does around the computation.

    forking      processes that are forked after torch or faiss has worked
    interrupts   Ctrl-C and other signals, handled between two steps
    observing    what long work tells its caller
    progress     an observer that draws a bar on a terminal

Every other room may import from this one.
"""
