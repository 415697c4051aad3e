"""`zicha`, and `python -m bot`: loads the program and hands over to its command line.

What is loaded stays for good. The garbage collector would look through it again and again, for an eighth of the time a
start takes: it rests meanwhile, and leaves it alone afterwards.
"""

import gc


def main() -> None:
    gc.disable()
    from bot import command_line

    gc.freeze()
    gc.enable()
    command_line.main()


if __name__ == "__main__":
    main()
