"""The terminal app: it renders what a search says and decides nothing.

``growth`` is what a listener knows of a search, and ``engine`` the thread that runs one; neither knows Textual's
widgets. Screens and widgets render them.
"""
