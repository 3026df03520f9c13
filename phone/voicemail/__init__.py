"""The mailbox: messages as Ogg Opus files in a folder, and a SQLite index of them.

Law: a message that was acknowledged is whole and on the card, whatever happens to the power; nobody ever meets half a
one. Files come before the index: it can be lost and is made anew from them. `ogg`, `opuspacket`, `opusfile` and
`opusreader` touch nothing but what they are given; the rest blocks, and belongs in a thread.
"""
