"""Random faults under load, and what must hold all the same. See CONTRIBUTING.md for how to run it longer.

`schedule` draws the faults, `world` has the processes and makes them, `clients` read and write, `history`
keeps what happened, `timeline` knows which states a collection may have been in, `checker` judges each
answer, `leaks` looks at what is left, and `run` puts them together.
"""
