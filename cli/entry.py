"""The console script. It handles signals before anything that takes long is loaded."""

import signal
import sys


def start() -> None:
    """Run the command line, and leave the signals to the system before it is loaded and once it is done."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own would end a Ctrl-C of now in a traceback
    from vqsynth.cli.ending import heed_signals

    with heed_signals(to_the_last=True) as ending, ending.told():
        from vqsynth.cli.main import main

        main()
    sys.exit(0)
